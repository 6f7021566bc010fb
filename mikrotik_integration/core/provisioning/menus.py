"""The one table of what each service keeps in which menu of RouterOS, as MikroTik's manual and argument trees of 7.9 to 7.24 have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..routeros.values import format_duration
from .columns import Column, Ends, Kind
from .desired import DesiredAccount, DesiredProfile, Presence, Service

COMMENT = "comment"
PASSWORD = "password"


@dataclass(frozen=True)
class Access:
	"""A way of keeping accounts: hotspot users, or ppp secrets.

	`services` maps a service to its word in the service column of accounts and sessions.
	`cookie_menu` is None where no device gets in without a password."""

	name: str
	account_menu: str
	account_columns: tuple[Column[DesiredAccount], ...]
	profile_menu: str
	profile_columns: tuple[Column[DesiredProfile], ...]
	profile_mark: str
	session_menu: str
	session_user: str
	session_columns: tuple[str, ...]
	cookie_menu: str | None
	services: Mapping[Service, str]

	@property
	def account_proplist(self) -> tuple[str, ...]:
		return (".id", COMMENT, *(column.name for column in self.account_columns), "dynamic", "default")

	@property
	def profile_proplist(self) -> tuple[str, ...]:
		return (".id", self.profile_mark, *(column.name for column in self.profile_columns))


def _disabled(account: DesiredAccount) -> str:
	return "no" if account.presence is Presence.ENABLED else "yes"


def _caller_id(account: DesiredAccount) -> str:
	"""Only PPPoE has a MAC for a caller-id; for tunnels it is the far address."""
	return account.mac_address.upper() if account.service is Service.PPPOE else ""


def _shared_users(profile: DesiredProfile) -> str:
	return str(profile.device_limit) if profile.device_limit > 0 else "unlimited"


_PPP_SERVICES = {
	Service.PPPOE: "pppoe",
	Service.L2TP: "l2tp",
	Service.PPTP: "pptp",
	Service.OPENVPN: "ovpn",
}
_NAME: Column[DesiredAccount] = Column("name", lambda account: account.username, ends=Ends.LOGINS)
_PASSWORD: Column[DesiredAccount] = Column(
	PASSWORD, lambda account: account.password, Kind.SECRET, ends=Ends.LOGINS
)
_PROFILE: Column[DesiredAccount] = Column(
	"profile", lambda account: account.profile.name, default="default", ends=Ends.SESSIONS
)
_DISABLED: Column[DesiredAccount] = Column("disabled", _disabled, Kind.FLAG, default="no")
_PROFILE_NAME: Column[DesiredProfile] = Column("name", lambda profile: profile.name)
_RATE_LIMIT: Column[DesiredProfile] = Column(
	"rate-limit", lambda profile: profile.rate_limit, Kind.RATE, ends=Ends.SESSIONS
)


def _unlimited(name: str) -> Column[DesiredAccount]:
	"""A limit that this app never sets, and takes away where somebody did."""
	return Column(name, lambda account: "0", Kind.NUMBER, ends=Ends.SESSIONS)


HOTSPOT = Access(
	name="hotspot",
	account_menu="/ip/hotspot/user",
	account_columns=(
		_NAME,
		_PASSWORD,
		_PROFILE,
		_DISABLED,
		Column(
			"limit-uptime",
			lambda account: format_duration(account.limit_uptime_s),
			Kind.DURATION,
			ends=Ends.SESSIONS,
			is_limit=True,
		),
		Column(
			"limit-bytes-total",
			lambda account: str(account.limit_bytes_total),
			Kind.NUMBER,
			ends=Ends.SESSIONS,
			is_limit=True,
		),
		_unlimited("limit-bytes-in"),
		_unlimited("limit-bytes-out"),
		Column(
			"address",
			lambda account: account.fixed_address,
			Kind.ADDRESS,
			cleared="0.0.0.0",
			ends=Ends.SESSIONS,
		),
		Column(
			"mac-address",
			lambda account: account.mac_address.upper(),
			Kind.MAC,
			cleared="00:00:00:00:00:00",
			ends=Ends.LOGINS,
		),
	),
	profile_menu="/ip/hotspot/user/profile",
	profile_columns=(
		_PROFILE_NAME,
		_RATE_LIMIT,
		Column("shared-users", _shared_users, Kind.NUMBER, default="1"),
		Column(
			"address-pool",
			lambda profile: profile.address_pool or "none",
			default="none",
			ends=Ends.SESSIONS,
		),
	),
	profile_mark="on-login",
	session_menu="/ip/hotspot/active",
	session_user="user",
	session_columns=("address", "mac-address", "uptime", "bytes-in", "bytes-out", "radius"),
	cookie_menu="/ip/hotspot/cookie",
	services={Service.HOTSPOT: "hotspot"},
)

PPP = Access(
	name="ppp",
	account_menu="/ppp/secret",
	account_columns=(
		_NAME,
		_PASSWORD,
		_PROFILE,
		_DISABLED,
		Column(
			"service",
			lambda account: _PPP_SERVICES[account.service],
			default="any",
			ends=Ends.SESSIONS,
		),
		_unlimited("limit-bytes-in"),
		_unlimited("limit-bytes-out"),
		Column(
			"remote-address",
			lambda account: account.fixed_address,
			Kind.ADDRESS,
			cleared=None,
			ends=Ends.SESSIONS,
		),
		Column("caller-id", _caller_id, Kind.MAC, ends=Ends.LOGINS),
	),
	profile_menu="/ppp/profile",
	profile_columns=(
		_PROFILE_NAME,
		_RATE_LIMIT,
		Column("only-one", lambda profile: "yes" if profile.device_limit == 1 else "no", default="default"),
		Column(
			"remote-address",
			lambda profile: profile.address_pool,
			Kind.ADDRESS,
			cleared=None,
			ends=Ends.SESSIONS,
		),
		Column(
			"local-address",
			lambda profile: profile.local_address,
			Kind.ADDRESS,
			cleared=None,
			ends=Ends.SESSIONS,
		),
	),
	profile_mark=COMMENT,
	session_menu="/ppp/active",
	session_user="name",
	session_columns=("service", "caller-id", "address", "uptime", "session-id", "radius"),
	cookie_menu=None,
	services=_PPP_SERVICES,
)

ACCESSES = (HOTSPOT, PPP)


def access_of(service: Service) -> Access:
	return HOTSPOT if service is Service.HOTSPOT else PPP


def interface_name(service_word: str, user: str) -> str:
	"""The interface that RouterOS makes for a ppp session: `<pppoe-ann>`; a second one is `<pppoe-ann-1>`."""
	return f"<{service_word}-{user}>"
