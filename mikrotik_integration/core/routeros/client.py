"""The RouterOS API for programs that ask much at once: tagged commands, many under way on one connection.

librouteros's high-level Api waits for each answer before it asks again, turns names such as `123` or `yes`
into numbers and booleans, and logs every word, passwords too. So only its encoding is used here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from ..foreign_text import plain_text
from .errors import LONGEST_MESSAGE, ConnectionLost, TooMuch, Unsendable
from .login import check_login, log_in
from .sentences import Command, PartialReply, Reply
from .transport import Refuses, Tls, open_socket
from .wire import Garbled, Wire, encode

__all__ = ["Command", "Endpoint", "Reply", "Router", "Tls", "connect"]

# Together they fit into the buffers of two sockets, so that sending never waits for a router that in
# its turn waits for us to read.
WINDOW_COMMANDS = 128
WINDOW_BYTES = 32_768
# All replies of a batch are held at once. A word costs memory beside its letters, of which some take four bytes.
MOST_BYTES_A_BATCH = 256 * 1024 * 1024
_BYTES_A_WORD = 64
_TAG = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True)
class Endpoint:
	"""Where a router is and how to get in. `connect_timeout_s` covers the time until we are logged in.

	`deadline_s`: how long `Router.run` waits for the next finished reply. Each one moves the deadline on, whatever the
	length of the batch; what only trickles in does not. `lifetime_s`: how long the connection lasts in all, whatever
	comes, so that a router that finishes a reply now and then holds nobody for ever either. `refuses`: addresses that
	must not be connected to, whatever name leads there."""

	host: str
	username: str
	password: str = field(repr=False)
	port: int = 8728
	tls: Tls | None = None
	connect_timeout_s: float = 5
	deadline_s: float = 60
	lifetime_s: float = 480
	refuses: Refuses | None = None


class Router:
	"""A connection that is logged in. For one thread; unusable once ConnectionLost was raised."""

	def __init__(self, wire: Wire, deadline_s: float, lifetime_s: float) -> None:
		self._wire = wire
		self._deadline_s = deadline_s
		self._end = time.monotonic() + lifetime_s
		self._open = True
		self._next_tag = 0

	def run(self, commands: Sequence[Command]) -> list[Reply]:
		"""The replies in the order of the commands. Traps are returned, ConnectionLost is raised.

		Commands of one batch must not need each other: the router may finish them in any order."""
		if not self._open:
			raise ConnectionLost("The connection to the router is already closed")
		batch = _Batch(commands, self._next_tag)
		self._next_tag += len(commands)
		try:
			self._carry_out(batch)
		except BaseException:
			self.close()
			raise
		return batch.replies()

	def rows(self, menu: str, proplist: Sequence[str], *queries: str) -> list[dict[str, str]]:
		"""The rows of a menu, with these properties only. Raises the Trap if the router refuses."""
		(reply,) = self.run([Command(f"{menu}/print", queries=queries, proplist=tuple(proplist))])
		if reply.error:
			raise reply.error
		return list(reply.rows)

	def close(self) -> None:
		"""Hangs up. May be called twice."""
		self._open = False
		self._wire.close()

	def __enter__(self) -> Router:
		return self

	def __exit__(
		self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
	) -> None:
		self.close()

	def _carry_out(self, batch: _Batch) -> None:
		try:
			deadline = self._next_deadline()
			while True:
				if data := batch.next_bytes():
					self._wire.send(data, deadline)
				if batch.is_done():
					return
				if any([batch.take(sentence) for sentence in self._wire.receive(deadline)]):
					deadline = self._next_deadline()
		except TimeoutError as error:
			raise ConnectionLost(batch.story("fell silent or was too slow")) from error
		except (OSError, Garbled) as error:
			raise ConnectionLost(batch.story(f"broke off ({plain_text(error)})")) from error

	def _next_deadline(self) -> float:
		return min(time.monotonic() + self._deadline_s, self._end)


class _Batch:
	"""Commands on their way, and what has come back of them so far."""

	def __init__(self, commands: Sequence[Command], first_tag: int) -> None:
		self._replies: list[PartialReply] = [PartialReply(command.proplist) for command in commands]
		self._bytes = 0
		self._waiting = iter(list(self._encoded(commands, first_tag)))
		self._held: tuple[int, bytes] | None = next(self._waiting, None)
		self._first_tag = first_tag
		self._under_way: dict[int, int] = {}
		self._bytes_under_way = 0

	def next_bytes(self) -> bytes:
		"""As many further commands as the window has room for."""
		data = []
		while self._held and self._has_room(len(self._held[1])):
			place, sentence = self._held
			self._under_way[place] = len(sentence)
			self._bytes_under_way += len(sentence)
			data.append(sentence)
			self._held = next(self._waiting, None)
		return b"".join(data)

	def is_done(self) -> bool:
		return not self._under_way and self._held is None

	def take(self, sentence: list[str]) -> bool:
		"""Adds one sentence of the router to the reply it belongs to; whether that is finished now.

		Raises ConnectionLost for `!fatal`, TooMuch for a flood."""
		kind, words = sentence[0], sentence[1:]
		if kind == "!fatal":
			reason = plain_text(" ".join(words), LONGEST_MESSAGE) or "no reason given"
			raise ConnectionLost(f"The router ended the connection: {reason}")
		place = self._place(words)
		self._count(words)
		self._replies[place].take(kind, words)
		if kind == "!done":
			self._bytes_under_way -= self._under_way.pop(place)
		return kind == "!done"

	def replies(self) -> list[Reply]:
		return [partial.reply() for partial in self._replies]

	def story(self, what: str) -> str:
		done = sum(partial.is_done for partial in self._replies)
		return f"The router {what} after {done} of {len(self._replies)} replies"

	def _count(self, words: list[str]) -> None:
		self._bytes += sum(_BYTES_A_WORD + len(word) * (1 if word.isascii() else 4) for word in words)
		if self._bytes > MOST_BYTES_A_BATCH:
			raise TooMuch(self.story(f"sent what takes more than {MOST_BYTES_A_BATCH:,} bytes"))

	def _encoded(self, commands: Iterable[Command], first_tag: int) -> Iterator[tuple[int, bytes]]:
		for place, command in enumerate(commands):
			try:
				yield place, encode(*command.words(), f".tag={first_tag + place}")
			except Unsendable as error:
				self._replies[place].refuse(str(error))

	def _has_room(self, size: int) -> bool:
		if not self._under_way:
			return True
		return len(self._under_way) < WINDOW_COMMANDS and self._bytes_under_way + size <= WINDOW_BYTES

	def _place(self, words: list[str]) -> int:
		tag = next((word[5:] for word in words if word.startswith(".tag=")), "")
		place = int(tag) - self._first_tag if _TAG.fullmatch(tag) else -1
		if place not in self._under_way:
			raise Garbled("a reply to no question")
		return place


def connect(endpoint: Endpoint) -> Router:
	"""Connects and logs in, the plain way first, by challenge where an old router asks for it.

	Raises Unreachable, TlsFailed, LoginFailed, ConnectionLost."""
	check_login(endpoint.username, endpoint.password)
	deadline = time.monotonic() + endpoint.connect_timeout_s
	wire = Wire(
		open_socket(endpoint.host, endpoint.port, endpoint.tls, endpoint.connect_timeout_s, endpoint.refuses)
	)
	try:
		log_in(wire, endpoint.username, endpoint.password, deadline)
	except BaseException:
		wire.close()
		raise
	wire.trust()
	return Router(wire, endpoint.deadline_s, endpoint.lifetime_s)
