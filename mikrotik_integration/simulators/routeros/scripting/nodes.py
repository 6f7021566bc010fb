"""What a script is made of, once it is read. Each part knows how to do itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from . import values
from .values import Function, ScriptFailed, Value

_LONGEST = 1 << 20
"""How long a text or an array may become."""
_HALF = 1 << 63
"""Numbers have 64 bits."""
_FLAGS = {"yes": "true", "no": "false"}


class Returned(Exception):
	"""`:return` leaves a function."""

	def __init__(self, value: Value) -> None:
		super().__init__("return outside of a function")
		self.value = value


class Run(Protocol):
	"""What a part of a script may use while it is done."""

	def step(self) -> None:
		"""Counts a step. Raises ScriptFailed when there were too many."""

	def lookup(self, name: str) -> Value:
		"""A variable; nothing if there is none."""

	def property(self, name: str) -> Value:
		"""A property of the row that a `where` looks at."""

	def inside(self, own: Mapping[str, Value], is_function: bool = False) -> Run:
		"""A scope within this one. A function sees its arguments and what is global."""

	def call(self, command: Command) -> Value:
		"""Does a command."""


class Node(Protocol):
	"""A part that gives a value."""

	def value(self, run: Run) -> Value: ...


@dataclass(frozen=True)
class Literal:
	"""A value that stands for itself."""

	content: Value

	def value(self, run: Run) -> Value:
		return self.content


@dataclass(frozen=True)
class Variable:
	"""`$name`"""

	name: str

	def value(self, run: Run) -> Value:
		return run.lookup(self.name)


@dataclass(frozen=True)
class Property:
	"""A bare name in a `where`."""

	name: str

	def value(self, run: Run) -> Value:
		return run.property(self.name)


@dataclass(frozen=True)
class Text:
	"""A text with variables in it."""

	parts: tuple[Node, ...]

	def value(self, run: Run) -> Value:
		return _bounded("".join(values.text(part.value(run)) for part in self.parts))


@dataclass(frozen=True)
class Array:
	"""`{1;2;3}`"""

	parts: tuple[Node, ...]

	def value(self, run: Run) -> Value:
		return [part.value(run) for part in self.parts]


@dataclass(frozen=True)
class Block:
	"""Commands, one after the other, with variables of their own. Its value is that of the last."""

	commands: tuple[Node, ...]

	def value(self, run: Run) -> Value:
		inner = run.inside({})
		result: Value = None
		for command in self.commands:
			result = command.value(inner)
		return result


@dataclass(frozen=True)
class Keep:
	"""A block that is a value itself."""

	block: Block

	def value(self, run: Run) -> Value:
		return Function(self.block)


@dataclass(frozen=True)
class Command:
	"""A verb of a menu, or a command of the language itself (`menu` is empty)."""

	menu: str
	verb: str
	named: Mapping[str, Node] = field(default_factory=dict)
	given: tuple[Node, ...] = ()
	where: Node | None = None

	def value(self, run: Run) -> Value:
		run.step()
		return run.call(self)


@dataclass(frozen=True)
class Call:
	"""`[$function name=value]`"""

	name: str
	named: Mapping[str, Node]

	def value(self, run: Run) -> Value:
		run.step()
		function = run.lookup(self.name)
		if not isinstance(function, Function):
			raise ScriptFailed(f"no such function {self.name}")
		own = {name: node.value(run) for name, node in self.named.items()}
		try:
			function.body.value(run.inside(own, is_function=True))
		except Returned as returned:
			return returned.value
		return None


@dataclass(frozen=True)
class Not:
	"""`!x`"""

	operand: Node

	def value(self, run: Run) -> Value:
		return not values.truth(self.operand.value(run))


@dataclass(frozen=True)
class Operation:
	"""`left sign right`"""

	sign: str
	left: Node
	right: Node

	def value(self, run: Run) -> Value:
		run.step()
		if self.sign in ("and", "&&"):
			return values.truth(self.left.value(run)) and values.truth(self.right.value(run))
		if self.sign in ("or", "||"):
			return values.truth(self.left.value(run)) or values.truth(self.right.value(run))
		return _OPERATIONS[self.sign](self.left.value(run), self.right.value(run))


def _plain(value: Value) -> str:
	shown = values.text(value)
	return _FLAGS.get(shown, shown)


def _same(left: Value, right: Value) -> bool:
	numbers = values.number(left), values.number(right)
	if None not in numbers and not (isinstance(left, str) and isinstance(right, str)):
		return numbers[0] == numbers[1]
	return _plain(left) == _plain(right)


def _less(left: Value, right: Value) -> bool:
	first, second = values.number(left), values.number(right)
	if first is not None and second is not None:
		return first < second
	return values.text(left) < values.text(right)


def _matches(left: Value, right: Value) -> bool:
	try:
		return re.search(values.text(right), values.text(left)) is not None
	except re.error:
		raise ScriptFailed("invalid regexp") from None


def _joined(left: Value, right: Value) -> Value:
	return _bounded(values.text(left) + values.text(right))


def _listed(left: Value, right: Value) -> Value:
	joined = [*values.items(left), *values.items(right)]
	if len(joined) > _LONGEST:
		raise ScriptFailed("out of memory")
	return joined


def _bounded(text: str) -> str:
	if len(text) > _LONGEST:
		raise ScriptFailed("out of memory")
	return text


def _arithmetic(sign: str) -> Callable[[Value, Value], Value]:
	def calculate(left: Value, right: Value) -> Value:
		first, second = values.number(left), values.number(right)
		if first is None or second is None:
			raise ScriptFailed(f"cannot apply {sign} to {values.kind(left)} and {values.kind(right)}")
		if sign in "/%" and second == 0:
			raise ScriptFailed("division by zero")
		result = (_ARITHMETIC[sign](first, second) + _HALF) % (2 * _HALF) - _HALF
		is_time = isinstance(left, values.Time) or isinstance(right, values.Time)
		return values.Time(result) if is_time and sign != "/" else result

	return calculate


_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
	"+": lambda first, second: first + second,
	"-": lambda first, second: first - second,
	"*": lambda first, second: first * second,
	"/": lambda first, second: first // second,
	"%": lambda first, second: first % second,
}
_OPERATIONS: dict[str, Callable[[Value, Value], Value]] = {
	"=": _same,
	"!=": lambda left, right: not _same(left, right),
	"<": _less,
	">": lambda left, right: _less(right, left),
	"<=": lambda left, right: not _less(right, left),
	">=": lambda left, right: not _less(left, right),
	"~": _matches,
	"in": lambda left, right: any(_same(left, item) for item in values.items(right)),
	".": _joined,
	",": _listed,
	**{sign: _arithmetic(sign) for sign in _ARITHMETIC},
}
