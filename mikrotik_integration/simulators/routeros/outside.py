"""Where names lead: this machine, or a simulated Internet. Nothing leaves this machine."""

from __future__ import annotations

import ipaddress

from .router import Router

DNS = "/ip/dns/static"


def address(router: Router, host: str) -> str | None:
	"""The address on this machine that a host name stands for: by /ip/dns/static, or `localhost` and the like."""
	for row in router.table(DNS).rows.values():
		if row.get("name", "").casefold() == host.casefold() and row.get("disabled") != "true":
			host = row.get("address", "")
	if host == "localhost" or host.endswith(".localhost"):
		return "127.0.0.1"
	try:
		return host if ipaddress.ip_address(host).is_loopback else None
	except ValueError:
		return None
