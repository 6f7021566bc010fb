"""A port for shells and other processes: customers, faults and time by lines of JSON.

{"do": "login", "user": "ann", "password": "pw"}  ->  {"ok": true, "session": 1, "mac": ..., "address": ...}
{"do": "move", "session": 1, "download": 1000000} ->  {"ok": true, "upload": 0, "download": 1000000, ...}
{"do": "faults", "latency_ms": 50}                ->  {"ok": true, "latency_ms": 50, ...}
"""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from .customers import CustomerSession
from .errors import LoginRefused, SessionEnded, Trapped
from .server import RouterSimulator

Order = dict[str, Any]


class ControlRefused(Exception):
	"""The simulator could not do what it was told."""


class ControlPort:
	"""Serves orders on 127.0.0.1 while the context is open."""

	def __init__(self, simulator: RouterSimulator, port: int = 0) -> None:
		orders = Orders(simulator)

		class Handler(socketserver.StreamRequestHandler):
			def handle(self) -> None:
				for line in self.rfile:
					self.wfile.write(json.dumps(orders.obey(line)).encode() + b"\n")

		self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler)
		self._server.daemon_threads = True
		self.port: int = self._server.server_address[1]

	def __enter__(self) -> ControlPort:
		threading.Thread(target=self._server.serve_forever, daemon=True, args=(0.05,)).start()
		return self

	def __exit__(self, *_: object) -> None:
		self._server.shutdown()
		self._server.server_close()


class Orders:
	"""What may be ordered, by name."""

	def __init__(self, simulator: RouterSimulator) -> None:
		self._simulator = simulator
		self._table: dict[str, Callable[..., Order]] = {
			"login": self._login,
			"login_by_radius": self._login_by_radius,
			"come_back": self._come_back,
			"appear": self._appear,
			"plug_in": self._plug_in,
			"unplug": self._unplug,
			"move": self._move,
			"hang_up": self._hang_up,
			"sessions": self._sessions,
			"faults": self._faults,
			"behave": self._behave,
			"advance": self._advance,
			"reboot": self._reboot,
			"disconnect": self._disconnect,
			"rows": self._rows,
			"run": self._run,
			"commands": self._commands,
		}

	def obey(self, line: bytes) -> Order:
		"""Does what a line of JSON says; the answer, with `ok` and perhaps `error`."""
		try:
			order = json.loads(line)
			act = self._table[order.pop("do")]
			return {"ok": True, **act(**order)}
		except (LoginRefused, SessionEnded, Trapped, ControlRefused, OSError) as refused:
			return {"ok": False, "error": str(refused)}
		except (ValueError, KeyError, TypeError, AttributeError) as wrong:
			return {"ok": False, "error": f"no such order: {wrong}"}

	def _login(self, user: str, password: str = "", **more: str) -> Order:
		return _described(self._simulator.customer.login(user, password, **more))

	def _login_by_radius(self, user: str, **more: str) -> Order:
		return _described(self._simulator.customer.login_by_radius(user, **more))

	def _come_back(self, mac: str, address: str | None = None) -> Order:
		return _described(self._simulator.customer.come_back(mac, address))

	def _appear(self, mac: str | None = None, address: str | None = None) -> Order:
		found, at = self._simulator.customer.appear(mac, address)
		return {"mac": found, "address": at}

	def _plug_in(self, mac: str | None = None, address: str | None = None, https: bool = False) -> Order:
		return asdict(self._simulator.plug_in(mac, address, https=https))

	def _unplug(self, mac: str) -> Order:
		self._simulator.hotspot.unplug(mac)
		return {}

	def _move(self, session: int, upload: int = 0, download: int = 0, seconds: float = 0) -> Order:
		found = self._find(session)
		moved = found.move(int(upload), int(download), float(seconds))
		return {**moved._asdict(), "ended": found.ended}

	def _hang_up(self, session: int) -> Order:
		self._find(session).hang_up()
		return {}

	def _sessions(self, user: str | None = None) -> Order:
		return {"sessions": [_described(session) for session in self._simulator.customer.sessions(user)]}

	def _faults(self, **changes: Any) -> Order:
		self._simulator.set_faults(**changes)
		return asdict(self._simulator.faults)

	def _behave(self, **changes: Any) -> Order:
		self._simulator.behave(**changes)
		return asdict(self._simulator.router.behaviour)

	def _advance(self, seconds: float) -> Order:
		self._simulator.advance(float(seconds))
		return {}

	def _reboot(self, lose_live: bool = True, down_s: float = 0) -> Order:
		self._simulator.reboot(lose_live, float(down_s))
		return {}

	def _disconnect(self) -> Order:
		self._simulator.disconnect_all()
		return {}

	def _rows(self, menu: str) -> Order:
		return {"rows": self._simulator.rows(menu)}

	def _run(self, path: str, args: dict[str, str] | None = None) -> Order:
		return {"rows": self._simulator.run(path, args)}

	def _commands(self) -> Order:
		return {"commands": [command.path for command in self._simulator.commands]}

	def _find(self, number: int) -> CustomerSession:
		live = self._simulator.customer.sessions()
		found = next((session for session in live if session.number == int(number)), None)
		if found is None:
			raise ControlRefused(f"session {number} is over")
		return found


class Control:
	"""The other end: gives orders to a simulator in another process."""

	def __init__(self, port: int, host: str = "127.0.0.1") -> None:
		self._socket = socket.create_connection((host, port), timeout=30)
		self._answers = self._socket.makefile("rb")

	def do(self, order: str, **details: Any) -> Order:
		"""The answer to an order. Raises ControlRefused."""
		self._socket.sendall(json.dumps({"do": order, **details}).encode() + b"\n")
		answer: Order = json.loads(self._answers.readline())
		if not answer.pop("ok"):
			raise ControlRefused(answer["error"])
		return answer

	def close(self) -> None:
		"""Hangs up; the simulator goes on."""
		self._answers.close()
		self._socket.close()

	def __enter__(self) -> Control:
		return self

	def __exit__(self, *_: object) -> None:
		self.close()


def _described(session: CustomerSession) -> Order:
	used = session.usage._asdict()
	return {
		"session": session.number,
		"service": session.service,
		"user": session.user,
		"mac": session.mac,
		"address": session.address,
		**used,
	}
