"""Runs a script: its variables, its own commands, and the router's commands that it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .. import views
from ..command import Command as ApiCommand
from ..errors import Trapped
from ..execution import execute
from ..router import Router
from ..table import Row
from ..values import parse_duration
from . import values
from .nodes import Block, Command, Node, Returned, Run
from .values import Function, ScriptFailed, Time, Value

_MOST_STEPS = 500_000
_NUMBERED = ("set", "remove", "enable", "disable", "comment", "unset", "reset", "reset-counters", "move")


class Running:
	"""One scope of a script that runs."""

	def __init__(
		self,
		router: Router,
		policies: frozenset[str],
		own: Mapping[str, Value],
		outer: Running | None = None,
		row: Row | None = None,
	) -> None:
		self._router = router
		self._policies = policies
		self._own = dict(own)
		self._outer = outer
		self._row = row
		self._steps: list[int] = [0]

	def step(self) -> None:
		self._steps[0] += 1
		if self._steps[0] > _MOST_STEPS:
			raise ScriptFailed("script runs too long")

	def lookup(self, name: str) -> Value:
		scope: Running | None = self
		while scope is not None:
			if name in scope._own:
				return scope._own[name]
			scope = scope._outer
		return self._router.script_globals.get(name)

	def property(self, name: str) -> Value:
		return (self._row or {}).get(name, "")

	def inside(self, own: Mapping[str, Value], is_function: bool = False) -> Run:
		return self._within(own, None if is_function else self, self._row)

	def call(self, command: Command) -> Value:
		return self._router_command(command) if command.menu else _OWN[command.verb](self, command)

	def assign(self, name: str, value: Value) -> None:
		"""Gives the nearest variable of this name another value. Raises ScriptFailed if there is none."""
		scope: Running | None = self
		while scope is not None:
			if name in scope._own:
				scope._own[name] = value
				return
			scope = scope._outer
		if name not in self._router.script_globals:
			raise ScriptFailed(f"no such variable {name}")
		self._router.script_globals[name] = value

	def declare(self, name: str, value: Value) -> None:
		"""Makes a local variable."""
		self._own[name] = value

	def declare_global(self, name: str, given: tuple[Node, ...], value: Value) -> None:
		"""Makes a global variable known, and sets it if a value is given."""
		if given or name not in self._router.script_globals:
			self._router.script_globals[name] = value

	def block(self, node: Node | None, own: Mapping[str, Value] | None = None) -> Value:
		"""Does the block of an argument such as `do=`."""
		if node is None:
			return None
		function = node.value(self)
		if not isinstance(function, Function):
			raise ScriptFailed("syntax error")
		return function.body.value(self.inside(own or {}))

	def _within(self, own: Mapping[str, Value], outer: Running | None, row: Row | None) -> Running:
		inner = Running(self._router, self._policies, own, outer, row)
		inner._steps = self._steps
		return inner

	def _router_command(self, command: Command) -> Value:
		if command.verb in ("find", "print"):
			return self._find(command)
		args = {name: values.text(node.value(self)) for name, node in command.named.items()}
		given = [node.value(self) for node in command.given]
		if command.verb in _NUMBERED:
			if given and "numbers" not in args:
				numbers = values.numbers(given.pop(0))
				if not numbers:
					return None
				args["numbers"] = numbers
			elif args.get("numbers") == "":
				return None
		for name, value in zip(self._positions(command), given, strict=False):
			args.setdefault(name, values.text(value))
		return self._do(ApiCommand(f"{command.menu}/{command.verb}", args))

	def _positions(self, command: Command) -> tuple[str, ...]:
		"""The names of arguments that are given without one."""
		if command.verb == "get":
			is_single = not self._router.schema.takes(command.menu, "find")
			return ("value-name",) if is_single else ("number", "value-name")
		return {"run": ("number",), "comment": ("comment",)}.get(command.verb, ("message",))

	def _find(self, command: Command) -> Value:
		if "read" not in self._policies:
			raise ScriptFailed("not enough permissions (9)")
		rows = views.rows(self._router, command.menu)
		found: list[Value] = []
		for row in rows:
			self.step()
			inner = self._within({}, self, row)
			if command.where is None or values.truth(command.where.value(inner)):
				found.append(row.get(".id", ""))
		if command.verb == "find":
			return found
		return len(found) if "count-only" in command.named else None

	def _do(self, command: ApiCommand) -> Value:
		try:
			answer = execute(self._router, command, self._policies)
		except Trapped as trapped:
			raise ScriptFailed(trapped.message) from None
		if answer.later is not None:
			raise ScriptFailed("failure: not supported by this simulator")
		if command.path.endswith("/get"):
			return {"true": True, "false": False}.get(answer.ret or "", answer.ret)
		return answer.ret


def run(block: Block, router: Router, policies: frozenset[str], variables: Mapping[str, Value]) -> None:
	"""Runs a script that was read. Raises ScriptFailed."""
	try:
		block.value(Running(router, policies, variables))
	except Returned:
		return


# commands of the language


def _values(run: Running, command: Command, least: int, most: int) -> list[Value]:
	if not least <= len(command.given) <= most:
		raise ScriptFailed(f"wrong number of arguments of :{command.verb}")
	return [node.value(run) for node in command.given]


def _name(run: Running, command: Command) -> str:
	if not command.given:
		raise ScriptFailed(f"missing name after :{command.verb}")
	return values.text(command.given[0].value(run))


def _new_value(run: Running, command: Command) -> Value:
	if "do" in command.named:
		return command.named["do"].value(run)
	return command.given[1].value(run) if len(command.given) > 1 else None


def _local(run: Running, command: Command) -> Value:
	run.declare(_name(run, command), _new_value(run, command))
	return None


def _global(run: Running, command: Command) -> Value:
	given = (*command.given[1:], *command.named.values())
	run.declare_global(_name(run, command), given, _new_value(run, command))
	return None


def _set(run: Running, command: Command) -> Value:
	run.assign(_name(run, command), _new_value(run, command))
	return None


def _put(run: Running, command: Command) -> Value:
	"""`:put`: nobody looks at what a script writes."""
	_values(run, command, 1, 1)
	return None


def _if(run: Running, command: Command) -> Value:
	[condition] = _values(run, command, 1, 1)
	return run.block(command.named.get("do" if values.truth(condition) else "else"))


def _foreach(run: Running, command: Command) -> Value:
	if "in" not in command.named or len(command.given) != 1:
		raise ScriptFailed("missing value(s) of argument(s) in")
	for item in list(values.items(command.named["in"].value(run))):
		run.step()
		run.block(command.named.get("do"), {_name(run, command): item})
	return None


def _for(run: Running, command: Command) -> Value:
	bounds = [values.number(_argument(run, command, name)) for name in ("from", "to")]
	step = values.number(_argument(run, command, "step")) if "step" in command.named else 1
	if bounds[0] is None or bounds[1] is None or not step:
		raise ScriptFailed("bad bounds of :for")
	step = -abs(step) if bounds[1] < bounds[0] else abs(step)
	for number in range(bounds[0], bounds[1] + (1 if step > 0 else -1), step):
		run.step()
		run.block(command.named.get("do"), {_name(run, command): number})
	return None


def _argument(run: Running, command: Command, name: str) -> Value:
	return command.named[name].value(run) if name in command.named else None


def _while(run: Running, command: Command) -> Value:
	while values.truth(_values(run, command, 1, 1)[0]):
		run.step()
		run.block(command.named.get("do"))
	return None


def _do(run: Running, command: Command) -> Value:
	body = command.given[0] if command.given else command.named.get("do")
	try:
		return run.block(body)
	except ScriptFailed:
		if "on-error" not in command.named:
			raise
		return run.block(command.named["on-error"])


def _return(run: Running, command: Command) -> Value:
	found = _values(run, command, 0, 1)
	raise Returned(found[0] if found else None)


def _error(run: Running, command: Command) -> Value:
	raise ScriptFailed(values.text(_values(run, command, 1, 1)[0]))


def _pick(run: Running, command: Command) -> Value:
	value, *bounds = _values(run, command, 2, 3)
	begin, *end = [values.number(bound) for bound in bounds]
	if begin is None or (end and end[0] is None):
		raise ScriptFailed("invalid value for argument begin")
	last = end[0] if end and end[0] is not None else begin + 1
	if isinstance(value, list):
		return value[begin:last] if end else (value[begin] if 0 <= begin < len(value) else None)
	return values.text(value)[max(begin, 0) : max(last, 0)]


def _len(run: Running, command: Command) -> Value:
	[value] = _values(run, command, 1, 1)
	return len(value) if isinstance(value, list) else len(values.text(value))


def _find(run: Running, command: Command) -> Value:
	"""Where something is in an array or in a text; nothing if it is not."""
	inside, wanted, *after = _values(run, command, 2, 3)
	begin = (values.number(after[0]) or 0) + 1 if after else 0
	if isinstance(inside, list):
		texts = [values.text(item) for item in inside]
		places = [at for at, item in enumerate(texts) if at >= begin and item == values.text(wanted)]
		return places[0] if places else None
	place = values.text(inside).find(values.text(wanted), begin)
	return None if place < 0 else place


def _tonum(run: Running, command: Command) -> Value:
	[value] = _values(run, command, 1, 1)
	return values.number(value)


def _tostr(run: Running, command: Command) -> Value:
	return values.text(_values(run, command, 1, 1)[0])


def _toarray(run: Running, command: Command) -> Value:
	[value] = _values(run, command, 1, 1)
	return value if isinstance(value, list) else [part for part in values.text(value).split(",") if part]


def _totime(run: Running, command: Command) -> Value:
	seconds = parse_duration(values.text(_values(run, command, 1, 1)[0]))
	return None if seconds is None else Time(seconds)


def _tobool(run: Running, command: Command) -> Value:
	return values.text(_values(run, command, 1, 1)[0]) in ("true", "yes", "1")


def _typeof(run: Running, command: Command) -> Value:
	return values.kind(_values(run, command, 1, 1)[0])


def _nothing(run: Running, command: Command) -> Value:
	"""`:nothing`, and `:delay`: to a script no time goes by."""
	return None


_OWN: dict[str, Callable[[Running, Command], Value]] = {
	"local": _local,
	"global": _global,
	"set": _set,
	"put": _put,
	"if": _if,
	"foreach": _foreach,
	"for": _for,
	"while": _while,
	"do": _do,
	"return": _return,
	"error": _error,
	"pick": _pick,
	"len": _len,
	"find": _find,
	"tonum": _tonum,
	"tostr": _tostr,
	"toarray": _toarray,
	"totime": _totime,
	"tobool": _tobool,
	"typeof": _typeof,
	"delay": _nothing,
	"nothing": _nothing,
}
