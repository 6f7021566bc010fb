"""A RouterOS simulator from the command line."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from .behaviour import Behaviour
from .certificates import Certificate
from .control import ControlPort
from .faults import Faults
from .server import RouterSimulator

_STOP = (signal.SIGINT, signal.SIGTERM)


def arguments() -> argparse.Namespace:
	"""What the command line says."""
	parser = argparse.ArgumentParser(prog="python -m mikrotik_integration.simulators.routeros")
	parser.add_argument("--host", default="127.0.0.1")
	parser.add_argument("--port", type=int, default=8728, help="0 for any free one")
	parser.add_argument("--user", default="api")
	parser.add_argument("--password", default="")
	parser.add_argument("--tls", action="store_true", help="serve the API over TLS")
	parser.add_argument(
		"--certificate",
		type=Path,
		metavar="FILE",
		help="PEM with key and certificate for --tls; made if it is not there",
	)
	parser.add_argument("--expired", action="store_true", help="make a certificate that has expired")
	parser.add_argument("--latency-ms", type=float, default=0, help="round trip")
	parser.add_argument("--service-ms", type=float, default=0, help="the router's work per command")
	parser.add_argument("--state", type=Path, metavar="FILE", help="keep the configuration here")
	parser.add_argument("--control-port", type=int, help="orders by lines of JSON; 0 for any free port")
	parser.add_argument(
		"--hotspot-port",
		type=int,
		metavar="PORT",
		help="the hotspot's web pages; each address 127.x.y.z that connects is a device of its own",
	)
	parser.add_argument("--identity", default="MikroTik")
	parser.add_argument("--routeros", default="7.16", metavar="VERSION")
	parser.add_argument("--session-limit", type=int, help="what the licence allows: 200 (L4), 500 (L5)")
	parser.add_argument("--devices-come-back", action="store_true", help="by cookie, or by dialling again")
	return parser.parse_args()


def simulator(given: argparse.Namespace) -> RouterSimulator:
	"""The simulator that the command line describes."""
	behaviour = Behaviour(
		version=given.routeros,
		identity=given.identity,
		session_limit=given.session_limit,
		devices_come_back=given.devices_come_back,
		running_clock=True,
	)
	return RouterSimulator(
		user=given.user,
		password=given.password,
		host=given.host,
		port=given.port,
		behaviour=behaviour,
		faults=Faults(latency_ms=given.latency_ms, service_ms=given.service_ms),
		certificate=certificate(given) if given.tls else None,
		state=given.state,
		hotspot_port=given.hotspot_port,
	)


def certificate(given: argparse.Namespace) -> Certificate:
	"""The certificate of the file, or a new one (kept in the file, if one is named)."""
	if given.certificate is None:
		return Certificate.make(given.host, "localhost", expired=given.expired)
	if not given.certificate.exists():
		Certificate.make(given.host, "localhost", expired=given.expired).save(given.certificate)
	return Certificate.load(given.certificate)


def main() -> None:
	"""Runs until it is told to stop."""
	signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
	with ExitStack() as stack:
		try:
			begin(stack, arguments())
		except (OSError, ValueError) as wrong:
			sys.exit(f"cannot start: {wrong}")
		signal.sigwait(_STOP)


def begin(stack: ExitStack, given: argparse.Namespace) -> None:
	"""Opens the ports, and says so in one line."""
	router = stack.enter_context(simulator(given))
	ready = f"RouterOS {given.routeros} simulator on {router.host}:{router.port}"
	if given.control_port is not None:
		control = stack.enter_context(ControlPort(router, given.control_port))
		ready += f", control on 127.0.0.1:{control.port}"
	if given.hotspot_port is not None:
		ready += f", hotspot on {router.host}:{router.hotspot.port}"
	print(ready, flush=True)


if __name__ == "__main__":
	main()
