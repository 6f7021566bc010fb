"""One money under two shapes: a push (STK) also arrives as C2B when the shortcode has C2B URLs registered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

REFERENCE_LENGTH = 12  # C2B repeats no more than this of a push's AccountReference


class Shape(str, Enum):
	"""How a payment was told to us."""

	STK = "STK"
	C2B = "C2B"


@dataclass(frozen=True)
class Money:
	"""A payment as far as it is needed to recognise it under its other shape.

	identity: what tells records apart, e.g. the name of the Subscription Payment
	receipt: the M-PESA receipt; None while it is not known (the STK query's answer has none)
	account: the AccountReference of the push, or the BillRefNumber of C2B, as it came
	phone: the payer as 254..., None if it is not known or hashed
	has_twin: whether its other shape was found already
	"""

	identity: str
	shape: Shape
	receipt: str | None
	account: str
	amount: Decimal
	shortcode: str
	at: datetime
	phone: str | None = None
	has_twin: bool = False


def find_twin(payment: Money, candidates: Iterable[Money], window: timedelta) -> Money | None:
	"""The candidate that is the same money as `payment`, or None.

	The same receipt is the same money, whatever else is said. Where the push has no receipt yet, a
	C2B of the same account, amount and shortcode within `window` is taken for its twin, the nearest
	in time first; each money has at most one twin of that kind. A twin by receipt that `has_twin`
	already was once taken for another's by likeness: that other is then without a twin again.
	"""
	others = [candidate for candidate in candidates if candidate.identity != payment.identity]
	same_receipt = [other for other in others if _same_receipt(payment, other)]
	if same_receipt:
		return min(same_receipt, key=lambda other: _order(payment, other))
	alike = [other for other in others if _alike(payment, other, window)]
	return min(alike, key=lambda other: _order(payment, other), default=None)


def _same_receipt(one: Money, other: Money) -> bool:
	return bool(one.receipt and other.receipt) and _folded(one.receipt) == _folded(other.receipt)


def _alike(one: Money, other: Money, window: timedelta) -> bool:
	if one.has_twin or other.has_twin or not _push_without_receipt_and_c2b(one, other):
		return False
	return (
		_may_be_one_account(one, other)
		and one.amount == other.amount
		and one.shortcode.strip() == other.shortcode.strip()
		and abs(one.at - other.at) <= window
		and _may_be_one_payer(one, other)
	)


def _push_without_receipt_and_c2b(one: Money, other: Money) -> bool:
	pushes = [money for money in (one, other) if money.shape is Shape.STK]
	return len(pushes) == 1 and not pushes[0].receipt


def _may_be_one_payer(one: Money, other: Money) -> bool:
	return one.phone is None or other.phone is None or one.phone == other.phone


def _may_be_one_account(one: Money, other: Money) -> bool:
	"""A till's C2B confirmation carries no account; then only a known and equal payer tells."""
	if not one.account.strip() or not other.account.strip():
		return one.phone is not None and one.phone == other.phone
	return _account(one) == _account(other)


def _account(money: Money) -> str:
	return _folded(money.account)[:REFERENCE_LENGTH].strip()


def _folded(text: str | None) -> str:
	return (text or "").strip().casefold()


def _order(payment: Money, other: Money) -> tuple[timedelta, str]:
	return abs(payment.at - other.at), other.identity
