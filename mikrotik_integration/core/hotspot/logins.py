"""Ending the logins of single devices, while others go on with the same voucher."""

from __future__ import annotations

from collections.abc import Iterable

from ..provisioning.menus import HOTSPOT
from ..provisioning.names import normalise_mac
from ..routeros.client import Command, Router
from ..routeros.errors import NoSuchItem

ACTIVE = HOTSPOT.session_menu
COOKIES = HOTSPOT.cookie_menu or ""

Login = tuple[str, str]
"""User and MAC."""


def end_logins(router: Router, logins: Iterable[Login]) -> int:
	"""Takes these devices' cookies for these users away and ends their sessions; how many sessions were ended.

	Ids of sessions are addresses, and a stale one may be another customer's: so they are read here, just before.
	Sessions that RADIUS let in are left alone. Raises ConnectionLost, and the router's Trap."""
	wanted = {(user.casefold(), _address(mac)) for user, mac in logins}
	if not wanted:
		return 0
	# First the cookies: who has one is back before the session's end was noticed.
	_remove(router, COOKIES, wanted)
	return _remove(router, ACTIVE, wanted)


def _remove(router: Router, menu: str, wanted: set[Login]) -> int:
	rows = router.rows(menu, (".id", "user", "mac-address", "radius"))
	found = [
		row
		for row in rows
		if (row.get("user", "").casefold(), _address(row.get("mac-address", ""))) in wanted
		and row.get("radius") != "true"
	]
	if not found:
		return 0
	replies = router.run([Command(f"{menu}/remove", ((".id", row[".id"]),)) for row in found])
	for reply in replies:
		if reply.error and not isinstance(reply.error, NoSuchItem):
			raise reply.error
	return sum(reply.error is None for reply in replies)


def _address(mac: str) -> str:
	try:
		return normalise_mac(mac)
	except ValueError:
		return mac
