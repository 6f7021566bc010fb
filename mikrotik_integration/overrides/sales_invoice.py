"""ERPNext's Sales Invoice: one of a subscription buys its period when it is paid; undone, it takes that back."""

import frappe

from mikrotik_integration.overrides import ownership
from mikrotik_integration.services import payments, periods, prices


def on_submit(doc, method=None) -> None:
	if doc.is_return:
		prices.check_credit_note(doc)
		periods.check_credit_note(doc)
		_settle(frappe.db.get_value("Sales Invoice", doc.return_against, "customer_subscription"))
	elif doc.customer_subscription and not doc.flags.is_from_service:
		ownership.check(doc.customer_subscription, doc.customer, doc.company)
		if not doc.is_debit_note:
			prices.check_invoice(doc)
		_sells_nothing_yet(doc)
		_settle(doc.customer_subscription)


def on_cancel(doc, method=None) -> None:
	_settle(doc.customer_subscription)


def _sells_nothing_yet(doc) -> None:
	"""An amended invoice is a copy, also of what the one that it replaces has granted."""
	if doc.service_granted or doc.service_from:
		doc.db_set({"service_granted": 0, "service_from": None, "service_to": None})


def _settle(subscription: str | None) -> None:
	if subscription:
		payments.enqueue_settle(subscription)
