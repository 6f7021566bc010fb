"""Taking over hotspot users that somebody else made: from then on the router's row is ours, counters and all.

The only change is the comment, by which rows are known to be ours; what else has to be right is made so by the next
reconciliation. Nobody who is online loses the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import InvalidValue
from ..routeros.client import Command, Router
from ..routeros.reading import Reader, Row
from .marks import account_comment, account_of
from .menus import COMMENT, HOTSPOT

_COLUMNS = (
	".id",
	"name",
	"password",
	"profile",
	"comment",
	"disabled",
	"default",
	"dynamic",
	"limit-uptime",
	"limit-bytes-total",
	"mac-address",
	"uptime",
	"bytes-in",
	"bytes-out",
)


def read_users(router: Router) -> list[dict[str, str]]:
	"""All rows of the hotspot's user table. Raises ConnectionLost, and the Trap of a table that may not be read."""
	return router.rows(HOTSPOT.account_menu, _COLUMNS)


def adoptable(rows: Sequence[Row], site_id: str) -> list[Row]:
	"""Those that are neither this site's nor the router's own, and whose id and counters can be read: a row that cannot
	be read stays somebody else's, and is said to be where an account needs its name."""
	return [
		row
		for row in rows
		if account_of(row.get(COMMENT), site_id) is None
		and row.get("default") != "true"
		and row.get("dynamic") != "true"
		and row.get(".id")
		and _counters(row) is not None
	]


def counters(row: Row) -> tuple[int, int, int]:
	"""Bytes in (the customer's upload), bytes out and seconds of all ended sessions of an adoptable row."""
	found = _counters(row)
	if found is None:
		raise InvalidValue("The router's counters of this user cannot be read")
	return found


def _counters(row: Row) -> tuple[int, int, int] | None:
	reader = Reader(HOTSPOT.account_menu)
	bytes_in, bytes_out = reader.number(row, "bytes-in"), reader.number(row, "bytes-out")
	seconds = reader.seconds(row, "uptime")
	if bytes_in is None or bytes_out is None or seconds is None:
		return None
	return bytes_in, bytes_out, seconds


def adopt(router: Router, site_id: str, owners: Mapping[str, tuple[str, str]]) -> dict[str, str]:
	"""Mark rows as ours: ``owners`` names the account and the remark for each row id. Returns the router's refusals
	by row id. Raises ConnectionLost; then some rows may have been marked, which does no harm."""
	commands = [
		Command(
			f"{HOTSPOT.account_menu}/set",
			args=((".id", row_id), (COMMENT, account_comment(site_id, account_id, remark))),
		)
		for row_id, (account_id, remark) in owners.items()
	]
	replies = router.run(commands)
	return {row_id: str(reply.error) for row_id, reply in zip(owners, replies, strict=True) if reply.error}
