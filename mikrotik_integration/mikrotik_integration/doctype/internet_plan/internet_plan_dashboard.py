"""What is connected with a plan."""

from frappe import _


def get_data() -> dict:
	return {
		"fieldname": "internet_plan",
		"transactions": [
			{"label": _("Customers"), "items": ["Customer Subscription"]},
			{
				"label": _("Hotspot"),
				"items": ["Hotspot Voucher", "Hotspot Voucher Batch", "Hotspot Purchase"],
			},
		],
	}
