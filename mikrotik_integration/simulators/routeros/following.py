"""`listen`, and `print` with `follow`: what changes in a menu is told until the command is cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .table import Row

_COUNTED = frozenset(
	(
		*("uptime", "idle-time", "session-time-left", "expires-in", "hits", "rate", "next-run"),
		*("bytes", "packets", "dropped", "bytes-in", "bytes-out", "packets-in", "packets-out"),
		*("rx-byte", "tx-byte", "rx-packet", "tx-packet", "rx-drop", "tx-drop"),
	)
)
"""Properties that change by themselves all the time. Only what else changes is told."""


class Followed:
	"""A command that tells changes; it remembers what it has told."""

	def __init__(self, current: Callable[[], Sequence[Row]], names: list[str] | None) -> None:
		self.names = names
		self._current = current
		self._known = self._look()

	def news(self) -> list[Row]:
		"""Rows that are new or have changed, and `.dead` for those that went. The caller holds the lock."""
		before, self._known = self._known, self._look()
		gone: list[Row] = [{".id": row_id, ".dead": "true"} for row_id in before if row_id not in self._known]
		return gone + [
			row for row_id, row in self._known.items() if _told(row) != _told(before.get(row_id, {}))
		]

	def _look(self) -> dict[str, Row]:
		return {row.get(".id", ""): dict(row) for row in self._current()}


def _told(row: Row) -> Row:
	return {name: value for name, value in row.items() if name not in _COUNTED}
