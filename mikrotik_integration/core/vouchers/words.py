"""What a voucher gives, in the words that are printed on it, in English and Swahili."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

ENGLISH, SWAHILI = "en", "sw"
LANGUAGES = (ENGLISH, SWAHILI)

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_BINARY, _DECIMAL = 1 << 20, 1000 * 1000


class Terms(NamedTuple):
	"""Of one voucher; 0 for no limit. ``bytes_per_mb``: 1,000,000 or 1,048,576, whichever the seller means."""

	validity: timedelta
	quota_bytes: int
	quota_seconds: int
	device_limit: int
	bytes_per_mb: int = _DECIMAL


def terms(given: Terms, language: str = ENGLISH) -> list[str]:
	"""In a fixed order: validity, time of use, data, devices. Never empty. Raises KeyError for another language."""
	say = _WORDS[language]
	validity = int(given.validity.total_seconds())
	words = [
		span(validity, language) if validity else "",
		say.online(span(given.quota_seconds, language)) if given.quota_seconds else "",
		data(given.quota_bytes, given.bytes_per_mb, language) if given.quota_bytes else say.any_data,
		say.devices(given.device_limit) if given.device_limit else say.any_devices,
	]
	return [word for word in words if word]


def span(seconds: int, language: str = ENGLISH) -> str:
	"""`1 day 12 hours`; `90 minutes` stay minutes as no seller says one hour thirty. Whole minutes, rounded up."""
	say = _WORDS[language]
	if seconds % _HOUR and seconds < 2 * _HOUR:
		return say.minutes(-(-seconds // _MINUTE))
	days, rest = divmod(seconds, _DAY)
	if days == 1 and not rest:
		days, rest = 0, _DAY
	parts = [
		(days, say.days),
		(rest // _HOUR, say.hours),
		(-(-(rest % _HOUR) // _MINUTE), say.minutes),
	]
	return " ".join(word(number) for number, word in parts if number) or say.minutes(0)


def data(quota_bytes: int, bytes_per_mb: int = _DECIMAL, language: str = ENGLISH) -> str:
	"""`500 MB`, `1.5 GB`: a thousand MB are a GB, or 1,024 where an MB is 1,048,576 bytes."""
	megabytes = quota_bytes / bytes_per_mb
	per_gigabyte = 1024 if bytes_per_mb == _BINARY else 1000
	if megabytes < per_gigabyte:
		return _WORDS[language].amount(_number(megabytes), "MB")
	return _WORDS[language].amount(_number(megabytes / per_gigabyte), "GB")


def _number(value: float) -> str:
	return f"{value:,.2f}".rstrip("0").rstrip(".")


class _Words(NamedTuple):
	days: Callable[[int], str]
	hours: Callable[[int], str]
	minutes: Callable[[int], str]
	online: Callable[[str], str]
	amount: Callable[[str, str], str]
	any_data: str
	devices: Callable[[int], str]
	any_devices: str


def _english(one: str) -> Callable[[int], str]:
	return lambda number: f"{number} {one}{'' if number == 1 else 's'}"


def _swahili(word: str) -> Callable[[int], str]:
	return lambda number: f"{word} {number}"


_WORDS = {
	ENGLISH: _Words(
		days=_english("day"),
		hours=_english("hour"),
		minutes=_english("minute"),
		online=lambda time: f"{time} online",
		amount=lambda number, unit: f"{number} {unit}",
		any_data="unlimited data",
		devices=_english("device"),
		any_devices="any number of devices",
	),
	SWAHILI: _Words(
		days=_swahili("siku"),
		hours=_swahili("saa"),
		minutes=_swahili("dakika"),
		online=lambda time: f"{time} mtandaoni",
		amount=lambda number, unit: f"{unit} {number}",
		any_data="data bila kikomo",
		devices=lambda number: f"kifaa {number}" if number == 1 else f"vifaa {number}",
		any_devices="vifaa vyovyote",
	),
}
