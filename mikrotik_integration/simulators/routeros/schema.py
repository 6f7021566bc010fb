"""Which menus, verbs and arguments exist: the argument tree read off a real router, see data/README.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from .errors import Trapped

_FILE = Path(__file__).with_name("data") / "7.16.json"
_OF_THE_API = {
	"numbers": (".id",),
	"number": (".id",),
	"proplist": (".proplist",),
	"without-paging": (".proplist",),
}
_ALIASES = {"getall": "print"}
# The trees of RouterOS 7.9, 7.12.2, 7.14.3 and 7.15 (tikoci/restraml) as against 7.16's, where somebody may ask;
# the manual: "command added in RouterOS 7.9beta2" (Files).
_NEW_VERBS = {("/file", "add"): (7, 9), ("/file", "read"): (7, 13)}
_NEW_ARGUMENTS = {("/file", "add"): {"type": (7, 15)}}


class Schema:
	"""A router's argument tree, without the menus that this router lacks."""

	def __init__(self, missing: Iterable[str] = (), version: tuple[int, ...] = (7, 16)) -> None:
		self._verbs = _read()
		self._missing = tuple(missing)
		self._version = version

	def menus(self) -> list[str]:
		"""The paths of all menus there are."""
		return [path for path in self._verbs if not self._is_missing(path)]

	def find(self, command: str) -> tuple[str, str]:
		"""Menu and verb of a command word. Raises Trapped as the router does."""
		path, _, verb = command.rpartition("/")
		verb = _ALIASES.get(verb, verb)
		self._check_path(path or "/")
		if verb not in self._verbs[path or "/"] or self._version < _NEW_VERBS.get((path, verb), ()):
			raise Trapped("no such command", category=0)
		return path or "/", verb

	def check_arguments(self, menu: str, verb: str, names: Iterable[str]) -> None:
		"""Refuses the first argument that the verb does not take."""
		allowed, since = self._verbs[menu][verb], _NEW_ARGUMENTS.get((menu, verb), {})
		for name in names:
			if name not in allowed or self._version < since.get(name, ()):
				raise Trapped(f"unknown parameter {name}", category=0)

	def takes(self, menu: str, verb: str) -> frozenset[str]:
		"""The arguments of a verb; none where there is no such verb."""
		return self._verbs.get(menu, {}).get(verb, frozenset())

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


@lru_cache(maxsize=1)
def _read() -> dict[str, dict[str, frozenset[str]]]:
	tree: dict[str, dict[str, list[str]]] = json.loads(_FILE.read_text())
	return {menu: {verb: _arguments(names) for verb, names in verbs.items()} for menu, verbs in tree.items()}


def _arguments(names: list[str]) -> frozenset[str]:
	extra = [alias for name in names for alias in _OF_THE_API.get(name, ())]
	return frozenset((*names, *extra))
