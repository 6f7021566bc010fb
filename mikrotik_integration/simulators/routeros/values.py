"""Texts that RouterOS takes and gives for durations, sizes, rates and addresses."""

from __future__ import annotations

import ipaddress
import re

_UNITS_S = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_LETTERS = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:\d+ms)?(?:\d+us)?")
_CLOCK = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(\d+):(\d\d)(?::(\d\d)(?:\.\d+)?)?")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
_SIZE = re.compile(r"(\d+)([kKMGT]?)")
_SIZE_FACTORS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4}


def encoded(text: str) -> bytes:
	"""The bytes of a text as they came over the API, whatever they were."""
	return text.encode("utf-8", "surrogateescape")


def parse_duration(text: str) -> int | None:
	"""Seconds of `1w2d3h4m5s`, `1d01:02:03`, `90`; None for what is no duration."""
	if text.isascii() and text.isdigit():
		return int(text)
	match = _LETTERS.fullmatch(text) or _CLOCK.fullmatch(text)
	if match is None or not text:
		return None
	return sum(int(part or 0) * unit for part, unit in zip(match.groups(), _UNITS_S.values(), strict=True))


def format_duration(seconds: float, clock: bool = False) -> str:
	"""As RouterOS writes it: `1w2d3h4m5s`, or `1w2d03:04:05`."""
	rest = int(seconds)
	parts = []
	for unit, size in _UNITS_S.items():
		count, rest = divmod(rest, size)
		parts.append((count, unit))
	if clock:
		days = "".join(f"{count}{unit}" for count, unit in parts[:2] if count)
		return days + ":".join(f"{count:02d}" for count, _ in parts[2:])
	return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def parse_size(text: str, thousand: int) -> int | None:
	"""`10M` and the like, in units of 1000 (rates) or 1024 (bytes)."""
	match = _SIZE.fullmatch(text)
	if match is None or not text.isascii():
		return None
	factor: int = thousand ** _SIZE_FACTORS[match[2]]
	return int(match[1]) * factor


def parse_rates(text: str) -> tuple[int, int] | None:
	"""Upload and download in bit/s of `rx[/tx]`."""
	parts = [parse_size(part, 1000) for part in text.split("/")]
	if None in parts or not 1 <= len(parts) <= 2:
		return None
	return parts[0] or 0, parts[-1] or 0


def is_rate_limit(text: str) -> bool:
	"""`rx[/tx] [burst [threshold [time [priority [minimum]]]]]`, or nothing."""
	words = text.split()
	if len(words) > 6:
		return False
	rates = [word for index, word in enumerate(words) if index in (0, 1, 2, 5)]
	times = words[3].split("/") if len(words) > 3 else []
	priority_fits = len(words) < 5 or words[4] in "12345678"
	return (
		all(parse_rates(word) is not None for word in rates)
		and all(parse_duration(time) is not None for time in times)
		and priority_fits
	)


def parse_mac(text: str) -> str | None:
	"""The MAC in capitals with colons."""
	return text.upper().replace("-", ":") if _MAC.fullmatch(text) else None


def is_ip(text: str) -> bool:
	"""Whether the text is an IPv4 or IPv6 address."""
	try:
		ipaddress.ip_address(text)
	except ValueError:
		return False
	return True


def is_network(text: str) -> bool:
	"""Whether the text is an address with or without a prefix length."""
	try:
		ipaddress.ip_interface(text)
	except ValueError:
		return False
	return True


def parse_ranges(text: str) -> list[range]:
	"""A pool's `ranges`, such as `10.0.0.2-10.0.0.9,10.0.1.0/24`, as numbers of addresses, at most 65,536 of each
	range. Raises ValueError."""
	found: list[range] = []
	for part in (part for part in text.split(",") if part):
		first, _, last = part.partition("-")
		network = ipaddress.ip_network(first, strict=False)
		low = int(network.network_address)
		high = int(ipaddress.ip_address(last)) if last else int(network.broadcast_address)
		found.append(range(low, min(high, low + 65535) + 1))
	return found


def expand_ranges(text: str) -> list[str]:
	"""The addresses of a pool's `ranges`. Raises ValueError."""
	return [str(ipaddress.ip_address(number)) for part in parse_ranges(text) for number in part]
