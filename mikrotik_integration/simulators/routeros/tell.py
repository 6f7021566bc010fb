"""Gives one order to a simulator that runs in another process, and prints the answer.

python -m mikrotik_integration.simulators.routeros.tell 9728 login user=ann password=pw service=pppoe
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from .control import Control, ControlRefused


def main() -> int:
	"""Exit 0 if the simulator did it."""
	parser = argparse.ArgumentParser(prog="tell", description=__doc__)
	parser.add_argument("port", type=int, help="the simulator's --control-port")
	parser.add_argument("order", help="login, move, hang_up, sessions, faults, reboot, advance, rows, ...")
	parser.add_argument("details", nargs="*", metavar="name=value")
	given = parser.parse_args()
	details = dict(detail.split("=", 1) for detail in given.details)
	try:
		with Control(given.port) as control:
			print(
				json.dumps(
					control.do(given.order, **{name: value_of(text) for name, text in details.items()})
				)
			)
	except (ControlRefused, OSError) as refused:
		print(refused, file=sys.stderr)
		return 1
	return 0


def value_of(text: str) -> Any:
	"""`true`, `null`, plain numbers, `{...}` and `[...]` as JSON has them; anything else is text."""
	try:
		if text in ("true", "false", "null") or text[:1] in ("{", "["):
			return json.loads(text)
		return float(text) if "." in text else int(text) if str(int(text)) == text else text
	except ValueError:
		return text


if __name__ == "__main__":
	sys.exit(main())
