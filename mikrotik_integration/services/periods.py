"""Paid invoices become periods, and periods that are no longer paid are taken back.

The ledger is the truth: a period is granted exactly once for an invoice that Payment Entries cover, whoever booked
them, and revoked when that is no longer so. All functions run in the caller's transaction, the subscription locked.
"""

import frappe
from frappe.utils import get_datetime, now_datetime

from mikrotik_integration.core.subscriptions.lifecycle import PeriodPaid, PeriodReversed
from mikrotik_integration.services import invoicing, lifecycle

INVOICE_FIELDS = [
	"name",
	"docstatus",
	"outstanding_amount",
	"grand_total",
	"rounded_total",
	"service_granted",
	"service_from",
	"service_to",
]


def settle(subscription) -> None:
	"""Use the advance for what is due, then make periods and paid invoices agree. Saves the subscription."""
	_pay_open_invoices(subscription)
	_revoke_unpaid(subscription)
	_grant_paid(subscription)
	subscription.credit = float(invoicing.credit(subscription.name))
	subscription.flags.ignore_permissions = True
	subscription.save()


def renew_from_credit(subscription) -> bool:
	"""Buy a prepaid subscription's next period from its advance; False if the advance does not suffice."""
	price = invoicing.price_of(subscription)
	if price <= 0 or invoicing.credit(subscription.name) < price:
		return False
	invoicing.make_invoice(subscription)
	return True


def _pay_open_invoices(subscription) -> None:
	while (name := invoicing.open_invoice(subscription.name)) and invoicing.credit(subscription.name) > 0:
		invoicing.allocate_advances(name)


def _newly_paid(subscription) -> list[frappe._dict]:
	return frappe.get_all(
		"Sales Invoice",
		filters={
			"customer_subscription": subscription.name,
			"is_return": 0,
			"service_granted": 0,
			"docstatus": 1,
			"outstanding_amount": ("<=", 0),
		},
		fields=INVOICE_FIELDS,
		order_by="posting_date, creation",
	)


def _granted_in_doubt(subscription) -> list[frappe._dict]:
	"""Granted invoices that were cancelled, credited, or on which money is due again."""
	invoice = frappe.qb.DocType("Sales Invoice")
	credit_note = frappe.qb.DocType("Sales Invoice").as_("credit_note")
	return (
		frappe.qb.from_(invoice)
		.left_join(credit_note)
		.on((credit_note.return_against == invoice.name) & (credit_note.docstatus == 1))
		.select(*(invoice[field] for field in INVOICE_FIELDS))
		.distinct()
		.where((invoice.customer_subscription == subscription.name) & (invoice.service_granted == 1))
		.where((invoice.docstatus == 2) | (invoice.outstanding_amount > 0) | credit_note.name.isnotnull())
	).run(as_dict=True)


def _grant_paid(subscription) -> None:
	for invoice in _newly_paid(subscription):
		if invoicing.is_paid(invoice):
			_grant(subscription, invoice.name)


def _grant(subscription, invoice_name: str) -> None:
	validity = lifecycle.terms_of(subscription.internet_plan).validity
	lifecycle.apply_event(subscription, PeriodPaid())
	_mark(invoice_name, 1, subscription.expiry_date - validity, subscription.expiry_date)
	subscription.payment_status = "Completed"


def _revoke_unpaid(subscription) -> None:
	for invoice in _granted_in_doubt(subscription):
		if not invoicing.is_paid(invoice):
			granted = get_datetime(invoice.service_to) - get_datetime(invoice.service_from)
			lifecycle.apply_event(subscription, PeriodReversed(granted))
			_mark(invoice.name, 0, None, None)
			subscription.payment_status = "Pending"
			subscription.add_comment("Info", f"{invoice.name}: period taken back, no longer paid")


def _mark(invoice_name: str, granted: int, service_from, service_to) -> None:
	frappe.db.set_value(
		"Sales Invoice",
		invoice_name,
		{"service_granted": granted, "service_from": service_from, "service_to": service_to},
	)


def renewal_is_due(subscription) -> bool:
	"""Whether a prepaid subscription that is not stopped by anyone has come to the end of what was paid."""
	stopped = subscription.paused_at or subscription.staff_hold or subscription.customer_disabled
	if stopped or subscription.terminated_at or not subscription.expiry_date:
		return False
	return get_datetime(subscription.expiry_date) <= now_datetime()
