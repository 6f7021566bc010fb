"""The facts of a subscription, its plan's terms, and which period its usage counts in.

All datetimes are naive and site-local, as Frappe stores them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

ZERO = timedelta(0)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Terms:
	"""What the plan says. Quotas are per period, 0 for none; ``grace`` is 0 for a prepaid plan."""

	validity: timedelta
	postpaid: bool = False
	grace: timedelta = ZERO
	quota_bytes: int = 0
	quota_seconds: int = 0
	slow_at_quota: bool = False

	def __post_init__(self) -> None:
		if self.validity <= ZERO:
			raise ValueError("A plan must be valid for some time")
		if self.grace < ZERO or (self.grace and not self.postpaid):
			raise ValueError("Only a postpaid plan can have a grace time, and not a negative one")
		if self.quota_bytes < 0 or self.quota_seconds < 0:
			raise ValueError("A quota cannot be negative")


@dataclass(frozen=True)
class Standing:
	"""The facts of one subscription. ``Standing()`` is a draft.

	``expiry`` is the end of all that is paid for (postpaid: credited). ``period_start`` and ``period_end``
	bound the period whose usage ``used_bytes`` and ``used_seconds`` count; after an early renewal it ends
	before ``expiry``. ``extra_quotas`` are quotas bought for this period by paying when its quota was used
	up: period and quota then grow by one each, so that the customer is back at once and loses no time.
	``on_credit``: it began without payment, so the last period up to ``expiry`` is not paid for.
	"""

	start: datetime | None = None
	expiry: datetime | None = None
	period_start: datetime | None = None
	period_end: datetime | None = None
	extra_quotas: int = 0
	used_bytes: int = 0
	used_seconds: int = 0
	paused_at: datetime | None = None
	staff_hold: bool = False
	customer_disabled: bool = False
	on_credit: bool = False
	terminated_at: datetime | None = None


def at_quota(standing: Standing, terms: Terms, now: datetime) -> bool:
	"""Whether the quota of the period at ``now`` is used up."""
	present = rolled(standing, terms, now)
	quota_bytes, quota_seconds = quota(present, terms)
	return bool(
		(terms.quota_bytes and present.used_bytes >= quota_bytes)
		or (terms.quota_seconds and present.used_seconds >= quota_seconds)
	)


def quota(standing: Standing, terms: Terms) -> tuple[int, int]:
	"""Bytes and seconds of the standing's period, bought quotas included; 0 for none. A period that is shorter than
	the plan's, because less was paid, has its share."""
	quotas = 1 + standing.extra_quotas
	if standing.period_start is None or standing.period_end is None:
		return terms.quota_bytes * quotas, terms.quota_seconds * quotas
	length = min(standing.period_end - standing.period_start, terms.validity * quotas)
	share = Fraction(round(length / SECOND), max(1, round(terms.validity / SECOND)))
	return int(terms.quota_bytes * share), int(terms.quota_seconds * share)


def current_period(standing: Standing, terms: Terms, now: datetime) -> tuple[datetime, datetime] | None:
	"""Start and end of the period whose usage counts at ``now``; None for a draft.

	The last period of a prepaid subscription stays current after its end. A postpaid one goes on into the
	next, which the grace time is part of.
	"""
	present = rolled(standing, terms, now)
	if present.period_start is None or present.period_end is None:
		return None
	return present.period_start, present.period_end


def rolled(standing: Standing, terms: Terms, now: datetime) -> Standing:
	"""The standing with its usage begun anew if a new period has begun by ``now``; else the same facts."""
	present = _with_bounds(standing, terms)
	if present.expiry is None or present.period_end is None:
		return present
	moment = min(clock(present, now), present.expiry + terms.grace - datetime.resolution)
	if moment < present.period_end:
		return present
	on_credit = present.period_end <= present.expiry <= moment
	origin = present.expiry if on_credit else present.period_end
	start = origin + (moment - origin) // terms.validity * terms.validity
	end = start + terms.validity
	if start < present.expiry:
		end = min(end, present.expiry)
	return replace(present, period_start=start, period_end=end, extra_quotas=0, used_bytes=0, used_seconds=0)


def overdrawn(standing: Standing, terms: Terms, now: datetime) -> timedelta:
	"""How long ago everything ended that is paid or may be owed: nothing while there still is some of it.

	What a reversal adds to it is time that was used and is not paid any more.
	"""
	if standing.expiry is None:
		return ZERO
	return max(ZERO, clock(standing, now) - standing.expiry - terms.grace)


def clock(standing: Standing, now: datetime) -> datetime:
	"""The time on the subscription's own clock, which stands still while it is paused."""
	return now if standing.paused_at is None else min(now, standing.paused_at)


def _with_bounds(standing: Standing, terms: Terms) -> Standing:
	"""Fills in the period's bounds where only start and expiry are known, as in imported subscriptions."""
	if standing.expiry is None or (standing.period_start and standing.period_end):
		return standing
	start = standing.period_start or standing.start or standing.expiry - terms.validity
	end = standing.period_end or min(start + terms.validity, standing.expiry)
	return replace(standing, period_start=start, period_end=end)
