"""One reading of a router's status, accounts and sessions: seven commands, however many customers.

Everywhere bytes_in is what the router receives, the customer's upload; bytes_out is the download.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..provisioning.desired import Service
from ..provisioning.marks import account_of
from ..provisioning.menus import ACCESSES, COMMENT, HOTSPOT, PPP, Access
from ..routeros.client import Command, Reply, Router
from ..routeros.errors import NoSuchCommand
from ..routeros.values import parse_duration, parse_number
from .sessions import Row, SessionReading, service_of, sessions_of

INTERFACE = "/interface"
_SYSTEM = (
	("/system/resource", ("version", "board-name", "uptime", "cpu-load", "free-memory", "total-memory")),
	("/system/identity", ("name",)),
	(INTERFACE, ("name", "rx-byte", "tx-byte")),
)
_COUNTERS = {HOTSPOT.name: ("uptime", "bytes-in", "bytes-out"), PPP.name: ("service",)}


@dataclass(frozen=True)
class AccountReading:
	"""A row of ours with what ended sessions left in its counters (hotspot only), and its live sessions."""

	username: str
	service: Service
	account_id: str | None
	row_bytes_in: int
	row_bytes_out: int
	row_uptime_s: int
	sessions: tuple[SessionReading, ...]
	row_id: str = ""


@dataclass(frozen=True)
class RouterStatus:
	"""How the router is."""

	identity: str
	version: str
	board: str
	uptime_s: int
	cpu_load: int
	free_memory_bytes: int
	total_memory_bytes: int
	hotspot_online: int
	ppp_online: int


@dataclass(frozen=True)
class Snapshot:
	"""`unknown` are sessions that no row of ours explains: their usage is shown, not lost."""

	status: RouterStatus
	accounts: tuple[AccountReading, ...]
	unknown: tuple[SessionReading, ...]


def read_snapshot(router: Router, site_id: str) -> Snapshot:
	"""Reads a router in one batch. Raises ConnectionLost, and the Trap of a menu that may not be read."""
	tables = _read(router)
	found = {
		access.name: sessions_of(access, tables[access.session_menu], tables[INTERFACE])
		for access in ACCESSES
	}
	accounts: list[AccountReading] = []
	unknown: list[SessionReading] = []
	for access in ACCESSES:
		by_row, rest = _assign(access, tables[access.account_menu], found[access.name], site_id)
		accounts += by_row
		unknown += rest
	status = _status(tables, len(found[HOTSPOT.name]), len(found[PPP.name]))
	return Snapshot(status, tuple(accounts), tuple(unknown))


def _read(router: Router) -> dict[str, list[Row]]:
	"""Rows by menu. Accounts are asked for before sessions: a session that ends in between is then missing
	from both, which counters forgive, instead of being in both."""
	asked: list[tuple[str, tuple[str, ...]]] = [
		(access.account_menu, (".id", "name", COMMENT, *_COUNTERS[access.name])) for access in ACCESSES
	]
	asked += [(access.session_menu, (access.session_user, *access.session_columns)) for access in ACCESSES]
	asked += _SYSTEM
	replies = router.run([Command(f"{menu}/print", proplist=columns) for menu, columns in asked])
	return {menu: _rows(reply) for (menu, _), reply in zip(asked, replies, strict=True)}


def _rows(reply: Reply) -> list[Row]:
	if reply.error and not isinstance(reply.error, NoSuchCommand):
		raise reply.error
	return list(reply.rows)


def _assign(
	access: Access, rows: Iterable[Row], sessions: Iterable[SessionReading], site_id: str
) -> tuple[list[AccountReading], list[SessionReading]]:
	"""Sessions to the rows they logged in with: by exact name, else by name in another case."""
	rows = list(rows)
	exact = {row.get("name", ""): row for row in reversed(rows)}
	folded = {row.get("name", "").casefold(): row for row in reversed(rows)}
	of_row: defaultdict[str, list[SessionReading]] = defaultdict(list)
	unknown: list[SessionReading] = []
	for session in sessions:
		row = exact.get(session.user) or folded.get(session.user.casefold()) or {}
		if account_of(row.get(COMMENT), site_id) is None:
			unknown.append(session)
		else:
			of_row[row.get(".id", "")].append(session)
	return list(_accounts(access, rows, of_row, site_id)), unknown


def _accounts(
	access: Access, rows: Iterable[Row], sessions: Mapping[str, list[SessionReading]], site_id: str
) -> Iterator[AccountReading]:
	seen: set[str] = set()
	for row in rows:
		account_id = account_of(row.get(COMMENT), site_id)
		if account_id is None or account_id in seen:
			continue
		seen.add(account_id)
		yield AccountReading(
			username=row.get("name", ""),
			service=service_of(access, row),
			account_id=account_id,
			row_bytes_in=parse_number(row.get("bytes-in")),
			row_bytes_out=parse_number(row.get("bytes-out")),
			row_uptime_s=parse_duration(row.get("uptime")),
			sessions=tuple(sessions.get(row.get(".id", ""), ())),
			row_id=row.get(".id", ""),
		)


def _status(tables: Mapping[str, list[Row]], hotspot_online: int, ppp_online: int) -> RouterStatus:
	resource = next(iter(tables["/system/resource"]), {})
	identity = next(iter(tables["/system/identity"]), {})
	return RouterStatus(
		identity=identity.get("name", ""),
		version=resource.get("version", ""),
		board=resource.get("board-name", ""),
		uptime_s=parse_duration(resource.get("uptime")),
		cpu_load=parse_number(resource.get("cpu-load")),
		free_memory_bytes=parse_number(resource.get("free-memory")),
		total_memory_bytes=parse_number(resource.get("total-memory")),
		hotspot_online=hotspot_online,
		ppp_online=ppp_online,
	)
