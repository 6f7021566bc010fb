"""One column of a router's menu: what it should hold, and when two texts in it mean the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Generic, TypeVar

from ..routeros.values import parse_bool, parse_duration, parse_number, same_rate_limit

T = TypeVar("T")
_NO_ADDRESS = ("", "0.0.0.0")
_NO_MAC = ("", "00:00:00:00:00:00")


class Kind(str, Enum):
	"""How a column's texts are compared."""

	TEXT = "text"
	SECRET = "secret"
	FLAG = "flag"
	NUMBER = "number"
	DURATION = "duration"
	RATE = "rate"
	ADDRESS = "address"
	MAC = "mac"


class Ends(IntEnum):
	"""What must end so that a change takes effect: nothing, the session, or the session and its cookies."""

	NOTHING = 0
	SESSIONS = 1
	LOGINS = 2


@dataclass(frozen=True)
class Column(Generic[T]):
	"""`default` is what the router holds where nothing was ever set. `cleared` is written to empty the column;
	None where only the verb `unset` does. `is_limit`: whoever is online is held to what the row said at the login, so
	that one limit after another ends nothing, only a limit after none and none after a limit."""

	name: str
	wanted: Callable[[T], str]
	kind: Kind = Kind.TEXT
	default: str = ""
	cleared: str | None = ""
	ends: Ends = Ends.NOTHING
	is_limit: bool = False

	def same(self, actual: str | None, wanted: str) -> bool:
		"""Whether the router's text means what is wanted. A text that cannot be read is not the same."""
		try:
			return _same(self.kind, self.default if actual is None else actual, wanted)
		except ValueError:
			return False

	def ends_by(self, actual: str | None, wanted: str) -> Ends:
		"""What has to end for this change."""
		keeps_to_a_limit = self.is_limit and not (self.same(actual, self.default) or self.same(None, wanted))
		return Ends.NOTHING if keeps_to_a_limit else self.ends


@dataclass(frozen=True)
class Change:
	"""How a row differs: what to set, which columns to unset, what ends by it."""

	values: Mapping[str, str]
	unset: tuple[str, ...]
	ends: Ends


def difference(columns: Iterable[Column[T]], item: T, row: Mapping[str, str]) -> Change:
	"""What has to change in `row` so that it holds `item`. Secrets are not compared here."""
	values: dict[str, str] = {}
	unset: list[str] = []
	ends = Ends.NOTHING
	for column in columns:
		wanted = column.wanted(item)
		if column.kind is Kind.SECRET or column.same(row.get(column.name), wanted):
			continue
		ends = max(ends, column.ends_by(row.get(column.name), wanted))
		text = wanted or column.cleared
		if text is None:
			unset.append(column.name)
		else:
			values[column.name] = text
	return Change(values, tuple(unset), ends)


def fresh(columns: Iterable[Column[T]], item: T) -> dict[str, str]:
	"""What a new row needs: all that is not the router's default."""
	return {
		column.name: column.wanted(item) for column in columns if not column.same(None, column.wanted(item))
	}


def _same(kind: Kind, actual: str, wanted: str) -> bool:
	if actual == wanted:
		return True
	if kind is Kind.FLAG:
		return parse_bool(actual) == parse_bool(wanted)
	if kind is Kind.NUMBER:
		return parse_number(actual) == parse_number(wanted)
	if kind is Kind.DURATION:
		return parse_duration(actual) == parse_duration(wanted)
	if kind is Kind.RATE:
		return same_rate_limit(actual, wanted)
	if kind is Kind.ADDRESS:
		return actual in _NO_ADDRESS and wanted in _NO_ADDRESS
	if kind is Kind.MAC:
		return actual.upper() == wanted.upper() or (actual in _NO_MAC and wanted in _NO_MAC)
	return False
