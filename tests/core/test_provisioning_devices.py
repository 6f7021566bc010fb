"""Ending single devices of a hotspot login, on routers of both plays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from routeros_factories import SITE, a_simulator, an_account, connect_to

from mikrotik_integration.core.provisioning.desired import DesiredProfile, Presence
from mikrotik_integration.core.provisioning.devices import end_devices
from mikrotik_integration.core.provisioning.reconcile import reconcile_all
from mikrotik_integration.core.usage.counters import advance
from mikrotik_integration.core.usage.snapshot import read_snapshot
from mikrotik_integration.core.vouchers.standing import Facts, presence, router_limits
from mikrotik_integration.simulators.routeros import Behaviour, LoginRefused, RouterSimulator

TWO = DesiredProfile("2dev-silver", "2M/5M", device_limit=2)
PHONE, TABLET, THIRD = (f"02:AA:00:00:00:0{number}" for number in (1, 2, 3))
PLAYS = [
	Behaviour(devices_come_back=back, removal_forgets_mac_cookie=forgets)
	for back in (True, False)
	for forgets in (True, False)
]


def macs(simulator: RouterSimulator) -> list[str]:
	return sorted(session.mac for session in simulator.customer.sessions())


@pytest.mark.parametrize("behaviour", PLAYS)
def test_a_device_that_has_to_go_goes_and_the_others_stay(behaviour):
	with a_simulator(behaviour=behaviour) as simulator, connect_to(simulator) as router:
		reconcile_all(router, SITE, [an_account(profile=TWO)])
		simulator.customer.login("ann", "pw", mac=PHONE)
		simulator.customer.login("ann", "pw", mac=TABLET)
		(account,) = read_snapshot(router, SITE).accounts
		results = end_devices(router, [one for one in account.sessions if one.mac == TABLET])
		assert all(result.ok for result in results)
		assert macs(simulator) == [PHONE]
		assert [row["mac-address"] for row in simulator.rows("/ip/hotspot/cookie")] == [PHONE]


@pytest.mark.parametrize("behaviour", PLAYS)
def test_a_cookie_lets_no_device_in_beyond_the_number_nor_after_the_end(behaviour):
	with a_simulator(behaviour=behaviour) as simulator, connect_to(simulator) as router:
		account = an_account(profile=TWO)
		reconcile_all(router, SITE, [account])
		for mac in (THIRD, PHONE, TABLET):
			session = simulator.customer.login("ann", "pw", mac=mac)
			if mac == THIRD:
				session.hang_up()
		with pytest.raises(LoginRefused, match="no more sessions"):
			simulator.customer.come_back(THIRD)
		reconcile_all(router, SITE, [replace(account, presence=Presence.DISABLED)])
		assert macs(simulator) == []
		assert simulator.rows("/ip/hotspot/cookie") == []
		for mac in (PHONE, TABLET, THIRD):
			with pytest.raises(LoginRefused, match="not logged in"):
				simulator.customer.come_back(mac)


def test_an_address_that_another_customer_has_by_now_is_left_alone():
	"""Ids of sessions are addresses: they are read again before anything is removed."""
	with a_simulator() as simulator, connect_to(simulator) as router:
		reconcile_all(router, SITE, [an_account(), an_account("bob")])
		simulator.customer.login("ann", "pw", mac=PHONE, address="10.5.50.9").hang_up()
		seen = simulator.customer.login("ann", "pw", mac=PHONE, address="10.5.50.9")
		gone = [one for account in read_snapshot(router, SITE).accounts for one in account.sessions]
		seen.hang_up()
		simulator.customer.login("bob", "pw", mac=TABLET, address="10.5.50.9")
		end_devices(router, gone)
		assert macs(simulator) == [TABLET]


@pytest.mark.parametrize("fixed_at_login", [True, False])
def test_a_voucher_that_two_devices_spent_together_ends_at_the_next_reading(fixed_at_login):
	"""Whether the router lets each of them have all that was left, or both together."""
	now = datetime(2026, 11, 21, 12)
	voucher = Facts(sold_on=now, first_login=now, quota_bytes=100, device_limit=2)
	account = an_account(profile=TWO, limit_bytes_total=router_limits(voucher).bytes_total)
	behaviour = Behaviour(caps_fixed_at_login=fixed_at_login)
	with a_simulator(behaviour=behaviour) as simulator, connect_to(simulator) as router:
		reconcile_all(router, SITE, [account])
		for mac in (PHONE, TABLET):
			simulator.customer.login("ann", "pw", mac=mac).move(download=60)
		(reading,) = read_snapshot(router, SITE).accounts
		_, delta = advance(None, reading)
		spent = replace(voucher, used_bytes=delta.bytes_in + delta.bytes_out)
		assert spent.used_bytes == (120 if fixed_at_login else 100)
		reconcile_all(router, SITE, [replace(account, presence=presence(spent, now))])
		assert macs(simulator) == []
		with pytest.raises(LoginRefused):
			simulator.customer.login("ann", "pw", mac=THIRD)
