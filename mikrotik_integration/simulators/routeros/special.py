"""Verbs that do something else in one menu than everywhere."""

from __future__ import annotations

from . import cookies, counters, hotspot, lifetimes, values, views
from .behaviour import ResetBy
from .command import DONE, Answer
from .errors import LoginRefused, Trapped, no_such_item
from .file_verbs import FILE_VERBS
from .menu import Column
from .script_verbs import SCRIPT_VERBS
from .sessions import HOTSPOT, Session
from .table import Row
from .verbs import Call, Verb

_API_WORDS = {
	"uptime limit": "your uptime limit is reached",
	"traffic limit": "your traffic limit is reached",
}


def end_sessions(call: Call) -> Answer:
	"""/ip/hotspot/active/remove, /ppp/active/remove"""
	for session in _sessions(call):
		if session.service == HOTSPOT and call.router.behaviour.removal_forgets_mac_cookie:
			cookies.forget_mac(call.router, session.mac)
		lifetimes.end_by_router(call.router, session, "admin reset")
	return DONE


def log_device_in(call: Call) -> Answer:
	"""/ip/hotspot/active/login: for a device that the hotspot sees."""
	user, address = call.args.get("user", ""), call.args.get("ip")
	mac = values.parse_mac(call.args.get("mac-address", "")) or _mac_at(call, address)
	if address is None or not values.is_ip(address):
		raise Trapped("invalid value for argument ip", category=1)
	if mac is None or call.router.hosts.get(mac) != address:
		raise Trapped(f"unknown host IP {address}")
	try:
		hotspot.login(call.router, user, call.args.get("password", ""), mac, address)
	except LoginRefused as refused:
		raise Trapped(_in_api_words(str(refused))) from None
	return DONE


def reset_user_counters(call: Call) -> Answer:
	"""/ip/hotspot/user/reset-counters, by whichever argument this router understands."""
	only = call.router.behaviour.reset_counters_by
	for name in call.args:
		if only is not ResetBy.BOTH and name != only.value:
			raise Trapped(f"unknown parameter {name}", category=0)
	for row in call.targets():
		counters.reset(call.router, row)
	return DONE


def reset_row_counters(call: Call) -> Answer:
	"""reset-counters of configured rows"""
	for row in call.targets():
		row.update({column.name: column.default or "0" for column in _counters(call)})
	return DONE


def remove_host(call: Call) -> Answer:
	"""/ip/hotspot/host/remove: the device is thrown out, session and all."""
	macs = {row[".id"]: row["mac-address"] for row in views.hotspot_host(call.router)}
	for row_id in call.ids():
		if row_id not in macs:
			raise no_such_item(call.router.behaviour.numbered_traps)
		address = call.router.hosts.pop(macs[row_id])
		session = call.router.sessions.addresses.get(address)
		if session is not None:
			lifetimes.end_by_router(call.router, session, "host removed")
	return DONE


def reboot(call: Call) -> Answer:
	"""/system/reboot"""
	lifetimes.reboot(call.router, call.router.behaviour.reboot_loses_live)
	return DONE


def write_log(call: Call) -> Answer:
	"""/log/info, /log/warning, ..."""
	call.router.log(f"script,{call.verb}", call.args.get("message", ""))
	return DONE


def refuse(call: Call) -> Answer:
	"""In the argument tree, and yet of no use."""
	raise Trapped("no such command", category=0)


def user_changed(call: Call, rows: list[Row]) -> None:
	"""A hotspot user was disabled: on some routers that ends the sessions."""
	if call.router.behaviour.disabling_ends_hotspot_sessions:
		_end_all(call, [row for row in rows if row["disabled"] == "true"])


def user_removed(call: Call, rows: list[Row]) -> None:
	"""A hotspot user was removed: on some routers that ends the sessions."""
	if call.router.behaviour.removing_ends_hotspot_sessions:
		_end_all(call, rows)


def _end_all(call: Call, rows: list[Row]) -> None:
	for row in rows:
		for session in call.router.sessions.of_hotspot_user(row["name"]):
			lifetimes.end_by_router(call.router, session, "user removed or disabled")


def _sessions(call: Call) -> list[Session]:
	is_hotspot = call.menu.startswith("/ip/hotspot")
	found = []
	for row_id in call.ids():
		session = call.router.sessions.get(row_id)
		if session is None or (session.service == HOTSPOT) is not is_hotspot:
			raise no_such_item(call.router.behaviour.numbered_traps)
		found.append(session)
	return found


def _counters(call: Call) -> list[Column]:
	return [
		column for column in call.table.menu.columns if column.read_only and column.default in ("0", "0/0")
	]


def _mac_at(call: Call, address: str | None) -> str | None:
	return next((mac for mac, at in call.router.hosts.items() if at == address), None)


def _in_api_words(refused: str) -> str:
	return next((words for part, words in _API_WORDS.items() if f"reached {part}" in refused), refused)


SPECIAL: dict[tuple[str, str], tuple[Verb, str]] = {
	**FILE_VERBS,
	**SCRIPT_VERBS,
	("/ip/hotspot/active", "remove"): (end_sessions, "write"),
	("/ip/hotspot/active", "login"): (log_device_in, "write"),
	("/ip/hotspot/active", "add"): (refuse, "write"),
	("/ip/hotspot/active", "set"): (refuse, "write"),
	("/ip/hotspot/host", "remove"): (remove_host, "write"),
	("/ip/hotspot/user", "reset-counters"): (reset_user_counters, "write"),
	("/ppp/active", "remove"): (end_sessions, "write"),
	("/interface", "reset-counters"): (reset_row_counters, "write"),
	("/queue/simple", "reset-counters"): (reset_row_counters, "write"),
	("/ip/hotspot/walled-garden", "reset-counters"): (reset_row_counters, "write"),
	("/system", "reboot"): (reboot, "reboot"),
	**{("/log", verb): (write_log, "write") for verb in ("info", "warning", "error", "debug")},
}
"""Verbs of one menu, with the policy that they need."""

AFTER = {
	("/ip/hotspot/user", "set"): user_changed,
	("/ip/hotspot/user", "disable"): user_changed,
	("/ip/hotspot/user", "remove"): user_removed,
}
"""What follows a verb, with the rows that it was about."""

POLICY_OF_MENU = {"/user": "policy", "/user/group": "policy", "/file": "ftp", "/system/backup": "ftp"}
"""Menus whose changes need another policy than `write`."""
