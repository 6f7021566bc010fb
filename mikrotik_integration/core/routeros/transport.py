"""From a host name to a connected, if need be encrypted and checked, socket. Every failure in plain words."""

from __future__ import annotations

import errno
import hashlib
import re
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from .errors import TlsFailed, Unreachable
from .sentences import is_sendable

_EXPIRED, _NOT_YET_VALID = 10, 9
_OTHER_NAME = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
_SHA256_HEX_DIGITS = 64
_HIGHEST_PORT = 65_535

Refuses = Callable[[str, int], str | None]
"""Why an IP address and port are not to be connected to, in plain words; None if they are."""


@dataclass(frozen=True)
class Tls:
	"""How the router's certificate is checked. With nothing given: against the system's authorities.

	`ca_pem`: the authority (or the router's own self-signed certificate) to trust instead.
	`fingerprint_sha256`: the certificate itself is pinned, 64 hex digits, colons and case do not matter;
	without `ca_pem` it is then the only check, so an expired or self-signed certificate is good.
	`server_name`: the name in the certificate where it is not the host we connect to."""

	ca_pem: str | None = None
	fingerprint_sha256: str | None = None
	server_name: str | None = None


def open_socket(
	host: str, port: int, tls: Tls | None, timeout_s: float, refuses: Refuses | None = None
) -> socket.socket:
	"""A connected socket, within `timeout_s` for all of it. Raises Unreachable or TlsFailed.

	A name is looked up once: what `refuses` has seen is what is connected to."""
	deadline = time.monotonic() + timeout_s
	sock = _connect(host.strip(), port, timeout_s, refuses)
	if tls is None:
		return sock
	try:
		sock.settimeout(max(0.001, deadline - time.monotonic()))
		return _secure(sock, host, tls)
	except BaseException:
		sock.close()
		raise


def _connect(host: str, port: int, timeout_s: float, refuses: Refuses | None) -> socket.socket:
	if not host:
		raise Unreachable("No address is given for the router")
	if not is_sendable(host.strip()):
		raise Unreachable("The router's address holds control characters")
	if not 0 < port <= _HIGHEST_PORT:
		raise Unreachable(f"{port} is not a port number: the API is on 8728, with TLS on 8729")
	deadline = time.monotonic() + timeout_s
	try:
		addresses = _addresses(host, port)
		for reason in (refuses(address, port) for address in addresses if refuses):
			if reason:
				raise Unreachable(reason)
		sock = _first_that_answers(addresses, port, deadline)
		# Without this a small command waits for the acknowledgement of the one before.
		sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		return sock
	except (OSError, UnicodeError) as error:
		raise Unreachable(_why_unreachable(error, host, port, timeout_s)) from error


def _addresses(host: str, port: int) -> list[str]:
	found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
	return list(dict.fromkeys(str(place[4][0]) for place in found))


def _first_that_answers(addresses: list[str], port: int, deadline: float) -> socket.socket:
	problem: OSError = TimeoutError()
	for address in addresses:
		try:
			return socket.create_connection((address, port), max(0.001, deadline - time.monotonic()))
		except OSError as error:
			problem = error
	raise problem


def _why_unreachable(error: Exception, host: str, port: int, timeout_s: float) -> str:
	if isinstance(error, socket.gaierror | UnicodeError):
		return f"The name {host!r} is not known: is the address spelt right?"
	if isinstance(error, ConnectionRefusedError):
		return (
			f"{host} refused the connection, its port {port} is closed: is the service api (8728) or api-ssl (8729) "
			"enabled in /ip service, and on this port?"
		)
	if isinstance(error, TimeoutError):
		return (
			f"{host} port {port} did not answer within {timeout_s:g} s: is the router on, "
			"is the address right, does a firewall stand in between?"
		)
	if isinstance(error, OSError) and error.errno in _NO_ROUTE:
		return f"There is no way from this server to {host}: is the VPN up, is the network right?"
	return f"{host} port {port} cannot be reached: {error}"


def _secure(sock: socket.socket, host: str, tls: Tls) -> ssl.SSLSocket:
	try:
		secured = _context(tls).wrap_socket(sock, server_hostname=tls.server_name or host.strip())
	except (OSError, ValueError) as error:
		raise TlsFailed(_why_insecure(error, tls.server_name or host)) from error
	if tls.fingerprint_sha256:
		_check_fingerprint(secured, tls.fingerprint_sha256)
	return secured


def _context(tls: Tls) -> ssl.SSLContext:
	try:
		context = ssl.create_default_context(cadata=tls.ca_pem or None)
	except (ssl.SSLError, ValueError, TypeError) as error:
		raise TlsFailed("The certificate of the authority cannot be read: it must be PEM text") from error
	if tls.fingerprint_sha256 and not tls.ca_pem:
		context.check_hostname = False
		context.verify_mode = ssl.CERT_NONE
	return context


def _why_insecure(error: Exception, name: str) -> str:
	if isinstance(error, ssl.SSLCertVerificationError):
		return _why_untrusted(error, name)
	if isinstance(error, TimeoutError):
		return "The router did not answer the TLS greeting in time: is this the port of api-ssl (8729)?"
	reason = getattr(error, "reason", None) or ""
	if "HANDSHAKE_FAILURE" in reason or "NO_SHARED_CIPHER" in reason:
		return "The router offers no certificate: set one for api-ssl in /ip service"
	if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
		return "The router hung up on the TLS greeting: is this api-ssl, and has it a certificate?"
	if "WRONG_VERSION_NUMBER" in reason or "RECORD_LAYER" in reason or "UNEXPECTED_MESSAGE" in reason:
		return "What answers does not speak TLS: is this the port of api-ssl (8729), not of api (8728)?"
	return f"No TLS connection could be made: {error}"


def _why_untrusted(error: ssl.SSLCertVerificationError, name: str) -> str:
	if error.verify_code == _EXPIRED:
		return "The router's certificate has expired: renew it, or pin its fingerprint"
	if error.verify_code == _NOT_YET_VALID:
		return "The router's certificate is not valid yet: is a clock wrong, here or there?"
	if error.verify_code in _OTHER_NAME:
		return f"The router's certificate is for another name than {name!r}: give the name it is for"
	return (
		f"The router's certificate is not trusted ({error.verify_message}): "
		"give the certificate of its authority, or pin its fingerprint"
	)


def _check_fingerprint(sock: ssl.SSLSocket, wanted: str) -> None:
	digits = re.sub(r"[\s:]", "", wanted).lower()
	if not re.fullmatch(rf"[0-9a-f]{{{_SHA256_HEX_DIGITS}}}", digits):
		raise TlsFailed("The pinned fingerprint is not one: a SHA-256 fingerprint has 64 hex digits")
	found = hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()
	if found != digits:
		raise TlsFailed(
			f"The router shows another certificate than the pinned one (its fingerprint is {found}): "
			"was it renewed, or does somebody stand in between?"
		)
