"""Values out of a router's rows, whatever stands in them. What cannot be read is left out and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..errors import InvalidValue
from ..foreign_text import plain_text
from .values import parse_bool, parse_duration, parse_number

Row = Mapping[str, str]
MOST_WARNINGS = 20
# Ten years at 2.5 Gbit/s, and 68 years: what fits into the columns of a database.
LARGEST_NUMBER = 10**17
LONGEST_DURATION_S = 2**31 - 1
_LONGEST_VALUE = 40


@dataclass(frozen=True)
class Unread:
	"""A value that could not be read, in texts fit for a one-line field. `row`: its `.id`, where that was asked for;
	its name may be a voucher's code."""

	menu: str
	row: str
	column: str
	text: str

	def __str__(self) -> str:
		row = f" of row {self.row}" if self.row else ""
		return f"{self.menu}: {self.column}{row} cannot be read ({self.text!r}) and was left out"


class Reader:
	"""Reads the rows of one menu. `unread` has what it could not read, at most MOST_WARNINGS, and `others` counts
	the rest: a router that writes everything oddly fills no log."""

	def __init__(self, menu: str) -> None:
		self.unread: list[Unread] = []
		self.others = 0
		self._menu = menu

	def number(self, row: Row, column: str, most: int = LARGEST_NUMBER) -> int | None:
		"""A count or a size, 0 where the router says nothing; None if it cannot be read or is more than `most`."""
		return self._read(row, column, parse_number, most)

	def seconds(self, row: Row, column: str) -> int | None:
		"""A duration, 0 where the router says nothing; None if it cannot be read."""
		return self._read(row, column, parse_duration, LONGEST_DURATION_S)

	def row_id(self, row: Row) -> str:
		"""The `.id`; `` if the router shows none, which is told too."""
		if not row.get(".id"):
			self._tell(row, ".id")
		return row.get(".id", "")

	def _read(self, row: Row, column: str, parse: Callable[[str | None], int], most: int) -> int | None:
		try:
			value = parse(row.get(column))
		except InvalidValue:
			value = most + 1
		if value <= most:
			return value
		self._tell(row, column)
		return None

	def _tell(self, row: Row, column: str) -> None:
		if len(self.unread) >= MOST_WARNINGS:
			self.others += 1
			return
		row_id, text = (plain_text(row.get(key), _LONGEST_VALUE) for key in (".id", column))
		self.unread.append(Unread(self._menu, row_id, column, text))


def flag(row: Row, column: str) -> bool:
	"""A flag; off where the router says nothing, or nothing that can be read."""
	try:
		return parse_bool(row.get(column))
	except InvalidValue:
		return False


def in_words(readers: Iterable[Reader]) -> tuple[str, ...]:
	"""What could not be read, one line each, and how much more."""
	readers = list(readers)
	lines = [str(unread) for reader in readers for unread in reader.unread]
	others = sum(reader.others for reader in readers) + len(lines[MOST_WARNINGS:])
	return (*lines[:MOST_WARNINGS], *([f"{others} more values cannot be read"] if others else []))
