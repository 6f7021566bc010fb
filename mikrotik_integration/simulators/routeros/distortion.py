"""Replies as a broken or hostile router gives them: what `Faults` says of rows, traps and tags."""

from __future__ import annotations

from collections.abc import Sequence

from . import wire
from .errors import Trapped
from .faults import Faults
from .table import Row

_REFUSED = "failure: refused"
_ENDLESS_ROWS = 500


def check_command(faults: Faults, path: str) -> None:
	"""Raises Trapped for a command that is to be refused."""
	if faults.refuse_commands is not None and path.startswith(faults.refuse_commands):
		raise Trapped(_REFUSED)


def rows(faults: Faults, path: str, rows: Sequence[Row]) -> Sequence[Row]:
	"""The rows that answer the command of this path."""
	if faults.odd_spellings:
		rows = [_misspelt(faults, row) for row in rows]
	if faults.rows_without_id is not None and path.startswith(faults.rows_without_id):
		rows = [{name: value for name, value in row.items() if name != ".id"} for row in rows]
	return rows


def is_endless(faults: Faults, path: str) -> bool:
	"""Whether the answer to this command never ends."""
	return faults.endless_rows is not None and path.startswith(faults.endless_rows)


def endless(faults: Faults, asked: str | None) -> bytes:
	"""A piece of an answer that never ends, to be sent over and over."""
	head = ["!re", *tail(faults, asked)]
	return b"".join(
		wire.encode_sentence([*head, f"=.id=*{number:X}", f"=name=endless-{number}"])
		for number in range(_ENDLESS_ROWS)
	)


def tail(faults: Faults, asked: str | None) -> list[str]:
	"""The tag that a reply carries, as a word; none where none was asked for and none is made up."""
	tag = "9" * faults.tag_digits or asked
	return [] if tag is None else [f".tag={tag}"]


def message(faults: Faults, trapped: Trapped) -> str:
	"""What a trap says."""
	return trapped.message if faults.trap_message is None else faults.trap_message


def category(faults: Faults, own: int | None) -> list[str]:
	"""The category of a trap, as a word."""
	shown = "9" * faults.category_digits or own
	return [] if shown is None else [f"=category={shown}"]


def _misspelt(faults: Faults, row: Row) -> Row:
	if faults.odd_rows_of is not None and faults.odd_rows_of not in row.values():
		return row
	return {name: faults.odd_spellings.get(name, value) for name, value in row.items()}
