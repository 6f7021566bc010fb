"""When checks, payments or the clock stand still, people are told within ten minutes.

Everything that this app promises happens in scheduled jobs and workers. If a scheduler was never switched on, or a
worker died, nothing fails: nothing happens. So it is looked for in what should have happened by now and has not.
"""

from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.query_builder import CustomFunction
from frappe.query_builder.functions import Coalesce, Count, Min
from frappe.utils import escape_html, format_datetime, get_datetime, now_datetime

from mikrotik_integration.services import notices
from mikrotik_integration.services.inbox_queue import DUE

Greatest = CustomFunction("greatest", ["a", "b"])
LIMIT = timedelta(minutes=10)
APP = "mikrotik_integration"
EVERY_MINUTE = "Cron"
FEW = 5
OWNER = "ISP Administrator"
TELL_AGAIN_SECONDS = 12 * 3600


def make_jobs_due() -> None:
	"""Have every scheduled job of this app run as soon as the scheduler looks.

	Frappe reckons from a job's last run, or from its creation, in the site's time. A site gets its time zone after
	its jobs were made: what was written in another zone may lie hours ahead, and until then the job does not run.
	"""
	now = now_datetime()
	job = frappe.qb.DocType("Scheduled Job Type")
	ours = job.method.like(f"{APP}.tasks.%")
	for of_these, ago in (
		(job.frequency == EVERY_MINUTE, timedelta(minutes=2)),
		(job.frequency != EVERY_MINUTE, timedelta(days=1)),
	):
		frappe.qb.update(job).set(job.last_execution, now - ago).where(ours & of_these).run()


def forget_pauses() -> None:
	"""What waits until a time that was written in another time zone is due now, instead of hours late."""
	now = now_datetime()
	frappe.db.set_value("MikroTik Settings", {"failures": (">", 0)}, "next_attempt", now)
	frappe.db.set_value(
		"Subscription Payment", {"status": ("in", DUE)}, "next_ask", now, update_modified=False
	)
	frappe.db.set_value("Hotspot Purchase", {"sms_status": "Waiting"}, "next_sms", now, update_modified=False)


def problems() -> list[str]:
	"""What has not happened for ten minutes though it should have, in words for people; nothing if all runs."""
	before = now_datetime() - LIMIT
	return [*_scheduler(before), *_payments(before), *_clock(before), *_routers(before), *_decisions()]


def _scheduler(before: datetime) -> list[str]:
	job = frappe.qb.DocType("Scheduled Job Type")
	last = Coalesce(job.last_execution, job.creation)
	late = (
		frappe.qb.from_(job)
		.select(last)
		.where(job.method.like(f"{APP}.tasks.%") & (job.frequency == EVERY_MINUTE))
		.where((last < before) | (last > now_datetime() + LIMIT))
		.orderby(last)
		.limit(1)
	).run(pluck=True)
	if not late:
		return []
	return [
		_(
			"No scheduled jobs have run since {0}: nobody is cut off or put online by the clock. Is the scheduler switched on, and do scheduler and workers run?"
		).format(format_datetime(late[0]))
	]


def _payments(before: datetime) -> list[str]:
	count = frappe.db.count("Subscription Payment", {"status": ("in", DUE), "next_ask": ("<", before)})
	if not count:
		return []
	return [_("Payments that have waited for more than ten minutes: {0}. Do the workers run?").format(count)]


def _clock(before: datetime) -> list[str]:
	count = 0
	for doctype in ("Customer Subscription", "Hotspot Voucher"):
		document = frappe.qb.DocType(doctype)
		query = frappe.qb.from_(document).select(Count("*")).where(document.next_change < before)
		count += query.run()[0][0]
	if not count:
		return []
	return [
		_(
			"Subscriptions and vouchers that should have begun, ended or been renewed more than ten minutes ago: {0}"
		).format(count)
	]


def _routers(before: datetime) -> list[str]:
	router = frappe.qb.DocType("MikroTik Settings")
	tried = Greatest(Coalesce(router.next_attempt, router.last_seen, router.creation), router.modified)
	((count, since),) = (
		frappe.qb.from_(router).select(Count("*"), Min(tried)).where((router.enabled == 1) & (tried < before))
	).run()
	if not count:
		return []
	return [_("Routers not checked since {0}: {1}").format(format_datetime(since), count)]


def _decisions() -> list[str]:
	"""Routers on which nothing is changed, or nothing taken away, until a person decides."""
	router = frappe.qb.DocType("MikroTik Settings")
	waits = (Coalesce(router.stopped, "") != "") | (router.held_logins > 0)
	found = (
		frappe.qb.from_(router).select(router.name).where((router.enabled == 1) & waits).orderby(router.name)
	).run(pluck=True)
	if not found:
		return []
	names = ", ".join(found[:FEW]) + (" …" if len(found) > FEW else "")
	return [
		_("Routers that wait for a decision, which their forms explain: {0} ({1})").format(len(found), names)
	]


def is_unchecked(router) -> bool:
	"""Whether what was last seen of this router (fields ``enabled``, ``status``, ``last_seen``) is too old to be shown as
	its present state."""
	if not router.enabled or router.status != "Online":
		return False
	return not router.last_seen or get_datetime(router.last_seen) < now_datetime() - LIMIT


def tell_owners() -> None:
	"""Notify the ISP Administrators of what stands still, at most twice a day."""
	found = problems()
	key = f"{APP}|standstill_told"
	if not found or frappe.cache().get_value(key, expires=True):
		return
	frappe.cache().set_value(key, 1, expires_in_sec=TELL_AGAIN_SECONDS)
	for user in notices.users_with_role(OWNER):
		frappe.get_doc(
			{
				"doctype": "Notification Log",
				"for_user": user,
				"type": "Alert",
				"subject": _("The Internet service stands still"),
				"email_content": "<br>".join(escape_html(line) for line in found),
			}
		).insert(ignore_permissions=True)
