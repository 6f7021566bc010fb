"""Where M-PESA tells of payments. Anybody may call these: nobody is told anything, and nothing is believed.

frappe_mpsa_payments keeps a confirmation in a background job that sleeps for a second, whatever number it names: sixty of
them held up every payment of the site for a minute.
"""

import frappe
from frappe_mpsa_payments.frappe_mpsa_payments.api import m_pesa_api

from mikrotik_integration.services import c2b, payments


@frappe.whitelist(allow_guest=True, methods=["POST"])
def confirmation(**body: object) -> dict:
	"""A pay bill payment. The answer is the same to everyone, whatever came in."""
	c2b.take(body)
	return {"ResultCode": 0, "ResultDesc": "Accepted"}


@frappe.whitelist(allow_guest=True, methods=["POST"])
def stk_push_callback(**body: object) -> None:
	"""What became of a prompt: frappe_mpsa_payments tells nobody of one that was refused."""
	m_pesa_api.stk_push_callback(**body)
	told = body.get("Body")
	told = told.get("stkCallback") if isinstance(told, dict) else None
	if isinstance(told, dict):
		payments.heard_of_prompt(told.get("CheckoutRequestID"))
