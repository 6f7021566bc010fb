"""What is behind the hotspot: servers on this machine, and a simulated Internet for every other name."""

from __future__ import annotations

import html
import http.client
import selectors
import socket
from collections.abc import Collection
from http import HTTPStatus

from .messages import Reply, Request, plain

_HOP_BY_HOP = frozenset(
	("connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "content-length")
)
_VIA = "1.1 hotspot (Mikrotik HttpProxy)"
_TIMEOUT_S = 60
_PIECE_BYTES = 65536


def pass_on(
	address: str | None, request: Request, headers: Collection[tuple[str, str]], body: bytes | None
) -> Reply:
	"""The reply of the server at this address; of the simulated Internet, where there is none."""
	if address is None or request.is_own_port:
		return _internet(request)
	if ("Via", _VIA) in headers:
		return plain(HTTPStatus.LOOP_DETECTED)
	connection = http.client.HTTPConnection(address, request.port, timeout=_TIMEOUT_S)
	target = request.path + (f"?{request.query}" if request.query else "")
	try:
		connection.request(request.method, target, body, _without_hops(headers, request.host))
		response = connection.getresponse()
		kept = [pair for pair in response.getheaders() if pair[0].lower() not in _HOP_BY_HOP]
		return Reply(response.read(), "", response.status, response.reason, tuple(kept))
	except (OSError, http.client.HTTPException):
		return plain(HTTPStatus.BAD_GATEWAY)
	finally:
		connection.close()


def tunnel(device: socket.socket, address: str, port: int) -> None:
	"""Carries bytes between a device and a server on this machine until one of them ends. Raises OSError."""
	with socket.create_connection((address, port), timeout=_TIMEOUT_S) as server:
		device.sendall(b"HTTP/1.0 200 Connection established\r\n\r\n")
		with selectors.DefaultSelector() as both:
			both.register(device, selectors.EVENT_READ, server)
			both.register(server, selectors.EVENT_READ, device)
			while ready := both.select(_TIMEOUT_S):
				for side, _ in ready:
					data = side.fileobj.recv(_PIECE_BYTES)  # type: ignore[union-attr]
					if not data:
						return
					side.data.sendall(data)


def _without_hops(headers: Collection[tuple[str, str]], host: str) -> dict[str, str]:
	kept = {name: text for name, text in headers if name.lower() not in _HOP_BY_HOP}
	return {
		**{name: text for name, text in kept.items() if name.lower() != "host"},
		"Host": host,
		"Via": _VIA,
	}


def _internet(request: Request) -> Reply:
	if request.path == "/generate_204":
		return Reply(status=204, reason="No Content")
	url = html.escape(request.url)
	page = (
		f"<!doctype html><html><head><title>Simulated Internet</title></head><body><p>{url}</p></body></html>"
	)
	return Reply(page.encode("utf-8", "surrogateescape"))
