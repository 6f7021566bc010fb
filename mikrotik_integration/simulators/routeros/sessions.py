"""Customers that are online, and what they have used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from .table import Row

HOTSPOT = "hotspot"
BYTES_PER_PACKET = 1000


@dataclass(eq=False)
class Session:
	"""One device online. The profile and the limits are those of the moment of login."""

	service: str
	user: str
	mac: str
	address: str
	started: float
	number: int
	profile: Row
	label: str = ""
	"""Name of the dynamic interface or queue: `<pppoe-ann>`."""
	login_by: str = ""
	server: str = ""
	limits: Row = field(default_factory=dict)
	password: str = field(default="", repr=False)
	is_radius: bool = False
	upload: int = 0
	download: int = 0
	extra_s: float = 0
	"""Seconds that went by for this session alone."""
	busy_until_s: float = 0
	"""How long it had been online when bytes last went by."""
	ended: str | None = None
	"""Why it is over."""

	def uptime(self, now: float) -> float:
		"""Seconds online."""
		return self.extra_s + now - self.started

	def idle_s(self, now: float) -> float:
		"""Seconds since bytes last went by."""
		return max(self.uptime(now) - self.busy_until_s, 0)

	def note_traffic(self, now: float) -> None:
		"""Bytes go by now."""
		self.busy_until_s = self.uptime(now)

	@property
	def row_id(self) -> str:
		"""Hotspot: the address in hex, as the router does; ppp: a number."""
		if self.service != HOTSPOT:
			return f"*{0x80000000 + self.number:X}"
		return "*" + "".join(f"{int(part):02X}" for part in self.address.split(".")).lstrip("0")


class Sessions:
	"""All sessions of a router, to be found by `.id`, user and address."""

	def __init__(self, last_number: int = 0) -> None:
		self._by_id: dict[str, Session] = {}
		self._by_user: defaultdict[tuple[str, bool], dict[str, Session]] = defaultdict(dict)
		self.addresses: dict[str, Session] = {}
		self._labels: set[str] = set()
		self._number = last_number

	def __iter__(self) -> Iterator[Session]:
		return iter(list(self._by_id.values()))

	def next_number(self) -> int:
		"""A number that no session had."""
		self._number += 1
		return self._number

	def label(self, service: str, user: str) -> str:
		"""A free name for the dynamic interface or queue: `<pppoe-ann>`, `<pppoe-ann-1>`, ..."""
		name, count = f"<{service}-{user}>", 0
		while name in self._labels:
			count += 1
			name = f"<{service}-{user}-{count}>"
		return name

	def add(self, session: Session) -> None:
		"""Puts a session on line."""
		self._by_id[session.row_id] = session
		self._by_user[session.user, session.service == HOTSPOT][session.row_id] = session
		self.addresses[session.address] = session
		self._labels.add(session.label)

	def discard(self, session: Session) -> None:
		"""Takes a session off line."""
		del self._by_id[session.row_id]
		del self._by_user[session.user, session.service == HOTSPOT][session.row_id]
		self.addresses.pop(session.address, None)
		self._labels.discard(session.label)

	def get(self, row_id: str) -> Session | None:
		"""The session with this `.id` in its menu."""
		return self._by_id.get(row_id)

	def of_hotspot_user(self, user: str) -> list[Session]:
		"""The hotspot sessions under this name."""
		return list(self._by_user[user, True].values())

	def of_ppp_user(self, user: str) -> list[Session]:
		"""The ppp sessions under this name, of whatever service."""
		return list(self._by_user[user, False].values())

	def hotspot(self) -> list[Session]:
		"""All hotspot sessions."""
		return [session for session in self._by_id.values() if session.service == HOTSPOT]

	def ppp(self) -> list[Session]:
		"""All ppp sessions."""
		return [session for session in self._by_id.values() if session.service != HOTSPOT]
