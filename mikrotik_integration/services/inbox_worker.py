"""Takes payments as far as they go: asks Daraja about many at once and has what is confirmed booked.

A row is due when its ``next_ask`` has come. Whoever takes it moves that on by a lease, so that two workers do not
take the same payments, and those of a worker that died come due again by themselves. Which payments come first:
``inbox_turns``.
"""

import time
from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.services import c2b, inbox, inbox_booking, inbox_queue, inbox_turns, verification

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
	need not wait for another job to book. Anything else that is due ends the waiting, but not the crowd: its questions
	and their answers shall not come all at once."""
	end = time.monotonic() + ANSWER_WITHIN_S
	unanswered = {"name": ("in", names), "source": "Pay Bill", "status": "Received"}
	while time.monotonic() < end:
		# what others have written since must be seen, and nothing is held while waiting
		frappe.db.commit()  # nosemgrep
		if not frappe.db.exists("Subscription Payment", unanswered):
			return
		if _is_due(status="Verified") or _is_due(in_crowd=0):
			return
		time.sleep(0.02)


def _is_due(**which: str | int) -> bool:
	# both kinds of in_crowd are named: then the index finds what is due and passes over what waits
	due = {"status": ("in", inbox_queue.DUE), "in_crowd": ("in", (0, 1)), "next_ask": ("<=", now_datetime())}
	return bool(frappe.db.exists("Subscription Payment", {**due, **which}))


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
	inbox_booking.book(names)
	c2b.register_confirmed(names)
