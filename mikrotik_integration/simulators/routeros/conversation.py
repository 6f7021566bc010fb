"""One API connection's side of the talk: login, and sentences in for sentences out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from . import distortion, wire
from .command import Answer, Command
from .errors import Fatal, Trapped
from .execution import execute
from .faults import Faults
from .following import Followed
from .router import Router
from .table import Row

CHALLENGE_BYTES = 16

Waiting = tuple[Command, Callable[[], Answer]]
"""A command, and what waits for its answer."""


class Conversation:
	"""Who is logged in on a connection, and what the router says to it."""

	def __init__(self, router: Router, peer: str, faults: Callable[[], Faults]) -> None:
		self.policies: frozenset[str] | None = None
		self.running: dict[str | None, Followed | None] = {}
		"""Commands that go on until they are cancelled, by tag; what they tell meanwhile."""
		self.endless: bytes | None = None
		"""What is to be sent over and over from now on."""
		self.waiting: list[Waiting] = []
		"""Answers that are still to be waited for: see `finish`."""
		self._router = router
		self._faults = faults
		self._peer = peer
		self._challenge: bytes | None = None

	def answer(self, command: Command) -> list[bytes]:
		"""The encoded reply sentences. Raises Fatal when the connection is to end."""
		with self._router.lock:
			try:
				return self._answer(command)
			except Trapped as trapped:
				return [self._trap(trapped, command.tag), self._sentence(["!done"], command.tag)]

	def finish(self, waiting: Waiting) -> list[bytes]:
		"""Waits for an answer, in a thread of the caller's; its encoded sentences."""
		command, later = waiting
		try:
			return self._sentences(later(), command)
		except Trapped as trapped:
			return [self._trap(trapped, command.tag), self._sentence(["!done"], command.tag)]

	def news(self) -> list[bytes]:
		"""What the commands that go on have to tell since they were last asked."""
		with self._router.lock:
			return [
				self._row(row, followed.names, tag)
				for tag, followed in self.running.items()
				if followed is not None
				for row in followed.news()
			]

	def cancel(self, tag: str | None) -> list[bytes]:
		"""What a command says that was cancelled."""
		self.running.pop(tag, None)
		interrupted = Trapped("interrupted", category=2)
		return [self._trap(interrupted, tag, with_category=True), self._sentence(["!done"], tag)]

	def close(self) -> None:
		"""Takes the login off the router's list."""
		with self._router.lock:
			self._router.api_logins.pop(id(self), None)

	def _answer(self, command: Command) -> list[bytes]:
		if distortion.is_endless(self._faults(), command.path):
			self.endless = distortion.endless(self._faults(), command.tag)
			return []
		distortion.check_command(self._faults(), command.path)
		if command.path == "/login":
			return self._login(command)
		if command.path == "/quit":
			raise Fatal("session terminated on request")
		if self.policies is None:
			raise Fatal("not logged in")
		return self._sentences(execute(self._router, command, self.policies), command)

	def _sentences(self, answer: Answer, command: Command) -> list[bytes]:
		if answer.later is not None:
			self.waiting.append((command, answer.later))
			return []
		tag = command.tag
		rows = distortion.rows(self._faults(), command.path, answer.rows)
		replies = [self._row(row, answer.names, tag) for row in rows]
		if answer.stays:
			self.running[tag] = Followed(answer.current, answer.names) if answer.current else None
			return replies
		if answer.is_print and not replies and self._router.behaviour.at_least("7.18"):
			replies.append(self._sentence(["!empty"], tag))
		ret = [] if answer.ret is None else [f"=ret={answer.ret}"]
		replies.append(self._sentence(["!done", *ret], tag))
		return replies

	def _row(self, row: Row, names: list[str] | None, tag: str | None) -> bytes:
		return self._sentence(["!re", *wire.attributes(row, names)], tag)

	def _trap(self, trapped: Trapped, tag: str | None, with_category: bool = False) -> bytes:
		shown = trapped.category is not None and (with_category or self._router.behaviour.trap_categories)
		category = distortion.category(self._faults(), trapped.category if shown else None)
		message = distortion.message(self._faults(), trapped)
		return self._sentence(["!trap", *category, f"=message={message}"], tag)

	def _sentence(self, words: list[str], tag: str | None) -> bytes:
		return wire.encode_sentence([words[0], *distortion.tail(self._faults(), tag), *words[1:]])

	def _login(self, command: Command) -> list[bytes]:
		if self._wants_challenge(command):
			self._challenge = secrets.token_bytes(CHALLENGE_BYTES)
			return [self._sentence(["!done", f"=ret={self._challenge.hex()}"], command.tag)]
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
		return [self._sentence(["!done"], command.tag)]

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


def _bytes(text: str) -> bytes:
	return text.encode("utf-8", "surrogateescape")
