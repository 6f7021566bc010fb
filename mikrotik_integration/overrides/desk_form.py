"""Frappe's form of a document comes with what staff wrote about it: comments, and each change of each field, those
included that the reader may not see. Customers may read their own documents, and have no desk.
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
