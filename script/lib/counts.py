"""Turns pytest's JUnit reports into the lines that script/test ends with.

counts.py KIND=report.xml ...: prints a line for each kind and the total; exits 1 unless all passed. A report
that is missing or has no tests counts as one failure: the run broke off.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
	passed: int
	failed: int
	skipped: int = 0


def read(path: str) -> Counts:
	try:
		suites = list(ElementTree.parse(path).getroot().iter("testsuite"))
	except (OSError, ElementTree.ParseError):
		return Counts(0, 1)
	tests, failures, errors, skipped = (
		sum(int(suite.get(name, 0)) for suite in suites)
		for name in ("tests", "failures", "errors", "skipped")
	)
	failed = failures + errors
	return Counts(tests - failed - skipped, failed if tests else 1, skipped)


def main(arguments: list[str]) -> int:
	kinds = {kind: read(path) for kind, _, path in (argument.partition("=") for argument in arguments)}
	for kind, counts in kinds.items():
		note = f", {counts.skipped} skipped" if counts.skipped else ""
		print(f"{kind}: {counts.passed} passed, {counts.failed} failed{note}")
	failed = sum(counts.failed for counts in kinds.values())
	print(f"{sum(counts.passed for counts in kinds.values())} passed, {failed} failed")
	return 1 if failed else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))
