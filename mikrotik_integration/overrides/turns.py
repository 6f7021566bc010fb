"""Documents of ERPNext that move money of ours: those about the same money are submitted one after the other.

ERPNext checks what is outstanding, returned or allocated by what it read before it waited for anybody. So the turn is
taken before it checks or writes anything; see ``services.locks``.
"""

import frappe

from mikrotik_integration.services import locks

# the fields that make an invoice one of a subscription or of vouchers
OURS = {"Sales Invoice": ["customer_subscription", "hotspot_router"], "POS Invoice": ["hotspot_router"]}
SAVED_AT_THE_DESK = "/api/method/frappe.desk.form.save.savedocs"
NUMBERED_BY_OUR_JOBS_TOO = {"Sales Invoice", "Payment Entry"}


def before_request() -> None:
	"""A draft saved at the desk gets its number in a transaction that sees what jobs and colleagues have committed by
	then: else MariaDB 11.8 refuses a number series that one of them used since the request's first read. Not for
	Submit: see ``services.locks.take``."""
	if frappe.request.path != SAVED_AT_THE_DESK or frappe.form_dict.get("action") != "Save":
		return
	try:
		document = frappe.parse_json(frappe.form_dict.get("doc"))
	except ValueError:
		return  # Frappe says so itself
	if isinstance(document, dict) and document.get("doctype") in NUMBERED_BY_OUR_JOBS_TOO:
		with locks.seeing_commits():
			pass


def before_validate(doc, method=None) -> None:
	if doc.docstatus.is_submitted():
		_take(doc)


def before_cancel(doc, method=None) -> None:
	_take(doc)


def _take(doc) -> None:
	for doctype, name in sorted(_money_of(doc)):
		locks.take(doctype, name)


def _money_of(doc) -> set[tuple[str, str]]:
	"""The documents whose money this one moves."""
	if doc.doctype == "Journal Entry":
		return _ours((row.reference_type, row.reference_name) for row in doc.accounts)
	itself = {(doc.doctype, doc.name)} if doc.docstatus.is_cancelled() else set()
	if doc.doctype == "Payment Entry":
		purchase = {("Hotspot Purchase", doc.hotspot_purchase)} if doc.hotspot_purchase else set()
		advance = itself if doc.customer_subscription or purchase else set()
		return (
			purchase | advance | _ours((row.reference_doctype, row.reference_name) for row in doc.references)
		)
	advances = {
		(row.reference_type, row.reference_name) for row in doc.get("advances", []) if row.allocated_amount
	}
	used = advances if doc.get("customer_subscription") else set()
	return used | _ours({(doc.doctype, doc.return_against), *itself})


def _ours(references) -> set[tuple[str, str]]:
	return {(doctype, name) for doctype, name in references if name and _is_ours(doctype, name)}


def _is_ours(doctype: str, name: str) -> bool:
	fields = OURS.get(doctype)
	return bool(fields) and any((frappe.db.get_value(doctype, name, fields, as_dict=True) or {}).values())
