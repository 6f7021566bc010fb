from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.asking import next_ask

PUSHED = datetime(2026, 1, 31, 23, 59, 30)
DAY = timedelta(days=1)


def prompt_asks():
	"""When an asker that is never late asks."""
	now, asks = PUSHED, []
	while (due := next_ask(PUSHED, now)) is not None:
		now = due
		asks.append(due)
	return asks


def test_a_prompt_that_was_cancelled_or_not_funded_is_asked_about_within_seconds():
	waited = [(ask - PUSHED).total_seconds() for ask in prompt_asks()[:4]]
	assert waited == [10, 25, 47.5, 81.25]


def test_the_pauses_grow_and_end_after_a_day():
	asks = [PUSHED, *prompt_asks()]
	pauses = [later - earlier for earlier, later in pairwise(asks)]
	assert pauses == sorted(set(pauses))
	assert PUSHED + DAY / 2 < asks[-1] <= PUSHED + DAY


def test_a_payment_is_asked_after_a_handful_of_times_in_the_first_hour_and_not_hundreds_a_day():
	asks = prompt_asks()
	assert 5 <= sum(ask <= PUSHED + timedelta(hours=1) for ask in asks) <= 12
	assert len(asks) <= 20


@given(st.timedeltas(timedelta(0), timedelta(days=3)))
def test_always_later_and_never_later_than_a_day_after_the_push(elapsed):
	now = PUSHED + elapsed
	due = next_ask(PUSHED, now)
	assert due is None or now < due <= PUSHED + DAY


@given(st.lists(st.timedeltas(timedelta(0), DAY), min_size=1))
def test_questions_in_between_do_not_move_the_schedule(questions):
	"""Whoever sends callbacks without end does not make a payment be given up, or asked about later."""
	scheduled = set(prompt_asks())
	for elapsed in questions:
		assert next_ask(PUSHED, PUSHED + elapsed) in scheduled | {None}
	assert next_ask(PUSHED, PUSHED + timedelta(seconds=1)) == PUSHED + timedelta(seconds=10)


@given(st.timedeltas(DAY, timedelta(days=400)))
def test_after_a_day_it_is_left_for_a_person(elapsed):
	assert next_ask(PUSHED, PUSHED + elapsed) is None
