"""What is acknowledged at once and answered later: Transaction Status, B2C payouts, Account Balance."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mikrotik_integration.simulators.daraja import shapes
from mikrotik_integration.simulators.daraja.courier import Courier, Kind
from mikrotik_integration.simulators.daraja.ledger import NAIROBI, Channel, Ledger, RealPayment, now
from mikrotik_integration.simulators.daraja.mpesa import NAMES, Mpesa

WRONG_INITIATOR = (2001, "The initiator information is invalid.")
# Safaricom's result codes are not all numbers.
UNKNOWN_RECEIPT = ("R000001", "The transaction receipt number does not exist.")
PAYOUT_FAILED = "The payout could not be made."


@dataclass(frozen=True)
class Question:
	"""Who asked, and where the answer goes. `trusted`: initiator and security credential were right."""

	shortcode: str
	result_url: str
	timeout_url: str
	trusted: bool
	conversation_id: str
	originator_conversation_id: str


class Questions:
	"""Answers them, after a while. For threads."""

	def __init__(self, mpesa: Mpesa, courier: Courier, ledger: Ledger) -> None:
		self._mpesa = mpesa
		self._courier = courier
		self._ledger = ledger
		self._lock = threading.Lock()
		self._payouts: set[str] = set()

	def ask_status(self, question: Question, receipt: str) -> None:
		self._answer(question, Kind.STATUS, lambda: self._status(question, receipt))

	def ask_balance(self, question: Question) -> None:
		self._answer(question, Kind.BALANCE, lambda: self._balance(question))

	def pay_out(self, question: Question, phone: str, amount: int, remarks: str) -> bool:
		"""False if this OriginatorConversationID was used before: nothing is paid again."""
		with self._lock:
			if question.originator_conversation_id in self._payouts:
				return False
			self._payouts.add(question.originator_conversation_id)
		self._answer(question, Kind.B2C, lambda: self._payout(question, phone, amount, remarks))
		return True

	def clear(self) -> None:
		with self._lock:
			self._payouts.clear()

	def _answer(self, question: Question, kind: Kind, make: Callable[[], shapes.Json]) -> None:
		behaviour = self._mpesa.behaviour
		if behaviour.questions_time_out:
			body = _failure(question, "1", "Request timed out")
			self._courier.send(Kind.TIMEOUT, question.timeout_url, body, behaviour.result_after_s)
		elif not question.trusted:
			body = _failure(question, *WRONG_INITIATOR)
			self._courier.send(kind, question.result_url, body, behaviour.result_after_s)
		else:
			self._courier.send(kind, question.result_url, make(), behaviour.result_after_s)

	def _status(self, question: Question, receipt: str) -> shapes.Json:
		payment = self._ledger.find(receipt)
		if payment is None or payment.shortcode != question.shortcode:
			return _failure(question, *UNKNOWN_RECEIPT)
		return _success(question, new_id(), self._status_parameters(payment))

	def _status_parameters(self, payment: RealPayment) -> shapes.Json:
		shown = shapes.masked(payment.phone) if self._mpesa.behaviour.hides_payer else payment.phone
		customer = f"{shown} - {payment.name}"
		parameters = shapes.transaction_status_parameters(
			payment.receipt, payment.amount, payment.shortcode, customer, payment.at, payment.status
		)
		if payment.channel is Channel.B2C:
			business = parameters["CreditPartyName"]
			parameters.update(DebitPartyName=business, CreditPartyName=customer)
			parameters["ReasonType"] = "Business Payment to Customer via API"
		return parameters

	def _payout(self, question: Question, phone: str, amount: int, remarks: str) -> shapes.Json:
		code = self._mpesa.behaviour.b2c_result_code
		if code:
			return _failure(question, code, PAYOUT_FAILED)
		name = NAMES[int(phone[-3:]) % len(NAMES)]
		payment = self._ledger.record(
			RealPayment("", Channel.B2C, phone, name, amount, question.shortcode, remarks, now())
		)
		return _success(question, payment.receipt, self._payout_parameters(payment))

	def _payout_parameters(self, payment: RealPayment) -> shapes.Json:
		left = float(self._ledger.balance(payment.shortcode))
		return {
			"TransactionAmount": payment.amount,
			"TransactionReceipt": payment.receipt,
			"B2CRecipientIsRegisteredCustomer": "Y",
			"B2CChargesPaidAccountAvailableFunds": 0.0,
			"ReceiverPartyPublicName": f"{payment.phone} - {payment.name}",
			"TransactionCompletedDateTime": f"{payment.at.astimezone(NAIROBI):%d.%m.%Y %H:%M:%S}",
			"B2CUtilityAccountAvailableFunds": left,
			"B2CWorkingAccountAvailableFunds": left,
		}

	def _balance(self, question: Question) -> shapes.Json:
		funds = f"{self._ledger.balance(question.shortcode):.2f}"
		accounts = [f"{name} Account|KES|{funds}|{funds}|0.00|0.00" for name in ("Working", "Utility")]
		parameters: shapes.Json = {
			"AccountBalance": "&".join(accounts),
			"BOCompletedTime": int(shapes.stamp(now())),
		}
		return _success(question, new_id(), parameters)


def new_id() -> str:
	return secrets.token_hex(5).upper()


def _success(question: Question, transaction_id: str, parameters: shapes.Json) -> shapes.Json:
	return shapes.result(
		question.conversation_id,
		question.originator_conversation_id,
		transaction_id=transaction_id,
		parameters=parameters,
	)


def _failure(question: Question, code: int | str, words: str) -> shapes.Json:
	return shapes.result(
		question.conversation_id, question.originator_conversation_id, code, words, transaction_id=new_id()
	)
