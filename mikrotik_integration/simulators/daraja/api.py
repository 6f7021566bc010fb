"""Daraja's endpoints: check the request, do it, answer in Daraja's shapes."""

import re
import secrets
from collections.abc import Callable
from datetime import timedelta

from mikrotik_integration.simulators.daraja import checks
from mikrotik_integration.simulators.daraja.c2b import RegisteredUrls
from mikrotik_integration.simulators.daraja.checks import Body, Merchant, Refused, bad
from mikrotik_integration.simulators.daraja.ledger import now
from mikrotik_integration.simulators.daraja.mpesa import Mpesa, PaymentRefused, PhoneBusy, Prompt, Push
from mikrotik_integration.simulators.daraja.questions import Question, Questions
from mikrotik_integration.simulators.daraja.shapes import Json
from mikrotik_integration.simulators.daraja.tokens import Tokens

ACCEPTED = "Accept the service request successfully."
TOKEN_PATH = "/oauth/v1/generate"


class Api:
	"""All endpoints, found by path."""

	def __init__(self, merchant: Merchant, mpesa: Mpesa, questions: Questions) -> None:
		self.tokens = Tokens(merchant)
		self._merchant = merchant
		self._mpesa = mpesa
		self._questions = questions
		self._endpoints: dict[str, Callable[[Body], Json]] = {
			"/mpesa/stkpush/v1/processrequest": self._stk_push,
			"/mpesa/stkpushquery/v1/query": self._stk_query,
			"/mpesa/c2b/v1/registerurl": lambda body: self._register_urls(body, 1),
			"/mpesa/c2b/v2/registerurl": lambda body: self._register_urls(body, 2),
			"/mpesa/c2b/v1/simulate": self._simulate_c2b,
			"/mpesa/c2b/v2/simulate": self._simulate_c2b,
			"/mpesa/transactionstatus/v1/query": self._transaction_status,
			"/mpesa/accountbalance/v1/query": self._account_balance,
			"/mpesa/b2c/v1/paymentrequest": lambda body: self._b2c(body, _new_originator_id()),
			"/mpesa/b2c/v3/paymentrequest": lambda body: self._b2c(
				body, checks.text(body, "OriginatorConversationID")
			),
		}

	def token(self, grant_type: str, authorization: str) -> Json:
		if grant_type != "client_credentials":
			raise Refused(400, "400.008.02", "Invalid grant type passed")
		return self.tokens.give(authorization, self._mpesa.behaviour.token_lifetime_s)

	def call(self, path: str, authorization: str, body: object) -> Json:
		"""The answer of the endpoint at this path. Raises Refused."""
		endpoint = self._endpoints.get(path)
		if endpoint is None:
			raise Refused(404, "404.002.01", "Resource not found")
		self.tokens.check(authorization)
		if not isinstance(body, dict):
			raise Refused(400, "400.002.05", "Invalid Request Payload")
		return endpoint(body)

	def _stk_push(self, body: Body) -> Json:
		shortcode = checks.business_shortcode(self._merchant, body)
		checks.password(self._merchant, body, self._mpesa.behaviour.pushes_in_nairobi_time)
		try:
			prompt = self._mpesa.push(self._push(shortcode, body))
		except PhoneBusy:
			raise Refused(
				500,
				"500.001.1001",
				"Unable to lock subscriber, a transaction is already in process for the current subscriber",
			) from None
		return {
			"MerchantRequestID": prompt.merchant_request_id,
			"CheckoutRequestID": prompt.checkout_request_id,
			"ResponseCode": "0",
			"ResponseDescription": "Success. Request accepted for processing",
			"CustomerMessage": "Success. Request accepted for processing",
		}

	def _push(self, shortcode: str, body: Body) -> Push:
		"""References and descriptions of any length are taken, as in reality; C2B tells less of them."""
		kind = checks.text(body, "TransactionType")
		credited = checks.text(body, "PartyB")
		till = kind == "CustomerBuyGoodsOnline"
		if kind not in ("CustomerPayBillOnline", "CustomerBuyGoodsOnline"):
			raise bad("TransactionType")
		if credited not in (self._merchant.tills if till else (shortcode,)):
			raise bad("PartyB")
		phone = checks.phone(body, "PhoneNumber")
		if checks.phone(body, "PartyA") != phone:
			raise bad("PartyA")
		checks.text(body, "TransactionDesc")
		return Push(
			shortcode,
			credited,
			till,
			phone,
			checks.amount(body),
			checks.text(body, "AccountReference"),
			checks.url(body, "CallBackURL"),
		)

	def _stk_query(self, body: Body) -> Json:
		checks.business_shortcode(self._merchant, body)
		checks.password(self._merchant, body, self._mpesa.behaviour.queries_in_nairobi_time)
		prompt = self._mpesa.prompt(checks.text(body, "CheckoutRequestID"))
		if prompt is None:
			raise bad("CheckoutRequestID")
		code, words = self._result_as_seen(prompt)
		return {
			"ResponseCode": "0",
			"ResponseDescription": "The service request has been accepted successsfully",
			"MerchantRequestID": prompt.merchant_request_id,
			"CheckoutRequestID": prompt.checkout_request_id,
			"ResultCode": code,
			"ResultDesc": words,
		}

	def _result_as_seen(self, prompt: Prompt) -> tuple[str, str]:
		"""Text, unlike the callback's number. What is decided may not be seen at once."""
		seen_after = timedelta(seconds=self._mpesa.behaviour.seen_after_s)
		if prompt.result and prompt.decided_at and now() - prompt.decided_at >= seen_after:
			return str(prompt.result[0]), prompt.result[1]
		if self._mpesa.behaviour.pending_as_result:
			return "4999", "The transaction is still under processing"
		raise Refused(500, "500.001.1001", "The transaction is being processed")

	def _register_urls(self, body: Body, version: int) -> Json:
		shortcode = checks.text(body, "ShortCode")
		if shortcode not in self._merchant.numbers:
			raise bad("ShortCode")
		default = checks.text(body, "ResponseType")
		if default not in ("Completed", "Cancelled"):
			raise bad("ResponseType")
		urls = RegisteredUrls(
			checks.unbranded_url(body, "ConfirmationURL"),
			checks.unbranded_url(body, "ValidationURL"),
			version,
			default == "Completed",
		)
		if not self._mpesa.register_urls(shortcode, urls):
			raise Refused(500, "500.003.1001", "Urls are already registered")
		return {
			"OriginatorCoversationID": _new_originator_id(),  # misspelt so by Daraja
			"ResponseCode": "0",
			"ResponseDescription": "Success",
		}

	def _simulate_c2b(self, body: Body) -> Json:
		shortcode = checks.text(body, "ShortCode")
		kind = checks.text(body, "CommandID")
		if shortcode not in self._merchant.numbers:
			raise bad("ShortCode")
		if kind not in ("CustomerPayBillOnline", "CustomerBuyGoodsOnline"):
			raise bad("CommandID")
		till = kind == "CustomerBuyGoodsOnline"
		account = "" if till else checks.text(body, "BillRefNumber")
		try:
			self._mpesa.pay_bill(checks.phone(body, "Msisdn"), checks.amount(body), account, shortcode, till)
		except PaymentRefused as error:
			raise Refused(500, "500.001.1001", str(error)) from None
		return _acknowledgement("", _new_originator_id())

	def _transaction_status(self, body: Body) -> Json:
		if checks.text(body, "CommandID") != "TransactionStatusQuery":
			raise bad("CommandID")
		if checks.text(body, "IdentifierType") not in ("1", "2", "4"):
			raise bad("IdentifierType")
		receipt = checks.text(body, "TransactionID")
		question = self._question(body, "Initiator", _new_originator_id())
		self._questions.ask_status(question, receipt)
		return _acknowledgement(question.conversation_id, question.originator_conversation_id)

	def _account_balance(self, body: Body) -> Json:
		if checks.text(body, "CommandID") != "AccountBalance":
			raise bad("CommandID")
		question = self._question(body, "Initiator", _new_originator_id())
		self._questions.ask_balance(question)
		return _acknowledgement(question.conversation_id, question.originator_conversation_id)

	def _b2c(self, body: Body, originator_id: str) -> Json:
		if checks.text(body, "CommandID") not in ("BusinessPayment", "SalaryPayment", "PromotionPayment"):
			raise bad("CommandID")
		phone, amount = checks.phone(body, "PartyB"), checks.amount(body)
		question = self._question(body, "InitiatorName", originator_id)
		if not self._questions.pay_out(question, phone, amount, checks.text(body, "Remarks")):
			raise Refused(500, "500.002.1001", "Duplicate OriginatorConversationID.")
		return _acknowledgement(question.conversation_id, originator_id)

	def _question(self, body: Body, initiator: str, originator_id: str) -> Question:
		shortcode = checks.text(body, "PartyA")
		if not re.fullmatch(r"[0-9]{5,12}", shortcode):
			raise bad("PartyA")
		trusted = checks.initiator_is_known(self._merchant, body, initiator)
		return Question(
			shortcode,
			checks.url(body, "ResultURL"),
			checks.url(body, "QueueTimeOutURL"),
			trusted and shortcode in self._merchant.numbers,
			f"AG_{now():%Y%m%d}_{secrets.token_hex(10)}",
			originator_id,
		)


def _new_originator_id() -> str:
	return f"{secrets.token_hex(2)}-{secrets.token_hex(2)}-{secrets.token_hex(8)}"


def _acknowledgement(conversation_id: str, originator_id: str) -> Json:
	return {
		"OriginatorConversationID": originator_id,
		"ConversationID": conversation_id,
		"ResponseCode": "0",
		"ResponseDescription": ACCEPTED,
	}
