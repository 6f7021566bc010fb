"""Vouchers that were sold: money, whether it is on invoices, and whether they were used; by day, package, ...

A voucher that was taken back brought no money. One that was sold elsewhere brought none to these books.
"""

from datetime import timedelta

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce, Count, Date, Sum
from frappe.utils import flt, formatdate
from pypika import Case

from mikrotik_integration.mikrotik_integration.report import scope

LARGEST_SHOWN = 12
ELSEWHERE = "Elsewhere"
GROUPS = ("Day", "Package", "Router", "Seller", "Way", "Mode of Payment")
FILTERS = {"package": "internet_plan", "seller": "sold_by", "way": "sold_through"}
COUNTS = ("sold", "used", "unused", "expired", "voided")


def execute(filters: dict | None = None) -> tuple:
	"""Columns, one row a group, no message, chart, summary."""
	filters = frappe._dict(filters or {})
	group = filters.get("group_by") or "Day"
	if group not in GROUPS:
		frappe.throw(_("Group By must be one of {0}").format(", ".join(GROUPS)))
	rows = _rows(filters, group)
	return _columns(group), rows, None, _chart(rows, group), _summary(rows)


def _rows(filters: frappe._dict, group: str) -> list[dict]:
	rows = _query(filters, group).run(as_dict=True)
	for row in rows:
		row.label = formatdate(row.key) if group == "Day" else row.key or _("Not set")
		row.difference = flt(row.money - row.invoiced - row.to_invoice, 2)
	return scope.in_currency(sorted(rows, key=lambda row: row.key if group == "Day" else -row.money))


def _query(filters: frappe._dict, group: str):
	voucher = frappe.qb.DocType("Hotspot Voucher")
	sales_item = frappe.qb.DocType("Sales Invoice Item")
	pos_item = frappe.qb.DocType("POS Invoice Item")
	key = {
		"Day": Date(voucher.sold_on),
		"Package": voucher.internet_plan,
		"Router": voucher.mikrotik_settings,
		"Seller": voucher.sold_by,
		"Way": voucher.sold_through,
		"Mode of Payment": voucher.mode_of_payment,
	}[group]
	kept = voucher.voided_on.isnull()
	is_ours = kept & (voucher.sold_through != ELSEWHERE)
	has_sale = voucher.sale_name.isnotnull() & (voucher.sale_name != "")
	of_sales = Coalesce(sales_item.base_amount / sales_item.qty, 0)
	of_pos = Coalesce(pos_item.base_amount / pos_item.qty, 0)
	first, last = scope.days(filters)
	query = (
		frappe.qb.from_(voucher)
		.left_join(sales_item)
		.on((sales_item.name == voucher.sale_item) & (sales_item.docstatus == 1))
		.left_join(pos_item)
		.on((pos_item.name == voucher.sale_item) & (pos_item.docstatus == 1))
		.select(
			key.as_("key"),
			Count(voucher.name).as_("sold"),
			_sum(kept & voucher.first_login.isnotnull()).as_("used"),
			_sum(kept & voucher.first_login.isnull() & (voucher.status != "Expired")).as_("unused"),
			_sum(kept & voucher.first_login.isnull() & (voucher.status == "Expired")).as_("expired"),
			_sum(voucher.voided_on.isnotnull()).as_("voided"),
			_sum(is_ours, voucher.price).as_("money"),
			_sum(is_ours & has_sale, of_sales + of_pos).as_("invoiced"),
			_sum(is_ours & ~has_sale, voucher.price).as_("to_invoice"),
		)
		.where((voucher.sold_on >= first) & (voucher.sold_on < last + timedelta(days=1)))
		.groupby(key)
	)
	for name, field in FILTERS.items():
		if filters.get(name):
			query = query.where(voucher[field] == filters[name])
	return scope.within(query, voucher.mikrotik_settings, filters)


def _sum(condition, what=1):
	return Sum(Case().when(condition, what).else_(0))


def _columns(group: str) -> list[dict]:
	labels = {
		"sold": _("Sold"),
		"used": _("Used"),
		"unused": _("Not Used Yet"),
		"expired": _("Expired Unused"),
	}
	labels["voided"] = _("Taken Back")
	return [
		scope.text("label", _(group), 200),
		*({"fieldname": count, "label": labels[count], "fieldtype": "Int", "width": 110} for count in COUNTS),
		scope.money("money", _("Money")),
		scope.money("invoiced", _("Invoiced")),
		scope.money("to_invoice", _("Invoiced at Day's End"), 160),
		scope.money("difference", _("Difference"), 110),
	]


def _chart(rows: list[dict], group: str) -> dict | None:
	if not rows:
		return None
	shown = rows if group == "Day" else rows[:LARGEST_SHOWN]
	labels = (
		scope.day_labels([row["key"] for row in shown]) if group == "Day" else [row["label"] for row in shown]
	)
	return {
		"data": {
			"labels": labels,
			"datasets": [{"name": _("Money"), "values": [flt(row["money"], 2) for row in shown]}],
		},
		"type": "bar",
		"colors": ["#29CD42"],
		"fieldtype": "Currency",
	}


def _summary(rows: list[dict]) -> list[dict]:
	money = {"datatype": "Currency", "currency": scope.company_currency()}
	difference = flt(sum(row["difference"] for row in rows), 2)
	return [
		{"label": _("Money"), "value": _total(rows, "money"), "indicator": "Green", **money},
		{"label": _("Vouchers Sold"), "value": _total(rows, "sold"), "datatype": "Int"},
		{"label": _("Used"), "value": _total(rows, "used"), "datatype": "Int"},
		{"label": _("Invoiced at Day's End"), "value": _total(rows, "to_invoice"), **money},
		{
			"label": _("Difference"),
			"value": difference,
			"indicator": "Red" if difference else "Green",
			**money,
		},
	]


def _total(rows: list[dict], field: str) -> float:
	return sum(row[field] for row in rows)
