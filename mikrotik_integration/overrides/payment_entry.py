"""ERPNext's Payment Entry: money booked at the desk counts like M-PESA; a cancelled one no longer counts.

frappe_mpsa_payments books Payment Entries by itself when a callback says so. Nobody verified those: their payment
goes through the inbox first, and is applied once Daraja confirmed it.
"""

import frappe
from frappe import _
from frappe.utils import cstr, flt

from mikrotik_integration.core.payments import receipts
from mikrotik_integration.overrides import ownership
from mikrotik_integration.services import (
	inbox,
	inbox_queue,
	money,
	payment_entries,
	payments,
	purchase_money,
	refunds,
)


def on_submit(doc, method=None) -> None:
	if doc.party_type != "Customer":
		return
	if doc.payment_type == "Receive":
		payment_entries.claim_receipt(doc)
	if doc.flags.is_from_inbox:
		return
	if doc.payment_type == "Receive":
		_refuse_second_booking(doc)
	if doc.get("hotspot_purchase"):
		_of_purchase(doc)
		return
	referred = _subscriptions_of_references(doc)
	subscription = doc.customer_subscription or next(iter(referred), None)
	if not subscription:
		_tell_of_subscriptions(doc)
		return
	ownership.check(subscription, doc.party, doc.company)
	if doc.payment_type == "Receive":
		_receive(doc, subscription)
	_settle({*referred, subscription})


def on_cancel(doc, method=None) -> None:
	payment_entries.give_up_receipt(doc)
	payments.reverse(doc.name)
	if doc.payment_type == "Pay" and doc.get("hotspot_purchase"):
		refunds.review(doc.hotspot_purchase)
	if doc.party_type == "Customer":
		_settle({*_subscriptions_of_references(doc), doc.customer_subscription})


def _of_purchase(doc) -> None:
	"""Money for a voucher that went back, or whose cancelled entry this one amends."""
	if doc.customer_subscription:
		frappe.throw(_("Choose a Customer Subscription or a Hotspot Purchase, not both"))
	if doc.payment_type == "Pay":
		refunds.paid_back(doc)
	elif payment := _replaced(doc):
		_put_in_its_place(doc, payment, "Applied")
		purchase_money.booked_again(doc.hotspot_purchase, doc.amended_from)


def _receive(doc, subscription: str) -> None:
	"""The rest of the money that no invoice takes becomes that subscription's advance."""
	if doc.customer_subscription != subscription:
		doc.db_set("customer_subscription", subscription, update_modified=False)
	if name := _replace_cancelled(doc, subscription) or _record(doc, subscription):
		inbox_queue.enqueue(name)


def _tell_of_subscriptions(doc) -> None:
	"""Money on account of the customer buys no Internet; it is easily forgotten to say what it is for."""
	if doc.payment_type != "Receive" or flt(doc.unallocated_amount) <= 0:
		return
	living = {"customer": doc.party, "terminated_at": ("is", "not set")}
	if names := frappe.get_all("Customer Subscription", living, pluck="name", order_by="creation", limit=5):
		frappe.msgprint(
			_("To pay for the Internet, choose a Customer Subscription in the entry: {0}").format(
				", ".join(names)
			),
			alert=True,
		)


def _refuse_second_booking(doc) -> None:
	"""A receipt is used once, however it was typed, whoever used it first."""
	typed = cstr(doc.reference_no).strip()
	receipt = receipts.find(typed)
	booked = _booked_by_payment(receipt or typed)
	if not booked and receipt and payment_entries.is_mpesa(doc.mode_of_payment):
		booked = _booked_by_entry(receipt, doc.name)
	if booked and booked != doc.name:
		frappe.throw(_("The receipt {0} is booked already, by {1}").format(receipt or typed, booked))


def _booked_by_payment(receipt: str) -> str | None:
	names = {"receipt": receipt or "-"}
	return frappe.db.get_value(
		"Subscription Payment", {**names, "status": "Applied"}, "payment_entry"
	) or frappe.db.get_value(
		"Subscription Payment", {**names, "status": "Verified", "source": "Desk"}, "payment_entry"
	)


def _booked_by_entry(receipt: str, but: str) -> str | None:
	"""Another entry for M-PESA money, of whomever, whose reference names this receipt."""
	entries = frappe.get_all(
		"Payment Entry",
		{
			"reference_no": ("like", f"%{receipt}%"),
			"docstatus": 1,
			"payment_type": "Receive",
			"name": ("!=", but),
		},
		["name", "reference_no", "mode_of_payment"],
		order_by="creation",
	)
	return next(
		(
			entry.name
			for entry in entries
			if payment_entries.is_mpesa(entry.mode_of_payment)
			and receipts.find(entry.reference_no) == receipt
		),
		None,
	)


def _replace_cancelled(doc, subscription: str) -> str | None:
	"""The payment whose cancelled entry this one amends, or whose receipt it books, which M-PESA confirmed and nobody
	has booked: it is booked by this one from now on, maybe for another subscription."""
	payment = _replaced(doc) or _not_booked_yet(doc)
	if not payment:
		return None
	_put_in_its_place(doc, payment, "Verified", subscription=subscription)
	return payment.name


def _replaced(doc) -> frappe._dict | None:
	"""The payment whose cancelled entry this one amends. Refuses another amount than M-PESA confirmed."""
	payment = frappe.db.get_value(
		"Subscription Payment",
		{"payment_entry": doc.amended_from or "-", "status": "Reversed", "verified": 1},
		["name", "source", "amount", "currency"],
		as_dict=True,
	)
	return _checked(payment, doc) if payment else None


def _not_booked_yet(doc) -> frappe._dict | None:
	"""A payment that M-PESA confirmed, with the receipt that the entry names. Refuses another amount."""
	payment = frappe.db.get_value(
		"Subscription Payment",
		{
			"receipt": receipts.find(cstr(doc.reference_no)) or "-",
			"status": ("in", ("Reversed", "Needs Review")),
			"verified": 1,
			"source": ("!=", "Desk"),
			"hotspot_purchase": ("is", "not set"),
		},
		["name", "source", "amount", "currency"],
		as_dict=True,
	)
	return _checked(payment, doc) if payment else None


def _checked(payment: frappe._dict, doc) -> frappe._dict | None:
	if flt(payment.amount) != flt(doc.paid_amount):
		if payment.source == "Desk":
			return None
		frappe.throw(
			_("M-PESA confirmed {0} for the payment {1}, not {2}").format(
				money.words(payment.amount, payment.currency),
				payment.name,
				money.words(doc.paid_amount, doc.paid_from_account_currency),
			)
		)
	return payment


def _put_in_its_place(doc, payment: frappe._dict, status: str, **values) -> None:
	values |= {"payment_entry": doc.name, "status": status, "review_reason": ""}
	if payment.source == "Desk":
		values["receipt"] = receipts.find(cstr(doc.reference_no))
	frappe.db.set_value("Subscription Payment", payment.name, values)


def _settle(subscriptions: set[str | None]) -> None:
	for subscription in sorted(name for name in subscriptions if name):
		payments.enqueue_settle(subscription)


def _subscriptions_of_references(doc) -> list[str]:
	"""The subscriptions whose invoices this pays, in the entry's order."""
	invoices = [row.reference_name for row in doc.references if row.reference_doctype == "Sales Invoice"]
	found = [frappe.db.get_value("Sales Invoice", name, "customer_subscription") for name in invoices]
	return list(dict.fromkeys(name for name in found if name))


def _record(doc, subscription: str) -> str | None:
	"""As a payment at the desk, unless an unverified M-PESA callback is behind it."""
	if register := frappe.db.exists("Mpesa C2B Payment Register", {"name": doc.reference_no or "-"}):
		return inbox.record_booked_pay_bill(
			frappe.get_doc("Mpesa C2B Payment Register", register), doc.name, subscription
		)
	if request := _push_behind(doc):
		name = inbox.record_push(request)
		if name:
			_refuse_what_is_booked(name)
			frappe.db.set_value("Subscription Payment", name, "payment_entry", doc.name)
		return name
	return inbox.record_desk(doc, subscription)


def _refuse_what_is_booked(payment_name: str) -> None:
	"""The money of a prompt is booked once; what M-PESA confirmed, the inbox books."""
	payment = frappe.get_doc("Subscription Payment", payment_name, for_update=True)
	booked = payment.payment_entry and frappe.db.get_value(
		"Payment Entry", payment.payment_entry, "docstatus"
	)
	if payment.verified or booked == 1:
		frappe.throw(
			_(
				"The prompt {0} of this Payment Request is recorded already, see the Subscription Payment"
			).format(payment_name)
		)


def _push_behind(doc) -> str | None:
	"""The Mpesa Express Request of the Payment Request that this entry settles."""
	payment_request = frappe.db.exists("Payment Request", {"name": doc.reference_no or "-"})
	if not payment_request:
		return None
	return frappe.db.get_value(
		"Mpesa Express Request",
		{"reference_doctype": "Payment Request", "reference_name": payment_request, "docstatus": 1},
		order_by="creation desc",
	)
