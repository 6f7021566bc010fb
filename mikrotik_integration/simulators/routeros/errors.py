"""What the simulated router refuses, and in which words."""

from __future__ import annotations


class Trapped(Exception):
	"""The router refuses one API command; `message` is what travels in `!trap`."""

	def __init__(self, message: str, category: int | None = None) -> None:
		super().__init__(message)
		self.message = message
		self.category = category


class Fatal(Exception):
	"""The router ends the API connection with `!fatal` and this bare word."""


class LoginRefused(Exception):
	"""A customer's login is refused, in the words of the portal's errors.txt or of the ppp log."""


class SessionEnded(Exception):
	"""A customer tries to use a session that is over."""


def no_such_item(numbered: bool = False) -> Trapped:
	"""The row is not (any more) there; some versions append the number."""
	return Trapped("no such item (4)" if numbered else "no such item", category=0)


def not_permitted() -> Trapped:
	"""The API user's group lacks the policy."""
	return Trapped("not enough permissions (9)")
