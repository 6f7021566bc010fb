"""Fields of this app on ERPNext's documents. Made on install, removed on uninstall."""


def _(text: str) -> str:
	"""Marks words for translators. They stay English here: Frappe translates them for each reader, and this file is read
	once for all sites of a bench."""
	return text


SUBSCRIPTION = {
	"fieldname": "customer_subscription",
	"label": _("Customer Subscription"),
	"fieldtype": "Link",
	"options": "Customer Subscription",
	"search_index": 1,
	"in_standard_filter": 1,
}

ROUTER = {
	"fieldname": "hotspot_router",
	"label": _("Hotspot Router"),
	"fieldtype": "Link",
	"options": "MikroTik Settings",
	"description": _("Vouchers of this sale are valid here"),
}

PURCHASE = {
	"fieldname": "hotspot_purchase",
	"label": _("Hotspot Purchase"),
	"fieldtype": "Link",
	"options": "Hotspot Purchase",
	"search_index": 1,
	"depends_on": "eval:doc.party_type == 'Customer'",
	"description": _("The voucher that was bought with this money, or for which it is paid back"),
}

CUSTOM_FIELDS = {
	"Sales Invoice": [
		{
			"fieldname": "internet_service_section",
			"label": _("Internet Service"),
			"fieldtype": "Section Break",
			"insert_after": "remarks",
			"collapsible": 1,
			"depends_on": "customer_subscription",
		},
		SUBSCRIPTION | {"insert_after": "internet_service_section"},
		{
			"fieldname": "service_granted",
			"label": _("Period Granted"),
			"fieldtype": "Check",
			"read_only": 1,
			"no_copy": 1,
			"insert_after": "customer_subscription",
			"description": _("This invoice was paid, and the subscription got its period"),
		},
		{
			"fieldname": "internet_service_column",
			"fieldtype": "Column Break",
			"insert_after": "service_granted",
		},
		{
			"fieldname": "service_from",
			"label": _("Service From"),
			"fieldtype": "Datetime",
			"read_only": 1,
			"no_copy": 1,
			"insert_after": "internet_service_column",
		},
		{
			"fieldname": "service_to",
			"label": _("Service To"),
			"fieldtype": "Datetime",
			"read_only": 1,
			"no_copy": 1,
			"insert_after": "service_from",
		},
		ROUTER | {"insert_after": "pos_profile", "depends_on": "is_pos"},
		{
			"fieldname": "hotspot_day_invoice",
			"label": _("Vouchers of a Day"),
			"fieldtype": "Check",
			"read_only": 1,
			"hidden": 1,
			"no_copy": 1,
			"insert_after": "hotspot_router",
		},
	],
	"POS Invoice": [ROUTER | {"insert_after": "pos_profile"}],
	"POS Profile": [
		ROUTER | {"insert_after": "warehouse", "description": _("For vouchers that are sold here")}
	],
	"Payment Entry": [
		SUBSCRIPTION | {"insert_after": "party_name"},
		PURCHASE | {"insert_after": "customer_subscription"},
		{
			"fieldname": "mpesa_receipt",
			"label": _("M-PESA Receipt"),
			"fieldtype": "Data",
			"read_only": 1,
			"hidden": 1,
			"no_copy": 1,
			"unique": 1,
			"insert_after": "hotspot_purchase",
		},
		{
			"fieldname": "hotspot_day_invoice",
			"label": _("Vouchers of a Day"),
			"fieldtype": "Data",
			"read_only": 1,
			"hidden": 1,
			"no_copy": 1,
			"search_index": 1,
			"insert_after": "mpesa_receipt",
		},
	],
	"Journal Entry": [
		{
			"fieldname": "hotspot_vouchers",
			"label": _("Hotspot Vouchers"),
			"fieldtype": "Check",
			"read_only": 1,
			"hidden": 1,
			"no_copy": 1,
			"insert_after": "user_remark",
		},
	],
}
