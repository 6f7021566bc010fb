"""Words and sentences of the binary API.

Lengths: https://help.mikrotik.com/docs/spaces/ROS/pages/47579160/API
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LONGEST_WORD_BYTES = 16 * 1024 * 1024
_SIZE_CLASSES = ((0x80, 0x00, 1), (0x4000, 0x8000, 2), (0x200000, 0xC00000, 3), (0x10000000, 0xE0000000, 4))
_SHORT = [bytes([length]) for length in range(0x80)]


class BadWord(Exception):
	"""A length that the protocol reserves, or that no router would take."""


def encode_length(length: int) -> bytes:
	"""The shortest form of a word's length."""
	for below, mark, size in _SIZE_CLASSES:
		if length < below:
			return (length | mark).to_bytes(size, "big")
	return b"\xf0" + length.to_bytes(4, "big")


def encode_sentence(words: Iterable[str]) -> bytes:
	"""Words with their lengths, and the zero-length word that ends a sentence."""
	parts: list[bytes] = []
	for word in words:
		data = word.encode("utf-8", "surrogateescape")
		size = len(data)
		parts.append(_SHORT[size] if size < 0x80 else encode_length(size))
		parts.append(data)
	parts.append(b"\x00")
	return b"".join(parts)


def attributes(values: Mapping[str, str], names: Iterable[str] | None = None) -> list[str]:
	"""`=name=value` words, of all values or of those named."""
	if names is None:
		return [f"={name}={value}" for name, value in values.items()]
	return [f"={name}={values[name]}" for name in names if name in values]


class SentenceReader:
	"""Turns a stream of bytes into sentences. Bytes that are not UTF-8 survive the way in and out."""

	def __init__(self, longest_word: int = LONGEST_WORD_BYTES) -> None:
		self.longest_word = longest_word
		self._buffer = bytearray()
		self._words: list[str] = []

	def feed(self, data: bytes) -> list[list[str]]:
		"""The sentences that are complete with this data; empty ones are ignored. Raises BadWord."""
		self._buffer += data
		sentences: list[list[str]] = []
		position = 0
		while (found := self._word_at(position)) is not None:
			start, position = found
			if start < position:
				self._words.append(self._buffer[start:position].decode("utf-8", "surrogateescape"))
			elif self._words:
				sentences.append(self._words)
				self._words = []
		del self._buffer[:position]
		return sentences

	def _word_at(self, position: int) -> tuple[int, int] | None:
		"""Where the word's text starts and ends, or None while bytes are missing."""
		if position >= len(self._buffer):
			return None
		first = self._buffer[position]
		size = _length_size(first)
		start = position + size
		if start > len(self._buffer):
			return None
		length = _decode_length(self._buffer[position:start]) if size > 1 else first
		if length > self.longest_word:
			raise BadWord("word too long")
		end = start + length
		return (start, end) if end <= len(self._buffer) else None


def _length_size(first: int) -> int:
	if first < 0x80:
		return 1
	if first < 0xC0:
		return 2
	if first < 0xE0:
		return 3
	if first < 0xF0:
		return 4
	if first < 0xF8:
		return 5
	raise BadWord("reserved control byte")


def _decode_length(data: bytes | bytearray) -> int:
	if len(data) == 5:
		return int.from_bytes(data[1:], "big")
	mark = _SIZE_CLASSES[len(data) - 1][1]
	return int.from_bytes(data, "big") ^ mark
