"""Values of the script language: text, numbers, truth, lengths of time, arrays, functions, nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from ..values import format_duration, parse_duration

if TYPE_CHECKING:
	from .nodes import Block


class ScriptFailed(Exception):
	"""A script cannot be read, or cannot go on; in the router's words."""


@dataclass(frozen=True)
class Time:
	"""A length of time, in seconds."""

	seconds: int


@dataclass(frozen=True)
class Function:
	"""A block that is kept in a variable."""

	body: Block


Value = Union[str, int, bool, None, Time, Function, list["Value"]]  # noqa: UP007 (a name that refers to itself)


def text(value: Value) -> str:
	"""As `:put` shows it."""
	if value is None or isinstance(value, Function):
		return ""
	if isinstance(value, bool):
		return "true" if value else "false"
	if isinstance(value, Time):
		return format_duration(value.seconds, clock=True)
	if isinstance(value, list):
		return ";".join(text(item) for item in value)
	return str(value)


def numbers(value: Value) -> str:
	"""The rows that a command is about, as it takes them."""
	return ",".join(text(item) for item in items(value))


def number(value: Value) -> int | None:
	"""The number that a value is or reads as; of a length of time its seconds."""
	if isinstance(value, Time):
		return value.seconds
	if isinstance(value, (int, bool)):
		return int(value)
	if isinstance(value, str):
		plain = value.removeprefix("-")
		return (
			int(value) if plain.isascii() and plain.isdigit() and len(plain) < 20 else parse_duration(value)
		)
	return None


def truth(value: Value) -> bool:
	"""What a condition takes for true. Raises ScriptFailed for what is neither."""
	if isinstance(value, bool):
		return value
	if text(value) in ("true", "yes"):
		return True
	if text(value) in ("false", "no", ""):
		return False
	raise ScriptFailed("conditional not boolean")


def items(value: Value) -> list[Value]:
	"""What a loop goes through."""
	if isinstance(value, list):
		return value
	return [] if value in (None, "") else [value]


def kind(value: Value) -> str:
	"""What `:typeof` says."""
	names = {bool: "bool", int: "num", str: "str", Time: "time", list: "array", Function: "code"}
	return names.get(type(value), "nothing")
