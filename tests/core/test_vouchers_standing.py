from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.provisioning.desired import Presence
from mikrotik_integration.core.vouchers import standing
from mikrotik_integration.core.vouchers.standing import Facts, Left, RouterLimits, Status

NOON = datetime(2025, 3, 1, 12)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
ENDED = {Status.USED, Status.EXPIRED, Status.VOID}


def a_voucher(**values) -> Facts:
	"""Sold at noon, not used yet; a day from the first login, unless said otherwise."""
	return Facts(**({"sold_on": NOON, "validity": DAY} | values))


moments = st.datetimes(datetime(2025, 3, 1), datetime(2025, 3, 4))
maybe = st.none() | moments


@st.composite
def vouchers(draw) -> Facts:
	first_login = draw(maybe)
	used = st.integers(0, 30) if first_login else st.just(0)
	return Facts(
		sold_on=draw(maybe),
		voided_on=draw(st.none() | st.none() | moments),
		first_login=first_login,
		use_before=draw(maybe),
		validity=draw(st.timedeltas(SECOND, 2 * DAY)),
		validity_from_sale=draw(st.booleans()),
		quota_bytes=draw(st.integers(0, 30)),
		quota_seconds=draw(st.integers(0, 30)),
		device_limit=draw(st.integers(0, 3)),
		used_bytes=draw(used),
		used_seconds=draw(used),
	)


@pytest.mark.parametrize(
	("values", "expected"),
	[
		({"sold_on": None}, Status.AVAILABLE),
		({}, Status.PENDING),
		({"first_login": NOON}, Status.ACTIVE),
		({"first_login": NOON, "quota_bytes": 10, "used_bytes": 9}, Status.ACTIVE),
		({"first_login": NOON, "quota_bytes": 10, "used_bytes": 10}, Status.USED),
		({"first_login": NOON, "quota_seconds": 10, "used_seconds": 11}, Status.USED),
		({"first_login": NOON - DAY}, Status.EXPIRED),
		({"sold_on": NOON - DAY, "validity_from_sale": True}, Status.EXPIRED),
		({"sold_on": NOON - DAY, "first_login": NOON, "validity_from_sale": True}, Status.EXPIRED),
		({"use_before": NOON}, Status.EXPIRED),
		({"sold_on": None, "use_before": NOON}, Status.EXPIRED),
		({"use_before": NOON + SECOND}, Status.PENDING),
		({"voided_on": NOON - HOUR}, Status.VOID),
		({"voided_on": NOON, "first_login": NOON, "quota_bytes": 1, "used_bytes": 1}, Status.VOID),
	],
)
def test_the_status_follows_from_the_facts(values, expected):
	assert standing.status(a_voucher(**values), NOON) is expected


def test_a_used_voucher_outlives_the_date_by_which_it_had_to_be_used():
	voucher = a_voucher(first_login=NOON, use_before=NOON + HOUR)
	assert standing.status(voucher, NOON + 2 * HOUR) is Status.ACTIVE


def test_a_login_after_that_date_revives_nothing():
	voucher = a_voucher(first_login=NOON + HOUR, use_before=NOON + HOUR)
	assert standing.status(voucher, NOON + HOUR) is Status.EXPIRED


@pytest.mark.parametrize(
	("values", "expected"),
	[
		({"sold_on": None}, Presence.DISABLED),
		({}, Presence.ENABLED),
		({"first_login": NOON}, Presence.ENABLED),
		({"first_login": NOON, "quota_bytes": 1, "used_bytes": 1}, Presence.ABSENT),
		({"use_before": NOON}, Presence.ABSENT),
		({"voided_on": NOON}, Presence.ABSENT),
	],
)
def test_the_router_lets_in_who_has_paid_and_nobody_else(values, expected):
	assert standing.presence(a_voucher(**values), NOON) is expected


@given(vouchers(), moments)
def test_nobody_is_let_in_without_a_sale_after_a_return_or_at_the_end(voucher, now):
	if standing.presence(voucher, now) is Presence.ENABLED:
		assert voucher.sold_on is not None and voucher.voided_on is None
		assert not standing.is_used_up(voucher)


@given(vouchers(), moments, st.timedeltas(timedelta(0), 9 * DAY), st.integers(0, 50), st.integers(0, 50))
def test_what_has_ended_never_comes_back_by_time_or_usage(voucher, now, later, more_bytes, more_seconds):
	begun = voucher.first_login or now + later
	after = replace(
		voucher,
		first_login=begun,
		used_bytes=voucher.used_bytes + more_bytes,
		used_seconds=voucher.used_seconds + more_seconds,
	)
	if standing.status(voucher, now) in ENDED:
		assert standing.status(voucher, now + later) is standing.status(voucher, now)
		assert standing.status(after, now + later) in ENDED
		assert standing.presence(after, now + later) is Presence.ABSENT


@given(vouchers(), moments, st.timedeltas(timedelta(0), 9 * DAY))
def test_the_next_change_is_exactly_when_time_changes_the_status(voucher, now, later):
	change = standing.next_change(voucher, now)
	before = standing.status(voucher, now)
	if change is None or now + later < change:
		assert standing.status(voucher, now + later) is before
	if change is not None:
		assert change > now
		assert standing.status(voucher, change - datetime.resolution) is before
		assert standing.status(voucher, change) is Status.EXPIRED


def test_a_validity_beyond_the_calendar_is_no_error():
	voucher = a_voucher(first_login=NOON, validity=timedelta.max)
	assert standing.status(voucher, NOON) is Status.ACTIVE
	assert standing.router_limits(voucher).uptime_s > 0


@pytest.mark.parametrize(
	("values", "expected"),
	[
		({}, Left(None, None, None)),
		({"first_login": NOON}, Left(None, None, NOON + DAY)),
		({"first_login": NOON, "quota_bytes": 10, "used_bytes": 4}, Left(6, None, NOON + DAY)),
		({"first_login": NOON, "quota_seconds": 10, "used_seconds": 4}, Left(None, 6, NOON + DAY)),
		({"first_login": NOON, "quota_bytes": 10, "used_bytes": 14}, Left(0, 0, None)),
		({"voided_on": NOON}, Left(0, 0, None)),
	],
)
def test_the_holder_sees_what_is_left(values, expected):
	assert standing.left(a_voucher(**values), NOON) == expected


@given(vouchers(), moments)
def test_what_is_left_is_never_below_nothing(voucher, now):
	left = standing.left(voucher, now)
	assert left.bytes is None or left.bytes >= 0
	assert left.seconds is None or left.seconds >= 0


@pytest.mark.parametrize(
	("values", "row", "expected"),
	[
		({"quota_bytes": 100}, (0, 0), RouterLimits(100, 86_400)),
		({"quota_bytes": 100, "used_bytes": 30}, (30, 0), RouterLimits(100, 86_400)),
		({"quota_bytes": 100, "used_bytes": 30}, (0, 0), RouterLimits(70, 86_400)),
		({"quota_bytes": 100, "used_bytes": 30}, (10, 0), RouterLimits(80, 86_400)),
		({"quota_bytes": 100, "used_bytes": 130}, (0, 0), RouterLimits(1, 86_400)),
		({"quota_bytes": 100, "used_bytes": 30}, (90, 0), RouterLimits(100, 86_400)),
		({"quota_seconds": 3600, "used_seconds": 600}, (0, 600), RouterLimits(0, 3600)),
		({"quota_seconds": 3600, "used_seconds": 3600}, (0, 0), RouterLimits(0, 1)),
		({"quota_seconds": 200_000}, (0, 0), RouterLimits(0, 86_400)),
		({"device_limit": 3}, (0, 0), RouterLimits(0, 3 * 86_400)),
		({"device_limit": 0}, (0, 0), RouterLimits(0, 0)),
		({"device_limit": 0, "quota_seconds": 60}, (0, 0), RouterLimits(0, 60)),
		({"validity": timedelta(0), "quota_bytes": 5}, (0, 0), RouterLimits(5, 0)),
	],
)
def test_the_caps_of_a_row(values, row, expected):
	assert standing.router_limits(a_voucher(first_login=NOON, **values), *row) == expected


@given(vouchers(), st.integers(0, 60), st.integers(0, 60))
def test_a_limited_voucher_is_never_unlimited_on_a_router(voucher, row_bytes, row_seconds):
	limits = standing.router_limits(voucher, row_bytes, row_seconds)
	assert bool(limits.bytes_total) == bool(voucher.quota_bytes)
	assert limits.uptime_s > 0 or not (
		voucher.quota_seconds or (voucher.validity >= SECOND and voucher.device_limit)
	)


@given(vouchers(), st.integers(0, 60), st.integers(0, 60))
def test_a_used_up_voucher_gives_nothing_more_than_a_byte_or_a_second(voucher, row_bytes, row_seconds):
	limits = standing.router_limits(voucher, row_bytes, row_seconds)
	if 0 < voucher.quota_bytes <= voucher.used_bytes:
		assert limits.bytes_total <= max(1, row_bytes)
	if 0 < voucher.quota_seconds <= voucher.used_seconds:
		assert limits.uptime_s <= max(1, row_seconds)


actions = st.lists(
	st.tuples(st.sampled_from(["use", "new row", "move"]), st.integers(0, 3), st.integers(0, 40)), max_size=30
)


@given(st.integers(1, 100), actions)
def test_rows_made_anew_and_moves_within_a_group_never_give_more_than_the_quota(quota, story):
	rows, here, spent = [0, 0, 0, 0], 0, 0
	for what, router, amount in story:
		voucher = a_voucher(first_login=NOON, quota_bytes=quota, used_bytes=spent)
		if what == "new row":
			rows[here] = 0
		elif what == "move":
			here = router
		elif standing.presence(voucher, NOON) is Presence.ENABLED:
			allowed = standing.router_limits(voucher, rows[here]).bytes_total - rows[here]
			amount = min(amount, max(0, allowed))
			rows[here] += amount
			spent += amount
		assert spent <= quota


@given(st.integers(1, 100), st.integers(0, 50), st.lists(st.integers(0, 9), max_size=9))
def test_the_caps_stay_the_same_while_one_row_alone_is_used(quota, elsewhere, steps):
	caps, row = set(), 0
	for step in steps:
		row += step
		facts = a_voucher(first_login=NOON, quota_bytes=quota, used_bytes=elsewhere + row)
		caps.add(standing.router_limits(facts, row).bytes_total)
	assert len(caps) <= 1


@pytest.mark.parametrize(
	"values",
	[
		{"validity": timedelta(0)},
		{"validity": -SECOND},
		{"quota_bytes": -1},
		{"used_seconds": -1, "first_login": NOON},
		{"device_limit": -1},
		{"used_bytes": 1},
	],
)
def test_a_voucher_that_could_not_end_is_refused(values):
	with pytest.raises(ValueError, match="voucher"):
		a_voucher(**values)


def test_what_was_never_logged_in_with_is_unused():
	assert standing.is_unused(a_voucher())
	assert not standing.is_unused(a_voucher(first_login=NOON))
