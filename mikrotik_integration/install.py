"""What the app adds to a site beyond its own DocTypes. ``uninstall`` takes the same away."""

import frappe
from frappe.core.doctype.doctype.doctype import validate_permissions_for_doctype
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.permissions import setup_custom_perms
from frappe_mpsa_payments.frappe_mpsa_payments.migrate import after_migrate as make_mpesa_fields

from mikrotik_integration.custom_fields import CUSTOM_FIELDS
from mikrotik_integration.services import standstill
from mikrotik_integration.services.settings import home

ROLES = ("ISP Administrator", "ISP Manager", "ISP Staff")


def after_install() -> None:
	create_roles()
	ensure_customers_can_be_made()
	ensure_mpesa_fields()
	create_custom_fields(CUSTOM_FIELDS, ignore_validate=True)
	ensure_site_id()
	ensure_site_home()
	ensure_defaults()


def after_sync() -> None:
	"""The scheduled jobs, and on Frappe 16 the desk's icons, were made just now."""
	standstill.make_jobs_due()
	keep_one_icon()


def after_migrate() -> None:
	ensure_customers_can_be_made()
	create_custom_fields(CUSTOM_FIELDS, ignore_validate=True)
	ensure_site_id()
	ensure_site_home()
	ensure_defaults()
	keep_one_icon()


def keep_one_icon() -> None:
	"""Frappe 16 makes one icon for the app and one for its workspace, which lead to the same page. The workspace's
	stays, and brings its sidebar along."""
	if not frappe.get_meta("Desktop Icon").has_field("icon_type"):
		return
	of_the_app = {"app": "mikrotik_integration", "icon_type": "App"}
	frappe.db.set_value("Desktop Icon", of_the_app, "hidden", 1)
	for kept in ("desktop_icons", "bootinfo"):
		frappe.cache().delete_key(kept)


def ensure_defaults() -> None:
	"""Settings that an update added have their defaults: Frappe gives them to new documents only."""
	single = frappe.qb.DocType("Singles")
	present = set(
		frappe.qb.from_(single).select(single.field).where(single.doctype == "ISP Settings").run(pluck=True)
	)
	missing = {
		field.fieldname: field.default
		for field in frappe.get_meta("ISP Settings").fields
		if field.default and field.fieldname not in present
	}
	if missing:
		frappe.db.set_single_value("ISP Settings", missing)


def ensure_mpesa_fields() -> None:
	"""frappe_mpsa_payments makes its own fields on ERPNext's documents on migrate only, not when it is installed."""
	if frappe.get_meta("Mpesa Settings").has_field("company"):
		return
	before = frappe.flags.in_migrate
	frappe.flags.in_migrate = (
		True  # its fields link to each other; Frappe checks such links except in a migration
	)
	try:
		make_mpesa_fields()
	finally:
		frappe.flags.in_migrate = before


def create_roles() -> None:
	for role in ROLES:
		if not frappe.db.exists("Role", role):
			frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": 1}).insert(
				ignore_permissions=True
			)


def ensure_customers_can_be_made() -> None:
	"""Whoever makes subscriptions makes and chooses Customers. To choose is not to read: what a Customer owes and how
	to reach them stays with ERPNext's own roles."""
	setup_custom_perms("Customer")  # from here on the site's own rules count, beginning with ERPNext's
	for role in ROLES:
		rule = {"parent": "Customer", "role": role, "permlevel": 0, "if_owner": 0}
		if not frappe.db.exists("Custom DocPerm", rule):
			frappe.get_doc(
				{
					"doctype": "Custom DocPerm",
					"parenttype": "DocType",
					"parentfield": "permissions",
					**rule,
					"select": 1,
					"create": 1,
					"read": 0,
					"export": 0,
				}
			).insert(ignore_permissions=True)
	validate_permissions_for_doctype("Customer")


def ensure_site_id() -> None:
	"""The mark of this site in the rows that it makes on routers. Made once; two sites never share one."""
	if not frappe.db.get_single_value("ISP Settings", "site_id"):
		frappe.db.set_single_value("ISP Settings", "site_id", frappe.generate_hash(length=8))


def ensure_site_home() -> None:
	"""Where this site is at home. Kept when the site is restored or copied elsewhere: that is how a copy is known."""
	if not frappe.db.get_single_value("ISP Settings", "site_home"):
		frappe.db.set_single_value("ISP Settings", "site_home", home())
