"""frappe_mpsa_payments' Mpesa Express Request: its prompt is sent when it is submitted, or by a guest who says "retry"."""

import frappe
from frappe import _

from mikrotik_integration.services import inbox, prompts, same_money

# what M-PESA says of a prompt; frappe_mpsa_payments writes it without document events
SAID_BY_MPESA = ("checkout_request_id", "merchant_request_id", "transaction_id", "result_code")


def before_submit(doc, method=None) -> None:
	"""What a draft says of M-PESA's answers was made up: a prompt that is not sent must have none."""
	if doc.reference_doctype == "Hotspot Purchase" and not doc.flags.is_from_service:
		_refuse()
	check_asker(doc)
	prompts.count_for_phone(doc.phone_number)
	for field in SAID_BY_MPESA:
		doc.set(field, None)


def check_asker(doc) -> None:
	"""Guests and customers have prompts sent for what is theirs, by our services, and for Payment Requests, a few for
	each; whichever of frappe_mpsa_payments' functions they call."""
	if doc.flags.is_from_service or frappe.has_permission(doc.doctype, "create"):
		return
	if doc.reference_doctype != "Payment Request":
		frappe.throw(_("You may not send this prompt"), frappe.PermissionError)
	prompts.count_for_document(doc.reference_name)


def on_submit(doc, method=None) -> None:
	inbox.record_push(doc.name)


def before_update_after_submit(doc, method=None) -> None:
	if doc.status == "In Progress":  # it is about to be sent again
		if doc.reference_doctype == "Hotspot Purchase":
			_refuse()
		prompts.count_for_phone(doc.phone_number)
	validate_untouched(doc)
	drop_false_claim(doc)


def _refuse() -> None:
	"""A voucher is asked for with a purchase of its own: what pays for a stranger's could as well spoil it."""
	frappe.throw(_("Prompts for vouchers are sent by the captive portal and the till alone"))


def validate_untouched(doc) -> None:
	"""Nobody passes one prompt off as another by hand."""
	if doc.reference_doctype in inbox.OURS and any(doc.has_value_changed(field) for field in SAID_BY_MPESA):
		frappe.throw(_("What M-PESA said of this prompt cannot be changed"))


def drop_false_claim(doc) -> None:
	"""A callback, from whomever, names the receipt of somebody else's payment: frappe_mpsa_payments would cancel that."""
	if doc.transaction_id and same_money.is_another_payment(doc.transaction_id, doc.name):
		doc.transaction_id = None
