"""A subscription's life, as a pure function of what happened to it, its plan and the time.

Nothing here is told what the status is: it is derived. What is kept (``Standing``) are facts, and each event
(``step``) changes facts. All datetimes are naive and site-local, as Frappe stores them.

Paid time is a balance: it runs down with the clock, stops while paused, and a payment adds one validity.
A postpaid customer may overdraw by the grace time; what is overdrawn counts when the next payment comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from mikrotik_integration.core.subscriptions.events import (
	Activate,
	DisableCustomer,
	EnableCustomer,
	Event,
	Hold,
	Pause,
	PeriodPaid,
	PeriodReversed,
	Release,
	Renew,
	Resume,
	Terminate,
)
from mikrotik_integration.core.subscriptions.standing import (
	ZERO,
	Standing,
	Terms,
	at_quota,
	clock,
	current_period,
	overdrawn,
	quota,
	rolled,
)

__all__ = [
	"Access",
	"Activate",
	"DisableCustomer",
	"Dunning",
	"EnableCustomer",
	"Event",
	"Hold",
	"NotAllowed",
	"Pause",
	"PeriodPaid",
	"PeriodReversed",
	"Release",
	"Renew",
	"Resume",
	"Standing",
	"Status",
	"Terminate",
	"Terms",
	"access",
	"at_quota",
	"current_period",
	"dunning",
	"next_change",
	"overdrawn",
	"quota",
	"rolled",
	"status",
	"step",
]


class Status(str, Enum):
	"""What the form shows. Derived, never set."""

	DRAFT = "Draft"
	ACTIVE = "Active"
	SUSPENDED = "Suspended"
	EXPIRED = "Expired"


class Access(str, Enum):
	"""What the router must give."""

	NONE = "None"
	FULL = "Full"
	SLOW = "Slow"


class Dunning(str, Enum):
	"""What is due to a postpaid customer. Both are due once for each ``Standing.expiry``."""

	INVOICE = "Invoice"
	REMIND = "Remind"


class NotAllowed(Exception):
	"""The event cannot happen to a subscription in this standing; ``str()`` says why, for the desk."""


def status(standing: Standing, terms: Terms, now: datetime) -> Status:
	"""What the subscription is at ``now``."""
	if standing.terminated_at is not None:
		return Status.EXPIRED
	if standing.expiry is None:
		return Status.DRAFT
	if standing.paused_at is not None or standing.staff_hold or standing.customer_disabled:
		return Status.SUSPENDED
	if now < standing.expiry + terms.grace:
		return Status.ACTIVE
	return Status.SUSPENDED if terms.postpaid else Status.EXPIRED


def access(standing: Standing, terms: Terms, now: datetime) -> Access:
	"""What the router must give at ``now``: nothing unless Active; at the quota as the plan says."""
	if status(standing, terms, now) is not Status.ACTIVE:
		return Access.NONE
	if not at_quota(standing, terms, now):
		return Access.FULL
	return Access.SLOW if terms.slow_at_quota else Access.NONE


def next_change(standing: Standing, terms: Terms, now: datetime) -> datetime | None:
	"""The next moment at which time alone changes status, access or period; None if it never does."""
	if status(standing, terms, now) is not Status.ACTIVE:
		return None
	present = rolled(standing, terms, now)
	if present.expiry is None or present.period_end is None:
		return None
	return min(present.period_end, present.expiry + terms.grace) if now < present.period_end else None


def dunning(
	standing: Standing, terms: Terms, now: datetime, lead: timedelta, remind: timedelta
) -> frozenset[Dunning]:
	"""What a postpaid customer is due by ``now``: the invoice ``lead`` before the end of what is credited and
	ever after, a reminder from ``remind`` before it until service stops."""
	if not terms.postpaid or standing.expiry is None or standing.terminated_at is not None:
		return frozenset()
	moment = clock(standing, now)
	due = set()
	if moment >= standing.expiry - lead:
		due.add(Dunning.INVOICE)
	if standing.expiry - remind <= moment < standing.expiry + terms.grace:
		due.add(Dunning.REMIND)
	return frozenset(due)


def step(standing: Standing, event: Event, terms: Terms, now: datetime) -> Standing:
	"""The standing after ``event`` at ``now``. Raises NotAllowed where the event makes no sense.

	After Terminate what people ask for is refused, and what merely happens (the customer disabled, money
	taken back) changes nothing.
	"""
	if standing.terminated_at is not None:
		return _after_the_end(standing, event)
	try:
		return _within_calendar(_STEPS[type(event)](rolled(standing, terms, now), event, terms, now), terms)
	except OverflowError:
		raise NotAllowed("The end of the period would lie beyond the calendar (year 9999)") from None


def _within_calendar(standing: Standing, terms: Terms) -> Standing:
	"""The same; raises OverflowError if a later question about it would."""
	if standing.expiry is not None:
		standing.expiry + terms.grace + terms.validity
	return standing


def _after_the_end(standing: Standing, event: Event) -> Standing:
	if isinstance(event, PeriodReversed | DisableCustomer | EnableCustomer | Terminate):
		return standing
	raise NotAllowed("The subscription was terminated; make a new one")


def _activate(standing: Standing, event: Activate, terms: Terms, now: datetime) -> Standing:
	if not terms.postpaid:
		raise NotAllowed("A prepaid subscription begins with its first payment")
	if standing.expiry is not None:
		raise NotAllowed("The subscription has begun already")
	return replace(_begin(standing, terms, now, terms.validity), on_credit=True)


def _renew(standing: Standing, event: Renew, terms: Terms, now: datetime) -> Standing:
	if standing.paused_at is not None:
		raise NotAllowed("The subscription is paused; resume it")
	if standing.expiry is not None and now < standing.expiry:
		raise NotAllowed("The present period is not over; the subscription goes on by itself")
	return _period_paid(standing, PeriodPaid(), terms, now)


def _begin(standing: Standing, terms: Terms, now: datetime, granted: timedelta) -> Standing:
	period_end = now + min(granted, terms.validity)
	return replace(standing, start=now, expiry=now + granted, period_start=now, period_end=period_end)


def _period_paid(standing: Standing, event: PeriodPaid, terms: Terms, now: datetime) -> Standing:
	granted = terms.validity if event.granted is None else event.granted
	if granted <= ZERO:
		raise ValueError("A payment grants more than no time")
	if standing.expiry is None or standing.period_end is None:
		return _begin(standing, terms, now, granted)
	earliest = clock(standing, now) - terms.grace
	if standing.expiry < earliest:
		return _begin_again(standing, terms, earliest, granted)
	paid = replace(standing, expiry=standing.expiry + granted)
	paid_up = standing.expiry >= standing.period_end
	if not (paid_up and at_quota(standing, terms, now)):
		return paid
	return replace(
		paid,
		period_end=standing.period_end + granted,
		extra_quotas=standing.extra_quotas + 1,
	)


def _begin_again(standing: Standing, terms: Terms, start: datetime, granted: timedelta) -> Standing:
	"""A new period after a time without service; what was used beyond the paid time counts in it."""
	end = start + granted
	period_end = min(end, start + terms.validity)
	again = replace(standing, expiry=end, period_start=start, period_end=period_end, extra_quotas=0)
	used_unpaid = standing.period_start is not None and standing.period_start >= _expiry(standing)
	return again if used_unpaid else replace(again, used_bytes=0, used_seconds=0)


def _period_reversed(standing: Standing, event: PeriodReversed, terms: Terms, now: datetime) -> Standing:
	if event.granted <= ZERO:
		raise ValueError("A reversal takes back what was granted: more than nothing")
	if standing.expiry is None or standing.period_end is None:
		raise NotAllowed("Nothing was granted yet that could be taken back")
	reversed_ = replace(standing, expiry=standing.expiry - event.granted)
	if not standing.extra_quotas or _expiry(reversed_) >= standing.period_end:
		return reversed_
	return replace(
		reversed_,
		period_end=standing.period_end - event.granted,
		extra_quotas=standing.extra_quotas - 1,
	)


def _pause(standing: Standing, event: Pause, terms: Terms, now: datetime) -> Standing:
	if status(standing, terms, now) is not Status.ACTIVE or now >= _expiry(standing):
		raise NotAllowed("Only an active subscription with time left can be paused")
	return replace(standing, paused_at=now)


def _resume(standing: Standing, event: Resume, terms: Terms, now: datetime) -> Standing:
	if standing.paused_at is None or standing.period_end is None:
		raise NotAllowed("The subscription is not paused")
	stood_still = max(ZERO, now - standing.paused_at)
	return replace(
		standing,
		expiry=_expiry(standing) + stood_still,
		period_end=standing.period_end + stood_still,
		paused_at=None,
	)


def _hold(standing: Standing, event: Hold, terms: Terms, now: datetime) -> Standing:
	return replace(standing, staff_hold=True)


def _release(standing: Standing, event: Release, terms: Terms, now: datetime) -> Standing:
	return replace(standing, staff_hold=False)


def _disable_customer(standing: Standing, event: DisableCustomer, terms: Terms, now: datetime) -> Standing:
	return replace(standing, customer_disabled=True)


def _enable_customer(standing: Standing, event: EnableCustomer, terms: Terms, now: datetime) -> Standing:
	return replace(standing, customer_disabled=False)


def _terminate(standing: Standing, event: Terminate, terms: Terms, now: datetime) -> Standing:
	return replace(standing, terminated_at=now)


_STEPS: dict[type[Event], Callable[[Standing, Any, Terms, datetime], Standing]] = {
	Activate: _activate,
	Renew: _renew,
	PeriodPaid: _period_paid,
	PeriodReversed: _period_reversed,
	Pause: _pause,
	Resume: _resume,
	Hold: _hold,
	Release: _release,
	DisableCustomer: _disable_customer,
	EnableCustomer: _enable_customer,
	Terminate: _terminate,
}


def _expiry(standing: Standing) -> datetime:
	if standing.expiry is None:
		raise NotAllowed("The subscription has not begun yet")
	return standing.expiry
