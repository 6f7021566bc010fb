"""One API connection's side of the talk: login, and sentences in for sentences out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from . import wire
from .command import Answer, Command
from .errors import Fatal, Trapped
from .execution import execute
from .router import Router

CHALLENGE_BYTES = 16

Waiting = tuple[str | None, Callable[[], Answer]]
"""The tag of a command, and what waits for its answer."""


class Conversation:
	"""Who is logged in on a connection, and what the router says to it."""

	def __init__(self, router: Router, peer: str) -> None:
		self.policies: frozenset[str] | None = None
		self.running: set[str | None] = set()
		"""Tags of the commands that go on until they are cancelled."""
		self.waiting: list[Waiting] = []
		"""Answers that are still to be waited for: see `finish`."""
		self._router = router
		self._peer = peer
		self._challenge: bytes | None = None

	def answer(self, command: Command) -> list[bytes]:
		"""The encoded reply sentences. Raises Fatal when the connection is to end."""
		with self._router.lock:
			try:
				return self._answer(command)
			except Trapped as trapped:
				return [self._trap(trapped, command.tag), _sentence(["!done"], command.tag)]

	def finish(self, waiting: Waiting) -> list[bytes]:
		"""Waits for an answer, in a thread of the caller's; its encoded sentences."""
		tag, later = waiting
		try:
			return self._sentences(later(), tag)
		except Trapped as trapped:
			return [self._trap(trapped, tag), _sentence(["!done"], tag)]

	def cancel(self, tag: str | None) -> list[bytes]:
		"""What a command says that was cancelled."""
		self.running.discard(tag)
		interrupted = Trapped("interrupted", category=2)
		return [self._trap(interrupted, tag, with_category=True), _sentence(["!done"], tag)]

	def close(self) -> None:
		"""Takes the login off the router's list."""
		with self._router.lock:
			self._router.api_logins.pop(id(self), None)

	def _answer(self, command: Command) -> list[bytes]:
		if command.path == "/login":
			return self._login(command)
		if command.path == "/quit":
			raise Fatal("session terminated on request")
		if self.policies is None:
			raise Fatal("not logged in")
		return self._sentences(execute(self._router, command, self.policies), command.tag)

	def _sentences(self, answer: Answer, tag: str | None) -> list[bytes]:
		if answer.later is not None:
			self.waiting.append((tag, answer.later))
			return []
		tail = [] if tag is None else [f".tag={tag}"]
		replies = [
			wire.encode_sentence(["!re", *tail, *wire.attributes(row, answer.names)]) for row in answer.rows
		]
		if answer.stays:
			self.running.add(tag)
			return replies
		if answer.is_print and not replies and self._router.behaviour.at_least("7.18"):
			replies.append(_sentence(["!empty"], tag))
		ret = [] if answer.ret is None else [f"=ret={answer.ret}"]
		replies.append(_sentence(["!done", *ret], tag))
		return replies

	def _trap(self, trapped: Trapped, tag: str | None, with_category: bool = False) -> bytes:
		shown = trapped.category is not None and (with_category or self._router.behaviour.trap_categories)
		category = [f"=category={trapped.category}"] if shown else []
		return _sentence(["!trap", *category, f"=message={trapped.message}"], tag)

	def _login(self, command: Command) -> list[bytes]:
		if self._wants_challenge(command):
			self._challenge = secrets.token_bytes(CHALLENGE_BYTES)
			return [_sentence(["!done", f"=ret={self._challenge.hex()}"], command.tag)]
		name = command.args.get("name", "")
		row = self._router.table("/user").find(name)
		if row is None or row["disabled"] == "true" or not self._proves(command, row.get("password", "")):
			raise self._refused()
		group = self._router.table("/user/group").find(row["group"]) or {}
		policies = frozenset(group.get("policy", "").split(","))
		if "api" not in policies:
			raise self._refused()
		self.policies = policies
		number = next(self._router.login_numbers)
		login = {".id": f"*{number:X}", "name": name, "address": self._peer, "via": "api"}
		self._router.api_logins[id(self)] = login
		return [_sentence(["!done"], command.tag)]

	def _wants_challenge(self, command: Command) -> bool:
		"""Routers before 6.43 answer every login without a response with a challenge."""
		return not self._router.behaviour.at_least("6.43") and "response" not in command.args

	def _proves(self, command: Command, password: str) -> bool:
		if self._router.behaviour.at_least("6.43"):
			return secrets.compare_digest(_bytes(command.args.get("password", "")), _bytes(password))
		if self._challenge is None:
			return False
		digest = hashlib.md5(b"\x00" + _bytes(password) + self._challenge, usedforsecurity=False)
		self._challenge = None
		return secrets.compare_digest(_bytes(command.args["response"]), _bytes("00" + digest.hexdigest()))

	def _refused(self) -> Trapped:
		old = not self._router.behaviour.at_least("6.43")
		return Trapped("cannot log in" if old else "invalid user name or password (6)")


def _sentence(words: list[str], tag: str | None) -> bytes:
	return wire.encode_sentence(words if tag is None else [words[0], f".tag={tag}", *words[1:]])


def _bytes(text: str) -> bytes:
	return text.encode("utf-8", "surrogateescape")
