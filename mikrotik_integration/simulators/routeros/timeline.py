"""Time goes by: limits take effect, and the scheduler's events come in their order."""

from __future__ import annotations

from . import lifetimes, scheduler
from .router import Router

_MOST_EVENTS = 20_000
"""So many events are played at a time; what was due after them is left out, and the log says so."""


def let_pass(router: Router, seconds: float) -> None:
	"""Lets time go by at once, stopping at each event of the scheduler."""
	end = router.clock.now() + seconds
	_play_until(router, end)
	router.clock.push(max(end - router.clock.now(), 0))
	lifetimes.enforce_all(router)


def catch_up(router: Router) -> None:
	"""Does what has become due by itself."""
	_play_until(router, router.clock.now())
	lifetimes.enforce_all(router)


def _play_until(router: Router, end: float) -> None:
	for _ in range(_MOST_EVENTS):
		event = scheduler.next_event(router)
		if event is None or event[0] > end:
			break
		router.clock.push(max(event[0] - router.clock.now(), 0))
		lifetimes.enforce_all(router)
		scheduler.play(router, *event)
	else:
		router.log("system,error", f"scheduler: only {_MOST_EVENTS} events were played")
	router.scheduler_played = end
