"""What becomes of time that was paid, or served on credit, when a subscription changes its plan.

Time is money: what is left is as much of the new plan's time as its price buys. The present period's usage goes on
counting, against the new quota: changing to and fro gives nobody a second one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from mikrotik_integration.core.subscriptions.standing import ZERO, Standing, Terms, clock


@dataclass(frozen=True)
class Offer:
	"""A plan and what one period of it costs."""

	terms: Terms
	price: Decimal

	@property
	def rate(self) -> Fraction:
		"""Price of a microsecond."""
		return Fraction(self.price) / _microseconds(self.terms.validity)


@dataclass(frozen=True)
class Conversion:
	"""Takes ``credit`` off a time, and makes what is then left of it after ``moment`` ``factor`` times as long."""

	moment: datetime
	factor: Fraction = Fraction(1)
	credit: timedelta = ZERO

	def end(self, time: datetime) -> datetime:
		"""What an end of paid time becomes; raises OverflowError beyond the calendar."""
		return self.moment + self.length(max(ZERO, time - self.credit - self.moment))

	def length(self, time: timedelta) -> timedelta:
		"""The same for a time that is still to begin."""
		return timedelta(microseconds=int(_microseconds(time) * self.factor))

	def window(self, start: datetime, end: datetime) -> tuple[datetime, datetime]:
		"""The same for the time that an invoice has granted: what lies before the moment stays."""
		start, end = start - self.credit, end - self.credit
		begin = start if start <= self.moment else self.moment + self.length(start - self.moment)
		stop = end if end <= self.moment else self.moment + self.length(end - self.moment)
		return begin, stop


def conversion(standing: Standing, old: Offer, new: Offer, billed: bool, now: datetime) -> Conversion | None:
	"""How a change of plan converts time; None if it changes none.

	What is left of the time is converted by price: less of a dear plan, more of a cheap one. From a plan that costs
	nothing, nothing is carried over to one that costs something; to one that costs nothing it is kept as it is, and
	of one that costs nothing at most a period. A period on credit that was not ``billed`` ends.
	"""
	if standing.expiry is None or standing.terminated_at is not None:
		return None
	credit = _credit(standing, old.terms) if not billed else ZERO
	if _costs_the_same(old, new) and (new.terms.postpaid or not credit):
		return None
	moment = clock(standing, now)
	if standing.expiry <= moment and not credit:
		return None
	return Conversion(moment, _factor(standing, moment, old, new), credit)


def is_paid_by_its_bill(standing: Standing, old: Offer, new: Offer, billed: bool) -> bool:
	"""Whether a period on credit that was ``billed`` is what its bill is for. As long as the plan goes on, paying it
	buys the next period, and the last one is never paid; on another plan there is no such next period."""
	goes_on = new.terms.postpaid and _costs_the_same(old, new)
	return billed and bool(_credit(standing, old.terms)) and not goes_on


def _costs_the_same(old: Offer, new: Offer) -> bool:
	return old.price == new.price and old.terms.validity == new.terms.validity


def _factor(standing: Standing, moment: datetime, old: Offer, new: Offer) -> Fraction:
	if new.price > 0:
		return old.rate / new.rate
	if old.price > 0 or standing.expiry is None or standing.expiry <= moment:
		return Fraction(1)
	left, most = _microseconds(standing.expiry - moment), _microseconds(new.terms.validity)
	return min(Fraction(1), Fraction(most, left))


def converted(standing: Standing, how: Conversion | None, new: Terms, paid_by_bill: bool = False) -> Standing:
	"""The standing after the change. On a postpaid plan a period on credit goes on as one of the new plan, unless its
	bill pays for it."""
	on_credit = standing.on_credit and new.postpaid and not paid_by_bill
	if how is None or standing.expiry is None:
		return replace(standing, on_credit=on_credit)
	expiry = how.end(standing.expiry) + (new.validity if how.credit and new.postpaid else ZERO)
	start = _period_start(standing, how)
	end = start + new.validity
	if end <= how.moment:
		end = how.moment + new.validity
	return replace(
		standing,
		expiry=expiry,
		period_start=start,
		period_end=min(expiry, end),
		extra_quotas=0,
		on_credit=on_credit,
	)


def _period_start(standing: Standing, how: Conversion) -> datetime:
	"""What has gone by of the period is converted too: with what is left of it, it has its share of the quota."""
	if standing.period_start is None or standing.period_start >= how.moment:
		return how.moment
	gone = how.moment - standing.period_start
	return how.moment - min(gone, how.length(gone))


def served_on_credit(standing: Standing, terms: Terms, now: datetime) -> timedelta:
	"""How much of the present period on credit was served: to be billed if the period ends here."""
	if standing.expiry is None or standing.terminated_at is not None:
		return ZERO
	credit = _credit(standing, terms)
	if not credit:
		return ZERO
	moment = min(clock(standing, now), standing.expiry + terms.grace)
	return max(ZERO, moment - (standing.expiry - credit))


def worth(bought: Offer, own: Offer) -> timedelta:
	"""How much time of ``own`` the price of ``bought`` buys; where ``own`` costs nothing, as much as was bought."""
	if own.price <= 0 or bought == own:
		return bought.terms.validity
	return timedelta(microseconds=int(Fraction(bought.price) / own.rate))


def _credit(standing: Standing, terms: Terms) -> timedelta:
	"""Of a subscription that began on credit, always the last period is not paid yet."""
	return terms.validity if terms.postpaid and standing.on_credit else ZERO


def _microseconds(time: timedelta) -> int:
	return time // timedelta.resolution
