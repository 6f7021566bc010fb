"""What is asked of a router and what it answers, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .errors import BadValue, Trap, trap


@dataclass(frozen=True)
class Command:
	"""One sentence. `args` are sent as they are, `queries` are whole words (`?name=x`, `?#|`)."""

	path: str
	args: tuple[tuple[str, str], ...] = ()
	queries: tuple[str, ...] = ()
	proplist: tuple[str, ...] = ()

	def words(self) -> Iterator[str]:
		yield self.path
		if self.proplist:
			yield f"=.proplist={','.join(self.proplist)}"
		yield from (f"={key}={value}" for key, value in self.args)
		yield from self.queries


@dataclass(frozen=True)
class Reply:
	"""What came back for one command: raw strings. `ret` is the id of an added row."""

	rows: tuple[dict[str, str], ...] = ()
	ret: str | None = None
	error: Trap | None = None


class PartialReply:
	"""The reply to one command while its sentences arrive."""

	def __init__(self) -> None:
		self._rows: list[dict[str, str]] = []
		self._ret: str | None = None
		self._error: Trap | None = None
		self.is_done = False

	def take(self, kind: str, words: list[str]) -> None:
		values = dict(word[1:].partition("=")[::2] for word in words if word.startswith("="))
		if kind == "!re":
			self._rows.append(values)
		elif kind == "!trap":
			self._error = self._error or _trap_of(values)
		elif kind == "!done":
			self._ret = values.get("ret")
			self.is_done = True

	def refuse(self, why: str) -> None:
		self._error = BadValue(why)
		self.is_done = True

	def reply(self) -> Reply:
		return Reply(tuple(self._rows), self._ret, self._error)


def _trap_of(values: dict[str, str]) -> Trap:
	category = values.get("category", "")
	message = values.get("message", "no reason given")
	return trap(message, int(category) if category.isdecimal() else None)
