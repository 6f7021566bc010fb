from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.c2b import Confirmation, parse_confirmation
from mikrotik_integration.core.payments.transaction_status import MalformedCallback

TOLD = {
	"TransactionType": "Pay Bill",
	"TransID": "SJK4XY7Z1A",
	"TransTime": "20260102030405",
	"TransAmount": "1500.00",
	"BusinessShortCode": 600000,
	"BillRefNumber": "1008",
	"MSISDN": "254712345678",
	"FirstName": "MERCY",
	"MiddleName": None,
	"LastName": "WANJIKU",
}


def test_a_confirmation_says_who_paid_what_for_which_account():
	assert parse_confirmation(TOLD) == Confirmation(
		receipt="SJK4XY7Z1A",
		amount=Decimal("1500.00"),
		shortcode="600000",
		account="1008",
		payer="254712345678",
		payer_name="MERCY WANJIKU",
		paid_at=datetime(2026, 1, 2, 3, 4, 5),
	)


@pytest.mark.parametrize(
	"nonsense",
	[
		{"TransID": None},
		{"TransID": ""},
		{"TransID": ["SJK4XY7Z1A"]},
		{"TransID": "<script>alert(1)</script>"},
		{"TransID": "X" * 255},
		{"TransAmount": 0},
		{"TransAmount": -5},
		{"TransAmount": "NaN"},
		{"TransAmount": float("inf")},
		{"TransAmount": 10**15},
		{"TransAmount": None},
		{"TransAmount": {}},
	],
)
def test_what_cannot_be_a_payment_is_refused(nonsense):
	with pytest.raises(MalformedCallback):
		parse_confirmation({**TOLD, **nonsense})


def test_no_html_gets_in():
	markup = '"<img src=x onerror=alert(1)>"'
	told = parse_confirmation({**TOLD, "BillRefNumber": markup, "FirstName": markup, "MSISDN": markup})
	for text in (told.account, told.payer_name, told.payer):
		assert "<" not in text


def test_a_time_that_is_none_is_not_known():
	assert parse_confirmation({**TOLD, "TransTime": "yesterday"}).paid_at is None


@given(
	st.dictionaries(
		st.sampled_from(sorted(TOLD)),
		st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
	)
)
def test_anything_may_be_posted(changes):
	try:
		told = parse_confirmation({**TOLD, **changes})
	except MalformedCallback:
		return
	assert len(told.account) <= 60
	assert len(told.payer_name) <= 140
	assert told.amount > 0
