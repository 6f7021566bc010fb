"""/tool/fetch over HTTP: it really asks, though only on this machine.

7.16 takes neither redirects nor answers that are not 200, and checks certificates only when told to. Names are
looked up in /ip/dns/static first. Reported limit of `output=user`: 64 KiB (eworm-de/routeros-scripts#51).
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from . import outside
from .errors import Trapped
from .router import Router

USER_BYTES = 65536
_TIMEOUT_S = 10


@dataclass(frozen=True)
class Order:
	"""What is to be fetched, from where."""

	url: str
	address: str
	dst_path: str
	method: str = "GET"
	body: bytes | None = None
	headers: dict[str, str] = field(default_factory=dict)
	checks_certificate: bool = False


def understand(router: Router, args: Mapping[str, str]) -> Order:
	"""The arguments of a fetch. Raises Trapped for what this router cannot fetch."""
	url = args.get("url", "")
	parts = urlsplit(url)
	if parts.scheme not in ("http", "https") or not parts.hostname:
		raise Trapped("failure: invalid URL")
	address = outside.address(router, parts.hostname)
	if address is None:
		raise Trapped(f"failure: could not resolve host {parts.hostname}")
	headers = dict(line.split(":", 1) for line in args.get("http-header-field", "").split(",") if ":" in line)
	return Order(
		url=url,
		address=address,
		dst_path=args.get("dst-path") or parts.path.rpartition("/")[2] or "index.html",
		method=args.get("http-method", "get").upper(),
		body=args["http-data"].encode("utf-8", "surrogateescape") if "http-data" in args else None,
		headers={name.strip(): value.strip() for name, value in headers.items()},
		checks_certificate=args.get("check-certificate", "no") != "no",
	)


def fetch(order: Order) -> bytes:
	"""What the other side gave. Raises Trapped in the router's words."""
	parts = urlsplit(order.url)
	connection = _connection(order)
	try:
		target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
		connection.request(order.method, target, order.body, {"Host": parts.netloc, **order.headers})
		response = connection.getresponse()
		data = response.read()
	except ssl.SSLError:
		raise Trapped("failure: ssl: no trusted CA certificate found") from None
	except (OSError, http.client.HTTPException):
		raise Trapped("failure: connection failed") from None
	finally:
		connection.close()
	if response.status != 200:
		told = f"<{response.status} {response.reason}> {order.address}:{connection.port}"
		raise Trapped(f"failure: closing connection: {told} (4)")
	return data


def _connection(order: Order) -> http.client.HTTPConnection:
	parts = urlsplit(order.url)
	if parts.scheme == "http":
		return http.client.HTTPConnection(order.address, parts.port, timeout=_TIMEOUT_S)
	context = ssl.create_default_context()
	if not order.checks_certificate:
		context.check_hostname = False
		context.verify_mode = ssl.CERT_NONE
	return http.client.HTTPSConnection(order.address, parts.port, timeout=_TIMEOUT_S, context=context)
