"""The TCP port of the API: open, refusing, or swallowing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

_WAITING_CONNECTIONS = 1024
_FILLERS = 4


class Port:
	"""Keeps one port number from `reserve` to `release`, whatever it does in between."""

	def __init__(self, host: str, number: int) -> None:
		self.host = host
		self.number = number
		self._server: asyncio.Server | None = None
		self._swallowing: list[socket.socket] = []

	def reserve(self) -> None:
		"""Takes the port, without listening: connections are refused. Raises OSError."""
		self._reserved = _bound(self.host, self.number)
		self.number = self._reserved.getsockname()[1]

	def release(self) -> None:
		"""Gives the port back."""
		self._reserved.close()

	async def open(self, factory: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None) -> None:
		"""Accepts connections."""
		self.refuse()
		self._server = await asyncio.get_running_loop().create_server(
			factory, sock=_bound(self.host, self.number), ssl=tls, backlog=_WAITING_CONNECTIONS
		)

	def refuse(self) -> None:
		"""Listens no more; connections that are open stay so."""
		for held in self._swallowing:
			held.close()
		self._swallowing = []
		if self._server is not None:
			self._server.close()
			self._server = None

	def swallow(self) -> None:
		"""Connecting takes until the caller gives up: the queue of a listener that never accepts is full."""
		self.refuse()
		listener = _bound(self.host, self.number)
		listener.listen(0)
		self._swallowing = [listener]
		for _ in range(_FILLERS):
			filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
			filler.setblocking(False)
			filler.connect_ex((self.host, self.number))
			self._swallowing.append(filler)


def _bound(host: str, number: int) -> socket.socket:
	bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
	bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	try:
		bound.bind((host, number))
	except OSError:
		bound.close()
		raise
	return bound
