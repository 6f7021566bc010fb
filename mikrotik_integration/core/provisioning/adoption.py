"""Taking over hotspot users that somebody else made: from then on the router's row is ours, counters and all.

The only change is the comment, by which rows are known to be ours; what else has to be right is made so by the next
reconciliation. Nobody who is online loses the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..routeros.client import Command, Router
from ..routeros.values import parse_duration, parse_number
from .marks import account_comment, account_of
from .menus import COMMENT, HOTSPOT

Row = Mapping[str, str]
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
	"""Those that are neither this site's nor the router's own."""
	return [
		row
		for row in rows
		if account_of(row.get(COMMENT), site_id) is None
		and row.get("default") != "true"
		and row.get("dynamic") != "true"
	]


def counters(row: Row) -> tuple[int, int, int]:
	"""Bytes in (the customer's upload), bytes out and seconds of all ended sessions."""
	return (
		parse_number(row.get("bytes-in")),
		parse_number(row.get("bytes-out")),
		parse_duration(row.get("uptime")),
	)


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
