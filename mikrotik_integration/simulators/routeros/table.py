"""The rows of one menu."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import Trapped, no_such_item
from .kinds import TEXT, Names
from .menu import Column, Menu

Row = dict[str, str]
"""What `print` shows of one row, `.id` included."""


class Table:
	"""Rows in their order, with `.id`s given in sequence and never twice."""

	def __init__(self, menu: Menu, router: Names) -> None:
		self.menu = menu
		self.rows: dict[str, Row] = {}
		self._router = router
		self._next = 0 if any(row.get("default") == "true" for row in menu.seed) else 1
		self._index: dict[tuple[str, ...], str] = {}
		for seed in menu.seed or ({},) * menu.single:
			self.insert(seed)

	def add(self, given: Mapping[str, str]) -> str:
		"""A new row as an API user makes it; its `.id`. Raises Trapped."""
		missing = [name for name in self.menu.required if not given.get(name)]
		if missing:
			raise Trapped(f"missing value(s) of argument(s) {' '.join(missing)}", category=0)
		return self.insert(self._normalise(given))

	def insert(self, values: Mapping[str, str]) -> str:
		"""A new row of values that need no check but that of being unique; its `.id`. Raises Trapped."""
		row_id = f"*{self._next:X}"
		row = {} if self.menu.single else {".id": row_id}
		self._put(row, {column.name: column.default or "" for column in self.menu.columns} | dict(values))
		key = self._key(row)
		if key is not None:
			self._claim(key, row_id)
		self._next += 1
		self.rows[row_id] = row
		return row_id

	def change(self, row: Row, given: Mapping[str, str]) -> None:
		"""Sets properties as an API user does. Raises Trapped, and then nothing is changed."""
		values = self._normalise(given)
		changed = dict(row)
		self._put(changed, values)
		old, new = self._key(row), self._key(changed)
		if new != old:
			if new is not None:
				self._claim(new, row[".id"])
			self._release(old, row[".id"])
		row.clear()
		row.update(changed)

	def remove(self, row: Row) -> None:
		"""Takes the row out."""
		self._release(self._key(row), row[".id"])
		del self.rows[row[".id"]]

	def clear(self) -> None:
		"""Takes all rows out."""
		self.rows.clear()
		self._index.clear()

	def get(self, row_id: str) -> Row:
		"""The row with this `.id`. Raises Trapped."""
		row = self.rows.get(row_id)
		if row is None:
			raise no_such_item(self._router.behaviour.numbered_traps)
		return row

	def find(self, *key: str) -> Row | None:
		"""The row with these values in the unique columns."""
		row_id = self._index.get(self._folded(key))
		return self.rows[row_id] if row_id is not None else None

	def only(self) -> Row:
		"""The one row of a single menu."""
		return next(iter(self.rows.values()))

	def renumber(self) -> None:
		"""New `.id`s for all rows, as after a restore from a backup."""
		if self.menu.single:
			return
		rows = list(self.rows.values())
		self.clear()
		for row in rows:
			row[".id"] = f"*{self._next:X}"
			self._next += 1
			self._adopt(row)

	def restore(self, rows: Iterable[Mapping[str, str]]) -> None:
		"""Exactly these rows, with their `.id`s."""
		if self.menu.single:
			self.only().update(*rows)
			return
		self.clear()
		for row in rows:
			self._adopt(dict(row))
			self._next = max(self._next, int(row[".id"].lstrip("*"), 16) + 1)

	def place(self, row: Row, before: str | None) -> None:
		"""Moves the row before another one, or to the end."""
		others = [other for other in self.rows.values() if other is not row]
		position = next((at for at, other in enumerate(others) if other[".id"] == before), len(others))
		others.insert(position, row)
		self.rows = {other[".id"]: other for other in others}

	def _adopt(self, row: Row) -> None:
		self.rows[row[".id"]] = row
		key = self._key(row)
		if key is not None:
			self._index[key] = row[".id"]

	def _normalise(self, given: Mapping[str, str]) -> Row:
		return {name: self._checked(name, text) for name, text in given.items()}

	def _checked(self, name: str, text: str) -> str:
		column = self.menu.by_name.get(name) or Column(name, TEXT)
		return column.kind.normalise(text, name, self._router)

	def _put(self, row: Row, values: Mapping[str, str]) -> None:
		for name, value in values.items():
			column = self.menu.by_name.get(name)
			if value or (column is not None and column.default is not None):
				row[name] = value
			else:
				row.pop(name, None)

	def _key(self, row: Row) -> tuple[str, ...] | None:
		"""What makes the row unique; None where the menu asks for nothing or the row has nothing."""
		values = tuple(row.get(name, "") for name in self.menu.unique)
		return self._folded(values) if any(values) else None

	def _folded(self, key: tuple[str, ...]) -> tuple[str, ...]:
		return key if self._router.behaviour.names_case_sensitive else tuple(part.casefold() for part in key)

	def _claim(self, key: tuple[str, ...], row_id: str) -> None:
		if self._index.get(key, row_id) != row_id:
			raise Trapped(self.menu.duplicate)
		self._index[key] = row_id

	def _release(self, key: tuple[str, ...] | None, row_id: str) -> None:
		if key is not None and self._index.get(key) == row_id:
			del self._index[key]
