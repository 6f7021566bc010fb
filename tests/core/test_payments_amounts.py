from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.amounts import InvalidAmount, parse_amount, whole_shillings

amounts = st.decimals(min_value=Decimal("0.01"), max_value=10**9, places=2)


@given(amounts)
def test_a_price_is_asked_for_in_whole_shillings_never_less_and_less_than_one_more(amount):
	assert 0 <= whole_shillings(amount) - amount < 1


@given(st.integers(0, 10**9))
def test_whole_shillings_stay_as_they_are(shillings):
	assert whole_shillings(Decimal(shillings)) == shillings


@given(amounts)
def test_an_amount_is_read_from_every_type_that_daraja_sends(amount):
	assert [parse_amount(value) for value in (str(amount), f"{amount:,}", float(amount), amount)] == [
		amount
	] * 4


@pytest.mark.parametrize(
	("sent", "amount"), [(1, "1"), (1.0, "1"), ("1.0", "1"), (" 1,000.00 ", "1000"), ("0100", "100")]
)
def test_known_shapes_of_amounts(sent, amount):
	assert parse_amount(sent) == Decimal(amount)


@pytest.mark.parametrize(
	"value",
	[
		None,
		True,
		"",
		"abc",
		"1,00",
		"-1",
		-1,
		0,
		0.0,
		"0.00",
		"NaN",
		float("nan"),
		float("inf"),
		Decimal("NaN"),
		Decimal("sNaN"),
		Decimal("Infinity"),
		"1e3",
		"0x10",
		"1.001",
		0.1 + 0.2,
		10**9 + 1,
		10**4000,
		Decimal("1E+1000000"),
		Decimal("1E-1000000"),
		1e300,
		"9" * 1000,
		"٥٠",
		[1],
		{"Amount": 1},
	],
)
def test_what_is_no_amount_of_money_is_refused(value):
	with pytest.raises(InvalidAmount):
		parse_amount(value)


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "-Infinity", "1000000000.01", "1E+1000000"])
def test_a_price_that_cannot_be_asked_for_is_refused(amount):
	with pytest.raises(InvalidAmount):
		whole_shillings(Decimal(amount))


@given(st.one_of(st.text(), st.floats(), st.integers(), st.decimals(), st.none()))
def test_anything_is_either_a_positive_amount_or_refused(value):
	try:
		amount = parse_amount(value)
	except InvalidAmount:
		return
	assert 0 < amount <= 10**9
