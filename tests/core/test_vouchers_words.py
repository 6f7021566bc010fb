"""Words on vouchers."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.vouchers import words
from mikrotik_integration.core.vouchers.words import Terms

DAY = timedelta(days=1)


@pytest.mark.parametrize(
	("seconds", "english", "swahili"),
	[
		(0, "0 minutes", "dakika 0"),
		(1, "1 minute", "dakika 1"),
		(1800, "30 minutes", "dakika 30"),
		(3600, "1 hour", "saa 1"),
		(5400, "90 minutes", "dakika 90"),
		(7200, "2 hours", "saa 2"),
		(86_400, "24 hours", "saa 24"),
		(86_400 + 43_200, "1 day 12 hours", "siku 1 saa 12"),
		(7 * 86_400, "7 days", "siku 7"),
	],
)
def test_spans_of_time_are_said_as_sellers_say_them(seconds, english, swahili):
	assert (english, swahili) == (words.span(seconds), words.span(seconds, words.SWAHILI))


@pytest.mark.parametrize(
	("quota_bytes", "bytes_per_mb", "said"),
	[
		(500_000_000, 1_000_000, "500 MB"),
		(1_500_000_000, 1_000_000, "1.5 GB"),
		(1_610_612_736, 1_048_576, "1.5 GB"),
		(1000 * 1_048_576, 1_048_576, "1,000 MB"),
		(2_000_000_000_000, 1_000_000, "2,000 GB"),
	],
)
def test_data_is_said_in_the_sellers_units(quota_bytes, bytes_per_mb, said):
	assert said == words.data(quota_bytes, bytes_per_mb)


def test_everything_that_limits_a_voucher_is_said():
	given_terms = Terms(DAY, 500_000_000, 7200, 3)
	assert words.terms(given_terms) == ["24 hours", "2 hours online", "500 MB", "3 devices"]
	assert words.terms(given_terms, words.SWAHILI) == ["saa 24", "saa 2 mtandaoni", "MB 500", "vifaa 3"]


def test_what_is_not_limited_is_said_too():
	assert words.terms(Terms(7 * DAY, 0, 0, 0)) == ["7 days", "unlimited data", "any number of devices"]
	assert words.terms(Terms(7 * DAY, 0, 0, 1), words.SWAHILI) == ["siku 7", "data bila kikomo", "kifaa 1"]


@given(st.integers(0, 10**9), st.sampled_from(words.LANGUAGES))
def test_no_span_is_left_without_words(seconds, language):
	assert words.span(seconds, language)
