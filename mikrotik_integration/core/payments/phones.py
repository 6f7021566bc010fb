"""Kenyan mobile numbers, in the one shape that M-PESA uses: 254 and nine digits."""

import re
import unicodedata

# 07xx and 01xx are the mobile ranges of the Communications Authority's numbering plan.
_MOBILE = re.compile(r"(?:(?:\+|00)?2540?|0)?([17][0-9]{8})")
_NORMALISED = re.compile(r"254[17][0-9]{8}")
_MASKED = re.compile(r"\+?((?:254[0-9]*)?)[*xX]+([0-9]*)")
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


def may_be_same(one: str | None, other: str | None) -> bool:
	"""False if these are two phones for sure. M-PESA may hide digits ("2547 ***** 678") or all of a number."""
	if not one or not other:
		return True
	return _fits(one, other) and _fits(other, one)


def _fits(masked: str, phone: str) -> bool:
	"""Whether the digits that are visible at both ends of the one are those of the other, a whole number."""
	if not _NORMALISED.fullmatch(phone):
		return True
	if _NORMALISED.fullmatch(masked):
		return masked == phone
	found = _MASKED.fullmatch(_bare(masked))
	return not found or (phone.startswith(found[1]) and phone.endswith(found[2]))


def _bare(text: str) -> str:
	"""Without spaces, punctuation, and the invisible direction marks that come along when pasting."""
	return "".join(character for character in text if not _is_decoration(character))


def _is_decoration(character: str) -> bool:
	return character.isspace() or character in _PUNCTUATION or unicodedata.category(character) in ("Cf", "Pd")
