"""Names that let anybody in: a voucher's user name is its code. In logs, results and errors only its end is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHOWN = 3
# Of a shorter code the end would be too much of it.
_SHORTEST_WITH_END = 6
# A shorter name may be part of any word.
_SHORTEST_IN_TEXT = 4


def masked(code: str) -> str:
	"""`…9-c`; `…` for a short code."""
	return f"…{code[-_SHOWN:]}" if len(code) >= _SHORTEST_WITH_END else "…"


def hide(text: str, codes: Iterable[str]) -> str:
	"""The text without these codes, whatever their case: a router's refusal may quote a name as it likes."""
	for code in sorted((code for code in codes if code), key=len, reverse=True):
		if text.casefold() == code.casefold():
			return masked(code)
		if len(code) >= _SHORTEST_IN_TEXT:
			text = re.sub(re.escape(code), masked(code).replace("\\", r"\\"), text, flags=re.IGNORECASE)
	return text
