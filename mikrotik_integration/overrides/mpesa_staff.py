"""What frappe_mpsa_payments does and shows for staff. As the app has it, every login will do, a customer's too.

Each asks for the permission that the desk's own way to the same thing asks for: first for the kind of document, so that
who may see none is not told whether one is there.
"""

import frappe
from frappe_mpsa_payments.frappe_mpsa_payments.api import b2c, m_pesa_api, payment_entry, sales_invoice
from frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_express_request import mpesa_express_request
from frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_settings import mpesa_settings as mpesa
from frappe_mpsa_payments.utils import utils

REGISTER, REQUEST, SETTINGS = "Mpesa C2B Payment Register", "Mpesa Express Request", "Mpesa Settings"
INVOICE, MODE = "Sales Invoice", "Mode of Payment"


def _check(doctype: str, ptype: str, name: str | None = None) -> None:
	frappe.has_permission(doctype, ptype, throw=True)
	if name:
		frappe.has_permission(doctype, ptype, doc=name, throw=True)


def _check_row(name: str) -> None:
	"""The payment row of an invoice that the user may read."""
	frappe.has_permission(INVOICE, "read", throw=True)
	parent = frappe.db.get_value("Sales Invoice Payment", name, ["parenttype", "parent"])
	if not parent:
		raise frappe.DoesNotExistError
	_check(parent[0], "read", parent[1])


# ---- prompts


@frappe.whitelist(methods=["POST"])
def initiate_invoice_stk_push(
	invoice: str,
	phone_number: str,
	amount: float,
	currency: str = "KES",
	mode_of_payment: str | None = None,
	company: str | None = None,
	type: str = INVOICE,
) -> dict:
	_check(REQUEST, "create")
	_check(type, "read", invoice)
	return sales_invoice.initiate_invoice_stk_push(
		invoice, phone_number, amount, currency, mode_of_payment, company, type
	)


@frappe.whitelist(methods=["POST"])
def initiate_row_stk_push(
	name: str,
	phone_number: str,
	amount: float,
	currency: str = "KES",
	mode_of_payment: str | None = None,
	company: str | None = None,
) -> dict:
	_check(REQUEST, "create")
	_check_row(name)
	return sales_invoice.initiate_row_stk_push(name, phone_number, amount, currency, mode_of_payment, company)


@frappe.whitelist()
def validate_stk_push_eligibility(docname: str, doctype: str) -> dict:
	_check(doctype, "read", docname)
	return sales_invoice.validate_stk_push_eligibility(docname, doctype)


@frappe.whitelist()
def get_stk_amount(payment_name: str, company: str) -> float | None:
	_check_row(payment_name)
	return sales_invoice.get_stk_amount(payment_name, company)


@frappe.whitelist(methods=["POST"])
def check_transaction_status(name: str) -> object:
	_check(REQUEST, "read", name)
	return m_pesa_api.check_transaction_status(name)


# ---- money that came, and its invoices


@frappe.whitelist()
def get_unallocated_payments(
	customer: str, company: str, currency: str, mode_of_payment: str | None = None
) -> list:
	_check("Payment Entry", "read")
	return payment_entry.get_unallocated_payments(customer, company, currency, mode_of_payment)


@frappe.whitelist(methods=["POST"])
def submit_mpesa_payment(mpesa_payment: str, customer: str) -> object:
	_check(REGISTER, "submit", mpesa_payment)
	return m_pesa_api.submit_mpesa_payment(mpesa_payment, customer)


@frappe.whitelist(methods=["POST"])
def submit_instant_mpesa_payment(mpesa_payment: str, customer: str | None = None) -> None:
	_check(REGISTER, "submit", mpesa_payment)
	m_pesa_api.submit_instant_mpesa_payment()


@frappe.whitelist(methods=["POST"])
def process_mpesa_c2b_reconciliation(mpesa_names: str | list, invoice_names: str | list) -> None:
	_check(REGISTER, "submit")
	_check("Payment Entry", "submit")
	payment_entry.process_mpesa_c2b_reconciliation(mpesa_names, invoice_names)


@frappe.whitelist(methods=["POST"])
def process_mpesa_c2b_customer_credit(payment_entries: str, invoice_name: str) -> None:
	_check("Payment Entry", "submit")
	_check(INVOICE, "read", invoice_name)
	payment_entry.process_mpesa_c2b_customer_credit()


@frappe.whitelist(methods=["POST"])
def trigger_transaction_status(mpesa_settings: str, transaction_id: str, remarks: str = "OK") -> dict:
	_check(REGISTER, "write")
	_check(SETTINGS, "read", mpesa_settings)
	return mpesa.trigger_transaction_status(mpesa_settings, transaction_id, remarks)


@frappe.whitelist()
def get_mpesa_mode_of_payment(company: str) -> list:
	_check(REGISTER, "read")
	return m_pesa_api.get_mpesa_mode_of_payment(company)


# ---- money that goes out


@frappe.whitelist(methods=["POST"])
def make_b2c_payment_request(doc_name: str) -> object:
	_check("B2C Disbursement Request", "submit", doc_name)
	return b2c.make_b2c_payment_request(doc_name)


@frappe.whitelist(methods=["POST"])
def initiate_tax_remmitance(**arguments: object) -> object:
	_check("Mpesa Tax Remittance", "submit")
	arguments.pop("cmd", None)
	return m_pesa_api.initiate_tax_remmitance(**arguments)


# ---- settings


@frappe.whitelist(methods=["POST"])
def get_account_balance(name: str) -> object:
	_check(SETTINGS, "write", name)
	return m_pesa_api.get_account_balance(name)


@frappe.whitelist()
def get_doctype_fields(doctype: str) -> list:
	_check(SETTINGS, "read")
	return mpesa.get_doctype_fields(doctype)


@frappe.whitelist()
def get_stkpush_defaults() -> dict:
	_check(SETTINGS, "read")
	return mpesa_express_request.get_stkpush_defaults()


@frappe.whitelist()
def get_payment_gateway_from_mop(mode_of_payment: str, company: str) -> str | None:
	_check(MODE, "read")
	return sales_invoice.get_payment_gateway_from_mop(mode_of_payment, company)


@frappe.whitelist()
def get_mop_from_payment_gateway(payment_gateway: str, company: str) -> str | None:
	_check(MODE, "read")
	return sales_invoice.get_mop_from_payment_gateway(payment_gateway, company)


@frappe.whitelist()
def get_mode_of_payment_account(mode_of_payment: str, company: str) -> str | None:
	_check(MODE, "read")
	return utils.get_mode_of_payment_account(mode_of_payment, company)
