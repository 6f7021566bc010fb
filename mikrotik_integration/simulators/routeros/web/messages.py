"""Requests and replies of the hotspot's web pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

COOKIE_NAME = "hotspot"


@dataclass(frozen=True)
class Request:
	"""What a device asks for, wherever it believes to ask."""

	method: str
	scheme: str
	host: str
	"""With the port, if there was one: `wifi.example`, `127.0.0.1:4711`."""
	path: str
	query: str = ""
	params: dict[str, str] = field(default_factory=dict)
	"""Of the query and of the form; of a name that comes twice the last counts."""
	cookie: str = ""
	"""The hotspot's cookie, if the browser has it."""
	is_own_port: bool = False
	"""Whether the host is the device's own port, which stands for the hotspot and for any host."""

	@property
	def url(self) -> str:
		"""The whole address that was asked for."""
		query = f"?{self.query}" if self.query else ""
		return f"{self.scheme}://{self.host}{self.path}{query}"

	@property
	def hostname(self) -> str:
		"""The host without its port."""
		return self.host.rpartition(":")[0] if ":" in self.host else self.host

	@property
	def port(self) -> int:
		"""The port of the host."""
		text = self.host.rpartition(":")[2] if ":" in self.host else ""
		return int(text) if text.isdigit() else {"https": 443}.get(self.scheme, 80)


@dataclass(frozen=True)
class Reply:
	"""What comes back."""

	body: bytes = b""
	content_type: str = "text/html"
	status: int = 200
	reason: str = "OK"
	headers: tuple[tuple[str, str], ...] = ()


def plain(status: HTTPStatus, words: str = "") -> Reply:
	"""A page that says one thing."""
	page = f"<html><body><h1>{status.value} {status.phrase}</h1>{words}</body></html>"
	return Reply(page.encode(), status=status.value, reason=status.phrase)


def redirect(url: str) -> Reply:
	"""302"""
	return Reply(status=302, reason="Found", headers=(("Location", url),))
