"""One TCP connection of an API client, with the distance and the faults of the line."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from itertools import zip_longest
from typing import Protocol

from .command import Command, parse
from .conversation import Conversation
from .errors import Fatal
from .faults import Faults
from .router import Router
from .wire import LONGEST_WORD_BYTES, BadWord, SentenceReader, encode_sentence

_PIECES_PER_SECOND = 20
_NEWS_S = 0.05


class Host(Protocol):
	"""What a connection needs of the server."""

	router: Router
	faults: Faults
	tls: bool

	def admits(self, connection: Connection, address: str) -> bool:
		"""Whether the service takes one more connection from there."""

	def left(self, connection: Connection) -> None:
		"""The connection is over."""

	def received(self, command: Command) -> None:
		"""Notes a command."""

	def work(self, begin: float) -> float:
		"""When the processor is done with a command that came at this time."""


class Connection(asyncio.Protocol):
	"""Bytes are delayed on the way in and out; commands wait for the processor in between."""

	def __init__(self, host: Host) -> None:
		self._host = host
		self._loop = asyncio.get_running_loop()
		self._reader = SentenceReader(host.router.behaviour.login_word_bytes)
		self._unknown_bytes = 0
		"""What came before login."""
		self._inbox: deque[tuple[float, bytes]] = deque()
		self._queue: deque[tuple[float, Command]] = deque()
		self._outbox: deque[tuple[float, bytes | None]] = deque()
		self._timer: asyncio.TimerHandle | None = None
		self._sent: int | None = None
		"""Reply sentences since login."""
		self._deaf = False
		self._is_telling = False
		self._is_full = False
		self._poured = 0
		self._pouring: asyncio.Handle | None = None

	def connection_made(self, transport: asyncio.BaseTransport) -> None:
		assert isinstance(transport, asyncio.Transport)
		self._transport = transport
		address = transport.get_extra_info("peername")[0]
		self._talk = Conversation(self._host.router, address, lambda: self._host.faults)
		round_trips = 2 if self._host.tls else 1
		self._open_at = self._loop.time() + round_trips * self._host.faults.latency_ms / 1000
		if not self._host.admits(self, address):
			self._deaf = True
			transport.close()
		patience = self._host.router.behaviour.login_timeout_s
		self._patience = self._loop.call_later(patience, self._end_unknown, "login timeout")

	def data_received(self, data: bytes) -> None:
		if self._deaf or self._host.faults.is_silent:
			return
		arrives = max(self._loop.time(), self._open_at) + self._one_way()
		self._inbox.append((max(arrives, self._inbox[-1][0]) if self._inbox else arrives, data))
		self._pump()

	def connection_lost(self, exc: Exception | None) -> None:
		self._patience.cancel()
		self._outbox.clear()
		self._talk.close()
		self._host.left(self)

	def pause_writing(self) -> None:
		self._is_full = True

	def resume_writing(self) -> None:
		self._is_full = False
		self._pour()

	def drop(self, reset: bool = True) -> None:
		"""Ends the connection now; what has not been done is not done any more."""
		self._deaf = True
		self._inbox.clear()
		self._queue.clear()
		self._outbox.clear()
		if reset:
			_reset_on_close(self._transport)
			self._transport.abort()
		else:
			self._transport.close()

	def _pump(self) -> None:
		"""Does all that is due, and comes back when the next thing is."""
		now = self._loop.time()
		while self._inbox and self._inbox[0][0] <= now:
			self._take_in(*self._inbox.popleft())
		self._run_due(now)
		self._flush(now)
		self._arm()

	def _take_in(self, at: float, data: bytes) -> None:
		if self._talk.policies is None:
			self._unknown_bytes += len(data)
			if self._unknown_bytes > self._host.router.behaviour.login_bytes:
				self._end_unknown("too much before login")
				return
		try:
			sentences = self._reader.feed(data)
		except BadWord as bad:
			if self._talk.policies is None:
				self._end_unknown(str(bad))
			else:
				self._end(at)
			return
		for words in sentences:
			command = parse(words)
			self._host.received(command)
			if command.path == "/cancel":
				self._cancel(command, at)
			else:
				self._queue.append((self._host.work(at), command))

	def _cancel(self, command: Command, at: float) -> None:
		wanted = command.args.get("tag")
		waiting = [queued.tag for _, queued in self._queue]
		tags = [tag for tag in (*waiting, *self._talk.running) if wanted in (None, tag)]
		self._queue = deque(entry for entry in self._queue if entry[1].tag not in tags)
		replies = [sentence for tag in tags for sentence in self._talk.cancel(tag)]
		own = [] if command.tag is None else [f".tag={command.tag}"]
		self._send([*replies, encode_sentence(["!done", *own])], at)

	def _run_due(self, now: float) -> None:
		answers: list[list[bytes]] = []
		at = now
		while self._queue and self._queue[0][0] <= now and not self._deaf:
			at, command = self._queue.popleft()
			try:
				answers.append(self._talk.answer(command))
			except Fatal as fatal:
				answers.append([encode_sentence(["!fatal", str(fatal)])])
				self._send_all(answers, at)
				self._end(at)
				return
			if self._sent is None and self._talk.policies is not None:
				self._send_all(answers, at)
				answers, self._sent = [], 0
				self._reader.longest_word = LONGEST_WORD_BYTES
		self._send_all(answers, at)
		self._wait()
		self._pour()
		if self._talk.running and not self._is_telling:
			self._is_telling = True
			self._tell()

	def _tell(self) -> None:
		"""Sends what the commands that go on have to tell, for as long as there are any."""
		self._is_telling = bool(self._talk.running) and not self._deaf
		if not self._is_telling:
			return
		news = self._talk.news()
		if news:
			self._send_all([news], self._loop.time())
			self._pump()
		self._loop.call_later(_NEWS_S, self._tell)

	def _pour(self) -> None:
		"""Sends rows without end, as fast as they are taken and the line is."""
		piece, faults = self._talk.endless, self._host.faults
		if self._pouring is not None:
			self._pouring.cancel()
		if piece is None or self._is_full or self._deaf or self._transport.is_closing():
			return
		if faults.endless_rows is None:
			self._talk.endless = None
			return
		rate = faults.trickle_bytes_per_s
		if rate is None:
			self._transport.write(piece)
			self._pouring = self._loop.call_soon(self._pour)
			return
		size = max(int(rate / _PIECES_PER_SECOND), 1)
		start = self._poured % len(piece)
		self._transport.write(piece[start : start + size])
		self._poured = start + size if start + size < len(piece) else 0
		self._pouring = self._loop.call_later(size / rate, self._pour)

	def _wait(self) -> None:
		"""Has the answers that take their time waited for elsewhere."""
		for waiting in self._talk.waiting:
			finished = self._loop.run_in_executor(None, self._talk.finish, waiting)
			finished.add_done_callback(lambda done: self._came(done.result()))
		self._talk.waiting = []

	def _came(self, sentences: list[bytes]) -> None:
		"""Sends an answer that took its time."""
		self._send_all([sentences], self._loop.time())
		self._pump()

	def _send_all(self, answers: list[list[bytes]], at: float) -> None:
		if self._host.router.behaviour.interleave_replies and self._sent is not None:
			mixed = zip_longest(*answers)
			answers = [[sentence for turn in mixed for sentence in turn if sentence is not None]]
		sentences = [sentence for answer in answers for sentence in answer]
		if sentences and not self._deaf:
			self._send(sentences, at)

	def _send(self, sentences: list[bytes], at: float) -> None:
		"""Puts replies on the way, as far as the faults let them."""
		faults = self._host.faults
		self._sent, before = (None, 0) if self._sent is None else (self._sent + len(sentences), self._sent)
		cut = _cut_at(faults.drop_after_sentences, before, self._sent)
		stall = _cut_at(faults.stall_after_sentences, before, self._sent)
		if stall is not None:
			half = sentences[stall] if stall < len(sentences) else b""
			self._say(b"".join(sentences[:stall]) + half[: len(half) // 2], at)
			self._deaf = True
		elif cut is not None:
			self._say(b"".join(sentences[:cut]), at)
			self._end(at)
		else:
			self._say(b"".join(sentences), at)

	def _say(self, data: bytes, at: float) -> None:
		rate = self._host.faults.trickle_bytes_per_s
		arrives = at + self._one_way()
		if rate is None:
			self._outbox.append((arrives, data))
			return
		size = max(int(rate / _PIECES_PER_SECOND), 1)
		arrives = max(arrives, self._outbox[-1][0]) if self._outbox else arrives
		for start in range(0, len(data), size):
			arrives += size / rate
			self._outbox.append((arrives, data[start : start + size]))

	def _end(self, at: float) -> None:
		self._deaf = True
		self._inbox.clear()
		self._queue.clear()
		self._outbox.append((at + self._one_way(), None))

	def _end_unknown(self, why: str) -> None:
		"""Ends the connection of who is not logged in, and says why."""
		is_over = self._deaf or self._host.faults.is_silent or self._transport.is_closing()
		if self._talk.policies is not None or is_over:
			return
		at = self._loop.time()
		self._say(encode_sentence(["!fatal", why]), at)
		self._end(at)
		self._pump()

	def _flush(self, now: float) -> None:
		parts: list[bytes] = []
		ends = False
		while self._outbox and self._outbox[0][0] <= now and not ends:
			data = self._outbox.popleft()[1]
			ends = data is None
			parts.append(data or b"")
		if parts and not self._transport.is_closing():
			self._transport.write(b"".join(parts))
		if ends:
			self._close()

	def _close(self) -> None:
		if self._host.faults.drop_with_reset:
			_reset_on_close(self._transport)
		self._transport.close()

	def _arm(self) -> None:
		heads = [line[0][0] for line in (self._inbox, self._queue, self._outbox) if line]
		if self._timer is not None:
			self._timer.cancel()
		self._timer = self._loop.call_at(min(heads), self._pump) if heads else None

	def _one_way(self) -> float:
		return self._host.faults.latency_ms / 2000


def _cut_at(limit: int | None, before: int, after: int | None) -> int | None:
	"""How many of the sentences still go out, if the limit falls among them."""
	if limit is None or after is None or after < limit:
		return None
	return max(limit - before, 0)


def _reset_on_close(transport: asyncio.Transport) -> None:
	raw = transport.get_extra_info("socket")
	raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
