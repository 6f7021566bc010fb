"""What people and callbacks do with payments: ask for one, point at one, confirm, assign, take back."""

import frappe
from frappe import _
from frappe.utils import get_datetime, getdate, now_datetime

from mikrotik_integration.core.payments import receipts as receipts_of_mpesa
from mikrotik_integration.core.payments.transaction_status import parse_transaction_status_result
from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import (
	application,
	foreign_text,
	inbox,
	inbox_queue,
	invoicing,
	jobs,
	locks,
	prompts,
	provisioning,
	purchase_money,
	pushes,
	realtime,
	receipts,
	refunds,
	same_money,
	serving,
	verification,
)

NOT_MONEY = "Not Money"
CLOSED_AS = (NOT_MONEY, "Not Ours", "Paid Back Outside")


def request_payment(subscription, phone_number: str | None = None, amount: float | None = None) -> str:
	"""Send an M-PESA prompt for what the subscription owes; returns the Subscription Payment's name.

	Raises PaymentNotPossible, in plain words, if no prompt was sent, RateLimitExceededError after too many.
	"""
	if subscription.terminated_at:
		raise PaymentNotPossible(_("This subscription was terminated"))
	if reason := serving.cannot_serve(
		subscription.internet_plan, subscription.mikrotik_settings, subscription.connection_type
	):
		raise PaymentNotPossible(reason)
	wanted = amount if amount is not None else application.missing(subscription)
	name = pushes.send(
		subscription, phone_number or subscription.phone_number, wanted, subscription.internet_plan
	)
	frappe.db.set_value(
		"Customer Subscription", subscription.name, "payment_status", "Pending", update_modified=False
	)
	return name


def poke(document) -> None:
	"""Something was said about a payment of this subscription or purchase: ask Daraja now. Believes nothing by
	itself."""
	field = inbox.OURS_BY_DOCTYPE[document.doctype]
	verification.learn_receipts(field, document.name)
	for request in inbox.pushes_without_payment(document.name):
		inbox.record_push(request)
	open_payments = frappe.get_all(
		"Subscription Payment",
		filters={"status": ("in", verification.UNVERIFIED), field: document.name},
		pluck="name",
		order_by="creation",
	)
	for name in open_payments:
		if prompts.may_ask_at_once(name):
			inbox_queue.enqueue(name)


def take_transaction_status(token: str, body: dict) -> None:
	"""Daraja's answer about a receipt came in; raises MalformedCallback. Tells the caller nothing else."""
	if name := verification.take_result(token, parse_transaction_status_result(body)):
		inbox_queue.enqueue(name)


def heard_of_prompt(checkout_request_id: object) -> None:
	"""A callback said what became of a prompt, or somebody made one up: ask Daraja now, a few times for each."""
	payment = isinstance(checkout_request_id, str) and frappe.db.get_value(
		"Subscription Payment", {"checkout_request_id": checkout_request_id, "status": "Requested"}
	)
	if payment and prompts.may_ask_at_once(payment):
		inbox_queue.enqueue(payment)


def confirm(name: str, reason: str, paid_on: str | None = None) -> None:
	"""A person of the provider says that this payment is real, and, if it is not known, on which day it was paid."""
	payment = _locked(name, ("Requested", "Received", "Needs Review", "Failed"))
	if paid_on and getdate(paid_on) > getdate():
		raise PaymentNotPossible(_("A payment cannot have been made on a day to come"))
	if paid_on and getdate(paid_on) != getdate(payment.paid_on or "0001-01-01"):
		payment.paid_on = get_datetime(paid_on)
	if payment.verified and payment.hotspot_purchase:  # M-PESA did; a person says that it is money of its own
		payment.update({"status": "Verified", "review_reason": "", "next_ask": now_datetime()})
		same_money.take_receipt(payment)
	else:
		verification.mark_verified(payment, frappe.session.user)
	payment.add_comment("Info", _("Confirmed by hand: {0}").format(foreign_text.text(reason)))
	payment.save(ignore_permissions=True)
	inbox_queue.enqueue(name)


def assign(name: str, subscription_name: str) -> None:
	"""This payment is for that subscription. It is verified first if it was not yet."""
	payment = _locked(name, ("Received", "Needs Review"))
	_check_not_booked_elsewhere(payment)
	purchase = payment.hotspot_purchase
	subscription = frappe.get_doc("Customer Subscription", subscription_name)
	payment.update(
		{
			"hotspot_purchase": None,
			"subscription": subscription.name,
			"customer": subscription.customer,
			"mikrotik_settings": subscription.mikrotik_settings,
		}
	)
	payment.review_reason = ""
	payment.status = "Verified" if payment.verified else "Received"
	payment.next_ask = None if payment.verified else now_datetime()
	payment.in_crowd = 0  # a person vouches for it
	payment.add_comment("Info", _("Assigned to {0}").format(subscription_name))
	payment.save(ignore_permissions=True)
	if purchase:
		refunds.money_moved(purchase, subscription_name)
	inbox_queue.enqueue(name)


def close(name: str, closed_as: str, reason: str) -> None:
	"""A person has decided that this is none of our money, or that it is settled outside of the books."""
	payment = _locked(name, ("Needs Review",))
	if closed_as not in CLOSED_AS or not reason.strip():
		raise PaymentNotPossible(_("Say what it is, and why"))
	if closed_as == NOT_MONEY and payment.verified_by == same_money.DARAJA:
		raise PaymentNotPossible(_("M-PESA confirmed this money; it is there"))
	if (
		payment.payment_entry
		and frappe.db.get_value("Payment Entry", payment.payment_entry, "docstatus") == 1
	):
		raise PaymentNotPossible(_("{0} books this payment. Cancel it first").format(payment.payment_entry))
	payment.update(
		{
			"status": "Closed",
			"closed_as": closed_as,
			"closed_by": frappe.session.user,
			"closed_on": now_datetime(),
			"closed_reason": reason,
			"next_ask": None,
		}
	)
	payment.add_comment("Info", _("Closed as {0}: {1}").format(_(closed_as), reason))
	payment.save(ignore_permissions=True)
	if payment.hotspot_purchase:
		refunds.review(payment.hotspot_purchase, reason)


def reopen(name: str, reason: str) -> None:
	"""It was closed by mistake: a person has to decide again."""
	payment = _locked(name, ("Closed",))
	payment.update(dict.fromkeys(("closed_as", "closed_by", "closed_on", "closed_reason")))
	payment.status = "Needs Review"
	payment.add_comment("Info", _("Opened again: {0}").format(reason))
	payment.save(ignore_permissions=True)
	if payment.hotspot_purchase:
		refunds.review(payment.hotspot_purchase, payment.review_reason or "")


def set_receipt(name: str, typed: str) -> None:
	"""A person read the receipt of a prompt in the M-PESA portal: no callback has told it."""
	payment = _locked(name, ("Verified", "Applied", "Needs Review"))
	receipt = receipts_of_mpesa.find(typed)
	if not receipt:
		raise PaymentNotPossible(_("This is not one M-PESA receipt. Write it like SJK4XY7Z1A"))
	if payment.source != "STK Push" or payment.receipt:
		raise PaymentNotPossible(
			_("The receipt of this payment is known: {0}").format(payment.receipt or name)
		)
	other = frappe.db.get_value("Subscription Payment", {"receipt": receipt}) or frappe.db.get_value(
		"Subscription Payment", receipt
	)
	if other:
		raise PaymentNotPossible(_("{0} is the receipt of the payment {1}").format(receipt, other))
	payment.add_comment("Info", _("Receipt {0} written down by hand").format(receipt))
	receipts.give(name, receipt)


def _check_not_booked_elsewhere(payment) -> None:
	booked = payment.c2b_register and frappe.db.get_value(
		"Mpesa C2B Payment Register", payment.c2b_register, "payment_entry"
	)
	if booked and booked != payment.payment_entry:
		raise PaymentNotPossible(_("This payment is booked for something else, as {0}").format(booked))


def not_a_duplicate(name: str) -> None:
	"""Two payments after all: this one is applied on its own."""
	payment = _locked(name, ("Duplicate",))
	payment.update({"duplicate_of": None, "review_reason": "", "next_ask": now_datetime()})
	payment.status = "Verified" if payment.verified else _unverified_status(payment)
	if payment.verified:
		same_money.take_receipt(payment)
	payment.add_comment("Info", _("Not a duplicate"))
	payment.save(ignore_permissions=True)
	inbox_queue.enqueue(name)


def _unverified_status(payment) -> str:
	return "Requested" if payment.source == "STK Push" else "Received"


def _locked(name: str, statuses: tuple[str, ...]):
	payment = frappe.get_doc("Subscription Payment", name, for_update=True)
	if payment.status not in statuses:
		raise PaymentNotPossible(_("This payment is {0}; there is nothing to do").format(_(payment.status)))
	return payment


def reverse(payment_entry_name: str) -> None:
	"""A Payment Entry was cancelled: its payment no longer counts, nor does the time that it bought."""
	payment = frappe.db.get_value(
		"Subscription Payment",
		{"payment_entry": payment_entry_name, "status": "Applied"},
		["name", "source", "subscription", "hotspot_purchase"],
		as_dict=True,
	)
	if not payment:
		return
	reason = _("{0} was cancelled").format(payment_entry_name)
	values = {"status": "Reversed", "review_reason": reason}
	if payment.source == "Desk":
		values["receipt"] = None  # the entry that comes in its place may name it
	frappe.db.set_value("Subscription Payment", payment.name, values)
	if payment.hotspot_purchase:
		purchase_money.refunded(payment.hotspot_purchase, reason)
	else:
		enqueue_settle(payment.subscription)


def enqueue_settle(subscription_name: str) -> None:
	"""The books of a subscription changed: have a worker make its periods and its router agree."""
	jobs.enqueue("mikrotik_integration.services.payments.settle", subscription_name=subscription_name)


def settle(subscription_name: str) -> None:
	"""Background job, see enqueue_settle."""
	locks.alone("Customer Subscription", subscription_name, _settle, subscription_name)
	# the books must stand before the router is talked to
	frappe.db.commit()  # nosemgrep
	realtime.subscription_changed(subscription_name)
	provisioning.push_owner("Customer Subscription", subscription_name)


def _settle(subscription_name: str) -> None:
	from mikrotik_integration.services import periods

	if frappe.db.exists("Customer Subscription", subscription_name):
		periods.settle(frappe.get_doc("Customer Subscription", subscription_name))


def receivable(subscription_name: str) -> float:
	"""What is still due on the invoices of a subscription."""
	name = invoicing.open_invoice(subscription_name)
	return float(frappe.db.get_value("Sales Invoice", name, "outstanding_amount")) if name else 0.0
