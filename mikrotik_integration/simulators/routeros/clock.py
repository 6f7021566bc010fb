"""The router's time."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone


class Clock:
	"""Seconds since the simulator began; run by themselves, or only when pushed."""

	def __init__(self, running: bool) -> None:
		self.running = running
		self._pushed = 0.0
		self._started = time.monotonic()
		self._wall = datetime.now(timezone.utc).replace(tzinfo=None)

	def now(self) -> float:
		"""Seconds since the simulator began."""
		return self._pushed + (time.monotonic() - self._started if self.running else 0)

	def push(self, seconds: float) -> None:
		"""Lets so much time go by at once."""
		self._pushed += seconds

	def wall(self) -> datetime:
		"""What the router believes the time to be (UTC)."""
		return self.wall_at(self.now())

	def wall_at(self, seconds: float) -> datetime:
		"""The time of day at so many seconds since the simulator began."""
		return self._wall + timedelta(seconds=seconds)

	def seconds_at(self, wall: datetime) -> float:
		"""The seconds since the simulator began, at this time of day."""
		return (wall - self._wall).total_seconds()
