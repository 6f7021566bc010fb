"""Each pass that changes a router counts itself there first; who finds a higher count has not done it."""

from __future__ import annotations

import pytest
from routeros_factories import SITE, a_simulator, an_account, connect_to

from mikrotik_integration.core.provisioning.fence import (
	MENU,
	NEVER,
	Count,
	CountedRouter,
	Sight,
	is_ahead,
	look,
	write,
)
from mikrotik_integration.core.provisioning.reconcile import reconcile_all
from mikrotik_integration.core.routeros.client import Command
from mikrotik_integration.core.routeros.errors import RouterError


@pytest.fixture
def simulator():
	with a_simulator() as simulator:
		yield simulator


def seen(simulator) -> Sight:
	with connect_to(simulator) as router:
		return look(router, SITE)


def counted(simulator, count: Count) -> None:
	with connect_to(simulator) as router:
		write(router, SITE, look(router, SITE), count)


def test_what_was_counted_is_read_back_after_a_reboot(simulator):
	counted(simulator, Count(7, "a1b2c3d4"))
	simulator.reboot(lose_live=True)
	assert seen(simulator).count == Count(7, "a1b2c3d4")


def test_the_entry_is_disabled_and_overwritten(simulator):
	for number in range(1, 4):
		counted(simulator, Count(number, f"{number:08}"))
	(row,) = simulator.rows(MENU)
	assert (row["disabled"], row["list"]) in ((flag, f"erpnext-{SITE}") for flag in ("true", "yes"))
	assert seen(simulator).count == Count(3, "00000003")


def test_another_sites_count_is_not_ours(simulator):
	with connect_to(simulator) as router:
		write(router, "elsewhere", look(router, "elsewhere"), Count(9, "x"))
	assert seen(simulator).count is None
	counted(simulator, Count(1, "y"))
	with connect_to(simulator) as router:
		assert look(router, "elsewhere").count == Count(9, "x")


@pytest.mark.parametrize("text", ["", "x y", "-1 a", "1e5 a", "9" * 5000 + " a", "¹ a", "12"])
def test_a_count_that_cannot_be_read_is_none_and_is_overwritten(simulator, text):
	simulator.add(MENU, list=f"erpnext-{SITE}", address="192.0.2.1", comment=f"erpnext:{SITE}:count {text}")
	assert seen(simulator).count is None
	counted(simulator, Count(1, "a"))
	assert seen(simulator).count == Count(1, "a")
	assert len(simulator.rows(MENU)) == 1


@pytest.mark.parametrize(
	("found", "own", "is_so"),
	[
		(None, NEVER, False),
		(None, Count(5, "a"), False),
		(Count(4, "z"), Count(5, "a"), False),
		(Count(5, "a"), Count(5, "a"), False),
		(Count(5, "z"), Count(5, "a"), True),
		(Count(6, "a"), Count(5, "a"), True),
		(Count(1, "a"), NEVER, True),
	],
)
def test_who_did_not_make_the_last_change_finds_the_router_ahead(found, own, is_so):
	assert is_ahead(found, own) is is_so


def test_two_who_count_the_same_number_are_told_apart():
	assert Count(5, "a").next().number == Count(5, "a").next().number == 6
	assert Count(5, "a").next() != Count(5, "a").next()


def test_it_is_counted_once_before_the_first_change_and_not_for_looking(simulator):
	order = []
	with connect_to(simulator) as router:
		line = CountedRouter(router, lambda: order.append(len(simulator.rows("/ip/hotspot/user"))))
		before = len(simulator.rows("/ip/hotspot/user"))
		line.rows("/ip/hotspot/user", ("name",))
		assert order == []
		assert reconcile_all(line, SITE, [an_account("ann"), an_account("bob")]).accounts["acc-ann"].in_sync
		assert reconcile_all(line, SITE, [an_account("ann")]).operations
	assert order == [before]


def test_what_cannot_be_counted_is_not_changed(simulator):
	def fails() -> None:
		raise RouterError("no")

	with connect_to(simulator) as router, pytest.raises(RouterError):
		CountedRouter(router, fails).run([Command("/ip/hotspot/user/add", (("name", "ann"),))])
	assert "ann" not in [row["name"] for row in simulator.rows("/ip/hotspot/user")]


def test_a_pass_over_the_router_leaves_the_count_alone(simulator):
	counted(simulator, Count(7, "a"))
	with connect_to(simulator) as router:
		reconcile_all(router, SITE, [])
	assert seen(simulator).count == Count(7, "a")


def test_each_router_has_an_identity_and_keeps_it(simulator):
	identity = seen(simulator).identity
	assert identity.startswith("system-id ")
	simulator.reboot(lose_live=True)
	assert seen(simulator).identity == identity
	with a_simulator() as other:
		assert seen(other).identity != identity


def test_a_router_that_does_not_say_who_it_is_has_no_identity(simulator):
	simulator.behave(missing_menus=("/system/license",))
	assert seen(simulator).identity == ""
