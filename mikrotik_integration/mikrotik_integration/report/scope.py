"""What a report may show: the days asked for, and the routers that the reader may see.

Reports aggregate, so Frappe cannot filter their rows by User Permissions afterwards: each query is limited here.
"""

from datetime import date

import frappe
from frappe import _
from frappe.core.doctype.user_permission.user_permission import get_user_permissions
from frappe.utils import add_days, flt, formatdate, getdate, today

from mikrotik_integration.services import foreign_text

LONGEST_DAYS = 732
FEW_DAYS = 10
SUBSCRIPTION, ROUTER = "Customer Subscription", "MikroTik Settings"


def days(filters: frappe._dict, default_days: int = 30) -> tuple[date, date]:
	"""First and last day asked for, both included; the last ``default_days`` unless told otherwise."""
	last = getdate(filters.get("to_date") or today())
	first = getdate(filters.get("from_date") or add_days(last, 1 - default_days))
	if first > last:
		frappe.throw(_("From Date must not be after To Date"))
	if (last - first).days > LONGEST_DAYS:
		frappe.throw(_("Choose at most two years"))
	return first, last


def routers(filters: frappe._dict) -> list[str] | None:
	"""The routers to show; None for all, whatever there is."""
	if chosen := filters.get("router"):
		frappe.has_permission(ROUTER, doc=chosen, throw=True)
		return [chosen]
	if not get_user_permissions(frappe.session.user).get(ROUTER):
		return None
	return frappe.get_list(ROUTER, pluck="name", order_by="name", limit=0)


def within(query, column, filters: frappe._dict, or_none: bool = False):
	"""The query, limited to the routers to show. ``or_none`` keeps rows of no router unless one was chosen."""
	shown = routers(filters)
	if shown is None:
		return query
	condition = column.isin(shown or [""])
	if or_none and not filters.get("router"):
		condition = condition | column.isnull() | (column == "")
	return query.where(condition)


def company_currency() -> str:
	"""The currency of every amount of this app."""
	company = frappe.db.get_single_value("ISP Settings", "company")
	return (
		frappe.get_cached_value("Company", company, "default_currency")
		if company
		else frappe.db.get_default("currency")
	)


def money(fieldname: str, label: str, width: int = 130) -> dict:
	"""A column of amounts; the rows carry their ``currency``."""
	return {
		"fieldname": fieldname,
		"label": label,
		"fieldtype": "Currency",
		"options": "currency",
		"width": width,
	}


def link(fieldname: str, label: str, doctype: str, width: int = 150) -> dict:
	"""A column that opens a document."""
	return {**text(fieldname, label, width), "fieldtype": "Link", "options": doctype}


def text(fieldname: str, label: str, width: int = 150) -> dict:
	"""A column of words; account and phone numbers are words, too, and stand to the left."""
	return {"fieldname": fieldname, "label": label, "fieldtype": "Data", "width": width, "align": "left"}


def plain(rows: list[dict]) -> list[dict]:
	"""The rows as they may be shown and exported: Frappe shows words as HTML, and spreadsheets calculate formulas."""
	return [
		{field: foreign_text.text(value) if isinstance(value, str) else value for field, value in row.items()}
		for row in rows
	]


def day_labels(days: list[date]) -> list[str]:
	"""Labels that fit under the bars: whole dates of a few days, the day alone of a month."""
	few = len(days) <= FEW_DAYS
	return [formatdate(day) if few else str(day.day) for day in days]


def in_currency(rows: list[dict]) -> list[dict]:
	"""The rows, plain, each with the currency of its amounts."""
	currency = company_currency()
	return plain([{**row, "currency": currency} for row in rows])


def money_bars(name: str, rows: list[dict], field: str, by_day: bool) -> dict | None:
	"""A bar for each row: ``key`` is its day, else ``label`` says what it is. None for no rows."""
	if not rows:
		return None
	labels = day_labels([row["key"] for row in rows]) if by_day else [row["label"] for row in rows]
	return {
		"data": {
			"labels": labels,
			"datasets": [{"name": name, "values": [flt(row[field], 2) for row in rows]}],
		},
		"type": "bar",
		"colors": ["#29CD42"],
		"fieldtype": "Currency",
	}
