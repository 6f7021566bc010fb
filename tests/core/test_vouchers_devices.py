from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.provisioning.desired import Service
from mikrotik_integration.core.usage.sessions import SessionReading
from mikrotik_integration.core.vouchers.devices import (
	MOST_KEPT,
	Decision,
	Device,
	NotReplaced,
	Verdict,
	decide,
	free_places,
	is_randomised,
	judge,
	replace_device,
)

A, B, C, D = (f"AA:BB:CC:00:00:0{number}" for number in range(1, 5))


def a_session(mac: str, uptime_s: int = 60, key: str = "") -> SessionReading:
	return SessionReading(key or f"{mac}/10.0.0.1", "code", Service.HOTSPOT, uptime_s, 0, 0, "10.0.0.1", mac)


macs = st.integers(0, 9).map(lambda number: f"02:00:00:00:00:{number:02X}")
device_lists = st.lists(st.builds(Device, macs, st.booleans()), max_size=6)
sessions = st.lists(st.builds(a_session, macs, st.integers(0, 9)), max_size=12)


@pytest.mark.parametrize(
	("devices", "limit", "mac", "expected"),
	[
		([], 1, A, Verdict.ADMITTED),
		([Device(A)], 1, A, Verdict.KNOWN),
		([Device(A)], 1, A.lower().replace(":", "-"), Verdict.KNOWN),
		([Device(A)], 1, B, Verdict.REFUSED),
		([Device(A)], 2, B, Verdict.ADMITTED),
		([Device(A), Device(B)], 0, C, Verdict.ADMITTED),
		([Device(A, replaced=True), Device(B)], 2, A, Verdict.REFUSED),
		([Device(A, replaced=True)], 0, A, Verdict.REFUSED),
		([Device(A, replaced=True), Device(B)], 2, C, Verdict.ADMITTED),
		([], 1, "", Verdict.REFUSED),
		([], 0, "<script>", Verdict.REFUSED),
	],
)
def test_a_device_is_known_admitted_or_refused(devices, limit, mac, expected):
	assert judge(devices, limit, mac) is expected


def test_of_twenty_devices_at_once_exactly_three_get_in():
	crowd = [a_session(f"02:00:00:00:01:{number:02X}", number) for number in range(20)]
	decision = decide([], 3, crowd)
	assert len(decision.admitted) == 3
	assert {session.uptime_s for session in decision.refused} == set(range(17))


def test_a_device_with_two_addresses_of_the_network_is_one_device():
	two = [a_session(A, key="one"), a_session(A, key="two")]
	assert decide([], 1, two) == Decision(admitted=(A,))


def test_of_devices_that_a_router_makes_up_without_end_some_are_kept_and_none_is_sent_away():
	made_up = [a_session(f"02:00:00:{n >> 16:02X}:{n >> 8 & 255:02X}:{n & 255:02X}") for n in range(50_000)]
	decision = decide([], 0, made_up)
	assert (len(decision.admitted), decision.refused) == (MOST_KEPT, ())


def test_a_replaced_device_that_is_still_on_must_go():
	assert decide([Device(A, True), Device(B)], 1, [a_session(A), a_session(B)]).refused == (a_session(A),)


@given(device_lists, st.integers(1, 4), sessions)
def test_no_more_devices_than_the_limit_ever_stay(devices, limit, online):
	decision = decide(devices, limit, online)
	here = {device.mac for device in devices if not device.replaced}
	stay = {session.mac for session in online if session not in decision.refused}
	assert stay <= here | set(decision.admitted)
	assert len(here | set(decision.admitted)) <= max(limit, len(here))


@given(device_lists, st.integers(0, 4), sessions, st.randoms())
def test_the_decision_does_not_depend_on_the_order_of_the_rows(devices, limit, online, random):
	other = list(online)
	random.shuffle(other)
	assert decide(devices, limit, other).admitted == decide(devices, limit, online).admitted


@given(device_lists, st.integers(0, 4), sessions)
def test_deciding_again_changes_nothing(devices, limit, online):
	first = decide(devices, limit, online)
	after = [*devices, *map(Device, first.admitted)]
	stay = [session for session in online if session not in first.refused]
	assert decide(after, limit, stay) == Decision()


def test_a_device_takes_the_place_of_another():
	after = replace_device([Device(A), Device(B)], A, C.lower(), 1)
	assert after == (Device(A, replaced=True), Device(B), Device(C))
	assert judge(after, 2, A) is Verdict.REFUSED
	assert judge(after, 2, C) is Verdict.KNOWN


@pytest.mark.parametrize(
	("old", "new", "most", "words"),
	[
		(D, C, 5, "does not use"),
		(B, D, 5, "does not use"),  # B gave its place away already
		(A, A, 5, "already"),
		(A, B, 5, "replaced before"),
		(A, C, 1, "ask at the shop"),
		(A, C, 0, "ask at the shop"),
	],
)
def test_a_replacement_that_would_give_away_places_is_refused(old, new, most, words):
	with pytest.raises(NotReplaced, match=words):
		replace_device([Device(A), Device(B, replaced=True)], old, new, most)


def test_staff_may_replace_without_limit_and_bring_a_device_back():
	after = replace_device([Device(A), Device(B, replaced=True)], A, B, None)
	assert after == (Device(A, replaced=True), Device(B))


def test_what_is_no_mac_cannot_take_a_place():
	with pytest.raises(ValueError, match="not a MAC address"):
		replace_device([Device(A)], A, "<b>", 5)


@given(st.lists(st.tuples(macs, macs), max_size=20), st.integers(0, 3))
def test_a_holder_never_gets_more_places_or_replacements_than_allowed(swaps, most):
	devices, done = (Device("02:00:00:00:00:00"), Device("02:00:00:00:00:01")), 0
	for old, new in swaps:
		try:
			devices = replace_device(devices, old, new, most)
			done += 1
		except NotReplaced:
			continue
	assert done <= most
	assert sum(not device.replaced for device in devices) == 2


@pytest.mark.parametrize(("limit", "expected"), [(0, None), (1, 0), (2, 1), (3, 2)])
def test_free_places_are_counted_without_replaced_devices(limit, expected):
	assert free_places([Device(A), Device(B, replaced=True)], limit) == expected


@pytest.mark.parametrize(
	("mac", "expected"),
	[
		("DA:A1:19:00:00:01", True),
		("02-00-00-00-00-01", True),
		("B8:27:EB:00:00:01", False),
		("", False),
		("?", False),
	],
)
def test_an_address_that_a_phone_made_up_is_recognised(mac, expected):
	assert is_randomised(mac) is expected
