"""ERPNext's Payment Entry: money booked at the desk counts like M-PESA; a cancelled one no longer counts.

frappe_mpsa_payments books Payment Entries by itself when a callback says so. Nobody verified those: their payment
goes through the inbox first, and is applied once Daraja confirmed it.
"""

import frappe

from mikrotik_integration.services import inbox, inbox_worker, payments


def on_submit(doc, method=None) -> None:
	if doc.payment_type != "Receive" or doc.party_type != "Customer" or doc.flags.is_from_inbox:
		return
	subscription = doc.customer_subscription or _subscription_of_references(doc)
	if subscription and (name := _record(doc, subscription)):
		inbox_worker.enqueue(name)


def on_cancel(doc, method=None) -> None:
	payments.reverse(doc.name)


def _subscription_of_references(doc) -> str | None:
	"""The subscription whose invoice this pays. The rest of the money becomes that subscription's advance."""
	for row in doc.references:
		if row.reference_doctype == "Sales Invoice":
			subscription = frappe.db.get_value("Sales Invoice", row.reference_name, "customer_subscription")
			if subscription:
				doc.db_set("customer_subscription", subscription, update_modified=False)
				return subscription
	return None


def _record(doc, subscription: str) -> str | None:
	"""As a payment at the desk, unless an unverified M-PESA callback is behind it."""
	if register := frappe.db.exists("Mpesa C2B Payment Register", {"name": doc.reference_no or "-"}):
		return inbox.record_booked_pay_bill(
			frappe.get_doc("Mpesa C2B Payment Register", register), doc.name, subscription
		)
	if request := _push_behind(doc):
		name = inbox.record_push(request)
		if name:
			frappe.db.set_value("Subscription Payment", name, "payment_entry", doc.name)
		return name
	return inbox.record_desk(doc, subscription)


def _push_behind(doc) -> str | None:
	"""The Mpesa Express Request of the Payment Request that this entry settles."""
	payment_request = frappe.db.exists("Payment Request", {"name": doc.reference_no or "-"})
	if not payment_request:
		return None
	return frappe.db.get_value(
		"Mpesa Express Request",
		{"reference_doctype": "Payment Request", "reference_name": payment_request, "docstatus": 1},
		order_by="creation desc",
	)
