"""When to ask Daraja (again) what became of a payment. Callbacks get lost; asking is the way back."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=60)  # the prompt lives about a minute
GROWTH = 1.5
GIVE_UP_AFTER = timedelta(days=1)


def next_ask(first_asked_at: datetime, attempts: int, now: datetime) -> datetime | None:
	"""When to ask next, never before `now`; None after a day: then it is left for a person.

	`first_asked_at` is when the customer was asked to pay (or the C2B confirmation came in), `attempts`
	how often Daraja was asked since. All times of one kind: zone-aware, or all site-local.
	"""
	due = first_asked_at + _offset(attempts)
	give_up = first_asked_at + GIVE_UP_AFTER
	if max(due, now) > give_up:
		return None
	return max(due, now)


def _offset(attempts: int) -> timedelta:
	"""After 60 s, then pauses that grow by half each time; the sum of that geometric series."""
	if attempts < 0:
		raise ValueError("attempts cannot be negative")
	pauses = min(attempts, 30) + 1  # thirty pauses are months, far more than any payment is asked after
	return FIRST_PAUSE * ((GROWTH**pauses - 1) / (GROWTH - 1))
