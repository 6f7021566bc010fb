"""Money that is owed back to buyers of vouchers, and paid back by a Payment Entry of type Pay.

In the caller's transaction.
"""

import frappe
from frappe import _
from frappe.query_builder.functions import Sum
from frappe.utils import flt, now_datetime

from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import locks, money, payment_entries

PURCHASE, PAYMENT, ENTRY = "Hotspot Purchase", "Subscription Payment", "Payment Entry"
CENTS = 2
DECIDED = ("Paid", "Refund Due", "Refunded")


def owed(purchase) -> float:
	"""What came in for a purchase, less what went back, less the price of the voucher that its buyer has."""
	came = _booked(purchase.name, "Receive") + sum(row.amount for row in _not_booked(purchase.name))
	price = flt(purchase.price) if _has_voucher(purchase) else 0
	return flt(came - _booked(purchase.name, "Pay") - price, CENTS)


def _booked(purchase_name: str, payment_type: str) -> float:
	entry = frappe.qb.DocType(ENTRY)
	(total,) = (
		frappe.qb.from_(entry)
		.select(Sum(entry.paid_amount))
		.where((entry.hotspot_purchase == purchase_name) & (entry.docstatus == 1))
		.where(entry.payment_type == payment_type)
	).run(pluck=True)
	return flt(total)


def _not_booked(purchase_name: str) -> list[frappe._dict]:
	"""Payments that M-PESA confirmed, and for which there was no voucher."""
	return frappe.get_all(
		PAYMENT,
		{
			"hotspot_purchase": purchase_name,
			"status": "Needs Review",
			"verified": 1,
			"payment_entry": ("is", "not set"),
		},
		["name", "amount"],
		order_by="creation",
	)


def _has_voucher(purchase) -> bool:
	status = frappe.db.get_value("Hotspot Voucher", purchase.hotspot_voucher or "-", "status")
	return bool(status) and status != "Void"


def review(purchase_name: str, reason: str = "") -> None:
	"""The money or the voucher of a purchase changed: say whether it is paid, owed back, or gone back."""
	purchase = _taken(purchase_name)
	if purchase.status not in DECIDED:
		return
	left = owed(purchase)
	status = "Refund Due" if left > 0 else "Refunded"
	if left >= 0 and _has_voucher(purchase):
		status = "Paid"
	words = " ".join(text for text in (reason, _words(left)) if text)
	purchase.db_set({"status": status, "status_reason": words[:500]})


def _taken(purchase_name: str):
	locks.take(PURCHASE, purchase_name)
	return frappe.get_doc(PURCHASE, purchase_name, for_update=True)


def _words(left: float) -> str:
	"""Prompts are for whole shillings: what is less than one is not worth a transfer."""
	return _("{0} has to be paid back").format(money.words(left)) if left >= 1 else ""


def voucher_changed(voucher_name: str, reason: str = "") -> None:
	"""A voucher is void, or no longer: its purchase, if it was bought with M-PESA, is owed back, or is not."""
	if name := frappe.db.get_value(PURCHASE, {"hotspot_voucher": voucher_name}):
		review(name, reason)


def paid_back(entry) -> None:
	"""A Payment Entry of type Pay names a purchase. What M-PESA brought for it and nobody has booked is booked with
	it, so that both ways of the money are in the ledger. Raises PaymentNotPossible for more than is owed."""
	purchase = _taken(entry.hotspot_purchase)
	if entry.party != purchase.customer:
		raise PaymentNotPossible(_("The purchase {0} is one of {1}").format(purchase.name, purchase.customer))
	left = owed(purchase)  # this entry taken off already
	if left < 0:
		raise PaymentNotPossible(
			_("{0} is owed back for the purchase {1}, not {2}").format(
				money.words(max(left + flt(entry.paid_amount), 0)),
				purchase.name,
				money.words(entry.paid_amount),
			)
		)
	for row in _not_booked(purchase.name):
		_book(row.name, purchase)
	review(purchase.name)


def _book(payment_name: str, purchase) -> None:
	payment = frappe.get_doc(PAYMENT, payment_name, for_update=True)
	remarks = _("M-PESA {0} for the purchase {1}, paid back").format(
		payment_entries.reference(payment), purchase.name
	)
	entry = payment_entries.book(payment, purchase.customer, remarks, hotspot_purchase=purchase.name)
	payment.update(
		{
			"status": "Applied",
			"review_reason": "",
			"customer": purchase.customer,
			"payment_entry": entry.name,
			"applied_on": now_datetime(),
		}
	)
	payment.save(ignore_permissions=True)


def money_moved(purchase_name: str, to: str) -> None:
	"""A payment for this purchase was given to a subscription: if that was all there was, nothing is owed."""
	purchase = _taken(purchase_name)
	if purchase.status == "Refund Due" and owed(purchase) <= 0:
		purchase.db_set({"status": "Failed", "status_reason": _("Its money was used for {0}").format(to)})
