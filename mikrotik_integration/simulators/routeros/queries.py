"""Query words of `print`.

https://help.mikrotik.com/docs/spaces/ROS/pages/47579160/API#API-Queries
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from . import values
from .errors import Trapped
from .table import Row

Test = Callable[[Row], bool]
_OPERATIONS = re.compile(r"(\d+)([!&|.]?)|([!&|.])")


def compile_query(words: Sequence[str]) -> Test:
	"""Whether a row satisfies the query words (each without its `?`). Raises Trapped."""
	alternatives = _any_of(words)
	if alternatives is not None:
		name, wanted = alternatives
		return lambda row: row.get(name) in wanted
	steps = [_step(word) for word in words]

	def satisfied(row: Row) -> bool:
		stack: list[bool] = []
		for step in steps:
			step(stack, row)
		return all(stack)

	return satisfied


def _any_of(words: Sequence[str]) -> tuple[str, frozenset[str]] | None:
	"""The quick way for `?name=a ?name=b ?#|`: the property and the values of which one must match."""
	equals = [word.lstrip("=").partition("=") for word in words if not word.startswith("#")]
	names = {name for name, sign, _ in equals if sign and name[:1] not in ("<", ">", "-")}
	operations = "".join(word[1:] for word in words if word.startswith("#"))
	plain = len(names) == 1 and all(sign and name in names for name, sign, _ in equals)
	if not plain or operations != "|" * (len(equals) - 1):
		return None
	if any(word.startswith("#") for word in words[: len(equals)]) and not _alternates(words):
		return None
	return names.pop(), frozenset(value for _, _, value in equals)


def _alternates(words: Sequence[str]) -> bool:
	"""Whether each `|` has two values to work on."""
	height = 0
	for word in words:
		height += -len(word[1:]) if word.startswith("#") else 1
		if height < 1:
			return False
	return True


def _step(word: str) -> Callable[[list[bool], Row], None]:
	if word.startswith("#"):
		return _operations(word[1:])
	test = _test(word)
	return lambda stack, row: stack.append(test(row))


def _test(word: str) -> Test:
	if word.startswith("-"):
		return lambda row: word[1:] not in row
	sign = word[0] if word[:1] in ("<", ">", "=") else "="
	name, given, value = word.lstrip("<>=").partition("=")
	if not given:
		return lambda row: name in row
	if sign == "=":
		return lambda row: row.get(name) == value
	return lambda row: name in row and _compares(row[name], sign, value)


def _compares(have: str, sign: str, value: str) -> bool:
	numbers = values.parse_duration(have), values.parse_duration(value)
	if numbers[0] is not None and numbers[1] is not None:
		return numbers[0] < numbers[1] if sign == "<" else numbers[0] > numbers[1]
	return have < value if sign == "<" else have > value


def _operations(text: str) -> Callable[[list[bool], Row], None]:
	found = list(_OPERATIONS.finditer(text))
	if "".join(match[0] for match in found) != text:
		raise Trapped("unknown query operation", category=1)

	def run(stack: list[bool], row: Row) -> None:
		for match in found:
			_operate(stack, match[1], match[2] or match[3])

	return run


def _operate(stack: list[bool], index: str | None, operation: str) -> None:
	"""The stack is filled below with endless truth."""
	if index is not None:
		value = stack[-1 - int(index)] if int(index) < len(stack) else True
		if not operation:
			stack[:] = [value]
			return
		stack.append(value)
		if operation == ".":
			return
	_BINARY[operation](stack)


def _pop(stack: list[bool]) -> bool:
	return stack.pop() if stack else True


def _not(stack: list[bool]) -> None:
	stack.append(not _pop(stack))


def _and(stack: list[bool]) -> None:
	first, second = _pop(stack), _pop(stack)
	stack.append(first and second)


def _or(stack: list[bool]) -> None:
	first, second = _pop(stack), _pop(stack)
	stack.append(first or second)


def _copy(stack: list[bool]) -> None:
	top = _pop(stack)
	stack += [top, top]


_BINARY: dict[str, Callable[[list[bool]], None]] = {"!": _not, "&": _and, "|": _or, ".": _copy}
