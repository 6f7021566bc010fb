"""What is asked of a router and what it answers, as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .errors import BadValue, TooMuch, Trap, Unsendable, trap

# Arguments that hold a file or a script. Only in their values lines may break.
CONTENTS = frozenset({"contents", "source", "on-login", "on-logout"})
_WITHOUT_LINES = str.maketrans("", "", "\t\n\r")
# C0, DEL, C1 and lone surrogates.
_UNSENDABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Ten times the rows of a router with 10,000 customers; a row of ours is a few hundred bytes.
MOST_ROWS_A_REPLY = 100_000
MOST_LETTERS_A_REPLY = 128 * 1024 * 1024
_CATEGORY = re.compile(r"[0-9]{1,3}", re.ASCII)


@dataclass(frozen=True)
class Command:
	"""One sentence. `args` are sent as they are, `queries` are whole words (`?name=x`, `?#|`)."""

	path: str
	args: tuple[tuple[str, str], ...] = ()
	queries: tuple[str, ...] = ()
	proplist: tuple[str, ...] = ()

	def words(self) -> Iterator[str]:
		"""Raises Unsendable for words that no router is told."""
		yield sendable(self.path)
		if self.proplist:
			yield sendable(f"=.proplist={','.join(self.proplist)}")
		for key, value in self.args:
			yield f"={sendable(key)}={value if key in CONTENTS and _is_content(value) else sendable(value)}"
		for query in self.queries:
			yield sendable(query)


def sendable(word: str) -> str:
	"""The word, if it may go to a router. Raises Unsendable; its words do not repeat the text, which may be secret."""
	if not is_sendable(word):
		raise Unsendable(
			"a text that cannot be sent to a router: it holds control characters, such as line breaks, or is not UTF-8"
		)
	return word


def is_sendable(text: str) -> bool:
	"""Whether `sendable` lets it pass."""
	return _UNSENDABLE.search(text) is None


def _is_content(text: str) -> bool:
	return is_sendable(text.translate(_WITHOUT_LINES))


@dataclass(frozen=True)
class Reply:
	"""What came back for one command: raw strings. `ret` is the id of an added row."""

	rows: tuple[dict[str, str], ...] = ()
	ret: str | None = None
	error: Trap | None = None


class PartialReply:
	"""The reply to one command while its sentences arrive. `proplist`: what was asked for; more is not kept."""

	def __init__(self, proplist: Sequence[str] = ()) -> None:
		# The router's own spellings of the same keys would cost memory for each row.
		self._asked = {key: key for key in proplist}
		self._letters = 0
		self._rows: list[dict[str, str]] = []
		self._ret: str | None = None
		self._error: Trap | None = None
		self.is_done = False

	def take(self, kind: str, words: list[str]) -> None:
		values = dict(word[1:].partition("=")[::2] for word in words if word.startswith("="))
		if kind == "!re":
			self._keep(values)
		elif kind == "!trap":
			self._error = self._error or _trap_of(values)
		elif kind == "!done":
			self._ret = values.get("ret")
			self.is_done = True

	def _keep(self, row: dict[str, str]) -> None:
		if self._asked:
			row = {self._asked[key]: value for key, value in row.items() if key in self._asked}
		self._letters += sum(len(key) + len(value) for key, value in row.items())
		if len(self._rows) >= MOST_ROWS_A_REPLY or self._letters > MOST_LETTERS_A_REPLY:
			raise TooMuch(
				f"The router answers one question with more than {MOST_ROWS_A_REPLY:,} rows or "
				f"{MOST_LETTERS_A_REPLY:,} letters: that is no router's table"
			)
		self._rows.append(row)

	def refuse(self, why: str) -> None:
		self._error = BadValue(why)
		self.is_done = True

	def reply(self) -> Reply:
		return Reply(tuple(self._rows), self._ret, self._error)


def _trap_of(values: dict[str, str]) -> Trap:
	category = values.get("category", "")
	message = values.get("message", "no reason given")
	return trap(message, int(category) if _CATEGORY.fullmatch(category) else None)
