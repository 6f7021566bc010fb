"""python -m mikrotik_integration.simulators.daraja --port P"""

import argparse
import signal
import sys
import threading

from mikrotik_integration.simulators.daraja.behaviour import Behaviour, Fate, Msisdn, Twin
from mikrotik_integration.simulators.daraja.checks import Merchant
from mikrotik_integration.simulators.daraja.simulator import DarajaSimulator


def main() -> int:
	arguments = _parser().parse_args()
	try:
		simulator = _simulator(arguments)
	except OSError as error:
		print(f"Cannot listen on port {arguments.port}: {error.strerror}", file=sys.stderr)
		return 1
	stop = threading.Event()
	for number in (signal.SIGINT, signal.SIGTERM):
		signal.signal(number, lambda *_: stop.set())
	with simulator:
		_print_how_to_reach(simulator)
		stop.wait()
	return 0


def _simulator(arguments: argparse.Namespace) -> DarajaSimulator:
	simulator = DarajaSimulator(
		arguments.port, _merchant(arguments), _behaviour(arguments), arguments.ca_file, dict(arguments.route)
	)
	fate = Fate(
		lost=arguments.lose_callbacks, delay_s=arguments.callback_delay, copies=arguments.callback_copies
	)
	simulator.courier.always(fate)
	return simulator


def _print_how_to_reach(simulator: DarajaSimulator) -> None:
	print(f"Simulated M-PESA at {simulator.base_url}, controlled at {simulator.base_url}/__control__/")
	for name, value in simulator.environment().items():
		print(f"export {name}={value}")
	sys.stdout.flush()


def _merchant(arguments: argparse.Namespace) -> Merchant:
	return Merchant(
		arguments.consumer_key,
		arguments.consumer_secret,
		arguments.shortcode,
		arguments.passkey,
		tuple(arguments.till),
		arguments.initiator,
		arguments.security_credential,
	)


def _behaviour(arguments: argparse.Namespace) -> Behaviour:
	return Behaviour(
		accept_after_s=arguments.accept_after,
		prompt_lifetime_s=arguments.prompt_lifetime,
		seen_after_s=arguments.seen_after,
		token_lifetime_s=arguments.token_lifetime,
		c2b_twin=Twin(arguments.c2b_twin),
		c2b_twin_gap_s=arguments.c2b_twin_gap,
		msisdn=Msisdn(arguments.msisdn),
		validates_c2b=arguments.validate_c2b,
		result_after_s=arguments.result_after,
	)


def _route(text: str) -> tuple[str, int]:
	host, _, port = text.rpartition("=")
	if not host or not port.isdecimal():
		raise argparse.ArgumentTypeError("must look like isp.example=8000")
	return host, int(port)


def _parser() -> argparse.ArgumentParser:
	usual, merchant = Behaviour(), Merchant()
	parser = argparse.ArgumentParser(prog="python -m mikrotik_integration.simulators.daraja")
	add = parser.add_argument
	add("--port", type=int, required=True, help="on 127.0.0.1; HTTP server and HTTPS proxy; 0 for any")
	add("--ca-file", help="where the CA certificate goes that clients behind the proxy must trust")
	add("--route", type=_route, action="append", default=[], metavar="HOST=PORT")
	add("--consumer-key", default=merchant.consumer_key)
	add("--consumer-secret", default=merchant.consumer_secret)
	add("--shortcode", default=merchant.shortcode)
	add("--passkey", default=merchant.passkey)
	add("--till", action="append", default=[], help="a Buy Goods till of the shortcode; may be repeated")
	add("--initiator", default="", help="any, if left out")
	add("--security-credential", default="", help="any, if left out")
	add("--accept-after", type=float, default=usual.accept_after_s, metavar="S")
	add("--prompt-lifetime", type=float, default=usual.prompt_lifetime_s, metavar="S")
	add("--seen-after", type=float, default=usual.seen_after_s, metavar="S")
	add("--token-lifetime", type=float, default=usual.token_lifetime_s, metavar="S")
	add("--result-after", type=float, default=usual.result_after_s, metavar="S")
	add("--c2b-twin", choices=[twin.value for twin in Twin], default=usual.c2b_twin.value)
	add("--c2b-twin-gap", type=float, default=usual.c2b_twin_gap_s, metavar="S")
	add("--msisdn", choices=[msisdn.value for msisdn in Msisdn], default=usual.msisdn.value)
	add("--validate-c2b", action="store_true")
	add("--lose-callbacks", action="store_true")
	add("--callback-delay", type=float, default=0.0, metavar="S")
	add("--callback-copies", type=int, default=1, metavar="N")
	return parser


if __name__ == "__main__":
	sys.exit(main())
