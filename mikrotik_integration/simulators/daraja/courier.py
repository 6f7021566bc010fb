"""Brings callbacks to the merchant, or not: they may be lost, late, doubled, malformed or held back.

Only loopback addresses are ever posted to; others are refused and recorded.
"""

import http.client
import ipaddress
import itertools
import json
import socket
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from urllib.parse import SplitResult, urlsplit

from mikrotik_integration.simulators.daraja.behaviour import Fate
from mikrotik_integration.simulators.daraja.clockwork import Clockwork
from mikrotik_integration.simulators.daraja.ledger import now
from mikrotik_integration.simulators.daraja.shapes import MALFORMATIONS, Json

TIMEOUT_S = 30


class Kind(str, Enum):
	"""What a callback is about."""

	STK = "stk"
	C2B = "c2b"
	STATUS = "status"
	B2C = "b2c"
	BALANCE = "balance"
	TIMEOUT = "timeout"


class Progress(str, Enum):
	"""How far a callback has come."""

	UNDER_WAY = "under way"
	HELD = "held"
	LOST = "lost"
	REFUSED = "refused"  # not a loopback address
	FAILED = "failed"  # nobody answered there
	DELIVERED = "delivered"  # with whatever HTTP status


@dataclass(frozen=True)
class Callback:
	"""A callback and what became of it; `statuses` and `replies` are of each copy that was answered."""

	number: int
	kind: Kind
	url: str
	body: bytes
	at: datetime
	fate: Fate
	progress: Progress = Progress.UNDER_WAY
	statuses: tuple[int, ...] = ()
	replies: tuple[str, ...] = ()
	problem: str = ""


class NotLoopback(Exception):
	"""The address is not on this machine, so nothing is posted there."""


class Courier:
	"""All callbacks, and what happens to those of each kind. For threads."""

	def __init__(self, clockwork: Clockwork, routes: Mapping[str, int]) -> None:
		self._clockwork = clockwork
		self._routes = {host.lower(): port for host, port in routes.items()}
		self._lock = threading.Lock()
		self._numbers = itertools.count(1)
		self._callbacks: dict[int, Callback] = {}
		self._fates: dict[Kind, Fate] = {}
		self._next_fates: dict[Kind, deque[Fate]] = {kind: deque() for kind in Kind}

	def always(self, fate: Fate, *kinds: Kind) -> None:
		"""This fate for all callbacks of these kinds (of every kind, if none is named) from now on."""
		with self._lock:
			self._fates.update(dict.fromkeys(kinds or Kind, fate))

	def next(self, kind: Kind, *fates: Fate) -> None:
		"""These fates for the next callbacks of this kind, one each."""
		with self._lock:
			self._next_fates[kind].extend(fates)

	def send(self, kind: Kind, url: str, body: Json, after_s: float = 0.0) -> Callback:
		"""Under way with the fate that callbacks of its kind have now."""
		return self._dispatch(kind, url, json.dumps(body).encode(), self._draw_fate(kind), after_s)

	def replay(self, number: int, fate: Fate | None = None) -> Callback:
		"""Send that callback once more, safe and sound unless a fate is given."""
		with self._lock:
			known = self._callbacks[number]
		return self._dispatch(known.kind, known.url, known.body, fate or Fate(), 0.0)

	def release(self, backwards: bool = False) -> list[Callback]:
		"""Send what was held, in the order in which it came or backwards, one after the other."""
		with self._lock:
			held = [callback for callback in self._callbacks.values() if callback.progress is Progress.HELD]
			for callback in held:
				self._callbacks[callback.number] = replace(callback, progress=Progress.UNDER_WAY)
		ordered = held[::-1] if backwards else held
		self._clockwork.later(0, lambda: self._deliver_one_by_one(ordered))
		return ordered

	def callbacks(self, *kinds: Kind) -> list[Callback]:
		"""Those of these kinds, or all, in the order in which they were sent."""
		with self._lock:
			return [callback for callback in self._callbacks.values() if not kinds or callback.kind in kinds]

	def clear(self) -> None:
		with self._lock:
			self._callbacks.clear()
			self._fates.clear()
			for fates in self._next_fates.values():
				fates.clear()

	def post(self, url: str, body: bytes) -> tuple[int, bytes]:
		"""HTTP status and reply. Raises NotLoopback, or OSError or HTTPException if nobody answers."""
		target = urlsplit(url)
		address, port = self._address(target)
		connection = http.client.HTTPConnection(address, port, timeout=TIMEOUT_S)
		try:
			connection.request("POST", _path(target), body, _headers(target))
			response = connection.getresponse()
			return response.status, response.read()
		finally:
			connection.close()

	def _draw_fate(self, kind: Kind) -> Fate:
		with self._lock:
			fates = self._next_fates[kind]
			return fates.popleft() if fates else self._fates.get(kind, Fate())

	def _dispatch(self, kind: Kind, url: str, body: bytes, fate: Fate, after_s: float) -> Callback:
		if fate.malformed:
			body = MALFORMATIONS[fate.malformed](body)
		callback = Callback(next(self._numbers), kind, url, body, now(), fate, _first_progress(fate))
		with self._lock:
			self._callbacks[callback.number] = callback
		if callback.progress is Progress.UNDER_WAY:
			for copy in range(fate.copies):
				seconds = after_s + fate.delay_s + copy * fate.apart_s
				self._clockwork.later(seconds, lambda: self._deliver(callback))
		return callback

	def _deliver_one_by_one(self, callbacks: list[Callback]) -> None:
		for callback in callbacks:
			self._deliver(callback)

	def _deliver(self, callback: Callback) -> None:
		try:
			status, reply = self.post(callback.url, callback.body)
		except NotLoopback as error:
			self._note(callback.number, Progress.REFUSED, problem=str(error))
		except (OSError, http.client.HTTPException, ValueError) as error:
			self._note(callback.number, Progress.FAILED, problem=f"{type(error).__name__}: {error}")
		else:
			self._note(callback.number, Progress.DELIVERED, status, reply.decode(errors="replace")[:2000])

	def _note(
		self, number: int, progress: Progress, status: int | None = None, reply: str = "", problem: str = ""
	) -> None:
		with self._lock:
			known = self._callbacks.get(number)
			if known is None:
				return
			answered = () if status is None else (status,)
			self._callbacks[number] = replace(
				known,
				progress=progress,
				statuses=known.statuses + answered,
				replies=(*known.replies, reply) if answered else known.replies,
				problem=problem or known.problem,
			)

	def _address(self, target: SplitResult) -> tuple[str, int]:
		host = (target.hostname or "").lower()
		if host in self._routes:
			return "127.0.0.1", self._routes[host]
		if target.scheme != "http":
			raise NotLoopback(f"only plain HTTP is posted to, not {target.scheme or 'nothing'} ({host})")
		return _loopback_address(host), target.port or 80


def _first_progress(fate: Fate) -> Progress:
	if fate.lost:
		return Progress.LOST
	return Progress.HELD if fate.held else Progress.UNDER_WAY


def _loopback_address(host: str) -> str:
	"""*.localhost is this machine by RFC 6761; other names are looked up."""
	if host == "localhost" or host.endswith(".localhost"):
		return "127.0.0.1"
	try:
		found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
	except OSError:
		found = []
	addresses = [str(entry[4][0]) for entry in found]
	if not addresses or not all(ipaddress.ip_address(address).is_loopback for address in addresses):
		raise NotLoopback(f"{host or 'nothing'} is not on this machine")
	return addresses[0]


def _path(target: SplitResult) -> str:
	return (target.path or "/") + (f"?{target.query}" if target.query else "")


def _headers(target: SplitResult) -> dict[str, str]:
	return {
		"Host": target.netloc.rpartition("@")[2],
		"Content-Type": "application/json",
		"X-Forwarded-Proto": target.scheme,
		"Connection": "close",
	}
