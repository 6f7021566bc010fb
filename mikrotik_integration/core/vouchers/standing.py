"""What a voucher is, derived from what happened to it. Nothing here is told a status.

All datetimes are naive and site-local, as Frappe stores them. Nobody comes back from Used, Expired or Void by
time or by usage: only by other facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from ..provisioning.desired import Presence

ZERO = timedelta(0)


class Status(str, Enum):
	"""What the form shows. Available: in a pool, not sold. Pending: sold, not used yet."""

	AVAILABLE = "Available"
	PENDING = "Pending"
	ACTIVE = "Active"
	USED = "Used"
	EXPIRED = "Expired"
	VOID = "Void"


_PRESENCE = {
	Status.AVAILABLE: Presence.DISABLED,
	Status.PENDING: Presence.ENABLED,
	Status.ACTIVE: Presence.ENABLED,
	Status.USED: Presence.ABSENT,
	Status.EXPIRED: Presence.ABSENT,
	Status.VOID: Presence.ABSENT,
}


@dataclass(frozen=True)
class Facts:
	"""One voucher. ``use_before``: the moment at which an unused one dies. ``validity`` runs from the first
	login, or from the sale if ``validity_from_sale``. Quotas and validity are 0 for none, ``device_limit`` 0 for any
	number of devices. ``used_*`` is all that was ever counted for it, on whatever router and row.

	Raises ValueError for a voucher that nothing would ever end, and for usage without a first login, from which its
	validity could not be counted.
	"""

	sold_on: datetime | None = None
	voided_on: datetime | None = None
	first_login: datetime | None = None
	use_before: datetime | None = None
	validity: timedelta = ZERO
	validity_from_sale: bool = False
	quota_bytes: int = 0
	quota_seconds: int = 0
	device_limit: int = 1
	used_bytes: int = 0
	used_seconds: int = 0

	def __post_init__(self) -> None:
		numbers = (
			self.quota_bytes,
			self.quota_seconds,
			self.device_limit,
			self.used_bytes,
			self.used_seconds,
		)
		if min(numbers) < 0 or self.validity < ZERO:
			raise ValueError("Quotas, validity, devices and usage of a voucher cannot be negative")
		if not (self.validity or self.quota_bytes or self.quota_seconds):
			raise ValueError(
				"A voucher must end by something: a validity, a time of use or an amount of data"
			)
		if (self.used_bytes or self.used_seconds) and self.first_login is None:
			raise ValueError("A voucher that was used must have a first login")


@dataclass(frozen=True)
class Left:
	"""What is left: bytes and seconds of use, None for any amount, and when it ends by the calendar, None if that is
	not known yet or never. All 0 and None once it has ended."""

	bytes: int | None
	seconds: int | None
	ends_on: datetime | None


class RouterLimits(NamedTuple):
	"""A hotspot user's lifetime caps, 0 for none."""

	bytes_total: int
	uptime_s: int


def status(facts: Facts, now: datetime) -> Status:
	"""What the voucher is at ``now``."""
	if facts.voided_on is not None:
		return Status.VOID
	if is_used_up(facts):
		return Status.USED
	end = ends_on(facts)
	if end is not None and now >= end:
		return Status.EXPIRED
	if facts.sold_on is None:
		return Status.AVAILABLE
	return Status.PENDING if facts.first_login is None else Status.ACTIVE


def presence(facts: Facts, now: datetime) -> Presence:
	"""What the router must hold: a card that was not sold gives nothing, one that has ended leaves no row."""
	return _PRESENCE[status(facts, now)]


def next_change(facts: Facts, now: datetime) -> datetime | None:
	"""The moment at which time alone changes the status; None if it never does."""
	return None if has_ended(facts, now) else ends_on(facts)


def has_ended(facts: Facts, now: datetime) -> bool:
	"""Whether nobody may come in with it ever again."""
	return presence(facts, now) is Presence.ABSENT


def is_unused(facts: Facts) -> bool:
	"""Whether nobody ever logged in with it: what may be returned, and what may be written off."""
	return facts.first_login is None


def is_used_up(facts: Facts) -> bool:
	"""Whether its data or its time of use is spent."""
	return 0 < facts.quota_bytes <= facts.used_bytes or 0 < facts.quota_seconds <= facts.used_seconds


def ends_on(facts: Facts) -> datetime | None:
	"""When it expires, whatever is left; None if that is not known yet, or never. A first login after the date by
	which it had to be used does not count."""
	start = facts.sold_on if facts.validity_from_sale else facts.first_login
	ends = [_later(start, facts.validity)] if start and facts.validity else []
	if facts.use_before and (facts.first_login is None or facts.first_login >= facts.use_before):
		ends.append(facts.use_before)
	return min(ends, default=None)


def left(facts: Facts, now: datetime) -> Left:
	"""What the holder is shown."""
	if has_ended(facts, now):
		return Left(0, 0, None)
	return Left(
		facts.quota_bytes - facts.used_bytes if facts.quota_bytes else None,
		facts.quota_seconds - facts.used_seconds if facts.quota_seconds else None,
		ends_on(facts),
	)


def router_limits(facts: Facts, row_bytes: int = 0, row_seconds: int = 0) -> RouterLimits:
	"""The caps for one row of one router, which has itself counted ``row_*`` so far (ended and live sessions), as the
	same reading saw it that ``used_*`` was counted from.

	They hold while the server is away, and stay the same while this row alone is used. RouterOS may compare them with
	each session by itself as they were at its login, and each router knows only its own: devices that are on at once
	can each spend what was left then, until the next reading. A lower cap therefore ends no session. Where there is no quota of time, uptime is capped
	by what all devices can spend within the validity."""
	return RouterLimits(
		_cap(facts.quota_bytes, facts.used_bytes, row_bytes),
		_cap(_most_seconds(facts), facts.used_seconds, row_seconds),
	)


def _cap(quota: int, used: int, row: int) -> int:
	"""What was used elsewhere, or on a row that was here before, is taken off. Never 0, which would be no limit."""
	if not quota:
		return 0
	return max(1, quota - max(0, used - row))


def _most_seconds(facts: Facts) -> int:
	within_validity = int(facts.validity.total_seconds()) * facts.device_limit
	most = [seconds for seconds in (facts.quota_seconds, within_validity) if seconds]
	return min(most, default=0)


def _later(start: datetime, validity: timedelta) -> datetime:
	try:
		return start + validity
	except OverflowError:
		return datetime.max
