"""What is delivered in this way."""

from frappe import _


def get_data() -> dict:
	return {
		"fieldname": "connection_type",
		"transactions": [{"label": _("Sold As"), "items": ["Internet Plan", "Customer Subscription"]}],
	}
