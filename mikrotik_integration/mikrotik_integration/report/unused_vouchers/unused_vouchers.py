"""Vouchers that nobody used: with their last day past or near, or without one, and what is deferred for them.

Cards that are still for sale are for managers: they should be sold, or be void, before their date.
"""

from collections import Counter

import frappe
from frappe import _
from frappe.utils import add_days, cint, date_diff, flt, getdate, now_datetime, today

from mikrotik_integration.mikrotik_integration.report import scope
from mikrotik_integration.permissions import sees_unsold

NEAR, PAST, NO_DATE = "Near Its Date", "Past Its Date", "No Last Day"
WRITTEN_OFF, FOR_SALE = "Written Off", "For Sale"
STATES = (NEAR, PAST, WRITTEN_OFF, FOR_SALE, NO_DATE)


def execute(filters: dict | None = None) -> tuple:
	"""Columns, one row a voucher (the one whose date comes first on top, those without one last), no message, chart, summary."""
	filters = frappe._dict(filters or {})
	rows = scope.in_currency([_row(voucher) for voucher in _vouchers(filters)])
	if filters.get("state"):
		rows = [row for row in rows if row["state"] == filters.state]
	return _columns(), rows, None, _chart(rows), _summary(rows)


def _vouchers(filters: frappe._dict) -> list[frappe._dict]:
	voucher = frappe.qb.DocType("Hotspot Voucher")
	ahead, back = cint(filters.get("days_ahead") or 30), cint(filters.get("days_back") or 90)
	query = (
		frappe.qb.from_(voucher)
		.select(
			voucher.name.as_("voucher"),
			voucher.internet_plan.as_("package"),
			voucher.mikrotik_settings.as_("router"),
			voucher.batch,
			voucher.status,
			voucher.sold_on,
			voucher.sold_through,
			voucher.phone_number,
			voucher.expires_on,
			voucher.price,
			voucher.deferred_amount,
			voucher.recognised_in,
		)
		.where(voucher.first_login.isnull() & voucher.voided_on.isnull())
		.where(
			voucher.expires_on.isnull()
			| (
				(voucher.expires_on >= add_days(today(), -back))
				& (voucher.expires_on < add_days(today(), ahead + 1))
			)
		)
		.orderby(voucher.expires_on.isnull())
		.orderby(voucher.expires_on)
		.orderby(voucher.name)
	)
	if filters.get("package"):
		query = query.where(voucher.internet_plan == filters.package)
	if not sees_unsold():
		query = query.where(voucher.sold_on.isnotnull())
	return scope.within(query, voucher.mikrotik_settings, filters).run(as_dict=True)


def _row(voucher: frappe._dict) -> dict:
	state = _state(voucher)
	deferred = flt(voucher.deferred_amount)
	return {
		**voucher,
		"state": state,
		"days_left": date_diff(getdate(voucher.expires_on), today()) if voucher.expires_on else None,
		"deferred": 0.0 if voucher.recognised_in else deferred,
		"written_off": deferred if voucher.recognised_in else 0.0,
	}


def _state(voucher: frappe._dict) -> str:
	if voucher.recognised_in:
		return WRITTEN_OFF
	if voucher.expires_on and voucher.expires_on <= now_datetime():
		return PAST
	if not voucher.sold_on:
		return FOR_SALE
	return NEAR if voucher.expires_on else NO_DATE


def _columns() -> list[dict]:
	return [
		scope.link("voucher", _("Voucher"), "Hotspot Voucher", 130),
		scope.link("package", _("Package"), "Internet Plan"),
		scope.link("router", _("Router"), "MikroTik Settings"),
		scope.text("state", _("State"), 130),
		{"fieldname": "expires_on", "label": _("Use Before"), "fieldtype": "Datetime", "width": 180},
		{"fieldname": "days_left", "label": _("Days Left"), "fieldtype": "Int", "width": 90},
		{"fieldname": "sold_on", "label": _("Sold On"), "fieldtype": "Datetime", "width": 180},
		scope.text("sold_through", _("Sold Through"), 120),
		scope.text("phone_number", _("Phone"), 130),
		scope.money("price", _("Price"), 110),
		scope.money("deferred", _("Deferred"), 110),
		scope.money("written_off", _("Written Off"), 110),
		scope.link("recognised_in", _("Journal Entry"), "Journal Entry"),
		scope.link("batch", _("Batch"), "Hotspot Voucher Batch", 130),
	]


def _chart(rows: list[dict]) -> dict | None:
	"""How many end on which day."""
	dated = [row for row in rows if row["expires_on"]]
	if not dated:
		return None
	days = sorted({getdate(row["expires_on"]) for row in dated})
	counts = Counter((getdate(row["expires_on"]), row["state"]) for row in dated)
	shown = [state for state in STATES if any(row["state"] == state for row in dated)]
	return {
		"data": {
			"labels": scope.day_labels(days),
			"datasets": [
				{"name": _(state), "values": [counts[day, state] for day in days]} for state in shown
			],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"fieldtype": "Int",
	}


def _summary(rows: list[dict]) -> list[dict]:
	money = {"datatype": "Currency", "currency": scope.company_currency()}
	past = sum(row["deferred"] for row in rows if row["state"] == PAST)
	return [
		{"label": _("Unused"), "value": len(rows), "datatype": "Int"},
		{
			"label": _("Near Their Date"),
			"value": sum(row["state"] == NEAR for row in rows),
			"datatype": "Int",
			"indicator": "Blue",
		},
		{
			"label": _("Without a Last Day"),
			"value": sum(not row["expires_on"] for row in rows),
			"datatype": "Int",
		},
		{"label": _("Deferred"), "value": sum(row["deferred"] for row in rows), **money},
		{
			"label": _("To Be Written Off"),
			"value": past,
			"indicator": "Orange" if past else "Green",
			**money,
		},
		{"label": _("Written Off"), "value": sum(row["written_off"] for row in rows), **money},
	]
