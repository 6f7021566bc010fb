"""Paid invoices become periods, and periods that are no longer paid are taken back.

The ledger is the truth: the time that an invoice sells is granted exactly once when money covers it, whoever booked
it, and revoked when that is no longer so. All functions run in the caller's transaction, the subscription locked.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import flt, get_datetime, now_datetime

from mikrotik_integration.core.subscriptions import lifecycle as core
from mikrotik_integration.core.subscriptions import plan_change
from mikrotik_integration.core.subscriptions.lifecycle import Dunning, PeriodPaid, PeriodReversed, Renew
from mikrotik_integration.services import invoicing, ledger, lifecycle, prices, settings

ZERO = timedelta(0)
A_MISTAKE = timedelta(hours=1)  # what is put right so soon was hardly used
INVOICE_FIELDS = [
	"name",
	"amended_from",
	"service_granted",
	"service_from",
	"service_to",
]


def settle(subscription) -> None:
	"""Use the advance for what is due, then make periods and paid invoices agree. Saves the subscription."""
	_pay_open_invoices(subscription)
	_revoke_unpaid(subscription)
	_grant_paid(subscription)
	subscription.credit = float(ledger.credit(subscription.name))
	subscription.flags.ignore_permissions = True
	subscription.save()


def renew(subscription) -> None:
	"""Go on after the end, if that was paid in advance or costs nothing. The caller settles afterwards."""
	if not _has_ended(subscription):
		return
	if invoicing.price_of(subscription) == 0:
		if subscription.expiry_date:
			lifecycle.apply_event(subscription, Renew())
		return
	_pay_open_invoices(subscription)
	credit = ledger.credit(subscription.name)
	if invoicing.open_invoice(subscription.name) or credit < invoicing.price_of(subscription):
		return
	if may_invoice(subscription, credit):
		invoicing.make_invoice(subscription)


def may_invoice(subscription, available: Decimal) -> bool:
	"""Whether the next period is to be invoiced now: prepaid if the money suffices, postpaid if it is time."""
	price = invoicing.price_of(subscription)
	if price <= 0 or subscription.terminated_at:
		return False
	if lifecycle.terms_of(subscription.internet_plan).postpaid:
		return Dunning.INVOICE in due_steps(subscription)
	return available >= price


def due_steps(subscription) -> frozenset[Dunning]:
	"""What a postpaid customer is due by now."""
	if invoicing.price_of(subscription) <= 0:
		return frozenset()
	configured = settings.isp_settings()
	return core.dunning(
		lifecycle.standing_of(subscription),
		lifecycle.terms_of(subscription.internet_plan),
		now_datetime(),
		timedelta(days=configured.invoice_lead_days or 0),
		timedelta(days=configured.reminder_days or 0),
	)


def _has_ended(subscription) -> bool:
	"""Not stopped by anyone, and come to the end of what was paid; also if it never began."""
	stopped = subscription.paused_at or subscription.staff_hold or subscription.customer_disabled
	if stopped or subscription.terminated_at:
		return False
	return not subscription.expiry_date or get_datetime(subscription.expiry_date) <= now_datetime()


def _pay_open_invoices(subscription) -> None:
	for invoice in ledger.open_invoices(subscription.name):
		if ledger.credit(subscription.name) <= 0:
			return
		invoicing.allocate_advances(invoice.name, invoice.due)


def _grant_paid(subscription) -> None:
	if subscription.terminated_at:
		return
	not_granted = frappe.get_all(
		"Sales Invoice",
		filters={
			"customer_subscription": subscription.name,
			"is_return": 0,
			"is_debit_note": 0,
			"service_granted": 0,
			"docstatus": 1,
		},
		fields=INVOICE_FIELDS,
		order_by="posting_date, creation",
	)
	for invoice in not_granted:
		sold = time_sold(invoice, subscription)
		if sold is not None and ledger.is_paid(invoice.name):
			_grant(subscription, invoice.name, sold)


def _grant(subscription, invoice_name: str, sold: timedelta) -> None:
	"""``sold`` is nothing for an invoice whose time was used up before its money was taken back."""
	if sold > ZERO:
		lifecycle.apply_event(subscription, PeriodPaid(sold))
	end = get_datetime(subscription.expiry_date) if subscription.expiry_date else now_datetime()
	_mark(invoice_name, 1, end - sold, end)
	subscription.payment_status = "Completed"


def _revoke_unpaid(subscription) -> None:
	for invoice in _granted_in_doubt(subscription):
		if not ledger.is_paid(invoice.name):
			_revoke(subscription, invoice)


def _revoke(subscription, invoice: frappe._dict) -> None:
	"""Take the time back. What was used of it is not sold again if the invoice is paid after all."""
	granted = invoice.service_to - invoice.service_from
	used = ZERO
	if granted > ZERO:
		before = _overdrawn(subscription)
		lifecycle.apply_event(subscription, PeriodReversed(granted))
		used = _overdrawn(subscription) - before
	now = now_datetime()
	_mark(invoice.name, 0, now, now + granted - used)
	subscription.payment_status = "Pending"
	subscription.add_comment("Info", f"{invoice.name}: period taken back, no longer paid")


def check_credit_note(note) -> None:
	"""Refuse to give back the price of used time, unless a manager does: it would buy the next period."""
	name = frappe.db.get_value("Sales Invoice", note.return_against, "customer_subscription")
	if not name or prices.may_sell_for_less():
		return
	subscription = frappe.get_doc("Customer Subscription", name)
	invoice = frappe.db.get_value("Sales Invoice", note.return_against, INVOICE_FIELDS, as_dict=True)
	if _used_of(invoice, subscription) > A_MISTAKE:
		prices.refuse(_("The time that was sold was used already."))


def _used_of(invoice: frappe._dict, subscription) -> timedelta:
	"""How much of the time that an invoice is for was used, and would not be paid any more without it."""
	sold, pieces = time_sold(invoice, subscription), _pieces(invoice.name, subscription)
	if sold is None or not pieces:
		return ZERO
	if not (
		invoice.service_granted and sold
	):  # what is missing was used before its money was taken back, or on credit
		whole = _time_of(pieces, subscription)
		return whole if subscription.on_credit else whole - sold
	standing = lifecycle.standing_of(subscription)
	without = replace(standing, expiry=standing.expiry - sold)
	terms, now = lifecycle.terms_of(subscription.internet_plan), now_datetime()
	return core.overdrawn(without, terms, now) - core.overdrawn(standing, terms, now)


def _overdrawn(subscription) -> timedelta:
	return core.overdrawn(
		lifecycle.standing_of(subscription), lifecycle.terms_of(subscription.internet_plan), now_datetime()
	)


def _granted_in_doubt(subscription) -> list[frappe._dict]:
	"""Granted invoices that were cancelled, credited, or on which money is due again; the latest first."""
	invoice = frappe.qb.DocType("Sales Invoice")
	note = frappe.qb.DocType("Sales Invoice").as_("note")
	return (
		frappe.qb.from_(invoice)
		.left_join(note)
		.on((note.return_against == invoice.name) & (note.docstatus == 1) & (note.is_return == 1))
		.select(*(invoice[field] for field in INVOICE_FIELDS))
		.distinct()
		.where((invoice.customer_subscription == subscription.name) & (invoice.service_granted == 1))
		.where((invoice.docstatus == 2) | (invoice.outstanding_amount > 0) | note.name.isnotnull())
		.orderby(invoice.service_to, order=frappe.qb.desc)
	).run(as_dict=True)


def time_sold(invoice: frappe._dict, subscription) -> timedelta | None:
	"""How much time an invoice gives once it is paid; None if it sells no Internet.

	Our own say so in ``service_from`` and ``service_to``. One that a person made sells a period for each piece of a
	plan's Item; an amended one, what is left of the one that it replaces.
	"""
	if invoice.service_from and invoice.service_to:
		return invoice.service_to - invoice.service_from
	pieces = _pieces(invoice.name, subscription)
	if not pieces:
		return None
	if not invoice.amended_from:
		return _time_of(pieces, subscription)
	replaced = frappe.db.get_value("Sales Invoice", invoice.amended_from, INVOICE_FIELDS, as_dict=True)
	sold_before, left = _pieces(replaced.name, subscription), time_sold(replaced, subscription)
	if left is None or pieces == sold_before:
		return _time_of(pieces, subscription) if left is None else left
	used = max(ZERO, _time_of(sold_before, subscription) - left)
	return max(ZERO, _time_of(pieces, subscription) - used)


def _pieces(invoice_name: str, subscription) -> dict[str, float]:
	"""How many periods of which plans an invoice sells."""
	rows = frappe.get_all(
		"Sales Invoice Item", {"parent": invoice_name}, ["item_code", "qty"], order_by="idx"
	)
	pieces: dict[str, float] = {}
	for row in rows:
		if plan := prices.plan_sold_as(row.item_code, subscription):
			pieces[plan] = pieces.get(plan, 0) + flt(row.qty)
	return pieces


def _time_of(pieces: dict[str, float], subscription) -> timedelta:
	"""A period of another plan gives as much of the subscription's own as its price buys."""
	own = lifecycle.offer_of(subscription.internet_plan, subscription.price)
	times = [
		plan_change.worth(lifecycle.offer_of(plan, prices.price_for(plan, subscription)), own) * qty
		for plan, qty in pieces.items()
	]
	return max(ZERO, sum(times, ZERO))


def _mark(invoice_name: str, granted: int, service_from, service_to) -> None:
	frappe.db.set_value(
		"Sales Invoice",
		invoice_name,
		{"service_granted": granted, "service_from": service_from, "service_to": service_to},
		update_modified=False,  # an invoice that is open at the desk can still be saved or cancelled
	)
