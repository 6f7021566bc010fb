"""One money under two shapes: a push (STK) also arrives as C2B when the shortcode has C2B URLs registered.

What a callback or confirmation says of itself (a push's receipt, a C2B's account) anybody may have written. What
M-PESA answered about a C2B's receipt (amount, shortcode, time, payer) and what a push was sent with are facts. So
the facts decide whether two records can be one money; the claims, whether that is certain.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Protocol

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
	twin: the record that was found to be its other shape, for certain
	confirmed: of C2B, whether M-PESA told that it was paid; of a push, that its receipt was, and can be this push's
	"""

	identity: str
	shape: Shape
	receipt: str | None
	account: str
	amount: Decimal
	shortcode: str
	at: datetime | None
	phone: str | None = None
	twin: str | None = None
	confirmed: bool = False


@dataclass(frozen=True)
class Match:
	"""A record that can be the same money; `certain` unless what is claimed of the two contradicts that."""

	money: Money
	certain: bool


class Books(Protocol):
	"""The verified payments."""

	def around(self, money: Money) -> Iterable[Money]:
		"""Those of the other shape that lie within the window of this one."""

	def get(self, identity: str) -> Money | None:
		"""One of them."""


def find(payment: Money, books: Books, window: timedelta, doubtful_within: timedelta) -> Match | None:
	"""The record that is, or may be, the same money as `payment`, also if that shows only by looking further; None if
	its money is another for sure."""
	if match := find_twin(payment, books.around(payment), window, doubtful_within):
		return match
	end = _end_of_chain(payment, books, doubtful_within)
	return Match(end, certain=False) if end else None


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


def _end_of_chain(payment: Money, books: Books, within: timedelta) -> Money | None:
	"""A record without a twin that has to be the same money as `payment` if twins were mistaken.

	Claims make twins: whoever pays two prompts and passes off what belongs to the second as the twin of the first has
	what belongs to the first left over. It can be no twin of the second, which lies minutes apart; but if the twins
	that were found are exchanged, everything has one. So: what can be `payment` by the facts, the twin of that, what
	that can be by the facts, and so on until something has no twin.
	"""
	end = _first_without_twin(payment, books, within, within)
	claimed = _twin_of(payment, books)
	if not end or not claimed:
		return end
	# its receipt was confirmed and is not that of the end: something of which that is the receipt must be left over, too
	reach = _reach(claimed, books, within)
	return end if _first_without_twin(claimed, books, within, reach, but=payment.identity) else None


def _first_without_twin(
	start: Money, books: Books, within: timedelta, reach: timedelta, but: str = ""
) -> Money | None:
	seen, ahead = {start.identity, but}, [(start, reach)]
	while ahead:
		money, reach = ahead.pop(0)
		for other in sorted(books.around(money), key=lambda other: other.identity):
			if other.identity in seen or not _have_the_same_facts(money, other, reach):
				continue
			seen.add(other.identity)
			twin = _twin_of(other, books)
			if not twin:
				return other
			if twin.identity not in seen:
				seen.add(twin.identity)
				ahead.append((twin, _reach(twin, books, within)))
	return None


def _reach(money: Money, books: Books, within: timedelta) -> timedelta:
	"""How far apart what it is one money with may lie. Of a payment that a push's receipt names, and that nobody else
	has told of, the time is not known: it has the push's."""
	return within if books.get(money.identity) else 2 * within


def _twin_of(money: Money, books: Books) -> Money | None:
	"""The other shape of this one as far as is known: the twin that was found, or the payment of the receipt that was
	confirmed for a push, unless that is the twin of something else."""
	if money.twin:
		return books.get(money.twin)
	if money.shape is not Shape.STK or not money.confirmed or not money.receipt:
		return None
	named = books.get(money.receipt)
	if named:
		return named if named.twin in (None, money.identity) else None
	return replace(money, identity=money.receipt, shape=Shape.C2B)


def _can_be_one(one: Money, other: Money, window: timedelta) -> bool:
	"""By the facts alone. Each money has at most one twin."""
	return (
		not (one.twin or other.twin)
		and _have_the_same_facts(one, other, window)
		and not _have_receipts_of_their_own(one, other)
	)


def _have_the_same_facts(one: Money, other: Money, window: timedelta) -> bool:
	return (
		one.shape is not other.shape
		and one.amount == other.amount
		and one.shortcode.strip() == other.shortcode.strip()
		and _is_near(one, other, window)
		and phones.may_be_same(one.phone, other.phone)
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
