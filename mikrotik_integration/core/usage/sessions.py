"""Rows of somebody online, read as sessions with their bytes and seconds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..provisioning.desired import Service
from ..provisioning.menus import HOTSPOT, PPP, Access, interface_name
from ..routeros.values import parse_duration, parse_number

Row = Mapping[str, str]
_NUMBERED = re.compile(r"-\d+>$")


@dataclass(frozen=True)
class SessionReading:
	"""Somebody online. `key` tells this session from others of the user at the same time, `login` from an
	earlier one under the same key, where the router says so.

	`is_counted` is False where the router did not show the bytes this time: they are then not 0 but unknown.
	`is_sure` is False where a user has several ppp sessions, whose interfaces cannot be told apart: `uptime_s`
	is then the shortest of them."""

	key: str
	user: str
	service: Service
	uptime_s: int
	bytes_in: int
	bytes_out: int
	address: str
	mac: str
	login: str = ""
	is_counted: bool = True
	is_sure: bool = True


def sessions_of(access: Access, rows: Iterable[Row], interfaces: Iterable[Row]) -> list[SessionReading]:
	"""The sessions of one access; `interfaces` are needed for ppp, whose sessions have no bytes of their own."""
	if access is HOTSPOT:
		return [_hotspot_session(row) for row in rows]
	return list(_ppp_sessions(rows, interfaces))


def service_of(access: Access, row: Row) -> Service:
	"""The service of a row or session; the access's first one where it says `any` or something unknown."""
	words = {word: service for service, word in access.services.items()}
	return words.get(row.get("service", ""), next(iter(access.services)))


def _hotspot_session(row: Row) -> SessionReading:
	mac, address = row.get("mac-address", ""), row.get("address", "")
	return SessionReading(
		key=f"{mac}/{address}",
		user=row.get("user", ""),
		service=Service.HOTSPOT,
		uptime_s=parse_duration(row.get("uptime")),
		bytes_in=parse_number(row.get("bytes-in")),
		bytes_out=parse_number(row.get("bytes-out")),
		address=address,
		mac=mac,
	)


def _ppp_sessions(rows: Iterable[Row], interfaces: Iterable[Row]) -> Iterator[SessionReading]:
	groups: defaultdict[str, list[Row]] = defaultdict(list)
	for row in rows:
		groups[interface_name(row.get("service", ""), row.get("name", ""))].append(row)
	found = _by_group(interfaces, groups)
	for name, group in groups.items():
		yield from _group_sessions(group, sorted(found[name], key=lambda row: row.get("name", "")))


def _by_group(interfaces: Iterable[Row], groups: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
	"""`<pppoe-ann>` and `<pppoe-ann-1>` are both ann's, unless somebody called ann-1 is online."""
	found: defaultdict[str, list[Row]] = defaultdict(list)
	for row in interfaces:
		name = row.get("name", "")
		found[name if name in groups else _NUMBERED.sub(">", name)].append(row)
	return found


def _group_sessions(rows: Sequence[Row], interfaces: Sequence[Row]) -> Iterator[SessionReading]:
	"""The sessions of one user and service, by interface: there rx is the customer's upload."""
	if len(rows) != len(interfaces):
		yield from (_ppp_session(row, {}, is_sure=False) for row in rows)
	elif len(rows) == 1:
		yield _ppp_session(rows[0], interfaces[0], is_sure=True)
	else:
		shortest = min(rows, key=lambda row: parse_duration(row.get("uptime")))
		for row, interface in zip(rows, interfaces, strict=True):
			yield _ppp_session({**row, "uptime": shortest.get("uptime", "")}, interface, is_sure=False)


def _ppp_session(row: Row, interface: Row, is_sure: bool) -> SessionReading:
	return SessionReading(
		key=interface.get("name", row.get("session-id", "")),
		user=row.get("name", ""),
		service=service_of(PPP, row),
		uptime_s=parse_duration(row.get("uptime")),
		bytes_in=parse_number(interface.get("rx-byte")),
		bytes_out=parse_number(interface.get("tx-byte")),
		address=row.get("address", ""),
		mac=row.get("caller-id", ""),
		login=row.get("session-id", "") if is_sure else "",
		is_counted=bool(interface),
		is_sure=is_sure,
	)
