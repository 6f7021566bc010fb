"""What devices that are not logged in may reach: walled garden and bindings."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase

from .. import outside
from ..router import Router
from ..table import Row
from .messages import Request

GARDEN, GARDEN_IP, BINDINGS = (
	"/ip/hotspot/walled-garden",
	"/ip/hotspot/walled-garden/ip",
	"/ip/hotspot/ip-binding",
)


def binding(router: Router, mac: str, address: str) -> str:
	"""`bypassed`, `blocked` or `regular`: the first binding that fits."""
	for row in _enabled(router, BINDINGS):
		fits_mac = row.get("mac-address", mac) in (mac, "00:00:00:00:00:00")
		if fits_mac and _is_in(address, row.get("address", "")):
			return row["type"]
	return "regular"


def is_open(router: Router, address: str, request: Request) -> bool:
	"""Whether the request may pass without login: by address and port first, then by what HTTP says."""
	for row in _enabled(router, GARDEN_IP):
		if _fits_ip(router, row, address, request):
			return row["action"] == "accept"
	for row in _enabled(router, GARDEN):
		if _fits_http(row, address, request):
			row["hits"] = str(int(row["hits"]) + 1)
			return row["action"] == "allow"
	return False


def _enabled(router: Router, menu: str) -> list[Row]:
	return [row for row in router.table(menu).rows.values() if row["disabled"] == "false"]


def _fits_ip(router: Router, row: Row, address: str, request: Request) -> bool:
	target = outside.address(router, request.hostname) or ""
	return (
		_is_in(address, row.get("src-address", ""))
		and (not row.get("dst-address") or (bool(target) and _is_in(target, row["dst-address"])))
		and row.get("protocol", "tcp") in ("tcp", "6")
		and _is_port(request.port, row.get("dst-port", ""))
		and _is_host(request.hostname, row.get("dst-host", ""))
	)


def _fits_http(row: Row, address: str, request: Request) -> bool:
	return (
		_is_in(address, row.get("src-address", ""))
		and _is_port(request.port, row.get("dst-port", ""))
		and _is_host(request.hostname, row.get("dst-host", ""))
		and row.get("method", request.method).upper() == request.method
		and fnmatchcase(request.path, row.get("path") or "*")
	)


def _is_host(host: str, pattern: str) -> bool:
	"""Patterns are about the whole name, with `*` and `?`."""
	return not pattern or fnmatchcase(host.casefold(), pattern.casefold())


def _is_port(port: int, ports: str) -> bool:
	"""`80`, `80,443`, `8000-8010`."""
	for part in (part for part in ports.split(",") if part):
		low, _, high = part.partition("-")
		if int(low) <= port <= int(high or low):
			return True
	return not ports


def _is_in(address: str, network: str) -> bool:
	return not network or ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
