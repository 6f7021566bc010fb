"""Clients that know nothing of this project: the plain librouteros, and a bare socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import librouteros
import pytest
from librouteros.api import Api

from mikrotik_integration.simulators.routeros import Behaviour, Certificate, RouterSimulator

PASSWORD = "secret"
TIMEOUT_S = 5


class Wire:
	"""Words over a bare socket; every word is at most 127 bytes unless `send_bytes` is used."""

	def __init__(self, host: str, port: int) -> None:
		self.socket = socket.create_connection((host, port), timeout=TIMEOUT_S)
		self._file = self.socket.makefile("rb")

	def send_bytes(self, data: bytes) -> None:
		self.socket.sendall(data)

	def send(self, *words: str) -> None:
		encoded = [word.encode() for word in words]
		self.send_bytes(b"".join(bytes([len(word)]) + word for word in encoded) + b"\x00")

	def sentence(self) -> list[str]:
		words: list[str] = []
		while (length := self._length()) > 0:
			words.append(self._file.read(length).decode())
		return words

	def ask(self, *words: str) -> list[list[str]]:
		self.send(*words)
		return self.until_done()

	def until_done(self) -> list[list[str]]:
		replies = [self.sentence()]
		while replies[-1][0] != "!done":
			replies.append(self.sentence())
		return replies

	def until_bytes(self, wanted: bytes) -> None:
		"""Reads on until these bytes have come; a time-out if they never do."""
		seen = b""
		while wanted not in seen:
			seen += self._file.read(1)

	def login(self, user: str = "api", password: str = PASSWORD) -> Wire:
		assert self.ask("/login", f"=name={user}", f"=password={password}") == [["!done"]]
		return self

	def what_came(self) -> bytes:
		"""Bytes that are there, whole sentence or not."""
		return self._file.read1(1000)

	def at_end(self) -> bool:
		return self.socket.recv(1) == b""

	def close(self) -> None:
		self._file.close()
		self.socket.close()

	def _length(self) -> int:
		first = self._file.read(1)
		if not first:
			raise ConnectionError("closed")
		for mark, size in ((0xE0, 3), (0xC0, 2), (0x80, 1)):
			if first[0] >= mark:
				return int.from_bytes(bytes([first[0] ^ mark]) + self._file.read(size), "big")
		return first[0]


@pytest.fixture
def make_router() -> Iterator[Callable[..., RouterSimulator]]:
	"""Starts a router with some behaviour; all are stopped at the end."""
	started: list[RouterSimulator] = []

	def make(behaviour: Behaviour | None = None, **more: Any) -> RouterSimulator:
		router = RouterSimulator("api", PASSWORD, behaviour=behaviour, **more).start()
		started.append(router)
		return router

	yield make
	for router in started:
		router.stop()


@pytest.fixture
def router(make_router: Callable[..., RouterSimulator]) -> RouterSimulator:
	return make_router()


@pytest.fixture
def connect() -> Iterator[Callable[..., Api]]:
	"""Logs in with librouteros."""
	opened: list[Api] = []

	def connect_to(router: RouterSimulator, password: str = PASSWORD, **more: Any) -> Api:
		api = librouteros.connect(
			router.host, "api", password, port=router.port, encoding="utf-8", timeout=TIMEOUT_S, **more
		)
		opened.append(api)
		return api

	yield connect_to
	for api in opened:
		api.close()


@pytest.fixture
def dial() -> Iterator[Callable[[RouterSimulator], Wire]]:
	"""Opens a bare socket, not logged in."""
	opened: list[Wire] = []

	def dial_to(router: RouterSimulator) -> Wire:
		wire = Wire(router.host, router.port)
		opened.append(wire)
		return wire

	yield dial_to
	for wire in opened:
		wire.close()


@pytest.fixture
def api(router: RouterSimulator, connect: Callable[..., Api]) -> Api:
	return connect(router)


@pytest.fixture
def wire(router: RouterSimulator, dial: Callable[[RouterSimulator], Wire]) -> Wire:
	return dial(router).login()


@pytest.fixture
def web_server() -> Iterator[Callable[..., int]]:
	"""Starts a server on this machine that has these paths (`{host}` is whom it was taken for); its port."""
	with ExitStack() as stack:

		def start(answers: Mapping[str, bytes], certificate: Certificate | None = None) -> int:
			class Handler(BaseHTTPRequestHandler):
				def do_GET(self) -> None:
					body = answers.get(self.path)
					self.send_response(404 if body is None else 200)
					self.end_headers()
					self.wfile.write((body or b"").replace(b"{host}", self.headers["Host"].encode()))

				def log_message(self, format: str, *args: object) -> None:
					"""Says nothing."""

			server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
			if certificate is not None:
				server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
			threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
			stack.callback(server.server_close)
			stack.callback(server.shutdown)
			return server.server_address[1]

		yield start
