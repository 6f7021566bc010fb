"""Hotspot customers, as facts and incident reports have them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librouteros.exceptions import TrapError

from mikrotik_integration.simulators.routeros import (
	Behaviour,
	LoginRefused,
	ResetBy,
	RouterSimulator,
	SessionEnded,
)

USERS, ACTIVE = "/ip/hotspot/user", "/ip/hotspot/active"
MAC = "02:00:00:00:00:42"


def ann(router: RouterSimulator, **more: str) -> str:
	"""A user of the name ann; her `.id`."""
	return router.add(USERS, name="ann", password="pw", **more)


def counters(router: RouterSimulator, menu: str = USERS) -> tuple[str, str, str]:
	"""Uptime, bytes-in, bytes-out of ann's row."""
	[row] = [row for row in router.rows(menu) if "ann" in (row.get("name"), row.get("user"))]
	return row["uptime"], row["bytes-in"], row["bytes-out"]


def refused(router: RouterSimulator, user: str = "ann", password: str = "pw", **more: str) -> str:
	with pytest.raises(LoginRefused) as refusal:
		router.customer.login(user, password, **more)
	return str(refusal.value)


def test_usage_is_on_the_active_row_until_the_session_ends(router: RouterSimulator) -> None:
	ann(router)
	session = router.customer.login("ann", "pw")
	session.move(upload=10, download=200, seconds=60)
	assert (counters(router), counters(router, ACTIVE)) == (("0s", "0", "0"), ("1m", "10", "200"))
	session.hang_up()
	assert (counters(router), router.rows(ACTIVE)) == (("1m", "10", "200"), [])


def test_the_id_of_an_active_row_is_the_address_in_hex(router: RouterSimulator) -> None:
	ann(router)
	router.customer.login("ann", "pw", address="10.20.0.251")
	assert [row[".id"] for row in router.rows(ACTIVE)] == ["*A1400FB"]


def test_a_stale_active_id_may_be_another_customer(router: RouterSimulator, api) -> None:
	ann(router)
	router.add(USERS, name="bob", password="pw")
	first = router.customer.login("ann", "pw", address="10.20.0.251")
	[stale] = [row[".id"] for row in router.rows(ACTIVE)]
	first.hang_up()
	second = router.customer.login("bob", "pw", address="10.20.0.251")
	api.path(ACTIVE).remove(stale)
	assert second.ended == "admin reset"


@pytest.mark.parametrize(("password", "disabled"), [("wrong", "no"), ("", "no"), ("PW", "no"), ("pw", "yes")])
def test_a_wrong_password_or_a_disabled_user_is_refused(router, password: str, disabled: str) -> None:
	ann(router, disabled=disabled)
	assert refused(router, "ann", password) == "invalid username or password"


def test_a_user_bound_to_a_device_is_refused_elsewhere(router: RouterSimulator) -> None:
	ann(router, mac_address=MAC)
	assert refused(router) == "user ann is not allowed to log in from this MAC address"
	assert router.customer.login("ann", "pw", mac=MAC).is_live


def test_a_name_like_a_mac_is_refused_for_other_devices(router: RouterSimulator) -> None:
	router.add(USERS, name=MAC.lower(), password="pw")
	expected = f"invalid username ({MAC.lower()}): this MAC address is not yours"
	assert refused(router, MAC.lower()) == expected
	assert router.customer.login(MAC.lower(), "pw", mac=MAC).is_live


def test_no_more_devices_than_the_profile_shares(router: RouterSimulator) -> None:
	router.add("/ip/hotspot/user/profile", name="two", shared_users="2")
	ann(router, profile="two")
	first = router.customer.login("ann", "pw")
	router.customer.login("ann", "pw")
	assert refused(router) == "no more sessions are allowed for user ann"
	first.hang_up()
	assert router.customer.login("ann", "pw").is_live


def test_the_licence_limits_the_sessions(make_router) -> None:
	router = make_router(Behaviour(session_limit=1))
	ann(router)
	router.add(USERS, name="bob", password="pw")
	router.customer.login("bob", "pw")
	assert refused(router) == "session limit reached (1)"


CAPS = [
	({"limit_bytes_total": "100"}, {"upload": 60, "download": 80}, 100, "traffic limit"),
	({"limit_bytes_in": "50"}, {"upload": 60, "download": 80}, 130, "traffic limit"),
	({"limit_bytes_out": "50"}, {"upload": 60, "download": 80}, 110, "traffic limit"),
]


@pytest.mark.parametrize(("limits", "moved", "counted", "words"), CAPS)
def test_a_session_drops_at_a_cap_of_bytes_and_login_is_refused(
	router, limits, moved, counted, words
) -> None:
	ann(router, **limits)
	session = router.customer.login("ann", "pw")
	through = session.move(**moved)
	_, bytes_in, bytes_out = counters(router)
	assert (session.ended, through.upload + through.download) == (f"{words} reached", counted)
	assert int(bytes_in) + int(bytes_out) == counted
	assert refused(router) == f"user ann has reached {words}"


def test_limit_uptime_is_a_lifetime_and_not_from_now(router: RouterSimulator) -> None:
	row_id = ann(router, limit_uptime="1h")
	session = router.customer.login("ann", "pw")
	session.move(seconds=5000)
	assert (session.ended, counters(router)[0]) == ("uptime limit reached", "1h")
	router.run(f"{USERS}/set", {".id": row_id, "limit-uptime": "1h"})
	assert refused(router) == "user ann has reached uptime limit"
	router.run(f"{USERS}/set", {".id": row_id, "limit-uptime": "2h"})
	router.customer.login("ann", "pw")
	assert router.rows(ACTIVE)[0]["session-time-left"] == "1h"


def test_time_that_goes_by_for_the_router_ends_sessions_too(router: RouterSimulator) -> None:
	ann(router, limit_uptime="1h")
	session = router.customer.login("ann", "pw")
	router.advance(3599)
	assert session.is_live
	router.advance(10)
	assert (session.ended, counters(router)[0]) == ("uptime limit reached", "1h")


def test_two_devices_of_a_user_share_one_cap(router: RouterSimulator) -> None:
	router.add("/ip/hotspot/user/profile", name="two", shared_users="2")
	ann(router, profile="two", limit_bytes_total="100")
	first, second = router.customer.login("ann", "pw"), router.customer.login("ann", "pw")
	first.move(download=70)
	assert second.move(download=70).download == 30
	assert second.ended == "traffic limit reached"


def test_each_device_may_have_what_was_left_at_its_login(make_router) -> None:
	router = make_router(Behaviour(caps_fixed_at_login=True))
	router.add("/ip/hotspot/user/profile", name="two", shared_users="2")
	ann_id = ann(router, profile="two", limit_bytes_total="100", limit_uptime="1h")
	before = router.customer.login("ann", "pw")
	before.move(download=30, seconds=600)
	before.hang_up()
	first, second = router.customer.login("ann", "pw"), router.customer.login("ann", "pw")
	router.run(f"{USERS}/set", {".id": ann_id, "limit-bytes-total": "10"})
	assert [first.move(download=500).download, second.move(download=500).download] == [70, 70]
	assert (first.ended, second.ended) == ("traffic limit reached", "traffic limit reached")
	assert refused(router) == "user ann has reached traffic limit"


@pytest.mark.parametrize("limit", ["0", "0s"])
def test_a_limit_of_zero_is_none(router: RouterSimulator, limit: str) -> None:
	ann(router, limit_uptime=limit, limit_bytes_total="0")
	assert router.customer.login("ann", "pw").move(download=10**12, seconds=10**6).download == 10**12


@pytest.mark.parametrize("ends", [True, False])
def test_disabling_a_user_may_leave_the_session_alone(make_router, connect, ends: bool) -> None:
	router = make_router(Behaviour(disabling_ends_hotspot_sessions=ends))
	row_id = ann(router)
	session = router.customer.login("ann", "pw")
	connect(router).path(USERS).update(**{".id": row_id, "disabled": True})
	assert session.is_live is not ends


@pytest.mark.parametrize("ends", [True, False])
def test_removing_a_user_may_leave_the_session_alone(make_router, connect, ends: bool) -> None:
	router = make_router(Behaviour(removing_ends_hotspot_sessions=ends))
	row_id = ann(router)
	session = router.customer.login("ann", "pw")
	connect(router).path(USERS).remove(row_id)
	assert session.is_live is not ends
	session.hang_up()
	assert router.rows(ACTIVE) == []


def test_a_cookie_lets_a_device_back_without_password(router: RouterSimulator) -> None:
	row_id = ann(router)
	session = router.customer.login("ann", "pw", mac=MAC)
	session.hang_up()
	router.run(f"{USERS}/set", {".id": row_id, "password": "changed"})
	assert router.customer.come_back(MAC).user == "ann"


def test_a_cookie_is_of_no_use_for_a_disabled_or_removed_user(router: RouterSimulator) -> None:
	row_id = ann(router)
	router.customer.login("ann", "pw", mac=MAC).hang_up()
	router.run(f"{USERS}/disable", {".id": row_id})
	with pytest.raises(LoginRefused):
		router.customer.come_back(MAC)
	router.run(f"{USERS}/remove", {".id": row_id})
	with pytest.raises(LoginRefused):
		router.customer.come_back(MAC)


def test_a_removed_or_expired_cookie_lets_nobody_back(router: RouterSimulator, api) -> None:
	ann(router)
	router.customer.login("ann", "pw", mac=MAC).hang_up()
	router.advance(3 * 86400 - 10)
	assert [row["expires-in"] for row in router.rows("/ip/hotspot/cookie")] == ["10s"]
	api.path("/ip/hotspot/cookie").remove(router.rows("/ip/hotspot/cookie")[0][".id"])
	with pytest.raises(LoginRefused, match="not logged in"):
		router.customer.come_back(MAC)
	router.customer.login("ann", "pw", mac=MAC).hang_up()
	router.advance(3 * 86400)
	assert router.rows("/ip/hotspot/cookie") == []


def test_a_cookie_in_a_state_file_of_old_still_lets_its_device_in(make_router, tmp_path) -> None:
	state = tmp_path / "router.json"
	router = make_router(state=state)
	ann(router)
	router.customer.login("ann", "pw", mac=MAC).hang_up()
	router.stop()
	kept = json.loads(state.read_text())
	assert kept["menus"]["/ip/hotspot/cookie"][0].pop("mac-cookie") == "true"
	state.write_text(json.dumps(kept))
	assert make_router(state=state).customer.come_back(MAC).user == "ann"


def test_a_profile_may_give_no_cookies(router: RouterSimulator) -> None:
	router.add("/ip/hotspot/user/profile", name="plain", add_mac_cookie="no")
	ann(router, profile="plain")
	router.customer.login("ann", "pw", mac=MAC).hang_up()
	assert router.rows("/ip/hotspot/cookie") == []


def test_a_device_may_be_back_at_once_while_it_has_its_cookie(make_router, connect) -> None:
	router = make_router(Behaviour(devices_come_back=True))
	ann(router)
	api = connect(router)
	router.customer.login("ann", "pw", mac=MAC)
	api.path(ACTIVE).remove(router.rows(ACTIVE)[0][".id"])
	assert [row["login-by"] for row in router.rows(ACTIVE)] == ["mac-cookie"]
	api.path("/ip/hotspot/cookie").remove(router.rows("/ip/hotspot/cookie")[0][".id"])
	api.path(ACTIVE).remove(router.rows(ACTIVE)[0][".id"])
	assert router.rows(ACTIVE) == []


@pytest.mark.parametrize("forgets", [True, False])
def test_who_is_removed_from_active_may_lose_the_mac_cookie(make_router, connect, forgets: bool) -> None:
	router = make_router(Behaviour(removal_forgets_mac_cookie=forgets, devices_come_back=True))
	ann(router)
	router.customer.login("ann", "pw", mac=MAC)
	connect(router).path(ACTIVE).remove(router.rows(ACTIVE)[0][".id"])
	assert bool(router.rows(ACTIVE)) is not forgets
	assert bool(router.rows("/ip/hotspot/cookie")) is not forgets


def test_a_changed_profile_takes_effect_at_the_next_login(router: RouterSimulator) -> None:
	profile = router.add("/ip/hotspot/user/profile", name="p", rate_limit="1M/5M")
	ann(router, profile="p")
	session = router.customer.login("ann", "pw")
	router.run("/ip/hotspot/user/profile/set", {".id": profile, "rate-limit": "2M/10M"})
	assert [row["max-limit"] for row in router.rows("/queue/simple")] == ["1000000/5000000"]
	session.hang_up()
	assert router.rows("/queue/simple") == []
	router.customer.login("ann", "pw")
	assert [row["max-limit"] for row in router.rows("/queue/simple")] == ["2000000/10000000"]


@pytest.mark.parametrize(("lose_live", "kept"), [(True, ("0s", "0", "0")), (False, ("1m", "10", "200"))])
def test_a_reboot_loses_or_keeps_the_usage_of_live_sessions(router, lose_live: bool, kept) -> None:
	ann(router)
	session = router.customer.login("ann", "pw")
	session.move(upload=10, download=200, seconds=60)
	router.reboot(lose_live=lose_live)
	assert (counters(router), router.rows(ACTIVE), session.is_live) == (kept, [], False)
	with pytest.raises(SessionEnded):
		session.move(upload=1)


def test_a_power_cut_takes_the_counters_of_the_last_minutes(make_router) -> None:
	router = make_router(Behaviour(counters_saved_every_s=300))
	ann(router)
	for amount in (1000, 200, 30):
		session = router.customer.login("ann", "pw")
		session.move(download=amount)
		session.hang_up()
		if amount == 1000:
			router.advance(300)
	assert counters(router)[2] == "1230"
	router.reboot(lose_live=True)
	assert counters(router)[2] == "1000"


@pytest.mark.parametrize("known", list(ResetBy))
def test_counters_are_reset_by_the_argument_that_the_router_knows(
	make_router, connect, known: ResetBy
) -> None:
	router = make_router(Behaviour(reset_counters_by=known))
	row_id = ann(router)
	api = connect(router)
	for name in (".id", "numbers"):
		session = router.customer.login("ann", "pw")
		session.move(download=5)
		session.hang_up()
		understood = known in (ResetBy.BOTH, name)
		try:
			tuple(api(f"{USERS}/reset-counters", **{name: row_id}))
		except TrapError as trap:
			assert trap.message == f"unknown parameter {name}"
		assert (counters(router)[2] == "0") is understood
		router.run(f"{USERS}/set", {".id": row_id, "comment": "next"})


def test_the_server_can_log_a_device_in(router: RouterSimulator, api) -> None:
	ann(router)
	mac, address = router.customer.appear()
	tuple(api(f"{ACTIVE}/login", **{"user": "ann", "password": "pw", "mac-address": mac, "ip": address}))
	assert [(row["user"], row["address"]) for row in router.rows(ACTIVE)] == [("ann", address)]


LOGINS = [
	({"ip": "10.0.0.1"}, "unknown host IP 10.0.0.1"),
	({"password": "wrong"}, "invalid username or password"),
	({}, "your uptime limit is reached"),
]


@pytest.mark.parametrize(("changed", "message"), LOGINS)
def test_a_login_by_the_server_is_refused_in_the_apis_words(router, api, changed, message: str) -> None:
	ann(router, limit_uptime="1s")
	router.customer.login("ann", "pw").move(seconds=2)
	_, address = router.customer.appear()
	with pytest.raises(TrapError) as refusal:
		tuple(api(f"{ACTIVE}/login", **{"user": "ann", "password": "pw", "ip": address, **changed}))
	assert refusal.value.message == message


def test_devices_are_seen_before_and_after_login(router: RouterSimulator) -> None:
	ann(router)
	mac, address = router.customer.appear()
	assert [row["authorized"] for row in router.rows("/ip/hotspot/host")] == ["false"]
	router.customer.login("ann", "pw", mac=mac)
	assert [(row["address"], row["authorized"]) for row in router.rows("/ip/hotspot/host")] == [
		(address, "true")
	]


def test_a_removed_host_is_thrown_out(router: RouterSimulator, api) -> None:
	ann(router)
	session = router.customer.login("ann", "pw")
	with pytest.raises(TrapError, match="no such item"):
		api.path("/ip/hotspot/host").remove("*zz")
	api.path("/ip/hotspot/host").remove(router.rows("/ip/hotspot/host")[0][".id"])
	assert (session.ended, router.rows("/ip/hotspot/host")) == ("host removed", [])


def test_a_full_pool_lets_nobody_in(router: RouterSimulator) -> None:
	router.add("/ip/pool", name="tiny", ranges="10.7.0.2-10.7.0.2")
	router.add("/ip/hotspot/user/profile", name="p", address_pool="tiny", shared_users="unlimited")
	ann(router, profile="p")
	assert router.customer.login("ann", "pw").address == "10.7.0.2"
	assert refused(router) == "cannot assign ip address - no more free addresses from pool"


def test_usage_after_a_row_is_made_anew_goes_to_the_row_of_that_name(router: RouterSimulator) -> None:
	row_id = ann(router)
	session = router.customer.login("ann", "pw")
	router.run(f"{USERS}/remove", {".id": row_id})
	ann(router)
	session.move(download=7)
	session.hang_up()
	assert counters(router)[2] == "7"


STEPS = st.lists(
	st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**5), st.booleans()), max_size=20
)


@given(STEPS)
def test_row_and_active_row_together_are_what_was_moved(steps: list[tuple[int, int, int, bool]]) -> None:
	router = RouterSimulator()
	ann(router)
	session = router.customer.login("ann", "pw")
	for upload, download, seconds, ends in steps:
		session.move(upload, download, seconds)
		if ends:
			session.hang_up()
			session = router.customer.login("ann", "pw")
	rows = [row for menu in (USERS, ACTIVE) for row in router.rows(menu) if row.get("name", "ann") == "ann"]
	assert sum(int(row["bytes-in"]) for row in rows) == sum(step[0] for step in steps)
	assert sum(int(row["bytes-out"]) for row in rows) == sum(step[1] for step in steps)
