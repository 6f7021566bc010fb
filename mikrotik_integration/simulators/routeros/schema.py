"""Which menus, verbs and arguments a router has: the argument tree of its version, see `tree.py`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from . import tree
from .errors import Trapped

_OF_THE_API = {
	"numbers": (".id",),
	"number": (".id",),
	"proplist": (".proplist",),
	"without-paging": (".proplist",),
}
_ALIASES = {"getall": "print"}
_LISTEN = "listen"
_MAY_UNSET = ("add", "set")


class Schema:
	"""A router's argument tree, without the menus that this router lacks."""

	def __init__(self, missing: Iterable[str] = (), version: tuple[int, ...] = (7, 16)) -> None:
		self._verbs = _read(version)
		self._missing = tuple(missing)

	def menus(self) -> list[str]:
		"""The paths of all menus there are."""
		return [path for path in self._verbs if not self._is_missing(path)]

	def find(self, command: str) -> tuple[str, str]:
		"""Menu and verb of a command word. Raises Trapped as the router does."""
		path, _, verb = command.rpartition("/")
		verb = _ALIASES.get(verb, verb)
		self._check_path(path or "/")
		if verb not in self._verbs[path or "/"]:
			raise Trapped("no such command", category=0)
		return path or "/", verb

	def check_arguments(self, menu: str, verb: str, names: Iterable[str]) -> None:
		"""Refuses the first argument that the verb does not take; `!name` takes a value away."""
		allowed = self._verbs[menu][verb]
		for name in names:
			plain = name.removeprefix("!") if verb in _MAY_UNSET else name
			if plain not in allowed:
				raise Trapped(f"unknown parameter {name}", category=0)

	def takes(self, menu: str, verb: str) -> frozenset[str]:
		"""The arguments of a verb; none where there is no such verb."""
		return self._verbs.get(menu, {}).get(verb, frozenset())

	def verbs(self, menu: str) -> frozenset[str]:
		"""The verbs of a menu."""
		return frozenset(self._verbs[menu]) if self.has(menu) else frozenset()

	def below(self, path: str) -> frozenset[str]:
		"""The names of the menus in a menu (or in a part of a path)."""
		inner = (menu[len(path) + 1 :] for menu in self.menus() if menu.startswith(f"{path}/"))
		return frozenset(name.split("/")[0] for name in inner if name)

	def has(self, menu: str) -> bool:
		"""Whether the menu exists here."""
		return menu in self._verbs and not self._is_missing(menu)

	def _check_path(self, path: str) -> None:
		if self.has(path):
			return
		known = [menu for menu in self.menus() if path.startswith(menu + "/")]
		if not known:
			raise Trapped("no such command prefix", category=0)
		unknown = path[len(max(known, key=len)) + 1 :].split("/")[0]
		raise Trapped(f"no such command or directory ({unknown})", category=0)

	def _is_missing(self, path: str) -> bool:
		return any(path == menu or path.startswith(menu + "/") for menu in self._missing)


@lru_cache
def _read(version: tuple[int, ...]) -> dict[str, dict[str, frozenset[str]]]:
	"""The tree with what the API adds to it: its own arguments, and `listen` wherever there is `print`."""
	menus = {
		menu: {verb: _arguments(names) for verb, names in at.items()}
		for menu, at in tree.verbs(version).items()
	}
	return {menu: at | ({_LISTEN: at["print"]} if "print" in at else {}) for menu, at in menus.items()}


def _arguments(names: Iterable[str]) -> frozenset[str]:
	extra = [alias for name in names for alias in _OF_THE_API.get(name, ())]
	return frozenset((*names, *extra))
