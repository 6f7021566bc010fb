"""Account numbers that were given out: each once, also after its subscription was deleted."""

import frappe

from mikrotik_integration.core.payments import account_numbers

SUBSCRIPTION, GIVEN = "Customer Subscription", "Used Account Number"


def new() -> str:
	"""One that no subscription has or had. Two that draw the same at the same moment: the second is not inserted."""
	prefix = frappe.db.get_single_value("ISP Settings", "account_number_prefix") or ""
	while True:
		number = account_numbers.draw(prefix)
		if not (frappe.db.exists(SUBSCRIPTION, number) or frappe.db.exists(GIVEN, number)):
			return number


def keep(subscription) -> None:
	"""The subscription is deleted; its customer may still pay with the number."""
	if not frappe.db.exists(GIVEN, subscription.name):
		given = {"doctype": GIVEN, "name": subscription.name, "customer_name": subscription.customer_name}
		frappe.get_doc(given).insert(ignore_permissions=True)
