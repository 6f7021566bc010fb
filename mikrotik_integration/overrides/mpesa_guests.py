"""What guests may ask of frappe_mpsa_payments: its payment page, ``/mpesa/stkpush``, and what the page calls.

As the app has it, guests may have any phone ring for any document, learn whether a document exists, and read phones
and amounts of all prompts by their numbers.
"""

import math
import re

import frappe
from frappe.rate_limiter import rate_limit
from frappe.utils import cstr, escape_html
from frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_express_request import mpesa_express_request
from frappe_mpsa_payments.utils import utils

from mikrotik_integration.core.payments import phones
from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import guests, payment_page
from mikrotik_integration.services.guests import readable

PAGE = "/mpesa/stkpush"
NUMBERS = ("amount", "base_amount")
# where the page goes after a payment: never a script
DESTINATION = re.compile(r"(https?://[\w.-]+(:\d+)?)?[\w./?=&%#~+,;@!-]*", re.ASCII)
A_MINUTE = 60


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=60, seconds=A_MINUTE)
@readable
def create_new_request(
	phone_number: str,
	payment_gateway: str,
	reference_type: str,
	reference_id: str,
	amount: float | str,
	currency: str = "KES",
	redirect: str | None = None,
	title: str = "",
	description: str = "",
	base_amount: float | str | None = None,
) -> str:
	"""A prompt for an open Payment Request, by whoever has its link; for any document, by who may make prompts."""
	if frappe.has_permission(payment_page.REQUEST, "create"):
		return mpesa_express_request.create_new_request(
			phone_number,
			payment_gateway,
			reference_type,
			reference_id,
			amount,
			currency,
			None,
			title,
			description,
		)
	return payment_page.begin(phone_number, payment_gateway, reference_type, reference_id)


@frappe.whitelist(allow_guest=True)
@rate_limit(limit=600, seconds=A_MINUTE)
@readable
def get_request_status(name: str) -> dict:
	"""Where a payment is, for who began it. Asks nobody and waits for nothing: the inbox does."""
	found = payment_page.state(name)
	return {
		"status": found.status,
		"amount": found.amount,
		"phone_number": phones.mask(found.phone_number or ""),
	}


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=60, seconds=A_MINUTE)
@readable
def retry_stkpush(name: str) -> None:
	"""The prompt once more, for who began the payment."""
	payment_page.again(name)


@frappe.whitelist(allow_guest=True)
@rate_limit(limit=60, seconds=A_MINUTE)
@readable
def convert_amount_to_kes(
	currency: str, amount: float | str, date: str | None = None, settings: str | None = None
) -> float | None:
	"""At today's rate: each other day that a guest asks for would be asked of a server on the Internet."""
	if not frappe.db.exists("Currency", currency) or not _is_number(amount):
		raise PaymentNotPossible(frappe._("This amount cannot be converted"))
	known = settings and frappe.db.exists("Mpesa Settings", settings)
	return utils.convert_amount_to_kes(currency, float(amount), None, known or None)


def before_request() -> None:
	"""Hook: the page writes what stands in its address into HTML as it is, and Frappe keeps the page of one visitor
	for the next."""
	if frappe.local.request.path.rstrip("/").removesuffix(".html") != PAGE:
		return
	frappe.local.no_cache = True
	asked = frappe.local.form_dict
	if not DESTINATION.fullmatch(cstr(asked.get("redirect_to"))):
		raise frappe.PermissionError
	for name, value in list(asked.items()):
		text = cstr(value)[: guests.LONGEST]
		is_known = name in NUMBERS or (
			name == "payment_gateway" and frappe.db.exists("Payment Gateway", text)
		)
		asked[name] = text if is_known else escape_html(text)
	for name in NUMBERS:
		if not _is_number(asked.get(name)):
			asked.pop(name, None)
	token = asked.pop("id", None)
	if token and (request := payment_page.request_of(token)):
		asked["id"] = request


def _is_number(value: object) -> bool:
	try:
		return math.isfinite(float(value))
	except (TypeError, ValueError):
		return False
