"""Devices that have to go: their sessions and cookies end, those of the login's other devices stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..routeros.client import Command, Reply, Router
from ..routeros.errors import NoSuchItem
from ..usage.sessions import SessionReading, device_of
from .codes import hide, masked
from .menus import HOTSPOT
from .operations import NO_ID, OperationResult

_NAMES_PER_COMMAND = 100


def end_devices(router: Router, sessions: Iterable[SessionReading]) -> tuple[OperationResult, ...]:
	"""Ends what these devices have under these hotspot logins, cookies first, and says what was done.

	The logins are vouchers, whose names are not shown. Ids of sessions are addresses and are soon another customer's: they are read again here.
	Raises ConnectionLost, and the Trap of a menu that may not be read."""
	wanted = {(session.user.casefold(), session.mac) for session in sessions}
	menus = (HOTSPOT.cookie_menu or "", HOTSPOT.session_menu)
	removals = [removal for menu in menus for removal in _removals(router, menu, wanted)] if wanted else []
	replies = iter(router.run([Command(path, ((".id", row_id),)) for path, row_id, _ in removals if row_id]))
	return tuple(_result(path, user, next(replies) if row_id else None) for path, row_id, user in removals)


def _removals(router: Router, menu: str, wanted: set[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
	for reply in router.run(list(_questions(menu, sorted({user for user, _ in wanted})))):
		if reply.error:
			raise reply.error
		for row in reply.rows:
			if (row.get("user", "").casefold(), device_of(row.get("mac-address", ""))) in wanted:
				yield f"{menu}/remove", row.get(".id", ""), row.get("user", "")


def _questions(menu: str, users: list[str]) -> Iterator[Command]:
	for start in range(0, len(users), _NAMES_PER_COMMAND):
		queries: list[str] = []
		for place, user in enumerate(users[start : start + _NAMES_PER_COMMAND]):
			queries += [f"?user={user}", "?#|"] if place else [f"?user={user}"]
		yield Command(f"{menu}/print", queries=tuple(queries), proplist=(".id", "user", "mac-address"))


def _result(path: str, user: str, reply: Reply | None) -> OperationResult:
	if reply is None:
		return OperationResult(path, {"user": masked(user)}, False, NO_ID, None)
	done = reply.error is None or isinstance(reply.error, NoSuchItem)
	return OperationResult(path, {"user": masked(user)}, done, hide(str(reply.error or ""), [user]), None)
