"""Counters that fall, are flushed and are lost, turned into what moved since the last reading. Pure.

A hotspot user's row holds the usage of its ended sessions; while somebody is on, that session's bytes are
elsewhere. When it ends the router adds them to the row, where they must not be counted again; a power cut
loses them instead. No byte is ever counted twice; what cannot be known for sure is left out. So nothing is counted
from a row that was set back: it was reset, or a backup of the router was restored and it shows old bytes again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .sessions import SessionReading
from .snapshot import AccountReading

Counts = tuple[int, int, int]  # bytes in, bytes out, seconds
_NONE: Counts = (0, 0, 0)
# An exabyte, and 31 years: nobody's.
MOST_BYTES, MOST_SECONDS = 10**18, 10**9


@dataclass(frozen=True)
class Seen:
	"""What was last seen of a session."""

	counts: Counts
	login: str = ""


@dataclass(frozen=True)
class CounterState:
	"""What the last reading showed of an account. `owed`: bytes of sessions that had ended by then, counted
	already, that may yet appear in the row (its reading came first)."""

	row: Counts = _NONE
	row_id: str = ""
	sessions: Mapping[str, Seen] = field(default_factory=dict)
	owed: Counts = _NONE

	def to_json(self) -> str:
		"""Text that is the same whenever the state is."""
		sessions = {key: [*seen.counts, seen.login] for key, seen in self.sessions.items()}
		values = {"row": self.row, "row_id": self.row_id, "sessions": sessions, "owed": self.owed}
		return json.dumps(values, sort_keys=True, separators=(",", ":"))

	def total(self) -> tuple[int, int]:
		"""Bytes and seconds that this row has counted so far, those of its live sessions included; at most as much as
		leaves room for a limit above it."""
		bytes_in, bytes_out, seconds = _sum((self.row, *(seen.counts for seen in self.sessions.values())))
		return min(bytes_in + bytes_out, MOST_BYTES), min(seconds, MOST_SECONDS)

	@classmethod
	def from_json(cls, text: str) -> CounterState:
		values = json.loads(text)
		sessions = {key: Seen(_counts(seen[:3]), str(seen[3])) for key, seen in values["sessions"].items()}
		return cls(_counts(values["row"]), str(values["row_id"]), sessions, _counts(values["owed"]))


@dataclass(frozen=True)
class Delta:
	"""What moved between two readings; never negative. bytes_in is the customer's upload."""

	bytes_in: int
	bytes_out: int
	seconds: int


def advance(previous: CounterState | None, reading: AccountReading) -> tuple[CounterState, Delta]:
	"""What to remember of this reading, and what moved since `previous`; all that is there for None."""
	before = previous or CounterState()
	row: Counts = (reading.row_bytes_in, reading.row_bytes_out, reading.row_uptime_s)
	row_id = reading.row_id
	if not reading.is_counted:
		row, row_id = before.row, before.row_id
	is_same_row = before.row_id in ("", row_id)
	was_set_back = is_same_row and _fell(before.row, row)
	sessions = _seen(before, reading.sessions)
	ended = _sum(seen.counts for key, seen in before.sessions.items() if _has_ended(key, seen, sessions))
	flushed = _sum((ended, before.owed))
	# a row that was set back shows old bytes, or those of sessions that ended, which were counted already
	fresh_in_row = _least(row, flushed) if was_set_back else _above(row, before.row) if is_same_row else row
	moved = _sum(_growth(before.sessions.get(key), seen) for key, seen in sessions.items())
	counted = _sum((_above(fresh_in_row, flushed), moved))
	# What the row did not show this time, because it could not be read, it may yet show.
	most_owed = ended if reading.is_counted else flushed
	not_shown = _above(flushed, fresh_in_row)
	owed = _counts(min(left, most) for left, most in zip(not_shown, most_owed, strict=True))
	return CounterState(row, row_id, sessions, owed), Delta(*counted)


def _seen(before: CounterState, sessions: Iterable[SessionReading]) -> dict[str, Seen]:
	"""The sessions there are now. If the bytes of one were not to be had, whatever was known is kept."""
	sessions = list(sessions)
	seen = {} if all(session.is_counted for session in sessions) else dict(before.sessions)
	for session in sessions:
		if session.is_counted:
			seen[session.key] = _seen_one(before.sessions.get(session.key), session)
	return seen


def _seen_one(before: Seen | None, session: SessionReading) -> Seen:
	now = (session.bytes_in, session.bytes_out, session.uptime_s)
	if before and not session.is_sure and not _fell(before.counts[:2], now[:2]):
		# Which of the user's sessions this uptime belongs to is not known: it is no sign of a new one.
		return Seen((now[0], now[1], max(now[2], before.counts[2])))
	return Seen(now, session.login)


def _has_ended(key: str, before: Seen, sessions: Mapping[str, Seen]) -> bool:
	return key not in sessions or _is_another(before, sessions[key])


def _is_another(before: Seen, now: Seen) -> bool:
	"""Counters of one session never fall, and its login stays."""
	other_login = bool(before.login and now.login) and before.login != now.login
	return other_login or _fell(before.counts, now.counts)


def _growth(before: Seen | None, now: Seen) -> Counts:
	if before is None or _is_another(before, now):
		return now.counts
	return _above(now.counts, before.counts)


def _fell(before: Iterable[int], now: Iterable[int]) -> bool:
	return any(new < old for old, new in zip(before, now, strict=True))


def _least(amounts: Counts, most: Counts) -> Counts:
	return _counts(min(amount, limit) for amount, limit in zip(amounts, most, strict=True))


def _above(amounts: Counts, parts: Counts) -> Counts:
	return _counts(max(0, amount - part) for amount, part in zip(amounts, parts, strict=True))


def _sum(parts: Iterable[Counts]) -> Counts:
	total = _NONE
	for part in parts:
		total = (total[0] + part[0], total[1] + part[1], total[2] + part[2])
	return total


def _counts(values: Iterable[int]) -> Counts:
	bytes_in, bytes_out, seconds = (int(value) for value in values)
	return bytes_in, bytes_out, seconds
