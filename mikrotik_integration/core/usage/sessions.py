"""Rows of somebody online, read as sessions with their bytes and seconds."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..foreign_text import ip_address, mac_address, plain_text
from ..provisioning.desired import Service
from ..provisioning.menus import HOTSPOT, PPP, Access, interface_name
from ..routeros.reading import Reader, Row

INTERFACE = "/interface"
_LONGEST_DEVICE, _LONGEST_KEY = 40, 140
_NUMBERED = re.compile(r"-\d+>$")


@dataclass(frozen=True)
class SessionReading:
	"""Somebody online. `key` tells this session from others of the user at the same time, `login` from an
	earlier one under the same key, where the router says so.

	`is_counted` is False where the router did not show bytes and seconds, or none that can be read, this time: they
	are then not 0 but unknown.
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


def sessions_of(
	access: Access, rows: Iterable[Row], interfaces: Iterable[Row], readers: Mapping[str, Reader]
) -> list[SessionReading]:
	"""The sessions of one access; `interfaces` are needed for ppp, whose sessions have no bytes of their own.
	`readers` by menu."""
	if access is HOTSPOT:
		return [_hotspot_session(row, readers[access.session_menu]) for row in rows]
	return list(_ppp_sessions(rows, interfaces, readers))


def device_of(text: str) -> str:
	"""A device's MAC address in one spelling; for tunnels the far address; what is neither as plain text."""
	return mac_address(text) or ip_address(text) or plain_text(text, _LONGEST_DEVICE)


def service_of(access: Access, row: Row) -> Service:
	"""The service of a row or session; the access's first one where it says `any` or something unknown."""
	words = {word: service for service, word in access.services.items()}
	return words.get(row.get("service", ""), next(iter(access.services)))


def _hotspot_session(row: Row, reader: Reader) -> SessionReading:
	mac, address = device_of(row.get("mac-address", "")), ip_address(row.get("address"))
	uptime_s = reader.seconds(row, "uptime")
	bytes_in, bytes_out = reader.number(row, "bytes-in"), reader.number(row, "bytes-out")
	return SessionReading(
		key=f"{mac}/{address}",
		user=row.get("user", ""),
		service=Service.HOTSPOT,
		uptime_s=uptime_s or 0,
		bytes_in=bytes_in or 0,
		bytes_out=bytes_out or 0,
		address=address,
		mac=mac,
		is_counted=None not in (uptime_s, bytes_in, bytes_out),
	)


def _ppp_sessions(
	rows: Iterable[Row], interfaces: Iterable[Row], readers: Mapping[str, Reader]
) -> Iterator[SessionReading]:
	groups: defaultdict[str, list[Row]] = defaultdict(list)
	for row in rows:
		groups[interface_name(row.get("service", ""), row.get("name", ""))].append(row)
	found = _by_group(interfaces, groups)
	for name, group in groups.items():
		yield from _group_sessions(group, sorted(found[name], key=lambda row: row.get("name", "")), readers)


def _by_group(interfaces: Iterable[Row], groups: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
	"""`<pppoe-ann>` and `<pppoe-ann-1>` are both ann's, unless somebody called ann-1 is online."""
	found: defaultdict[str, list[Row]] = defaultdict(list)
	for row in interfaces:
		name = row.get("name", "")
		found[name if name in groups else _NUMBERED.sub(">", name)].append(row)
	return found


def _group_sessions(
	rows: Sequence[Row], interfaces: Sequence[Row], readers: Mapping[str, Reader]
) -> Iterator[SessionReading]:
	"""The sessions of one user and service, by interface: there rx is the customer's upload."""
	is_sure = len(rows) == len(interfaces) == 1
	uptimes = [readers[PPP.session_menu].seconds(row, "uptime") for row in rows]
	known = [uptime_s for uptime_s in uptimes if uptime_s is not None]
	if len(rows) != len(interfaces):
		interfaces = [{} for _ in rows]
	elif known:
		uptimes = [min(known) for _ in rows]
	for row, interface, uptime_s in zip(rows, interfaces, uptimes, strict=True):
		yield _ppp_session(row, interface, uptime_s, is_sure, readers[INTERFACE])


def _ppp_session(
	row: Row, interface: Row, uptime_s: int | None, is_sure: bool, reader: Reader
) -> SessionReading:
	bytes_in, bytes_out = reader.number(interface, "rx-byte"), reader.number(interface, "tx-byte")
	return SessionReading(
		key=interface.get("name", row.get("session-id", ""))[:_LONGEST_KEY],
		user=row.get("name", ""),
		service=service_of(PPP, row),
		uptime_s=uptime_s or 0,
		bytes_in=bytes_in or 0,
		bytes_out=bytes_out or 0,
		address=ip_address(row.get("address")),
		mac=device_of(row.get("caller-id", "")),
		login=plain_text(row.get("session-id")) if is_sure else "",
		is_counted=bool(interface) and None not in (uptime_s, bytes_in, bytes_out),
		is_sure=is_sure,
	)
