"""frappe_mpsa_payments' payment page, ``/mpesa/stkpush``: for whoever has the link of a Payment Request.

Names of prompts and of documents can be guessed. So a guest who began a payment gets a token for it instead of a name,
and a document that is not there is answered like one that is not to be paid here.
"""

import hashlib
import hmac

import frappe
from frappe import _
from frappe.utils import flt
from frappe.utils.password import get_encryption_key
from frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_express_request import mpesa_express_request

from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import prompts, pushes

REQUEST = "Mpesa Express Request"
PAYABLE = "Payment Request"
OPEN = ("Requested", "Initiated", "Partially Paid")
FACTS = ("name", "status", "amount", "phone_number")


def begin(phone_number: str, payment_gateway: str, reference_type: str, reference_id: str) -> str:
	"""Send the prompt for an open Payment Request, whose amount it is; returns the token of the prompt.

	Raises PaymentNotPossible, and RateLimitExceededError after too many.
	"""
	phone = pushes.phone(phone_number)
	prompts.check_phone(phone)
	if reference_type != PAYABLE:
		_refuse()
	filters = {
		"name": reference_id,
		"docstatus": 1,
		"status": ("in", OPEN),
		"payment_request_type": "Inward",
		"payment_gateway": payment_gateway,
	}
	found = frappe.db.get_value(PAYABLE, filters, ["name", "grand_total", "currency"], as_dict=True)
	if not found:
		_refuse()
	request = mpesa_express_request.create_new_request(
		phone, payment_gateway, PAYABLE, found.name, flt(found.grand_total), found.currency, title=found.name
	)
	return token_of(request)


def state(token: str) -> dict:
	"""``{"status", "amount", "phone_number"}``, the phone masked by whoever shows it. Raises PaymentNotPossible."""
	request = request_of(token)
	if not request:
		_refuse()
	return frappe.db.get_value(REQUEST, request, FACTS, as_dict=True)


def again(token: str) -> None:
	"""Send the prompt of a payment that failed once more. Raises PaymentNotPossible, RateLimitExceededError."""
	request = request_of(token)
	if not request or frappe.db.get_value(REQUEST, request, "status") == "Completed":
		_refuse()
	mpesa_express_request.retry_stkpush(request)


def token_of(request: str) -> str:
	"""What gets to a prompt without a login. It is not stored: only who knows the site's key can make it."""
	digest = hmac.new(get_encryption_key().encode(), f"payment page {request}".encode(), hashlib.sha256)
	return f"{request}~{digest.hexdigest()[:40]}"


def request_of(token: str) -> str | None:
	"""The prompt of a token that we gave out, or of a name, for staff who may read it."""
	name = token.partition("~")[0]
	if hmac.compare_digest(token_of(name).encode(), token.encode()):
		return name
	if frappe.has_permission(REQUEST, "read") and frappe.db.exists(REQUEST, token):
		return token if frappe.has_permission(REQUEST, "read", doc=token) else None
	return None


def _refuse() -> None:
	raise PaymentNotPossible(_("This cannot be paid here. Ask for a new link"))
