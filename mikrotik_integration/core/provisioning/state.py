"""What a router holds now: one batch of reads, of all of it or of what a few accounts need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..routeros.client import Command, Reply, Router
from ..routeros.errors import NoSuchCommand, Trap
from ..routeros.reading import Row
from .menus import ACCESSES, COMMENT, Access

_NAMES_PER_COMMAND = 50


@dataclass(frozen=True)
class Scope:
	"""Which rows of one access to read: those of these names, and those with exactly these comments."""

	names: frozenset[str] = frozenset()
	comments: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MenuState:
	"""The rows of one access. `missing` is the router's refusal where it has no such menu."""

	accounts: tuple[Row, ...] = ()
	profiles: tuple[Row, ...] = ()
	sessions: tuple[Row, ...] = ()
	cookies: tuple[Row, ...] = ()
	missing: Trap | None = None


RouterState = Mapping[str, MenuState]


@dataclass
class _Question:
	command: Command
	menu: str
	into: list[Row] = field(default_factory=list)


def read_state(router: Router, scopes: Mapping[str, Scope] | None) -> RouterState:
	"""Reads accounts, profiles, sessions and cookies of every access in one batch; all of them for None.

	Raises the Trap of a menu that exists but may not be read."""
	questions = {
		access.name: list(
			_questions(access, scopes.get(access.name, Scope()) if scopes is not None else None)
		)
		for access in ACCESSES
	}
	replies = iter(router.run([one.command for asked in questions.values() for one in asked]))
	return {
		access.name: _menu_state(
			access, questions[access.name], [next(replies) for _ in questions[access.name]]
		)
		for access in ACCESSES
	}


def _questions(access: Access, scope: Scope | None) -> Iterator[_Question]:
	by_name = _alike("name", scope.names) if scope else [()]
	by_user = _alike(access.session_user, scope.names) if scope else [()]
	by_cookie = _alike("user", scope.names) if scope else [()]
	by_comment = _alike(COMMENT, scope.comments) if scope else []
	for queries in (*by_name, *by_comment):
		yield _print(access.account_menu, access.account_proplist, queries)
	if by_name:
		yield _print(access.profile_menu, access.profile_proplist, ())
	for queries in by_user:
		yield _print(access.session_menu, (".id", access.session_user, "radius"), queries)
	for queries in by_cookie if access.cookie_menu else ():
		yield _print(access.cookie_menu or "", (".id", "user"), queries)


def _alike(column: str, values: Collection[str]) -> list[tuple[str, ...]]:
	"""Queries for rows whose column is one of the values; none for no values."""
	ordered = sorted(values)
	chunks = [ordered[at : at + _NAMES_PER_COMMAND] for at in range(0, len(ordered), _NAMES_PER_COMMAND)]
	return [tuple(_any_of(column, chunk)) for chunk in chunks]


def _any_of(column: str, values: Sequence[str]) -> Iterator[str]:
	for place, value in enumerate(values):
		yield f"?{column}={value}"
		if place:
			yield "?#|"


def _print(menu: str, proplist: tuple[str, ...], queries: tuple[str, ...]) -> _Question:
	return _Question(Command(f"{menu}/print", queries=queries, proplist=proplist), menu)


def _key(row: Row) -> str:
	"""A row without `.id` cannot be changed, but it is there."""
	return row.get(".id") or repr(sorted(row.items()))


def _menu_state(access: Access, questions: list[_Question], replies: list[Reply]) -> MenuState:
	found: dict[str, dict[str, Row]] = {}
	missing: Trap | None = None
	for question, reply in zip(questions, replies, strict=True):
		if isinstance(reply.error, NoSuchCommand):
			missing = reply.error
		elif reply.error:
			raise reply.error
		# A row may answer two questions, by its name and by its comment.
		found.setdefault(question.menu, {}).update({_key(row): row for row in reply.rows})
	return MenuState(
		accounts=tuple(found.get(access.account_menu, {}).values()),
		profiles=tuple(found.get(access.profile_menu, {}).values()),
		sessions=tuple(found.get(access.session_menu, {}).values()),
		cookies=tuple(found.get(access.cookie_menu or "", {}).values()),
		missing=missing,
	)
