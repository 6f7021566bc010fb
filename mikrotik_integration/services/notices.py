"""What managers must see though nobody has a form open: Frappe's own notifications."""

import frappe

from mikrotik_integration import permissions

ROLES = ("ISP Manager", "ISP Administrator")


def tell_managers(router: str, words: str) -> None:
	"""Notify each manager who may see this router. In the caller's transaction."""
	for user in users_with_role(*ROLES):
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


def users_with_role(*roles: str) -> list[str]:
	"""Enabled users that have one of these roles, the Administrator left out."""
	# imports the whole desk, which takes a fifth of a second: not in each job that nobody has to be told of
	from frappe.utils.user import get_users_with_role

	return sorted({user for role in roles for user in get_users_with_role(role)})
