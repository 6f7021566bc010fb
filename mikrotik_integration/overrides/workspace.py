"""Frappe's Workspace: every login of the desk may write one, a script in it included, which runs for whoever opens it.

Frappe's own functions let nobody but a Workspace Manager change a public one, or one of somebody else. Its forms and REST
ask for the role alone, in Frappe 15, and let anybody make a public one private.
"""

import frappe
from frappe import _


def validate(doc, method=None) -> None:
	"""Hook."""
	before = doc.get_doc_before_save()
	_check(doc)
	if before:
		_check(before)


def validate_row(doc, method=None) -> None:
	"""Hook, for a row that is saved by itself, past its Workspace."""
	if doc.parenttype == "Workspace":
		_check(frappe.get_doc("Workspace", doc.parent))


def _check(workspace) -> None:
	if "Workspace Manager" in frappe.get_roles():
		return
	if workspace.public or workspace.for_user != frappe.session.user:
		frappe.throw(_("Only a Workspace Manager changes what others see"), frappe.PermissionError)
