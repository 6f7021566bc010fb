"""What can go wrong between us and a router, in words that the owner of a shop can act on."""

from __future__ import annotations

from ..errors import CoreError, InvalidValue
from ..foreign_text import plain_text

# RouterOS's own messages are shorter; what is longer is somebody else's.
LONGEST_MESSAGE = 300


class RouterError(CoreError):
	"""Anything that keeps a router from doing what it was asked. `str(error)` is fit to be shown."""


class Unreachable(RouterError):
	"""No connection could be made: unknown name, no route, closed port, no answer in time."""


class TlsFailed(RouterError):
	"""The connection is not as private as asked for: certificate expired, untrusted or for another name,
	fingerprint not the pinned one, or the other side does not speak TLS at all."""


class LoginFailed(RouterError):
	"""The router answers but does not let us in: wrong name or password, address not allowed,
	too many sessions."""


class ConnectionLost(RouterError):
	"""The router dropped the connection or fell silent before its reply was complete.

	What was under way may or may not have been done: read back before believing either."""


class TooMuch(ConnectionLost):
	"""The router sent more than any router holds; we hung up, so that it cannot fill this server's memory."""


class Unsendable(RouterError, InvalidValue):
	"""A word that no router is told: it holds control characters, or cannot be written in UTF-8, or is too long.

	With a line break in a password, another service at a router's address could be given commands."""


class Trap(RouterError):
	"""The router refused one command; the connection is still good.

	`message` is the router's own text, made plain (`plain_text`: whoever is on the line may write it), `category` its
	number where it sent one (it often does not)."""

	advice = "The router refused"

	def __init__(self, message: str, category: int | None = None) -> None:
		self.message = plain_text(message, LONGEST_MESSAGE)
		super().__init__(self.message)
		self.category = category

	def __str__(self) -> str:
		return f"{self.advice}: {self.message}"


class AlreadyExists(Trap):
	"""A row with this name is already there."""

	advice = "The router already has such a row"


class NoSuchItem(Trap):
	"""The row that was meant is gone."""

	advice = "The router no longer has that row"


class NotPermitted(Trap):
	"""The API user lacks a policy. It needs api, read and write; `write` does not imply `read`."""

	advice = "The API user lacks a permission (its group needs the policies api, read and write)"


class NoSuchCommand(Trap):
	"""The menu or verb does not exist: a package is missing or the RouterOS version is another."""

	advice = "The router does not know this menu (is the package installed and enabled?)"


class BadValue(Trap):
	"""The router does not accept a value or an argument name."""

	advice = "The router does not accept a value"


class LicenceLimit(Trap):
	"""The router's licence level allows no more of these."""

	advice = "The router's licence allows no more"


# RouterOS often leaves the category out, so the message decides.
_KINDS: tuple[tuple[str, type[Trap]], ...] = (
	("no such item", NoSuchItem),
	("no such command", NoSuchCommand),
	("already have", AlreadyExists),
	("already exists", AlreadyExists),
	("not enough permissions", NotPermitted),
	("session limit reached", LicenceLimit),
	("does not match any value", BadValue),
	("ambiguous value", BadValue),
	("invalid value", BadValue),
	("unknown parameter", BadValue),
)
_CATEGORY_BAD_ARGUMENT = 1


def trap(message: str, category: int | None = None) -> Trap:
	"""The error class that fits the router's own words."""
	text = message.casefold()
	for part, kind in _KINDS:
		if part in text:
			return kind(message, category)
	return (BadValue if category == _CATEGORY_BAD_ARGUMENT else Trap)(message, category)
