"""ERPNext's Sales Invoice: cancelling or crediting one takes back the period that it gave."""

import frappe

from mikrotik_integration.services import payments


def on_submit(doc, method=None) -> None:
	if doc.is_return and doc.return_against:
		_settle(frappe.db.get_value("Sales Invoice", doc.return_against, "customer_subscription"))


def on_cancel(doc, method=None) -> None:
	_settle(doc.customer_subscription)


def _settle(subscription: str | None) -> None:
	if subscription:
		payments.enqueue_settle(subscription)
