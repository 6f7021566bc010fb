"""Whether a router still has what the captive portal needs: a factory-new replacement does not."""

from __future__ import annotations

from collections.abc import Iterable

from ..provisioning.marks import account_of
from ..routeros.client import Command, Router
from . import pages, profiles, walled_garden


def is_gone(router: Router, site_id: str, directory: str, names: Iterable[str]) -> bool:
	"""Whether a page is missing in the directory, no profile shows it, or our way through the walled garden is shut.
	False if the router does not say. Raises ConnectionLost."""
	paths = [(f"{directory}/{name}", f"flash/{directory}/{name}") for name in names]
	queries = [f"?name={path}" for both in paths for path in both]
	asked = tuple(
		word for place, query in enumerate(queries) for word in (query, *(["?#|"] if place else []))
	)
	files, shown, garden = router.run(
		[
			Command(f"{pages.MENU}/print", queries=asked, proplist=("name",)),
			Command(f"{profiles.MENU}/print", proplist=("html-directory-override",)),
			Command(f"{walled_garden.MENU}/print", proplist=("comment", "disabled")),
		]
	)
	if files.error or shown.error or garden.error:
		return False
	present = {row.get("name", "").strip("/") for row in files.rows}
	places = {row.get("html-directory-override", "").strip("/") for row in shown.rows}
	return (
		any(present.isdisjoint(both) for both in paths)
		or places.isdisjoint((directory, f"flash/{directory}"))
		or not any(account_of(row.get("comment"), site_id) == walled_garden.MARK for row in garden.rows)
	)
