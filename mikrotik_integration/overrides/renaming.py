"""The names of our documents, and of ERPNext's that move our money, are identities: an account number, a receipt that
counts once, a router, the number of an invoice.

Frappe lets whoever may read a document call its ``rename``, and say that nothing is to be checked: not the right to
write, and not ``before_rename``.
"""

import frappe
from frappe import _


def after_rename(doc, method=None, *_names) -> None:
	if not doc.meta.allow_rename and "System Manager" not in frappe.get_roles():
		frappe.throw(_("{0} cannot be renamed").format(_(doc.doctype)), frappe.PermissionError)
	_read_user_permissions_again()  # they say the new name by now
	try:
		doc.check_permission("write")
	finally:
		_read_user_permissions_again()  # the new name may be rolled back


def _read_user_permissions_again() -> None:
	frappe.cache().hdel("user_permissions", frappe.session.user)
