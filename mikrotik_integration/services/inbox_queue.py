"""Has payments taken by a worker: see ``inbox_worker``."""

import frappe
from frappe.utils import now_datetime
from frappe.utils.background_jobs import get_redis_conn

from mikrotik_integration.services import jobs

DUE = ("Requested", "Received", "Verified")
WAITING_SECONDS = 30


def enqueue(name: str) -> None:
	"""This payment is due now: have a worker take it after the commit."""
	frappe.db.set_value(
		"Subscription Payment",
		{"name": name, "status": ("in", DUE)},
		"next_ask",
		now_datetime(),
		update_modified=False,
	)
	frappe.db.after_commit.add(wake)


def wake_if_due(**payment: object) -> None:
	"""Somebody waits for a payment like this: have it asked about when its time has come, not at the next full
	minute."""
	due = {"status": ("in", DUE), "next_ask": ("<=", now_datetime())}
	if frappe.db.exists("Subscription Payment", {**payment, **due}):
		frappe.db.after_commit.add(wake)
		frappe.local.flags.commit = True  # also when the request only reads


def wake() -> None:
	"""Queue the job, unless one is queued that has not begun: it will see what was committed until it begins."""
	if get_redis_conn().set(_waiting_key(), 1, nx=True, ex=WAITING_SECONDS):
		jobs.enqueue("mikrotik_integration.services.inbox_worker.run", timeout=1500)


def begun() -> None:
	"""The job runs: whoever wakes from now on needs another one."""
	get_redis_conn().delete(_waiting_key())


def _waiting_key() -> str:
	return f"mikrotik_integration|inbox_worker_waits|{frappe.local.site}"
