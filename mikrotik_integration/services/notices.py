"""What managers must see though nobody has a form open: Frappe's own notifications."""

import frappe
from frappe.utils.user import get_users_with_role

from mikrotik_integration import permissions

ROLES = ("ISP Manager", "ISP Administrator")


def tell_managers(router: str, words: str) -> None:
	"""Notify each manager who may see this router. In the caller's transaction."""
	users = {user for role in ROLES for user in get_users_with_role(role)}
	for user in sorted(users):
		mine = permissions.routers_of(user, "MikroTik Settings")
		if mine is None or router in mine:
			frappe.get_doc(
				{
					"doctype": "Notification Log",
					"for_user": user,
					"type": "Alert",
					"document_type": "MikroTik Settings",
					"document_name": router,
					"subject": frappe.utils.escape_html(words),
				}
			).insert(ignore_permissions=True)
