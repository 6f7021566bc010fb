"""How we know our own rows: `erpnext:<site>:<account>` at the start of the comment, a remark after a space.

Between the two may stand for a moment that sessions have to end before a change counts as done, so that a pass
that is cut off there is completed by the next. Hotspot user profiles have no comment; their mark is a script
comment, a line of its own in `on-login`.
"""

from __future__ import annotations

import re

from ..errors import InvalidValue
from .columns import Ends

_WORD = re.compile(r"[^\s:]+")
_PENDING = {Ends.SESSIONS: "[restart]", Ends.LOGINS: "[relogin]"}


def check_word(word: str, what: str) -> None:
	"""Raises InvalidValue for an id that would make a mark ambiguous."""
	if not _WORD.fullmatch(word):
		raise InvalidValue(f"{what} {word!r} must not be empty nor hold spaces or colons")


def site_mark(site_id: str) -> str:
	return f"erpnext:{site_id}"


def account_comment(site_id: str, account_id: str, remark: str, pending: Ends = Ends.NOTHING) -> str:
	"""The whole comment of a row: mark, what has to end, and the remark on one line."""
	words = [word for word in remark.split() if word not in _PENDING.values()]
	if pending in _PENDING:
		words.insert(0, _PENDING[pending])
	return " ".join([f"{site_mark(site_id)}:{account_id}", *words])


def account_of(comment: str | None, site_id: str) -> str | None:
	"""The account that a row belongs to; None if it is not this site's."""
	word, _, _ = (comment or "").partition(" ")
	mark = f"{site_mark(site_id)}:"
	account = word[len(mark) :]
	return account if word.startswith(mark) and _WORD.fullmatch(account) else None


def pending_of(comment: str | None) -> Ends:
	"""What still has to end for the row of this comment."""
	words = (comment or "").split(" ")
	return next((ends for ends, word in _PENDING.items() if words[1:2] == [word]), Ends.NOTHING)


def bears_site_mark(text: str | None, site_id: str) -> bool:
	"""Whether a profile's comment or on-login script says that it is this site's."""
	return any(line.lstrip("# ").split(" ")[0] == site_mark(site_id) for line in (text or "").splitlines())
