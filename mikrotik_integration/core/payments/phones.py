"""Kenyan mobile numbers, in the one shape that M-PESA uses: 254 and nine digits."""

import re
import unicodedata

# 07xx and 01xx are the mobile ranges of the Communications Authority's numbering plan.
_MOBILE = re.compile(r"(?:(?:\+|00)?2540?|0)?([17][0-9]{8})")
_NORMALISED = re.compile(r"254[17][0-9]{8}")
_PUNCTUATION = frozenset("-.()/")


class InvalidPhone(ValueError):
	"""The text is no Kenyan mobile number; the message says so in plain words."""


def normalise(text: str) -> str:
	"""The number as 2547XXXXXXXX or 2541XXXXXXXX, from any shape that people type or paste."""
	found = _MOBILE.fullmatch(_bare(text))
	if not found:
		raise InvalidPhone("This is not a Kenyan mobile number. Write it like 0712 345 678 or 254712345678.")
	return f"254{found[1]}"


def mask(phone: str) -> str:
	"""2547****5678; text of any other shape is hidden altogether."""
	if not _NORMALISED.fullmatch(phone):
		return "****"
	return f"{phone[:4]}****{phone[-4:]}"


def _bare(text: str) -> str:
	"""Without spaces, punctuation, and the invisible direction marks that come along when pasting."""
	return "".join(character for character in text if not _is_decoration(character))


def _is_decoration(character: str) -> bool:
	return character.isspace() or character in _PUNCTUATION or unicodedata.category(character) in ("Cf", "Pd")
