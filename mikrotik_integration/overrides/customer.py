"""ERPNext's Customer: disabling one ends the service, enabling one brings it back. Who may make Customers but not change
them, as ISP Staff, adds no rows to one that is there.
"""

import frappe
from erpnext.selling.page.point_of_sale import point_of_sale

from mikrotik_integration.services import subscriptions

MADE_AT_TILLS = ("POS Invoice", "Sales Invoice")


def on_update(doc, method=None) -> None:
	before = doc.get_doc_before_save()
	if before and bool(before.disabled) != bool(doc.disabled):
		subscriptions.follow_customer(doc.name, disabled=bool(doc.disabled))


def before_insert_of_row(doc, method=None) -> None:
	"""A row that is inserted by itself, past its Customer, Supplier, Contact or Address: Frappe asks whether the user may
	make such documents, and not about this one. A portal user, say, sees all that the Customer may see."""
	if doc.parent and not doc.flags.ignore_permissions:
		frappe.get_doc(doc.parenttype, doc.parent).check_permission("write")


@frappe.whitelist(methods=["POST"])
def set_customer_info(fieldname: str, customer: str, value: str = "") -> None:
	"""ERPNext's till writes down how to reach a Customer. As ERPNext has it, every login does, a customer's too."""
	if not any(frappe.has_permission(invoice, "create") for invoice in MADE_AT_TILLS):
		raise frappe.PermissionError
	point_of_sale.set_customer_info(fieldname, customer, value)
