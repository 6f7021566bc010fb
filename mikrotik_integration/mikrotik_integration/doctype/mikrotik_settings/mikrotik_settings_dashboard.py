"""What is connected with a router."""

from frappe import _


def get_data() -> dict:
	return {
		"fieldname": "mikrotik_settings",
		"non_standard_fieldnames": {"MikroTik API Log": "router"},
		"transactions": [
			{"label": _("Customers"), "items": ["Customer Subscription", "Subscription Payment"]},
			{
				"label": _("Hotspot"),
				"items": ["Hotspot Voucher", "Hotspot Voucher Batch", "Hotspot Purchase"],
			},
			{"label": _("Router"), "items": ["Router Account", "Usage Record", "MikroTik API Log"]},
		],
	}
