"""Whose paid time ends soon or has ended, what they still have to pay, and how to reach them."""

from collections import Counter

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Sum
from frappe.utils import add_days, cint, date_diff, flt, getdate, now_datetime, today

from mikrotik_integration.mikrotik_integration.report import scope

ENDED, ENDING, OVERDUE = "Ended", "Ending", "Overdue"


def execute(filters: dict | None = None) -> tuple:
	"""Columns, one row a subscription (the one that ended first on top), no message, chart, summary."""
	filters = frappe._dict(filters or {})
	owed = _owed()
	rows = scope.in_currency([_row(subscription, owed) for subscription in _subscriptions(filters)])
	if filters.get("state"):
		rows = [row for row in rows if row["state"] == filters.state]
	return _columns(), rows, None, _chart(rows), _summary(rows)


def _subscriptions(filters: frappe._dict) -> list[frappe._dict]:
	subscription = frappe.qb.DocType("Customer Subscription")
	plan = frappe.qb.DocType("Internet Plan")
	ahead, back = cint(filters.get("days_ahead") or 7), cint(filters.get("days_back") or 30)
	query = (
		frappe.qb.from_(subscription)
		.join(plan)
		.on(plan.name == subscription.internet_plan)
		.select(
			subscription.name.as_("subscription"),
			subscription.customer_name,
			subscription.phone_number,
			subscription.internet_plan,
			subscription.mikrotik_settings.as_("router"),
			subscription.status,
			subscription.expiry_date,
			subscription.price,
			subscription.credit,
			plan.billing,
		)
		.where(subscription.terminated_at.isnull() & subscription.paused_at.isnull())
		.where(subscription.expiry_date >= add_days(today(), -back))
		.where(subscription.expiry_date < add_days(today(), ahead + 1))
		.orderby(subscription.expiry_date)
	)
	if filters.get("plan"):
		query = query.where(subscription.internet_plan == filters.plan)
	return scope.within(query, subscription.mikrotik_settings, filters).run(as_dict=True)


def _owed() -> dict[str, tuple[float, int]]:
	"""What is due on the open invoices of each subscription, and how many there are."""
	invoice = frappe.qb.DocType("Sales Invoice")
	rows = (
		frappe.qb.from_(invoice)
		.select(invoice.customer_subscription, Sum(invoice.outstanding_amount), Count("*"))
		.where((invoice.docstatus == 1) & (invoice.is_return == 0) & (invoice.outstanding_amount > 0))
		.where(invoice.customer_subscription.isnotnull() & (invoice.customer_subscription != ""))
		.groupby(invoice.customer_subscription)
	).run()
	return {name: (flt(amount), count) for name, amount, count in rows}


def _row(subscription: frappe._dict, owed: dict[str, tuple[float, int]]) -> dict:
	due, invoices = owed.get(subscription.subscription, (0.0, 0))
	next_period = 0.0 if due else max(flt(subscription.price) - flt(subscription.credit), 0.0)
	ended = subscription.expiry_date <= now_datetime()
	return {
		**subscription,
		"state": (OVERDUE if due else ENDED) if ended else ENDING,
		"days_left": date_diff(getdate(subscription.expiry_date), today()),
		"due": due,
		"invoices": invoices,
		"to_pay": due or next_period,
	}


def _columns() -> list[dict]:
	return [
		scope.link("subscription", _("Subscription"), "Customer Subscription", 130),
		scope.text("customer_name", _("Customer"), 180),
		scope.text("phone_number", _("Phone"), 130),
		scope.link("internet_plan", _("Plan"), "Internet Plan"),
		scope.link("router", _("Router"), "MikroTik Settings"),
		scope.text("status", _("Status"), 100),
		scope.text("state", _("Ending"), 90),
		{"fieldname": "expiry_date", "label": _("Paid Until"), "fieldtype": "Datetime", "width": 180},
		{"fieldname": "days_left", "label": _("Days Left"), "fieldtype": "Int", "width": 90},
		scope.text("billing", _("Billing"), 90),
		scope.money("credit", _("Advance Paid")),
		scope.money("due", _("Due on Invoices")),
		scope.money("to_pay", _("To Pay to Go On"), 140),
	]


def _chart(rows: list[dict]) -> dict | None:
	if not rows:
		return None
	ends = Counter(getdate(row["expiry_date"]) for row in rows)
	days = sorted(ends)
	return {
		"data": {
			"labels": scope.day_labels(days),
			"datasets": [{"name": _("Subscriptions"), "values": [ends[day] for day in days]}],
		},
		"type": "bar",
		"colors": ["#449CF0"],
		"fieldtype": "Int",
	}


def _summary(rows: list[dict]) -> list[dict]:
	money = {"datatype": "Currency", "currency": scope.company_currency()}
	ending = [row for row in rows if row["state"] == ENDING]
	ended = [row for row in rows if row["state"] != ENDING]
	overdue = sum(row["due"] for row in ended)
	return [
		{"label": _("Ending"), "value": len(ending), "datatype": "Int", "indicator": "Blue"},
		{
			"label": _("Ended or Overdue"),
			"value": len(ended),
			"datatype": "Int",
			"indicator": "Red" if ended else "Green",
		},
		{"label": _("Overdue"), "value": overdue, "indicator": "Red" if overdue else "Green", **money},
		{"label": _("To Pay to Go On"), "value": sum(row["to_pay"] for row in rows), **money},
	]
