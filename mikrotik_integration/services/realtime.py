"""What an open form hears without being reloaded."""

import frappe

# for customers' eyes, too: they may listen to their own subscription
FIELDS = (
	"status",
	"status_reason",
	"payment_status",
	"expiry_date",
	"router_status",
	"is_online",
	"last_login",
	"data_used_mb",
	"credit",
)


def subscription_changed(name: str) -> None:
	"""Publish ``subscription_<name>_update`` to whoever has this subscription open, after the commit."""
	values = frappe.db.get_value("Customer Subscription", name, FIELDS, as_dict=True)
	if not values:
		return
	frappe.publish_realtime(
		f"subscription_{name}_update",
		{"name": name, **values},
		doctype="Customer Subscription",
		docname=name,
		after_commit=True,
	)
