"""Whether a pass would take away so much of what is ours that a person must see it first. Pure.

The danger is a site that is wrong about a router: a second document for the same box, a restored backup, a copy of the
site, a fresh database. To such a site most of the router's rows are unknown, or stand otherwise than it last saw them.
A site that is right takes away what it has just decided to. Why this line: docs/decisions/2026-11-24-mass-removals.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ..foreign_text import plain_text
from .desired import DesiredAccount, Presence
from .marks import account_of
from .menus import ACCESSES
from .operations import Operation
from .state import RouterState

A_HANDFUL = 5
ONE_IN = 5
_SAMPLE = 10


class Taking(str, Enum):
	"""What is taken away."""

	REMOVED = "removed"
	DISABLED = "disabled"
	SESSION = "session ended"
	COOKIE = "cookie removed"


_VERBS = {
	**{(f"{access.account_menu}/remove", False): Taking.REMOVED for access in ACCESSES},
	**{(f"{access.account_menu}/set", True): Taking.DISABLED for access in ACCESSES},
	**{(f"{access.session_menu}/remove", False): Taking.SESSION for access in ACCESSES},
	**{(f"{access.cookie_menu}/remove", False): Taking.COOKIE for access in ACCESSES if access.cookie_menu},
}


@dataclass(frozen=True)
class MassRemoval:
	"""`logins`: how many logins would lose something, of `owned` rows on the router that bear our mark.

	`counts`: single changes by kind; one login may lose row, session and cookie. `sample`: some of the logins' names,
	fit for a one-line field. A voucher's name is its code: show the sample to nobody who may not see codes."""

	logins: int
	owned: int
	counts: dict[Taking, int]
	sample: tuple[str, ...]

	def __str__(self) -> str:
		kinds = ", ".join(f"{count} {taking.value}" for taking, count in self.counts.items())
		return (
			f"This pass would take something from {self.logins} logins that the site does not know, or knows "
			f"otherwise, of {self.owned} on the router ({kinds}). Nothing was changed: a person must look at it first"
		)


def takes_too_much(
	operations: Iterable[Operation], owned: int, accounts: Iterable[DesiredAccount], allowed: int = 0
) -> MassRemoval | None:
	"""What the operations would take away, if that is more than a handful of logins and more than a fifth of `owned`.

	`operations`: all that one reading of the whole router calls for (`outcome.left_to_do` of each view). `owned`: see
	`owned_rows`. `accounts`: all that the site wants of this router. `allowed`: as many logins as a person, who saw
	an earlier MassRemoval, has agreed to; one more stops again.

	Disabling and removing rows, ending sessions and removing cookies take away. Left out is what takes from nobody:
	changes to accounts that are wanted Enabled, reconnects that these need, and what the site has decided and not
	yet seen done (`DesiredAccount.is_news`). So counted are logins that the site does not know at all, and those that
	it last saw off, and that are on."""
	expected = {
		account.account_id for account in accounts if account.is_news or account.presence is Presence.ENABLED
	}
	takings = [
		(operation, taking)
		for operation in operations
		if (taking := _taking(operation)) and operation.account_id not in expected
	]
	logins = {(op.access, op.account_id or op.subject.casefold()): op.subject for op, _ in takings}
	if len(logins) <= max(A_HANDFUL, allowed) or len(logins) * ONE_IN <= owned:
		return None
	counts = Counter(taking for taking, _ in {(taking, _row(operation)) for operation, taking in takings})
	return MassRemoval(
		logins=len(logins),
		owned=owned,
		counts={taking: counts[taking] for taking in Taking if counts[taking]},
		sample=tuple(plain_text(name) for name in sorted(logins.values())[:_SAMPLE]),
	)


def owned_rows(state: RouterState, site_id: str) -> int:
	"""How many accounts on the router bear this site's mark, whether or not the site knows them."""
	rows = (row for access in ACCESSES for row in state[access.name].accounts)
	return sum(account_of(row.get("comment"), site_id) is not None for row in rows)


def _row(operation: Operation) -> tuple[str, str | None]:
	"""Two stages may ask the same of one row."""
	return operation.path, dict(operation.args).get(".id")


def _taking(operation: Operation) -> Taking | None:
	"""What this operation takes away, if anything."""
	return _VERBS.get((operation.path, dict(operation.args).get("disabled") == "yes"))
