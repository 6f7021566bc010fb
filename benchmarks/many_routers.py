"""Simulated routers with customers online, as a process of its own so that they do not share the measured one's time.

	python many_routers.py ROUTERS USERS LATENCY_MS SITE_ID

Prints the ports as JSON. Each line on standard input lets every customer move some bytes; answers ``moved``.
"""

import json
import sys
from contextlib import ExitStack

from mikrotik_integration.simulators.routeros import RouterSimulator
from mikrotik_integration.tests.harness import API_PASSWORD, API_USER

UPLOAD, DOWNLOAD, SECONDS = 1_000_000, 9_000_000, 120


def main() -> None:
	routers, users, latency_ms, site_id = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
	with ExitStack() as stack:
		simulators = [stack.enter_context(RouterSimulator(API_USER, API_PASSWORD)) for _ in range(routers)]
		sessions = [
			session
			for number, simulator in enumerate(simulators)
			for session in _customers(simulator, number, users, site_id)
		]
		for simulator in simulators:
			simulator.set_faults(latency_ms=latency_ms)
		print(json.dumps([simulator.port for simulator in simulators]), flush=True)
		for _line in sys.stdin:
			for session in sessions:
				session.move(upload=UPLOAD, download=DOWNLOAD, seconds=SECONDS)
			commands = [len(simulator.commands) for simulator in simulators]
			for simulator in simulators:
				simulator.forget_commands()
			print(json.dumps({"commands_since": commands}), flush=True)


def _customers(simulator: RouterSimulator, router: int, users: int, site_id: str) -> list:
	simulator.run("/ip/pool/add", name="many", ranges="10.64.0.2-10.64.63.254")
	simulator.run(
		"/ip/hotspot/user/profile/add",
		{"name": "bench", "address-pool": "many", "rate-limit": "5M/10M", "on-login": f"# erpnext:{site_id}"},
	)
	sessions = []
	for user in range(users):
		account = f"bu{router:02d}{user:05d}"
		simulator.run(
			"/ip/hotspot/user/add",
			name=account,
			password="x",
			profile="bench",
			comment=f"erpnext:{site_id}:{account}",
		)
		sessions.append(simulator.customer.login(account, "x"))
	return sessions


if __name__ == "__main__":
	main()
