"""Bench imports this module of every app for each of its commands. This app has none of its own yet.

A background worker makes a new process for each job, by fork. What the worker itself has imported, no job has to import
again: loading ERPNext's accounting and this app takes longer than booking a payment does. Not under ``bench start``:
there each job shall run the code as it was last saved.
"""

import sys
from importlib import import_module

import frappe

commands: list = []

# what is loaded when a payment is verified and booked, beside what these import themselves
OF_A_PAYMENT = (
	"babel.dates",
	"erpnext.accounts.doctype.gl_entry.gl_entry",
	"erpnext.accounts.doctype.payment_ledger_entry.payment_ledger_entry",
	"erpnext.accounts.doctype.payment_request.payment_request",
	"erpnext.controllers.buying_controller",
	"erpnext.controllers.taxes_and_totals",
	"erpnext.selling.doctype.sales_order.sales_order",
	"frappe.core.doctype.version.version",
	"frappe.email.doctype.notification.notification",
	"frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_settings.mpesa_settings",
	"mikrotik_integration.mikrotik_integration.doctype.customer_subscription.customer_subscription",
	"mikrotik_integration.mikrotik_integration.doctype.internet_plan.internet_plan",
	"mikrotik_integration.mikrotik_integration.doctype.mikrotik_settings.mikrotik_settings",
	"mikrotik_integration.mikrotik_integration.doctype.subscription_payment.subscription_payment",
	"mikrotik_integration.services.inbox_worker",
	"num2words",
)


def _is_worker() -> bool:
	return not {"worker", "worker-pool"}.isdisjoint(sys.argv)


if _is_worker() and not frappe._dev_server:
	for module in OF_A_PAYMENT:
		import_module(module)
