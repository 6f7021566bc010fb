"""Which box a router is, and how often sites with our mark have changed it.

Each pass that changes a router counts itself there first, in a row of ours: a disabled entry of an address list that no
rule uses, with the count and a random token in its comment. Every router has that menu, the policy `write` is enough,
the row survives a reboot and stands in `/export`. Who finds a higher count than its own, or its own count with another
token, is not the one who changed the router last: a restored backup, or a copy of the site.
Why: docs/decisions/2026-11-24-one-box-one-site.md.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..foreign_text import plain_text
from ..routeros.client import Command, Reply, Router
from ..routeros.errors import NoSuchCommand, NotPermitted
from .marks import account_comment, account_of, check_word

MENU = "/ip/firewall/address-list"
MARK = "count"
ADDRESS = "192.0.2.1"  # for documentation (RFC 5737): nobody's
_LONGEST_IDENTITY = 100
_HIGHEST = 2**31 - 2  # what an Int of the database holds, and one more
# A RouterBOARD has a serial number. `/system/license` has a software-id on RouterBOARD and x86, a system-id on a CHR.
_IDENTITIES = (
	("/system/routerboard", "serial-number"),
	("/system/license", "software-id"),
	("/system/license", "system-id"),
)


@dataclass(frozen=True)
class Count:
	"""How often a router was changed, and by which pass the last time."""

	number: int
	token: str

	def next(self) -> Count:
		"""What the pass that follows counts."""
		return Count(min(self.number, _HIGHEST) + 1, secrets.token_hex(4))


NEVER = Count(0, "")


@dataclass(frozen=True)
class Sight:
	"""`identity`: `serial-number ABC`, `software-id ABC` or `system-id ABC`; empty if the router does not say.
	`count` is None if it has no readable one. `row_ids`: our rows, to be overwritten."""

	identity: str
	count: Count | None
	row_ids: tuple[str, ...]


def look(router: Router, site_id: str) -> Sight:
	"""One batch of reads. Raises ConnectionLost, and the Trap of the count's menu."""
	check_word(site_id, "The site id")
	commands = [Command(f"{menu}/print", proplist=(column,)) for menu, column in _IDENTITIES]
	*identities, counts = router.run([*commands, _print(site_id)])
	if counts.error:
		raise counts.error
	rows = [row for row in counts.rows if account_of(row.get("comment"), site_id) == MARK and row.get(".id")]
	read = [count for row in rows if (count := _count(row.get("comment", "")))]
	return Sight(
		identity=next(_identity(identities), ""),
		count=max(read, key=lambda count: count.number, default=None),
		row_ids=tuple(row[".id"] for row in rows),
	)


def is_ahead(found: Count | None, own: Count) -> bool:
	"""Whether another site than this one, as it is now, has changed the router last. A router that is behind was reset
	or restored, or this site was cut off between counting and changing."""
	if found is None:
		return False
	return found.number > own.number or (found.number == own.number and found.token != own.token)


def write(router: Router, site_id: str, sight: Sight, count: Count) -> None:
	"""Makes the router hold this count. Raises ConnectionLost and the router's Trap."""
	comment = f"{account_comment(site_id, MARK, '')} {count.number} {count.token}"
	if sight.row_ids:
		commands = [
			Command(f"{MENU}/set", ((".id", row_id), ("comment", comment))) for row_id in sight.row_ids
		]
	else:
		place = (("list", _list(site_id)), ("address", ADDRESS), ("disabled", "yes"))
		commands = [Command(f"{MENU}/add", (*place, ("comment", comment)))]
	for reply in router.run(commands):
		if reply.error:
			raise reply.error


class CountedRouter(Router):
	"""A connection that calls `count` once, before the first command that changes something."""

	def __init__(self, router: Router, count: Callable[[], None]) -> None:
		self._router = router
		self._count: Callable[[], None] | None = count

	def run(self, commands: Sequence[Command]) -> list[Reply]:
		"""As Router.run. Raises what `count` raises, and then has changed nothing."""
		if any(not command.path.endswith("/print") for command in commands):
			self.count()
		return self._router.run(commands)

	def count(self) -> None:
		"""Counts now, if that was not done."""
		if self._count:
			count, self._count = self._count, None
			count()

	def close(self) -> None:
		self._router.close()


def _print(site_id: str) -> Command:
	return Command(f"{MENU}/print", queries=(f"?list={_list(site_id)}",), proplist=(".id", "comment"))


def _list(site_id: str) -> str:
	return f"erpnext-{site_id}"


def _identity(replies: Sequence[Reply]) -> Iterator[str]:
	for (_menu, column), reply in zip(_IDENTITIES, replies, strict=True):
		if reply.error and not isinstance(reply.error, NoSuchCommand | NotPermitted):
			raise reply.error
		row: Mapping[str, str] = next(iter(reply.rows), {})
		if text := plain_text(row.get(column, ""))[:_LONGEST_IDENTITY]:
			yield f"{column} {text}"


def _count(comment: str) -> Count | None:
	words = comment.split(" ")
	if len(words) < 3 or not (words[1].isascii() and words[1].isdecimal()) or len(words[1]) > 10:
		return None
	return Count(min(int(words[1]), _HIGHEST), plain_text(words[2])[:16])
