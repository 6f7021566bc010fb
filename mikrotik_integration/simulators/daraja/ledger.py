"""What M-PESA really took and paid out: the truth that books are compared with."""

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from enum import Enum

NAIROBI = timezone(timedelta(hours=3), "EAT")
_RECEIPT_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def now() -> datetime:
	return datetime.now(NAIROBI)


class Channel(str, Enum):
	"""How money moved."""

	STK = "STK"
	C2B = "C2B"
	B2C = "B2C"  # out, to a customer


@dataclass(frozen=True)
class RealPayment:
	"""One movement of money; `amount` in whole shillings, `account` as it was given, not cut.

	checkout_request_id and merchant_request_id are those of the push, empty otherwise.
	"""

	receipt: str
	channel: Channel
	phone: str
	name: str
	amount: int
	shortcode: str
	account: str
	at: datetime
	checkout_request_id: str = ""
	merchant_request_id: str = ""
	status: str = "Completed"


class Ledger:
	"""All real payments in the order in which they happened. For threads."""

	def __init__(self) -> None:
		self._lock = threading.Lock()
		self._payments: dict[str, RealPayment] = {}
		self._letters = random.Random()

	def record(self, payment: RealPayment) -> RealPayment:
		"""The payment with a receipt of its own."""
		with self._lock:
			payment = replace(payment, receipt=self._new_receipt())
			self._payments[payment.receipt] = payment
			return payment

	def find(self, receipt: str) -> RealPayment | None:
		with self._lock:
			return self._payments.get(receipt)

	def payments(self, *channels: Channel) -> list[RealPayment]:
		"""Those of these channels, or all."""
		with self._lock:
			return [
				payment for payment in self._payments.values() if not channels or payment.channel in channels
			]

	def balance(self, shortcode: str) -> int:
		"""Whole shillings on the shortcode's account."""
		return total(payment for payment in self.payments() if payment.shortcode == shortcode)

	def set_status(self, receipt: str, status: str) -> None:
		"""What Transaction Status says of it from now on, e.g. "Authorized" or "Declined"."""
		with self._lock:
			self._payments[receipt] = replace(self._payments[receipt], status=status)

	def clear(self) -> None:
		with self._lock:
			self._payments.clear()

	def _new_receipt(self) -> str:
		while True:
			receipt = "S" + "".join(self._letters.choices(_RECEIPT_LETTERS, k=9))
			if receipt not in self._payments:
				return receipt


def total(payments: Iterable[RealPayment]) -> int:
	"""What came in minus what went out, in whole shillings; only what is completed."""
	completed = (payment for payment in payments if payment.status == "Completed")
	return sum(-payment.amount if payment.channel is Channel.B2C else payment.amount for payment in completed)
