"""What a router must hold, or must not hold, whatever it holds now."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Service(str, Enum):
	"""How a customer connects."""

	HOTSPOT = "hotspot"
	PPPOE = "pppoe"
	L2TP = "l2tp"
	PPTP = "pptp"
	OPENVPN = "openvpn"


class Presence(str, Enum):
	"""Enabled: the row is there and lets the customer in. Disabled: a row that is there is disabled, none is made.
	Absent: no row. In the last two nobody is online under this name."""

	ENABLED = "Enabled"
	DISABLED = "Disabled"
	ABSENT = "Absent"


@dataclass(frozen=True)
class DesiredProfile:
	"""Speed and addresses that many accounts share.

	`rate_limit` is wire text as `core.routeros.values.rate_limit` makes it (rx, the upload, first).
	`device_limit` 0 means any number; for ppp only 1 or not 1 can be told apart.
	`address_pool` is the hotspot's address-pool or ppp's remote-address."""

	name: str
	rate_limit: str = ""
	device_limit: int = 1
	address_pool: str = ""
	local_address: str = ""


@dataclass(frozen=True)
class DesiredAccount:
	"""One login. `limit_bytes_total` and `limit_uptime_s` are the hotspot's lifetime caps, 0 for none.

	`push_secret`: set the password even where the router does not let us read the present one.
	`is_news`: the site has decided this and not yet seen the router hold it (`removals.takes_too_much`).
	`is_code`: who knows the user name gets in, as with a voucher: results and errors show the end of it only."""

	account_id: str
	service: Service
	username: str
	password: str = field(repr=False)
	presence: Presence
	profile: DesiredProfile
	limit_bytes_total: int = 0
	limit_uptime_s: int = 0
	fixed_address: str = ""
	mac_address: str = ""
	remark: str = ""
	push_secret: bool = False
	is_news: bool = False
	is_code: bool = False
