"""When to ask Daraja (again) what became of a payment. Callbacks get lost; asking is the way back."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(seconds=10)  # who cancels, or has too little, does so within seconds
GROWTH = 1.5
GIVE_UP_AFTER = timedelta(days=1)


def next_ask(begun: datetime, now: datetime) -> datetime | None:
	"""The first moment after `now` at which to ask; None after a day: then it is left for a person.

	`begun` is when the customer was asked to pay, or the C2B confirmation came in. Asked about after 10 s, then with
	pauses that grow by half each time. How often it was asked in between, because somebody said something of the
	payment, does not move the schedule. Both times of one kind: zone-aware, or all site-local.
	"""
	due, pause = begun + FIRST_PAUSE, FIRST_PAUSE
	while due <= now:
		pause *= GROWTH
		due += pause
	return due if due <= begun + GIVE_UP_AFTER else None
