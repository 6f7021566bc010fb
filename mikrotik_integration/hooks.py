app_name = "mikrotik_integration"
app_title = "MikroTik Integration"
app_publisher = "The mikrotik_integration contributors"
app_description = "Run an Internet provider or a Wi-Fi hotspot on MikroTik routers from ERPNext"
app_email = "maintainers@example.com"
app_license = "mit"

# org/app, so that install-app finds the name without asking GitHub
required_apps = ["frappe/erpnext", "navariltd/frappe_mpsa_payments"]

after_install = "mikrotik_integration.install.after_install"
after_sync = "mikrotik_integration.install.after_sync"
after_migrate = "mikrotik_integration.install.after_migrate"
before_uninstall = "mikrotik_integration.uninstall.before_uninstall"

add_to_apps_screen = [
	{
		"name": "mikrotik_integration",
		"logo": "/assets/mikrotik_integration/images/logo.svg",
		"title": "Internet",
		"route": "/app/internet-service",
		"has_permission": "mikrotik_integration.permissions.may_use_app",
	}
]

app_include_js = "/assets/mikrotik_integration/js/standstill.js"

doc_events = {
	"Customer": {
		"on_update": "mikrotik_integration.overrides.customer.on_update",
	},
	"Payment Entry": {
		"on_submit": "mikrotik_integration.overrides.payment_entry.on_submit",
		"on_cancel": "mikrotik_integration.overrides.payment_entry.on_cancel",
	},
	"System Settings": {
		"on_update": "mikrotik_integration.overrides.system_settings.on_update",
	},
	"Sales Invoice": {
		"validate": "mikrotik_integration.overrides.voucher_sale.validate",
		"on_submit": [
			"mikrotik_integration.overrides.sales_invoice.on_submit",
			"mikrotik_integration.overrides.voucher_sale.on_submit",
		],
		"on_cancel": [
			"mikrotik_integration.overrides.sales_invoice.on_cancel",
			"mikrotik_integration.overrides.voucher_sale.on_cancel",
		],
	},
	"POS Invoice": {
		"validate": "mikrotik_integration.overrides.voucher_sale.validate",
		"on_submit": "mikrotik_integration.overrides.voucher_sale.on_submit",
		"on_cancel": "mikrotik_integration.overrides.voucher_sale.on_cancel",
	},
	"Journal Entry": {
		"validate": "mikrotik_integration.overrides.journal_entry.validate",
		"on_cancel": "mikrotik_integration.overrides.journal_entry.on_cancel",
	},
	"Mpesa Express Request": {
		"before_submit": "mikrotik_integration.overrides.mpesa_express_request.before_submit",
		"on_submit": "mikrotik_integration.overrides.mpesa_express_request.on_submit",
		"before_update_after_submit": "mikrotik_integration.overrides.mpesa_express_request.before_update_after_submit",
	},
	"Mpesa C2B Payment Register": {
		"after_insert": "mikrotik_integration.overrides.mpesa_c2b_payment_register.after_insert",
		"validate": "mikrotik_integration.overrides.mpesa_c2b_payment_register.validate",
	},
}

# frappe_mpsa_payments answers these for guests, with names, phones and amounts, or sends prompts for them
_mpesa_app = "frappe_mpsa_payments.frappe_mpsa_payments"
override_whitelisted_methods = {
	"frappe.client.get_count": "mikrotik_integration.overrides.desk_search.get_count",
	f"{_mpesa_app}.api.m_pesa_api.initiate_stk_push": "mikrotik_integration.overrides.mpesa_endpoints.initiate_stk_push",
	f"{_mpesa_app}.doctype.mpesa_express_request.mpesa_express_request.initiate_stk_push": "mikrotik_integration.overrides.mpesa_endpoints.initiate_stk_push",
	f"{_mpesa_app}.doctype.mpesa_express_request.mpesa_express_request.get_request_status": "mikrotik_integration.overrides.mpesa_endpoints.get_request_status",
	f"{_mpesa_app}.api.m_pesa_api.get_draft_pos_invoice": "mikrotik_integration.overrides.mpesa_endpoints.get_draft_pos_invoice",
	f"{_mpesa_app}.api.m_pesa_api.get_mpesa_draft_c2b_payments": "mikrotik_integration.overrides.mpesa_endpoints.get_mpesa_draft_c2b_payments",
	f"{_mpesa_app}.api.payment_entry.get_outstanding_invoices": "mikrotik_integration.overrides.mpesa_endpoints.get_outstanding_invoices",
}

scheduler_events = {
	"cron": {
		"* * * * *": [
			"mikrotik_integration.tasks.ask_for_payments_again",
			"mikrotik_integration.tasks.free_reservations",
			"mikrotik_integration.tasks.follow_the_clock",
			"mikrotik_integration.tasks.send_codes",
		],
		"*/2 * * * *": ["mikrotik_integration.tasks.check_routers"],
	},
	"hourly_long": ["mikrotik_integration.tasks.collect_usage"],
	"daily_long": ["mikrotik_integration.tasks.bill_and_clean_up"],
}

permission_query_conditions = {
	"Customer Subscription": "mikrotik_integration.permissions.customer_subscription_query",
	"Usage Record": "mikrotik_integration.permissions.usage_record_query",
	"Subscription Payment": "mikrotik_integration.permissions.subscription_payment_query",
	"Hotspot Voucher": "mikrotik_integration.permissions.hotspot_voucher_query",
	"Router Account": "mikrotik_integration.permissions.router_account_query",
}
has_permission = {
	"Customer Subscription": "mikrotik_integration.permissions.customer_subscription",
	"Usage Record": "mikrotik_integration.permissions.usage_record",
	"Subscription Payment": "mikrotik_integration.permissions.on_own_router",
	"Router Account": "mikrotik_integration.permissions.router_account",
	"MikroTik API Log": "mikrotik_integration.permissions.on_own_router",
	"Hotspot Voucher": "mikrotik_integration.permissions.hotspot_voucher",
	"Hotspot Voucher Batch": "mikrotik_integration.permissions.on_own_router",
	"Hotspot Purchase": "mikrotik_integration.permissions.on_own_router",
}
# the search behind Link fields
standard_queries = dict.fromkeys(
	[*has_permission, "MikroTik Settings"], "mikrotik_integration.overrides.desk_search.find"
)
has_website_permission = {
	"Customer Subscription": "mikrotik_integration.permissions.customer_subscription_on_website",
}

# for print formats
jinja = {
	"methods": [
		"mikrotik_integration.printing.hotspot_voucher_card",
		"mikrotik_integration.printing.hotspot_vouchers_sold",
		"mikrotik_integration.printing.hotspot_print_zoom",
	]
}

# /hotspot/<portal name>
page_renderer = "mikrotik_integration.www.hotspot.HotspotPage"
before_request = ["mikrotik_integration.api.hotspot.before_request"]

standard_portal_menu_items = [
	{
		"title": "My Internet",
		"route": "/my-internet",
		"reference_doctype": "Customer Subscription",
		"role": "Customer",
	},
]

# A Router Account outlives its owner until the router was seen without it; the others are history.
ignore_links_on_delete = ["Router Account", "Usage Record", "MikroTik API Log"]

default_log_clearing_doctypes = {"MikroTik API Log": 90}
