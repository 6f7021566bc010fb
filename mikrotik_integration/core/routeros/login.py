"""Logging in: with the password itself, or by challenge where an old router asks for it."""

from __future__ import annotations

import hashlib

from ..foreign_text import plain_text
from .errors import ConnectionLost, LoginFailed, Unsendable
from .sentences import PartialReply, Reply, sendable
from .wire import Garbled, Wire, encode


def log_in(wire: Wire, username: str, password: str, deadline: float) -> None:
	"""Logs in. Raises LoginFailed, or ConnectionLost for a router that hangs up or is silent."""
	challenge = _login_reply(wire, deadline, f"=name={username}", f"=password={password}")
	if challenge is None:
		return
	try:
		# RouterOS before 6.43: see "Initial login" in MikroTik's manual of the API
		secret = b"\x00" + password.encode() + bytes.fromhex(challenge)
	except ValueError as error:
		raise LoginFailed("The router answers the login with something that is no challenge") from error
	digest = hashlib.md5(secret, usedforsecurity=False).hexdigest()
	if _login_reply(wire, deadline, f"=name={username}", f"=response=00{digest}") is not None:
		raise LoginFailed("The router asks for the login a second time")


def check_login(username: str, password: str) -> None:
	"""Raises LoginFailed for words that no router may be told: what answers may be no router."""
	try:
		sendable(username), sendable(password)
	except Unsendable:
		raise LoginFailed(
			"The user name or password holds control characters, such as line breaks, or others that cannot be sent"
		) from None


def _login_reply(wire: Wire, deadline: float, *words: str) -> str | None:
	"""The challenge an old router answers with, or None when we are in."""
	try:
		wire.send(encode("/login", *words), deadline)
		return _read_login(wire, deadline)
	except Unsendable:
		raise LoginFailed("The user name or password is too long") from None
	except TimeoutError as error:
		raise ConnectionLost(
			"The router accepted the connection but did not answer the login in time: is this the API's port?"
		) from error
	except (OSError, Garbled) as error:
		raise ConnectionLost(
			f"The router hung up on the login ({plain_text(error)}): does /ip service allow this server's address, "
			"and is this the port of the API (8728 without TLS, 8729 with it)?"
		) from error


def _read_login(wire: Wire, deadline: float) -> str | None:
	partial = PartialReply()
	while True:
		for kind, *words in wire.receive(deadline):
			if kind == "!fatal":
				raise LoginFailed(f"The router lets nobody in now: {plain_text(' '.join(words))}")
			if not kind.startswith("!"):
				raise Garbled("not a reply of RouterOS")
			partial.take(kind, words)
			if kind == "!done":
				return _login_result(partial.reply())


def _login_result(reply: Reply) -> str | None:
	if reply.error is None:
		return reply.ret
	message = reply.error.message
	if "user name or password" in message or "cannot log in" in message:
		raise LoginFailed(
			f"Wrong user name or password, or the user's group lacks the policy api ({message})"
		)
	raise LoginFailed(f"The router refuses the login: {message}")
