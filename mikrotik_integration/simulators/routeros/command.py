"""One command as it arrives, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .table import Row


@dataclass(frozen=True)
class Command:
	"""One sentence of an API client, taken apart."""

	path: str
	args: dict[str, str] = field(default_factory=dict)
	queries: tuple[str, ...] = ()
	tag: str | None = None

	@property
	def proplist(self) -> list[str] | None:
		"""The properties asked for; None for all."""
		text = self.args.get(".proplist", self.args.get("proplist"))
		return [name for name in text.split(",") if name] if text else None


@dataclass(frozen=True)
class Answer:
	"""What a command gives back."""

	rows: Sequence[Row] = ()
	names: list[str] | None = None
	"""The properties to show; None for all."""
	ret: str | None = None
	is_print: bool = False
	stays: bool = False
	"""The command goes on until it is cancelled."""
	current: Callable[[], Sequence[Row]] | None = None
	"""The rows at any later time, for a command that goes on and tells what changes."""
	later: Callable[[], Answer] | None = None
	"""The real answer, for which one has to wait without holding the router's lock. May raise Trapped."""


DONE = Answer()


def parse(words: Sequence[str]) -> Command:
	"""Takes a sentence apart; of an argument that comes twice the last counts."""
	args: dict[str, str] = {}
	queries: list[str] = []
	tag = None
	for word in words[1:]:
		if word.startswith("?"):
			queries.append(word[1:])
		elif word.startswith(".tag="):
			tag = word[5:]
		else:
			name, _, value = word.removeprefix("=").partition("=")
			args[name] = value
	return Command(words[0], args, tuple(queries), tag)
