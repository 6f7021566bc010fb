"""What happens because time goes by: periods end, advances buy the next, postpaid customers are billed and dunned."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import cstr, get_datetime, now_datetime, strip_html

from mikrotik_integration.core.subscriptions import lifecycle as core
from mikrotik_integration.exceptions import ChangedMeanwhile
from mikrotik_integration.services import (
	accounts,
	application,
	daily_invoices,
	deferred,
	invoicing,
	ledger,
	lifecycle,
	locks,
	messages,
	payments,
	periods,
	provisioning,
	realtime,
	settings,
	vouchers,
)
from mikrotik_integration.services.locks import lock_row

BATCH = 500
LATELY = timedelta(minutes=5)
A_WEEK = timedelta(days=7)
TRY_AGAIN = timedelta(minutes=15)


def advance_due_subscriptions() -> None:
	"""Every minute: subscriptions and vouchers whose status changes by time alone, then the routers that this concerns."""
	routers = {router for name in _due() if (router := _guarded(advance, name))}
	for name in vouchers.due():
		routers.update(_guarded(advance_voucher, name) or ())
	for router in routers:
		provisioning.enqueue_push(router)
	follow_the_books()


def _due() -> list[str]:
	"""Not by get_all: that takes a subscription without a next change for one that is long overdue."""
	subscription = frappe.qb.DocType("Customer Subscription")
	return (
		frappe.qb.from_(subscription)
		.select(subscription.name)
		.where(subscription.next_change <= now_datetime())
		.orderby(subscription.next_change)
		.limit(BATCH)
	).run(pluck=True)


def advance(name: str) -> str | None:
	"""One subscription whose time has come; returns its router."""
	lock_row("Customer Subscription", name)
	subscription = frappe.get_doc("Customer Subscription", name)
	before = subscription.status
	_follow_the_money(subscription)
	subscription.reload()
	if before == "Active" and subscription.status in ("Suspended", "Expired"):
		messages.suspended(subscription)
	realtime.subscription_changed(name)
	return subscription.mikrotik_settings


def advance_voucher(name: str) -> list[str]:
	"""One voucher whose time has come; returns its routers."""
	voucher = vouchers.locked(name)
	voucher.save()
	return vouchers.routers_of(voucher)


def _follow_the_money(subscription) -> None:
	"""Renew and settle. Books that are closed do not stop the clock: the reason is shown, and it is tried again."""
	frappe.db.savepoint("books")
	try:
		_bill(subscription)
		periods.renew(subscription)
		periods.settle(subscription)
	except ChangedMeanwhile:
		raise
	except frappe.ValidationError as error:
		frappe.db.rollback(save_point="books")
		lifecycle.refresh(subscription.name)
		_show_refusal(subscription.name, error)


def _show_refusal(name: str, error: Exception) -> None:
	reason = _("The books refuse the next period: {0}").format(strip_html(cstr(error)))
	frappe.db.set_value(
		"Customer Subscription",
		name,
		{"status_reason": reason[:500], "next_change": now_datetime() + TRY_AGAIN},
		update_modified=False,
	)
	frappe.clear_last_message()


def follow_the_books() -> None:
	"""Every minute: invoices that were paid or undone by ways that no document event of ours sees."""
	for name in ledger.changed(LATELY):
		payments.enqueue_settle(name)


def daily() -> None:
	"""Daily: bill and remind postpaid customers, catch up with the ledger, forget accounts that are gone."""
	for name in _postpaid_near_their_end():
		_guarded(dun, name)
	for name in with_unused_credit():
		_guarded(advance, name)
	for name in ledger.changed(A_WEEK):
		payments.enqueue_settle(name)
	application.write_late_receipts()
	daily_invoices.make_due()
	deferred.recognise()
	accounts.remove_forgotten()
	locks.forget_turns()


def with_unused_credit() -> list[str]:
	"""Without service though their credit suffices: released or enabled again, or the price was lowered.

	Only once a day, so that an accountant who corrects an invoice is not overtaken.
	"""
	subscription = frappe.qb.DocType("Customer Subscription")
	plan = frappe.qb.DocType("Internet Plan")
	return (
		frappe.qb.from_(subscription)
		.join(plan)
		.on(plan.name == subscription.internet_plan)
		.select(subscription.name)
		.where((plan.billing == "Prepaid") & subscription.status.isin(("Draft", "Expired")))
		.where(subscription.terminated_at.isnull() & (subscription.credit >= subscription.price))
		.where((subscription.price > 0) | subscription.expiry_date.isnotnull())
	).run(pluck=True)


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
	if _bill(subscription):
		periods.settle(subscription)
	if core.Dunning.REMIND in periods.due_steps(subscription) and _not_yet(subscription, "reminded_for"):
		messages.remind(subscription)
		subscription.db_set("reminded_for", subscription.expiry_date, update_modified=False)


def _bill(subscription) -> bool:
	"""The invoice of the period that ends, once; an advance pays it when the books are settled."""
	if core.Dunning.INVOICE not in periods.due_steps(subscription) or not _not_yet(
		subscription, "dunned_for"
	):
		return False
	subscription.db_set("dunned_for", subscription.expiry_date, update_modified=False)
	if not invoicing.open_invoice(subscription.name):
		invoicing.make_invoice(subscription, due_date=subscription.expiry_date)
	return True


def _not_yet(subscription, field: str) -> bool:
	done_for = subscription.get(field)
	return not done_for or get_datetime(done_for) != get_datetime(subscription.expiry_date)


def _guarded(step, name: str):
	"""One transaction each: one that fails is logged and does not hold up the others."""
	try:
		result = locks.afresh(step, name)
		frappe.db.commit()
		return result
	except Exception:
		frappe.db.rollback()
		frappe.log_error(f"{name} could not follow the clock")
		# keeps the error log
		frappe.db.commit()
		return None
