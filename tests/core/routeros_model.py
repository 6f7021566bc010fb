"""The menus that the reconciler uses, in memory and as strict as a router, for thousands of cases a second."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from mikrotik_integration.core.routeros.client import Command, Reply
from mikrotik_integration.core.routeros.errors import Trap, trap

Row = dict[str, str]

HOTSPOT_USER, HOTSPOT_PROFILE = "/ip/hotspot/user", "/ip/hotspot/user/profile"
HOTSPOT_ACTIVE, HOTSPOT_COOKIE = "/ip/hotspot/active", "/ip/hotspot/cookie"
SECRET, PPP_PROFILE, PPP_ACTIVE = "/ppp/secret", "/ppp/profile", "/ppp/active"
MENUS = (HOTSPOT_USER, HOTSPOT_PROFILE, HOTSPOT_ACTIVE, HOTSPOT_COOKIE, SECRET, PPP_PROFILE, PPP_ACTIVE)
PROFILE_OF = {HOTSPOT_USER: HOTSPOT_PROFILE, SECRET: PPP_PROFILE}
FIXED = (HOTSPOT_ACTIVE, HOTSPOT_COOKIE, PPP_ACTIVE)


class ModelRouter:
	"""Stands in for core.routeros.client.Router."""

	def __init__(self, case_sensitive: bool = True, passwords_readable: bool = True) -> None:
		self.menus: dict[str, list[Row]] = {menu: [] for menu in MENUS}
		self.case_sensitive = case_sensitive
		self.passwords_readable = passwords_readable
		self.batches: list[list[Command]] = []
		self._last_id = 0

	def __repr__(self) -> str:
		rows = {menu: rows for menu, rows in self.menus.items() if rows}
		return f"ModelRouter({self.case_sensitive}, {self.passwords_readable}, {rows})"

	def run(self, commands: Sequence[Command]) -> list[Reply]:
		self.batches.append(list(commands))
		return [self._reply(command) for command in commands]

	def insert(self, menu: str, row: Row) -> None:
		"""A row as it may have come about somehow; whatever the rules."""
		self._last_id += 1
		self.menus[menu].append({".id": f"*{self._last_id:X}", **row})

	def snapshot(self) -> dict[str, list[Row]]:
		return copy.deepcopy(self.menus)

	def _reply(self, command: Command) -> Reply:
		menu, _, verb = command.path.rpartition("/")
		assert menu in self.menus, command.path
		try:
			if verb == "print":
				return Reply(rows=tuple(self._print(menu, command)))
			args = dict(command.args)
			assert len(args) == len(command.args), "an argument is given twice"
			getattr(self, f"_{verb}")(menu, args)
		except Trap as error:
			return Reply(error=error)
		return Reply()

	def _print(self, menu: str, command: Command) -> list[Row]:
		assert command.proplist, "without .proplist slow properties are fetched too"
		rows = [row for row in self.menus[menu] if _satisfies(row, command.queries)]
		hidden = {"password"} if not self.passwords_readable else set()
		return [
			{key: row[key] for key in command.proplist if key in row and key not in hidden} for row in rows
		]

	def _add(self, menu: str, args: Row) -> None:
		assert menu not in FIXED
		row = (
			{"disabled": "false", "profile": "default", "password": "", **args}
			if menu in PROFILE_OF
			else args
		)
		row = self._checked(menu, row)
		self._refuse_duplicate(menu, row)
		self.insert(menu, row)

	def _set(self, menu: str, args: Row) -> None:
		assert menu not in FIXED
		row = self._row(menu, args.pop(".id"))
		changed = row | self._checked(menu, args)
		self._refuse_duplicate(menu, changed)
		row.update(changed)

	def _unset(self, menu: str, args: Row) -> None:
		assert menu not in FIXED
		self._row(menu, args[".id"]).pop(args["value-name"], None)

	def _remove(self, menu: str, args: Row) -> None:
		self.menus[menu].remove(self._row(menu, args[".id"]))

	def _row(self, menu: str, row_id: str) -> Row:
		for row in self.menus[menu]:
			if row.get(".id") == row_id:
				return row
		raise trap("no such item")

	def _checked(self, menu: str, args: Row) -> Row:
		row = dict(args)
		if "disabled" in row:
			row["disabled"] = {"yes": "true", "no": "false"}.get(row["disabled"], row["disabled"])
		if "profile" in row and menu in PROFILE_OF:
			row["profile"] = self._by_prefix(PROFILE_OF[menu], row["profile"])
		if menu == SECRET and row.get("remote-address") == "":
			raise trap("invalid value for argument remote-address")
		return row

	def _by_prefix(self, menu: str, text: str) -> str:
		names = [row["name"] for row in self.menus[menu]]
		found = [text] if text in names else [name for name in names if name.startswith(text)]
		if len(found) != 1:
			raise trap("ambiguous value of profile" if found else "input does not match any value of profile")
		return found[0]

	def _refuse_duplicate(self, menu: str, new: Row) -> None:
		for row in self.menus[menu]:
			if row.get(".id") != new.get(".id") and self._key(row) == self._key(new):
				raise trap("failure: already have user with this name for this server")

	def _key(self, row: Row) -> tuple[str, str]:
		name = row.get("name", "")
		return (name if self.case_sensitive else name.casefold()), row.get("server", "all")


def _satisfies(row: Row, queries: Sequence[str]) -> bool:
	stack: list[bool] = []
	for query in queries:
		if query == "?#|":
			stack.append(bool(stack.pop() | stack.pop()))
		else:
			key, _, value = query[1:].partition("=")
			stack.append(row.get(key) == value)
	return all(stack)
