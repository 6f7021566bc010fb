"""A verified payment becomes money in the books, time for the customer, and a wish to the router.

All of it happens in one transaction: killed at any point, nothing of it has happened, and the next run does it.
"""

from datetime import timedelta
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import cstr, flt, now_datetime

from mikrotik_integration.services import invoicing, periods, settings
from mikrotik_integration.services.locks import lock_row

LONGEST_PAUSE_MINUTES = 30


def apply(name: str) -> bool:
	"""Book and credit one payment. True if it was applied now. In the caller's transaction."""
	lock_row("Subscription Payment", name)
	payment = frappe.get_doc("Subscription Payment", name)
	if payment.status != "Verified" or not payment.verified:
		return False
	if problem := _obstacle(payment):
		_put_aside(payment, problem)
		return False
	lock_row("Customer Subscription", payment.subscription)
	subscription = frappe.get_doc("Customer Subscription", payment.subscription)
	_book(payment, subscription)
	payment.status = "Applied"
	payment.review_reason = ""
	payment.next_ask = None
	payment.applied_on = now_datetime()
	payment.save(ignore_permissions=True)
	periods.settle(subscription)
	return True


def _obstacle(payment) -> str | None:
	"""Why a person has to look at this payment, in words for the desk."""
	if not payment.subscription:
		return _("No subscription has the account number {0}. Assign the payment to the right one").format(
			payment.account_typed
		)
	subscription = frappe.db.get_value(
		"Customer Subscription", payment.subscription, ["name", "terminated_at"], as_dict=True
	)
	if not subscription:
		return _("The subscription {0} was deleted. Assign the payment to another one").format(
			payment.subscription
		)
	if subscription.terminated_at:
		return _(
			"The subscription {0} was terminated. Assign the payment to another one, or pay it back"
		).format(payment.subscription)
	currency = settings.books().company_currency
	if payment.currency != currency:
		return _("This is {0}, the books of the company are kept in {1}. Book it by hand").format(
			payment.currency, currency
		)
	return None


def _put_aside(payment, problem: str) -> None:
	payment.status = "Needs Review"
	payment.review_reason = problem
	payment.save(ignore_permissions=True)


def _book(payment, subscription) -> None:
	"""Invoice if one is due, and the Payment Entry if nobody has made it yet."""
	amount = Decimal(cstr(payment.amount))
	payment.customer = subscription.customer
	payment.mikrotik_settings = subscription.mikrotik_settings
	payment.sales_invoice = _invoice_for(subscription, amount, booked=bool(payment.payment_entry))
	if payment.payment_entry:
		return
	entry = invoicing.book_payment(
		subscription, amount, payment.receipt or payment.payment_id, payment.paid_on, payment.sales_invoice
	)
	payment.payment_entry = entry.name


def _invoice_for(subscription, amount: Decimal, booked: bool) -> str | None:
	"""The invoice that this payment is for: the one that is open, or a new one if the money suffices."""
	if name := invoicing.open_invoice(subscription.name):
		return name
	plan_is_postpaid = (
		frappe.get_cached_value("Internet Plan", subscription.internet_plan, "billing") == "Postpaid"
	)
	if plan_is_postpaid or (booked and not invoicing.credit(subscription.name)):
		return None
	available = invoicing.credit(subscription.name) + (0 if booked else amount)
	price = invoicing.price_of(subscription)
	if price <= 0 or available < price:
		return None
	return invoicing.make_invoice(subscription).name


def postpone(name: str, error: Exception) -> None:
	"""The books did not take this payment (a closed period, a missing account, a deadlock): say why, try again."""
	lock_row("Subscription Payment", name)
	attempts = (frappe.db.get_value("Subscription Payment", name, "attempts") or 0) + 1
	pause = timedelta(minutes=min(attempts, LONGEST_PAUSE_MINUTES))
	frappe.db.set_value(
		"Subscription Payment",
		name,
		{"review_reason": cstr(error)[:500], "attempts": attempts, "next_ask": now_datetime() + pause},
	)
	frappe.log_error(
		f"Payment {name} could not be booked", reference_doctype="Subscription Payment", reference_name=name
	)


def missing(subscription) -> float:
	"""How much more the customer has to pay for the next period."""
	due = invoicing.open_invoice(subscription.name)
	if due:
		return flt(frappe.db.get_value("Sales Invoice", due, "outstanding_amount"))
	return max(flt(invoicing.price_of(subscription) - invoicing.credit(subscription.name)), 0.0)
