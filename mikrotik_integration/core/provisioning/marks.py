"""How we know our own rows: `erpnext:<site>:<account>` at the start of the comment, a remark after a space.

Hotspot user profiles have no comment; their mark is a script comment, a line of its own in `on-login`.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\s:]+")


def check_word(word: str, what: str) -> None:
	"""Raises ValueError for an id that would make a mark ambiguous."""
	if not _WORD.fullmatch(word):
		raise ValueError(f"{what} {word!r} must not be empty nor hold spaces or colons")


def site_mark(site_id: str) -> str:
	return f"erpnext:{site_id}"


def account_comment(site_id: str, account_id: str, remark: str) -> str:
	"""The whole comment of a row: mark, and the remark on one line."""
	return " ".join([f"{site_mark(site_id)}:{account_id}", *remark.split()])


def account_of(comment: str | None, site_id: str) -> str | None:
	"""The account that a row belongs to; None if it is not this site's."""
	word, _, _ = (comment or "").partition(" ")
	mark = f"{site_mark(site_id)}:"
	account = word[len(mark) :]
	return account if word.startswith(mark) and _WORD.fullmatch(account) else None


def bears_site_mark(text: str | None, site_id: str) -> bool:
	"""Whether a profile's comment or on-login script says that it is this site's."""
	return any(line.lstrip("# ").split(" ")[0] == site_mark(site_id) for line in (text or "").splitlines())
