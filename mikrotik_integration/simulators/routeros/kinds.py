"""What a column takes, and how the router writes it back.

Messages as real routers give them: see the project's notes on RouterOS errors.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from . import values
from .behaviour import Behaviour
from .errors import Trapped


class Names(Protocol):
	"""What a kind may know of the router."""

	@property
	def behaviour(self) -> Behaviour: ...

	def names_in(self, menu: str) -> Collection[str]:
		"""The names of the menu's rows."""


class Kind(Protocol):
	"""Checks a value and makes it what the router would show. Raises Trapped."""

	def normalise(self, text: str, field: str, router: Names) -> str: ...


def _bad(field: str) -> Trapped:
	return Trapped(f"invalid value for argument {field}", category=1)


def match_prefix(text: str, choices: Collection[str], field: str) -> str:
	"""The choice that is the text, or else the only one that begins with it."""
	if text in choices:
		return text
	found = [choice for choice in choices if text and choice.startswith(text)]
	if not found:
		raise Trapped(f"input does not match any value of {field}", category=1)
	if len(found) > 1:
		raise Trapped(f"ambiguous value of {field}, more than one possible value matches input", category=1)
	return found[0]


@dataclass(frozen=True)
class Text:
	"""Anything."""

	def normalise(self, text: str, field: str, router: Names) -> str:
		return text


@dataclass(frozen=True)
class Flag:
	"""yes or no; shown as true or false."""

	def normalise(self, text: str, field: str, router: Names) -> str:
		found = match_prefix(text, ("yes", "no", "true", "false"), field)
		return "true" if found in ("yes", "true") else "false"


@dataclass(frozen=True)
class Number:
	"""A whole number within bounds, or one of some words."""

	low: int = 0
	high: int = 4294967295
	words: tuple[str, ...] = ()

	def normalise(self, text: str, field: str, router: Names) -> str:
		if text in self.words:
			return text
		if not (text.isascii() and text.lstrip("-").isdigit()):
			raise _bad(field)
		if not self.low <= int(text) <= self.high:
			raise Trapped(f"value of {field} out of range ({self.low}..{self.high})", category=1)
		return str(int(text))


@dataclass(frozen=True)
class Size:
	"""Bytes, with k, M, G of 1024. An empty text clears it on routers that allow that."""

	def normalise(self, text: str, field: str, router: Names) -> str:
		if not text and router.behaviour.empty_limit_clears:
			return ""
		size = values.parse_size(text, 1024)
		if size is None or size >= 1 << 64:
			raise _bad(field)
		return str(size)


@dataclass(frozen=True)
class Duration:
	"""A length of time, or one of some words. An empty text clears it on routers that allow that."""

	words: tuple[str, ...] = ()

	def normalise(self, text: str, field: str, router: Names) -> str:
		if text in self.words or (not text and router.behaviour.empty_limit_clears):
			return text
		seconds = values.parse_duration(text)
		if seconds is None:
			raise Trapped(f"invalid time value for argument {field}", category=1)
		return values.format_duration(seconds, router.behaviour.clock_durations)


@dataclass(frozen=True)
class Choice:
	"""One of fixed words, matched by prefix."""

	words: tuple[str, ...]

	def normalise(self, text: str, field: str, router: Names) -> str:
		return match_prefix(text, self.words, field)


@dataclass(frozen=True)
class Several:
	"""Fixed words, separated by commas."""

	words: tuple[str, ...]

	def normalise(self, text: str, field: str, router: Names) -> str:
		return ",".join(match_prefix(part, self.words, field) for part in text.split(",") if part)


@dataclass(frozen=True)
class Reference:
	"""The name of a row of another menu, or one of some words, matched by prefix; or an address."""

	menu: str
	words: tuple[str, ...] = ()
	or_address: bool = False

	def normalise(self, text: str, field: str, router: Names) -> str:
		if self.or_address and (not text or values.is_ip(text)):
			return text
		try:
			return match_prefix(text, [*self.words, *router.names_in(self.menu)], field)
		except Trapped:
			if self.or_address:
				raise _bad(field) from None
			raise


@dataclass(frozen=True)
class Address:
	"""An IP address, with a prefix length where allowed, or nothing."""

	network: bool = False

	def normalise(self, text: str, field: str, router: Names) -> str:
		fits = values.is_network if self.network else values.is_ip
		if text and not fits(text):
			raise _bad(field)
		return text


@dataclass(frozen=True)
class Ranges:
	"""The addresses of a pool."""

	def normalise(self, text: str, field: str, router: Names) -> str:
		try:
			values.parse_ranges(text)
		except ValueError:
			raise _bad(field) from None
		return text


@dataclass(frozen=True)
class Mac:
	"""A hardware address, or nothing."""

	def normalise(self, text: str, field: str, router: Names) -> str:
		mac = values.parse_mac(text) if text else ""
		if mac is None:
			raise Trapped(f"invalid value of {field}, mac address required", category=1)
		return mac


@dataclass(frozen=True)
class RateLimit:
	"""The rate-limit of a profile; kept as it was written."""

	def normalise(self, text: str, field: str, router: Names) -> str:
		if not values.is_rate_limit(text):
			raise _bad(field)
		return text


@dataclass(frozen=True)
class RatePair:
	"""upload/download in bit/s, as simple queues show them: `25000000/25000000`."""

	def normalise(self, text: str, field: str, router: Names) -> str:
		rates = values.parse_rates(text)
		if rates is None:
			raise _bad(field)
		return f"{rates[0]}/{rates[1]}"


TEXT = Text()
FLAG = Flag()
SIZE = Size()
DURATION = Duration()
