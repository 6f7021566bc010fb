"""A verified payment becomes money in the books, time for the customer, and a wish to the router.

All of it happens in one transaction: killed at any point, nothing of it has happened, and the next run does it.
"""

from datetime import timedelta
from decimal import Decimal

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce, Locate
from frappe.utils import add_to_date, cstr, flt, now_datetime, strip_html

from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import (
	invoicing,
	ledger,
	money,
	periods,
	purchase_money,
	receipts,
	same_money,
	settings,
)
from mikrotik_integration.services.locks import lock_row

LONGEST_PAUSE_MINUTES = 30
LATE_RECEIPT_DAYS = 7


def apply(name: str) -> bool:
	"""Book and credit one payment. True if it was applied now. In the caller's transaction."""
	_lock(name)
	payment = frappe.get_doc("Subscription Payment", name)
	if payment.status != "Verified" or not payment.verified or _entry_was_cancelled(payment):
		return False
	if problem := _obstacle(payment):
		_put_aside(payment, "Needs Review", problem)
		return False
	if _is_booked_already(payment):
		return False
	if payment.hotspot_purchase:
		return _sell_voucher(payment)
	subscription = frappe.get_doc("Customer Subscription", payment.subscription)
	_book(payment, subscription)
	_close(payment)
	periods.settle(subscription)
	return True


def _lock(name: str) -> None:
	"""Payment, then what it is for, before anything is read: what is read then is as new as the locks."""
	subscription, purchase = frappe.db.get_value(
		"Subscription Payment", name, ["subscription", "hotspot_purchase"], for_update=True
	)
	if subscription:
		lock_row("Customer Subscription", subscription)
	if purchase:
		lock_row("Hotspot Purchase", purchase)


def _sell_voucher(payment) -> bool:
	frappe.db.savepoint("voucher")
	try:
		purchase_money.deliver(payment)
	except VoucherError as error:  # sold out: the money is there, and has to go back
		frappe.db.rollback(save_point="voucher")
		frappe.clear_last_message()
		_put_aside(payment, "Needs Review", cstr(error))
		return False
	_close(payment)
	return True


def _close(payment) -> None:
	payment.status = "Applied"
	payment.review_reason = ""
	payment.next_ask = None
	payment.applied_on = now_datetime()
	payment.save(ignore_permissions=True)


def _entry_was_cancelled(payment) -> bool:
	"""Staff cancelled the entry before this payment was applied: money at the desk is gone with it, money that
	Daraja confirmed is there and gets another entry."""
	if not payment.payment_entry or _entry_of(payment).docstatus == 1:
		return False
	if payment.source != "Desk":
		payment.payment_entry = None
		return False
	payment.receipt = None  # the entry that comes in its place may name it
	_put_aside(payment, "Reversed", _("{0} was cancelled").format(payment.payment_entry))
	return True


def _entry_of(payment) -> frappe._dict:
	fields = ["docstatus", "party", "customer_subscription", "total_allocated_amount"]
	entry = frappe.db.get_value("Payment Entry", payment.payment_entry, fields, as_dict=True)
	return entry or frappe._dict(docstatus=2)


def _obstacle(payment) -> str | None:
	"""Why a person has to look at this payment, in words for the desk."""
	if payment.hotspot_purchase:
		return purchase_money.obstacle(payment)
	if not payment.subscription:
		return _("No subscription has the account number {0}. Assign the payment to the right one").format(
			payment.account_typed
		)
	subscription = frappe.db.get_value(
		"Customer Subscription", payment.subscription, ["name", "customer", "terminated_at"], as_dict=True
	)
	if not subscription:
		return _("The subscription {0} was deleted. Assign the payment to another one").format(
			payment.subscription
		)
	if subscription.terminated_at and not _pays_a_debt(payment):
		return _(
			"The subscription {0} was terminated. Assign the payment to another one, or pay it back"
		).format(payment.subscription)
	if payment.payment_entry and (party := _entry_of(payment).party) != subscription.customer:
		return _(
			"{0} books this payment for {1}. Cancel it, or assign the payment to a subscription of {1}"
		).format(payment.payment_entry, party)
	currency = settings.books().company_currency
	if payment.currency != currency:
		return _("This is {0}, the books of the company are kept in {1}. Book it by hand").format(
			payment.currency, currency
		)
	return None


def _pays_a_debt(payment) -> bool:
	"""Whether an invoice is open for this money, or was until its entry paid it."""
	if invoicing.open_invoice(payment.subscription):
		return True
	return bool(payment.payment_entry) and flt(_entry_of(payment).total_allocated_amount) > 0


def _put_aside(payment, status: str, reason: str) -> None:
	payment.status = status
	payment.review_reason = reason
	payment.next_ask = None
	payment.save(ignore_permissions=True)
	if payment.hotspot_purchase and status == "Needs Review":
		purchase_money.owe_refund(payment, reason)


def _is_booked_already(payment) -> bool:
	"""Whether staff have booked this receipt at the desk before its confirmation came; if so, it is no new money."""
	receipt = same_money.told_receipt(payment)
	if not receipt or payment.payment_entry:
		return False
	doctype = "Hotspot Purchase" if payment.hotspot_purchase else "Customer Subscription"
	customer = frappe.db.get_value(doctype, payment.hotspot_purchase or payment.subscription, "customer")
	entry = same_money.entry_of_the_desk(receipt) or ledger.entry_with_receipt(receipt, customer)
	if not entry:
		return False
	if entry.party != customer:
		reason = _("{0} books this receipt for {1}. Cancel it if the money is for {2}")
		_put_aside(payment, "Needs Review", reason.format(entry.name, entry.party, customer))
		return True
	if flt(entry.paid_amount) != flt(payment.amount):
		reason = _("{0} books this receipt with another amount, {1}. Cancel or amend it")
		_put_aside(payment, "Needs Review", reason.format(entry.name, money.words(entry.paid_amount)))
		return True
	recorded = frappe.db.get_value("Subscription Payment", {"payment_entry": entry.name})
	if not recorded:
		payment.payment_entry = entry.name
		return False
	payment.duplicate_of = recorded
	_put_aside(payment, "Duplicate", _("The same money as {0}").format(recorded))
	return True


def _book(payment, subscription) -> None:
	"""Invoice if one is due, and the Payment Entry if nobody has made it yet."""
	payment.customer = subscription.customer
	payment.mikrotik_settings = subscription.mikrotik_settings
	if payment.payment_entry and _entry_of(payment).customer_subscription != subscription.name:
		frappe.db.set_value(
			"Payment Entry",
			payment.payment_entry,
			"customer_subscription",
			subscription.name,
			update_modified=False,  # somebody may have it open
		)
	payment.sales_invoice = _invoice_for(payment, subscription)
	if not payment.payment_entry:
		payment.payment_entry = invoicing.book_payment(subscription, payment, payment.sales_invoice).name


def _invoice_for(payment, subscription) -> str | None:
	"""The invoice that this payment is for: the one that is open, or a new one if it is time for it."""
	if name := invoicing.open_invoice(subscription.name):
		return name
	balance = ledger.balance(subscription.name)
	if payment.payment_entry and balance <= 0:
		return None
	available = balance if payment.payment_entry else balance + Decimal(cstr(payment.amount))
	if not periods.may_invoice(subscription, available):
		return None
	return invoicing.make_invoice(subscription).name


def write_late_receipts() -> None:
	"""Receipts that became known, or turned out to be another payment's, after their payment was booked: its Payment
	Entry shows what the payment shows."""
	payment, entry = frappe.qb.DocType("Subscription Payment"), frappe.qb.DocType("Payment Entry")
	late = (
		frappe.qb.from_(payment)
		.join(entry)
		.on(entry.name == payment.payment_entry)
		.select(payment.name)
		.where((payment.status == "Applied") & (payment.source != "Desk"))
		.where(
			(Coalesce(entry.reference_no, "") != payment.receipt)
			| (payment.receipt.isnull() & (Locate(payment.payment_id, entry.reference_no) == 0))
		)
		.where(payment.modified >= add_to_date(now_datetime(), days=-LATE_RECEIPT_DAYS))
	).run(pluck=True)
	for name in late:
		receipts.write(name)


def postpone(name: str, error: Exception) -> None:
	"""The books did not take this payment (a closed period, a missing account, a deadlock): say why, try again."""
	lock_row("Subscription Payment", name)
	failures = (frappe.db.get_value("Subscription Payment", name, "booking_failures") or 0) + 1
	pause = timedelta(minutes=min(failures, LONGEST_PAUSE_MINUTES))
	frappe.db.set_value(
		"Subscription Payment",
		name,
		{
			"review_reason": _words_of(error),
			"booking_failures": failures,
			"next_ask": now_datetime() + pause,
		},
	)
	frappe.log_error(
		f"Payment {name} could not be booked", reference_doctype="Subscription Payment", reference_name=name
	)


def _words_of(error: Exception) -> str:
	"""Frappe raises its refusals of permission without a word, which stands beside them."""
	words = cstr(error) or cstr(frappe.flags.error_message) or type(error).__name__
	return strip_html(words)[:500]


def missing(subscription) -> float:
	"""How much more the customer has to pay for the next period."""
	for invoice in ledger.open_invoices(subscription.name):
		return flt(invoice.due, ledger.CENTS)
	return max(float(invoicing.price_of(subscription) - ledger.balance(subscription.name)), 0.0)
