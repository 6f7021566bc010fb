"""Frappe's SMS Settings: whoever has a login, a customer too, could send anybody any text, at the provider's cost and in
its name.
"""

import frappe
from frappe.core.doctype.sms_settings import sms_settings
from frappe.permissions import is_system_user


@frappe.whitelist(methods=["POST"])
def send_sms(receiver_list: str | list, msg: str, sender_name: str = "", success_msg: bool = True) -> None:
	"""For whoever works in the desk. What this app sends does not come this way."""
	if not is_system_user():
		raise frappe.PermissionError
	sms_settings.send_sms(receiver_list, msg, sender_name, success_msg)
