"""Payments over HTTP: ``/api/method/mikrotik_integration.api.payments.<function>``."""

import frappe
from frappe import _

from mikrotik_integration.core.payments import phones
from mikrotik_integration.core.payments.transaction_status import MalformedCallback
from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.permissions import is_staff
from mikrotik_integration.services import guests, inbox_queue, payments, prompts


@frappe.whitelist(methods=["POST"])
def request_payment(subscription: str, phone_number: str | None = None, amount: float | None = None) -> dict:
	"""Send an M-PESA prompt to the phone: ``{"payment", "amount", "phone_number", "status"}``.

	Without an amount, what is due is asked for. A customer may pay for what is theirs, staff for any.
	"""
	document = frappe.get_doc("Customer Subscription", subscription)
	document.check_permission("read")
	prompts.count_request(subscription, None if is_staff() else frappe.session.user)
	if amount is not None and amount <= 0:
		raise PaymentNotPossible(_("The amount must be more than 0"))
	return get(payments.request_payment(document, phone_number, amount))


@frappe.whitelist(methods=["GET", "POST"])
def get(payment: str) -> dict:
	"""Where a payment is: ``{"payment", "amount", "phone_number", "status", "receipt", "because"}``."""
	document = frappe.get_doc("Subscription Payment", payment)
	_check_readable(document)
	inbox_queue.wake_if_due(name=document.name)
	return {
		"payment": document.name,
		"amount": document.amount,
		"phone_number": phones.mask(document.phone_number or ""),
		"status": document.status,
		"receipt": document.receipt,
		"because": document.review_reason if document.status == "Failed" else "",
	}


@frappe.whitelist(methods=["GET", "POST"])
def of_subscription(subscription: str) -> list[dict]:
	"""The payments of a subscription, newest first."""
	frappe.get_doc("Customer Subscription", subscription).check_permission("read")
	return frappe.get_all(
		"Subscription Payment",
		filters={"subscription": subscription},
		fields=["name as payment", "creation", "source", "amount", "status", "receipt", "sales_invoice"],
		order_by="creation desc",
		limit=50,
	)


def _check_readable(document) -> None:
	if document.subscription:
		frappe.get_doc("Customer Subscription", document.subscription).check_permission("read")
	else:
		document.check_permission("read")


@frappe.whitelist(allow_guest=True, methods=["POST"])
def transaction_status_result(**body: object) -> dict:
	"""Where Daraja answers our questions about receipts. Says the same to everyone, whatever came in.

	Not limited by address: whoever writes Safaricom's into a header could shut it out. A token that we did not send
	costs one indexed look-up.
	"""
	token = frappe.request.args.get("token", "")  # Frappe passes on the JSON body alone
	try:
		if not guests.is_writable(body):
			raise MalformedCallback
		payments.take_transaction_status(token, body)
	except MalformedCallback:
		frappe.logger("mikrotik_integration").info("A malformed transaction status result was ignored")
	return {"ResultCode": 0, "ResultDesc": "Accepted"}
