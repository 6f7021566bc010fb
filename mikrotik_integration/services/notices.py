"""What managers must see though nobody has a form open: Frappe's own notifications."""

import frappe

from mikrotik_integration import permissions

AN_HOUR = 3600
ROLES = ("ISP Manager", "ISP Administrator")


def tell_managers(router: str, about: str, words: str) -> None:
	"""Notify each manager who may see this router, once an hour about one thing, however often the router changes its
	mind: each notification is an e-mail, too. In the caller's transaction."""
	told = f"mikrotik_told|{router}|{about}"
	if frappe.cache().get_value(told, expires=True):
		return
	frappe.db.after_commit.add(lambda: frappe.cache().set_value(told, 1, expires_in_sec=AN_HOUR))
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
