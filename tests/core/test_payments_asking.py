from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.asking import next_ask

PUSHED = datetime(2026, 1, 31, 23, 59, 30)
DAY = timedelta(days=1)
attempts = st.integers(0, 10**6)


def prompt_asks():
	"""When an asker that is never late asks."""
	now, asks = PUSHED, []
	while (due := next_ask(PUSHED, len(asks), now)) is not None:
		now = due
		asks.append(due)
	return asks


def test_the_first_question_is_asked_a_minute_after_the_push():
	assert next_ask(PUSHED, 0, PUSHED) == PUSHED + timedelta(seconds=60)


def test_the_pauses_grow_and_end_after_a_day():
	asks = [PUSHED, *prompt_asks()]
	pauses = [later - earlier for earlier, later in pairwise(asks)]
	assert pauses == sorted(set(pauses))
	assert PUSHED + DAY / 2 < asks[-1] <= PUSHED + DAY


def test_a_payment_is_asked_after_a_handful_of_times_in_the_first_hour_and_not_hundreds_a_day():
	asks = prompt_asks()
	assert 5 <= sum(ask <= PUSHED + timedelta(hours=1) for ask in asks) <= 12
	assert len(asks) <= 20


@given(attempts, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_never_in_the_past_and_never_later_than_a_day_after_the_push(done, elapsed):
	now = PUSHED + elapsed
	due = next_ask(PUSHED, done, now)
	assert due is None or now <= due <= PUSHED + DAY


@given(st.timedeltas(timedelta(seconds=1), DAY), st.integers(0, 5))
def test_an_asker_that_was_away_asks_at_once(elapsed, done):
	due = next_ask(PUSHED, done, PUSHED + elapsed)
	on_time = next_ask(PUSHED, done, PUSHED)
	assert due == max(on_time, PUSHED + elapsed)


@given(attempts, st.timedeltas(DAY + timedelta(microseconds=1), timedelta(days=400)))
def test_after_a_day_it_is_left_for_a_person(done, elapsed):
	assert next_ask(PUSHED, done, PUSHED + elapsed) is None


def test_a_negative_number_of_attempts_is_a_mistake():
	with pytest.raises(ValueError, match="attempts"):
		next_ask(PUSHED, -1, PUSHED)
