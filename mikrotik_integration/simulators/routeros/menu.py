"""The shape in which a menu is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from .kinds import FLAG, TEXT, Kind


@dataclass(frozen=True)
class Column:
	"""One property of a menu's rows."""

	name: str
	kind: Kind = TEXT
	default: str | None = None
	"""What a new row has; None: the property is not shown until it is set."""
	read_only: bool = False
	secret: bool = False


def counter(name: str, zero: str = "0") -> Column:
	"""A property that only the router changes."""
	return Column(name, default=zero, read_only=True)


def flags(*names: str) -> tuple[Column, ...]:
	"""Read-only yes-or-no properties that are `false` on rows made by hand."""
	return tuple(Column(name, FLAG, "false", read_only=True) for name in names)


DISABLED = Column("disabled", FLAG, "false")
COMMENT = Column("comment")


@dataclass(frozen=True)
class Menu:
	"""One menu: its columns, what must be unique, what it holds from the start."""

	path: str
	columns: tuple[Column, ...] = ()
	unique: tuple[str, ...] = ()
	"""Columns that no two rows may share together."""
	duplicate: str = "failure: already have such entry"
	required: tuple[str, ...] = ()
	seed: tuple[Mapping[str, str], ...] = ()
	"""Rows there from the start. The only row, where the menu is single."""
	single: bool = False
	"""One set of properties instead of rows."""
	unset: tuple[str, ...] = ()
	"""What the verb `unset` lets go; any settable property, where it is empty."""
	undeletable: str = ""
	"""The answer to removing a row whose `default` is true."""
	saved: bool = True
	"""Whether rows survive a reboot."""

	@cached_property
	def by_name(self) -> dict[str, Column]:
		"""The columns by their names."""
		return {column.name: column for column in self.columns}

	def may_lack(self, name: str) -> bool:
		"""Whether there are rows without this property."""
		if name in self.unset or name not in self.by_name:
			return True
		column = self.by_name[name]
		return column.default is None and not column.read_only and name not in self.required

	@cached_property
	def secrets(self) -> frozenset[str]:
		"""The names of columns that need the policy `sensitive`."""
		return frozenset(column.name for column in self.columns if column.secret)
