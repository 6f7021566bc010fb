"""What lets devices back in without a password: MAC cookies, and cookies that a browser keeps.

A device may have one of each. The manual on the second kind: the browser's secret and the MAC have to match.
"""

from __future__ import annotations

import secrets

from . import values
from .router import Router
from .table import Row

COOKIES = "/ip/hotspot/cookie"


def refresh(router: Router) -> None:
	"""Counts the cookies down, and drops those that are over."""
	now = router.clock.now()
	table = router.table(COOKIES)
	for row in list(table.rows.values()):
		left = router.cookie_ends.get(_key(row), now) - now
		if left <= 0:
			table.remove(row)
		row["expires-in"] = router.duration(left)


def load(router: Router) -> None:
	"""Takes up the times of cookies that were kept in a file; older files do not name their kind."""
	table = router.table(COOKIES)
	table.restore([{"mac-cookie": "true", **row} for row in table.rows.values()])
	for row in table.rows.values():
		left = values.parse_duration(row["expires-in"]) or 0
		router.cookie_ends[_key(row)] = router.clock.now() + left


def of_mac(router: Router, mac: str) -> Row | None:
	"""The device's MAC cookie."""
	return _find(router, mac, "true")


def of_browser(router: Router, mac: str, secret: str) -> Row | None:
	"""The cookie of the device's browser, if this is its secret."""
	row = _find(router, mac, "false")
	return row if row is not None and router.browser_secrets.get(mac) == secret else None


def keep_mac(router: Router, user: str, mac: str, lifetime_s: float) -> None:
	"""Gives the device a MAC cookie instead of the one it has."""
	_keep(router, user, mac, "true", lifetime_s)


def keep_browser(router: Router, user: str, mac: str, lifetime_s: float) -> str:
	"""Gives the device's browser a cookie; its secret."""
	_keep(router, user, mac, "false", lifetime_s)
	router.browser_secrets[mac] = secrets.token_hex(16)
	return router.browser_secrets[mac]


def forget_mac(router: Router, mac: str) -> None:
	"""Takes the device's MAC cookie away."""
	_forget(router, mac, "true")


def forget_all(router: Router, mac: str) -> None:
	"""Takes all cookies of the device away."""
	_forget(router, mac, "true")
	_forget(router, mac, "false")


def _find(router: Router, mac: str, is_mac: str) -> Row | None:
	refresh(router)
	return router.table(COOKIES).find(mac, is_mac)


def _keep(router: Router, user: str, mac: str, is_mac: str, lifetime_s: float) -> None:
	_forget(router, mac, is_mac)
	row = {"user": user, "mac-address": mac, "mac-cookie": is_mac, "expires-in": "0s"}
	router.table(COOKIES).insert(row)
	router.cookie_ends[_key(row)] = router.clock.now() + lifetime_s


def _forget(router: Router, mac: str, is_mac: str) -> None:
	row = router.table(COOKIES).find(mac, is_mac)
	if row is not None:
		router.table(COOKIES).remove(row)


def _key(row: Row) -> tuple[str, str]:
	return row["mac-address"], row["mac-cookie"]
