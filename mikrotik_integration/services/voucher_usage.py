"""What a reading of a router means for vouchers: first login, usage, devices, those that have ended.

Set-based for all that goes on; a voucher's document is only saved when its status changes.
"""

from collections import defaultdict
from collections.abc import Sequence

import frappe
from frappe.utils import add_to_date, now_datetime

from mikrotik_integration.core.usage.sessions import SessionReading
from mikrotik_integration.core.vouchers import devices
from mikrotik_integration.services import foreign_text, vouchers
from mikrotik_integration.services.bulk import update_rows
from mikrotik_integration.services.locks import by_itself
from mikrotik_integration.services.vouchers import VOUCHER

DEVICE = "Hotspot Voucher Device"


def record(router: str, counted: Sequence) -> list[SessionReading]:
	"""Write down what one reading showed of vouchers; returns the sessions of devices that a voucher does not admit.

	``counted``: see ``services.usage.Counted``. In the caller's transaction, the router locked.
	"""
	mine = {one.account.reference_name: one for one in counted if one.account.reference_doctype == VOUCHER}
	_mark_online(router, mine)
	_mark_gone(router)
	begun = _begin(mine)
	moved = {
		name: {"used_bytes": one.delta.bytes_in + one.delta.bytes_out, "used_seconds": one.delta.seconds}
		for name, one in mine.items()
		if one.delta.bytes_in or one.delta.bytes_out or one.delta.seconds
	}
	update_rows(VOUCHER, moved, add=("used_bytes", "used_seconds"))
	refused = _admit(
		router, {name: one.reading.sessions for name, one in mine.items() if one.reading.sessions}
	)
	for name in sorted({*begun, *_ended(list(moved))}):
		by_itself(lambda name: vouchers.refresh([name]), name)
	vouchers.lower_caps(_shared(list(moved)))
	return refused


def _mark_online(router: str, mine: dict) -> None:
	now = now_datetime()
	online = {name: {"is_online": 1, "last_seen": now} for name, one in mine.items() if one.reading.sessions}
	gone = {
		name: {"is_online": 0}
		for name, one in mine.items()
		if not one.reading.sessions and one.account.is_online
	}
	update_rows(VOUCHER, online)
	update_rows(VOUCHER, gone)


def _begin(mine: dict) -> list[str]:
	"""Vouchers that are seen in use for the first time, with the moment at which that began."""
	used = [
		name for name, one in mine.items() if one.reading.sessions or one.delta.seconds or one.delta.bytes_in
	]
	rows = frappe.get_all(
		VOUCHER,
		{"name": ("in", used or [""]), "first_login": ("is", "not set")},
		["name", "sold_on"],
		order_by="name",
		limit=0,
	)
	now = now_datetime()
	begun = {row.name: add_to_date(now, seconds=-_seconds_online(mine[row.name])) for row in rows}
	# before it was sold nobody had it, however long the router says that somebody is on
	update_rows(
		VOUCHER,
		{row.name: {"first_login": max(begun[row.name], row.sold_on or begun[row.name])} for row in rows},
	)
	return list(begun)


def _seconds_online(one) -> int:
	return max((session.uptime_s for session in one.reading.sessions), default=one.delta.seconds)


def _ended(names: list[str]) -> list[str]:
	"""Of these, vouchers whose data or time of use is spent and that do not say so yet."""
	voucher = frappe.qb.DocType(VOUCHER)
	by_bytes = (voucher.quota_bytes > 0) & (voucher.used_bytes >= voucher.quota_bytes)
	by_time = (voucher.quota_seconds > 0) & (voucher.used_seconds >= voucher.quota_seconds)
	return _select(voucher, names, (by_bytes | by_time) & voucher.status.isin(("Pending", "Active")))


def _shared(names: list[str]) -> list[str]:
	"""Vouchers that are valid on several routers: what one counted lowers the caps on the others."""
	voucher = frappe.qb.DocType(VOUCHER)
	return _select(voucher, names, voucher.router_group.isnotnull() & (voucher.router_group != ""))


def _select(voucher, names: list[str], condition) -> list[str]:
	if not names:
		return []
	return (
		frappe.qb.from_(voucher).select(voucher.name).where(voucher.name.isin(names)).where(condition)
	).run(pluck=True)


def _admit(router: str, sessions: dict[str, tuple[SessionReading, ...]]) -> list[SessionReading]:
	"""Write down the devices that are online; returns the sessions of those for which there is no room."""
	if not sessions:
		return []
	names = list(sessions)
	limits = dict(
		frappe.get_all(
			VOUCHER,
			{"name": ("in", names)},
			["name", "device_limit"],
			as_list=True,
			order_by="name",
			limit=0,
		)
	)
	rows = _device_rows(names)
	of_voucher: defaultdict[str, list[devices.Device]] = defaultdict(list)
	for row in rows:
		of_voucher[row.parent].append(devices.Device(row.mac_address, bool(row.replaced_on)))
	refused: list[SessionReading] = []
	for name, limit in limits.items():
		known = of_voucher[name]
		decision = devices.decide(known, limit or 0, sessions[name])
		for mac in decision.admitted:
			add_device(name, mac, router, is_online=True)
		refused += decision.refused
	_touch(router, rows, sessions)
	return refused


def _device_rows(names: list[str]) -> list[frappe._dict]:
	"""The devices of vouchers, in the order in which they came."""
	return frappe.get_all(
		DEVICE,
		filters={"parenttype": VOUCHER, "parent": ("in", names)},
		fields=["name", "parent", "mac_address", "replaced_on"],
		order_by="parent, idx",
		limit=0,
	)


def _mark_gone(router: str) -> None:
	"""Nobody is on here any more, but those whom this reading shows."""
	row = frappe.qb.DocType(DEVICE)
	frappe.qb.update(row).set(row.is_online, 0).where(
		(row.mikrotik_settings == router) & (row.is_online == 1)
	).run()


def _touch(router: str, rows: list[frappe._dict], sessions: dict[str, tuple[SessionReading, ...]]) -> None:
	online = {(name, session.mac) for name, found in sessions.items() for session in found}
	seen = {"last_seen": now_datetime(), "is_online": 1, "mikrotik_settings": router}
	update_rows(DEVICE, {row.name: seen for row in rows if (row.parent, row.mac_address) in online})


def add_device(voucher: str, mac: str, router: str, is_online: bool = False) -> None:
	"""One more device of a voucher; the caller has locked the voucher or its router."""
	now = now_datetime()
	frappe.get_doc(
		{
			"doctype": DEVICE,
			"parent": voucher,
			"parenttype": VOUCHER,
			"parentfield": "devices",
			"idx": frappe.db.count(DEVICE, {"parent": voucher}) + 1,
			"mac_address": foreign_text.line(mac),
			"mikrotik_settings": router,
			"first_seen": now,
			"last_seen": now,
			"is_online": int(is_online),
		}
	).db_insert()
