"""The argument tree of each version of RouterOS: 7.16's, and how the others differ from it (see data/README.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

Fact = tuple[str, str, str]
"""A menu, one of its verbs, and an argument of that."""
Version = tuple[int, ...]

ITSELF = "()"
"""Stands for the verb itself in place of an argument, and for the menu itself in place of a verb."""
_DATA = Path(__file__).with_name("data")
_KNOWN_WHOLE = (7, 16)
_DIGEST_LETTERS = 16


@dataclass(frozen=True)
class Change:
	"""Words that came (`sign` is `+`) or went (`-`) in all of some menus."""

	sign: str
	menus: tuple[str, ...]
	verbs: tuple[str, ...]
	words: tuple[str, ...]

	def facts(self, tree: frozenset[Fact]) -> frozenset[Fact]:
		"""What the change is about, in a tree from just before or after it."""
		return frozenset(
			(menu, verb, word)
			for verb in self.verbs
			for named in self.menus
			for menu in _menus(named, verb, tree)
			for word in self.words
		)


@dataclass(frozen=True)
class Step:
	"""A release whose tree differs from that of the release before."""

	version: Version
	digest: str
	changes: tuple[Change, ...]

	def after(self, tree: frozenset[Fact]) -> frozenset[Fact]:
		"""The tree of this release, from that of the one before."""
		return self._moved(tree, gone="-", come="+")

	def before(self, tree: frozenset[Fact]) -> frozenset[Fact]:
		"""The tree of the release before, from that of this one."""
		return self._moved(tree, gone="+", come="-")

	def _moved(self, tree: frozenset[Fact], gone: str, come: str) -> frozenset[Fact]:
		return (tree - self._all(gone, tree)) | self._all(come, tree)

	def _all(self, sign: str, tree: frozenset[Fact]) -> frozenset[Fact]:
		found = (change.facts(tree) for change in self.changes if change.sign == sign)
		return frozenset().union(*found)


@lru_cache
def tree(version: Version) -> frozenset[Fact]:
	"""All facts of a version; of one that is not known, those of the newest known one before it."""
	known, at = _whole(), _KNOWN_WHOLE
	for step in steps():
		if at < step.version <= version:
			known = step.after(known)
	for step in reversed(steps()):
		if version < step.version <= at:
			known = step.before(known)
	return known


@lru_cache
def verbs(version: Version) -> dict[str, dict[str, frozenset[str]]]:
	"""The same as menus, verbs and their arguments."""
	found: dict[str, dict[str, set[str]]] = {}
	for menu, verb, word in tree(version):
		at = found.setdefault(menu, {})
		if verb != ITSELF:
			at.setdefault(verb, set()).update({word} - {ITSELF})
	return {
		menu: {verb: frozenset(words) for verb, words in at.items()} for menu, at in sorted(found.items())
	}


@lru_cache(maxsize=1)
def steps() -> tuple[Step, ...]:
	"""All releases that differ from the one before, oldest first."""
	found: list[tuple[str, list[Change]]] = []
	for line in (_DATA / "versions.txt").read_text().splitlines():
		if line[:1] in ("+", "-"):
			sign, menus, at, words = line.split(" ")
			found[-1][1].append(Change(sign, *(tuple(part.split(",")) for part in (menus, at, words))))
		elif line[:1].isdigit():
			found.append((line, []))
	return tuple(_step(head, changes) for head, changes in found)


def digest(tree: Iterable[Fact]) -> str:
	"""What a tree may be recognised by."""
	text = "\n".join(" ".join(fact) for fact in sorted(tree))
	return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LETTERS]


def _step(head: str, changes: list[Change]) -> Step:
	version, digest = head.split(" ")
	return Step(tuple(int(part) for part in version.split(".")), digest, tuple(changes))


def _menus(named: str, verb: str, tree: frozenset[Fact]) -> Iterator[str]:
	if not named.startswith("*"):
		yield named
		return
	wanted = verb, named[1:] or ITSELF
	yield from (menu for menu, *rest in tree if tuple(rest) == wanted)


@lru_cache(maxsize=1)
def _whole() -> frozenset[Fact]:
	menus: dict[str, dict[str, list[str]]] = json.loads((_DATA / "7.16.json").read_text())
	return frozenset(
		fact
		for menu, at in menus.items()
		for fact in (
			(menu, ITSELF, ITSELF),
			*((menu, verb, word) for verb, words in at.items() for word in (ITSELF, *words)),
		)
	)
