"""ERPNext's Journal Entry: one that pays, credits or takes back what a subscription's documents stand for is followed;
one that made deferred vouchers income is undone, and made again by itself.
"""

import frappe

from mikrotik_integration.services import deferred, payments

FOLLOWED = ("Sales Invoice", "Payment Entry")


def validate(doc, method=None) -> None:
	deferred.check_not_amended(doc)


def on_submit(doc, method=None) -> None:
	if not doc.flags.is_from_service:
		_settle(doc)


def on_cancel(doc, method=None) -> None:
	deferred.forget(doc.name)
	_settle(doc)


def _settle(doc) -> None:
	referred = {
		frappe.db.get_value(row.reference_type, row.reference_name, "customer_subscription")
		for row in doc.accounts
		if row.reference_type in FOLLOWED
	}
	for subscription in sorted(name for name in referred if name):
		payments.enqueue_settle(subscription)
