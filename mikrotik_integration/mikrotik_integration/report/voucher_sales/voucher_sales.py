"""Vouchers that were sold: money, whether it is on invoices, and whether they were used; by day, package, ...

A voucher that was credited, or whose sale was cancelled, brought no money; one that is only void did. What was sold
elsewhere brought none to these books.
"""

from datetime import timedelta

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce, Count, Date, Round, Sum
from frappe.utils import flt, formatdate
from pypika import Case
from pypika.functions import NullIf

from mikrotik_integration.mikrotik_integration.report import scope

LARGEST_SHOWN = 12
ELSEWHERE = "Elsewhere"
SALES = ("Sales Invoice", "POS Invoice")
CENTS = 2
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
	key = {
		"Day": Date(voucher.sold_on),
		"Package": voucher.internet_plan,
		"Router": voucher.mikrotik_settings,
		"Seller": voucher.sold_by,
		"Way": voucher.sold_through,
		"Mode of Payment": voucher.mode_of_payment,
	}[group]
	first, last = scope.days(filters)
	query = frappe.qb.from_(voucher).select(key.as_("key"), Count(voucher.name).as_("sold"))
	query, paid = _with_invoices(query, voucher)
	live = voucher.voided_on.isnull()
	unused = live & voucher.first_login.isnull()
	credited = Coalesce(voucher.returned_with, "") != ""
	counts = (voucher.sold_through != ELSEWHERE) & ~credited & (live | (paid > 0))
	has_sale = Coalesce(voucher.sale_name, "") != ""
	query = (
		query.select(
			_sum(live & voucher.first_login.isnotnull()).as_("used"),
			_sum(unused & (voucher.status != "Expired")).as_("unused"),
			_sum(unused & (voucher.status == "Expired")).as_("expired"),
			_sum(voucher.voided_on.isnotnull()).as_("voided"),
			_sum(counts, voucher.price).as_("money"),
			_sum(counts & has_sale, paid).as_("invoiced"),
			_sum(counts & ~has_sale, voucher.price).as_("to_invoice"),
		)
		.where((voucher.sold_on >= first) & (voucher.sold_on < last + timedelta(days=1)))
		.groupby(key)
	)
	for name, field in FILTERS.items():
		if filters.get(name):
			query = query.where(voucher[field] == filters[name])
	return scope.within(query, voucher.mikrotik_settings, filters)


def _with_invoices(query, voucher):
	"""The query joined to the rows of submitted invoices that sold the vouchers, and what each says that one piece
	cost: its share of all that was to be paid, discounts and taxes included. 0 where there is none."""
	paid = 0
	for doctype in SALES:
		invoice, item = frappe.qb.DocType(doctype), frappe.qb.DocType(f"{doctype} Item")
		share = item.base_net_amount / NullIf(invoice.base_net_total, 0) * invoice.base_grand_total
		query = (
			query.left_join(item)
			.on((item.name == voucher.sale_item) & (item.docstatus == 1))
			.left_join(invoice)
			.on(invoice.name == item.parent)
		)
		paid = Coalesce(Round(share / item.stock_qty, CENTS), 0) + paid
	return query, paid


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
	shown = rows if group == "Day" else rows[:LARGEST_SHOWN]
	return scope.money_bars(_("Money"), shown, "money", by_day=group == "Day")


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
