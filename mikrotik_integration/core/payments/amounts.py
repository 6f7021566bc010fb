"""Amounts of money. M-PESA moves whole shillings; books keep Decimals."""

import re
from decimal import ROUND_CEILING, Decimal

# Far above M-PESA's own limit of one payment; what is above is a mistake or an attack, not money.
LIMIT = Decimal(1_000_000_000)
_WRITTEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")


class InvalidAmount(ValueError):
	"""No amount of money that M-PESA could have moved; the message says why in plain words."""


def whole_shillings(amount: Decimal) -> int:
	"""The amount in whole shillings, rounded up: a customer is never asked for less than the price."""
	return int(_bounded(amount).to_integral_value(ROUND_CEILING))


def parse_amount(value: object) -> Decimal:
	"""The positive amount, with at most two decimals, that Daraja sent as 1, 1.0, "1.00" or "1,000.00"."""
	amount = _bounded(_decimal(value))
	if amount == 0:
		raise InvalidAmount("The amount is zero.")
	if amount != amount.quantize(Decimal("0.01")):
		raise InvalidAmount("The amount has parts of a cent.")
	return amount


def _decimal(value: object) -> Decimal:
	if isinstance(value, Decimal):
		return value
	if isinstance(value, bool) or not isinstance(value, int | float | str):
		raise InvalidAmount("The amount is missing or not a number.")
	if not isinstance(value, str):
		return Decimal(value) if isinstance(value, int) else Decimal(repr(value))
	if not _WRITTEN.fullmatch(value.strip()):
		raise InvalidAmount("The amount is not a positive number.")
	return Decimal(value.strip().replace(",", ""))


def _bounded(amount: Decimal) -> Decimal:
	if not amount.is_finite():
		raise InvalidAmount("The amount is not a number.")
	if amount < 0:
		raise InvalidAmount("The amount is negative.")
	if amount > LIMIT:
		raise InvalidAmount("The amount is larger than any payment can be.")
	return amount
