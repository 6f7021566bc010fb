"""RouterOS's ways of writing times, rates and flags, turned into numbers and back.

Everything on the wire is text, and one value has many spellings, so values are compared as numbers.
In rates **rx is what the router receives: the customer's upload. tx is the customer's download.**
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from ..errors import InvalidValue
from ..foreign_text import plain_text

LARGEST_RATE_BPS = 10**15
# Nobody sells less. "10" was meant to be 10M.
LEAST_SOLD_RATE_BPS = 1_000

_DURATION = re.compile(
	r"(?:(?P<w>[0-9]+)w)?(?:(?P<d>[0-9]+)d)?"
	r"(?:(?P<H>[0-9]+):(?P<M>[0-9]{1,2}):(?P<S>[0-9]{1,2})(?:\.[0-9]+)?"
	r"|(?:(?P<h>[0-9]+)h)?(?:(?P<m>[0-9]+)m(?!s))?(?:(?P<s>[0-9]+)(?:\.[0-9]+)?s)?(?:[0-9]+ms)?(?:[0-9]+us)?(?:[0-9]+ns)?)"
)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "H": 3_600, "m": 60, "M": 60, "s": 1, "S": 1}
_MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
_COUNT = re.compile(r"[0-9]{1,20}")
_OLD_DATE = re.compile(rf"(?P<month>{'|'.join(_MONTHS)})/(?P<day>[0-9]{{2}})/(?P<year>[0-9]{{4}})")
_TRUE, _FALSE = {"yes", "true"}, {"no", "false", ""}
_NO_PRIORITY = 8


def parse_duration(text: str | None) -> int:
	"""Whole seconds of `15w3d3h42m53s`, `01:22:53`, `2735w1d21:41:43.48`, `30`; 0 for `none`, `` and None.

	Parts of a second are cut off. Raises InvalidValue for anything else, never a silent 0."""
	word = (text or "").strip().lower()
	if word in ("", "none", "never"):
		return 0
	found = None if _COUNT.fullmatch(word) else _DURATION.fullmatch(word)
	parts = found.groupdict() if found else {"s": word}
	return sum(parse_number(number) * _SECONDS[unit] for unit, number in parts.items() if number)


def format_duration(seconds: int) -> str:
	"""`93784` -> `1d2h3m4s`; 0 -> `0s`."""
	if seconds < 0:
		raise InvalidValue("a duration cannot be negative")
	text = ""
	for unit in ("w", "d", "h", "m", "s"):
		count, seconds = divmod(seconds, _SECONDS[unit])
		text += f"{count}{unit}" if count else ""
	return text or "0s"


def parse_bool(text: str | None) -> bool:
	"""`yes`/`true` and `no`/`false`; a flag that is not there is off. Raises InvalidValue otherwise."""
	word = (text or "").strip().lower()
	if word in _TRUE:
		return True
	if word in _FALSE:
		return False
	raise InvalidValue(f"neither yes nor no: {plain_text(text, 40)!r}")


def parse_number(text: str | None) -> int:
	"""A count or a size as RouterOS writes it over the API; 0 for `` and None. Raises InvalidValue."""
	if not text:
		return 0
	if not _COUNT.fullmatch(text):
		raise InvalidValue(f"not a number: {plain_text(text, 40)!r}")
	return int(text)


def parse_rate(text: str | None) -> int:
	"""Bit/s of `25M`, `25000000`, `1.5M`, `10G`; k is 1000. `` and None are 0, which means unlimited."""
	word = (text or "0").strip().lower().removesuffix("bps")
	unit = word[-1:] if word[-1:] in _MULTIPLES and not word[-1:].isdigit() else ""
	number = word.removesuffix(unit) if unit else word
	if not _PLAIN_NUMBER.fullmatch(number):
		raise InvalidValue(f"not a rate: {plain_text(text, 40)!r}")
	rate = Decimal(number) * _MULTIPLES[unit]
	if rate != int(rate) or rate > LARGEST_RATE_BPS:
		raise InvalidValue(f"not a rate: {plain_text(text, 40)!r}")
	return int(rate)


def is_sold_rate(rate_bps: int) -> bool:
	"""Whether somebody can mean this speed: no limit, or enough to be used. Not for what is read back from routers."""
	return rate_bps == 0 or rate_bps >= LEAST_SOLD_RATE_BPS


def format_rate(rate_bps: int) -> str:
	"""The shortest exact spelling: 25000000 -> `25M`, 1500 -> `1500`, 0 (unlimited) -> `0`."""
	for unit in ("G", "M", "k"):
		if rate_bps and rate_bps % _MULTIPLES[unit.lower()] == 0:
			return f"{rate_bps // _MULTIPLES[unit.lower()]}{unit}"
	return str(rate_bps)


def rate_limit(
	rx_bps: int | None,
	tx_bps: int | None,
	burst_rx_bps: int | None = None,
	burst_tx_bps: int | None = None,
	threshold_rx: int | None = None,
	threshold_tx: int | None = None,
	time_rx_s: int | None = None,
	time_tx_s: int | None = None,
) -> str:
	"""The text of `rate-limit`. rx is the customer's upload, tx the customer's download, all in bit/s.

	0 or None means unlimited; `` when nothing is limited. A burst without threshold starts from the rate
	itself, one without time lasts a second: RouterOS's own defaults. Raises InvalidValue below zero."""
	rate = _pair(rx_bps, tx_bps)
	burst = _pair(burst_rx_bps, burst_tx_bps)
	if not any(rate):
		return ""
	if not any(burst):
		return _rates(rate)
	threshold = _pair(threshold_rx or (burst[0] and rate[0]), threshold_tx or (burst[1] and rate[1]))
	time_s = _pair(time_rx_s or (burst[0] and 1), time_tx_s or (burst[1] and 1))
	return f"{_rates(rate)} {_rates(burst)} {_rates(threshold)} {time_s[0]}/{time_s[1]}"


def same_rate_limit(one: str | None, other: str | None) -> bool:
	"""Whether two `rate-limit` texts mean the same: `10M/10M` == `10000000/10000000` == `10M`."""
	return _rate_limit_numbers(one) == _rate_limit_numbers(other)


def parse_router_date(text: str) -> datetime:
	"""The router's local time, from `feb/05/2024 13:47:44` (before 7.10) or `2024-02-05 13:47:44`. Naive.

	Raises InvalidValue."""
	day, _, time = text.strip().lower().replace("t", " ", 1 if "-" in text else 0).partition(" ")
	if old := _OLD_DATE.fullmatch(day):
		day = f"{old['year']}-{_MONTHS.index(old['month']) + 1:02d}-{old['day']}"
	try:
		return datetime.fromisoformat(f"{day} {time or '00:00:00'}").replace(tzinfo=None)
	except ValueError:
		raise InvalidValue(f"not a date of a router: {plain_text(text, 40)!r}") from None


def _pair(rx: int | None, tx: int | None) -> tuple[int, int]:
	if (rx or 0) < 0 or (tx or 0) < 0:
		raise InvalidValue("a rate, threshold or burst time cannot be negative")
	return int(rx or 0), int(tx or 0)


def _rates(pair: tuple[int, int]) -> str:
	return f"{format_rate(pair[0])}/{format_rate(pair[1])}"


def _rate_limit_numbers(text: str | None) -> tuple[object, ...]:
	"""rate, burst, threshold, time, priority, minimum as numbers; the raw text if it cannot be read."""
	words = (text or "").split()
	readers = (parse_rate, parse_rate, parse_rate, parse_duration, parse_duration, parse_rate)
	numbers: list[object] = [(0, 0), (0, 0), (0, 0), (0, 0), (_NO_PRIORITY, _NO_PRIORITY), (0, 0)]
	if len(words) > len(readers):
		return (text,)
	try:
		for place, (word, read) in enumerate(zip(words, readers, strict=False)):
			rx, _, tx = word.partition("/")
			numbers[place] = (read(rx), read(tx or rx))
	except ValueError:
		return (text,)
	return tuple(numbers)
