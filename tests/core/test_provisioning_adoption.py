"""Users that somebody else made become ours, with everything that was counted for them."""

from __future__ import annotations

from routeros_factories import SITE, a_simulator, an_account, connect_to

from mikrotik_integration.core.provisioning import adoption
from mikrotik_integration.core.provisioning.marks import account_of
from mikrotik_integration.core.provisioning.reconcile import reconcile_all
from mikrotik_integration.simulators.routeros import RouterSimulator

USERS = "/ip/hotspot/user"


def row_of(simulator: RouterSimulator, name: str) -> dict[str, str]:
	(row,) = (row for row in simulator.rows(USERS) if row.get("name") == name)
	return row


def used_by_hand(simulator: RouterSimulator, name: str) -> None:
	simulator.run(f"{USERS}/add", name=name, password="pw")
	session = simulator.customer.login(name, "pw")
	session.move(upload=1000, download=5000, seconds=60)
	session.hang_up()


def test_an_adopted_row_is_held_as_it_is_and_keeps_its_counters():
	with a_simulator() as simulator, connect_to(simulator) as router:
		used_by_hand(simulator, "ann")
		(row,) = adoption.adoptable(adoption.read_users(router), SITE)
		before = adoption.counters(row)
		assert before == (1000, 5000, 60)
		assert adoption.adopt(router, SITE, {row[".id"]: ("acc-ann", "HV-1")}) == {}
		outcome = reconcile_all(router, SITE, [an_account()])
		assert outcome.accounts["acc-ann"].in_sync
		after = row_of(simulator, "ann")
		assert (after[".id"], adoption.counters(after)) == (row[".id"], before)


def test_without_adoption_a_namesake_stands_in_the_way():
	with a_simulator() as simulator, connect_to(simulator) as router:
		used_by_hand(simulator, "ann")
		assert not reconcile_all(router, SITE, [an_account()]).accounts["acc-ann"].in_sync


def test_whoever_is_online_stays_so():
	with a_simulator() as simulator, connect_to(simulator) as router:
		simulator.run(f"{USERS}/add", name="ann", password="pw")
		session = simulator.customer.login("ann", "pw")
		(row,) = adoption.adoptable(adoption.read_users(router), SITE)
		adoption.adopt(router, SITE, {row[".id"]: ("acc-ann", "HV-1")})
		assert session.is_live
		assert account_of(row_of(simulator, "ann")["comment"], SITE) == "acc-ann"


def test_rows_of_this_site_and_of_the_router_itself_are_not_to_be_adopted():
	with a_simulator() as simulator, connect_to(simulator) as router:
		reconcile_all(router, SITE, [an_account()])
		simulator.run(f"{USERS}/add", name="by hand")
		found = adoption.adoptable(adoption.read_users(router), SITE)
		assert [row["name"] for row in found] == ["by hand"]


def test_a_row_that_is_gone_is_told_and_the_others_are_adopted():
	with a_simulator() as simulator, connect_to(simulator) as router:
		simulator.run(f"{USERS}/add", name="ann", password="pw")
		row = row_of(simulator, "ann")
		refusals = adoption.adopt(router, SITE, {"*FFFF": ("acc-x", ""), row[".id"]: ("acc-ann", "")})
		assert list(refusals) == ["*FFFF"]
		assert account_of(row_of(simulator, "ann")["comment"], SITE) == "acc-ann"
