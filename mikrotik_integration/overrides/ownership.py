"""Whose a document that names a subscription has to be."""

import frappe
from frappe import _

from mikrotik_integration.services import settings


def check(subscription: str, customer: str, company: str) -> None:
	"""Refuse a document of another customer or company: its money would pay for a stranger, or in other books."""
	owner = frappe.db.get_value("Customer Subscription", subscription, "customer")
	if owner != customer:
		frappe.throw(_("The subscription {0} is of {1}, not of {2}").format(subscription, owner, customer))
	ours = settings.books().company
	if company != ours:
		frappe.throw(
			_("Subscriptions are booked in the books of {0}, not of {1}; see ISP Settings").format(
				ours, company
			)
		)
