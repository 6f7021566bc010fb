"""RouterOS's spellings of times, rates and dates."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.errors import InvalidValue
from mikrotik_integration.core.routeros.values import (
	format_duration,
	format_rate,
	is_sold_rate,
	parse_bool,
	parse_duration,
	parse_number,
	parse_rate,
	parse_router_date,
	rate_limit,
	same_rate_limit,
)

rates = st.integers(0, 10**11)


@pytest.mark.parametrize(
	("text", "seconds"),
	[
		("15w3d3h42m53s", 15 * 604800 + 3 * 86400 + 3 * 3600 + 42 * 60 + 53),
		("7w6d9h34m", 7 * 604800 + 6 * 86400 + 9 * 3600 + 34 * 60),
		("01:22:53", 4973),
		("2735w1d21:41:43.48", 2735 * 604800 + 86400 + 78103),
		("1d00:00:00", 86400),
		("1s500ms", 1),
		("500ms", 0),
		("10us", 0),
		("2m", 120),
		("5m3ms", 300),
		("30", 30),
		("none", 0),
		("", 0),
		(None, 0),
	],
)
def test_durations_come_in_many_shapes(text, seconds):
	assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["22:53", "1x", "-5", "1h-2m", "one hour", "1m1h", "1:2:3:4"])
def test_what_is_no_duration_is_never_silently_zero(text):
	with pytest.raises(ValueError):
		parse_duration(text)


@given(st.integers(0, 10**10))
def test_a_duration_survives_the_round_trip(seconds):
	assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(0, 99), st.integers(0, 6), st.integers(0, 86399))
def test_a_duration_with_a_clock_is_read_like_one_in_words(weeks, days, rest):
	clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
	assert parse_duration(f"{weeks}w{days}d{clock}") == weeks * 604800 + days * 86400 + rest


@pytest.mark.parametrize(
	("text", "rate_bps"),
	[
		("25M", 25_000_000),
		("25000000", 25_000_000),
		("10G", 10**10),
		("1.5M", 1_500_000),
		("512k", 512_000),
		("", 0),
	],
)
def test_rates_count_in_thousands(text, rate_bps):
	assert parse_rate(text) == rate_bps


@pytest.mark.parametrize("text", ["fast", "-1M", "1.0000001k", "10M/10M", "nan", "inf", "M"])
def test_what_is_no_rate_is_refused(text):
	with pytest.raises(ValueError):
		parse_rate(text)


@given(rates)
def test_a_rate_survives_the_round_trip(rate_bps):
	assert parse_rate(format_rate(rate_bps)) == rate_bps


def test_the_upload_comes_first_in_a_rate_limit():
	assert rate_limit(512_000, 1_000_000) == "512k/1M"


def test_no_limit_at_all_is_no_text():
	assert rate_limit(0, None) == rate_limit(None, 0, 5, 5) == ""


def test_one_way_alone_can_be_limited():
	assert rate_limit(None, 5_000_000) == "0/5M"


def test_a_burst_has_the_routers_own_defaults():
	assert rate_limit(1_000_000, 2_000_000, 2_000_000, 4_000_000) == "1M/2M 2M/4M 1M/2M 1/1"
	assert rate_limit(1_000_000, 2_000_000, 0, 4_000_000, 0, 1_500_000, 0, 8) == "1M/2M 0/4M 0/1500k 0/8"


def test_nothing_below_zero_is_a_limit():
	with pytest.raises(ValueError):
		rate_limit(-1, 5)


@given(rates, rates)
def test_a_rate_limit_means_the_same_however_it_is_written(rx, tx):
	written = rate_limit(rx, tx)
	assert same_rate_limit(written, f"{rx}/{tx}")
	assert same_rate_limit(written, f"{rx}/{tx} 0/0 0/0 0/0 8 0/0")
	assert not same_rate_limit(written, f"{rx + 1}/{tx}")


def test_one_rate_alone_is_for_both_ways():
	assert same_rate_limit("10M", "10000000/10000000")


def test_a_rate_limit_that_cannot_be_read_is_only_the_same_as_itself():
	assert same_rate_limit("what is this", "what is this")
	assert not same_rate_limit("what is this", "")
	assert not same_rate_limit("1M 1M 1M 1 8 1M 1M", "1M 1M 1M 1 8 1M")


@pytest.mark.parametrize("text", ["feb/05/2024 13:47:44", "2024-02-05 13:47:44", "2024-02-05T13:47:44"])
def test_dates_of_old_and_new_routers(text):
	assert parse_router_date(text) == datetime(2024, 2, 5, 13, 47, 44)


@pytest.mark.parametrize("text", ["", "xyz/05/2024 13:47:44", "2024-13-05", "feb/05", "yesterday"])
def test_what_is_no_date_is_refused(text):
	with pytest.raises(ValueError):
		parse_router_date(text)


def test_flags():
	assert [parse_bool(text) for text in ("yes", "true", "no", "false", "", None)] == [True] * 2 + [False] * 4
	with pytest.raises(ValueError):
		parse_bool("perhaps")


def test_numbers():
	assert [parse_number(text) for text in ("18446744073709551615", "", None)] == [2**64 - 1, 0, 0]


@pytest.mark.parametrize("text", ["1 234", "3%", "1.2GiB", "-1", "1e3", "\u0661", "+1", "9" * 21, "9" * 5000])
def test_what_is_no_number_is_refused_in_the_words_of_core(text):
	with pytest.raises(InvalidValue):
		parse_number(text)


@pytest.mark.parametrize("text", ["?", "9" * 5000, "9" * 5000 + "w", "1x", "\u0661s"])
def test_what_is_no_duration_is_refused_in_the_words_of_core(text):
	with pytest.raises(InvalidValue):
		parse_duration(text)


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 5000 + "G", "1." + "9" * 5000, "9" * 16])
def test_a_rate_beyond_every_line_is_refused(text):
	with pytest.raises(InvalidValue):
		parse_rate(text)
	assert same_rate_limit(text, text)
	assert not same_rate_limit(text, "1M")


@pytest.mark.parametrize(
	("text", "is_sold"),
	[("10", False), ("999", False), ("1000", True), ("10M", True), ("0", True), ("", True)],
)
def test_a_speed_of_a_few_bits_is_not_sold(text, is_sold):
	assert is_sold_rate(parse_rate(text)) == is_sold
