"""What Internet service earned: invoiced less credited, before tax, by plan, router, day or month.

Vouchers count when they are invoiced, also where their revenue is deferred until they are used.
"""

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce, Count, DateFormat, Sum
from frappe.utils import formatdate
from pypika import Case

from mikrotik_integration.mikrotik_integration.report import scope

LARGEST_SHOWN = 12
GROUPS = ("Plan", "Router", "Day", "Month")


def execute(filters: dict | None = None) -> tuple:
	"""Columns, one row a group, no message, chart, summary."""
	filters = frappe._dict(filters or {})
	group = filters.get("group_by") or "Plan"
	if group not in GROUPS:
		frappe.throw(_("Group By must be one of {0}").format(", ".join(GROUPS)))
	rows = _rows(filters, group)
	return _columns(group), rows, None, _chart(rows, group), _summary(rows)


def _rows(filters: frappe._dict, group: str) -> list[dict]:
	rows = _query(filters, group).run(as_dict=True)
	total = sum(row.net for row in rows)
	for row in rows:
		row.share = 100 * row.net / total if total else 0
		row.label = formatdate(row.key) if group == "Day" else row.key or _("Not set")
	in_time = group in ("Day", "Month")
	return scope.in_currency(sorted(rows, key=lambda row: row.key if in_time else -row.net))


def _query(filters: frappe._dict, group: str):
	"""Item rows of submitted invoices of subscriptions, and those of packages on any other, also on those that were
	merged at the close of a point of sale. A credit note's amounts are negative in ERPNext."""
	invoice = frappe.qb.DocType("Sales Invoice")
	item = frappe.qb.DocType("Sales Invoice Item")
	subscription = frappe.qb.DocType("Customer Subscription")
	package = frappe.qb.DocType("Internet Plan")
	router = Coalesce(subscription.mikrotik_settings, invoice.hotspot_router)
	is_voucher = package.name.isnotnull() & subscription.name.isnull()
	key = {
		"Plan": item.item_code,
		"Router": router,
		"Day": invoice.posting_date,
		"Month": DateFormat(invoice.posting_date, "%Y-%m"),
	}[group]
	first, last = scope.days(filters)
	credited = Case().when(invoice.is_return == 1, -item.base_net_amount).else_(0)
	query = (
		frappe.qb.from_(item)
		.join(invoice)
		.on(item.parent == invoice.name)
		.left_join(subscription)
		.on(subscription.name == invoice.customer_subscription)
		.left_join(package)
		.on((package.item == item.item_code) & (package.sold_as_voucher == 1))
		.select(
			key.as_("key"),
			Count(invoice.name).distinct().as_("invoices"),
			Count(subscription.name).distinct().as_("subscriptions"),
			Sum(Case().when(is_voucher, item.stock_qty).else_(0)).as_("vouchers"),
			Sum(credited).as_("credited"),
			Sum(item.base_net_amount).as_("net"),
		)
		.where((invoice.docstatus == 1) & invoice.posting_date[first:last])
		.where((invoice.customer_subscription != "") | package.name.isnotnull())
		.groupby(key)
	)
	if filters.get("plan"):
		query = query.where(item.item_code == frappe.db.get_value("Internet Plan", filters.plan, "item"))
	return scope.within(query, router, filters)


def _columns(group: str) -> list[dict]:
	return [
		scope.text("label", _(group), 220),
		{"fieldname": "subscriptions", "label": _("Subscriptions"), "fieldtype": "Int", "width": 120},
		{"fieldname": "vouchers", "label": _("Vouchers"), "fieldtype": "Int", "width": 100},
		{"fieldname": "invoices", "label": _("Invoices"), "fieldtype": "Int", "width": 100},
		scope.money("credited", _("Credited"), 150),
		scope.money("net", _("Revenue before Tax"), 170),
		{"fieldname": "share", "label": _("Share"), "fieldtype": "Percent", "precision": 1, "width": 100},
	]


def _chart(rows: list[dict], group: str) -> dict | None:
	shown = rows if group in ("Day", "Month") else rows[:LARGEST_SHOWN]
	return scope.money_bars(_("Revenue before Tax"), shown, "net", by_day=group == "Day")


def _summary(rows: list[dict]) -> list[dict]:
	money = {"datatype": "Currency", "currency": scope.company_currency()}
	return [
		{
			"label": _("Revenue before Tax"),
			"value": sum(row["net"] for row in rows),
			"indicator": "Green",
			**money,
		},
		{"label": _("Credited"), "value": sum(row["credited"] for row in rows), **money},
		{"label": _("Invoices"), "value": sum(row["invoices"] for row in rows), "datatype": "Int"},
	]
