"""Which of the payments that are due come first, so that nobody's flood delays a customer.

1. Money that is there: it is booked before anybody is asked anything.
2. Prompts: we sent them, so there are no more of them than ``prompts`` lets out.
3. Pay bill confirmations. Anybody can send them without end, and each costs a question. So there are a few to a round
   and so many a minute. First come those for an account that was named little lately; what many confirmations name, or
   no account at all, shares a small part of the minute, the oldest first. None is forgotten.
"""

from datetime import timedelta

import frappe
from frappe.query_builder.functions import Coalesce
from frappe.utils import now_datetime
from pypika import Order
from pypika.analytics import RowNumber

from mikrotik_integration.services.inbox_queue import DUE

PAYMENT = "Subscription Payment"
BATCH = 10
PAY_BILLS_AT_ONCE = 5
A_MINUTE, OF_THE_CROWD_A_MINUTE = 120, 30
LATELY, FEW = timedelta(minutes=10), 3


def next_names() -> list[str]:
	"""The next due payments, locked; those that another worker has locked are left to it."""
	payment = frappe.qb.DocType(PAYMENT)
	if verified := _locked(payment.status == "Verified"):
		return verified
	return _locked(payment.status == "Requested") + _pay_bills()


def _locked(condition, limit: int = BATCH) -> list[str]:
	payment = frappe.qb.DocType(PAYMENT)
	return (
		frappe.qb.from_(payment)
		.select(payment.name)
		.where(condition & payment.status.isin(DUE) & (payment.next_ask <= now_datetime()))
		.orderby(payment.next_ask)
		.limit(limit)
		.for_update(skip_locked=True)
	).run(pluck=True)


def _pay_bills() -> list[str]:
	few, crowd = _in_turn()
	names = few[: _left("few", A_MINUTE)]
	names += crowd[: min(PAY_BILLS_AT_ONCE - len(names), _left("crowd", OF_THE_CROWD_A_MINUTE))]
	if not names:
		return []
	names = _locked(frappe.qb.DocType(PAYMENT).name.isin(names))
	_count("few", len([name for name in names if name in few]))
	_count("crowd", len([name for name in names if name in crowd]))
	return names


def _in_turn() -> tuple[list[str], list[str]]:
	"""Pay bill payments that are due, a few of each: those of accounts with few unconfirmed ones lately, and others."""
	payment, now = frappe.qb.DocType(PAYMENT), now_datetime()
	account = Coalesce(payment.subscription, payment.hotspot_purchase, "")
	lately = (
		frappe.qb.from_(payment)
		.select(
			payment.name,
			payment.creation,
			payment.status,
			payment.next_ask,
			account.as_("account"),
			RowNumber().over(account).orderby(payment.creation, order=Order.asc).as_("turn"),
		)
		.where((payment.source == "Pay Bill") & (payment.verified == 0))
		.where((payment.status == "Received") | (payment.creation > now - LATELY))
	)
	is_few = (lately.account != "") & (lately.turn <= FEW)
	due = (
		frappe.qb.from_(lately)
		.select(lately.name)
		.where((lately.status == "Received") & (lately.next_ask <= now))
		.orderby(lately.creation)
		.limit(PAY_BILLS_AT_ONCE)
	)
	return due.where(is_few).run(pluck=True), due.where(is_few.negate()).run(pluck=True)


def _left(kind: str, a_minute: int) -> int:
	# make_key has put the site's database into the key
	return max(0, a_minute - int(frappe.cache().get(_key(kind)) or 0))  # nosemgrep


def _count(kind: str, number: int) -> None:
	key = _key(kind)
	# make_key has put the site's database into the key
	frappe.cache().set(key, 0, ex=120, nx=True)  # nosemgrep
	frappe.cache().incrby(key, number)


def _key(kind: str) -> bytes:
	minute = now_datetime().strftime("%Y%m%d%H%M")
	return frappe.cache().make_key(f"mikrotik_integration|asked|{kind}|{minute}")
