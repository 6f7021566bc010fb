"""A subscription gets another plan: its time is converted, what was served on credit is billed. In the transaction in
which the document is saved, whoever saves it.
"""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from mikrotik_integration.core.subscriptions import plan_change as core
from mikrotik_integration.core.subscriptions.plan_change import Offer
from mikrotik_integration.core.subscriptions.standing import rolled
from mikrotik_integration.exceptions import SubscriptionError
from mikrotik_integration.services import invoicing, ledger, lifecycle, payments, periods, received

INVOICE, DATETIME = "Sales Invoice", {"fieldtype": "Datetime"}


def convert(subscription) -> None:
	"""Before saving: the facts follow. Does nothing unless the plan changed."""
	before = subscription.get_doc_before_save()
	if not before or before.internet_plan == subscription.internet_plan:
		return
	old, new = _offers(before, subscription)
	now = now_datetime()
	standing = rolled(lifecycle.standing_of(subscription), old.terms, now)
	billed = _is_billed(before)
	paid_by_bill = core.is_paid_by_its_bill(standing, old, new, billed)
	try:
		how = core.conversion(standing, old, new, billed, now)
		changed = core.converted(standing, how, new.terms, paid_by_bill)
	except OverflowError as error:
		raise SubscriptionError(
			_("So much time of {0} is beyond the calendar").format(subscription.internet_plan)
		) from error
	lifecycle.write_facts(subscription, changed)
	subscription.flags.conversion = how
	subscription.flags.bill = _bill(before.name) if paid_by_bill else None


def book(subscription) -> None:
	"""After saving: invoices follow, and the bill of what was served on credit is made."""
	before = subscription.get_doc_before_save()
	if not before or before.internet_plan == subscription.internet_plan or before.terminated_at:
		return
	old, new = _offers(before, subscription)
	how = subscription.flags.conversion
	if subscription.flags.bill:
		_sells_no_time(subscription.flags.bill)
	_convert_invoices(subscription.name, how, old, new)
	if how and how.credit:
		bill_what_was_served(before)
	if not subscription.on_credit:  # where an open invoice that says what it sells is the bill of the period
		_convert_hand_made(before, old, new)
	if before.expiry_date and get_datetime(before.expiry_date) != get_datetime(subscription.expiry_date):
		subscription.add_comment(
			"Info",
			_("Paid until {0} on {1}, by price until {2} on {3}").format(
				frappe.format(before.expiry_date, DATETIME),
				before.internet_plan,
				frappe.format(subscription.expiry_date, DATETIME),
				subscription.internet_plan,
			),
		)
	payments.enqueue_settle(subscription.name)


def bill_what_was_served(subscription) -> None:
	"""The period on credit ends: invoice the part that was served, which sells no further time."""
	if _is_billed(subscription):
		return
	terms = lifecycle.terms_of(subscription.internet_plan)
	served = core.served_on_credit(lifecycle.standing_of(subscription), terms, now_datetime())
	price = received.cents(float(invoicing.price_of(subscription)) * (served / terms.validity))
	if price > 0:
		invoicing.make_invoice_of_part(subscription, price)


def _offers(before, subscription) -> tuple[Offer, Offer]:
	return (
		lifecycle.offer_of(before.internet_plan, before.price),
		lifecycle.offer_of(subscription.internet_plan, subscription.price),
	)


def _is_billed(subscription) -> bool:
	"""Whether the period on credit has its bill: the clock made it, or somebody did who did not wait for the clock."""
	dunned = subscription.dunned_for
	if dunned and get_datetime(dunned) == get_datetime(subscription.expiry_date):
		return True
	return bool(_bill(subscription.name))


def _bill(name: str) -> str | None:
	"""The oldest invoice that sells time and has not granted it, if it is open or was paid just now."""
	rows = frappe.get_all(
		INVOICE,
		{
			"customer_subscription": name,
			"docstatus": 1,
			"is_return": 0,
			"service_granted": 0,
			"service_from": ("is", "set"),
		},
		["name", "service_from", "service_to"],
		order_by="posting_date, creation",
	)
	selling = [row.name for row in rows if row.service_to > row.service_from]
	still_open = {invoice.name for invoice in ledger.open_invoices(name)}
	return next((bill for bill in selling if bill in still_open or ledger.is_paid(bill)), None)


def _sells_no_time(invoice: str) -> None:
	begin = frappe.db.get_value(INVOICE, invoice, "service_from")
	frappe.db.set_value(INVOICE, invoice, "service_to", begin)


def _convert_invoices(name: str, how: core.Conversion | None, old: Offer, new: Offer) -> None:
	rows = frappe.get_all(
		INVOICE,
		{"customer_subscription": name, "docstatus": (">", 0), "service_from": ("is", "set")},
		["name", "service_granted", "service_from", "service_to", "base_grand_total"],
		order_by="name",
	)
	for row in rows:
		if not row.service_granted:
			end = row.service_from + _still_to_begin(row, old, new)
			values = {"service_to": end}
		elif how:
			begin, end = how.window(row.service_from, row.service_to)
			values = {"service_from": begin, "service_to": end}
		else:
			continue
		frappe.db.set_value(INVOICE, row.name, values)


def _convert_hand_made(before, old: Offer, new: Offer) -> None:
	"""An invoice that a person made says by its Items alone what it sells. For which plan and at which price it was made is
	clear as long as the plan is the one from before, so it says so from now on."""
	rows = frappe.get_all(
		INVOICE,
		{
			"customer_subscription": before.name,
			"docstatus": (">", 0),
			"is_return": 0,
			"is_debit_note": 0,
			"service_granted": 0,
			"service_from": ("is", "not set"),
		},
		[*periods.INVOICE_FIELDS, "base_grand_total"],
		order_by="name",
	)
	for row in rows:
		if sold := periods.time_sold(row, before):
			row.service_from = now_datetime()
			row.service_to = row.service_from + sold
			end = row.service_from + _still_to_begin(row, old, new)
			frappe.db.set_value(INVOICE, row.name, {"service_from": row.service_from, "service_to": end})


def _still_to_begin(row: frappe._dict, old: Offer, new: Offer) -> timedelta:
	"""What an invoice that is not paid yet sells on the new plan."""
	length = row.service_to - row.service_from
	if new.price <= 0:
		return length
	if old.price <= 0:
		return min(length, core.worth(Offer(old.terms, received.cents(row.base_grand_total)), new))
	return core.Conversion(row.service_from, old.rate / new.rate).length(length)
