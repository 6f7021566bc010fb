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

_turns = {
	"before_validate": "mikrotik_integration.overrides.turns.before_validate",
	"before_cancel": "mikrotik_integration.overrides.turns.before_cancel",
}
doc_events = {
	"Customer": {
		"on_update": "mikrotik_integration.overrides.customer.on_update",
	},
	"Payment Entry": {
		**_turns,
		"on_submit": "mikrotik_integration.overrides.payment_entry.on_submit",
		"on_cancel": "mikrotik_integration.overrides.payment_entry.on_cancel",
	},
	"Comment": {
		"before_insert": "mikrotik_integration.overrides.staff_notes.before_insert_of_comment",
		"on_update": "mikrotik_integration.overrides.staff_notes.on_update",
	},
	"Communication": {
		"on_update": "mikrotik_integration.overrides.staff_notes.on_update",
	},
	"System Settings": {
		"on_update": "mikrotik_integration.overrides.system_settings.on_update",
	},
	"Sales Invoice": {
		**_turns,
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
		**_turns,
		"validate": "mikrotik_integration.overrides.voucher_sale.validate",
		"on_submit": "mikrotik_integration.overrides.voucher_sale.on_submit",
		"on_cancel": "mikrotik_integration.overrides.voucher_sale.on_cancel",
	},
	"Journal Entry": {
		**_turns,
		"validate": "mikrotik_integration.overrides.journal_entry.validate",
		"on_submit": "mikrotik_integration.overrides.journal_entry.on_submit",
		"on_cancel": "mikrotik_integration.overrides.journal_entry.on_cancel",
	},
	"Mpesa Express Request": {
		"before_submit": "mikrotik_integration.overrides.mpesa_express_request.before_submit",
		"on_submit": "mikrotik_integration.overrides.mpesa_express_request.on_submit",
		"before_update_after_submit": "mikrotik_integration.overrides.mpesa_express_request.before_update_after_submit",
	},
	"Mpesa C2B Payment Register": {
		"before_insert": "mikrotik_integration.overrides.text_fields.before_insert_of_mpesa",
		"after_insert": "mikrotik_integration.overrides.mpesa_c2b_payment_register.after_insert",
		"validate": "mikrotik_integration.overrides.mpesa_c2b_payment_register.validate",
	},
}
_documents = [
	"Connection Type",
	"Customer Subscription",
	"Hotspot Purchase",
	"Hotspot Voucher",
	"Hotspot Voucher Batch",
	"Internet Plan",
	"ISP Settings",
	"MikroTik API Log",
	"MikroTik Settings",
	"Router Account",
	"Router Group",
	"Subscription Payment",
	"Usage Record",
]
# the tables of a Customer, in ERPNext 15 and 16, and of its Contacts and Addresses
_rows_of_customer = (
	"Allowed To Transact With",
	"Contact Email",
	"Contact Phone",
	"Customer Credit Limit",
	"Dynamic Link",
	"Party Account",
	"Portal User",
	"Sales Team",
	"Supplier Number At Customer",
)
doc_events |= {
	doctype: {"before_insert": "mikrotik_integration.overrides.customer.before_insert_of_row"}
	for doctype in _rows_of_customer
}
# texts that Accounts User or Accounts Manager write and ERPNext renders, and what holds rows of such texts
_templates = (
	"Auto Repeat",
	"Dunning Letter Text",
	"Dunning Type",
	"Payment Gateway Account",
	"Payment Request",
	"Print Format",
	"Process Statement Of Accounts",
	"Terms and Conditions",
)
doc_events |= {
	doctype: {"validate": "mikrotik_integration.overrides.templates.validate"} for doctype in _templates
}
doc_events["Workspace"] = {"validate": "mikrotik_integration.overrides.workspace.validate"}
doc_events |= {
	f"Workspace {row}": {"validate": "mikrotik_integration.overrides.workspace.validate_row"}
	for row in ("Chart", "Custom Block", "Link", "Number Card", "Quick List", "Shortcut")
}
# money of ours is in them, and their names are references, too
for _with_money in (
	"Customer",
	"Journal Entry",
	"Payment Entry",
	"Payment Request",
	"POS Invoice",
	"Sales Invoice",
):
	doc_events.setdefault(_with_money, {})["after_rename"] = (
		"mikrotik_integration.overrides.renaming.after_rename"
	)
_text_fields = "mikrotik_integration.overrides.text_fields"
doc_events |= {
	doctype: {
		**{event: f"{_text_fields}.{event}" for event in ("before_insert", "validate", "before_print")},
		"after_rename": "mikrotik_integration.overrides.renaming.after_rename",
	}
	for doctype in _documents
}

# read by lists and forms: Frappe shows text fields as HTML
doctype_list_js = dict.fromkeys(
	[*_documents, "Mpesa C2B Payment Register", "Mpesa Express Request"], "public/js/text_fields.js"
)

# frappe_mpsa_payments answers these for guests, with names, phones and amounts, or sends prompts for them
_mpesa_app = "frappe_mpsa_payments.frappe_mpsa_payments"
_mpesa_api = f"{_mpesa_app}.api.m_pesa_api"
_mpesa_request = f"{_mpesa_app}.doctype.mpesa_express_request.mpesa_express_request"
_mpesa_settings = f"{_mpesa_app}.doctype.mpesa_settings.mpesa_settings"
# by our module that judges who may call: function, and the modules of the app through which it can be called
_mpesa_judged = {
	"mpesa_guests": {
		"create_new_request": [_mpesa_request],
		"retry_stkpush": [_mpesa_request],
		"convert_amount_to_kes": [
			_mpesa_request,
			"frappe_mpsa_payments.utils.utils",
			"frappe_mpsa_payments.www.mpesa.stkpush",
		],
		"get_request_status": [_mpesa_request],
	},
	"mpesa_callbacks": {
		"stk_push_callback": [_mpesa_api],
		"confirmation": [_mpesa_api],
		"verify_transaction": [_mpesa_api],
		"balance_query_callback": [_mpesa_api],
		"handle_transaction_status_result": [_mpesa_api],
		"handle_queue_timeout": [_mpesa_api],
		"process_balance_info": [_mpesa_settings],
		"b2c_results_callback": [f"{_mpesa_app}.api.b2c"],
	},
	"mpesa_staff": {
		"initiate_invoice_stk_push": [f"{_mpesa_app}.api.sales_invoice"],
		"initiate_row_stk_push": [f"{_mpesa_app}.api.sales_invoice"],
		"validate_stk_push_eligibility": [f"{_mpesa_app}.api.sales_invoice"],
		"get_stk_amount": [f"{_mpesa_app}.api.sales_invoice"],
		"get_payment_gateway_from_mop": [f"{_mpesa_app}.api.sales_invoice"],
		"get_mop_from_payment_gateway": [f"{_mpesa_app}.api.sales_invoice"],
		"check_transaction_status": [_mpesa_api, _mpesa_request],
		"get_unallocated_payments": [f"{_mpesa_app}.api.payment_entry"],
		"submit_mpesa_payment": [_mpesa_api, f"{_mpesa_app}.api.payment_entry"],
		"submit_instant_mpesa_payment": [_mpesa_api],
		"process_mpesa_c2b_reconciliation": [f"{_mpesa_app}.api.payment_entry"],
		"process_mpesa_c2b_customer_credit": [f"{_mpesa_app}.api.payment_entry"],
		"trigger_transaction_status": [_mpesa_settings],
		"get_mpesa_mode_of_payment": [_mpesa_api],
		"make_b2c_payment_request": [
			f"{_mpesa_app}.api.b2c",
			f"{_mpesa_app}.doctype.b2c_disbursement_request.b2c_disbursement_request",
		],
		"initiate_tax_remmitance": [
			_mpesa_api,
			f"{_mpesa_app}.doctype.mpesa_tax_remittance.mpesa_tax_remittance",
		],
		"get_account_balance": [_mpesa_api, _mpesa_settings],
		"get_doctype_fields": [_mpesa_settings],
		"get_stkpush_defaults": [_mpesa_request],
		"get_mode_of_payment_account": ["frappe_mpsa_payments.utils.utils"],
	},
}
_invoices_judged = {
	"accounts.doctype.payment_request.payment_request": ["make_payment_request", "resend_payment_email"],
	"accounts.doctype.invoice_discounting.invoice_discounting": ["get_invoices"],
	"accounts.doctype.sales_invoice.sales_invoice": ["create_invoice_discounting"],
	"controllers.stock_controller": ["show_accounting_ledger_preview", "show_stock_ledger_preview"],
}
override_whitelisted_methods = {
	"frappe.automation.doctype.auto_repeat.auto_repeat.generate_message_preview": "mikrotik_integration.overrides.templates.generate_message_preview",
	"frappe.client.get": "mikrotik_integration.overrides.desk_search.get",
	"frappe.client.get_count": "mikrotik_integration.overrides.desk_search.get_count",
	"frappe.client.validate_link": "mikrotik_integration.overrides.desk_search.validate_link",
	"frappe.core.doctype.sms_settings.sms_settings.send_sms": "mikrotik_integration.overrides.sms_settings.send_sms",
	"frappe.desk.form.load.getdoc": "mikrotik_integration.overrides.staff_notes.getdoc",
	"frappe.desk.form.load.get_docinfo": "mikrotik_integration.overrides.staff_notes.get_docinfo",
	"frappe.utils.goal.get_monthly_goal_graph_data": "mikrotik_integration.overrides.desk_search.get_monthly_goal_graph_data",
	"erpnext.selling.page.point_of_sale.point_of_sale.set_customer_info": "mikrotik_integration.overrides.customer.set_customer_info",
	**{
		f"erpnext.{module}.{function}": f"mikrotik_integration.overrides.invoices.{function}"
		for module, functions in _invoices_judged.items()
		for function in functions
	},
	f"{_mpesa_app}.api.m_pesa_api.initiate_stk_push": "mikrotik_integration.overrides.mpesa_endpoints.initiate_stk_push",
	f"{_mpesa_app}.doctype.mpesa_express_request.mpesa_express_request.initiate_stk_push": "mikrotik_integration.overrides.mpesa_endpoints.initiate_stk_push",
	f"{_mpesa_app}.api.m_pesa_api.get_draft_pos_invoice": "mikrotik_integration.overrides.mpesa_endpoints.get_draft_pos_invoice",
	f"{_mpesa_app}.api.m_pesa_api.get_mpesa_draft_c2b_payments": "mikrotik_integration.overrides.mpesa_endpoints.get_mpesa_draft_c2b_payments",
	f"{_mpesa_app}.api.payment_entry.get_outstanding_invoices": "mikrotik_integration.overrides.mpesa_endpoints.get_outstanding_invoices",
	f"{_mpesa_app}.doctype.mpesa_c2b_payment_register.mpesa_c2b_payment_register.get_outstanding_invoices": "mikrotik_integration.overrides.mpesa_endpoints.get_outstanding_invoices",
	**{
		f"{module}.{function}": f"mikrotik_integration.overrides.{ours}.{function}"
		for ours, functions in _mpesa_judged.items()
		for function, modules in functions.items()
		for module in modules
	},
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
	"Hotspot Voucher Device": "mikrotik_integration.permissions.hotspot_voucher_device_query",
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
before_request = [
	"mikrotik_integration.overrides.names.before_request",
	"mikrotik_integration.overrides.raw_queries.before_request",
	"mikrotik_integration.overrides.second_names.before_request",
	"mikrotik_integration.overrides.turns.before_request",
	"mikrotik_integration.api.hotspot.before_request",
	"mikrotik_integration.overrides.mpesa_guests.before_request",
]

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
