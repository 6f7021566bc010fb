"""Received money alone counts."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.received import received

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)


def test_all_of_it_counts_when_all_of_it_reached_the_bank():
	assert received(Decimal(1500), Decimal(1500), Decimal(1500)) == 1500


def test_one_shilling_with_8999_deducted_is_one_shilling():
	assert received(Decimal(9000), Decimal(9000), Decimal(1)) == 1
	assert received(Decimal(9000), Decimal(9000), Decimal(1), Decimal(8999)) == 901


def test_withheld_tax_is_not_missing_money():
	assert received(Decimal(1500), Decimal(1500), Decimal(1425), Decimal(75)) == 1500


def test_each_debt_gets_its_share_of_the_money():
	assert received(Decimal(1000), Decimal(4000), Decimal(3000)) == 750


def test_tax_alone_is_no_money():
	assert received(Decimal(1500), Decimal(1500), Decimal(0), Decimal(150)) == 0


def test_money_that_goes_out_again_counts_for_nothing():
	assert received(Decimal(1500), Decimal(1500), Decimal(-10)) == 0


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_never_more_than_came_and_a_tenth(booked, money, withheld):
	whole = received(booked, booked, money, withheld)
	assert 0 <= whole <= booked
	assert whole <= money + booked / 10 + Decimal("0.01")
