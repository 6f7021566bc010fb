"""Take away what ``install`` added. Frappe itself removes the app's DocTypes, reports and workspaces."""

import frappe
from frappe.permissions import reset_perms, rights

from mikrotik_integration.custom_fields import CUSTOM_FIELDS
from mikrotik_integration.install import ROLES


def before_uninstall() -> None:
	remove_custom_fields()
	remove_roles()
	remove_leftovers()


def remove_custom_fields() -> None:
	for doctype, fields in CUSTOM_FIELDS.items():
		for field in fields:
			frappe.db.delete("Custom Field", {"dt": doctype, "fieldname": field["fieldname"]})
		columns = {field["fieldname"] for field in fields if not field["fieldtype"].endswith("Break")}
		for column in columns & set(frappe.db.get_table_columns(doctype)):
			# frappe.qb drops no columns; these names are this app's own
			frappe.db.sql_ddl(f"alter table `tab{doctype}` drop column `{column}`")  # nosemgrep
		frappe.clear_cache(doctype=doctype)


def remove_roles() -> None:
	for role in ROLES:
		frappe.db.delete("Has Role", {"role": role})
		frappe.db.delete("Custom DocPerm", {"role": role})
		frappe.delete_doc("Role", role, force=True, ignore_missing=True)
	restore_customer_rules()


def restore_customer_rules() -> None:
	"""The site's own rules for Customers that are ERPNext's again are ERPNext's again when that changes them."""
	kept, standard = (_rules(doctype) for doctype in ("Custom DocPerm", "DocPerm"))
	if kept == standard:
		reset_perms("Customer")
	frappe.clear_cache(doctype="Customer")


def _rules(doctype: str) -> list[tuple]:
	fields = ("role", "permlevel", "if_owner", *rights)
	rows = frappe.get_all(doctype, {"parent": "Customer"}, fields, order_by="role", limit=0)
	return sorted(tuple(row[field] or 0 for field in fields) for row in rows)


def remove_leftovers() -> None:
	"""What Frappe leaves of an app that is gone: settings, jobs, menu entries, passwords."""
	frappe.db.delete("Singles", {"doctype": "ISP Settings"})
	frappe.db.delete("Scheduled Job Type", {"method": ("like", "mikrotik_integration.%")})
	frappe.db.delete("Portal Menu Item", {"route": "/my-internet"})
	frappe.db.delete("Logs To Clear", {"ref_doctype": "MikroTik API Log"})
	for doctype in ("MikroTik Settings", "Customer Subscription", "Router Account"):
		frappe.db.delete("__Auth", {"doctype": doctype})
	frappe.db.delete("Series", {"name": "customer-subscription-"})
