"""How each router is: seen when, load, who is online, what it does not hold yet and what it refused."""

import json

import frappe
from frappe import _
from frappe.query_builder.functions import Count
from frappe.utils import add_days, cint, flt, now_datetime

from mikrotik_integration.mikrotik_integration.report import scope
from mikrotik_integration.services import standstill

FIELDS = (
	"enabled",
	"status",
	"last_seen",
	"online_users",
	"cpu_load",
	"free_memory_mb",
	"total_memory_mb",
	"uptime_seconds",
	"routeros_version",
	"board_name",
	"last_error",
	"warnings",
	"unmanaged_accounts",
)
SECONDS_A_DAY = 86400


def execute(filters: dict | None = None) -> tuple:
	"""Columns, one row a router, no message, chart, summary."""
	filters = frappe._dict(filters or {})
	rows = scope.plain(_rows(filters))
	return _columns(), rows, None, _chart(rows), _summary(rows)


def _rows(filters: frappe._dict) -> list[dict]:
	refused = _failed_operations(cint(filters.get("days")) or 7)
	subscriptions = _active_subscriptions()
	pending = _pending_accounts()
	return [
		{
			**router,
			"status": _status(router),
			"online_users": router.online_users if router.enabled else 0,
			"subscriptions": subscriptions.get(router.router, 0),
			"pending_accounts": pending.get(router.router, 0),
			"failed": refused.get(router.router, 0),
			"memory_free": 100 * flt(router.free_memory_mb) / flt(router.total_memory_mb or 1),
			"uptime_days": flt(router.uptime_seconds / SECONDS_A_DAY, 1),
			"by_hand": len(json.loads(router.unmanaged_accounts or "[]")),
			"says": router.last_error or router.warnings,
		}
		for router in _routers(filters)
	]


def _status(router: frappe._dict) -> str:
	if not router.enabled:
		return _("Switched Off")
	return _("Not Checked") if standstill.is_unchecked(router) else router.status


def _routers(filters: frappe._dict) -> list[frappe._dict]:
	# not get_list: it takes "last_seen" for the field "_seen" and leaves it out
	router = frappe.qb.DocType("MikroTik Settings")
	query = frappe.qb.from_(router).select(router.name.as_("router"), *(router[field] for field in FIELDS))
	if filters.get("status"):
		query = query.where((router.status == filters.status) & (router.enabled == 1))
	return scope.within(query.orderby(router.name), router.name, filters).run(as_dict=True)


def _pending_accounts() -> dict[str, int]:
	"""Logins that their router does not hold as wanted, as of now."""
	account = frappe.qb.DocType("Router Account")
	return dict(
		frappe.qb.from_(account)
		.select(account.mikrotik_settings, Count("*"))
		.where(account.generation != account.applied_generation)
		.groupby(account.mikrotik_settings)
		.run()
	)


def _failed_operations(days: int) -> dict[str, int]:
	log = frappe.qb.DocType("MikroTik API Log")
	return dict(
		frappe.qb.from_(log)
		.select(log.router, Count("*"))
		.where((log.status == "Failed") & (log.timestamp >= add_days(now_datetime(), -days)))
		.groupby(log.router)
		.run()
	)


def _active_subscriptions() -> dict[str, int]:
	subscription = frappe.qb.DocType("Customer Subscription")
	return dict(
		frappe.qb.from_(subscription)
		.select(subscription.mikrotik_settings, Count("*"))
		.where(subscription.status == "Active")
		.groupby(subscription.mikrotik_settings)
		.run()
	)


def _columns() -> list[dict]:
	columns = (
		("status", _("Status"), "Data", 110),
		("last_seen", _("Last Seen"), "Datetime", 180),
		("online_users", _("Online Users"), "Int", 120),
		("subscriptions", _("Active Subscriptions"), "Int", 170),
		("pending_accounts", _("Not Yet in Sync"), "Int", 140),
		("failed", _("Refused or Failed"), "Int", 150),
		("by_hand", _("Made by Hand"), "Int", 130),
		("cpu_load", _("CPU"), "Percent", 80),
		("memory_free", _("Memory Free"), "Percent", 120),
		("uptime_days", _("Days Up"), "Float", 90),
		("routeros_version", _("RouterOS"), "Data", 120),
		("board_name", _("Board"), "Data", 120),
		("says", _("Last Error or Warning"), "Data", 360),
	)
	keys = ("fieldname", "label", "fieldtype", "width")
	return [
		scope.link("router", _("Router"), "MikroTik Settings", 180),
		*(dict(zip(keys, column, strict=True)) for column in columns),
	]


def _chart(rows: list[dict]) -> dict | None:
	if not rows:
		return None
	return {
		"data": {
			"labels": [row["router"] for row in rows],
			"datasets": [
				{"name": _("Online Users"), "values": [row["online_users"] or 0 for row in rows]},
				{"name": _("Active Subscriptions"), "values": [row["subscriptions"] for row in rows]},
			],
		},
		"type": "bar",
		"colors": ["#29CD42", "#449CF0"],
		"fieldtype": "Int",
	}


def _summary(rows: list[dict]) -> list[dict]:
	offline = sum(row["status"] in ("Offline", _("Not Checked")) for row in rows)
	pending = sum(row["pending_accounts"] for row in rows)
	return [
		_count(_("Routers Online"), sum(row["status"] == "Online" for row in rows), "Green"),
		_count(_("Routers Offline"), offline, "Red" if offline else "Green"),
		_count(_("Online Users"), sum(row["online_users"] or 0 for row in rows), "Blue"),
		_count(_("Logins Not Yet in Sync"), pending, "Red" if pending else "Green"),
	]


def _count(label: str, value: int, indicator: str) -> dict:
	return {"label": label, "value": value, "indicator": indicator, "datatype": "Int"}
