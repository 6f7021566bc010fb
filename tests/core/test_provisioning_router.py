"""The reconciler on a simulated router: what hand-made, old, strange and failing routers do to it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from routeros_factories import SILVER, SITE, a_simulator, an_account, connect_to

from mikrotik_integration.core.provisioning.desired import DesiredAccount, DesiredProfile, Presence, Service
from mikrotik_integration.core.provisioning.reconcile import Outcome, reconcile_all, reconcile_some
from mikrotik_integration.core.routeros.client import Router
from mikrotik_integration.core.routeros.errors import ConnectionLost, NotPermitted
from mikrotik_integration.simulators.routeros import Behaviour, HiddenSecret, LoginRefused, RouterSimulator

USERS, PROFILES = "/ip/hotspot/user", "/ip/hotspot/user/profile"
ODD_NAMES = [
	"two words",
	"q\"uo'te",
	"a=b",
	"=",
	"?name=x",
	"☂ 👋🏽",
	"a" * 255,
	"123",
	"yes",
	".id",
	"#|",
	"ñandú",
	"\\e9",
]


@pytest.fixture
def router() -> Iterator[RouterSimulator]:
	with a_simulator() as simulator:
		yield simulator


def bring_in_order(router: RouterSimulator, *accounts: DesiredAccount, whole: bool = True) -> Outcome:
	with connect_to(router) as connection:
		return (reconcile_all if whole else reconcile_some)(connection, SITE, accounts)


def errors(outcome: Outcome) -> list[str]:
	return [result.error for result in outcome.accounts.values() if result.error]


def users(router: RouterSimulator) -> dict[str, dict[str, str]]:
	return {row["name"]: row for row in router.rows(USERS) if row.get("default") != "true"}


# names


@pytest.mark.parametrize("service", [Service.HOTSPOT, Service.PPPOE])
def test_odd_names_and_passwords_work(router, service):
	accounts = [
		an_account(name, account_id=f"acc-{n}", password=f"pw {name}", service=service, remark=name)
		for n, name in enumerate(ODD_NAMES)
	]
	for whole in (True, False):
		assert errors(bring_in_order(router, *accounts, whole=whole)) == []
	for name in ODD_NAMES:
		router.customer.login(name, f"pw {name}", service=service.value)
	ended = bring_in_order(
		router, *(replace(account, presence=Presence.ABSENT) for account in accounts), whole=False
	)
	assert errors(ended) == []
	assert router.customer.sessions() == []


def test_names_that_differ_only_in_case_are_an_error_of_one_of_them(router):
	outcome = bring_in_order(router, an_account("ann"), an_account("Ann", account_id="acc-2"))
	assert [result.in_sync for result in outcome.accounts.values()] == [False, True]
	assert "Another account" in (outcome.accounts["acc-ann"].error or "")
	assert list(users(router)) == ["Ann"]


@pytest.mark.parametrize("sensitive", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_a_hand_made_user_in_other_letters_keeps_its_name(sensitive, whole):
	with a_simulator(behaviour=Behaviour(names_case_sensitive=sensitive)) as router:
		router.add(USERS, name="ANN", password="mine")
		outcome = bring_in_order(router, an_account(), whole=whole)
		assert "does not belong to this account" in (outcome.accounts["acc-ann"].error or "")
		assert users(router)["ANN"]["password"] == "mine"


@pytest.mark.parametrize("whole", [True, False])
def test_a_namesake_in_whatever_letters_is_found_where_case_does_not_count(whole):
	with a_simulator(behaviour=Behaviour(names_case_sensitive=False)) as router:
		router.add(USERS, name="aNn", password="mine")
		outcome = bring_in_order(router, an_account(), whole=whole)
		assert "does not belong to this account" in errors(outcome)[0]


def test_a_name_shaped_like_a_mac_lets_that_device_in(router):
	assert errors(bring_in_order(router, an_account("02:AA:00:00:00:07", account_id="acc-tv"))) == []
	router.customer.login("02:AA:00:00:00:07", "pw", mac="02:AA:00:00:00:07")


def test_an_account_takes_over_the_name_of_one_that_goes(router):
	bring_in_order(router, an_account(account_id="acc-old"))
	session = router.customer.login("ann", "pw")
	session.move(download=10**6)
	accounts = [
		an_account(account_id="acc-old", presence=Presence.ABSENT),
		an_account(account_id="acc-new", password="n"),
	]
	assert errors(bring_in_order(router, *accounts)) == []
	assert not session.is_live
	with pytest.raises(LoginRefused):
		router.customer.come_back(session.mac)
	assert users(router)["ann"]["bytes-out"] == "0"


def test_accounts_exchange_their_names(router):
	ann, bob = an_account("ann"), an_account("bob")
	bring_in_order(router, ann, bob)
	swapped = [replace(ann, username="bob"), replace(bob, username="ann")]
	assert errors(bring_in_order(router, *swapped)) == []
	assert {name: row["comment"] for name, row in users(router).items()} == {
		"bob": "erpnext:site1:acc-ann",
		"ann": "erpnext:site1:acc-bob",
	}


def test_a_customer_moves_from_hotspot_to_pppoe(router):
	bring_in_order(router, an_account())
	session = router.customer.login("ann", "pw")
	outcome = bring_in_order(router, an_account(service=Service.PPPOE), whole=False)
	assert errors(outcome) == []
	assert (users(router), session.is_live) == ({}, False)
	router.customer.login("ann", "pw", service="pppoe")


# profiles


def test_a_profile_whose_name_begins_like_a_longer_one_is_made_itself(router):
	router.add(PROFILES, name="100Megas", rate_limit="100M/100M")
	assert errors(bring_in_order(router, an_account(profile=DesiredProfile("100", "1M/1M")))) == []
	assert users(router)["ann"]["profile"] == "100"


def test_no_row_gets_a_profile_that_could_not_be_made(router):
	router.add(PROFILES, name="100Megas")
	outcome = bring_in_order(router, an_account(profile=DesiredProfile("100", rate_limit="very fast")))
	assert "Profile '100'" in errors(outcome)[0]
	assert users(router) == {}


def test_one_bad_profile_does_not_hold_up_the_others(router):
	bad = an_account("bob", profile=DesiredProfile("bad", rate_limit="x"))
	outcome = bring_in_order(router, bad, an_account())
	assert [result.in_sync for result in outcome.accounts.values()] == [False, True]
	assert list(users(router)) == ["ann"]


def test_accounts_that_disagree_about_a_profile_are_reported_and_do_not_change_it_back_and_forth(router):
	accounts = [
		an_account(
			"ann", account_id="acc-1", profile=DesiredProfile("p", "1M/1M"), presence=Presence.DISABLED
		),
		an_account("bob", account_id="acc-2", profile=DesiredProfile("p", "2M/2M")),
		an_account("eve", account_id="acc-3", profile=DesiredProfile("p", "3M/3M")),
	]
	outcome = bring_in_order(router, *accounts)
	assert any("disagree" in warning for warning in outcome.warnings)
	assert [row["rate-limit"] for row in router.rows(PROFILES) if row["name"] == "p"] == ["2M/2M"]
	assert bring_in_order(router, *accounts).operations == ()


def test_a_hand_made_profile_is_used_as_it_is_and_reported(router):
	router.add(PROFILES, name="silver", rate_limit="1k/1k")
	before = router.rows(PROFILES)
	outcome = bring_in_order(router, an_account())
	assert errors(outcome) == []
	assert router.rows(PROFILES) == before
	assert "not made by this system" in outcome.warnings[0]


def test_a_profile_of_ours_that_was_edited_is_put_right(router):
	bring_in_order(router, an_account())
	router.run(f"{PROFILES}/set", numbers="silver", rate_limit="1G/1G", shared_users="9")
	bring_in_order(router, an_account())
	(row,) = [row for row in router.rows(PROFILES) if row["name"] == "silver"]
	assert (row["rate-limit"], row["shared-users"]) == ("2M/5M", "1")


def test_lines_that_the_operator_adds_to_our_profile_stay(router):
	bring_in_order(router, an_account())
	script = "# erpnext:site1\n:log info hello"
	router.run(f"{PROFILES}/set", numbers="silver", on_login=script, rate_limit="1k/1k")
	bring_in_order(router, an_account())
	(row,) = [row for row in router.rows(PROFILES) if row["name"] == "silver"]
	assert (row["on-login"], row["rate-limit"]) == (script, "2M/5M")


def test_any_number_of_devices_can_be_allowed(router):
	bring_in_order(router, an_account(profile=replace(SILVER, device_limit=0)))
	sessions = [router.customer.login("ann", "pw") for _ in range(3)]
	assert all(session.is_live for session in sessions)


# by hand, broken, old


def test_a_router_that_was_edited_by_hand_comes_right(router):
	account = an_account(limit_uptime_s=3600, limit_bytes_total=5000, mac_address="02:AA:00:00:00:01")
	bring_in_order(router, account)
	router.run(
		f"{USERS}/set", numbers="ann", name="hacked", password="free", limit_uptime="0", limit_bytes_total="0"
	)
	router.run(f"{USERS}/set", numbers="hacked", mac_address="", profile="default", limit_bytes_in="5")
	router.run(f"{USERS}/add", {"copy-from": "hacked", "name": "copy"})
	session = router.customer.login("hacked", "free")
	assert errors(bring_in_order(router, account)) == []
	row = users(router)["ann"]
	assert list(users(router)) == ["ann"]
	assert (row["password"], row["limit-uptime"], row["limit-bytes-total"]) == ("pw", "1h", "5000")
	assert (row["mac-address"], row["profile"], row["limit-bytes-in"]) == ("02:AA:00:00:00:01", "silver", "0")
	assert not session.is_live


def test_a_blanked_password_is_put_right_where_passwords_can_be_read(router):
	accounts = [an_account(), an_account("bob")]
	bring_in_order(router, *accounts)
	router.run(f"{USERS}/set", numbers="ann", password="")
	bring_in_order(router, *accounts)
	assert users(router)["ann"]["password"] == "pw"


@pytest.mark.parametrize("hidden", list(HiddenSecret))
@pytest.mark.parametrize("whole", [True, False])
def test_a_password_that_cannot_be_read_is_set_once_when_asked_and_then_left(hidden, whole):
	behaviour = Behaviour(passwords_readable=False, hidden_secret=hidden)
	with a_simulator(behaviour=behaviour) as router:
		account = an_account(password="new")
		bring_in_order(router, replace(account, password="old"))
		assert bring_in_order(router, account, whole=whole).operations == ()
		pushed = bring_in_order(router, replace(account, push_secret=True), whole=whole)
		assert len(pushed.operations) == 1
		assert pushed.accounts["acc-ann"].in_sync
		router.customer.login("ann", "new")


def test_a_cookie_alone_is_no_session_that_has_to_begin_anew(router):
	bring_in_order(router, an_account())
	session = router.customer.login("ann", "pw")
	session.hang_up()
	outcome = bring_in_order(router, an_account(profile=DesiredProfile("gold", "9M/9M")))
	assert len([o for o in outcome.operations if o.account_id == "acc-ann"]) == 1
	assert users(router)["ann"]["comment"] == "erpnext:site1:acc-ann"
	router.customer.come_back(session.mac)


def test_what_a_voucher_spent_elsewhere_lowers_its_limit_and_throws_nobody_out(router):
	"""Who is removed from /ip/hotspot/active loses the MAC cookie and has to log in again (the manual)."""
	account = an_account(limit_uptime_s=3600, limit_bytes_total=5000)
	bring_in_order(router, account)
	session = router.customer.login("ann", "pw")
	lower = replace(account, limit_uptime_s=3000, limit_bytes_total=4000)
	outcome = bring_in_order(router, lower)
	assert [operation.path for operation in outcome.operations] == [f"{USERS}/set"]
	row = users(router)["ann"]
	assert (row["limit-uptime"], row["limit-bytes-total"]) == ("50m", "4000")
	assert session.is_live
	assert bring_in_order(router, lower).operations == ()


@pytest.mark.parametrize(("before", "after"), [(0, 5000), (5000, 0)])
def test_a_first_limit_and_the_end_of_limits_hold_at_once(before, after):
	with a_simulator(behaviour=Behaviour(caps_fixed_at_login=True)) as router:
		bring_in_order(router, an_account(limit_bytes_total=before))
		session = router.customer.login("ann", "pw")
		bring_in_order(router, an_account(limit_bytes_total=after))
		assert not session.is_live
		router.customer.login("ann", "pw").move(download=6000)
		assert bool(router.customer.sessions()) is not bool(after)


def test_limits_are_taken_away_again(router):
	bring_in_order(router, an_account(limit_uptime_s=60, limit_bytes_total=5, fixed_address="10.5.50.77"))
	assert errors(bring_in_order(router, an_account())) == []
	session = router.customer.login("ann", "pw")
	session.move(upload=10**9, seconds=10**6)
	assert session.is_live
	assert session.address != "10.5.50.77"


@pytest.mark.parametrize("service", [Service.PPPOE, Service.L2TP])
def test_a_fixed_address_is_given_and_taken_away(router, service):
	bring_in_order(router, an_account(service=service, fixed_address="10.9.7.7"))
	assert router.customer.login("ann", "pw", service=service.value).address == "10.9.7.7"
	assert errors(bring_in_order(router, an_account(service=service))) == []
	assert router.customer.login("ann", "pw", service=service.value).address != "10.9.7.7"


@pytest.mark.parametrize("whole", [True, False])
def test_devices_that_come_back_by_themselves_do_not_when_they_may_not(whole):
	with a_simulator(behaviour=Behaviour(devices_come_back=True)) as router:
		accounts = [an_account(), an_account("bob", service=Service.PPPOE)]
		bring_in_order(router, *accounts)
		router.customer.login("ann", "pw")
		router.customer.login("bob", "pw", service="pppoe")
		outcome = bring_in_order(
			router, *(replace(a, presence=Presence.DISABLED) for a in accounts), whole=whole
		)
		assert errors(outcome) == []
		assert router.customer.sessions() == []


@pytest.mark.parametrize("whole", [True, False])
def test_devices_that_come_back_by_themselves_do_so_with_the_new_speed(whole):
	with a_simulator(behaviour=Behaviour(devices_come_back=True)) as router:
		bring_in_order(router, an_account())
		router.customer.login("ann", "pw")
		gold = DesiredProfile("gold", "9M/9M")
		assert errors(bring_in_order(router, an_account(profile=gold), whole=whole)) == []
		(queue,) = [row for row in router.rows("/queue/simple") if "ann" in row["name"]]
		assert queue["max-limit"] == "9000000/9000000"


def test_a_session_that_outlived_its_row_is_ended_for_an_account_that_must_be_gone(router):
	router.add(USERS, name="ann", password="pw", comment="erpnext:site1:acc-ann")
	session = router.customer.login("ann", "pw")
	router.run(f"{USERS}/remove", numbers="ann")
	assert session.is_live
	bring_in_order(router, an_account(presence=Presence.ABSENT), whole=False)
	assert not session.is_live


def test_a_whole_router_that_was_reset_is_filled_again(router):
	accounts = [an_account(f"u{n}", service=service) for n, service in enumerate(list(Service) * 4)]
	bring_in_order(router, *accounts)
	for menu in (USERS, "/ppp/secret"):
		for row in router.rows(menu):
			if row.get("default") != "true":
				router.run(f"{menu}/remove", {".id": row[".id"]})
	assert errors(bring_in_order(router, *accounts)) == []


def test_a_router_without_hotspot_serves_ppp_and_says_what_it_cannot():
	with a_simulator(behaviour=Behaviour(missing_menus=("/ip/hotspot",))) as router:
		gone = an_account("old", presence=Presence.ABSENT)
		outcome = bring_in_order(router, an_account(), an_account("bob", service=Service.PPPOE), gone)
		assert [result.in_sync for result in outcome.accounts.values()] == [False, True, True]
		assert "does not know this menu" in errors(outcome)[0]


def test_a_missing_right_to_write_is_an_error_of_each_account_in_plain_words():
	with a_simulator(behaviour=Behaviour(policies=("api", "read"))) as router:
		outcome = bring_in_order(router, an_account())
		assert "policies api, read and write" in errors(outcome)[0]


def test_a_missing_right_to_read_stops_the_pass():
	with a_simulator(behaviour=Behaviour(policies=("api", "write"))) as router, pytest.raises(NotPermitted):
		bring_in_order(router, an_account())


@pytest.mark.parametrize("version", ["6.40", "6.49", "7.9", "7.16", "7.20"])
@pytest.mark.parametrize("variant", [True, False])
def test_routers_of_all_manners_are_brought_in_order(version, variant):
	behaviour = Behaviour(
		version=version,
		clock_durations=variant,
		numbered_traps=variant,
		interleave_replies=variant,
		names_case_sensitive=variant,
		empty_limit_clears=variant,
	)
	with a_simulator(behaviour=behaviour) as router:
		accounts = [
			an_account(f"u{n}", service=service, limit_uptime_s=93784) for n, service in enumerate(Service)
		]
		assert errors(bring_in_order(router, *accounts)) == []
		assert bring_in_order(router, *accounts).operations == ()


# on the way


@pytest.mark.parametrize("sentences", range(0, 60, 3))
def test_a_pass_that_is_cut_off_anywhere_is_completed_by_the_next(sentences):
	with a_simulator() as router:
		leaver, stayer = an_account("leaver"), an_account("stayer", service=Service.PPPOE)
		bring_in_order(router, leaver, stayer)
		session = router.customer.login("leaver", "pw")
		wanted = [
			replace(leaver, presence=Presence.ABSENT),
			replace(stayer, username="new"),
			an_account("comer"),
		]
		router.set_faults(drop_after_sentences=sentences)
		with pytest.raises(ConnectionLost):
			while True:
				bring_in_order(router, *wanted)
				router.set_faults(drop_after_sentences=sentences // 2)
		router.set_faults(drop_after_sentences=None)
		assert errors(bring_in_order(router, *wanted)) == []
		assert not session.is_live
		assert list(users(router)) == ["comer"]


@pytest.mark.parametrize("service", [Service.HOTSPOT, Service.PPPOE])
@pytest.mark.parametrize("change", ["profile", "password"])
def test_a_pass_that_is_cut_off_before_the_sessions_ended_is_completed_by_the_next(service, change):
	"""Whoever is to be slowed down must not keep the old speed because a connection broke."""
	account = an_account(service=service)
	slow = replace(account.profile, name="slow", rate_limit="64k/64k")
	wanted = replace(account, profile=slow) if change == "profile" else replace(account, password="new")
	for batches in range(1, 9):
		with a_simulator() as router:
			bring_in_order(router, account, replace(account, account_id="x", username="x", profile=slow))
			session = router.customer.login("ann", "pw", service=service.value)
			with connect_to(router) as connection:
				_cut_off_after(connection, batches)
				with contextlib.suppress(ConnectionLost):
					reconcile_some(connection, SITE, [wanted])
			assert errors(bring_in_order(router, wanted, whole=False)) == []
			assert not session.is_live
			assert bring_in_order(router, wanted, whole=False).operations == ()


def _cut_off_after(connection: Router, batches: int) -> None:
	"""The answers to further batches are lost; what was asked was still done."""
	run, left = connection.run, iter(range(batches))

	def run_some(commands):
		replies = run(commands)
		if next(left, None) is None:
			raise ConnectionLost("cut off")
		return replies

	connection.run = run_some  # type: ignore[method-assign]


@pytest.mark.parametrize("service", [Service.HOTSPOT, Service.PPPOE])
@pytest.mark.parametrize("change", ["profile", "password"])
def test_who_comes_in_with_what_is_being_changed_does_not_keep_it(router, service, change):
	account = an_account(service=service)
	bring_in_order(router, account)
	slow = replace(account.profile, name="slow", rate_limit="64k/64k")
	wanted = replace(account, profile=slow) if change == "profile" else replace(account, password="new")
	with connect_to(router) as connection:
		run, sessions = connection.run, []

		def run_and_come_in(commands):
			replies = run(commands)
			if not sessions:
				sessions.append(router.customer.login("ann", "pw", service=service.value))
			return replies

		connection.run = run_and_come_in  # type: ignore[method-assign]
		assert errors(reconcile_some(connection, SITE, [wanted])) == []
	assert not sessions[0].is_live


def test_a_remark_that_looks_like_our_own_notes_is_not_taken_for_one(router):
	account = an_account(remark="[restart] or [relogin]")
	bring_in_order(router, account)
	session = router.customer.login("ann", "pw")
	assert bring_in_order(router, account).operations == ()
	assert session.is_live


def test_an_unexplained_row_that_a_cut_off_pass_left_still_takes_its_session_along(router):
	bring_in_order(router, an_account())
	session = router.customer.login("ann", "pw")
	router.set_faults(drop_after_sentences=len(router.rows(USERS)) + 20)
	for _ in range(20):
		try:
			bring_in_order(router)
			break
		except ConnectionLost:
			router.set_faults(drop_after_sentences=None)
	assert (session.is_live, users(router)) == (False, {})


def test_two_passes_at_once_agree(router):
	accounts = [an_account(f"u{n}") for n in range(100)]
	outcomes: list[Outcome] = []
	workers = [
		threading.Thread(
			target=lambda whole=whole: outcomes.append(bring_in_order(router, *accounts, whole=whole))
		)
		for whole in (True, False)
	]
	for worker in workers:
		worker.start()
	for worker in workers:
		worker.join()
	assert sorted(users(router)) == sorted(account.username for account in accounts)
	assert errors(bring_in_order(router, *accounts)) == []
	assert [errors(outcome) for outcome in outcomes] == [[], []]


def test_no_password_is_in_what_is_reported(router):
	outcome = bring_in_order(router, an_account(password="open-sesame", push_secret=True))
	changed = bring_in_order(router, an_account(password="open-barley", push_secret=True))
	assert "open-" not in repr((outcome, changed))
	assert [o.args["password"] for o in changed.operations if "password" in o.args] == ["********"]


def test_a_renewal_takes_three_round_trips_and_few_commands(router):
	bring_in_order(router, *(an_account(f"u{n}") for n in range(300)), an_account(presence=Presence.ABSENT))
	with connect_to(router) as connection:
		router.forget_commands()
		batches = []
		run = connection.run
		connection.run = lambda commands: batches.append(len(commands)) or run(commands)  # type: ignore[method-assign]
		assert errors(reconcile_some(connection, SITE, [an_account()])) == []
	assert len(batches) == 3
	assert len(router.commands) <= 14


@pytest.mark.parametrize("how_many", [1, 49, 50, 51, 150, 250])
def test_any_number_of_accounts_can_be_asked_for(router, how_many):
	accounts = [an_account(f"u{n}") for n in range(how_many)]
	for _ in range(2):
		outcome = bring_in_order(router, *accounts, whole=False)
		assert errors(outcome) == []
	assert (outcome.operations, len(users(router))) == ((), how_many)


@pytest.mark.parametrize(
	("site", "account_id"), [("a:b", "x"), ("a b", "x"), ("", "x"), ("a", "x:y"), ("a", "x y"), ("a", "")]
)
def test_ids_that_would_make_a_mark_ambiguous_are_refused(router, site, account_id):
	with connect_to(router) as connection, pytest.raises(ValueError):
		reconcile_all(connection, site, [an_account(account_id=account_id)])


def test_an_account_that_is_given_twice_is_refused(router):
	with connect_to(router) as connection, pytest.raises(ValueError):
		reconcile_some(connection, SITE, [an_account(), an_account()])


# any state, over a socket

rows = st.fixed_dictionaries(
	{
		"name": st.sampled_from(["ann", "Ann", "bob", "z z"]),
		"disabled": st.sampled_from(["yes", "no"]),
		"password": st.sampled_from(["pw", "other"]),
	},
	optional={
		"comment": st.sampled_from(
			[f"erpnext:site1:acc-{n}" for n in range(4)] + ["erpnext:site2:acc-1", "mine"]
		),
		"profile": st.sampled_from(["silver", "silver-plus", "default"]),
	},
)


@st.composite
def wanted_accounts(draw) -> list[DesiredAccount]:
	called = draw(st.lists(st.sampled_from(["ann", "bob", "z z", "eve"]), unique=True))
	return [
		an_account(
			name,
			account_id=f"acc-{number}",
			service=draw(st.sampled_from([Service.HOTSPOT, Service.PPPOE])),
			presence=draw(st.sampled_from(list(Presence))),
		)
		for number, name in enumerate(called)
	]


@settings(max_examples=25, deadline=None)
@given(
	st.lists(rows, max_size=4, unique_by=lambda row: row["name"]),
	st.lists(rows, max_size=4, unique_by=lambda row: row["name"]),
	wanted_accounts(),
	st.booleans(),
)
@example(
	[
		{"name": "bob", "disabled": "no", "password": "pw"},
		{"name": "ann", "disabled": "no", "password": "pw", "comment": "erpnext:site1:acc-0"},
	],
	[],
	[
		an_account("bob", account_id="acc-0"),
		an_account("ann", account_id="acc-1", presence=Presence.ABSENT),
	],
	False,
)
def test_from_any_state_one_pass_reaches_the_desired_one_and_a_second_does_nothing(
	hotspot, ppp, accounts, ours
):
	with a_simulator() as router:
		_fill(router, hotspot, ppp, ours)
		foreign = _foreign(router)
		outcome = bring_in_order(router, *accounts)
		assert _foreign(router) == foreign
		for account in accounts:
			if outcome.accounts[account.account_id].in_sync:
				_check_login(router, account)
			else:
				taken = {row["name"].casefold() for row in foreign}
				assert "does not belong" in (outcome.accounts[account.account_id].error or "")
				assert taken & {account.username.casefold() for account in accounts}
		assert bring_in_order(router, *accounts).operations == ()


def _fill(router: RouterSimulator, hotspot, ppp, ours: bool) -> None:
	"""Profiles, users and secrets, with somebody online under each that can be."""
	for name in ("silver", "silver-plus"):
		router.add(PROFILES, name=name, shared_users="9", on_login="# erpnext:site1" if ours else "")
		router.add(
			"/ppp/profile", name=name, remote_address="ppp-pool", comment="erpnext:site1" if ours else ""
		)
	for menu, wanted, service in ((USERS, hotspot, "hotspot"), ("/ppp/secret", ppp, "pppoe")):
		for row in wanted:
			router.add(menu, {**row, "disabled": "no"})
			try:
				router.customer.login(row["name"], row["password"], service=service)
			except LoginRefused as refused:
				assert "address" in str(refused)
			router.run(f"{menu}/set", {"numbers": row["name"], "disabled": row["disabled"]})


def _foreign(router: RouterSimulator) -> list[dict[str, str]]:
	return [row for row in _rows(router) if not row.get("comment", "").startswith("erpnext:site1:")]


def _rows(router: RouterSimulator) -> list[dict[str, str]]:
	return [row for menu in (USERS, "/ppp/secret") for row in router.rows(menu)]


def _check_login(router: RouterSimulator, account: DesiredAccount) -> None:
	"""Whoever paid can log in, whoever has not is not online."""
	service = account.service.value
	if account.presence is Presence.ENABLED:
		for session in router.customer.sessions(account.username):
			session.hang_up()
		router.customer.login(account.username, account.password, service=service)
		return
	online = [s for s in router.customer.sessions(account.username) if s.service == service]
	# a row of somebody else's, or of an account that cannot get the name that it should have now
	of_others = [row for row in _rows(router) if row.get("comment") != f"erpnext:site1:{account.account_id}"]
	assert online == [] or account.username.casefold() in {row["name"].casefold() for row in of_others}
