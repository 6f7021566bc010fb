"""ERPNext's invoices, whose numbers run on. As ERPNext has it, every login is told who owes how much, a customer's too; and
guests make a Payment Request for any invoice, read in it whose it is, and have it sent to whom they like.
"""

import frappe
from erpnext.accounts.doctype.invoice_discounting import invoice_discounting
from erpnext.accounts.doctype.payment_request import payment_request
from erpnext.accounts.doctype.sales_invoice import sales_invoice
from erpnext.controllers import stock_controller

INVOICE, REQUEST = "Sales Invoice", "Payment Request"


@frappe.whitelist()
def make_payment_request(**arguments: object) -> object:
	"""For staff who may make them, and for customers who pay what is theirs, whom ERPNext 16 refuses."""
	if not (frappe.has_permission(REQUEST, "create") or _is_theirs(arguments)):
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
	frappe.has_permission(REQUEST, "write", docname, throw=True)
	return payment_request.resend_payment_email(docname)


@frappe.whitelist()
def get_invoices(filters: str) -> list:
	frappe.has_permission(INVOICE, "read", throw=True)
	return invoice_discounting.get_invoices(filters)


@frappe.whitelist()
def create_invoice_discounting(source_name: str, target_doc: str | None = None) -> object:
	_check(INVOICE, source_name)
	return sales_invoice.create_invoice_discounting(source_name, target_doc)


@frappe.whitelist()
def show_accounting_ledger_preview(company: str, doctype: str, docname: str) -> dict:
	_check(doctype, docname)
	return stock_controller.show_accounting_ledger_preview(company, doctype, docname)


@frappe.whitelist()
def show_stock_ledger_preview(company: str, doctype: str, docname: str) -> dict:
	_check(doctype, docname)
	return stock_controller.show_stock_ledger_preview(company, doctype, docname)


def _check(doctype: str, name: str) -> None:
	"""First for the kind of document: who may see none is not told whether one is there."""
	frappe.has_permission(doctype, "read", throw=True)
	frappe.has_permission(doctype, "read", name, throw=True)
