"""What the verbs do in any menu. Each takes a Call and gives an Answer, or raises Trapped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import views
from .behaviour import HiddenSecret
from .command import DONE, Answer, Command
from .errors import Trapped, no_such_item
from .kinds import match_prefix
from .menu import Column
from .queries import compile_query
from .router import Router
from .table import Row, Table

_INSTEAD = {HiddenSecret.OMITTED: None, HiddenSecret.MASKED: "*****", HiddenSecret.EMPTY: ""}
_HANDLED = frozenset((".id", "numbers", "copy-from", "place-before"))
_FOLLOWING = ("follow", "follow-only")
_STAYING = (*_FOLLOWING, "interval")


@dataclass(frozen=True)
class Call:
	"""A command with the menu and the verb it means, and what its sender may do."""

	router: Router
	menu: str
	verb: str
	command: Command
	policies: frozenset[str]

	@property
	def table(self) -> Table:
		return self.router.table(self.menu)

	@property
	def args(self) -> dict[str, str]:
		return self.command.args

	def targets(self) -> list[Row]:
		"""The configured rows named by `.id` or `numbers`; all exist, or Trapped."""
		return [self.target(name) for name in self.ids()]

	def target(self, name: str) -> Row:
		"""The configured row of this `.id`, or of this name where the menu has names."""
		row = self.table.rows.get(name)
		if row is None and not name.startswith("*"):
			row = next((row for row in self.table.rows.values() if row.get("name") == name), None)
		if row is None:
			raise no_such_item(self.router.behaviour.numbered_traps)
		return row

	def ids(self) -> list[str]:
		"""What `.id` or `numbers` holds. Raises Trapped if neither is given."""
		text = self.args.get(".id", self.args.get("numbers"))
		if text is None:
			raise Trapped("missing value(s) of argument(s) numbers", category=0)
		return list(dict.fromkeys(text.split(",")))

	def properties(self) -> dict[str, str]:
		"""The arguments that are properties of a row."""
		return {name: value for name, value in self.args.items() if name not in _HANDLED and name[0] != "!"}

	def taken_away(self) -> list[str]:
		"""The properties that `=!name=` takes away. Raises Trapped for those that every row has."""
		names = [name[1:] for name in self.args if name.startswith("!")]
		for name in names:
			if not self.table.menu.may_lack(name) or name in _HANDLED:
				raise Trapped(f"unknown parameter !{name}", category=0)
		return names


def show(call: Call) -> Answer:
	"""print"""
	rows = _asked_for(call)
	if "count-only" in call.args:
		return Answer(ret=str(len(rows)))
	follows = any(name in call.args for name in _FOLLOWING)
	return Answer(
		readable(call, [] if "follow-only" in call.args else rows),
		call.command.proplist,
		is_print=True,
		stays=any(name in call.args for name in _STAYING),
		current=(lambda: readable(call, _asked_for(call))) if follows else None,
	)


def listen(call: Call) -> Answer:
	"""listen: nothing at first, then what changes."""
	compile_query(call.command.queries)
	return Answer((), call.command.proplist, stays=True, current=lambda: readable(call, _asked_for(call)))


def _asked_for(call: Call) -> list[Row]:
	"""The rows of the menu that satisfy the query."""
	rows = views.rows(call.router, call.menu)
	if call.command.queries:
		satisfied = compile_query(call.command.queries)
		rows = [row for row in rows if satisfied(row)]
	if ".id" in call.args:
		wanted = set(call.ids())
		rows = [row for row in rows if row.get(".id") in wanted]
	return rows


def readable(call: Call, rows: list[Row]) -> list[Row]:
	"""The rows without the secrets that this user may not read."""
	secrets = call.table.menu.secrets
	if not secrets or _shows_secrets(call):
		return rows
	instead = _INSTEAD[call.router.behaviour.hidden_secret]
	return [
		{
			name: value if instead is None or name not in secrets else instead
			for name, value in row.items()
			if instead is not None or name not in secrets
		}
		for row in rows
	]


def _shows_secrets(call: Call) -> bool:
	"""Whether this user may read passwords, and has asked for them where that is needed."""
	behaviour = call.router.behaviour
	takes = call.router.schema.takes(call.menu, call.verb)
	needs_asking = "show-sensitive" in takes and behaviour.passwords_need_asking
	asked = "show-sensitive" in call.args or not needs_asking
	return asked and "sensitive" in call.policies and behaviour.passwords_readable


def add(call: Call) -> Answer:
	"""add"""
	given = call.properties()
	call.taken_away()
	if "copy-from" in call.args:
		given = {**_settable(call, call.target(call.args["copy-from"])), **given}
	row_id = call.table.add(given)
	if "place-before" in call.args:
		call.table.place(call.table.get(row_id), call.target(call.args["place-before"])[".id"])
	return Answer(ret=row_id)


def change(call: Call) -> Answer:
	"""set"""
	single = call.table.menu.single
	taken_away = call.taken_away()
	for row in [call.table.only()] if single else call.targets():
		_change(call, row, call.properties())
		_reset_row(call, row, taken_away)
	return DONE


def remove(call: Call) -> Answer:
	"""remove"""
	rows = call.targets()
	undeletable = call.table.menu.undeletable
	if undeletable and any(row.get("default") == "true" for row in rows):
		raise Trapped(undeletable)
	for row in rows:
		call.table.remove(row)
		if "name" in row:
			call.router.renamed(call.menu, row["name"], row[".id"])
	return DONE


def enable(call: Call) -> Answer:
	"""enable"""
	return _set_all(call, {"disabled": "no"})


def disable(call: Call) -> Answer:
	"""disable"""
	return _set_all(call, {"disabled": "yes"})


def comment(call: Call) -> Answer:
	"""comment"""
	return _set_all(call, {"comment": call.args.get("comment", "")})


def unset(call: Call) -> Answer:
	"""unset: one of the properties that this menu lets go."""
	wanted = call.args.get("value-name")
	if wanted is None:
		raise Trapped("missing value(s) of argument(s) value-name", category=0)
	settable = call.router.schema.takes(call.menu, "set") - _HANDLED
	return _reset(call, [match_prefix(wanted, call.table.menu.unset or settable, "value-name")])


def reset(call: Call) -> Answer:
	"""reset: the arguments name what goes back to its default."""
	return _reset(call, list(call.properties()))


def get(call: Call) -> Answer:
	"""get"""
	rows = views.rows(call.router, call.menu)
	if call.router.schema.takes(call.menu, "find"):
		wanted = call.args.get("number", call.args.get(".id", ""))
		rows = [row for row in rows if wanted in (row[".id"], row.get("name"))]
	if not rows:
		raise no_such_item(call.router.behaviour.numbered_traps)
	row = readable(call, rows[:1])[0]
	name = call.args.get("value-name")
	return Answer(ret=row.get(name, "") if name else ";".join(f"{key}={row[key]}" for key in row))


def find(call: Call) -> Answer:
	"""find"""
	satisfied = compile_query(call.command.queries)
	rows = views.rows(call.router, call.menu)
	return Answer(ret=";".join(row[".id"] for row in rows if satisfied(row)))


def move(call: Call) -> Answer:
	"""move"""
	before = call.target(call.args["destination"])[".id"] if "destination" in call.args else None
	for row in call.targets():
		call.table.place(row, before)
	return DONE


def _set_all(call: Call, values: dict[str, str]) -> Answer:
	for row in call.targets():
		_change(call, row, values)
	return DONE


def _change(call: Call, row: Row, values: dict[str, str]) -> None:
	name = row.get("name")
	call.table.change(row, values)
	if name is not None and row.get("name", name) != name:
		call.router.renamed(call.menu, name, row["name"])


def _reset(call: Call, names: list[str]) -> Answer:
	for row in call.targets():
		_reset_row(call, row, names)
	return DONE


def _reset_row(call: Call, row: Row, names: list[str]) -> None:
	for name in names:
		default = call.table.menu.by_name.get(name, Column(name)).default
		if default is None:
			row.pop(name, None)
		else:
			row[name] = default


def _settable(call: Call, row: Row) -> dict[str, str]:
	"""The properties of a row that may be given to another one."""
	read_only = {column.name for column in call.table.menu.columns if column.read_only}
	return {name: value for name, value in row.items() if name not in read_only and name != ".id"}


Verb = Callable[[Call], Answer]

VERBS: dict[str, tuple[Verb, str]] = {
	"print": (show, "read"),
	"listen": (listen, "read"),
	"get": (get, "read"),
	"find": (find, "read"),
	"add": (add, "write"),
	"set": (change, "write"),
	"remove": (remove, "write"),
	"enable": (enable, "write"),
	"disable": (disable, "write"),
	"comment": (comment, "write"),
	"unset": (unset, "write"),
	"reset": (reset, "write"),
	"move": (move, "write"),
}
"""Each verb with the policy that it needs."""
