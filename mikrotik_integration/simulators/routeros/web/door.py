"""One TCP port of the hotspot's web server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress

from ..errors import LoginRefused
from .handling import Handler

_WAITING_CONNECTIONS = 256


class Door:
	"""A port that keeps its number when it is closed and opened again."""

	def __init__(
		self,
		host: str,
		port: int,
		mac_of: Callable[[str], str],
		serve: Callable[[str, Handler], None],
		tls: ssl.SSLContext | None = None,
	) -> None:
		self.host = host
		self.port = port
		self.scheme = "http" if tls is None else "https"
		self._mac_of = mac_of
		self._serve = serve
		self._tls = tls
		self._listener: socket.socket | None = None

	@property
	def url(self) -> str:
		"""Where it is."""
		return f"{self.scheme}://{self.host}:{self.port}"

	def open(self) -> None:
		"""Listens. Raises OSError."""
		self._listener = socket.create_server((self.host, self.port), backlog=_WAITING_CONNECTIONS)
		self.port = self._listener.getsockname()[1]
		threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

	def close(self) -> None:
		"""Listens no more; what is under way comes to its end."""
		if self._listener is not None:
			with suppress(OSError):
				self._listener.shutdown(socket.SHUT_RDWR)
			self._listener.close()
			self._listener = None

	def _accept(self, listener: socket.socket) -> None:
		with suppress(OSError):
			while True:
				connection, peer = listener.accept()
				threading.Thread(target=self._handle, args=(connection, peer[0]), daemon=True).start()

	def _handle(self, connection: socket.socket, source: str) -> None:
		with suppress(OSError, LoginRefused), self._wrapped(connection) as talk:
			Handler(
				talk, source, self.scheme, self.port, lambda asked: self._serve(self._mac_of(source), asked)
			)

	def _wrapped(self, connection: socket.socket) -> socket.socket:
		connection.settimeout(Handler.timeout)
		return connection if self._tls is None else self._tls.wrap_socket(connection, server_side=True)
