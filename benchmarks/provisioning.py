"""How fast a router is brought in order: many new hotspot users, and a silent router among others.

	python benchmarks/provisioning.py [--users 1000] [--latency-ms 50] [--service-ms 2] [--one-by-one 100]

Everything is measured in this one run, on simulated routers over real sockets, and printed as JSON and as a
table. librouteros one command at a time is measured on `--one-by-one` users, and compared per command.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import librouteros

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mikrotik_integration.core.provisioning.desired import (
	DesiredAccount,
	DesiredProfile,
	Presence,
	Service,
)
from mikrotik_integration.core.provisioning.reconcile import Outcome, reconcile_all, reconcile_some
from mikrotik_integration.core.routeros.client import Endpoint, connect
from mikrotik_integration.core.routeros.errors import RouterError
from mikrotik_integration.simulators.routeros import Faults, RouterSimulator

SITE, USER, PASSWORD = "bench", "api", "secret"
ROUND_TRIPS_ALLOWED = 4
MOST_TIMES_THE_BOUND = 1.3
LEAST_TIMES_FASTER = 15
ROUTERS = 20
USERS_PER_ROUTER = 20
SILENT_TIMEOUT_S = 3.0
PROFILE = DesiredProfile("bench", rate_limit="2M/5M")


def main() -> None:
	options = _options()
	result = {
		"new_users": new_users(options.users, options.latency_ms, options.service_ms, options.one_by_one),
		"one_payment": one_payment(options.latency_ms, options.service_ms),
		"silent_router": silent_router(options.latency_ms, options.service_ms),
	}
	print(json.dumps(result, indent=2))
	_print_table(result)


def new_users(users: int, latency_ms: float, service_ms: float, one_by_one: int) -> dict[str, float | bool]:
	"""A whole pass that adds all users, against what the router and the line make necessary."""
	faults = Faults(latency_ms=latency_ms, service_ms=service_ms)
	with RouterSimulator(USER, PASSWORD, faults=faults) as simulator:
		accounts = [_account(number) for number in range(users)]
		with connect(_endpoint(simulator)) as router:
			simulator.forget_commands()
			seconds = _timed(lambda: _assert_in_sync(reconcile_all(router, SITE, accounts)))
			commands = len(simulator.commands)
			again = _timed(lambda: _assert_in_sync(reconcile_all(router, SITE, accounts)))
	with RouterSimulator(USER, PASSWORD, faults=faults) as simulator:
		single_seconds = _one_by_one(simulator, one_by_one)
	bound = commands * service_ms / 1000 + ROUND_TRIPS_ALLOWED * latency_ms / 1000
	per_command, per_command_single = seconds / commands, single_seconds / one_by_one
	faster = per_command_single / per_command
	return {
		"users": users,
		"commands": commands,
		"seconds": round(seconds, 3),
		"bound_seconds": round(bound, 3),
		"times_the_bound": round(seconds / bound, 3),
		"bound_kept": seconds <= MOST_TIMES_THE_BOUND * bound,
		"second_pass_seconds": round(again, 3),
		"librouteros_users_measured": one_by_one,
		"librouteros_seconds_measured": round(single_seconds, 3),
		"librouteros_seconds_scaled": round(per_command_single * users, 1),
		"times_faster_per_command": round(faster, 1),
		"faster_kept": faster >= LEAST_TIMES_FASTER,
	}


def one_payment(latency_ms: float, service_ms: float) -> dict[str, float]:
	"""From a closed connection to the read-back of one account that is enabled again, among 1,000 others."""
	with RouterSimulator(USER, PASSWORD) as simulator:
		accounts = [_account(number) for number in range(1000)]
		with connect(_endpoint(simulator)) as router:
			_assert_in_sync(reconcile_all(router, SITE, [*accounts, _account(5000)]))
		simulator.run("/ip/hotspot/user/disable", numbers="u5000")
		simulator.set_faults(latency_ms=latency_ms, service_ms=service_ms)
		simulator.forget_commands()

		def pay() -> None:
			with connect(_endpoint(simulator)) as router:
				_assert_in_sync(reconcile_some(router, SITE, [_account(5000)]))

		seconds = _timed(pay)
		return {"seconds": round(seconds, 3), "commands": len(simulator.commands)}


def silent_router(latency_ms: float, service_ms: float) -> dict[str, float | bool]:
	"""Two workers bring 20 new users onto each of 20 routers; then again, and the first router never answers."""
	faults = Faults(latency_ms=latency_ms, service_ms=service_ms)
	with ExitStack() as stack:
		routers = [
			stack.enter_context(RouterSimulator(USER, PASSWORD, faults=faults)) for _ in range(ROUTERS)
		]
		_all_in_order(routers, first=0)  # makes the profiles
		all_answer = _all_in_order(routers, first=USERS_PER_ROUTER)
		routers[-1].set_faults(never_answer=True)
		one_silent = _all_in_order(routers, first=2 * USERS_PER_ROUTER)
	return {
		"routers": ROUTERS,
		"workers": 2,
		"users_per_router": USERS_PER_ROUTER,
		"timeout_seconds": SILENT_TIMEOUT_S,
		"all_answer_seconds": round(all_answer, 3),
		"one_silent_seconds": round(one_silent, 3),
		"delay_seconds": round(one_silent - all_answer, 3),
		"delay_kept": one_silent - all_answer <= SILENT_TIMEOUT_S,
	}


def _all_in_order(routers: list[RouterSimulator], first: int) -> float:
	"""Seconds until the answering routers are in order, with two workers and the last router first in the queue."""
	accounts = [_account(number) for number in range(first, first + USERS_PER_ROUTER)]

	def one(simulator: RouterSimulator) -> float:
		try:
			with connect(_endpoint(simulator, SILENT_TIMEOUT_S)) as router:
				_assert_in_sync(reconcile_some(router, SITE, accounts))
		except RouterError:
			return begin
		return time.monotonic()

	begin = time.monotonic()
	with ThreadPoolExecutor(max_workers=2) as pool:
		finished = list(pool.map(one, reversed(routers)))
	return max(finished) - begin


def _one_by_one(simulator: RouterSimulator, users: int) -> float:
	"""librouteros as its documentation shows it: each add waits for its answer."""
	api = librouteros.connect(simulator.host, USER, PASSWORD, port=simulator.port, encoding="utf-8")
	path = api.path("/ip/hotspot/user")

	def add_all() -> None:
		for number in range(users):
			path.add(name=f"u{number}", password=f"p{number}", comment=f"erpnext:{SITE}:a{number}")

	seconds = _timed(add_all)
	api.close()
	return seconds


def _account(number: int) -> DesiredAccount:
	return DesiredAccount(
		account_id=f"a{number}",
		service=Service.HOTSPOT,
		username=f"u{number}",
		password=f"p{number}",
		presence=Presence.ENABLED,
		profile=PROFILE,
	)


def _endpoint(simulator: RouterSimulator, timeout_s: float = 10) -> Endpoint:
	return Endpoint(simulator.host, USER, PASSWORD, simulator.port, connect_timeout_s=timeout_s)


def _assert_in_sync(outcome: Outcome) -> None:
	wrong = [result for result in outcome.accounts.values() if not result.in_sync]
	if wrong:
		raise SystemExit(f"not in sync: {wrong[:3]}")


def _timed(action: Callable[[], object]) -> float:
	begin = time.perf_counter()
	action()
	return time.perf_counter() - begin


def _print_table(result: dict[str, dict[str, float | bool]]) -> None:
	for part, values in result.items():
		print(f"\n{part.replace('_', ' ')}")
		for name, value in values.items():
			print(f"  {name.replace('_', ' '):<32}{value}")


def _options() -> argparse.Namespace:
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
	parser.add_argument("--users", type=int, default=1000)
	parser.add_argument("--latency-ms", type=float, default=50)
	parser.add_argument("--service-ms", type=float, default=2)
	parser.add_argument("--one-by-one", type=int, default=100)
	return parser.parse_args()


if __name__ == "__main__":
	main()
