"""What a router has that customers need and this app does not make: address pools, servers, its licence."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..foreign_text import plain_text
from ..routeros.client import Command, Reply, Router
from .check import LICENCE_LIMITS
from .desired import Service

_POOLS, _PROFILES, _LICENCE = "/ip/pool", "/ip/hotspot/profile", "/system/license"
_SERVERS: Mapping[Service, str] = {
	Service.HOTSPOT: "/ip/hotspot",
	Service.PPPOE: "/interface/pppoe-server/server",
	Service.L2TP: "/interface/l2tp-server/server",
	Service.PPTP: "/interface/pptp-server/server",
	Service.OPENVPN: "/interface/ovpn-server/server",
}
_NAMES = {
	Service.HOTSPOT: "hotspot",
	Service.PPPOE: "PPPoE",
	Service.L2TP: "L2TP",
	Service.PPTP: "PPTP",
	Service.OPENVPN: "OpenVPN",
}
_MOST = 1000

Row = Mapping[str, str]


@dataclass(frozen=True)
class Offers:
	"""Names as on the router; None where it does not say. `servers`: those that are switched on, by service."""

	pools: tuple[str, ...] | None = None
	hotspot_profiles: tuple[str, ...] | None = None
	servers: Mapping[Service, tuple[str, ...] | None] = field(default_factory=dict)
	licence: str = ""

	def as_dict(self) -> dict[str, Any]:
		"""Plain lists and texts, for JSON."""
		return {
			"pools": self.pools,
			"hotspot_profiles": self.hotspot_profiles,
			"servers": {service.value: names for service, names in self.servers.items()},
			"licence": self.licence,
		}

	@classmethod
	def from_dict(cls, values: Mapping[str, Any]) -> Offers:
		"""The reverse; what is not there is not known."""
		servers = values.get("servers") or {}
		return cls(
			pools=_tuple(values.get("pools")),
			hotspot_profiles=_tuple(values.get("hotspot_profiles")),
			servers={service: _tuple(servers.get(service.value)) for service in Service},
			licence=values.get("licence") or "",
		)


def read_offers(router: Router) -> Offers:
	"""One batch of reads; what the router refuses to tell is not known. Raises ConnectionLost."""
	menus = (_POOLS, _PROFILES, *_SERVERS.values())
	columns = ("name", "service-name", "disabled", "enabled")
	questions = [Command(f"{menu}/print", proplist=columns) for menu in menus]
	pools, profiles, *servers, licence = router.run(
		[*questions, Command(f"{_LICENCE}/print", proplist=("nlevel", "level"))]
	)
	level: Row = next(iter(licence.rows), {})
	return Offers(
		pools=_names(pools, _any),
		hotspot_profiles=_names(profiles, _any),
		servers={service: _names(reply, _is_on) for service, reply in zip(_SERVERS, servers, strict=True)},
		licence=plain_text(level.get("nlevel") or level.get("level") or ""),
	)


def why_not(offers: Offers, service: Service, addresses: Iterable[str]) -> str | None:
	"""Why this service with these pools or addresses cannot be had on this router, in plain words; None if it can, or
	if the router does not say."""
	if offers.servers.get(service) == ():
		return f"it has no {_NAMES[service]} server that is switched on"
	for text in addresses:
		if offers.pools is not None and text and not _is_address(text) and text not in offers.pools:
			return f"it has no address pool {text!r}"
	return None


def most_at_once(offers: Offers, service: Service) -> int | None:
	"""How many users the licence allows at once; None for any number, or if it is not known."""
	limits = LICENCE_LIMITS.get(offers.licence)
	if limits is None:
		return None
	return limits[0] if service is Service.HOTSPOT else limits[1]


def _is_address(text: str) -> bool:
	try:
		ipaddress.ip_address(text)
	except ValueError:
		return False
	return True


def _names(reply: Reply, wanted: Callable[[Row], bool]) -> tuple[str, ...] | None:
	if reply.error:
		return None
	rows = [row for row in reply.rows if wanted(row)][:_MOST]
	return tuple(plain_text(row.get("name") or row.get("service-name") or "on") for row in rows)


def _any(row: Row) -> bool:
	return True


def _is_on(row: Row) -> bool:
	"""Menus of one server say `enabled`, lists of servers `disabled`."""
	return row.get("enabled") in ("true", "yes") or row.get("disabled") in ("false", "no")


def _tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
	return None if names is None else tuple(names)
