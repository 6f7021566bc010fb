"""Voucher codes: easy to read out, type and print, hard to guess. User name and password are the code.

Of letters that look or sound alike at most one is in a code, so whichever of them is typed, the code is found.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from ..provisioning.names import check_username

# Without vowels no words come out; without r there is no "rn" that looks like m.
ALPHABET = "23456789cdfhjkmnptvwxy"
MIN_LENGTH = 9  # the least with a million million possibilities
MAX_LENGTH = 32
MAX_PREFIX_LENGTH = 8

PREFIX_LETTERS = ALPHABET + "aer"
# Keys are not in codes; what they are taken for is in codes, or nothing else is.
LOOK_ALIKES = {"o": "0", "i": "1", "l": "1", "z": "2", "s": "5", "b": "8", "g": "9", "q": "9", "u": "v"}

_GROUP = 4
_LONGEST_TYPED = 256
_FOLDED = str.maketrans(LOOK_ALIKES)
_PREFIX = re.compile(rf"[{PREFIX_LETTERS}]{{0,{MAX_PREFIX_LENGTH}}}")
_LIKE_OURS = re.compile(rf"[{PREFIX_LETTERS}]{{{MIN_LENGTH},{MAX_LENGTH + MAX_PREFIX_LENGTH}}}")
_NOT_IN_A_CODE = re.compile(r"[^0-9a-z]+")


def make(length: int = MIN_LENGTH, prefix: str = "") -> str:
	"""A new code: the prefix, and `length` letters that nobody can foresee. Lower case, never like a MAC.

	Raises ValueError, in plain words, for a length or prefix that is not good."""
	_check(length, prefix)
	while True:
		code = prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))
		if is_login_name(code):
			return code


def make_many(count: int, length: int = MIN_LENGTH, prefix: str = "") -> list[str]:
	"""So many codes, no two the same. Raises like `make`."""
	codes: dict[str, None] = {}
	while len(codes) < count:
		codes[make(length, prefix)] = None
	return list(codes)


def guesses(length: int) -> int:
	"""How many codes of this length there are, whatever their prefix."""
	return int(len(ALPHABET) ** length)


def is_guessable(typed: str) -> bool:
	"""Whether fewer than a million million codes look like this one, and nothing but the number of tries protects it: it
	was made elsewhere, short, of digits alone, or of a word that others begin with, too, and a number."""
	code = normalise(typed)
	if code.isdigit():
		return int(10 ** len(code)) < guesses(MIN_LENGTH)
	end = code[-MIN_LENGTH:]
	return len(end) < MIN_LENGTH or not set(end) <= set(ALPHABET)


def is_changed_by_folding(code: str) -> bool:
	"""Whether a page that undoes case, grouping and look-alikes in what looks like one of our codes would make another
	code of this one: it was made elsewhere, and has to be sent as it was typed."""
	folded = normalise(code)
	return folded != code and bool(_LIKE_OURS.fullmatch(folded))


def is_valid_prefix(prefix: str) -> bool:
	"""Whether codes may begin so: lower-case letters and digits that are not mistaken for others."""
	return bool(_PREFIX.fullmatch(prefix))


def is_login_name(code: str) -> bool:
	"""Whether every router takes this as the name of a hotspot user: not like a MAC, not too long, ..."""
	try:
		check_username(code)
	except ValueError:
		return False
	return True


def normalise(typed: str) -> str:
	"""The code meant by what somebody typed, pasted or said: any case, grouping and look-alikes. Maybe empty."""
	folded = unicodedata.normalize("NFKC", typed[:_LONGEST_TYPED]).casefold()
	return _NOT_IN_A_CODE.sub("", folded).translate(_FOLDED)[:_LONGEST_TYPED]


def readings(typed: str) -> tuple[str, ...]:
	"""The codes that may be meant, likeliest first. A code made elsewhere may hold any letter, so it is looked
	for as it was typed before look-alikes are considered. None for an empty text; compare whatever the case."""
	bare = typed.strip()[:_LONGEST_TYPED]
	return tuple(dict.fromkeys(code for code in (bare, bare.casefold(), normalise(typed)) if code))


def shown(code: str) -> str:
	"""The code in groups for reading, `abcd-efgh-j`. One made elsewhere that would not be found again so stays."""
	if normalise(code) != code:
		return code
	return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def _check(length: int, prefix: str) -> None:
	if not MIN_LENGTH <= length <= MAX_LENGTH:
		raise ValueError(f"A voucher code has {MIN_LENGTH} to {MAX_LENGTH} letters after its prefix")
	if not is_valid_prefix(prefix):
		raise ValueError(
			f"The prefix {prefix!r} cannot be used: at most {MAX_PREFIX_LENGTH} lower-case letters and digits, "
			f"only these: {''.join(sorted(PREFIX_LETTERS))}"
		)
