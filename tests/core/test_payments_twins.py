from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mikrotik_integration.core.payments import twins
from mikrotik_integration.core.payments.twins import Match, Money, Shape

AT = datetime(2026, 1, 1, 12, 0)
WINDOW, DOUBT = timedelta(minutes=10), timedelta(minutes=4)
PUSH = Money("push", Shape.STK, None, "1008", Decimal(1000), "174379", AT, "254712345678")
C2B = Money("c2b", Shape.C2B, "SLA1", "1008", Decimal("1000.00"), "174379", AT + timedelta(seconds=5))


def find_twin(payment, candidates):
	return twins.find_twin(payment, candidates, WINDOW, DOUBT)


def settle(monies):
	"""What a bookkeeper makes of monies that come in one by one: certain twins, and those left to a person."""
	books, twins_, doubts = {}, [], []
	for money in monies:
		match = twins.find(money, Books(books), WINDOW, DOUBT)
		twin = match.money.identity if match and match.certain else None
		if twin:
			twins_.append((money.identity, twin))
			books[twin] = replace(books[twin], twin=money.identity)
		elif match:
			doubts.append(money.identity)
		books[money.identity] = replace(money, twin=twin)
	return twins_, doubts


class Books:
	def __init__(self, records):
		self.records = records

	def around(self, money):
		return [record for record in self.records.values() if record.shape is not money.shape]

	def get(self, identity):
		return self.records.get(identity)


def test_a_push_and_its_c2b_are_one_money_in_either_order():
	assert settle([PUSH, C2B]) == ([("c2b", "push")], [])
	assert settle([C2B, PUSH]) == ([("push", "c2b")], [])


def test_the_same_receipt_is_the_same_money_whatever_account_is_claimed():
	push = replace(PUSH, receipt="sla1 ", account="other")
	assert find_twin(C2B, [push]) == Match(push, True)
	assert find_twin(push, [C2B]) == Match(C2B, True)


@pytest.mark.parametrize(
	"facts",
	[
		{"amount": Decimal(1)},
		{"at": AT - timedelta(days=3)},
		{"shortcode": "600000"},
		{"phone": "254722000000"},
	],
)
def test_a_receipt_that_a_callback_claims_does_not_stand_against_the_facts(facts):
	push = replace(PUSH, receipt="SLA1", **facts)
	assert find_twin(replace(C2B, phone="254712345678"), [push]) is None


def test_a_receipt_claimed_for_another_account_is_left_to_a_person():
	assert find_twin(replace(C2B, account="1016"), [PUSH]) == Match(PUSH, False)
	assert find_twin(PUSH, [replace(C2B, account="1016")]) == Match(replace(C2B, account="1016"), False)


def test_what_is_claimed_minutes_later_is_not_doubted():
	assert find_twin(replace(C2B, account="1016", at=AT + DOUBT + timedelta(seconds=1)), [PUSH]) is None


def test_a_push_hidden_behind_an_invented_receipt_is_left_to_a_person():
	push = replace(PUSH, receipt="INVENTED")
	assert find_twin(C2B, [push]) == Match(push, False)


def test_two_receipts_that_mpesa_confirmed_are_two_payments():
	push = replace(PUSH, receipt="SLA9", confirmed=True)
	assert find_twin(replace(C2B, confirmed=True), [push]) is None
	assert find_twin(push, [replace(C2B, confirmed=True)]) is None


@pytest.mark.parametrize(
	"push",
	[
		replace(PUSH, receipt="SLA9"),  # what a callback says
		replace(PUSH, receipt=None),
		replace(PUSH, receipt="sla1", confirmed=True),
	],
)
def test_a_push_whose_receipt_is_not_confirmed_to_be_another_may_be_the_same_money(push):
	assert find_twin(replace(C2B, confirmed=True), [push]).money == push


def test_the_same_receipt_goes_before_a_mere_likeness():
	named = replace(PUSH, identity="named", receipt="SLA1", at=AT + timedelta(minutes=9))
	assert find_twin(C2B, [PUSH, named]) == Match(named, True)


def test_what_is_certain_goes_before_what_is_near():
	near = replace(PUSH, identity="near", account="1016", at=C2B.at)
	assert find_twin(C2B, [near, PUSH]) == Match(PUSH, True)


def test_a_reference_is_compared_as_far_as_c2b_repeats_it():
	push = replace(PUSH, account="SUB-2026-00017")
	assert find_twin(push, [replace(C2B, account="sub-2026-000")]).certain


def test_a_till_which_knows_no_account_goes_by_the_payer():
	nameless = replace(C2B, account="")
	assert not find_twin(nameless, [PUSH]).certain
	assert find_twin(replace(nameless, phone=PUSH.phone), [PUSH]) == Match(PUSH, True)


@pytest.mark.parametrize("payer", [None, "2547 ***** 678", "2547*****5678", "hidden"])
def test_a_payer_that_mpesa_hides_may_be_anybody_with_these_digits(payer):
	assert find_twin(replace(C2B, phone=payer), [PUSH]) == Match(PUSH, True)


def test_a_time_that_mpesa_does_not_say_may_be_any():
	assert find_twin(replace(C2B, at=None), [PUSH]) == Match(PUSH, True)


@pytest.mark.parametrize(
	"other",
	[
		replace(C2B, amount=Decimal(999)),
		replace(C2B, shortcode="600000"),
		replace(C2B, at=AT + WINDOW + timedelta(microseconds=1)),
		replace(C2B, at=AT - WINDOW - timedelta(microseconds=1)),
		replace(C2B, phone="254722000000"),
		replace(C2B, phone="2547 ***** 679"),
		replace(C2B, twin="another push"),
		replace(C2B, shape=Shape.STK),
		replace(C2B, identity="push"),
	],
)
def test_what_differs_in_fact_is_other_money(other):
	assert find_twin(PUSH, [other]) is None


def test_two_pushes_and_two_c2b_in_one_minute_are_two_monies():
	pushes = [replace(PUSH, identity=f"push{n}", at=AT + timedelta(seconds=n)) for n in (1, 2)]
	c2bs = [replace(C2B, identity=f"c2b{n}", receipt=f"SL{n}", at=AT + timedelta(seconds=n)) for n in (1, 2)]
	assert settle([*pushes, *c2bs]) == ([("c2b1", "push1"), ("c2b2", "push2")], [])


def test_a_chain_of_claims_hides_no_payment():
	"""Each confirmation names the account of the prompt before its own; the first one then looks like money of its own."""
	first = replace(PUSH, identity="push1")
	second = replace(PUSH, identity="push2", receipt="INVENTED", at=AT + timedelta(minutes=5))
	own_of_second = replace(C2B, identity="R2", receipt="R2", at=second.at)
	own_of_first = replace(C2B, identity="R1", receipt="R1", account="1016", at=first.at)
	for order in ([first, second, own_of_second, own_of_first], [first, own_of_second, own_of_first, second]):
		matched, doubts = settle(order)
		assert matched == [("R2", "push1")]
		assert doubts == [order[-1].identity]


def test_a_receipt_that_is_confirmed_for_the_wrong_push_hides_no_payment():
	first = replace(PUSH, identity="push1", receipt="R2", confirmed=True)
	second = replace(PUSH, identity="push2", at=AT + timedelta(minutes=5))
	own_of_first = replace(C2B, identity="R1", receipt="R1", account="1016", confirmed=True)
	assert settle([first, second, own_of_first]) == ([], ["R1"])
	assert settle([second, own_of_first, first]) == ([], ["push1"])
	confirmed = replace(second, receipt="R9", confirmed=True)
	assert settle([first, confirmed, own_of_first]) == ([], [])


def test_payments_of_one_phone_minutes_apart_are_each_found():
	monies = []
	for number in range(6):
		at = AT + timedelta(minutes=5 * number)
		monies.append(replace(PUSH, identity=f"push{number}", at=at, receipt=f"R{number}"))
		monies.append(replace(C2B, identity=f"R{number}", at=at, receipt=f"R{number}", confirmed=True))
	matched, doubts = settle(monies)
	assert (len(matched), doubts) == (6, [])


@st.composite
def told(draw):
	"""Real payments of half an hour as they are told to us, and how many there were.

	Each comes as a push, as C2B, or as both, in any order; whoever paid writes any account into the C2B
	confirmation and any receipt into the push's callback. M-PESA confirms any receipt that fits the push.
	"""
	records, count, claims = [], draw(st.integers(1, 6)), set()
	accounts = st.sampled_from(["1008", "1016"])
	paid = []
	for _number in range(count):
		paid.append(
			dict(
				amount=Decimal(draw(st.sampled_from([500, 1000]))),
				shortcode="174379",
				at=AT + timedelta(seconds=draw(st.integers(0, 1800))),
				phone=draw(st.sampled_from(["254712345678", "254722000000"])),
			)
		)
	for number, facts in enumerate(paid):
		claimed = draw(st.sampled_from([None, f"R{number}", "R0", f"R{count - 1}", "INVENTED"]))
		if claimed in claims:  # the first to claim it has it
			claimed = None
		claims.add(claimed)
		fits = [f"R{other}" for other, told in enumerate(paid) if _fits(facts, told)]
		confirmed = claimed in fits and draw(st.booleans())
		sent = facts | {"at": facts["at"] - timedelta(seconds=draw(st.integers(0, 60)))}
		push = Money(f"push{number}", Shape.STK, claimed, account=draw(accounts), confirmed=confirmed, **sent)
		c2b = Money(f"R{number}", Shape.C2B, f"R{number}", account=draw(accounts), confirmed=True, **facts)
		records += draw(st.sampled_from([[push], [c2b], [push, c2b]]))
	return draw(st.permutations(records)), count


def _fits(push, c2b):
	near = abs(push["at"] - c2b["at"]) <= DOUBT - timedelta(seconds=60)
	return near and push["amount"] == c2b["amount"] and push["phone"] == c2b["phone"]


@settings(deadline=None, max_examples=500)
@given(told())
def test_whatever_is_claimed_no_payment_counts_twice(story):
	monies, count = story
	twins, doubts = settle(monies)
	assert len(monies) - len(twins) - len(doubts) <= count


@settings(deadline=None)
@given(told())
def test_each_money_has_at_most_one_twin_and_that_is_of_the_other_shape_and_amount(story):
	monies, _count = story
	by_identity = {money.identity: money for money in monies}
	twins, _doubts = settle(monies)
	matched = [identity for pair in twins for identity in pair]
	assert len(matched) == len(set(matched))
	for one, other in twins:
		assert {by_identity[one].shape, by_identity[other].shape} == {Shape.STK, Shape.C2B}
		assert by_identity[one].amount == by_identity[other].amount


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=6), st.randoms())
def test_honest_payments_of_different_people_are_counted_once_each_without_a_doubt(receipt_known, random):
	monies = []
	for number, known in enumerate(receipt_known):
		at, receipt, phone = AT + timedelta(seconds=number), f"R{number}", f"25471234567{number}"
		account = f"10{number}8"
		push = replace(PUSH, identity=f"push{number}", account=account, at=at, phone=phone)
		monies.append(replace(push, receipt=receipt if known else None))
		monies.append(
			replace(C2B, identity=f"c2b{number}", account=account, receipt=receipt, at=at, phone=phone)
		)
	random.shuffle(monies)
	twins, doubts = settle(monies)
	assert (len(twins), doubts) == (len(receipt_known), [])
