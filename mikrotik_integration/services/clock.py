"""What happens because time goes by: periods end, advances buy the next, postpaid customers are billed and dunned."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime, now_datetime

from mikrotik_integration.core.subscriptions import lifecycle as core
from mikrotik_integration.services import (
	accounts,
	invoicing,
	lifecycle,
	messages,
	payments,
	periods,
	realtime,
	settings,
)
from mikrotik_integration.services.locks import lock_row

BATCH = 500


def advance_due_subscriptions() -> None:
	"""Every minute: subscriptions whose status changes by time alone, then the routers that this concerns."""
	due = frappe.get_all(
		"Customer Subscription",
		filters={"next_change": ("<=", now_datetime())},
		pluck="name",
		order_by="next_change",
		limit=BATCH,
	)
	routers = {router for name in due if (router := _guarded(advance, name))}
	for router in routers:
		enqueue_push(router)


def advance(name: str) -> str | None:
	"""One subscription whose time has come; returns its router."""
	lock_row("Customer Subscription", name)
	subscription = frappe.get_doc("Customer Subscription", name)
	before = subscription.status
	if periods.renewal_is_due(subscription):
		_renew(subscription)
	periods.settle(subscription)
	if before == "Active" and subscription.status in ("Suspended", "Expired"):
		messages.suspended(subscription)
	realtime.subscription_changed(name)
	return subscription.mikrotik_settings


def _renew(subscription) -> None:
	"""The next period of a prepaid subscription, from its advance; a plan that costs nothing goes on by itself."""
	if lifecycle.terms_of(subscription.internet_plan).postpaid:
		return
	if invoicing.price_of(subscription) == 0:
		lifecycle.apply_event(subscription, core.PeriodPaid())
	else:
		periods.renew_from_credit(subscription)


def daily() -> None:
	"""Daily: bill and remind postpaid customers, catch up with the ledger, forget accounts that are gone."""
	for name in _postpaid_near_their_end():
		_guarded(dun, name)
	for name in _with_paid_invoice_not_granted():
		payments.enqueue_settle(name)
	accounts.remove_forgotten()


def _postpaid_near_their_end() -> list[str]:
	lead = max(settings.isp_settings().invoice_lead_days or 0, settings.isp_settings().reminder_days or 0)
	subscription = frappe.qb.DocType("Customer Subscription")
	plan = frappe.qb.DocType("Internet Plan")
	return (
		frappe.qb.from_(subscription)
		.join(plan)
		.on(plan.name == subscription.internet_plan)
		.select(subscription.name)
		.where((plan.billing == "Postpaid") & subscription.terminated_at.isnull())
		.where(subscription.expiry_date <= now_datetime() + timedelta(days=lead + 1))
	).run(pluck=True)


def dun(name: str) -> None:
	"""Invoice and remind one postpaid subscription, each once for each period end."""
	lock_row("Customer Subscription", name)
	subscription = frappe.get_doc("Customer Subscription", name)
	due = _due_steps(subscription)
	if core.Dunning.INVOICE in due and _not_yet(subscription, "dunned_for"):
		_invoice(subscription)
	if core.Dunning.REMIND in due and _not_yet(subscription, "reminded_for"):
		messages.remind(subscription)
		subscription.db_set("reminded_for", subscription.expiry_date, update_modified=False)


def _due_steps(subscription) -> set[core.Dunning]:
	configured = settings.isp_settings()
	return set(
		core.dunning(
			lifecycle.standing_of(subscription),
			lifecycle.terms_of(subscription.internet_plan),
			now_datetime(),
			timedelta(days=configured.invoice_lead_days or 0),
			timedelta(days=configured.reminder_days or 0),
		)
	)


def _not_yet(subscription, field: str) -> bool:
	done_for = subscription.get(field)
	return not done_for or get_datetime(done_for) != get_datetime(subscription.expiry_date)


def _invoice(subscription) -> None:
	"""The invoice of the period that ends; an advance pays it at once."""
	subscription.db_set("dunned_for", subscription.expiry_date, update_modified=False)
	if not invoicing.open_invoice(subscription.name):
		invoicing.make_invoice(subscription, due_date=subscription.expiry_date)
	periods.settle(subscription)


def _with_paid_invoice_not_granted() -> list[str]:
	"""Invoices paid by ways that no document event of ours sees, such as the Payment Reconciliation tool."""
	return frappe.get_all(
		"Sales Invoice",
		filters={
			"customer_subscription": ("is", "set"),
			"service_granted": 0,
			"docstatus": 1,
			"is_return": 0,
			"outstanding_amount": ("<=", 0),
		},
		pluck="customer_subscription",
		distinct=True,
		order_by="customer_subscription",
	)


def _guarded(step, name: str):
	"""One transaction a subscription: one that fails is logged and does not hold up the others."""
	try:
		result = step(name)
		frappe.db.commit()  # nosemgrep: see above
		return result
	except Exception:
		frappe.db.rollback()
		frappe.log_error(f"Subscription {name} could not follow the clock")
		frappe.db.commit()  # nosemgrep: keeps the error log
		return None


def enqueue_push(router: str) -> None:
	frappe.enqueue(
		"mikrotik_integration.services.provisioning.push_router",
		queue="short",
		timeout=300,
		enqueue_after_commit=True,
		router=router,
	)
