"""Sentences over a socket: librouteros's encoding, with buffered reading and a deadline.

Words are not logged anywhere: they hold passwords.
"""

from __future__ import annotations

import socket
import time

from librouteros.exceptions import ProtocolError
from librouteros.protocol import decode_length, determine_length, encode_sentence

from .errors import TooMuch, Unsendable

_CHUNK_BYTES = 65_536
_LONGEST_WORD_BYTES = 1024 * 1024
_LONGEST_SENTENCE_BYTES = 4 * 1024 * 1024
_MOST_WORDS_A_SENTENCE = 1_000
# Before anybody has shown a password: a challenge or a refusal is a few words.
MOST_BYTES_BEFORE_LOGIN = 4_096
# 50,000 rows of 1 kB, read forty times over.
MOST_BYTES_A_CONNECTION = 2 * 1024 * 1024 * 1024


class Garbled(Exception):
	"""What arrived cannot be RouterOS speaking its API."""


class Wire:
	"""One connection. Every call ends by the deadline (monotonic seconds) or raises TimeoutError."""

	def __init__(self, sock: socket.socket) -> None:
		self._sock = sock
		self._buffer = bytearray()
		self._received_bytes = 0
		self._most_bytes = MOST_BYTES_BEFORE_LOGIN

	def trust(self) -> None:
		"""The login is over: from now on the router may send as much as routers do."""
		self._most_bytes = MOST_BYTES_A_CONNECTION

	def send(self, data: bytes, deadline: float) -> None:
		self._sock.settimeout(_left(deadline))
		self._sock.sendall(data)

	def receive(self, deadline: float) -> list[list[str]]:
		"""Waits for more bytes and returns the sentences that are complete now, maybe none.

		Raises ConnectionError if the router has closed the connection, Garbled for nonsense, TooMuch for no end."""
		self._sock.settimeout(_left(deadline))
		data = self._sock.recv(min(_CHUNK_BYTES, self._most_bytes + 1))
		if not data:
			raise ConnectionError("closed by the router")
		self._received_bytes += len(data)
		if self._received_bytes > self._most_bytes:
			raise TooMuch(
				f"The router sent more than {self._most_bytes:,} bytes: that is no answer of a router"
			)
		self._buffer += data
		return self._sentences()

	def close(self) -> None:
		self._sock.close()

	def _sentences(self) -> list[list[str]]:
		buffer, start, here = self._buffer, 0, 0
		sentences: list[list[str]] = []
		words: list[str] = []
		while (word := _word_at(buffer, here)) is not None:
			begin, here = word
			if begin != here:
				# Foreign bytes that are no UTF-8 stay visible and can be stored: b"\xe9" -> "\\xe9".
				words.append(buffer[begin:here].decode("utf-8", "backslashreplace"))
				if len(words) > _MOST_WORDS_A_SENTENCE:
					raise Garbled(f"a sentence of more than {_MOST_WORDS_A_SENTENCE:,} words")
				continue
			start = here
			if words:
				sentences.append(words)
			words = []
		del buffer[:start]
		if len(buffer) > _LONGEST_SENTENCE_BYTES:
			raise Garbled(f"a sentence of more than {_LONGEST_SENTENCE_BYTES:,} bytes")
		return sentences


def encode(*words: str) -> bytes:
	"""One sentence in bytes. Raises Unsendable for a word that is too long or cannot be written in UTF-8."""
	try:
		sentence: bytes = encode_sentence(*words, encoding="utf-8")
	except (UnicodeError, ProtocolError):
		raise Unsendable("a text that cannot be sent to a router (not UTF-8, or too long)") from None
	return sentence


def _word_at(buffer: bytearray, here: int) -> tuple[int, int] | None:
	"""(begin, end) of the word whose length stands at `here`; None if it has not arrived entirely."""
	if here >= len(buffer):
		return None
	length = buffer[here]
	begin = here + 1
	if length >= 0x80:
		begin, length = _long_length(buffer, here)
	if begin + length > len(buffer):
		return None
	return begin, begin + length


def _long_length(buffer: bytearray, here: int) -> tuple[int, int]:
	try:
		begin = here + 1 + determine_length(buffer[here : here + 1])
		if begin > len(buffer):
			return begin, 0
		length = decode_length(bytes(buffer[here:begin]))
	except ProtocolError as error:
		raise Garbled(str(error)) from error
	if length > _LONGEST_WORD_BYTES:
		raise Garbled(f"a word of {length} bytes")
	return begin, length


def _left(deadline: float) -> float:
	left = deadline - time.monotonic()
	if left <= 0:
		raise TimeoutError("deadline passed")
	return left
