"""The router's memory, and what the parts of it share."""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Collection
from functools import lru_cache
from itertools import count
from typing import Any

from . import values
from .behaviour import Behaviour, Numbering
from .clock import Clock
from .errors import LoginRefused
from .job import Job
from .kinds import Reference
from .menu import Column, Menu
from .menus import DECLARED
from .schema import Schema
from .sessions import Sessions
from .table import Row, Table

LOG_LINES = 1000
_SYSTEM_ID_BYTES = 8


class Router:
	"""All menus and sessions. Whoever calls holds the lock."""

	def __init__(self, behaviour: Behaviour) -> None:
		self.lock = threading.RLock()
		self.behaviour = behaviour
		self.clock = Clock(behaviour.running_clock)
		self.schema = Schema(behaviour.missing_menus, behaviour.version_number)
		self.sessions = Sessions()
		self.hosts: dict[str, str] = {}
		"""Address of each device seen by the hotspot, by MAC."""
		self.absent: dict[str, float] = {}
		"""Since when a device is out of reach, by MAC."""
		self.cookie_ends: dict[tuple[str, str], float] = {}
		"""When the cookie of a device ends, by MAC and kind."""
		self.browser_secrets: dict[str, str] = {}
		"""What the browser of a device has to send, by MAC."""
		self.unsaved_counters: dict[str, Row] = {}
		"""Counters of hotspot users as last saved, by `.id`, where they have changed since."""
		self.counters_period = 0.0
		self.written_files: dict[str, float] = {}
		"""When each file was written last, by its name."""
		self.login_numbers = count(1)
		self.api_logins: dict[int, Row] = {}
		self.booted = 0.0
		self.changes = 0
		"""Grows with each change of configuration."""
		self.on_restart: Callable[[], None] = _nothing
		self.jobs: deque[Job] = deque()
		"""Scripts that are to run next."""
		self.runs_jobs = False
		self.on_job: Callable[[], None] = _nothing
		self.run_now: Callable[[Job], None] = _nothing_of
		"""Runs a script inside of what goes on. Raises Trapped."""
		self.script_globals: dict[str, Any] = {}
		"""The global variables of scripts."""
		self.scheduler_played = 0.0
		"""Up to when the scheduler's events have been."""
		self.scheduled_since: dict[str, float] = {}
		"""When each row of the scheduler was made, by `.id`."""
		self._pool_turn: defaultdict[str, int] = defaultdict(lambda: -1)
		self._tables: dict[str, Table] = {}
		self.table("/system/identity").only()["name"] = behaviour.identity
		self.table("/system/license").only()["system-id"] = secrets.token_hex(_SYSTEM_ID_BYTES).upper()

	def become(self, behaviour: Behaviour) -> None:
		"""Takes on another character."""
		self.behaviour = behaviour
		self.schema = Schema(behaviour.missing_menus, behaviour.version_number)

	def table(self, path: str) -> Table:
		"""The rows of a menu."""
		if path not in self._tables:
			self._tables[path] = Table(DECLARED.get(path) or self._undeclared(path), self)
		return self._tables[path]

	def tables(self) -> list[Table]:
		"""The rows of all menus that were ever used."""
		return list(self._tables.values())

	def names_in(self, menu: str) -> Collection[str]:
		"""The names of a menu's rows."""
		return [row["name"] for row in self.table(menu).rows.values() if "name" in row]

	def renamed(self, menu: str, old: str, new: str) -> None:
		"""Lets the rows that refer to a row of the menu follow its new name."""
		for path, column in _referrers(menu):
			for row in self.table(path).rows.values():
				if row.get(column) == old:
					row[column] = new

	def log(self, topics: str, message: str) -> None:
		"""Writes to the router's log."""
		table = self.table("/log")
		table.insert({"time": f"{self.clock.wall():%Y-%m-%d %H:%M:%S}", "topics": topics, "message": message})
		if len(table.rows) > LOG_LINES:
			del table.rows[next(iter(table.rows))]

	def begin(self, job: Job) -> None:
		"""Runs a script: now, or after the one that runs."""
		if job.source:
			self.jobs.append(job)
			self.on_job()

	def duration(self, seconds: float) -> str:
		"""A length of time as this router writes it."""
		return values.format_duration(seconds, self.behaviour.clock_durations)

	def free_address(self, pool: str) -> str:
		"""An address of the pool (or of the pools after it) that no session has. Raises LoginRefused."""
		while row := self.table("/ip/pool").find(pool):
			addresses = _addresses(row.get("ranges", ""))
			for _ in addresses:
				self._pool_turn[pool] = turn = (self._pool_turn[pool] + 1) % len(addresses)
				if addresses[turn] not in self.sessions.addresses:
					return addresses[turn]
			pool = row.get("next-pool", "none")
		raise LoginRefused("cannot assign ip address - no more free addresses from pool")

	def forget_live(self) -> None:
		"""What a restart does to all that is not configuration."""
		self.sessions = Sessions(self.sessions.next_number())
		self.hosts.clear()
		self.booted = self.scheduler_played = self.clock.now()
		self.script_globals.clear()
		self.scheduled_since.clear()
		for row in self.table("/system/scheduler").rows.values():
			row["run-count"] = "0"
		for table in self.tables():
			if not table.menu.saved:
				table.clear()
			elif self.behaviour.reboot_numbering is Numbering.NEW:
				table.renumber()
		self.on_restart()

	def _undeclared(self, path: str) -> Menu:
		"""A menu of the argument tree whose columns are not described: it keeps texts."""
		named = self.schema.takes(path, "add") | self.schema.takes(path, "set")
		columns = (Column("disabled", default="false"),) if "disabled" in named else ()
		return Menu(path, columns, single=not self.schema.takes(path, "find"))


def _nothing() -> None:
	"""Nobody has to know."""


def _nothing_of(job: Job) -> None:
	"""Scripts are left alone."""


@lru_cache
def _addresses(ranges: str) -> tuple[str, ...]:
	return tuple(values.expand_ranges(ranges))


@lru_cache
def _referrers(menu: str) -> tuple[tuple[str, str], ...]:
	"""The columns that hold names of the menu's rows."""
	return tuple(
		(declared.path, column.name)
		for declared in DECLARED.values()
		for column in declared.columns
		if isinstance(column.kind, Reference) and column.kind.menu == menu
	)
