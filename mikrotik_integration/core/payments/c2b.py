"""A C2B confirmation, as Safaricom posts it, or anybody else: what it says, reduced to what the fields can hold.

{"TransID", "TransTime", "TransAmount", "BusinessShortCode", "BillRefNumber", "MSISDN", "FirstName", "MiddleName",
"LastName", ...}. Nothing of it is believed: the money counts once M-PESA, asked about the receipt, confirms it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mikrotik_integration.core.foreign_text import plain_text
from mikrotik_integration.core.payments import receipts
from mikrotik_integration.core.payments.amounts import InvalidAmount, parse_amount
from mikrotik_integration.core.payments.transaction_status import MalformedCallback

ACCOUNT_LENGTH, NAME_LENGTH, SHORTCODE_LENGTH, PHONE_LENGTH = 60, 140, 20, 140


@dataclass(frozen=True)
class Confirmation:
	"""What is said of a payment.

	payer: the phone number in plain, masked or hashed
	paid_at: in Nairobi time without a zone; None for nonsense
	"""

	receipt: str
	amount: Decimal
	shortcode: str
	account: str
	payer: str
	payer_name: str
	paid_at: datetime | None


def parse_confirmation(body: Mapping[str, object]) -> Confirmation:
	"""Raises MalformedCallback for what cannot be a payment."""
	receipt = receipts.normalise(_text(body, "TransID", 40))
	if not receipt:
		raise MalformedCallback("TransID is no receipt")
	try:
		amount = parse_amount(body.get("TransAmount"))
	except InvalidAmount as error:
		raise MalformedCallback(f"TransAmount: {error}") from None
	names = (_text(body, key, NAME_LENGTH) for key in ("FirstName", "MiddleName", "LastName"))
	return Confirmation(
		receipt=receipt,
		amount=amount,
		shortcode=_text(body, "BusinessShortCode", SHORTCODE_LENGTH),
		account=_text(body, "BillRefNumber", ACCOUNT_LENGTH),
		payer=_text(body, "MSISDN", PHONE_LENGTH),
		payer_name=plain_text(" ".join(name for name in names if name), NAME_LENGTH),
		paid_at=_moment(_text(body, "TransTime", 20)),
	)


def _text(body: Mapping[str, object], key: str, limit: int) -> str:
	"""Numbers may come as numbers or as text; anything else is nothing."""
	value = body.get(key)
	if isinstance(value, bool) or not isinstance(value, int | float | str):
		return ""
	return plain_text(value, limit)


def _moment(text: str) -> datetime | None:
	try:
		return datetime.strptime(text, "%Y%m%d%H%M%S")
	except ValueError:
		return None
