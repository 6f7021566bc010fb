"""How each router is: seen when, load, who is online, what it does not hold yet and what it refused."""

import json

import frappe
from frappe import _
from frappe.query_builder.functions import Count
from frappe.utils import add_days, cint, flt, now_datetime

from mikrotik_integration.mikrotik_integration.report import scope

FIELDS = (
	"name as router",
	"enabled",
	"status",
	"last_seen",
	"online_users",
	"pending_accounts",
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
	rows = _rows(filters)
	return _columns(), rows, None, _chart(rows), _summary(rows)


def _rows(filters: frappe._dict) -> list[dict]:
	refused = _failed_operations(cint(filters.get("days")) or 7)
	subscriptions = _active_subscriptions()
	return [
		{
			**router,
			"status": router.status if router.enabled else _("Switched Off"),
			"subscriptions": subscriptions.get(router.router, 0),
			"failed": refused.get(router.router, 0),
			"memory_free": 100 * flt(router.free_memory_mb) / flt(router.total_memory_mb or 1),
			"uptime_days": flt(router.uptime_seconds / SECONDS_A_DAY, 1),
			"by_hand": len(json.loads(router.unmanaged_accounts or "[]")),
			"says": router.last_error or router.warnings,
		}
		for router in _routers(filters)
	]


def _routers(filters: frappe._dict) -> list[frappe._dict]:
	wanted = {"name": filters.get("router"), "status": filters.get("status")}
	return frappe.get_list(
		"MikroTik Settings",
		filters={field: value for field, value in wanted.items() if value},
		fields=list(FIELDS),
		order_by="name",
		limit=0,
	)


def _failed_operations(days: int) -> dict[str, int]:
	log = frappe.qb.DocType("MikroTik API Log")
	return dict(
		frappe.qb.from_(log)
		.select(log.mikrotik_settings, Count("*"))
		.where((log.status == "Failed") & (log.timestamp >= add_days(now_datetime(), -days)))
		.groupby(log.mikrotik_settings)
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
		("last_seen", _("Last Seen"), "Datetime", 160),
		("online_users", _("Online Users"), "Int", 110),
		("subscriptions", _("Active Subscriptions"), "Int", 150),
		("pending_accounts", _("Not Yet in Sync"), "Int", 120),
		("failed", _("Refused or Failed"), "Int", 130),
		("by_hand", _("Made by Hand"), "Int", 120),
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
		"fieldtype": "Int",
	}


def _summary(rows: list[dict]) -> list[dict]:
	offline = sum(row["status"] == "Offline" for row in rows)
	pending = sum(row["pending_accounts"] or 0 for row in rows)
	return [
		_count(_("Routers Online"), sum(row["status"] == "Online" for row in rows), "Green"),
		_count(_("Routers Offline"), offline, "Red" if offline else "Green"),
		_count(_("Online Users"), sum(row["online_users"] or 0 for row in rows), "Blue"),
		_count(_("Logins Not Yet in Sync"), pending, "Orange" if pending else "Green"),
	]


def _count(label: str, value: int, indicator: str) -> dict:
	return {"label": label, "value": value, "indicator": indicator, "datatype": "Int"}
