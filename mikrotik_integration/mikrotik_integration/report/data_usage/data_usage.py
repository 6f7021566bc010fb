"""Who moved how many bytes, and how many bytes belong to no account of this app."""

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce, Max, Sum
from frappe.utils import flt
from pypika import Case

from mikrotik_integration.mikrotik_integration.report import scope

GROUPS = ("Subscription", "Router", "Day")
BYTES_A_GB = 1_000_000_000
SECONDS_AN_HOUR = 3600


def execute(filters: dict | None = None) -> tuple:
	"""Columns, one row a group (largest first), no message, chart by day, summary."""
	filters = frappe._dict(filters or {})
	group = filters.get("group_by") or "Subscription"
	if group not in GROUPS:
		frappe.throw(_("Group By must be one of {0}").format(", ".join(GROUPS)))
	by_day = _sums(filters, "Day")
	rows = scope.plain([_row(sums) for sums in (by_day if group == "Day" else _sums(filters, group))])
	if group != "Day":
		rows.sort(key=lambda row: -row["total_gb"])
	return _columns(group), rows, None, _chart(by_day), _summary(by_day)


def _sums(filters: frappe._dict, group: str) -> list[frappe._dict]:
	record, subscription = frappe.qb.DocType("Usage Record"), frappe.qb.DocType("Customer Subscription")
	keys = {
		"Subscription": (
			record.subscription,
			subscription.customer_name,
			record.username,
			record.mikrotik_settings,
		),
		"Router": (record.mikrotik_settings,),
		"Day": (record.date,),
	}[group]
	first, last = scope.days(filters)
	unknown = Coalesce(record.router_account, "") == ""
	moved = record.bytes_in + record.bytes_out
	query = (
		frappe.qb.from_(record)
		.left_join(subscription)
		.on(subscription.name == record.subscription)
		.select(
			*keys,
			Max(record.router_account).as_("router_account"),
			Sum(record.bytes_in).as_("bytes_in"),
			Sum(record.bytes_out).as_("bytes_out"),
			Sum(record.seconds).as_("seconds"),
			Sum(Case().when(unknown, moved).else_(0)).as_("unknown_bytes"),
		)
		.where(record.date[first:last])
		.groupby(*keys)
	)
	if filters.get("subscription"):
		query = query.where(record.subscription == filters.subscription)
	if filters.get("only_unknown"):
		query = query.where(unknown)
	query = scope.within(query, record.mikrotik_settings, filters)
	return (query.orderby(record.date) if group == "Day" else query).run(as_dict=True)


def _row(sums: frappe._dict) -> dict:
	return {
		"day": sums.get("date"),
		"subscription": sums.get("subscription"),
		"customer_name": sums.get("customer_name"),
		"username": sums.get("username"),
		"router": sums.get("mikrotik_settings"),
		"belongs": "" if sums.router_account else _("No account of ours"),
		"upload_gb": _gb(sums.bytes_in),
		"download_gb": _gb(sums.bytes_out),
		"total_gb": _gb(sums.bytes_in + sums.bytes_out),
		"unknown_gb": _gb(sums.unknown_bytes),
		"hours": flt(sums.seconds / SECONDS_AN_HOUR, 1),
	}


def _gb(number_of_bytes: int) -> float:
	return flt(number_of_bytes / BYTES_A_GB, 3)


def _columns(group: str) -> list[dict]:
	keys = {
		"Subscription": [
			scope.link("subscription", _("Subscription"), "Customer Subscription", 130),
			scope.text("customer_name", _("Customer"), 180),
			scope.text("username", _("Username"), 160),
			scope.link("router", _("Router"), "MikroTik Settings"),
			scope.text("belongs", _("Belongs To"), 150),
		],
		"Router": [scope.link("router", _("Router"), "MikroTik Settings", 200)],
		"Day": [{"fieldname": "day", "label": _("Day"), "fieldtype": "Date", "width": 120}],
	}[group]
	return [
		*keys,
		_number("upload_gb", _("Upload (GB)")),
		_number("download_gb", _("Download (GB)")),
		_number("total_gb", _("Total (GB)")),
		*([] if group == "Subscription" else [_number("unknown_gb", _("Of No Account (GB)"))]),
		_number("hours", _("Hours Online"), 1),
	]


def _number(fieldname: str, label: str, precision: int = 3) -> dict:
	return {
		"fieldname": fieldname,
		"label": label,
		"fieldtype": "Float",
		"precision": precision,
		"width": 130,
	}


def _chart(by_day: list[frappe._dict]) -> dict | None:
	if not by_day:
		return None
	return {
		"data": {
			"labels": scope.day_labels([day.date for day in by_day]),
			"datasets": [
				{"name": _("Upload (GB)"), "values": [_gb(day.bytes_in) for day in by_day]},
				{"name": _("Download (GB)"), "values": [_gb(day.bytes_out) for day in by_day]},
			],
		},
		"type": "bar",
		"colors": ["#FFA00A", "#449CF0"],
		"barOptions": {"stacked": 1},
		"fieldtype": "Float",
	}


def _summary(by_day: list[frappe._dict]) -> list[dict]:
	upload, download = sum(day.bytes_in for day in by_day), sum(day.bytes_out for day in by_day)
	unknown = sum(day.unknown_bytes for day in by_day)
	share = 100 * unknown / (upload + download) if upload + download else 0
	return [
		{"label": _("Upload (GB)"), "value": _gb(upload), "datatype": "Float"},
		{"label": _("Download (GB)"), "value": _gb(download), "datatype": "Float"},
		{
			"label": _("Of No Account (GB)"),
			"value": _gb(unknown),
			"indicator": "Red" if unknown else "Green",
			"datatype": "Float",
		},
		{"label": _("Of No Account"), "value": flt(share, 1), "datatype": "Percent"},
	]
