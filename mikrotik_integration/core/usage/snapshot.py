"""One reading of a router's status, accounts and sessions: seven commands, however many customers.

Everywhere bytes_in is what the router receives, the customer's upload; bytes_out is the download.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..foreign_text import plain_text, version
from ..provisioning.desired import Service
from ..provisioning.marks import account_of
from ..provisioning.menus import ACCESSES, COMMENT, HOTSPOT, PPP, Access
from ..routeros.client import Command, Reply, Router
from ..routeros.errors import NoSuchCommand
from ..routeros.reading import Reader, Row, in_words
from .sessions import INTERFACE, SessionReading, service_of, sessions_of

_RESOURCE = "/system/resource"
_SYSTEM = (
	(_RESOURCE, ("version", "board-name", "uptime", "cpu-load", "free-memory", "total-memory")),
	("/system/identity", ("name",)),
	(INTERFACE, ("name", "rx-byte", "tx-byte")),
)
_COUNTERS = {HOTSPOT.name: ("uptime", "bytes-in", "bytes-out"), PPP.name: ("service",)}


@dataclass(frozen=True)
class AccountReading:
	"""A row of ours with what ended sessions left in its counters (hotspot only), and its live sessions.

	`is_counted` is False where the counters, or which row they are of, cannot be read: they are then not 0 but
	unknown."""

	username: str
	service: Service
	account_id: str | None
	row_bytes_in: int
	row_bytes_out: int
	row_uptime_s: int
	sessions: tuple[SessionReading, ...]
	row_id: str = ""
	is_counted: bool = True


@dataclass(frozen=True)
class RouterStatus:
	"""How the router is, in texts fit for a one-line field. None where the router's number cannot be read."""

	identity: str
	version: str
	board: str
	uptime_s: int | None
	cpu_load: int | None
	free_memory_bytes: int | None
	total_memory_bytes: int | None
	hotspot_online: int
	ppp_online: int


@dataclass(frozen=True)
class Snapshot:
	"""`unknown` are sessions that no row of ours explains: their usage is shown, not lost. `warnings` say what could
	not be read, one line each."""

	status: RouterStatus
	accounts: tuple[AccountReading, ...]
	unknown: tuple[SessionReading, ...]
	warnings: tuple[str, ...] = ()


def read_snapshot(router: Router, site_id: str) -> Snapshot:
	"""Reads a router in one batch. Raises ConnectionLost, and the Trap of a menu that may not be read."""
	tables = _read(router)
	readers = {menu: Reader(menu) for menu in tables}
	found = {
		access.name: sessions_of(access, tables[access.session_menu], tables[INTERFACE], readers)
		for access in ACCESSES
	}
	accounts: list[AccountReading] = []
	unknown: list[SessionReading] = []
	for access in ACCESSES:
		by_row, rest = _assign(
			access, tables[access.account_menu], found[access.name], site_id, readers[access.account_menu]
		)
		accounts += by_row
		unknown += rest
	status = _status(tables, len(found[HOTSPOT.name]), len(found[PPP.name]), readers[_RESOURCE])
	warnings = (*_without_interface(accounts), *in_words(readers.values()))
	return Snapshot(status, tuple(accounts), tuple(unknown), warnings)


def _without_interface(accounts: Iterable[AccountReading]) -> Iterator[str]:
	"""Only there the router counts the bytes of a ppp session."""
	sessions = (session for account in accounts for session in account.sessions)
	lacking = [one for one in sessions if one.service is not Service.HOTSPOT and not one.key.startswith("<")]
	if lacking:
		yield (
			f"{PPP.session_menu}: {len(lacking)} sessions have no interface named like <pppoe-user>. What they use is "
			"not counted, and no quota holds: has somebody made them a binding with another name?"
		)


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
	access: Access, rows: Iterable[Row], sessions: Iterable[SessionReading], site_id: str, reader: Reader
) -> tuple[list[AccountReading], list[SessionReading]]:
	"""Sessions to the rows they logged in with: by exact name, else by name in another case."""
	rows = list(rows)
	exact = {row.get("name", ""): row for row in reversed(rows)}
	folded = {row.get("name", "").casefold(): row for row in reversed(rows)}
	of_row: defaultdict[int, list[SessionReading]] = defaultdict(list)
	unknown: list[SessionReading] = []
	for session in sessions:
		row = exact.get(session.user) or folded.get(session.user.casefold()) or {}
		if account_of(row.get(COMMENT), site_id) is None:
			unknown.append(replace(session, user=plain_text(session.user), key=plain_text(session.key)))
		else:
			of_row[id(row)].append(session)
	return list(_accounts(access, rows, of_row, site_id, reader)), unknown


def _accounts(
	access: Access,
	rows: Iterable[Row],
	sessions: Mapping[int, list[SessionReading]],
	site_id: str,
	reader: Reader,
) -> Iterator[AccountReading]:
	seen: set[str] = set()
	for row in rows:
		account_id = account_of(row.get(COMMENT), site_id)
		if account_id is None or account_id in seen:
			continue
		seen.add(account_id)
		row_id, uptime_s = reader.row_id(row), reader.seconds(row, "uptime")
		bytes_in, bytes_out = reader.number(row, "bytes-in"), reader.number(row, "bytes-out")
		yield AccountReading(
			username=plain_text(row.get("name")),
			service=service_of(access, row),
			account_id=account_id,
			row_bytes_in=bytes_in or 0,
			row_bytes_out=bytes_out or 0,
			row_uptime_s=uptime_s or 0,
			sessions=tuple(sessions.get(id(row), ())),
			row_id=row_id,
			is_counted=bool(row_id) and None not in (bytes_in, bytes_out, uptime_s),
		)


def _status(
	tables: Mapping[str, list[Row]], hotspot_online: int, ppp_online: int, reader: Reader
) -> RouterStatus:
	resource = next(iter(tables[_RESOURCE]), {})
	identity = next(iter(tables["/system/identity"]), {})
	return RouterStatus(
		identity=plain_text(identity.get("name")),
		version=version(resource.get("version")),
		board=plain_text(resource.get("board-name")),
		uptime_s=reader.seconds(resource, "uptime"),
		cpu_load=reader.number(resource, "cpu-load", most=100),
		free_memory_bytes=reader.number(resource, "free-memory"),
		total_memory_bytes=reader.number(resource, "total-memory"),
		hotspot_online=hotspot_online,
		ppp_online=ppp_online,
	)
