"""/system/scheduler: what runs when.

Manual: https://help.mikrotik.com/docs/spaces/ROS/pages/40992881/Scheduler
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from .job import Job
from .router import Router
from .table import Row
from .values import parse_duration

SCHEDULER, SCRIPTS = "/system/scheduler", "/system/script"
_FOR_EVER_S = 10_000_000_000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
STARTUP = "startup"


def next_event(router: Router) -> tuple[float, Row] | None:
	"""When the scheduler has something to do next, and the row that says what."""
	if "scheduler" in router.behaviour.device_mode_forbids:
		return None
	found = [
		(at, row)
		for row in router.table(SCHEDULER).rows.values()
		if row["disabled"] != "true" and (at := _next_run(router, row)) is not None
	]
	return min(found, key=lambda event: event[0], default=None)


def play(router: Router, at: float, row: Row) -> None:
	"""Does what a row of the scheduler says, at its time."""
	router.scheduler_played = at
	row["run-count"] = str(int(row["run-count"]) + 1)
	script = router.table(SCRIPTS).find(row["on-event"])
	source, policy = (script["source"], script["policy"]) if script else (row["on-event"], row["policy"])
	router.begin(Job(f"from scheduler ({row.get('name', '')})", source, policies=policies(policy)))


def rows(router: Router) -> Iterable[Row]:
	"""/system/scheduler as `print` shows it."""
	for row in router.table(SCHEDULER).rows.values():
		at = None if row["disabled"] == "true" else _next_run(router, row)
		yield row if at is None else {**row, "next-run": _shown(router, router.clock.wall_at(at))}


def policies(text: str) -> frozenset[str]:
	"""What a row's `policy` allows."""
	return frozenset(part for part in text.split(",") if part and not part.startswith("!"))


def _next_run(router: Router, row: Row) -> float | None:
	"""When a row's next event is, in the router's seconds; None if there is none."""
	interval = parse_duration(row["interval"]) or 0
	after = max(router.scheduler_played, router.scheduled_since.get(row[".id"], router.booted))
	start = _start(router, row)
	if start <= after and interval:
		start += interval * (math.floor((after - start) / interval) + 1)
	return start if after < start < _FOR_EVER_S else None


def _start(router: Router, row: Row) -> float:
	if row.get("start-time") == STARTUP:
		return router.booted + 1
	date = parsed_date(row.get("start-date", "")) or router.clock.wall_at(0)
	midnight = date.replace(hour=0, minute=0, second=0, microsecond=0)
	return router.clock.seconds_at(midnight) + (parse_duration(row.get("start-time", "0")) or 0)


def parsed_date(text: str) -> datetime | None:
	"""`2024-02-05` or `feb/05/2024`."""
	month, _, rest = text.lower().partition("/")
	if month in _MONTHS:
		day, _, year = rest.partition("/")
		text = f"{year}-{_MONTHS.index(month) + 1:02d}-{day}"
	try:
		return datetime.strptime(text, "%Y-%m-%d")
	except ValueError:
		return None


def date_text(router: Router, wall: datetime) -> str:
	"""A date as this router writes it."""
	if router.behaviour.at_least("7.10"):
		return f"{wall:%Y-%m-%d}"
	return f"{_MONTHS[wall.month - 1]}/{wall:%d/%Y}"


def _shown(router: Router, wall: datetime) -> str:
	"""A time to come: before 7.10 without the date if it is today, and without the year if it is this one."""
	if router.behaviour.at_least("7.10"):
		return f"{wall:%Y-%m-%d %H:%M:%S}"
	today = router.clock.wall()
	if wall.date() == today.date():
		return f"{wall:%H:%M:%S}"
	day = date_text(router, wall)
	return f"{day if wall.year != today.year else day[:6]} {wall:%H:%M:%S}"
