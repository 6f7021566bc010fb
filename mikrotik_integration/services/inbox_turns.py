"""Which of the payments that are due come first, so that nobody's flood delays a customer.

1. Money that is there: it is booked before anybody is asked anything.
2. Prompts: we sent them, so there are no more of them than ``prompts`` lets out.
3. Pay bill confirmations. Anybody can send them without end, and each costs a question. So there are a few to a round
   and so many a minute. First come those for an account that was named little lately; what many confirmations name, or
   no account at all, shares a small part of the minute, the oldest first. None is forgotten. Which are many is decided
   as each comes in, so that those that wait cost nothing, however many they are.
"""

from datetime import timedelta

import frappe
from frappe.utils import now_datetime

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
	few = _next_pay_bills(0, min(PAY_BILLS_AT_ONCE, _left("few", A_MINUTE)))
	_count("few", len(few))
	crowd = _next_pay_bills(1, min(PAY_BILLS_AT_ONCE - len(few), _left("crowd", OF_THE_CROWD_A_MINUTE)))
	_count("crowd", len(crowd))
	return few + crowd


def _next_pay_bills(in_crowd: int, number: int) -> list[str]:
	payment = frappe.qb.DocType(PAYMENT)
	return _locked((payment.status == "Received") & (payment.in_crowd == in_crowd), number) if number else []


def is_in_crowd(**account: str) -> bool:
	"""Whether a pay bill confirmation that comes now, for this subscription or purchase, has to queue: it names none, or
	one that a few have named lately and M-PESA has not confirmed."""
	if not account:
		return True
	payment = frappe.qb.DocType(PAYMENT)
	query = frappe.qb.from_(payment).select(payment.name)
	for field, name in account.items():
		query = query.where(payment[field] == name)
	lately = (
		query.where((payment.source == "Pay Bill") & (payment.verified == 0))
		.where((payment.status == "Received") | (payment.creation > now_datetime() - LATELY))
		.limit(FEW)
	).run()
	return len(lately) == FEW


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
