"""The simulator as a library: a router on a port, with its customers and its faults."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from . import files, lifetimes, scripting, timeline, views
from .behaviour import ALL_POLICIES, Behaviour
from .certificates import Certificate
from .command import Command
from .connection import Connection
from .customers import Customers
from .execution import execute
from .faults import Faults
from .loop import LoopThread
from .port import Port
from .router import Router
from .state import dump, load, write
from .table import Row, Table
from .web import Device, HotspotWeb

_REMEMBERED_COMMANDS = 200_000
_TICK_S = 0.5


class RouterSimulator:
	"""A RouterOS router that speaks the binary API on `host`:`port` while the context is open."""

	def __init__(
		self,
		user: str = "api",
		password: str = "",
		*,
		host: str = "127.0.0.1",
		port: int = 0,
		behaviour: Behaviour | None = None,
		faults: Faults | None = None,
		certificate: Certificate | None = None,
		state: Path | None = None,
		hotspot_port: int | None = None,
	) -> None:
		self._port = Port(host, port)
		self.certificate = certificate
		self.tls = certificate is not None
		self.router = Router(behaviour or Behaviour())
		self.router.on_job = lambda: scripting.run_jobs(self.router)
		self.router.run_now = lambda job: scripting.run_now(self.router, job)
		self.faults = faults or Faults()
		self.customer = Customers(lambda: self.router)
		self.hotspot = HotspotWeb(host, hotspot_port, lambda: self.router, lambda: self.faults)
		self._commands: deque[Command] = deque(maxlen=_REMEMBERED_COMMANDS)
		self._connections: set[Connection] = set()
		self._busy_until = 0.0
		self._is_down = False
		self._loop: LoopThread | None = None
		self._state = state
		files.unpack_first(self.router)
		self._saved_changes: int | None = None
		if state is not None and state.exists():
			load(self.router, state.read_text())
			self._saved_changes = self.router.changes
		self._admit_user(user, password)

	# the router's life

	@property
	def host(self) -> str:
		"""The address of the API."""
		return self._port.host

	@property
	def port(self) -> int:
		"""The port of the API; known once it has started."""
		return self._port.number

	def start(self) -> RouterSimulator:
		"""Opens the port. Raises OSError."""
		self._port.reserve()
		self._loop = LoopThread("routeros-simulator")
		self.router.on_restart = self.disconnect_all
		self._loop.do(self._listen)
		self._loop.do(self._tick)
		self.hotspot.start()
		return self

	def stop(self) -> None:
		"""Closes the ports and all connections; it may be started again, on the same port."""
		self.hotspot.stop()
		if self._loop is not None:
			self._loop.do(self._port.refuse)
			self._loop.do(lambda: self._drop_all(reset=False))
			self._loop.stop()
			self._loop = None
			self._port.release()
		self._save()

	def __enter__(self) -> RouterSimulator:
		return self.start()

	def __exit__(
		self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
	) -> None:
		self.stop()

	def plug_in(self, mac: str | None = None, address: str | None = None, *, https: bool = False) -> Device:
		"""A device joins the Wi-Fi; the hotspot's web pages, as it sees them, are on a port of its own.

		Without `mac` it is a new device. The port also is the device's way to the rest of the world, as a proxy.
		With `https` the pages are encrypted. Raises OSError, LoginRefused.
		"""
		return self.hotspot.plug_in(*self.customer.appear(mac, address), https=https)

	def reboot(self, lose_live: bool = True, down_s: float = 0) -> None:
		"""Restarts: connections drop, sessions end; their usage is lost as on a power cut, or flushed.

		For `down_s` seconds nothing listens on the port.
		"""
		with self.router.lock:
			lifetimes.reboot(self.router, lose_live)
		if down_s and self._loop is not None:
			self._loop.do(lambda: self._go_down(down_s))

	def advance(self, seconds: float) -> None:
		"""Lets time go by for the router and all its sessions; limits of time take effect."""
		with self.router.lock:
			timeline.let_pass(self.router, seconds)

	# what may be changed from outside

	def set_faults(self, **changes: Any) -> None:
		"""Changes some of the faults from now on, for open connections too."""
		before, self.faults = self.faults, replace(self.faults, **changes)
		if self._loop is not None and before.port != self.faults.port:
			self._loop.do(self._listen)

	def behave(self, **changes: Any) -> None:
		"""Changes some of the behaviour from now on."""
		with self.router.lock:
			self.router.become(replace(self.router.behaviour, **changes))
			self._give_policies()

	def disconnect_all(self) -> None:
		"""Resets all API connections."""
		if self._loop is not None:
			self._loop.soon(self._drop_all)

	def run(self, path: str, args: Mapping[str, str] | None = None, **more: str) -> list[Row]:
		"""A command of the operator at the router's own console. Raises Trapped.

		`run("/ip/hotspot/user/set", {".id": "*1"}, mac_address="...")`; what is returned alone comes as `ret`.
		"""
		named = {name.replace("_", "-"): value for name, value in more.items()}
		with self.router.lock:
			answer = execute(self.router, Command(path, {**(args or {}), **named}), frozenset(ALL_POLICIES))
		if answer.later is not None:
			answer = answer.later()
		with self.router.lock:
			return [dict(row) for row in answer.rows] or ([{"ret": answer.ret}] if answer.ret else [])

	def add(self, menu: str, args: Mapping[str, str] | None = None, **more: str) -> str:
		"""A row that the operator makes by hand; its `.id`. Raises Trapped."""
		[answer] = self.run(f"{menu}/add", args, **more)
		return answer["ret"]

	# what may be looked at

	def rows(self, menu: str) -> list[Row]:
		"""All rows of a menu as the operator sees them, passwords included."""
		with self.router.lock:
			return [dict(row) for row in views.rows(self.router, menu)]

	@property
	def commands(self) -> list[Command]:
		"""What arrived over the API, oldest first, login included."""
		return list(self._commands)

	def forget_commands(self) -> None:
		"""Empties the list of commands."""
		self._commands.clear()

	@property
	def connection_count(self) -> int:
		"""Open API connections."""
		return len(self._connections)

	# what connections ask (in the loop's thread)

	def admits(self, connection: Connection, address: str) -> bool:
		"""Whether the API service is open to one more connection from this address."""
		with self.router.lock:
			service = self.router.table("/ip/service").find("api-ssl" if self.tls else "api") or {}
		room = len(self._connections) < int(service.get("max-sessions", "20"))
		if service.get("disabled") == "true" or not room or not _is_within(address, service["address"]):
			return False
		self._connections.add(connection)
		return True

	def left(self, connection: Connection) -> None:
		"""A connection is over."""
		self._connections.discard(connection)

	def received(self, command: Command) -> None:
		"""Notes a command."""
		self._commands.append(command)

	def work(self, begin: float) -> float:
		"""When the one processor is done with a command that came at this time; no time is lost between two."""
		self._busy_until = max(begin, self._busy_until) + self.faults.service_ms / 1000
		return self._busy_until

	# inside

	def _admit_user(self, user: str, password: str) -> None:
		self._give_policies()
		_put(self.router.table("/user"), {"name": user, "group": "api", "password": password})

	def _give_policies(self) -> None:
		policy = ",".join(self.router.behaviour.policies)
		_put(self.router.table("/user/group"), {"name": "api", "policy": policy})

	async def _listen(self) -> None:
		"""Does with the port what the faults ask."""
		if self.faults.refuse_connections or self._is_down:
			self._port.refuse()
		elif self.faults.swallow_connections:
			self._port.swallow()
		else:
			await self._port.open(lambda: Connection(self), self._tls_context())

	def _go_down(self, seconds: float) -> None:
		"""Refuses connections for a while."""
		self._is_down = self.hotspot.is_down = True
		self._port.refuse()
		loop = asyncio.get_running_loop()
		loop.call_later(seconds, lambda: loop.create_task(self._come_up()))

	async def _come_up(self) -> None:
		self._is_down = self.hotspot.is_down = False
		await self._listen()

	def _tls_context(self) -> ssl.SSLContext | None:
		if self.certificate is None or self.faults.never_answer:
			return None
		return self.certificate.server_context()

	def _drop_all(self, reset: bool = True) -> None:
		for connection in list(self._connections):
			connection.drop(reset)

	def _tick(self) -> None:
		"""Limits of time take effect by themselves where the clock runs."""
		if self.router.clock.running:
			with self.router.lock:
				timeline.catch_up(self.router)
		self._save()
		asyncio.get_running_loop().call_later(_TICK_S, self._tick)

	def _save(self) -> None:
		"""Writes the configuration to the state file, if it has changed."""
		if self._state is None or self._saved_changes == self.router.changes:
			return
		with self.router.lock:
			self._saved_changes, text = self.router.changes, dump(self.router)
		write(self._state, text)


def _put(table: Table, row: Row) -> None:
	"""Makes or corrects a row of this name."""
	found = table.find(row["name"])
	if found is None:
		table.insert(row)
	else:
		found.update(row)


def _is_within(address: str, networks: str) -> bool:
	"""Whether `/ip/service address=` allows the address."""
	allowed = [ipaddress.ip_network(part, strict=False) for part in networks.split(",") if part]
	return not allowed or any(ipaddress.ip_address(address) in network for network in allowed)
