"""A simulated phone or computer on the Wi-Fi."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Device:
	"""Whoever connects to `url` is this device for the router."""

	mac: str
	address: str
	"""What the hotspot gave it, such as 10.5.50.2."""
	port: int
	url: str
	"""`http://127.0.0.1:PORT`: the hotspot's pages; as an HTTP proxy, the way to everything else."""
