"""The account number that a customer types into the M-PESA menu: digits, the last one a Luhn check digit.

Luhn catches any single wrong digit, and any two neighbours swapped except 0 and 9. Numbers are drawn at random: whoever
has one cannot tell another, and a site that was restored from a backup does not give out again what it gave out since.
"""

import re
import secrets
from collections.abc import Callable

MAX_DIGITS = 12  # what M-PESA shows of an AccountReference
RANDOM_DIGITS = 9
_MISREAD = str.maketrans("Oo", "00")
_SEPARATORS = re.compile(r"[\s\-._/]+")
_ACCOUNT_NUMBER = re.compile(r"[1-9][0-9]{1,11}")


def make(serial: int) -> str:
	"""The account number of this serial, which must be from 1 to 99,999,999,999."""
	if not 1 <= serial < 10 ** (MAX_DIGITS - 1):
		raise ValueError(f"an account number is made of a serial from 1 to {10 ** (MAX_DIGITS - 1) - 1}")
	return f"{serial}{_check_digit(str(serial))}"


def draw(prefix: str = "", below: Callable[[int], int] = secrets.randbelow) -> str:
	"""A new account number: the prefix, which does not begin with 0; nine random digits, or as many as there is room
	for; the check digit.

	Without a prefix it has ten digits and does not begin with 0: no way to write a phone number does so, and somebody
	who types theirs instead pays for nobody else. ``below(n)`` is a random number from 0 to n - 1.
	"""
	if not prefix:
		first = 10 ** (RANDOM_DIGITS - 1)
		return make(first + below(9 * first))
	digits = min(RANDOM_DIGITS, MAX_DIGITS - 1 - len(prefix))
	return make(int(f"{prefix}{below(10**digits):0{digits}}"))


def parse(text: str) -> str | None:
	"""The account number meant by what somebody typed, or None. Spaces, dashes, and O for 0 are forgiven."""
	number = _SEPARATORS.sub("", text).translate(_MISREAD)
	if not _ACCOUNT_NUMBER.fullmatch(number) or number[-1] != _check_digit(number[:-1]):
		return None
	return number


def _check_digit(digits: str) -> str:
	total = sum(_weighted(int(digit), index) for index, digit in enumerate(reversed(digits)))
	return str(-total % 10)


def _weighted(digit: int, index_from_right: int) -> int:
	"""Every second digit counts double, beginning beside the check digit; the digits of that are added up."""
	if index_from_right % 2:
		return digit
	return sum(divmod(digit * 2, 10))
