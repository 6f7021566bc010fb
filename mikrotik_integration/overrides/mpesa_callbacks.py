"""Where M-PESA answers frappe_mpsa_payments. Anybody may call these: what answers none of our questions is dropped
without a trace, and everybody gets the same answer.

As the app has it, a guest's word overwrites Integration Requests and balances, makes payments, and fills the Error Log.
"""

import re

import frappe
from frappe_mpsa_payments.frappe_mpsa_payments.api import b2c, m_pesa_api
from frappe_mpsa_payments.utils.doctype_names import B2C_REQUEST_DOCTYPE

from mikrotik_integration.services import c2b, guests, locks, other_prompts, payments

ASKED = "Integration Request"
IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{5,99}", re.ASCII)
BALANCE = re.compile(r"[A-Za-z0-9 .,|&-]{0,500}", re.ASCII)
LARGEST_BODY = 20_000


@frappe.whitelist(allow_guest=True)
def stk_push_callback(**body: object) -> None:
	told = _part(body, "Body", "stkCallback")
	prompt = told.get("CheckoutRequestID")
	if not _is_known("Mpesa Express Request", "checkout_request_id", prompt):
		return
	if str(told.get("ResultCode")) == "0" and other_prompts.is_one(prompt):
		other_prompts.told_paid(prompt, {"Body": {"stkCallback": told}})
		return
	with locks.seeing_commits():  # of two copies at once MariaDB 11.8 refuses one, else
		m_pesa_api.stk_push_callback(**body)
	payments.heard_of_prompt(prompt)  # the app tells nobody of one that was refused


@frappe.whitelist(allow_guest=True, methods=["POST"])
def confirmation(**body: object) -> dict:
	"""A pay bill payment: kept at once. frappe_mpsa_payments does that in a job that sleeps for a second, whatever number
	it names: sixty of them held up every payment of the site for a minute."""
	locks.afresh(c2b.take, body)  # of copies at once MariaDB refuses some
	return {"ResultCode": 0, "ResultDesc": "Accepted"}


@frappe.whitelist(allow_guest=True)
def verify_transaction(**body: object) -> None:
	told = _part(body, "Body", "stkCallback")
	if _is_known(ASKED, "name", told.get("CheckoutRequestID")):
		m_pesa_api.verify_transaction(**body)


@frappe.whitelist(allow_guest=True)
def b2c_results_callback(**body: object) -> str:
	told = _part(body, "Result")
	if _is_known(B2C_REQUEST_DOCTYPE, "originator_conversation_id", told.get("OriginatorConversationID")):
		b2c.b2c_results_callback(**body)
	return "OK"


@frappe.whitelist(allow_guest=True)
def balance_query_callback(**body: object) -> None:
	told = _part(body, "Result")
	parameters = _part(told, "ResultParameters").get("ResultParameter") or []
	if not isinstance(parameters, list) or not all(isinstance(one, dict) for one in parameters):
		return
	balances = [one.get("Value") for one in parameters if one.get("Key") == "AccountBalance"]
	if all(isinstance(one, str) and BALANCE.fullmatch(one) for one in balances) and _was_asked(
		told.get("ConversationID"), reference_doctype="Mpesa Settings"
	):
		m_pesa_api.balance_query_callback(**body)


@frappe.whitelist(allow_guest=True)
def process_balance_info(**body: object) -> None:
	"""The app asks nothing any more whose answer comes here."""


@frappe.whitelist(allow_guest=True)
def handle_transaction_status_result(**body: object) -> dict:
	"""The answer to *Check Transaction Status*. It may overtake what Daraja said to the question, so the receipt that
	is being asked about will do."""
	told = _part(body, "Result")
	asked = {"integration_request_service": "Mpesa Transaction Status"}
	if (
		_was_asked(told.get("ConversationID"), **asked)
		or _was_asked(told.get("OriginatorConversationID"), **asked)
		or _was_asked(_receipt(told), "data", status="Queued", **asked)
	):
		return m_pesa_api.handle_transaction_status_result()
	return {"status": "queued", "message": "Transaction queued for processing"}


@frappe.whitelist(allow_guest=True)
def handle_queue_timeout(**body: object) -> dict:
	told = _part(body, "Result")
	if _was_asked(told.get("ConversationID")):
		m_pesa_api.handle_queue_timeout()
	return {"status": "timeout", "message": "Timeout response logged successfully."}


def _part(body: object, *names: str) -> dict:
	"""What stands below these names; empty if it is not of the shape in which M-PESA writes, or could not be kept."""
	if frappe.request.content_length and frappe.request.content_length > LARGEST_BODY:
		return {}
	for name in names:
		body = body.get(name) if isinstance(body, dict) else None
	return body if isinstance(body, dict) and guests.is_writable(body) else {}


def _receipt(told: dict) -> object:
	parameters = _part(told, "ResultParameters").get("ResultParameter")
	rows = [one for one in parameters if isinstance(one, dict)] if isinstance(parameters, list) else []
	return next((one.get("Value") for one in rows if one.get("Key") == "ReceiptNo"), None)


def _is_known(doctype: str, field: str, identity: object) -> bool:
	return _is_identity(identity) and bool(frappe.db.exists(doctype, {field: identity}))


def _was_asked(identity: object, field: str = "output", **filters: str) -> bool:
	"""Whether a question of ours has this identity in what M-PESA answered at once, or in what was asked."""
	if not _is_identity(identity):
		return False
	literally = identity.replace("_", r"\_")
	return bool(frappe.db.exists(ASKED, {field: ("like", f"%{literally}%"), **filters}))


def _is_identity(identity: object) -> bool:
	return isinstance(identity, str) and bool(IDENTITY.fullmatch(identity))
