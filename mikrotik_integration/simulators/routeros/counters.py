"""The counters of hotspot users: where usage goes at the end of a session, and what a power cut takes."""

from __future__ import annotations

from . import hotspot, values
from .router import Router
from .sessions import BYTES_PER_PACKET, Session
from .table import Row

ZERO = {"uptime": "0s", "bytes-in": "0", "bytes-out": "0", "packets-in": "0", "packets-out": "0"}


def of_session(session: Session) -> dict[str, int]:
	"""Bytes and packets; "in" is what comes from the client."""
	return {
		"bytes-in": session.upload,
		"bytes-out": session.download,
		"packets-in": session.upload // BYTES_PER_PACKET,
		"packets-out": session.download // BYTES_PER_PACKET,
	}


def flush(router: Router, session: Session) -> None:
	"""Adds an ended session's usage to its user's counters, if there still is a user of that name."""
	row = hotspot.user_row(router, session.user)
	if row is None:
		return
	_note(router, row)
	seconds = (values.parse_duration(row["uptime"]) or 0) + session.uptime(router.clock.now())
	row["uptime"] = router.duration(seconds)
	for name, amount in of_session(session).items():
		row[name] = str(int(row[name]) + amount)
	router.changes += 1


def reset(router: Router, row: Row) -> None:
	"""Puts a user's counters to zero; sessions under way go on counting."""
	_note(router, row)
	row.update(ZERO)


def lose_unsaved(router: Router) -> None:
	"""Takes back what was counted since the router last saved its counters."""
	_forget_saved(router)
	rows = router.table(hotspot.USERS).rows
	for row_id, before in router.unsaved_counters.items():
		if row_id in rows:
			rows[row_id].update(before)
	router.unsaved_counters.clear()


def _note(router: Router, row: Row) -> None:
	"""Remembers the counters as they were last saved."""
	_forget_saved(router)
	if router.behaviour.counters_saved_every_s:
		router.unsaved_counters.setdefault(row[".id"], {name: row[name] for name in ZERO})


def _forget_saved(router: Router) -> None:
	every = router.behaviour.counters_saved_every_s
	period = router.clock.now() // every if every else 0
	if period != router.counters_period:
		router.unsaved_counters.clear()
		router.counters_period = period
