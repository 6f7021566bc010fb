"""A pass that would take away more than a handful and more than a fifth of what is ours waits for a person."""

from __future__ import annotations

from dataclasses import replace

import pytest
from routeros_factories import SITE, an_account
from routeros_model import HOTSPOT_ACTIVE, HOTSPOT_COOKIE, HOTSPOT_PROFILE, HOTSPOT_USER, SECRET, ModelRouter

from mikrotik_integration.core.provisioning.desired import DesiredAccount, Presence, Service
from mikrotik_integration.core.provisioning.reconcile import reconcile_all, reconcile_some
from mikrotik_integration.core.provisioning.removals import Taking


def accounts_of(count: int) -> list[DesiredAccount]:
	return [an_account(f"user{number:03}") for number in range(count)]


def router_with(accounts: list[DesiredAccount]) -> ModelRouter:
	router = ModelRouter()
	router.insert(HOTSPOT_PROFILE, {"name": "default"})
	assert all(one.in_sync for one in reconcile_all(router, SITE, accounts).accounts.values())
	return router


def off(
	account: DesiredAccount, presence: Presence = Presence.DISABLED, is_news: bool = False
) -> DesiredAccount:
	return replace(account, presence=presence, is_news=is_news)


def test_a_second_document_for_the_same_box_takes_nothing_from_it():
	router = router_with(accounts_of(6))
	router.insert(HOTSPOT_ACTIVE, {"user": "user000"})
	router.insert(HOTSPOT_COOKIE, {"user": "user000"})
	before = router.snapshot()
	newcomer = an_account("newcomer")

	outcome = reconcile_all(router, SITE, [newcomer])

	assert router.snapshot() == before
	assert outcome.held is not None
	assert (outcome.held.logins, outcome.held.owned) == (6, 6)
	assert outcome.held.counts == {Taking.REMOVED: 5, Taking.DISABLED: 1, Taking.SESSION: 1, Taking.COOKIE: 1}
	assert outcome.held.sample == tuple(f"user{number:03}" for number in range(6))
	assert outcome.operations == ()
	result = outcome.accounts[newcomer.account_id]
	assert not result.in_sync
	assert result.error == str(outcome.held)
	assert str(outcome.held) in outcome.warnings


def test_who_pays_while_a_router_waits_is_put_onto_it():
	router = router_with(accounts_of(6))
	outcome = reconcile_some(router, SITE, [an_account("newcomer")])
	assert outcome.accounts["acc-newcomer"].in_sync
	assert len(router.menus[HOTSPOT_USER]) == 7


@pytest.mark.parametrize(("unknown", "known", "is_held"), [(5, 0, False), (6, 24, False), (6, 23, True)])
def test_more_than_a_handful_and_more_than_a_fifth_is_too_much(unknown, known, is_held):
	accounts = accounts_of(unknown + known)
	router = router_with(accounts)
	outcome = reconcile_all(router, SITE, accounts[unknown:])
	assert (outcome.held is not None) == is_held
	assert len(router.menus[HOTSPOT_USER]) == (unknown + known if is_held else known)


def test_what_a_person_allowed_is_done_and_one_login_more_asks_again():
	router = router_with(accounts_of(8))
	assert reconcile_all(router, SITE, [], allowed_removals=7).held is not None
	assert reconcile_all(router, SITE, [], allowed_removals=8).held is None
	assert router.menus[HOTSPOT_USER] == []


@pytest.mark.parametrize("presence", [Presence.DISABLED, Presence.ABSENT])
def test_many_who_expire_at_the_end_of_a_month_are_switched_off_unasked(presence):
	accounts = accounts_of(20)
	router = router_with(accounts)
	for account in accounts:
		router.insert(HOTSPOT_ACTIVE, {"user": account.username})
	outcome = reconcile_all(router, SITE, [off(account, presence, is_news=True) for account in accounts])
	assert outcome.held is None
	assert all(result.in_sync for result in outcome.accounts.values())
	assert router.menus[HOTSPOT_ACTIVE] == []


def test_many_who_were_seen_off_and_are_on_again_wait_for_a_person():
	accounts = accounts_of(20)
	router = router_with(accounts)
	before = router.snapshot()
	outcome = reconcile_all(router, SITE, [off(account) for account in accounts])
	assert outcome.held is not None
	assert outcome.held.counts == {Taking.DISABLED: 20}
	assert router.snapshot() == before


def test_reconnecting_everybody_for_a_new_speed_takes_nothing_away():
	accounts = accounts_of(20)
	router = router_with(accounts)
	for account in accounts:
		router.insert(HOTSPOT_ACTIVE, {"user": account.username})
	faster = [replace(one, profile=replace(one.profile, rate_limit="9M/9M")) for one in accounts]
	outcome = reconcile_all(router, SITE, faster)
	assert outcome.held is None
	assert router.menus[HOTSPOT_ACTIVE] == []


def test_many_who_are_renamed_or_doubled_lose_nothing():
	accounts = accounts_of(20)
	router = router_with(accounts)
	for row in list(router.menus[HOTSPOT_USER]):
		double = {key: value for key, value in row.items() if key != ".id"}
		router.insert(HOTSPOT_USER, {**double, "name": f"{row['name']}-again"})
	rotated = [
		replace(one, username=other.username)
		for one, other in zip(accounts, accounts[1:] + accounts[:1], strict=True)
	]
	outcome = reconcile_all(router, SITE, rotated)
	assert outcome.held is None
	assert all(result.in_sync for result in outcome.accounts.values())


def test_rows_of_other_sites_and_made_by_hand_are_not_counted():
	router = router_with(accounts_of(7))
	for number in range(100):
		router.insert(HOTSPOT_USER, {"name": f"hand{number}", "comment": "erpnext:site2:acc"})
	held = reconcile_all(router, SITE, []).held
	assert held is not None
	assert held.owned == 7


def test_many_who_change_from_the_hotspot_to_pppoe_lose_nothing():
	accounts = accounts_of(20)
	router = router_with(accounts)
	moved = [an_account(one.username, service=Service.PPPOE) for one in accounts]
	outcome = reconcile_all(router, SITE, moved)
	assert outcome.held is None
	assert (len(router.menus[HOTSPOT_USER]), len(router.menus[SECRET])) == (0, 20)
