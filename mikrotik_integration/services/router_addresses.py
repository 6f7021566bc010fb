"""Which addresses may be a router's. What is typed as one is connected to by this server, from inside its network: so
nothing of this machine, and none of the services that this site itself runs on."""

import ipaddress
import socket
import unicodedata
from urllib.parse import urlsplit

import frappe
from frappe import _
from frappe.utils import cint

ALLOW_LOCAL = "mikrotik_allow_local_routers"
"""In site_config: simulated routers on this machine are allowed."""
PORTS = {"db": 3306, "redis": 6379}
REDIS = ("redis_cache", "redis_queue", "redis_socketio")


def refusal(address: str, port: int) -> str | None:
	"""Why this IP address and port cannot be a router, in plain words; None if they can."""
	if cint(frappe.conf.get(ALLOW_LOCAL)):
		return None
	if _is_never_a_router(address):
		return _("{0} is no router: it is an address of this server, or one that no router can have").format(
			address
		)
	if (address, port) in _own_services():
		return _("{0} port {1} is no router: this site's own database or queue answers there").format(
			address, port
		)
	return None


def refusal_of_host(host: str, port: int) -> str | None:
	"""The same for a name, by all that it leads to now; None for one that is not known (yet)."""
	reasons = (refusal(address, port) for address in _addresses(host, port))
	return next((reason for reason in reasons if reason), None)


def has_control_characters(text: str | None) -> bool:
	"""Line breaks and the like, which no name or password of a router has."""
	return any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text or "")


def _is_never_a_router(address: str) -> bool:
	ip = ipaddress.ip_address(address.partition("%")[0])
	ip = getattr(ip, "ipv4_mapped", None) or ip
	return (
		ip.is_loopback
		or ip.is_link_local
		or ip.is_multicast
		or ip.is_unspecified
		or (ip.version == 4 and (ip.packed[0] == 0 or ip.packed[0] >= 240))
		or _is_of_this_machine(str(ip))
	)


def _is_of_this_machine(address: str) -> bool:
	"""What is sent to an address of one's own comes from it. Nothing is sent."""
	family = socket.AF_INET6 if ":" in address else socket.AF_INET
	try:
		with socket.socket(family, socket.SOCK_DGRAM) as probe:
			probe.connect((address, 9))
			return probe.getsockname()[0] == address
	except OSError:
		return False


def _own_services() -> set[tuple[str, int]]:
	conf = frappe.conf
	places = [(conf.get("db_host"), cint(conf.get("db_port")) or PORTS["db"])]
	for name in REDIS:
		if url := conf.get(name):
			parts = urlsplit(url)
			places.append((parts.hostname, parts.port or PORTS["redis"]))
	return {(address, port) for host, port in places if host for address in _addresses(host, port)}


def _addresses(host: str, port: int) -> list[str]:
	try:
		found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
	except (OSError, UnicodeError):
		return []
	return [str(place[4][0]) for place in found]
