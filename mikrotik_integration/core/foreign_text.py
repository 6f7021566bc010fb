"""The boundary for text that a stranger wrote: a router, a wire-tapper, Daraja, a phone.

Such text ends in one-line fields, lists, logs and messages. Here it is reduced to what these can hold, where it
enters; it must still be escaped where HTML is made of it. Text that is compared with a router's or written back to it
is left as it is: a reduced name is another name.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata

LONGEST_VERSION = 40
_CUT_OFF = "…"
_REPLACED = {"<": "\u2039", ">": "\u203a"}
# What a later step might turn into an angle bracket: `&lt;`, `&#60;`, `&amp;lt;`.
_ENTITY = re.compile(r"&(?=#|\w+;|lt|gt|amp)", re.IGNORECASE)
# Letters this many times the limit are looked at: white space and invisible letters may fill the rest.
_LOOKED_AT = 8
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-]?[0-9A-Fa-f]{2}){5}", re.ASCII)
_NOT_OF_A_VERSION = re.compile(r"[^0-9A-Za-z.()+_ -]")


def plain_text(value: object, limit: int = 140) -> str:
	"""One line of at most `limit` letters, from anything; `` for None. Never raises, and twice is as once.

	Control characters and white space become single spaces, invisible letters (bidi overrides, zero widths) go, lone
	surrogates become U+FFFD, angle brackets single quotation marks of that shape, so that no HTML can form. What is
	longer ends in an ellipsis."""
	text = "" if value is None else value if isinstance(value, str) else str(value)
	most = max(limit, 1)
	looked_at = text[: most * _LOOKED_AT]
	plain = "".join(_plain_letter(letter) for letter in looked_at)
	line = _ENTITY.sub("& ", " ".join(plain.split()))
	if len(line) <= most and len(looked_at) == len(text):
		return line
	return line[: most - 1].rstrip() + _CUT_OFF


def mac_address(value: object) -> str:
	"""`AA:BB:CC:DD:EE:FF`, as RouterOS shows it; `` for what is no MAC address."""
	text = value.strip() if isinstance(value, str) else ""
	if not _MAC.fullmatch(text):
		return ""
	digits = re.sub(r"[:-]", "", text).upper()
	return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def ip_address(value: object) -> str:
	"""An IPv4 or IPv6 address in its usual spelling; `` for what is none."""
	try:
		address = ipaddress.ip_address(value.strip() if isinstance(value, str) else "")
	except ValueError:
		return ""
	# The zone of an IPv6 address (`%ether1`) is free text.
	return str(address).partition("%")[0]


def version(value: object) -> str:
	"""A version such as `7.16.2 (stable)`: nothing but letters, digits, spaces and `.()+_-`."""
	return plain_text(_NOT_OF_A_VERSION.sub("", plain_text(value, LONGEST_VERSION)), LONGEST_VERSION)


def _plain_letter(letter: str) -> str:
	category = unicodedata.category(letter)
	if category == "Cc":
		return " "
	if category == "Cf":
		return ""
	return "\ufffd" if category == "Cs" else _REPLACED.get(letter, letter)
