"""What a subscription promises, by example and for any sequence of events."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.subscriptions.lifecycle import (
	Access,
	Activate,
	DisableCustomer,
	Dunning,
	EnableCustomer,
	Event,
	Hold,
	NotAllowed,
	Pause,
	PeriodPaid,
	PeriodReversed,
	Release,
	Resume,
	Standing,
	Status,
	Terminate,
	Terms,
	access,
	at_quota,
	current_period,
	dunning,
	next_change,
	overdrawn,
	rolled,
	status,
	step,
)

NOON = datetime(2025, 1, 31, 12, 0)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ZERO = timedelta(0)
MONTHLY = Terms(validity=30 * DAY)
MONTHLY_10GB = Terms(validity=30 * DAY, quota_bytes=10**10)
POSTPAID = Terms(validity=30 * DAY, postpaid=True, grace=3 * DAY)


def paid(terms: Terms = MONTHLY, at: datetime = NOON, times: int = 1) -> Standing:
	standing = Standing()
	for _ in range(times):
		standing = step(standing, PeriodPaid(), terms, at)
	return standing


def credited(terms: Terms = POSTPAID, at: datetime = NOON) -> Standing:
	return step(Standing(), Activate(), terms, at)


# --- strategies: any plan, any history that could have happened ---

spans = st.integers(1, 40 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
waits = st.integers(0, 45 * 24 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
	postpaid = draw(st.booleans())
	return Terms(
		validity=draw(spans),
		postpaid=postpaid,
		grace=draw(st.one_of(st.just(ZERO), spans)) if postpaid else ZERO,
		quota_bytes=draw(st.sampled_from([0, 1000])),
		quota_seconds=draw(st.sampled_from([0, 60])),
		slow_at_quota=draw(st.booleans()),
	)


EVENTS: list[Event] = [
	Activate(),
	PeriodPaid(),
	PeriodPaid(),
	PeriodPaid(),
	Pause(),
	Resume(),
	Hold(),
	Release(),
	DisableCustomer(),
	EnableCustomer(),
]
any_event = st.sampled_from([*EVENTS, Terminate()])
usages = st.integers(0, 1500)


@dataclass(frozen=True)
class Past:
	"""A standing that came about by events, and the time it has come to."""

	terms: Terms
	standing: Standing
	now: datetime


@st.composite
def pasts(draw: st.DrawFn, events: st.SearchStrategy[Event] = any_event) -> Past:
	terms, standing, now = draw(any_terms()), Standing(), NOON
	for event, wait, usage in draw(st.lists(st.tuples(events, waits, usages), max_size=12)):
		standing = used(standing, terms, now, usage)
		with suppress(NotAllowed):
			standing = step(standing, event, terms, now)
		now += wait
	return Past(terms, standing, now)


living_pasts = pasts(st.sampled_from(EVENTS))


@st.composite
def running(draw: st.DrawFn) -> Past:
	"""Any past that ends somewhere within paid time, with service."""
	past = draw(living_pasts)
	standing = step(past.standing, PeriodPaid(), past.terms, past.now)
	for event in (Resume(), Release(), EnableCustomer()):
		with suppress(NotAllowed):
			standing = step(standing, event, past.terms, past.now)
	if standing.expiry <= past.now:
		standing = paid(past.terms, at=past.now)
	now = past.now + (standing.expiry - past.now) * draw(st.integers(0, 99)) / 100
	return Past(past.terms, standing, now.replace(microsecond=0))


def used(standing: Standing, terms: Terms, now: datetime, count: int) -> Standing:
	"""The usage service's part: counts what was used if there was access."""
	if access(standing, terms, now) is Access.NONE:
		return standing
	present = rolled(standing, terms, now)
	return replace(
		present, used_bytes=present.used_bytes + count, used_seconds=present.used_seconds + count // 60
	)


def time_left(past: Past, standing: Standing) -> timedelta:
	assert standing.expiry is not None
	return standing.expiry - (standing.paused_at or past.now)


# --- status and access ---


@given(pasts())
def test_status_and_access_are_total_and_deterministic(past: Past):
	first = (status(past.standing, past.terms, past.now), access(past.standing, past.terms, past.now))
	assert isinstance(first[0], Status) and isinstance(first[1], Access)
	assert first == (
		status(past.standing, past.terms, past.now),
		access(past.standing, past.terms, past.now),
	)


@given(pasts())
def test_there_is_no_access_while_not_active(past: Past):
	if status(past.standing, past.terms, past.now) is not Status.ACTIVE:
		assert access(past.standing, past.terms, past.now) is Access.NONE


@given(pasts(), st.sampled_from([Hold(), DisableCustomer(), Terminate()]))
def test_what_stops_service_stops_it_at_once_in_any_standing(past: Past, event: Event):
	try:
		stopped = step(past.standing, event, past.terms, past.now)
	except NotAllowed:
		stopped = past.standing
	assert access(stopped, past.terms, past.now) is Access.NONE


@given(pasts())
def test_two_reasons_against_service_must_both_go(past: Past):
	both = replace(past.standing, staff_hold=True, customer_disabled=True)
	if past.standing.terminated_at is None:
		one_left = step(both, Release(), past.terms, past.now)
		assert access(one_left, past.terms, past.now) is Access.NONE


@given(pasts(), waits)
def test_rolling_over_changes_no_answer(past: Past, wait: timedelta):
	later = past.now + wait
	stored = rolled(past.standing, past.terms, past.now)
	for question in (status, access, at_quota, current_period, next_change):
		assert question(stored, past.terms, later) == question(past.standing, past.terms, later)


@given(any_terms(), st.lists(st.tuples(any_event, waits), max_size=15))
def test_access_implies_paid_or_credited_time_after_any_events(
	terms: Terms, history: list[tuple[Event, timedelta]]
):
	"""Against a model without dates: a balance of time that runs down and may be overdrawn by the grace."""
	standing, now, balance, begun, running = Standing(), NOON, ZERO, False, True
	for event, wait in history:
		try:
			standing = step(standing, event, terms, now)
		except NotAllowed:
			pass
		else:
			if isinstance(event, PeriodPaid | Activate):
				balance, begun = balance + terms.validity, True
			running = {Pause: False, Resume: True}.get(type(event), running)
		if begun and running:
			balance = max(balance - wait, -terms.grace)
		now += wait
		if access(standing, terms, now) is not Access.NONE:
			assert begun and running and balance > -terms.grace
		if begun and balance > -terms.grace and standing.terminated_at is None:
			assert status(standing, terms, now) is not Status.EXPIRED


@given(pasts(), waits)
def test_nothing_changes_by_itself_before_next_change(past: Past, wait: timedelta):
	change = next_change(past.standing, past.terms, past.now)
	later = past.now + wait
	if change is not None:
		assert change > past.now
		later = min(later, change - timedelta.resolution)
	for question in (status, access):
		assert question(past.standing, past.terms, past.now) == question(past.standing, past.terms, later)


@given(running())
def test_at_next_change_something_does_change(past: Past):
	change = next_change(past.standing, past.terms, past.now)
	before, after = (
		(status(past.standing, past.terms, at), current_period(past.standing, past.terms, at))
		for at in (past.now, change)
	)
	assert before != after


# --- paying ---


@given(living_pasts, st.integers(1, 5))
def test_n_payments_extend_by_n_validities(past: Past, n: int):
	first = step(past.standing, PeriodPaid(), past.terms, past.now)
	last = first
	for _ in range(n):
		last = step(last, PeriodPaid(), past.terms, past.now)
	assert last.expiry == first.expiry + n * past.terms.validity


@given(running())
def test_early_renewal_extends_from_the_present_end_and_loses_nothing(past: Past):
	renewed = step(past.standing, PeriodPaid(), past.terms, past.now)
	assert renewed.expiry == past.standing.expiry + past.terms.validity
	before = rolled(past.standing, past.terms, past.now)
	assert (renewed.used_bytes, renewed.used_seconds) == (before.used_bytes, before.used_seconds)


@given(living_pasts)
def test_a_payment_gives_one_validity_less_what_was_overdrawn(past: Past):
	after = step(past.standing, PeriodPaid(), past.terms, past.now)
	left = time_left(past, past.standing) if past.standing.expiry else ZERO
	assert time_left(past, after) == past.terms.validity + max(left, -past.terms.grace)


@given(running(), st.integers(0, 999))
def test_a_payment_at_the_quota_lifts_it_and_loses_no_time(past: Past, over: int):
	terms = replace(past.terms, quota_bytes=1000, quota_seconds=0)
	present = rolled(past.standing, terms, past.now)
	full = replace(present, used_bytes=1000 * (1 + present.extra_quotas) + over)
	assert at_quota(full, terms, past.now)
	if full.period_end > full.expiry:
		full = replace(full, expiry=full.period_end)
	again = step(full, PeriodPaid(), terms, past.now)
	assert access(again, terms, past.now) is Access.FULL
	assert again.expiry == full.expiry + terms.validity


@given(running())
def test_a_reversal_undoes_exactly_what_was_granted(past: Past):
	before = rolled(past.standing, past.terms, past.now)
	after = step(before, PeriodPaid(), past.terms, past.now)
	undone = step(after, PeriodReversed(past.terms.validity), past.terms, past.now)
	assert undone.expiry == before.expiry
	if not at_quota(before, past.terms, past.now) or before.period_end == before.expiry:
		assert undone == before


@given(living_pasts)
def test_a_reversed_payment_leaves_the_status_as_it_was(past: Past):
	if past.standing.expiry is None:
		return
	after = step(past.standing, PeriodPaid(), past.terms, past.now)
	undone = step(after, PeriodReversed(past.terms.validity), past.terms, past.now)
	assert status(undone, past.terms, past.now) == status(past.standing, past.terms, past.now)


def test_a_reversal_takes_back_what_it_granted_though_the_plan_changed_since():
	weekly = Terms(validity=7 * DAY)
	standing = step(paid(times=2), PeriodReversed(30 * DAY), weekly, NOON + DAY)
	assert standing.expiry == NOON + 30 * DAY


def test_the_only_payment_reversed_ends_the_service():
	standing = step(paid(), PeriodReversed(30 * DAY), MONTHLY, NOON + DAY)
	assert status(standing, MONTHLY, NOON + DAY) is Status.EXPIRED


@given(living_pasts, spans)
def test_a_payment_gives_the_time_that_was_sold_whatever_the_plan_says_now(past: Past, sold: timedelta):
	after = step(past.standing, PeriodPaid(sold), past.terms, past.now)
	left = time_left(past, past.standing) if past.standing.expiry else ZERO
	assert time_left(past, after) == sold + max(left, -past.terms.grace)


@given(living_pasts, st.integers(1, 4))
def test_several_periods_sold_at_once_are_several_payments(past: Past, n: int):
	at_once = step(past.standing, PeriodPaid(n * past.terms.validity), past.terms, past.now)
	in_turn = past.standing
	for _ in range(n):
		in_turn = step(in_turn, PeriodPaid(), past.terms, past.now)
	assert at_once.expiry == in_turn.expiry


@given(running(), spans, waits)
def test_what_was_used_before_a_reversal_is_not_given_twice(past: Past, sold: timedelta, wait: timedelta):
	"""Paid again after a reversal, for what is left of it: no day is lost, none is free."""
	prepaid = replace(past.terms, postpaid=False, grace=ZERO)
	bought = step(past.standing, PeriodPaid(sold), prepaid, past.now)
	later = past.now + wait
	undone = step(bought, PeriodReversed(sold), prepaid, later)
	used = overdrawn(undone, prepaid, later) - overdrawn(bought, prepaid, later)
	assert ZERO <= used <= sold
	if used < sold:
		again = step(undone, PeriodPaid(sold - used), prepaid, later)
		assert again.expiry == (bought.expiry if used else undone.expiry + sold)


def test_nothing_is_overdrawn_while_it_is_paid_or_may_be_owed():
	assert overdrawn(Standing(), MONTHLY, NOON) == ZERO
	assert overdrawn(paid(), MONTHLY, NOON + 30 * DAY) == ZERO
	assert overdrawn(paid(), MONTHLY, NOON + 31 * DAY) == DAY
	assert overdrawn(credited(), POSTPAID, NOON + 33 * DAY) == ZERO
	assert overdrawn(credited(), POSTPAID, NOON + 34 * DAY) == DAY


@pytest.mark.parametrize("sold", [ZERO, -DAY])
def test_a_payment_grants_more_than_no_time(sold: timedelta):
	with pytest.raises(ValueError):
		step(paid(), PeriodPaid(sold), MONTHLY, NOON)


def test_a_reversal_before_any_payment_is_refused():
	with pytest.raises(NotAllowed):
		step(Standing(), PeriodReversed(DAY), MONTHLY, NOON)


def test_what_was_used_on_reversed_money_counts_in_the_next_period():
	standing = replace(paid(MONTHLY_10GB), used_bytes=4 * 10**9)
	bounced = step(standing, PeriodReversed(30 * DAY), MONTHLY_10GB, NOON + DAY)
	again = step(bounced, PeriodPaid(), MONTHLY_10GB, NOON + 2 * DAY)
	assert (again.used_bytes, again.expiry) == (4 * 10**9, NOON + 32 * DAY)


def test_a_late_prepaid_payment_starts_now_with_a_fresh_quota():
	standing = replace(paid(MONTHLY_10GB), used_bytes=10**10)
	late = step(standing, PeriodPaid(), MONTHLY_10GB, NOON + 40 * DAY)
	assert (late.expiry, late.used_bytes) == (NOON + 70 * DAY, 0)
	assert current_period(late, MONTHLY_10GB, NOON + 40 * DAY) == (NOON + 40 * DAY, NOON + 70 * DAY)


def test_a_quota_used_up_on_credit_is_what_the_next_payment_pays_for():
	terms = replace(POSTPAID, quota_bytes=1000)
	in_grace = NOON + 31 * DAY
	standing = replace(rolled(credited(terms), terms, in_grace), used_bytes=1000)
	once = step(standing, PeriodPaid(), terms, in_grace)
	assert (once.extra_quotas, access(once, terms, in_grace)) == (0, Access.NONE)
	assert access(step(once, PeriodPaid(), terms, in_grace), terms, in_grace) is Access.FULL


def test_the_first_start_is_remembered():
	late = step(paid(), PeriodPaid(), MONTHLY, NOON + 90 * DAY)
	assert late.start == NOON


def test_an_end_beyond_the_calendar_is_refused_in_words():
	with pytest.raises(NotAllowed, match="9999"):
		step(Standing(), PeriodPaid(), Terms(validity=timedelta(days=4_000_000)), NOON)


# --- time ---


@pytest.mark.parametrize(
	("start", "end"),
	[
		(datetime(2025, 1, 31, 18, 30), datetime(2025, 3, 2, 18, 30)),
		(datetime(2024, 1, 31, 18, 30), datetime(2024, 3, 1, 18, 30)),
		(datetime(2024, 2, 29), datetime(2024, 3, 30)),
		(datetime(2025, 12, 31, 23, 59), datetime(2026, 1, 30, 23, 59)),
	],
)
def test_thirty_days_are_thirty_days_over_any_month_end(start: datetime, end: datetime):
	assert paid(at=start).expiry == end


def test_a_plan_in_hours_ends_to_the_minute():
	terms = Terms(validity=3 * HOUR)
	standing = paid(terms, datetime(2025, 2, 28, 22, 17))
	assert access(standing, terms, datetime(2025, 3, 1, 1, 16, 59)) is Access.FULL
	assert access(standing, terms, datetime(2025, 3, 1, 1, 17)) is Access.NONE
	assert next_change(standing, terms, datetime(2025, 3, 1)) == datetime(2025, 3, 1, 1, 17)


# --- periods and quota ---


def test_at_the_quota_service_stops_and_comes_back_with_the_next_paid_period():
	standing = replace(paid(MONTHLY_10GB, times=2), used_bytes=10**10)
	end = NOON + 30 * DAY
	assert access(standing, MONTHLY_10GB, end - SECOND) is Access.NONE
	assert access(standing, MONTHLY_10GB, end) is Access.FULL
	assert rolled(standing, MONTHLY_10GB, end).used_bytes == 0


def test_at_the_quota_service_slows_down_if_the_plan_says_so():
	terms = replace(MONTHLY_10GB, slow_at_quota=True)
	standing = replace(paid(terms), used_bytes=10**10)
	assert access(standing, terms, NOON + DAY) is Access.SLOW
	assert status(standing, terms, NOON + DAY) is Status.ACTIVE


def test_a_time_quota_works_like_a_data_quota():
	terms = Terms(validity=30 * DAY, quota_seconds=3600)
	standing = paid(terms)
	assert access(replace(standing, used_seconds=3599), terms, NOON) is Access.FULL
	assert access(replace(standing, used_seconds=3600), terms, NOON) is Access.NONE


def test_early_renewal_keeps_the_present_periods_usage_until_its_end():
	standing = replace(paid(MONTHLY_10GB), used_bytes=9 * 10**9)
	renewed = step(standing, PeriodPaid(), MONTHLY_10GB, NOON + 29 * DAY)
	assert rolled(renewed, MONTHLY_10GB, NOON + 30 * DAY - SECOND).used_bytes == 9 * 10**9
	assert rolled(renewed, MONTHLY_10GB, NOON + 30 * DAY).used_bytes == 0


def test_a_renewal_at_the_quota_gives_the_bought_quota_at_once_and_loses_no_time():
	standing = replace(paid(MONTHLY_10GB), used_bytes=10**10)
	renewed = step(standing, PeriodPaid(), MONTHLY_10GB, NOON + 10 * DAY)
	assert access(renewed, MONTHLY_10GB, NOON + 10 * DAY) is Access.FULL
	assert current_period(renewed, MONTHLY_10GB, NOON + 10 * DAY) == (NOON, NOON + 60 * DAY)
	assert at_quota(replace(renewed, used_bytes=2 * 10**10), MONTHLY_10GB, NOON + 59 * DAY)


def test_a_renewal_at_the_quota_that_is_reversed_leaves_no_free_quota():
	standing = replace(paid(MONTHLY_10GB), used_bytes=10**10)
	renewed = step(standing, PeriodPaid(), MONTHLY_10GB, NOON + DAY)
	bounced = step(renewed, PeriodReversed(30 * DAY), MONTHLY_10GB, NOON + DAY)
	assert bounced == standing


@given(living_pasts)
def test_the_present_period_contains_now_while_there_is_service(past: Past):
	if status(past.standing, past.terms, past.now) is Status.ACTIVE:
		start, end = current_period(past.standing, past.terms, past.now)
		assert start <= past.now < end


@given(any_terms(), st.integers(1, 8), spans)
def test_n_periods_paid_at_once_give_n_quotas_one_after_the_other(terms: Terms, n: int, into: timedelta):
	standing = paid(terms, times=n)
	seen = {
		current_period(standing, terms, NOON + i * terms.validity + into % terms.validity) for i in range(n)
	}
	assert seen == {(NOON + i * terms.validity, NOON + (i + 1) * terms.validity) for i in range(n)}


def test_a_change_of_plan_leaves_the_present_period_as_it_was_bought():
	weekly = Terms(validity=7 * DAY)
	assert current_period(paid(times=2), weekly, NOON + 10 * DAY) == (NOON, NOON + 30 * DAY)
	assert current_period(paid(times=2), weekly, NOON + 31 * DAY) == (NOON + 30 * DAY, NOON + 37 * DAY)


def test_the_last_period_stays_to_be_seen_after_its_end():
	standing = replace(paid(), used_bytes=5)
	assert rolled(standing, MONTHLY, NOON + 99 * DAY).used_bytes == 5


def test_an_imported_subscription_with_only_an_end_has_one_period():
	imported = Standing(start=NOON, expiry=NOON + 30 * DAY)
	assert current_period(imported, MONTHLY, NOON + DAY) == (NOON, NOON + 30 * DAY)
	assert current_period(Standing(), MONTHLY, NOON) is None


# --- pause, hold, end ---


@given(running(), waits)
def test_pause_and_resume_conserve_the_remaining_time_to_the_second(past: Past, wait: timedelta):
	paused = step(past.standing, Pause(), past.terms, past.now)
	resumed = step(paused, Resume(), past.terms, past.now + wait)
	assert resumed.expiry - (past.now + wait) == past.standing.expiry - past.now
	assert (resumed.used_bytes, resumed.used_seconds) == (paused.used_bytes, paused.used_seconds)
	assert access(resumed, past.terms, past.now + wait) == access(past.standing, past.terms, past.now)


@given(running(), waits, waits)
def test_a_payment_while_paused_is_kept_whole(past: Past, until_paid: timedelta, until_resumed: timedelta):
	paused = step(past.standing, Pause(), past.terms, past.now)
	renewed = step(paused, PeriodPaid(), past.terms, past.now + until_paid)
	later = past.now + until_paid + until_resumed
	resumed = step(renewed, Resume(), past.terms, later)
	assert resumed.expiry - later == past.standing.expiry - past.now + past.terms.validity


@given(living_pasts, waits)
def test_a_hold_does_not_stop_the_clock(past: Past, wait: timedelta):
	held = step(past.standing, Hold(), past.terms, past.now)
	released = step(held, Release(), past.terms, past.now + wait)
	assert released.expiry == past.standing.expiry


@pytest.mark.parametrize(
	"standing", [Standing(), paid(), replace(paid(), staff_hold=True), replace(paid(), paused_at=NOON)]
)
def test_only_an_active_subscription_with_time_left_is_paused(standing: Standing):
	with pytest.raises(NotAllowed):
		step(standing, Pause(), MONTHLY, NOON + 31 * DAY)


def test_grace_time_is_not_paused():
	with pytest.raises(NotAllowed):
		step(credited(), Pause(), POSTPAID, NOON + 31 * DAY)


def test_what_is_not_paused_is_not_resumed():
	with pytest.raises(NotAllowed):
		step(paid(), Resume(), MONTHLY, NOON)


@given(living_pasts, any_event, waits)
def test_terminated_is_final(past: Past, event: Event, wait: timedelta):
	ended = step(past.standing, Terminate(), past.terms, past.now)
	try:
		after = step(ended, event, past.terms, past.now + wait)
	except NotAllowed:
		after = ended
	assert after == ended
	assert status(after, past.terms, past.now + wait) is Status.EXPIRED


def test_the_world_goes_on_after_the_end_without_an_error():
	ended = step(paid(), Terminate(), MONTHLY, NOON)
	for event in (DisableCustomer(), EnableCustomer(), PeriodReversed(DAY), Terminate()):
		assert step(ended, event, MONTHLY, NOON + DAY) == ended


# --- postpaid ---


def test_postpaid_begins_on_credit_and_prepaid_does_not():
	assert status(credited(), POSTPAID, NOON) is Status.ACTIVE
	with pytest.raises(NotAllowed):
		step(Standing(), Activate(), MONTHLY, NOON)


def test_a_subscription_begins_once():
	with pytest.raises(NotAllowed):
		step(credited(), Activate(), POSTPAID, NOON + DAY)


def test_postpaid_is_suspended_after_the_grace_and_payment_lifts_it_at_once():
	end = NOON + 33 * DAY
	assert status(credited(), POSTPAID, end - SECOND) is Status.ACTIVE
	assert status(credited(), POSTPAID, end) is Status.SUSPENDED
	again = step(credited(), PeriodPaid(), POSTPAID, end + 10 * DAY)
	assert status(again, POSTPAID, end + 10 * DAY) is Status.ACTIVE


def test_grace_days_are_counted_when_paid_after_suspension():
	late = NOON + 50 * DAY
	again = step(credited(), PeriodPaid(), POSTPAID, late)
	assert again.expiry == late - 3 * DAY + 30 * DAY


def test_a_payment_within_the_grace_extends_from_the_end():
	again = step(credited(), PeriodPaid(), POSTPAID, NOON + 32 * DAY)
	assert again.expiry == NOON + 60 * DAY


def test_usage_in_the_grace_time_belongs_to_the_next_period():
	terms = replace(POSTPAID, quota_bytes=10**10)
	in_grace = NOON + 31 * DAY
	standing = rolled(replace(credited(terms), used_bytes=10**10), terms, in_grace)
	assert access(standing, terms, in_grace) is Access.FULL
	standing = replace(standing, used_bytes=3 * 10**9)
	for paid_at in (NOON + 32 * DAY, NOON + 60 * DAY):
		assert step(standing, PeriodPaid(), terms, paid_at).used_bytes == 3 * 10**9


@pytest.mark.parametrize(
	("days", "due"),
	[
		(0, set()),
		(22, set()),
		(23, {Dunning.INVOICE}),
		(27, {Dunning.INVOICE, Dunning.REMIND}),
		(32, {Dunning.INVOICE, Dunning.REMIND}),
		(33, {Dunning.INVOICE}),
		(99, {Dunning.INVOICE}),
	],
)
def test_invoice_and_reminder_are_due_before_the_end(days: int, due: set[Dunning]):
	assert dunning(credited(), POSTPAID, NOON + days * DAY, lead=7 * DAY, remind=3 * DAY) == due


def test_nothing_is_due_from_prepaid_paused_or_terminated_ones():
	paused = step(credited(), Pause(), POSTPAID, NOON + DAY)
	ended = step(credited(), Terminate(), POSTPAID, NOON + DAY)
	for standing, terms in ((paid(), MONTHLY), (paused, POSTPAID), (ended, POSTPAID), (Standing(), POSTPAID)):
		assert dunning(standing, terms, NOON + 31 * DAY, 7 * DAY, 3 * DAY) == frozenset()


# --- terms ---


@pytest.mark.parametrize(
	"terms",
	[
		{"validity": ZERO},
		{"validity": -DAY},
		{"validity": DAY, "grace": DAY},
		{"validity": DAY, "postpaid": True, "grace": -DAY},
		{"validity": DAY, "quota_bytes": -1},
		{"validity": DAY, "quota_seconds": -1},
	],
)
def test_terms_that_make_no_sense_are_refused(terms: dict):
	with pytest.raises(ValueError):
		Terms(**terms)
