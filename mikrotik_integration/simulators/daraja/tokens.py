"""OAuth: access tokens for the consumer key and secret.

They are signed, not remembered, so that merchants' kept tokens survive a restart of the simulator.
"""

import base64
import hashlib
import hmac
import time

from mikrotik_integration.simulators.daraja.checks import Merchant, Refused


class Tokens:
	"""Gives out and checks tokens. For threads."""

	def __init__(self, merchant: Merchant) -> None:
		credentials = f"{merchant.consumer_key}:{merchant.consumer_secret}".encode()
		self._expected = b"Basic " + base64.b64encode(credentials)
		self._key = hashlib.sha256(credentials).digest()
		self._none_before_ns = 0

	def give(self, authorization: str, lifetime_s: float) -> dict[str, object]:
		if not hmac.compare_digest(authorization.encode(), self._expected):
			raise Refused(400, "400.008.01", "Invalid Authentication passed")
		begin_ns = time.time_ns()
		content = f"{begin_ns:x}.{begin_ns + int(lifetime_s * 1e9):x}"
		return {"access_token": f"{content}.{self._signature(content)}", "expires_in": str(int(lifetime_s))}

	def check(self, authorization: str) -> None:
		kind, _, token = authorization.partition(" ")
		if kind != "Bearer" or not token:
			raise Refused(404, "404.001.04", "Invalid Authentication Header")
		content, _, signature = token.rpartition(".")
		if not hmac.compare_digest(signature.encode(), self._signature(content).encode()):
			raise invalid_token()
		begin_ns, end_ns = (int(moment, 16) for moment in content.split("."))
		if begin_ns < self._none_before_ns or time.time_ns() >= end_ns:
			raise invalid_token()

	def expire_all(self) -> None:
		"""Those given out so far."""
		self._none_before_ns = time.time_ns()

	def _signature(self, content: str) -> str:
		return hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()[:32]


def invalid_token() -> Refused:
	return Refused(404, "404.001.03", "Invalid Access Token")
