"""One port: an HTTP server, and a CONNECT proxy that is *.safaricom.co.ke itself behind TLS.

So a program whose addresses of Safaricom are constants is led here by HTTPS_PROXY and its CA file.
All other hosts are refused: nothing ever goes out through this proxy.
"""

import json
import secrets
import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from mikrotik_integration.simulators.daraja.api import TOKEN_PATH, Api
from mikrotik_integration.simulators.daraja.authority import DOMAIN, Authority
from mikrotik_integration.simulators.daraja.checks import Refused
from mikrotik_integration.simulators.daraja.faults import DROPPED, Answer, Faults, Record, error, json_answer

CONTROL_PATH = "/__control__/"
LARGEST_BODY = 1_000_000
Control = Callable[[str, str, object], Answer]


class Server(ThreadingHTTPServer):
	"""Listens on loopback only."""

	daemon_threads = True
	request_queue_size = 512

	def __init__(
		self, port: int, api: Api, control: Control, authority: Authority, faults: Faults, record: Record
	) -> None:
		super().__init__(("127.0.0.1", port), Handler)
		self.api = api
		self.control = control
		self.tls = authority.server_context()
		self.faults = faults
		self.record = record
		self.refused_hosts: list[str] = []


class Handler(BaseHTTPRequestHandler):
	"""One connection, plain or, after CONNECT, inside TLS."""

	protocol_version = "HTTP/1.1"
	server_version = "Daraja-simulator"
	wbufsize = -1  # one write an answer, or delayed ACKs cost 40 ms each
	disable_nagle_algorithm = True
	timeout = 120
	server: Server
	inside_tls = False

	def do_CONNECT(self) -> None:
		host, _, port = self.path.rpartition(":")
		if port != "443" or not _is_safaricom(host):
			self.server.refused_hosts.append(self.path)
			self._send(error(403, "403.000.00", f"{self.path} is not simulated", "0"))
			self.close_connection = True
			return
		self.send_response(200, "Connection established")
		self.end_headers()
		self.wfile.flush()
		self._enter_tls()

	def do_GET(self) -> None:
		self._handle()

	def do_POST(self) -> None:
		self._handle()

	def finish(self) -> None:
		super().finish()
		if self.inside_tls:
			self.connection.close()

	def log_message(self, format: str, *args: object) -> None:
		"""Silent: the record of requests tells more."""

	def _enter_tls(self) -> None:
		try:
			self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
		except (ssl.SSLError, OSError):
			self.close_connection = True
			return
		self.inside_tls = True
		self.close_connection = False  # CONNECT may come as HTTP/1.0
		self.rfile = self.connection.makefile("rb")
		self.wfile = self.connection.makefile("wb")

	def _handle(self) -> None:
		body = self._read_body()
		target = urlsplit(self.path)
		if body is None or target.netloc:
			self._send(error(403, "403.000.00", "Not simulated", "0"))
			self.close_connection = True
		elif target.path.startswith(CONTROL_PATH) and not self.inside_tls:
			self._send(self.server.control(self.command, target.path[len(CONTROL_PATH) :], _decoded(body)))
		else:
			self._daraja(target.path, target.query, _decoded(body))

	def _daraja(self, path: str, query: str, body: object) -> None:
		answer = self.server.faults.answer(path, lambda: self._proper_answer(path, query, body))
		self.server.record.note(path, body, answer.status)
		if answer == DROPPED:
			self.close_connection = True
		else:
			self._send(answer)

	def _proper_answer(self, path: str, query: str, body: object) -> Answer:
		authorization = self.headers.get("Authorization", "")
		try:
			if path == TOKEN_PATH and self.command == "GET":
				grant_type = parse_qs(query).get("grant_type", [""])[0]
				return json_answer(200, self.server.api.token(grant_type, authorization))
			if self.command != "POST":
				raise Refused(405, "405.001", "Method Not Allowed")
			return json_answer(200, self.server.api.call(path, authorization, body))
		except Refused as refused:
			request_id = f"{secrets.token_hex(2)}-{secrets.randbelow(10**8)}-1"
			return error(refused.status, refused.code, refused.message, request_id)

	def _read_body(self) -> bytes | None:
		length = self.headers.get("Content-Length", "0")
		if not length.isdecimal() or int(length) > LARGEST_BODY or self.headers.get("Transfer-Encoding"):
			return None
		return self.rfile.read(int(length))

	def _send(self, answer: Answer) -> None:
		self.send_response(answer.status)
		self.send_header("Content-Type", answer.content_type)
		self.send_header("Content-Length", str(len(answer.body)))
		self.end_headers()
		self.wfile.write(answer.body)
		self.wfile.flush()


def _is_safaricom(host: str) -> bool:
	return host.lower() == DOMAIN or host.lower().endswith(f".{DOMAIN}")


def _decoded(body: bytes) -> object:
	try:
		return json.loads(body) if body else None
	except (ValueError, RecursionError):
		return None
