"""What frappe_mpsa_payments tells guests of customers, their phones and what they owe, it tells staff only here."""

import frappe
from frappe_mpsa_payments.frappe_mpsa_payments.api import m_pesa_api, payment_entry

from mikrotik_integration.services import prompts


@frappe.whitelist(methods=["POST"])
def initiate_stk_push(**arguments: object):
	"""Whoever has a login, a customer too, could have any phone ring without end."""
	frappe.has_permission("Mpesa Express Request", "create", throw=True)
	arguments.pop("cmd", None)
	prompts.count_for_phone(str(arguments.get("phone_number") or arguments.get("sender") or ""))
	return m_pesa_api.initiate_stk_push(**arguments)


@frappe.whitelist()
def get_draft_pos_invoice(search_term: str | None = None) -> None:
	frappe.has_permission("Sales Invoice", "read", throw=True)
	m_pesa_api.get_draft_pos_invoice(search_term)


@frappe.whitelist()
def get_mpesa_draft_c2b_payments(
	company: str,
	full_name: str | None = None,
	mode_of_payment: str | None = None,
	from_date: str | None = None,
	to_date: str | None = None,
) -> list[dict]:
	frappe.has_permission("Mpesa C2B Payment Register", "read", throw=True)
	return m_pesa_api.get_mpesa_draft_c2b_payments(company, full_name, mode_of_payment, from_date, to_date)


@frappe.whitelist()
def get_outstanding_invoices(company: str, customer: str, **filters: object) -> list[dict]:
	frappe.has_permission("Sales Invoice", "read", throw=True)
	filters.pop("cmd", None)
	return payment_entry.get_outstanding_invoices(company, customer, **filters)
