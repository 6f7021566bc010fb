"""All five services, on a simulated router over a socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from routeros_factories import SERVICE_WORDS, SITE, a_simulator, an_account, connect_to

from mikrotik_integration.core.provisioning.desired import DesiredAccount, Presence, Service
from mikrotik_integration.core.provisioning.menus import access_of
from mikrotik_integration.core.provisioning.reconcile import Outcome, reconcile_all, reconcile_some
from mikrotik_integration.simulators.routeros import LoginRefused, RouterSimulator

pytestmark = pytest.mark.parametrize("service", list(Service))


@pytest.fixture
def router() -> Iterator[RouterSimulator]:
	with a_simulator() as simulator:
		yield simulator


def bring_in_order(router: RouterSimulator, *accounts: DesiredAccount, whole: bool = True) -> Outcome:
	with connect_to(router) as connection:
		return (reconcile_all if whole else reconcile_some)(connection, SITE, accounts)


def log_in(router: RouterSimulator, service: Service, name: str = "ann", password: str = "pw"):
	return router.customer.login(name, password, service=SERVICE_WORDS.get(service, service.value))


@pytest.mark.parametrize("whole", [True, False])
def test_an_enabled_account_can_log_in_with_its_speed(router, service, whole):
	outcome = bring_in_order(router, an_account(service=service), whole=whole)
	assert [(r.in_sync, r.error) for r in outcome.accounts.values()] == [(True, None)]
	log_in(router, service)
	(queue,) = [row for row in router.rows("/queue/simple") if "ann" in row["name"]]
	assert queue["max-limit"] == "2000000/5000000"


def test_a_second_pass_does_nothing(router, service):
	account = an_account(
		service=service, remark="Ann Doe", fixed_address="10.9.7.7", mac_address="02:aa:00:00:00:01"
	)
	bring_in_order(router, account)
	for whole in (True, False):
		again = bring_in_order(router, account, whole=whole)
		assert again.operations == ()
		assert again.accounts["acc-ann"].in_sync


@pytest.mark.parametrize("presence", [Presence.DISABLED, Presence.ABSENT])
@pytest.mark.parametrize("whole", [True, False])
def test_who_may_not_be_online_is_not_and_does_not_come_back(router, service, presence, whole):
	account = an_account(service=service)
	bring_in_order(router, account)
	session = log_in(router, service)
	outcome = bring_in_order(router, replace(account, presence=presence), whole=whole)
	assert not session.is_live
	assert outcome.accounts["acc-ann"] == replace(
		outcome.accounts["acc-ann"], in_sync=True, error=None, online=False
	)
	assert router.rows("/ip/hotspot/cookie") == []
	with pytest.raises(LoginRefused):
		log_in(router, service)
	with pytest.raises(LoginRefused):
		router.customer.come_back(session.mac)


def test_a_disabled_account_keeps_its_row_and_an_absent_one_does_not(router, service):
	account, menu = an_account(service=service), access_of(service).account_menu
	for presence, kept in ((Presence.ENABLED, True), (Presence.DISABLED, True), (Presence.ABSENT, False)):
		bring_in_order(router, replace(account, presence=presence))
		assert ("ann" in [row["name"] for row in router.rows(menu)]) is kept


def test_a_disabled_account_is_not_made(router, service):
	outcome = bring_in_order(router, an_account(service=service, presence=Presence.DISABLED))
	assert (outcome.operations, outcome.accounts["acc-ann"].in_sync) == ((), True)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("readable", [True, False])
def test_a_new_password_ends_what_came_in_with_the_old_one(router, service, whole, readable):
	account = an_account(service=service)
	bring_in_order(router, account)
	session = log_in(router, service)
	router.behave(passwords_readable=readable)
	outcome = bring_in_order(router, replace(account, password="new", push_secret=True), whole=whole)
	assert outcome.accounts["acc-ann"].in_sync
	assert not session.is_live
	with pytest.raises(LoginRefused):
		router.customer.come_back(session.mac)
	with pytest.raises(LoginRefused):
		log_in(router, service)
	log_in(router, service, password="new")


@pytest.mark.parametrize("whole", [True, False])
def test_another_profile_needs_a_new_session(router, service, whole):
	account = an_account(service=service)
	bring_in_order(router, account)
	session = log_in(router, service)
	gold = replace(account.profile, name="gold", rate_limit="10M/10M")
	bring_in_order(router, replace(account, profile=gold), whole=whole)
	assert not session.is_live
	log_in(router, service)
	(queue,) = [row for row in router.rows("/queue/simple") if "ann" in row["name"]]
	assert queue["max-limit"] == "10000000/10000000"


@pytest.mark.parametrize("whole", [True, False])
def test_a_corrected_profile_needs_new_sessions_of_all_its_users(router, service, whole):
	ann, bob = an_account(service=service), an_account("bob", service=service)
	bring_in_order(router, ann, bob)
	sessions = [log_in(router, service, name) for name in ("ann", "bob")]
	faster = replace(ann.profile, rate_limit="9M/9M")
	accounts = [replace(ann, profile=faster), replace(bob, profile=faster)]
	outcome = bring_in_order(router, *(accounts if whole else accounts[:1]), whole=whole)
	assert [session.is_live for session in sessions] == [False, False]
	assert all(result.in_sync for result in outcome.accounts.values())
	assert bring_in_order(router, *accounts).operations == ()


def test_a_remark_alone_disturbs_nobody(router, service):
	account = an_account(service=service)
	bring_in_order(router, account)
	session = log_in(router, service)
	outcome = bring_in_order(router, replace(account, remark="moved to Nakuru"))
	assert session.is_live
	assert outcome.accounts["acc-ann"].online
	row = next(r for r in router.rows(access_of(service).account_menu) if r["name"] == "ann")
	assert row["comment"] == "erpnext:site1:acc-ann moved to Nakuru"


def test_a_new_name_ends_what_came_in_with_the_old_one(router, service):
	account = an_account(service=service)
	bring_in_order(router, account)
	session = log_in(router, service)
	outcome = bring_in_order(router, replace(account, username="anna"))
	assert outcome.accounts["acc-ann"].in_sync
	assert not session.is_live
	with pytest.raises(LoginRefused):
		log_in(router, service)
	log_in(router, service, "anna")


def test_rows_of_the_operator_are_left_alone_and_reported(router, service):
	menu = access_of(service).account_menu
	router.add(menu, name="boss", password="x", comment="mine")
	session = log_in(router, service, "boss", "x") if service is Service.HOTSPOT else None
	before = router.rows(menu)
	outcome = bring_in_order(router, an_account("Boss", service=service), an_account(service=service))
	assert [row for row in router.rows(menu) if "erpnext" not in row.get("comment", "")] == before
	assert outcome.accounts["acc-Boss"].in_sync is False
	assert "does not belong" in (outcome.accounts["acc-Boss"].error or "")
	assert outcome.accounts["acc-ann"].in_sync
	assert [(row.menu, row.name) for row in outcome.unmanaged] == [(menu, "boss")]
	gone = bring_in_order(router, an_account("Boss", service=service, presence=Presence.ABSENT))
	assert gone.accounts["acc-Boss"].in_sync
	assert session is None or session.is_live


def test_rows_of_ours_that_no_account_explains_go_with_their_sessions(router, service):
	bring_in_order(router, an_account(service=service))
	session = log_in(router, service)
	bring_in_order(router)
	assert not session.is_live
	assert "ann" not in [row["name"] for row in router.rows(access_of(service).account_menu)]


def test_rows_of_another_site_are_foreign(router, service):
	with connect_to(router) as connection:
		reconcile_all(connection, "site2", [an_account(service=service)])
	outcome = bring_in_order(router)
	assert outcome.operations == ()
	assert [row.name for row in outcome.unmanaged] == ["ann"]
