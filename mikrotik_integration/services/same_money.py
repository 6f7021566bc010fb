"""Which payments are one money: a push that also came as pay bill, or one receipt that somebody claims twice.

Receipts and account numbers in callbacks are claims. What tells payments apart is what M-PESA answered when asked,
and what our pushes were sent with; see ``core.payments.twins``.
"""

from datetime import timedelta
from decimal import Decimal

import frappe
from frappe.utils import cstr, get_datetime

from mikrotik_integration.core.payments import twins
from mikrotik_integration.core.payments.receipts import normalise
from mikrotik_integration.core.payments.twins import Match, Money, Shape
from mikrotik_integration.services import inbox, receipts

WINDOW, DOUBTFUL_WITHIN = timedelta(minutes=10), timedelta(minutes=4)
REAL = ("Verified", "Applied", "Needs Review", "Reversed", "Closed")
DARAJA = "Daraja"
FIELDS = [
	"name",
	"source",
	"receipt",
	"account_typed",
	"amount",
	"shortcode",
	"creation",
	"paid_on",
	"phone_number",
	"verified_by",
	"receipt_confirmed",
	"duplicate_of",
]


def find(payment) -> Match | None:
	"""The verified payment that is, or may be, the same money as this one, which was verified just now."""
	if payment.source == "Desk":
		return None
	match = _find(payment)
	if match and not match.certain and not payment.payment_entry and entry_of_the_desk(told_receipt(payment)):
		return None  # whose money it is, is clear: ``application`` puts it beside that entry
	return match


def _find(payment) -> Match | None:
	money = _money(payment, _twins_of([payment.name]).get(payment.name))
	match = twins.find(money, VerifiedPayments(), WINDOW, DOUBTFUL_WITHIN)
	if match or payment.source == "STK Push":
		return match
	elsewhere = twins.find_twin(money, _pushes_for_other_things(money), WINDOW, DOUBTFUL_WITHIN)
	return Match(elsewhere.money, certain=False) if elsewhere else None


def told_receipt(payment) -> str | None:
	"""The receipt that it has, or that its confirmation or callback named, also if a payment at the desk has used it."""
	return payment.receipt or (
		payment.payment_id if payment.source == "Pay Bill" else claimed_receipt(payment)
	)


def entry_of_the_desk(receipt: str | None) -> frappe._dict | None:
	"""The Payment Entry with which staff have booked this receipt."""
	recorded = receipt and frappe.db.get_value(
		"Subscription Payment",
		{"receipt": receipt, "source": "Desk", "status": ("in", ("Verified", "Applied"))},
		"payment_entry",
	)
	return recorded and frappe.db.get_value(
		"Payment Entry", {"name": recorded, "docstatus": 1}, ["name", "party", "paid_amount"], as_dict=True
	)


def share_receipt(payment, twin: str) -> None:
	"""``payment`` is the twin of the verified one called ``twin``: that one shows the receipt."""
	if payment.receipt and not frappe.db.get_value("Subscription Payment", twin, "receipt"):
		receipt, payment.receipt = payment.receipt, None
		# it is saved by whoever verifies it, who must not take this for somebody else's change
		frappe.db.set_value("Subscription Payment", payment.name, "receipt", None, update_modified=False)
		receipts.give(twin, receipt)


def take_receipt(payment) -> None:
	"""M-PESA confirmed this pay bill receipt as a payment of its own: no push may go on claiming it."""
	if payment.source != "Pay Bill" or payment.receipt:
		return
	claimant = frappe.db.get_value(
		"Subscription Payment", {"receipt": payment.payment_id}, ["name", "source"], as_dict=True
	)
	if claimant and claimant.source == "Desk":  # staff booked this money, see ``application``
		return
	if claimant:
		receipts.give(claimant.name, None)
	payment.receipt = payment.payment_id


def is_another_payment(receipt: str, express_request: str) -> bool:
	"""Whether M-PESA confirmed this receipt as a payment that is not this push's. What staff booked before it came may
	be, if the push is the same customer's."""
	other = frappe.db.get_value(
		"Subscription Payment", {"name": receipt, "verified": 1}, ["duplicate_of"], as_dict=True
	)
	if not other:
		return False
	original = other.duplicate_of or receipt
	if booked_for := frappe.db.get_value("Payment Entry", original, "party"):
		pushed = {"express_request": express_request, "customer": booked_for}
		return not frappe.db.exists("Subscription Payment", pushed)
	return frappe.db.get_value("Subscription Payment", original, "express_request") != express_request


def claim_receipt(push) -> str | None:
	"""The receipt that the callback of this push names, unless it is another payment's.

	A pay bill record of the same receipt, account and amount that nobody verified yet is the same money.
	"""
	claimed = claimed_receipt(push)
	if not claimed:
		return None
	other = frappe.db.get_value(
		"Subscription Payment",
		claimed,
		["name", "verified", "amount", "account_typed", "status"],
		as_dict=True,
	)
	if other and not _is_unverified_twin(other, push):
		return None
	if other:
		_make_duplicate(other.name, push.name)
	elif frappe.db.exists("Subscription Payment", {"receipt": claimed}):
		return None
	return claimed


def claimed_receipt(push) -> str | None:
	"""Of exactly this prompt: an Mpesa Express Request can be sent again, and then tells of its last prompt."""
	claimed = frappe.db.get_value(
		"Mpesa Express Request",
		{"name": push.express_request, "checkout_request_id": push.checkout_request_id},
		"transaction_id",
	)
	return normalise(cstr(claimed))  # anybody may post a callback


def _is_unverified_twin(other, push) -> bool:
	return (
		not other.verified
		and other.status in ("Received", "Needs Review")
		and other.amount == push.amount
		and other.account_typed == push.account_typed
	)


def _make_duplicate(name: str, original: str) -> None:
	values = {"status": "Duplicate", "duplicate_of": original, "receipt": None, "next_ask": None}
	frappe.db.set_value("Subscription Payment", name, values)


class VerifiedPayments:
	"""The inbox, as ``core.payments.twins`` looks through it."""

	def around(self, money: Money) -> list[Money]:
		"""Those of the other shape and of this amount, as far as the time of this one is known."""
		is_push = money.shape is Shape.STK
		filters = {"source": "Pay Bill" if is_push else "STK Push", "amount": float(money.amount)}
		if money.at:
			between = ("between", (money.at - WINDOW, money.at + WINDOW))
			filters["paid_on" if is_push else "creation"] = between
		return self._read({**filters, "name": ("!=", money.identity)})

	def get(self, identity: str) -> Money | None:
		found = self._read({"name": identity, "source": ("!=", "Desk")})
		return found[0] if found else None

	def _read(self, filters: dict) -> list[Money]:
		real = {"verified": 1, "status": ("in", (*REAL, "Duplicate"))}
		rows = frappe.get_all(
			"Subscription Payment", {**filters, **real}, FIELDS, order_by="creation", limit=0
		)
		twins_of = _twins_of([row.name for row in rows])
		return [_money(row, twins_of.get(row.name)) for row in rows]


def _twins_of(names: list[str]) -> dict[str, str]:
	"""Those of these payments of which another record is a duplicate, and which one."""
	found = {"duplicate_of": ("in", names or [""]), "verified": 1}
	rows = frappe.get_all(
		"Subscription Payment", found, ["duplicate_of", "name"], order_by="creation desc", limit=0
	)
	return {row.duplicate_of: row.name for row in rows}


def _money(payment, twin: str | None) -> Money:
	pushed = payment.source == "STK Push"
	at = payment.creation if pushed else payment.paid_on
	return Money(
		identity=payment.name,
		shape=Shape.STK if pushed else Shape.C2B,
		receipt=payment.receipt or (None if pushed else payment.name),
		account=payment.account_typed or "",
		amount=Decimal(cstr(payment.amount)),
		shortcode=payment.shortcode or "",
		at=get_datetime(at) if at else None,
		phone=payment.phone_number or None,
		confirmed=bool(payment.receipt_confirmed if pushed else payment.verified_by == DARAJA),
		twin=payment.duplicate_of or twin,
	)


def _pushes_for_other_things(pay_bill: Money) -> list[Money]:
	"""Prompts of this amount that frappe_mpsa_payments sent for a Sales Order, an event ...: used up elsewhere."""
	request = frappe.qb.DocType("Mpesa Express Request")
	settings = frappe.qb.DocType("Mpesa Settings")
	payment = frappe.qb.DocType("Subscription Payment")
	query = (
		frappe.qb.from_(request)
		.join(settings)
		.on(settings.name == request.settings)
		.left_join(payment)
		.on(payment.express_request == request.name)
		.select(
			request.name,
			request.transaction_id,
			request.reference_name,
			request.phone_number,
			request.creation,
			settings.business_shortcode,
		)
		.where((request.amount == float(pay_bill.amount)) & payment.name.isnull())
		.where(
			request.checkout_request_id.isnotnull()
			& request.reference_doctype.notin(list(inbox.OURS_BY_DOCTYPE))
		)
	)
	if pay_bill.at:
		query = query.where(request.creation[pay_bill.at - WINDOW : pay_bill.at + WINDOW])
	return [
		Money(
			identity=row.name,
			shape=Shape.STK,
			receipt=row.transaction_id or None,
			account=row.reference_name or "",
			amount=pay_bill.amount,
			shortcode=row.business_shortcode or "",
			at=row.creation,
			phone=row.phone_number,
		)
		for row in query.run(as_dict=True)
	]
