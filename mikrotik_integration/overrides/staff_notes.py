"""What staff write about a document is for staff. Customers may read their own subscriptions, and Frappe gives whoever
may read a document its comments, and each change of each field, those included that the reader may not see.
"""

import frappe
from frappe.desk.form import load

from mikrotik_integration.permissions import is_staff

READ_BY_CUSTOMERS = ("Customer Subscription", "Usage Record")


@frappe.whitelist()
def getdoc(doctype: str, name: str | int) -> list | None:
	_check(doctype)
	return load.getdoc(doctype, name)


@frappe.whitelist()
def get_docinfo(doctype: str, name: str | int) -> None:
	_check(doctype)
	load.get_docinfo(doctype=doctype, name=name)


def _check(doctype: str) -> None:
	if doctype in READ_BY_CUSTOMERS and not is_staff():
		raise frappe.PermissionError


def before_insert_of_comment(doc, method=None) -> None:
	"""A customer who writes one signs with no other name."""
	if doc.reference_doctype in READ_BY_CUSTOMERS and not is_staff():
		doc.update({"comment_email": frappe.session.user, "comment_by": None})


def on_update(doc, method=None) -> None:
	"""Of a Comment or Communication: Frappe has copied it into a column of the document that it is about."""
	if doc.reference_doctype in READ_BY_CUSTOMERS:
		forget_copies(doc.reference_doctype, doc.reference_name)


def forget_copies(doctype: str, name: str | dict) -> None:
	frappe.db.set_value(doctype, name, "_comments", None, update_modified=False)
