"""Keeps the configuration in a file, as a router keeps it in its flash."""

from __future__ import annotations

import json
import os
from pathlib import Path

from . import cookies, views
from .router import Router
from .table import Row

_FORMAT = 1


def dump(router: Router) -> str:
	"""The configured rows of all menus, counters of users included and of live sessions not."""
	cookies.refresh(router)
	menus = {
		table.menu.path: list(table.rows.values())
		for table in router.tables()
		if table.menu.saved and (table.menu.path not in views.INSTEAD or any(table.rows.values()))
	}
	return json.dumps({"format": _FORMAT, "menus": menus})


def write(path: Path, text: str) -> None:
	"""Replaces the file at one stroke; only its owner may read it."""
	new = path.with_name(path.name + ".new")
	with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
		file.write(text)
	new.replace(path)


def load(router: Router, text: str) -> None:
	"""Makes the router hold what was dumped. Raises ValueError for what is no such dump."""
	state = json.loads(text)
	if not isinstance(state, dict) or state.get("format") != _FORMAT:
		raise ValueError("this is no state of a RouterOS simulator")
	menus: dict[str, list[Row]] = state["menus"]
	for path, rows in menus.items():
		router.table(path).restore(rows)
	cookies.load(router)
