"""Do payments, Payment Entries and the ledger agree, day by day? And which money is not applied yet?"""

from collections import defaultdict
from datetime import date

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce, Count, Date, Sum
from frappe.utils import flt, formatdate

from mikrotik_integration.mikrotik_integration.report import scope

# money that somebody says was paid, and for which nobody got anything yet
UNAPPLIED = ("Received", "Verified", "Needs Review")
SUMS = ("applied", "booked", "ledger", "advance")


def execute(filters: dict | None = None) -> tuple:
	"""Columns, a row a day with the unapplied money of the day beneath it, no message, chart, summary."""
	filters = frappe._dict(filters or {})
	by_day = _sums_by_day(filters)
	unapplied = _unapplied(filters)
	return _columns(), _rows(by_day, unapplied), None, _chart(by_day), _summary(by_day, unapplied)


def _sums_by_day(filters: frappe._dict) -> dict[date, dict]:
	days: dict[date, dict] = defaultdict(lambda: dict.fromkeys((*SUMS, "payments", "entries"), 0))
	for query in (_applied(filters), _booked(filters), _ledger(filters)):
		for row in query.run(as_dict=True):
			days[row.pop("day")].update(row)
	for sums in days.values():
		sums["difference"] = max(
			(flt(sums["applied"] - sums["booked"], 2), flt(sums["booked"] - sums["ledger"], 2)), key=abs
		)
	return dict(days)


def _applied(filters: frappe._dict):
	"""Applied payments, on the day on which they were booked."""
	payment, entry = frappe.qb.DocType("Subscription Payment"), frappe.qb.DocType("Payment Entry")
	day = Coalesce(entry.posting_date, Date(payment.applied_on))
	first, last = scope.days(filters)
	query = (
		frappe.qb.from_(payment)
		.left_join(entry)
		.on(entry.name == payment.payment_entry)
		.select(day.as_("day"), Sum(payment.amount).as_("applied"), Count("*").as_("payments"))
		.where((payment.status == "Applied") & day[first:last])
		.groupby(day)
	)
	return scope.within(query, payment.mikrotik_settings, filters)


def _booked(filters: frappe._dict):
	"""Submitted Payment Entries of subscriptions and of vouchers bought with M-PESA, whoever made them."""
	entry = frappe.qb.DocType("Payment Entry")
	query = frappe.qb.from_(entry).select(
		entry.posting_date.as_("day"),
		Sum(entry.base_paid_amount).as_("booked"),
		Sum(entry.unallocated_amount).as_("advance"),
		Count("*").as_("entries"),
	)
	return _ours(query, entry, filters).groupby(entry.posting_date)


def _ledger(filters: frappe._dict):
	"""What those Payment Entries put into the accounts that received the money."""
	entry, gl = frappe.qb.DocType("Payment Entry"), frappe.qb.DocType("GL Entry")
	query = (
		frappe.qb.from_(gl)
		.join(entry)
		.on((gl.voucher_no == entry.name) & (gl.voucher_type == "Payment Entry"))
		.select(gl.posting_date.as_("day"), Sum(gl.debit - gl.credit).as_("ledger"))
		.where((gl.is_cancelled == 0) & (gl.account == entry.paid_to))
	)
	return _ours(query, entry, filters).groupby(gl.posting_date)


def _ours(query, entry, filters: frappe._dict):
	subscription, purchase = (
		frappe.qb.DocType("Customer Subscription"),
		frappe.qb.DocType("Hotspot Purchase"),
	)
	first, last = scope.days(filters)
	query = (
		query.left_join(subscription)
		.on(subscription.name == entry.customer_subscription)
		.left_join(purchase)
		.on(purchase.name == entry.hotspot_purchase)
		.where(subscription.name.isnotnull() | purchase.name.isnotnull())
		.where((entry.docstatus == 1) & (entry.payment_type == "Receive") & entry.posting_date[first:last])
	)
	router = Coalesce(subscription.mikrotik_settings, purchase.mikrotik_settings)
	return scope.within(query, router, filters)


def _unapplied(filters: frappe._dict) -> list[frappe._dict]:
	payment = frappe.qb.DocType("Subscription Payment")
	day = Date(Coalesce(payment.paid_on, payment.creation))
	first, last = scope.days(filters)
	query = (
		frappe.qb.from_(payment)
		.select(
			day.as_("day"),
			payment.name.as_("payment"),
			payment.status,
			payment.verified,
			payment.amount.as_("unapplied"),
			payment.receipt,
			payment.subscription,
			payment.hotspot_purchase,
			payment.review_reason.as_("because"),
		)
		.where(payment.status.isin(UNAPPLIED) & day[first:last])
		.orderby(payment.creation)
	)
	return scope.within(query, payment.mikrotik_settings, filters, or_none=True).run(as_dict=True)


def _rows(by_day: dict[date, dict], unapplied: list[frappe._dict]) -> list[dict]:
	waiting = defaultdict(list)
	for payment in unapplied:
		waiting[payment.day].append(payment)
	rows = []
	for day in sorted({*by_day, *waiting}, reverse=True):
		total = sum(payment.unapplied for payment in waiting[day])
		rows.append({"label": formatdate(day), "indent": 0, "unapplied": total, **by_day.get(day, {})})
		rows += [
			{**payment, "label": payment.receipt or _("No receipt"), "indent": 1} for payment in waiting[day]
		]
	return scope.in_currency(rows)


def _columns() -> list[dict]:
	return [
		scope.text("label", _("Day"), 170),
		{"fieldname": "payments", "label": _("Payments"), "fieldtype": "Int", "width": 90},
		scope.money("applied", _("Payments Applied"), 150),
		scope.money("booked", _("Payment Entries"), 150),
		scope.money("ledger", _("General Ledger")),
		scope.money("difference", _("Difference")),
		scope.money("advance", _("Still an Advance"), 150),
		scope.money("unapplied", _("Not Applied")),
		scope.text("status", _("Status"), 110),
		scope.link("payment", _("Payment"), "Subscription Payment", 170),
		scope.link("subscription", _("Subscription"), "Customer Subscription", 120),
		scope.link("hotspot_purchase", _("Hotspot Purchase"), "Hotspot Purchase", 130),
		scope.text("because", _("Because"), 320),
	]


def _chart(by_day: dict[date, dict]) -> dict | None:
	if not by_day:
		return None
	days = sorted(by_day)
	return {
		"data": {
			"labels": scope.day_labels(days),
			"datasets": [
				{"name": _("Payments Applied"), "values": [flt(by_day[day]["applied"], 2) for day in days]},
				{"name": _("General Ledger"), "values": [flt(by_day[day]["ledger"], 2) for day in days]},
			],
		},
		"type": "bar",
		"colors": ["#29CD42", "#449CF0"],
		"fieldtype": "Currency",
	}


def _summary(by_day: dict[date, dict], unapplied: list[frappe._dict]) -> list[dict]:
	off = sum(abs(sums["difference"]) for sums in by_day.values())
	waiting = sum(payment.unapplied for payment in unapplied)
	money = {"datatype": "Currency", "currency": scope.company_currency()}
	return [
		{"label": _("Payments Applied"), "value": sum(sums["applied"] for sums in by_day.values()), **money},
		{"label": _("General Ledger"), "value": sum(sums["ledger"] for sums in by_day.values()), **money},
		{"label": _("Difference"), "value": off, "indicator": "Red" if off else "Green", **money},
		{"label": _("Not Applied"), "value": waiting, "indicator": "Red" if waiting else "Green", **money},
	]
