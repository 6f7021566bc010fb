"""What a check of a whole router asks, however many customers it has."""

from __future__ import annotations

from collections import Counter

import pytest
from routeros_factories import SITE, a_simulator, an_account, connect_to

from mikrotik_integration.core.provisioning import view
from mikrotik_integration.core.provisioning.desired import Service
from mikrotik_integration.core.provisioning.marks import account_comment
from mikrotik_integration.core.provisioning.menus import HOTSPOT
from mikrotik_integration.core.provisioning.operations import Memory
from mikrotik_integration.core.provisioning.reconcile import _with_namesakes, reconcile_all, reconcile_some
from mikrotik_integration.core.provisioning.state import MenuState
from mikrotik_integration.core.usage.snapshot import read_snapshot
from mikrotik_integration.simulators.routeros import RouterSimulator


def asked(simulator: RouterSimulator) -> Counter[str]:
	return Counter(command.path for command in simulator.commands if command.path != "/login")


@pytest.mark.parametrize("customers", [2, 1000])
def test_a_check_of_a_router_in_order_is_fourteen_prints(customers):
	with a_simulator() as simulator, connect_to(simulator) as router:
		services = (Service.HOTSPOT, Service.PPPOE)
		accounts = [an_account(f"u{n}", service=services[n % 2]) for n in range(customers)]
		reconcile_all(router, SITE, accounts)
		for account in accounts[:50]:
			simulator.customer.login(account.username, "pw", service=account.service.value)
		simulator.forget_commands()
		assert len(read_snapshot(router, SITE).accounts) == customers
		assert reconcile_all(router, SITE, accounts).operations == ()
		assert sum(asked(simulator).values()) == 14
		assert all(path.endswith("/print") for path in asked(simulator))
		assert all(command.proplist for command in simulator.commands if command.path.endswith("/print"))


def test_one_payment_on_a_full_router_asks_for_one_customer():
	with a_simulator() as simulator, connect_to(simulator) as router:
		reconcile_all(router, SITE, [an_account(f"u{n}") for n in range(1000)])
		simulator.forget_commands()
		assert reconcile_some(router, SITE, [an_account("new")]).accounts["acc-new"].in_sync
		prints = [command for command in simulator.commands if command.path.endswith("/print")]
	assert all(command.queries for command in prints if not command.path.endswith("profile/print"))
	assert sum(asked(simulator).values()) <= 20


def test_names_that_stand_in_each_others_way_in_a_long_row_are_looked_at_a_few_times_each(monkeypatch):
	accounts = [an_account(f"u{n}") for n in range(300)]
	marked = [
		{".id": f"*{n + 1:X}", "name": f"u{n + 1}", "comment": account_comment(SITE, one.account_id, "")}
		for n, one in enumerate(accounts)
	]
	state = MenuState(accounts=({".id": "*FFF", "name": "u0"}, *marked))
	looked_at: Counter[str] = Counter()
	problem_of = view._problem

	def counting(item, *others):
		looked_at[item.account.username] += 1
		return problem_of(item, *others)

	monkeypatch.setattr(view, "_problem", counting)
	seen = view.build_view(HOTSPOT, SITE, state, accounts, Memory())
	assert all(item.problem for item in seen.items)
	assert max(looked_at.values()) <= 2
	assert _with_namesakes(seen, {accounts[0].account_id}) == {one.account_id for one in accounts}
