"""The way to the portal for who has not logged in yet: entries of the IP walled garden, ours by their mark.

Only the portal's own host and port are opened. RouterOS makes dynamic entries of one with a `dst-host`
(https://wiki.mikrotik.com/wiki/Manual:IP/Hotspot/Walled_Garden): those are its own and left alone. The first entry
that fits decides: ours stand before entries of others that drop or reject what anybody wants.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import InvalidValue
from ..provisioning.marks import account_comment, account_of, check_word
from ..routeros.client import Command, Reply, Router
from ..routeros.errors import NoSuchItem
from ..routeros.reading import Row, flag

MENU = "/ip/hotspot/walled-garden/ip"
MARK = "portal"
ALL_SERVERS = "all"

_PORTS = {"http": 80, "https": 443}
_COLUMNS = (
	".id",
	"comment",
	"dynamic",
	"disabled",
	"action",
	"protocol",
	"dst-host",
	"dst-address",
	"dst-port",
	"server",
)
_TCP = ("tcp", "6")
# With any of these an entry would open less than it says.
_OF_SOME_CLIENTS = ("src-address", "src-address-list")
_NARROWING = (*_OF_SOME_CLIENTS, "dst-address-list")


@dataclass(frozen=True)
class Opening:
	"""One host and TCP port that may be reached without login, at one hotspot server or at `all`."""

	host: str
	port: int
	server: str = ALL_SERVERS

	def values(self) -> dict[str, str]:
		"""What an entry for it holds."""
		destination = "dst-address" if _is_address(self.host) else "dst-host"
		server = {} if self.server == ALL_SERVERS else {"server": self.server}
		return {
			"action": "accept",
			"protocol": "tcp",
			destination: self.host,
			"dst-port": str(self.port),
		} | server


@dataclass(frozen=True)
class GardenOutcome:
	"""`problems`: why it is not as wanted, in words; empty if it was read back as wanted."""

	added: int
	removed: int
	problems: tuple[str, ...] = ()

	@property
	def in_sync(self) -> bool:
		return not self.problems


def opening_of(url: str, server: str = "") -> Opening:
	"""The opening that a portal at this address needs. Raises InvalidValue for what is no http(s) address."""
	parts = urlsplit(url)
	if (
		parts.scheme not in _PORTS
		or not parts.hostname
		or "*" in parts.hostname
		or parts.hostname.startswith(":")
	):
		raise InvalidValue(f"{url!r} is not the address of a portal. Write it like https://erp.example.com")
	return Opening(parts.hostname, parts.port or _PORTS[parts.scheme], server or ALL_SERVERS)


def reconcile_walled_garden(router: Router, site_id: str, openings: Sequence[Opening]) -> GardenOutcome:
	"""Makes this site's entries be exactly these, and reads back. Entries without its mark are never changed.

	Raises ConnectionLost, and the Trap of a menu that may not be read."""
	check_word(site_id, "The site id")
	wanted = list(dict.fromkeys(openings))
	rows = _rows(router)
	missing, surplus = _difference(rows, site_id, wanted)
	adds = [_add(site_id, opening, _first_refusal(rows, site_id)) for opening in missing]
	removes = [Command(f"{MENU}/remove", ((".id", row[".id"]),)) for row in surplus if row.get(".id")]
	replies = router.run([*adds, *removes]) if adds or removes else []
	if not replies:
		return GardenOutcome(0, 0)
	still_missing, still_surplus = _difference(_rows(router), site_id, wanted)
	return GardenOutcome(
		len(missing) - len(still_missing),
		len(surplus) - len(still_surplus),
		tuple(_problems(replies, still_missing, still_surplus)),
	)


def _rows(router: Router) -> list[Row]:
	"""The entries in their order, without those that the router makes itself."""
	return [row for row in router.rows(MENU, (*_COLUMNS, *_NARROWING)) if not flag(row, "dynamic")]


def _is_ours(row: Row, site_id: str) -> bool:
	return account_of(row.get("comment"), site_id) == MARK


def _first_refusal(rows: Sequence[Row], site_id: str) -> Row | None:
	"""The first entry of somebody else that shuts out others than single clients."""
	refusals = (
		row
		for row in rows
		if not _is_ours(row, site_id)
		and row.get("action", "accept") != "accept"
		and not flag(row, "disabled")
		and not any(row.get(column) for column in _OF_SOME_CLIENTS)
	)
	return next(refusals, None)


def _difference(
	rows: Sequence[Row], site_id: str, wanted: Sequence[Opening]
) -> tuple[list[Opening], list[Row]]:
	"""Openings that no row holds, and rows of ours that hold none, or one that another holds already, or come too
	late to be asked."""
	missing = list(wanted)
	surplus: list[Row] = []
	refusal = _first_refusal(rows, site_id)
	is_late = False
	for row in rows:
		is_late = is_late or row is refusal
		if not _is_ours(row, site_id):
			continue
		opening = next((opening for opening in missing if _holds(row, opening) and not is_late), None)
		if opening is None:
			surplus.append(row)
		else:
			missing.remove(opening)
	return missing, surplus


def _holds(row: Row, opening: Opening) -> bool:
	wanted = opening.values()
	columns = ("dst-host", "dst-address", "dst-port")
	return (
		all(row.get(column, "") == wanted.get(column, "") for column in columns)
		and row.get("action", "accept") == "accept"
		and row.get("protocol", "") in _TCP
		and (row.get("server") or ALL_SERVERS) == opening.server
		and not flag(row, "disabled")
		and not any(row.get(column) for column in _NARROWING)
	)


def _add(site_id: str, opening: Opening, before: Row | None) -> Command:
	comment = account_comment(site_id, MARK, "the portal, before login")
	place = (("place-before", before[".id"]),) if before and before.get(".id") else ()
	return Command(f"{MENU}/add", (*opening.values().items(), ("comment", comment), *place))


def _problems(replies: Sequence[Reply], missing: Sequence[Opening], surplus: Sequence[Row]) -> Iterator[str]:
	if missing or surplus:
		yield from dict.fromkeys(
			str(reply.error) for reply in replies if reply.error and not isinstance(reply.error, NoSuchItem)
		)
	for opening in missing:
		yield f"{opening.host} port {opening.port} is not open before login"
	if surplus:
		yield f"{len(surplus)} entries of ours could not be removed from the walled garden"


def _is_address(host: str) -> bool:
	try:
		ipaddress.IPv4Address(host)
	except ValueError:
		return False
	return True
