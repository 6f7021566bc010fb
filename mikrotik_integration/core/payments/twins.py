"""One money under two shapes: a push (STK) also arrives as C2B when the shortcode has C2B URLs registered.

What a callback or confirmation says of itself (a push's receipt, a C2B's account) anybody may have written. What
M-PESA answered about a C2B's receipt (amount, shortcode, time, payer) and what a push was sent with are facts. So
the facts decide whether two records can be one money; the claims, whether that is certain.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from mikrotik_integration.core.payments import phones

REFERENCE_LENGTH = 12  # C2B repeats no more than this of a push's AccountReference


class Shape(str, Enum):
	"""How a payment was told to us."""

	STK = "STK"
	C2B = "C2B"


@dataclass(frozen=True)
class Money:
	"""A payment as far as it is needed to recognise it under its other shape.

	identity: what tells records apart, e.g. the name of the Subscription Payment
	receipt: the M-PESA receipt; of a push, what its callback claims, None if none came
	account: the AccountReference of the push, or the BillRefNumber that a C2B confirmation claims
	at: when the push was sent, or when M-PESA says that the C2B was paid; None if it does not say
	phone: the payer as 254..., or as M-PESA masks it; None or anything else if it is not known
	has_twin: whether its other shape was found already
	confirmed: whether M-PESA itself told that this receipt is this payment's
	"""

	identity: str
	shape: Shape
	receipt: str | None
	account: str
	amount: Decimal
	shortcode: str
	at: datetime | None
	phone: str | None = None
	has_twin: bool = False
	confirmed: bool = False


@dataclass(frozen=True)
class Match:
	"""A record that can be the same money; `certain` unless what is claimed of the two contradicts that."""

	money: Money
	certain: bool


def find_twin(
	payment: Money, candidates: Iterable[Money], window: timedelta, doubtful_within: timedelta
) -> Match | None:
	"""The record that is, or may be, the same money as `payment`; None if its money is another for sure.

	`window` is how far apart two records of one money may lie. A prompt is paid within minutes or not at all, so
	what speaks against being one money need not be doubted if they are more than `doubtful_within` apart.

	A match that is certain goes first, then the same receipt, then the nearest in time. Whoever paid once and
	claims the receipt for a second account, or hides a push's receipt behind an invented one, gets a match that
	is not certain: a person has to look.
	"""
	matches = [
		Match(other, _is_certain(payment, other))
		for other in candidates
		if other.identity != payment.identity and _can_be_one(payment, other, window)
	]
	likely = [match for match in matches if match.certain or _is_near(payment, match.money, doubtful_within)]
	return min(likely, key=lambda match: _order(payment, match), default=None)


def _can_be_one(one: Money, other: Money, window: timedelta) -> bool:
	"""By the facts alone. Each money has at most one twin."""
	return (
		one.shape is not other.shape
		and not (one.has_twin or other.has_twin)
		and one.amount == other.amount
		and one.shortcode.strip() == other.shortcode.strip()
		and _is_near(one, other, window)
		and phones.may_be_same(one.phone, other.phone)
		and not _have_receipts_of_their_own(one, other)
	)


def _have_receipts_of_their_own(one: Money, other: Money) -> bool:
	"""M-PESA gives each payment one receipt: two that it confirmed are two payments."""
	return one.confirmed and other.confirmed and _folded(one.receipt or "") != _folded(other.receipt or "")


def _is_near(one: Money, other: Money, window: timedelta) -> bool:
	return one.at is None or other.at is None or abs(one.at - other.at) <= window


def _is_certain(one: Money, other: Money) -> bool:
	if one.receipt and other.receipt:
		return _folded(one.receipt) == _folded(other.receipt)
	return _is_one_account(one, other)


def _is_one_account(one: Money, other: Money) -> bool:
	"""A till's C2B confirmation carries no account; then only a known and equal payer tells."""
	if not one.account.strip() or not other.account.strip():
		return one.phone is not None and one.phone == other.phone
	return _account(one) == _account(other)


def _account(money: Money) -> str:
	return _folded(money.account)[:REFERENCE_LENGTH].strip()


def _folded(text: str) -> str:
	return text.strip().casefold()


def _order(payment: Money, match: Match) -> tuple[bool, bool, timedelta, str]:
	other = match.money
	same_receipt = bool(payment.receipt and other.receipt) and match.certain
	apart = abs(payment.at - other.at) if payment.at and other.at else timedelta.max
	return not match.certain, not same_receipt, apart, other.identity
