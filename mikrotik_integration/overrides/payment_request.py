"""ERPNext's Payment Request. As ERPNext has it, guests make one for any invoice, whose numbers run on: they read in it who
owes how much, have it sent to whom they like, and the mail of every other sent again.
"""

import frappe
from erpnext.accounts.doctype.payment_request import payment_request


@frappe.whitelist()
def make_payment_request(**arguments: object) -> object:
	"""For staff who may make them, and for customers who pay what is theirs."""
	if not (frappe.has_permission("Payment Request", "create") or _is_theirs(arguments)):
		raise frappe.PermissionError
	arguments.pop("cmd", None)
	return payment_request.make_payment_request(**arguments)


def _is_theirs(arguments: dict) -> bool:
	doctype, name = arguments.get("dt"), arguments.get("dn")
	if doctype not in payment_request.ALLOWED_DOCTYPES_FOR_PAYMENT_REQUEST or not frappe.db.exists(
		doctype, name
	):
		return False
	return frappe.has_website_permission(frappe.get_doc(doctype, name))


@frappe.whitelist(methods=["POST"])
def resend_payment_email(docname: str) -> object:
	frappe.has_permission("Payment Request", "write", docname, throw=True)
	return payment_request.resend_payment_email(docname)
