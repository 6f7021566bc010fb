"""Exits 0 if the distribution named is installed, can be imported, and all that it requires is installed.

The distribution is the app; read from standard input, so that nothing but what is installed is on the path.
"""

import sys
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec

from packaging.requirements import Requirement


def met(text: str) -> bool:
	requirement = Requirement(text)
	if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
		return True
	try:
		return requirement.specifier.contains(version(requirement.name), prereleases=True)
	except PackageNotFoundError:
		return False


app = sys.argv[1]
sys.exit(find_spec(app) is None or not all(met(text) for text in requires(app) or []))
