import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments import receipts

RECEIPT = "SJK4XY7Z1A"


@pytest.mark.parametrize(
	"text",
	[
		RECEIPT,
		f" {RECEIPT}",
		f"{RECEIPT}....",
		f"MPESA {RECEIPT}",
		f"M-PESA:{RECEIPT.lower()} confirmed",
		f"{RECEIPT}, {RECEIPT}",
		f"({RECEIPT})\n",
	],
)
def test_a_receipt_is_the_same_however_it_was_typed(text):
	assert receipts.find(text) == RECEIPT


@pytest.mark.parametrize(
	"text",
	[
		"",
		"cash",
		"WITHDRAWAL",
		"CHEQUE",
		"0712345678",
		"2547123456",
		f"{RECEIPT}1",
		f"X{RECEIPT}",
		"ACC-PAY-2026-00017",
		f"{RECEIPT} and SJK4XY7Z1B",
	],
)
def test_what_names_no_receipt_or_more_than_one_is_none(text):
	assert receipts.find(text) is None


@given(st.text())
def test_any_text_may_be_typed(text):
	found = receipts.find(text)
	assert found is None or found in text.upper()


def test_what_a_confirmation_names_is_the_whole_text():
	assert receipts.normalise(f" {RECEIPT.lower()} ") == RECEIPT
	assert receipts.normalise(f"MPESA {RECEIPT}") is None
	assert receipts.normalise("") is None
