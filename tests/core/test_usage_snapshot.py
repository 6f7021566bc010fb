"""One reading of a simulated router."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from routeros_factories import SERVICE_WORDS, SITE, a_simulator, an_account, connect_to

from mikrotik_integration.core.provisioning.desired import DesiredAccount, DesiredProfile, Service
from mikrotik_integration.core.provisioning.reconcile import reconcile_all
from mikrotik_integration.core.routeros.errors import NotPermitted
from mikrotik_integration.core.usage.counters import CounterState, advance
from mikrotik_integration.core.usage.snapshot import AccountReading, Snapshot, read_snapshot
from mikrotik_integration.simulators.routeros import Behaviour, RouterSimulator


@pytest.fixture
def router() -> Iterator[RouterSimulator]:
	with a_simulator() as simulator:
		yield simulator


def bring_in_order(router: RouterSimulator, *accounts: DesiredAccount) -> None:
	with connect_to(router) as connection:
		assert all(result.in_sync for result in reconcile_all(connection, SITE, accounts).accounts.values())


def snapshot_of(router: RouterSimulator) -> Snapshot:
	with connect_to(router) as connection:
		return read_snapshot(connection, SITE)


def reading_of(snapshot: Snapshot, account_id: str = "acc-ann") -> AccountReading:
	(reading,) = [account for account in snapshot.accounts if account.account_id == account_id]
	return reading


def log_in(router: RouterSimulator, service: Service, name: str = "ann", **values: str):
	return router.customer.login(name, "pw", service=SERVICE_WORDS.get(service, service.value), **values)


@pytest.mark.parametrize("service", list(Service))
def test_the_bytes_of_somebody_online_are_known_by_upload_and_download(router, service):
	bring_in_order(router, an_account(service=service))
	session = log_in(router, service)
	session.move(upload=100, download=900, seconds=60)
	reading = reading_of(snapshot_of(router))
	(seen,) = reading.sessions
	assert (seen.bytes_in, seen.bytes_out, seen.uptime_s) == (100, 900, 60)
	assert (seen.user, seen.service, seen.address, seen.mac) == ("ann", service, session.address, session.mac)
	assert (reading.username, reading.service) == ("ann", service)


@pytest.mark.parametrize("service", list(Service))
def test_usage_is_exact_over_sessions_that_end_and_begin(router, service):
	bring_in_order(router, an_account(service=service))
	state: CounterState | None = None
	total = [0, 0, 0]
	for round_number in range(4):
		session = log_in(router, service, mac="02:AA:00:00:00:99")
		for amount in (10, 20):
			session.move(upload=amount, download=10 * amount, seconds=round_number + 1)
			state, delta = advance(state, reading_of(snapshot_of(router)))
			total = [total[0] + delta.bytes_in, total[1] + delta.bytes_out, total[2] + delta.seconds]
		session.hang_up()
	assert total == [120, 1200, 20]


def test_what_ended_sessions_left_in_the_row_is_read(router):
	bring_in_order(router, an_account())
	session = log_in(router, Service.HOTSPOT)
	session.move(upload=1, download=2, seconds=90061)
	session.hang_up()
	reading = reading_of(snapshot_of(router))
	assert (reading.row_bytes_in, reading.row_bytes_out, reading.row_uptime_s) == (1, 2, 90061)
	assert reading.sessions == ()


@pytest.mark.parametrize("clock_durations", [True, False])
def test_times_are_read_in_either_spelling(clock_durations):
	with a_simulator(behaviour=Behaviour(clock_durations=clock_durations)) as router:
		bring_in_order(router, an_account())
		log_in(router, Service.HOTSPOT).move(seconds=694861)
		assert reading_of(snapshot_of(router)).sessions[0].uptime_s == 694861


def test_sessions_of_nobody_we_know_are_shown(router):
	bring_in_order(router, an_account())
	router.add("/ip/hotspot/user", name="boss", password="pw")
	log_in(router, Service.HOTSPOT, "boss").move(upload=5)
	snapshot = snapshot_of(router)
	assert [(session.user, session.bytes_in) for session in snapshot.unknown] == [("boss", 5)]
	assert [account.account_id for account in snapshot.accounts] == ["acc-ann"]


def test_two_tunnels_of_one_customer_have_their_own_interfaces(router):
	many = DesiredProfile("many", device_limit=0, local_address="10.9.0.1", address_pool="ppp-pool")
	bring_in_order(router, an_account(service=Service.PPPOE, profile=many))
	for upload in (100, 10):
		log_in(router, Service.PPPOE).move(upload=upload)
	sessions = reading_of(snapshot_of(router)).sessions
	assert {(session.key, session.bytes_in) for session in sessions} == {
		("<pppoe-ann>", 100),
		("<pppoe-ann-1>", 10),
	}


def test_a_name_that_looks_like_a_second_tunnel_is_another_customer(router):
	accounts = [an_account(name, service=Service.PPPOE) for name in ("ann", "ann-1")]
	bring_in_order(router, *accounts)
	for name, upload in (("ann", 100), ("ann-1", 10)):
		log_in(router, Service.PPPOE, name).move(upload=upload)
	snapshot = snapshot_of(router)
	assert reading_of(snapshot, "acc-ann").sessions[0].bytes_in == 100
	assert reading_of(snapshot, "acc-ann-1").sessions[0].bytes_in == 10


@pytest.mark.parametrize("name", ["two words", "q\"uo'te", "a=b", "☂ umbrella", "a" * 255, "123", "yes"])
@pytest.mark.parametrize("service", [Service.HOTSPOT, Service.PPPOE])
def test_odd_names_have_their_usage_too(router, service, name):
	bring_in_order(router, an_account(name, service=service, account_id="acc-odd"))
	log_in(router, service, name).move(download=77)
	assert reading_of(snapshot_of(router), "acc-odd").sessions[0].bytes_out == 77


def test_the_number_of_commands_does_not_grow_with_the_customers(router):
	counts = []
	for users in (1, 300):
		bring_in_order(router, *(an_account(f"u{number}") for number in range(users)))
		router.forget_commands()
		assert len(snapshot_of(router).accounts) == users
		counts.append(len(router.commands))
	assert counts[0] == counts[1]


def test_the_router_tells_how_it_is(router):
	bring_in_order(router, an_account(), an_account("bob", service=Service.PPPOE))
	log_in(router, Service.HOTSPOT)
	log_in(router, Service.PPPOE, "bob")
	router.advance(90061)
	status = snapshot_of(router).status
	assert (status.identity, status.version, status.board) == ("MikroTik", "7.16 (stable)", "CHR")
	assert (status.hotspot_online, status.ppp_online) == (1, 1)
	assert status.uptime_s >= 90061
	assert 0 < status.free_memory_bytes < status.total_memory_bytes
	assert 0 < status.cpu_load < 100


def test_a_router_without_hotspot_is_read_all_the_same():
	with a_simulator(behaviour=Behaviour(missing_menus=("/ip/hotspot",))) as router:
		bring_in_order(router, an_account(service=Service.PPPOE))
		log_in(router, Service.PPPOE).move(upload=5)
		assert reading_of(snapshot_of(router)).sessions[0].bytes_in == 5


def test_a_router_that_may_not_be_read_says_so():
	behaviour = Behaviour(policies=("api", "write"))
	with a_simulator(behaviour=behaviour) as router, pytest.raises(NotPermitted):
		snapshot_of(router)
