"""Books verified payments one by one, tells whoever waits, and tells each router once. See ``inbox_worker``."""

import frappe

from mikrotik_integration.services import (
	application,
	locks,
	messages,
	provisioning,
	purchase_sms,
	purchases,
	realtime,
)


def book(names: list[str]) -> None:
	"""Apply those of these payments that are verified by now, then bring their accounts onto the routers."""
	_provision([name for name in names if apply(name)])


def apply(name: str) -> bool:
	"""Whether the payment was applied now. The books of one payment do not hold up those of another."""
	try:
		applied = locks.afresh(application.apply, name)
		if applied:
			_announce(name)
		_show_failure(name)
		# one payment a transaction; the books stand before the router is talked to
		frappe.db.commit()
		return applied
	except Exception as error:
		frappe.db.rollback()
		application.postpone(name, error)
		# the reason must be seen, and the payment tried again
		frappe.db.commit()
		return False


def _announce(name: str) -> None:
	payment = frappe.get_doc("Subscription Payment", name)
	if payment.hotspot_purchase:
		purchase_sms.announce(payment.hotspot_purchase)
		return
	messages.payment_applied(payment)
	realtime.subscription_changed(payment.subscription)


def _show_failure(name: str) -> None:
	failed = frappe.db.get_value(
		"Subscription Payment",
		{"name": name, "status": "Failed"},
		["subscription", "hotspot_purchase", "review_reason"],
		as_dict=True,
	)
	if failed and failed.hotspot_purchase:
		if not purchases.has_open_prompt(failed.hotspot_purchase):
			purchases.give_up(failed.hotspot_purchase, failed.review_reason)
	elif failed and failed.subscription:
		frappe.db.set_value(
			"Customer Subscription", failed.subscription, "payment_status", "Failed", update_modified=False
		)
		realtime.subscription_changed(failed.subscription)


def _provision(applied: list[str]) -> None:
	paid = frappe.get_all(
		"Subscription Payment",
		{"name": ("in", applied or [""])},
		["subscription", "hotspot_purchase"],
		order_by="name",
	)
	subscriptions = [row.subscription for row in paid if row.subscription]
	if subscriptions:
		provisioning.push_owners("Customer Subscription", subscriptions)
	bought = [row.hotspot_purchase for row in paid if row.hotspot_purchase]
	if bought:
		provisioning.push_owners(
			"Hotspot Voucher",
			frappe.get_all(
				"Hotspot Purchase", {"name": ("in", bought)}, pluck="hotspot_voucher", order_by="name"
			),
		)
