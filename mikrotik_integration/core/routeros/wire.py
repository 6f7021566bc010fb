"""Sentences over a socket: librouteros's encoding, with buffered reading and a deadline.

Words are not logged anywhere: they hold passwords.
"""

from __future__ import annotations

import socket
import time

from librouteros.exceptions import ProtocolError
from librouteros.protocol import decode_length, determine_length, encode_sentence

_CHUNK_BYTES = 65_536
_LONGEST_WORD_BYTES = 16 * 1024 * 1024


class Garbled(Exception):
	"""What arrived cannot be RouterOS speaking its API."""


class Wire:
	"""One connection. Every call ends by the deadline (monotonic seconds) or raises TimeoutError."""

	def __init__(self, sock: socket.socket) -> None:
		self._sock = sock
		self._buffer = bytearray()

	def send(self, data: bytes, deadline: float) -> None:
		self._sock.settimeout(_left(deadline))
		self._sock.sendall(data)

	def receive(self, deadline: float) -> list[list[str]]:
		"""Waits for more bytes and returns the sentences that are complete now, maybe none.

		Raises ConnectionError if the router has closed the connection, Garbled for nonsense."""
		self._sock.settimeout(_left(deadline))
		data = self._sock.recv(_CHUNK_BYTES)
		if not data:
			raise ConnectionError("closed by the router")
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
				continue
			start = here
			if words:
				sentences.append(words)
			words = []
		del buffer[:start]
		return sentences


def encode(*words: str) -> bytes:
	"""One sentence in bytes. Raises UnicodeEncodeError or, if a word is too long, ProtocolError."""
	sentence: bytes = encode_sentence(*words, encoding="utf-8")
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
