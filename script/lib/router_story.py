"""The router side without ERPNext: what is desired is made true on a simulated router, whatever it held before.

Real output of the app's core over a real socket; only the router is simulated.
"""

from __future__ import annotations

from dataclasses import replace

from mikrotik_integration.core.provisioning.desired import DesiredAccount, DesiredProfile, Presence, Service
from mikrotik_integration.core.provisioning.reconcile import Outcome, reconcile_all, reconcile_some
from mikrotik_integration.core.routeros.client import Endpoint, Router, connect
from mikrotik_integration.core.usage.counters import advance
from mikrotik_integration.core.usage.snapshot import read_snapshot
from mikrotik_integration.simulators.routeros import LoginRefused, RouterSimulator

SITE_ID = "demo"
HOME = DesiredProfile("home-10M", rate_limit="5M/10M", device_limit=2)
WANJIKU = DesiredAccount("ACC-1", Service.HOTSPOT, "wanjiku", "a secret", Presence.ENABLED, HOME)
OTIENO = DesiredAccount("ACC-2", Service.PPPOE, "otieno", "another", Presence.ENABLED, HOME)


def main() -> None:
	with RouterSimulator(user="erpnext", password="demo") as simulator:
		print(f"A simulated RouterOS router answers the binary API on {simulator.host}:{simulator.port}")
		simulator.add("/ip/hotspot/user", name="by-hand", password="x")
		endpoint = Endpoint(simulator.host, "erpnext", "demo", port=simulator.port)
		with connect(endpoint) as router:
			tell(simulator, router)


def tell(simulator: RouterSimulator, router: Router) -> None:
	print("\n1. Two customers have paid; the router does not know them yet")
	try_to_log_in(simulator)
	show(reconcile_all(router, SITE_ID, [WANJIKU, OTIENO]))
	print("\n2. The same once more: nothing is left to do")
	show(reconcile_all(router, SITE_ID, [WANJIKU, OTIENO]))
	print("\n3. One of them logs in and uses data")
	try_to_log_in(simulator)
	simulator.customer.login("wanjiku", "a secret").move(upload=2_000_000, download=40_000_000, seconds=600)
	show_usage(router)
	print("\n4. Someone deletes a customer by hand: the next pass brings the row back")
	simulator.run("/ppp/secret/remove", numbers="otieno")
	show(reconcile_all(router, SITE_ID, [WANJIKU, OTIENO]))
	print("\n5. The paid time is over: the account is disabled and the live session ended")
	show(reconcile_some(router, SITE_ID, [replace(WANJIKU, presence=Presence.DISABLED)]))
	try_to_log_in(simulator)
	print("\nOn the router now (what was made by hand is untouched):")
	for row in simulator.rows("/ip/hotspot/user") + simulator.rows("/ppp/secret"):
		print(f"   {row['name']:10} disabled={row.get('disabled', 'false'):5} {row.get('comment', '')}")


def try_to_log_in(simulator: RouterSimulator) -> None:
	try:
		session = simulator.customer.login("wanjiku", "a secret")
	except LoginRefused as refusal:
		print(f"   the router refuses wanjiku: {refusal}")
		return
	print(f"   wanjiku is online as {session.address}")
	session.hang_up()


def show(outcome: Outcome) -> None:
	for operation in outcome.operations:
		print(f"   {operation.path} {' '.join(f'{k}={v}' for k, v in operation.args.items())}")
	for account_id, result in sorted(outcome.accounts.items()):
		state = "in sync" if result.in_sync else f"not in sync: {result.error}"
		print(f"   {account_id}: {state}, {'online' if result.online else 'offline'}")


def show_usage(router: Router) -> None:
	snapshot = read_snapshot(router, SITE_ID)
	print(f"   RouterOS {snapshot.status.version}, {snapshot.status.hotspot_online} online on the hotspot")
	for reading in snapshot.accounts:
		_, delta = advance(None, reading)
		print(f"   {reading.account_id}: {delta.bytes_in:,} bytes up, {delta.bytes_out:,} down")


if __name__ == "__main__":
	main()
