"""frappe_mpsa_payments' C2B register: a confirmation came in, from Safaricom or from anyone else."""

import frappe
from frappe import _

from mikrotik_integration.services import inbox, inbox_queue


def after_insert(doc, method=None) -> None:
	if name := inbox.record_register(doc):
		inbox_queue.enqueue(name)


def validate(doc, method=None) -> None:
	"""Runs before frappe_mpsa_payments' own before_submit, which books a Payment Entry on the sender's word."""
	if doc.docstatus == 1 and doc.has_value_changed("docstatus"):
		validate_confirmed(doc)


def validate_confirmed(doc) -> None:
	"""Money to our pay bill is booked after M-PESA confirmed it, and once."""
	if not inbox.is_ours(inbox.settings_of(doc.businessshortcode)):
		return
	payment = frappe.db.get_value(
		"Subscription Payment", inbox.receipt_of(doc), ["verified", "payment_entry"], as_dict=True
	)
	if not payment or not payment.verified:
		frappe.throw(_("M-PESA has not confirmed this payment yet"))
	if payment.payment_entry and payment.payment_entry != doc.get("payment_entry"):
		frappe.throw(
			_("This payment is already booked as {0} for an Internet subscription").format(
				payment.payment_entry
			)
		)
