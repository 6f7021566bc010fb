"""The ports of the hotspot: one that all share, told apart by their addresses, and one for each device."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress

from .. import outside
from ..certificates import Certificate
from ..faults import Faults
from ..router import Router
from ..values import parse_mac
from . import passing
from .devices import Device
from .door import Door
from .handling import Handler
from .messages import Reply, Request
from .servlet import Servlet


class HotspotWeb:
	"""Plays the hotspot's web server for simulated devices, from `start` to `stop`."""

	def __init__(
		self, host: str, port: int | None, router: Callable[[], Router], faults: Callable[[], Faults]
	) -> None:
		self.is_down = False
		"""Whether the router is restarting: nobody is answered."""
		self._router = router
		self._faults = faults
		self._host = host
		self._servlet = Servlet()
		self._shared = None if port is None else Door(host, port, _mac_of, self._serve)
		self._doors: dict[str, Door] = {}
		self._leases: dict[str, str] = {}
		"""The address that each device was given, by MAC."""
		self._certificate: Certificate | None = None

	@property
	def port(self) -> int | None:
		"""The shared port: each address 127.x.y.z that connects is a device. Known once it has started."""
		return None if self._shared is None else self._shared.port

	def start(self) -> None:
		"""Opens the ports. Raises OSError."""
		for door in self._all():
			door.open()

	def stop(self) -> None:
		"""Closes the ports."""
		for door in self._all():
			door.close()

	def plug_in(self, mac: str, address: str, *, https: bool = False) -> Device:
		"""A port of its own for a device that the hotspot has seen. Raises OSError."""
		self.unplug(mac)
		door = Door(self._host, 0, lambda source: mac, self._serve, self._tls() if https else None)
		door.open()
		self._doors[mac] = door
		self._leases[mac] = address
		with self._router().lock:
			self._router().absent.pop(mac, None)
		return Device(mac, address, door.port, door.url)

	def unplug(self, mac: str) -> None:
		"""The device is out of reach. Its session goes on until its keepalive-timeout is over."""
		mac = parse_mac(mac) or mac
		door = self._doors.pop(mac, None)
		if door is None:
			return
		door.close()
		with self._router().lock:
			self._router().absent[mac] = self._router().clock.now()

	def _serve(self, mac: str, handler: Handler) -> None:
		"""Answers one request, with the faults that there are just now."""
		faults, request = self._faults(), handler.request_of_device()
		if self.is_down or _is_lost(faults.lose_web_requests, request.path):
			return
		time.sleep(faults.web_delay_ms / 1000)
		with self._router().lock:
			self._see(mac)
		if handler.command == "CONNECT":
			self._connect(mac, request, handler)
			return
		reply = self._reply(mac, request, handler)
		if not _is_lost(faults.lose_web_replies, request.path):
			handler.say(reply)

	def _reply(self, mac: str, request: Request, handler: Handler) -> Reply:
		router = self._router()
		with router.lock:
			reply = self._servlet.answer(router, mac, request)
			address = outside.address(router, request.hostname)
		return reply or passing.pass_on(address, request, handler.headers.items(), handler.body)

	def _connect(self, mac: str, request: Request, handler: Handler) -> None:
		router = self._router()
		with router.lock:
			address = outside.address(router, request.hostname)
			is_open = self._servlet.may_connect(router, mac, request)
		if is_open and address is not None:
			with suppress(OSError):
				passing.tunnel(handler.connection, address, request.port)

	def _see(self, mac: str) -> None:
		"""The hotspot sees the device, if need be again after a restart. Raises LoginRefused: no address is free."""
		router = self._router()
		if mac not in router.hosts:
			self._leases[mac] = self._leases.get(mac) or router.free_address("hs-pool")
			router.hosts[mac] = self._leases[mac]

	def _all(self) -> list[Door]:
		return [*([] if self._shared is None else [self._shared]), *self._doors.values()]

	def _tls(self) -> ssl.SSLContext:
		self._certificate = self._certificate or Certificate.make(self._host, "localhost")
		return self._certificate.server_context()


def _mac_of(source: str) -> str:
	"""The MAC of the device at this address of the shared port: 06:00 and the address."""
	return "06:00:" + ":".join(f"{byte:02X}" for byte in socket.inet_aton(source))


def _is_lost(paths: str | None, path: str) -> bool:
	return paths is not None and path.startswith(paths)
