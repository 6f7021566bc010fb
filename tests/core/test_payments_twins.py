from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mikrotik_integration.core.payments.twins import Money, Shape, find_twin

AT = datetime(2026, 1, 1, 12, 0)
WINDOW = timedelta(minutes=10)
PUSH = Money("push", Shape.STK, None, "1008", Decimal(1000), "174379", AT, "254712345678")
C2B = Money("c2b", Shape.C2B, "SLA1", "1008", Decimal("1000.00"), "174379", AT + timedelta(seconds=5))


def settle(monies):
	"""What a books keeper makes of monies that come in one by one: who was taken for whose twin."""
	books, twins = [], []
	for money in monies:
		twin = find_twin(money, books, WINDOW)
		if twin:
			twins.append((money.identity, twin.identity))
			books[books.index(twin)] = replace(twin, has_twin=True)
		books.append(replace(money, has_twin=bool(twin)))
	return twins


def test_a_push_and_its_c2b_are_one_money_in_either_order():
	assert settle([PUSH, C2B]) == [("c2b", "push")]
	assert settle([C2B, PUSH]) == [("push", "c2b")]


def test_the_same_receipt_is_the_same_money_whatever_else_is_said():
	push = replace(PUSH, receipt="sla1 ", account="other", amount=Decimal(1), at=AT - timedelta(days=3))
	assert find_twin(C2B, [push], WINDOW) == push
	assert find_twin(push, [replace(C2B, has_twin=True)], WINDOW) is not None


def test_the_same_receipt_goes_before_a_mere_likeness():
	named = replace(PUSH, identity="named", receipt="SLA1", at=AT + timedelta(minutes=9))
	assert find_twin(C2B, [PUSH, named], WINDOW) == named


def test_a_reference_is_compared_as_far_as_c2b_repeats_it():
	push = replace(PUSH, account="SUB-2026-00017")
	assert find_twin(push, [replace(C2B, account="sub-2026-000")], WINDOW) is not None


def test_a_till_which_knows_no_account_goes_by_the_payer():
	nameless = replace(C2B, account="")
	assert find_twin(nameless, [PUSH], WINDOW) is None
	assert find_twin(replace(nameless, phone=PUSH.phone), [PUSH], WINDOW) == PUSH


@pytest.mark.parametrize(
	"other",
	[
		replace(C2B, account="1016"),
		replace(C2B, amount=Decimal(999)),
		replace(C2B, shortcode="600000"),
		replace(C2B, at=AT + WINDOW + timedelta(microseconds=1)),
		replace(C2B, at=AT - WINDOW - timedelta(microseconds=1)),
		replace(C2B, phone="254722000000"),
		replace(C2B, has_twin=True),
		replace(C2B, shape=Shape.STK),
		replace(C2B, identity="push"),
	],
)
def test_what_differs_is_other_money(other):
	assert find_twin(PUSH, [other], WINDOW) is None


def test_a_push_whose_receipt_is_known_is_no_twin_of_another_receipt():
	assert find_twin(replace(PUSH, receipt="SLA2"), [C2B], WINDOW) is None


def test_two_pushes_and_two_c2b_in_one_minute_are_two_monies():
	pushes = [replace(PUSH, identity=f"push{n}", at=AT + timedelta(seconds=n)) for n in (1, 2)]
	c2bs = [replace(C2B, identity=f"c2b{n}", receipt=f"SL{n}", at=AT + timedelta(seconds=n)) for n in (1, 2)]
	assert settle([*pushes, *c2bs]) == [("c2b1", "push1"), ("c2b2", "push2")]


@st.composite
def true_payments(draw):
	"""Real payments; each comes as a push, as C2B, or as both, and all records in any order."""
	records = []
	for number in range(draw(st.integers(1, 6))):
		shared = dict(
			account=draw(st.sampled_from(["1008", "1016"])),
			amount=Decimal(draw(st.sampled_from([500, 1000]))),
			shortcode="174379",
			at=AT + timedelta(seconds=draw(st.integers(0, 900))),
		)
		push = Money(f"push{number}", Shape.STK, draw(st.sampled_from([None, f"R{number}"])), **shared)
		c2b = Money(f"c2b{number}", Shape.C2B, f"R{number}", **shared)
		records.append(draw(st.sampled_from([[push], [c2b], [push, c2b]])))
	return records


@settings(deadline=None)
@given(true_payments(), st.randoms())
def test_each_money_is_matched_at_most_once_by_likeness(payments, random):
	monies = [money for records in payments for money in records]
	random.shuffle(monies)
	receipts = {money.identity: money.receipt for money in monies}
	alike = [pair for pair in settle(monies) if receipts[pair[0]] != receipts[pair[1]]]
	matched = [identity for pair in alike for identity in pair]
	assert len(matched) == len(set(matched))


@settings(deadline=None)
@given(true_payments(), st.randoms())
def test_only_a_push_and_a_c2b_of_one_account_and_amount_are_one_money(payments, random):
	monies = [money for records in payments for money in records]
	random.shuffle(monies)
	by_identity = {money.identity: money for money in monies}
	for one, other in settle(monies):
		assert {by_identity[one].shape, by_identity[other].shape} == {Shape.STK, Shape.C2B}
		assert by_identity[one].account == by_identity[other].account
		assert by_identity[one].amount == by_identity[other].amount


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=6), st.randoms())
def test_where_every_push_has_its_c2b_the_books_count_each_payment_once(receipt_known, random):
	monies = []
	for number, known in enumerate(receipt_known):
		at, receipt = AT + timedelta(seconds=number), f"R{number}"
		monies.append(replace(PUSH, identity=f"push{number}", receipt=receipt if known else None, at=at))
		monies.append(replace(C2B, identity=f"c2b{number}", receipt=receipt, at=at))
	random.shuffle(monies)
	assert len(monies) - len(settle(monies)) == len(receipt_known)
