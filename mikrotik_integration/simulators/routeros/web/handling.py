"""HTTP/1.0 with a device."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .messages import COOKIE_NAME, Reply, Request

_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 1 << 20


class Handler(BaseHTTPRequestHandler):
	"""Reads one request, has it served, and says the reply; if none is said, the connection just ends."""

	timeout = 60
	server_version = "RouterOS"

	def __init__(
		self,
		connection: socket.socket,
		source: str,
		scheme: str,
		port: int,
		serve: Callable[[Handler], None],
	) -> None:
		self.body: bytes | None = None
		self._scheme = scheme
		self._port = port
		self._serve = serve
		super().__init__(connection, (source, 0), None)  # type: ignore[arg-type]

	def __getattr__(self, name: str) -> Any:
		"""Every method is served alike."""
		if name.startswith("do_"):
			return self._do
		raise AttributeError(name)

	def request_of_device(self) -> Request:
		"""What was asked for: of the hotspot, or of some host by way of it."""
		parts = urlsplit(f"//{self.path}" if self.command == "CONNECT" else self.path)
		host = parts.netloc or self.headers.get("Host", "")
		fields = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
		if self.body and self.headers.get_content_type() == _FORM:
			text = self.body.decode("utf-8", "surrogateescape")
			fields += parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
		own = (f"{self.connection.getsockname()[0]}:{self._port}", f"localhost:{self._port}", "")
		return Request(
			method=self.command,
			scheme="https" if self.command == "CONNECT" else parts.scheme or self._scheme,
			host=host or own[0],
			path=parts.path or "/",
			query=parts.query,
			params=dict(fields),
			cookie=self._cookie(),
			is_own_port=host in own,
		)

	def say(self, reply: Reply) -> None:
		"""Sends the reply, without its body where only the headers were asked for."""
		self.send_response(reply.status, _clean(reply.reason))
		if reply.content_type:
			self.send_header("Content-Type", reply.content_type)
		self.send_header("Content-Length", str(len(reply.body)))
		self.send_header("Connection", "close")
		for name, text in reply.headers:
			self.send_header(_clean(name), _clean(text))
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(reply.body)

	def log_message(self, format: str, *args: Any) -> None:
		"""Says nothing."""

	def _cookie(self) -> str:
		try:
			found = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE_NAME)
		except CookieError:
			return ""
		return found.value if found is not None else ""

	def _do(self) -> None:
		length = self.headers.get("Content-Length", "")
		if length.isdigit():
			self.body = self.rfile.read(min(int(length), _MOST_BYTES))
		self._serve(self)
		self.close_connection = True


def _clean(text: str) -> str:
	"""What may stand in one line of HTTP."""
	line = "".join(letter for letter in text if letter.isprintable())
	return line.encode("utf-8", "surrogateescape").decode("latin-1")
