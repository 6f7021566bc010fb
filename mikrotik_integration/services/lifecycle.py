"""Between a Customer Subscription document and the pure lifecycle in ``core.subscriptions``."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import cstr, flt, get_datetime, now_datetime

from mikrotik_integration.core.subscriptions import lifecycle as core
from mikrotik_integration.core.subscriptions.lifecycle import Access, Event, Standing, Terms
from mikrotik_integration.core.subscriptions.plan_change import Offer
from mikrotik_integration.exceptions import SubscriptionError
from mikrotik_integration.services import settings
from mikrotik_integration.services.bulk import as_much_as_fits
from mikrotik_integration.services.locks import lock_row

# field of the document for each fact of a Standing that has another name there
FIELDS = {"start": "start_date", "expiry": "expiry_date"}


def terms_of(plan_name: str) -> Terms:
	"""What an Internet Plan promises."""
	plan = frappe.get_cached_doc("Internet Plan", plan_name)
	postpaid = plan.billing == "Postpaid"
	return Terms(
		validity=timedelta(days=plan.validity_days or 0, hours=plan.validity_hours or 0),
		postpaid=postpaid,
		grace=settings.grace() if postpaid else timedelta(0),
		quota_bytes=(plan.data_quota_mb or 0) * settings.bytes_per_mb(),
		quota_seconds=(plan.time_quota_minutes or 0) * 60,
		slow_at_quota=plan.at_quota == "Slow Down",
	)


def offer_of(plan_name: str, price: float) -> Offer:
	"""A plan at the price of a subscription."""
	return Offer(terms_of(plan_name), Decimal(cstr(flt(price, 2))))


def standing_of(subscription) -> Standing:
	"""The facts of a subscription, as its document holds them."""
	return Standing(
		start=_moment(subscription.start_date),
		expiry=_moment(subscription.expiry_date),
		period_start=_moment(subscription.period_start),
		period_end=_moment(subscription.period_end),
		extra_quotas=subscription.extra_quotas or 0,
		used_bytes=subscription.used_bytes or 0,
		used_seconds=subscription.used_seconds or 0,
		paused_at=_moment(subscription.paused_at),
		staff_hold=bool(subscription.staff_hold),
		customer_disabled=bool(subscription.customer_disabled),
		on_credit=bool(subscription.on_credit),
		terminated_at=_moment(subscription.terminated_at),
	)


def access(subscription) -> Access:
	"""What the subscription is entitled to now."""
	return core.access(standing_of(subscription), terms_of(subscription.internet_plan), now_datetime())


def apply_event(subscription, event: Event) -> None:
	"""Change the facts on the document; the caller saves it. Raises SubscriptionError if it cannot be."""
	terms = terms_of(subscription.internet_plan)
	try:
		standing = core.step(standing_of(subscription), event, terms, now_datetime())
	except core.NotAllowed as refusal:
		raise SubscriptionError(str(refusal)) from refusal
	write_facts(subscription, standing)


def derive(subscription) -> None:
	"""Set what follows from the facts, the plan and the time: status, reason, quota, the next change by time."""
	terms, now = terms_of(subscription.internet_plan), now_datetime()
	standing = core.rolled(standing_of(subscription), terms, now)
	write_facts(subscription, standing)
	status = core.status(standing, terms, now)
	subscription.status = status.value
	subscription.status_reason = _reason(standing, terms, status)
	subscription.quota_state = _quota_state(standing, terms, now)
	quota_bytes, _seconds = core.quota(standing, terms)
	subscription.data_quota_mb = quota_bytes // settings.bytes_per_mb()
	used = {
		"data_used_mb": standing.used_bytes / settings.bytes_per_mb(),
		"time_used_minutes": standing.used_seconds // 60,
	}
	for field, value in used.items():
		subscription.set(field, as_much_as_fits(subscription.doctype, field, value))
	subscription.next_change = core.next_change(standing, terms, now)


def refresh(subscription_name: str) -> None:
	"""Bring one subscription up to date with the time, its plan and its usage. In the caller's transaction."""
	if not lock_row("Customer Subscription", subscription_name):
		return
	subscription = frappe.get_doc("Customer Subscription", subscription_name, for_update=True)
	subscription.flags.ignore_permissions = True
	subscription.save()


def write_facts(subscription, standing: Standing) -> None:
	"""On the document; the caller saves it."""
	for fact, value in asdict(standing).items():
		subscription.set(FIELDS.get(fact, fact), value)


def _moment(value) -> datetime | None:
	return get_datetime(value) if value else None


def _quota_state(standing: Standing, terms: Terms, now: datetime) -> str:
	if not (terms.quota_bytes or terms.quota_seconds):
		return ""
	return "Used Up" if core.at_quota(standing, terms, now) else "Within"


def _reason(standing: Standing, terms: Terms, status: core.Status) -> str:
	"""Why the subscription is not active, in words for the desk."""
	reasons = (
		(standing.terminated_at, _("Terminated")),
		(
			standing.expiry is None,
			_("Activate it to start the first period") if terms.postpaid else _("Not paid yet"),
		),
		(standing.paused_at, _("Paused; the paid time is kept")),
		(standing.staff_hold, _("Held by staff")),
		(standing.customer_disabled, _("The customer is disabled in ERPNext")),
		(status is core.Status.SUSPENDED, _("The invoice was not paid within the grace time")),
		(status is core.Status.EXPIRED, _("The paid period has ended")),
	)
	return next((words for applies, words in reasons if applies), "")
