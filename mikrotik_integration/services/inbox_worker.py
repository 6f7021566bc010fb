"""Takes payments as far as they go: asks Daraja about many at once, books them one by one, tells each router once.

A row is due when its ``next_ask`` has come. Whoever takes it moves that on by a lease, so that two workers do not
take the same payments, and those of a worker that died come due again by themselves. Which payments come first:
``inbox_turns``.
"""

import time
from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.services import (
	application,
	c2b,
	inbox,
	inbox_queue,
	inbox_turns,
	locks,
	messages,
	provisioning,
	purchase_sms,
	purchases,
	realtime,
	verification,
)

LEASE = timedelta(seconds=60)
LONGEST_RUN_S = 10
ANSWER_WITHIN_S = 2.5


def run() -> None:
	"""Background job: everything that is due, but not for long at a time: other jobs wait for this worker as well."""
	inbox_queue.begun()
	end = time.monotonic() + LONGEST_RUN_S
	while names := _claim():
		process(names)
		if time.monotonic() > end:
			inbox_queue.wake()
			break
		_wait_for_answers(names)
	# what wakes the next run goes out after a commit
	frappe.db.commit()  # nosemgrep


def _wait_for_answers(names: list[str]) -> None:
	"""M-PESA's answer about a receipt comes to the web server, mostly within a second: what this job books, the customer
	need not wait for another job to book. Anything else that is due ends the waiting."""
	end = time.monotonic() + ANSWER_WITHIN_S
	unanswered = {"name": ("in", names), "source": "Pay Bill", "status": "Received"}
	while time.monotonic() < end:
		# what others have written since must be seen, and nothing is held while waiting
		frappe.db.commit()  # nosemgrep
		if not frappe.db.exists("Subscription Payment", unanswered) or _is_due():
			return
		time.sleep(0.05)


def _is_due() -> bool:
	due = {"status": ("in", inbox_queue.DUE), "next_ask": ("<=", now_datetime())}
	return bool(frappe.db.exists("Subscription Payment", due))


def ask_again() -> None:
	"""Every minute: payments whose time to be asked about has come, and those that stopped halfway."""
	for request in inbox.pushes_without_payment():
		inbox.record_push(request)
	if _is_due():
		frappe.db.after_commit.add(inbox_queue.wake)


def _claim() -> list[str]:
	"""The next due payments, leased to this worker."""
	# what is due must be read as it is now
	frappe.db.commit()  # nosemgrep
	names = inbox_turns.next_names()
	if names:
		payment = frappe.qb.DocType("Subscription Payment")
		lease = now_datetime() + LEASE
		frappe.qb.update(payment).set(payment.next_ask, lease).where(payment.name.isin(names)).run()
	# the lease must be seen by the other workers
	frappe.db.commit()  # nosemgrep
	return names


def process(names: list[str]) -> None:
	"""Verify and apply these payments, then bring their accounts onto the routers."""
	verification.ask(names)
	applied = [name for name in names if _apply(name)]
	_provision(applied)
	c2b.register_confirmed(names)


def _apply(name: str) -> bool:
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
