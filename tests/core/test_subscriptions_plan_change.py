"""A change of plan keeps the money's worth, never more: tested from outside, against plain sums."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.subscriptions.lifecycle import (
	Activate,
	NotAllowed,
	Pause,
	PeriodPaid,
	Renew,
	Resume,
	Standing,
	Terminate,
	Terms,
	at_quota,
	quota,
	step,
)
from mikrotik_integration.core.subscriptions.plan_change import (
	Offer,
	conversion,
	converted,
	is_paid_by_its_bill,
	served_on_credit,
	worth,
)

NOON = datetime(2026, 3, 10, 12)
DAY, ZERO = timedelta(days=1), timedelta(0)


def offer(price: object, days: int = 30, postpaid: bool = False, **terms: object) -> Offer:
	return Offer(Terms(validity=days * DAY, postpaid=postpaid, **terms), Decimal(str(price)))  # type: ignore[arg-type]


CHEAP, DEAR, FREE = offer(100), offer(1500), offer(0)
POSTPAID = offer(1500, postpaid=True)


def paid(months: int, terms: Terms = CHEAP.terms) -> Standing:
	return step(Standing(), PeriodPaid(months * 30 * DAY), terms, NOON)


def change(
	standing: Standing, old: Offer, new: Offer, now: datetime = NOON, billed: bool = False
) -> Standing:
	paid_by_bill = is_paid_by_its_bill(standing, old, new, billed)
	return converted(standing, conversion(standing, old, new, billed, now), new.terms, paid_by_bill)


def left(standing: Standing, now: datetime = NOON) -> timedelta:
	assert standing.expiry is not None
	return standing.expiry - now


def test_twelve_months_of_a_cheap_plan_are_24_days_of_a_dear_one():
	assert left(change(paid(12), CHEAP, DEAR)) == 24 * DAY


def test_a_dear_month_is_fifteen_cheap_ones():
	assert left(change(paid(1), DEAR, CHEAP)) == 450 * DAY


def test_what_counts_is_the_price_of_a_day_not_of_a_period():
	assert left(change(paid(1), offer(1500, 30), offer(50, 1))) == 30 * DAY


def test_from_free_to_paid_nothing_is_carried_over():
	assert left(change(paid(12), FREE, DEAR)) == ZERO


def test_from_paid_to_free_and_on_to_dear_nothing_is_gained():
	free = change(paid(12), CHEAP, FREE)
	assert left(free) == 360 * DAY
	assert left(change(free, FREE, DEAR)) == ZERO


def test_from_free_to_free_at_most_one_period_is_kept():
	assert left(change(paid(12), FREE, offer(0, 7))) == 7 * DAY
	assert left(change(paid(1), FREE, offer(0, 365))) == 30 * DAY


def test_nothing_happens_to_a_draft_an_expired_or_a_terminated_one():
	ended = paid(1)
	terminated = step(paid(1), Terminate(), CHEAP.terms, NOON)
	assert change(Standing(), CHEAP, DEAR) == Standing()
	assert change(ended, CHEAP, DEAR, NOON + 31 * DAY) == ended
	assert change(terminated, CHEAP, DEAR) == terminated


def test_a_pause_keeps_the_time_that_stood_still():
	paused = step(paid(1), Pause(), CHEAP.terms, NOON + 15 * DAY)
	later = change(paused, offer(100), offer(200), NOON + 100 * DAY)
	assert later.expiry == NOON + 15 * DAY + 7.5 * DAY


def test_what_was_used_goes_on_counting_and_bought_quotas_end():
	old, new = offer(100, quota_bytes=1000), offer(100, days=15, quota_bytes=1000)
	used = replace(paid(2), used_bytes=1500, extra_quotas=1)
	changed = change(used, old, new, NOON + DAY)
	assert (changed.used_bytes, changed.extra_quotas) == (1500, 0)
	assert at_quota(changed, new.terms, NOON + DAY)
	assert not at_quota(changed, new.terms, NOON + 17 * DAY)


def test_a_dear_plans_quota_is_not_had_for_a_cheap_plans_price():
	"""A month for 100 becomes two days of a plan for 1,500: a fifteenth of its quota, whatever day it is."""
	dear = offer(1500, quota_bytes=30_000)
	for day in (0, 15, 29):
		changed = change(paid(1), CHEAP, dear, NOON + day * DAY)
		assert quota(changed, dear.terms) == (2_000, 0)


def test_a_part_of_a_period_has_its_part_of_the_quota():
	terms = Terms(validity=30 * DAY, quota_bytes=30_000, quota_seconds=300)
	assert quota(step(Standing(), PeriodPaid(3 * DAY), terms, NOON), terms) == (3_000, 30)
	whole = replace(step(Standing(), PeriodPaid(), terms, NOON), used_bytes=30_000)
	assert at_quota(whole, terms, NOON + DAY)
	more = step(whole, PeriodPaid(3 * DAY), terms, NOON + DAY)
	assert quota(more, terms) == (33_000, 330)
	assert quota(step(whole, PeriodPaid(), terms, NOON + DAY), terms) == (60_000, 600)


def test_a_pause_gives_no_further_quota():
	terms = Terms(validity=30 * DAY, quota_bytes=30_000)
	paused = step(step(Standing(), PeriodPaid(), terms, NOON), Pause(), terms, NOON + DAY)
	assert quota(step(paused, Resume(), terms, NOON + 90 * DAY), terms) == (30_000, 0)


def test_an_invoices_window_is_converted_as_the_time_that_it_granted():
	how = conversion(paid(2), CHEAP, DEAR, False, NOON + 15 * DAY)
	assert how is not None
	assert how.window(NOON, NOON + 30 * DAY) == (NOON, NOON + 16 * DAY)
	assert how.window(NOON + 30 * DAY, NOON + 60 * DAY) == (NOON + 16 * DAY, NOON + 18 * DAY)
	assert how.length(30 * DAY) == 2 * DAY


def test_postpaid_to_prepaid_ends_the_period_on_credit_and_bills_what_was_served():
	standing = step(Standing(), Activate(), POSTPAID.terms, NOON)
	now = NOON + 10 * DAY
	assert served_on_credit(standing, POSTPAID.terms, now) == 10 * DAY
	changed = change(standing, POSTPAID, DEAR, now)
	assert (left(changed, now), changed.on_credit) == (ZERO, False)


def test_a_period_that_was_paid_after_it_was_served_is_not_billed_again():
	standing = step(Standing(), Activate(), POSTPAID.terms, NOON)
	standing = step(standing, PeriodPaid(), POSTPAID.terms, NOON + 26 * DAY)
	now = NOON + 28 * DAY
	assert served_on_credit(standing, POSTPAID.terms, now) == ZERO
	assert left(change(standing, POSTPAID, DEAR, now), now) == 2 * DAY


def test_a_billed_period_stays_as_it_is():
	standing = step(Standing(), Activate(), POSTPAID.terms, NOON)
	changed = change(standing, POSTPAID, DEAR, NOON + 26 * DAY, billed=True)
	assert changed == replace(standing, on_credit=False)


def test_a_bill_is_for_the_period_on_credit_once_the_plan_does_not_go_on():
	standing = step(Standing(), Activate(), POSTPAID.terms, NOON)
	cheap = offer(100, postpaid=True)
	for new in (DEAR, cheap, offer(1500, 10, postpaid=True)):
		assert is_paid_by_its_bill(standing, POSTPAID, new, billed=True)
		assert not is_paid_by_its_bill(standing, POSTPAID, new, billed=False)
	assert not is_paid_by_its_bill(standing, POSTPAID, replace(POSTPAID), billed=True)
	assert not is_paid_by_its_bill(paid(1), POSTPAID, cheap, billed=True)
	changed = change(standing, POSTPAID, cheap, NOON + 28 * DAY, billed=True)
	assert (left(changed, NOON + 28 * DAY), changed.on_credit) == (30 * DAY, False)


def test_a_cheaper_postpaid_plan_begins_a_period_of_its_own():
	standing = step(Standing(), Activate(), POSTPAID.terms, NOON)
	now = NOON + 29 * DAY
	changed = change(standing, POSTPAID, offer(100, postpaid=True), now)
	assert (left(changed, now), changed.on_credit) == (30 * DAY, True)
	assert served_on_credit(changed, POSTPAID.terms, now) == ZERO


def test_another_postpaid_plan_at_the_same_price_goes_on():
	standing = step(Standing(), Activate(), POSTPAID.terms, NOON)
	assert change(standing, POSTPAID, replace(POSTPAID), NOON + 5 * DAY) == standing


def test_prepaid_time_on_a_postpaid_plan_is_not_on_credit():
	changed = change(paid(1), DEAR, POSTPAID)
	assert (left(changed), changed.on_credit) == (30 * DAY, False)
	assert served_on_credit(changed, POSTPAID.terms, NOON + 20 * DAY) == ZERO


def test_the_price_of_another_plan_buys_so_much_of_ones_own():
	assert worth(CHEAP, DEAR) == 2 * DAY
	assert worth(DEAR, DEAR) == 30 * DAY
	assert worth(CHEAP, FREE) == 30 * DAY
	assert worth(FREE, DEAR) == ZERO


def test_a_free_plan_goes_on_only_when_its_period_is_over():
	begun = step(Standing(), Renew(), FREE.terms, NOON)
	for days in (0, 10, 29.9):
		with pytest.raises(NotAllowed):
			step(begun, Renew(), FREE.terms, NOON + days * DAY)
	again = step(begun, Renew(), FREE.terms, NOON + 40 * DAY)
	assert again.expiry == NOON + 70 * DAY
	with pytest.raises(NotAllowed):
		step(step(begun, Pause(), FREE.terms, NOON + DAY), Renew(), FREE.terms, NOON + 40 * DAY)


OFFERS = st.builds(
	offer,
	st.decimals(min_value=0, max_value=10_000, places=2),
	st.integers(min_value=1, max_value=365),
)


def test_more_time_than_the_calendar_has_is_refused():
	dear, cheap = offer(Decimal("16.25"), 1), offer(Decimal("0.08"), 365)
	with pytest.raises(OverflowError):
		change(paid(12, dear.terms), dear, cheap)


@given(st.lists(OFFERS, min_size=2, max_size=6), st.integers(1, 12), st.integers(0, 400))
def test_the_worth_of_what_is_left_never_grows(offers: list[Offer], months: int, days: int):
	"""However often the plan is changed: what is left, at the price of the present plan, buys no more than before."""
	now = NOON + days * DAY
	standing = paid(months, offers[0].terms)
	worth_before: Fraction | None = None
	for old, new in itertools.pairwise(offers):
		before = max(ZERO, left(standing, now))
		try:
			standing = change(standing, old, new, now)
		except OverflowError:
			assert new.rate < old.rate  # and the change is refused
			return
		after = max(ZERO, left(standing, now))
		if old.price and new.price:
			assert _money(after, new) <= _money(before, old)
			assert after <= before or new.rate < old.rate
			if worth_before is not None:
				assert _money(after, new) <= worth_before
			worth_before = _money(after, new)
		else:
			assert after <= before
			worth_before = None


def _money(time: timedelta, plan: Offer) -> Fraction:
	return plan.rate * (time // timedelta.resolution)
