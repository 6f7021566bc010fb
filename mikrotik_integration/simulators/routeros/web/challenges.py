"""CHAP on the login page: md5(chap-id + password + chap-challenge), in hex."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from ..clock import Clock

_LIFE_S = 3600
_DIGEST = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Challenge:
	"""What a login page was given."""

	number: bytes
	secret: bytes
	made: float

	def is_met_by(self, response: str, password: str) -> bool:
		"""Whether the response was made of this password."""
		data = self.number + password.encode("utf-8", "surrogateescape") + self.secret
		return hashlib.md5(data, usedforsecurity=False).hexdigest() == response


class Challenges:
	"""One for each device: that of the login page that it was shown last. They are dead after an hour."""

	def __init__(self) -> None:
		self._of: dict[str, Challenge] = {}

	def make(self, mac: str, clock: Clock) -> Challenge:
		"""A new one; older ones of the device are of no use any more."""
		self._of[mac] = Challenge(secrets.token_bytes(1), secrets.token_bytes(16), clock.now())
		return self._of[mac]

	def take(self, mac: str, clock: Clock, booted: float) -> Challenge | None:
		"""The device's challenge, if the router still knows it; it serves once."""
		found = self._of.pop(mac, None)
		if found is None or found.made < booted or clock.now() - found.made > _LIFE_S:
			return None
		return found


def is_response(password: str) -> bool:
	"""Whether what came as password looks like an answer to a challenge."""
	return _DIGEST.fullmatch(password) is not None


def in_javascript(data: bytes) -> str:
	r"""As the page gets it: `\371\015`."""
	return "".join(f"\\{byte:03o}" for byte in data)
