"""Our own questions to Daraja, Safaricom's API for M-PESA: what has really become of a payment?

No callback is believed by itself; what this client is told over its own TLS connection is.
Secrets (consumer key and secret, pass key, token, security credential) are in no log, message or exception.
Shapes: https://developer.safaricom.co.ke/APIs (M-Pesa Express Query, Transaction Status).
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Protocol

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from mikrotik_integration.core.payments.transaction_status import (
	MalformedCallback,
	TransactionStatus,
	parse_transaction_status_result,
)

__all__ = [
	"PRODUCTION_URL",
	"SANDBOX_URL",
	"Asked",
	"DarajaClient",
	"DarajaError",
	"MalformedCallback",
	"Outcome",
	"StkAnswer",
	"TokenStore",
	"TransactionStatus",
	"parse_transaction_status_result",
]

SANDBOX_URL = "https://sandbox.safaricom.co.ke"
PRODUCTION_URL = "https://api.safaricom.co.ke"

NAIROBI = timezone(timedelta(hours=3), "EAT")
_TOKEN_PATH = "/oauth/v1/generate?grant_type=client_credentials"
_TOKEN_MARGIN_S = 60
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_INVALID_TOKEN_CODES = frozenset({"404.001.03", "401.003.01", "401.002.01"})
_STILL_PROCESSING_CODE = "500.001.1001"  # also used for other trouble, so the message counts as well
_STILL_PROCESSING = re.compile(r"\b(?:being|still|under)\b.*\bprocess", re.IGNORECASE)
_PENDING_RESULTS = frozenset({"4999"})
_REFUSED_RESULTS = frozenset({"1", "1001", "1019", "1025", "1032", "1037", "2001", "9999"})


class DarajaError(Exception):
	"""Daraja could not be asked or gave no usable answer. Nothing is known of the payment then.

	The message is plain words; `retryable` says whether asking later may help without a person's doing.
	"""

	def __init__(self, message: str, retryable: bool) -> None:
		super().__init__(message)
		self.retryable = retryable


class TokenStore(Protocol):
	"""Keeps one access token of one consumer key between processes."""

	def get(self) -> str | None:
		"""The token kept last, None if there is none or it has expired."""

	def set(self, token: str, ttl_s: int) -> None:
		"""Keep this token for so many seconds."""


class Outcome(str, Enum):
	"""What became of a push, as Daraja says when asked."""

	PAID = "Paid"
	REFUSED = "Refused"
	PENDING = "Pending"
	UNKNOWN = "Unknown"


@dataclass(frozen=True)
class StkAnswer:
	"""Daraja's answer about one push, with its ResultCode or errorCode and its words."""

	outcome: Outcome
	code: str
	description: str


@dataclass(frozen=True)
class Asked:
	"""A question that Daraja took and will answer at the result URL, with these ids in it."""

	conversation_id: str
	originator_conversation_id: str


@dataclass(frozen=True)
class _Response:
	status: int
	body: Mapping[str, object] | None  # None if it was no JSON object

	def has(self, key: str) -> bool:
		return (self.body or {}).get(key) is not None

	def text(self, key: str) -> str:
		"""The value as text; only text and whole numbers count, so that neither true nor 0.0 is a "0"."""
		value = (self.body or {}).get(key)
		if isinstance(value, bool) or not isinstance(value, int | str):
			return ""
		return str(value).strip()


class DarajaClient:
	"""Asks Daraja on behalf of one consumer key. May be shared by threads if the token store may."""

	def __init__(
		self,
		base_url: str,
		consumer_key: str,
		consumer_secret: str,
		token_store: TokenStore,
		timeout_s: float = 15,
	) -> None:
		self._base_url = base_url.rstrip("/")
		self._consumer_key = consumer_key
		self._consumer_secret = consumer_secret
		self._token_store = token_store
		self._timeout_s = timeout_s

	def stk_query(self, shortcode: str, passkey: str, checkout_request_id: str, now: datetime) -> StkAnswer:
		"""What became of the push `checkout_request_id`? Raises DarajaError.

		PAID is said only on ResultCode 0 for exactly this request; what is not clear is UNKNOWN. `now` is aware of its
		zone: Daraja refuses a Timestamp that is not Nairobi's time.
		"""
		if now.tzinfo is None:
			raise ValueError("now must be aware of its zone")
		timestamp = now.astimezone(NAIROBI).strftime("%Y%m%d%H%M%S")
		password = base64.b64encode(f"{shortcode}{passkey}{timestamp}".encode()).decode()
		question = {
			"BusinessShortCode": shortcode,
			"Password": password,
			"Timestamp": timestamp,
			"CheckoutRequestID": checkout_request_id,
		}
		response = self._ask("/mpesa/stkpushquery/v1/query", question)
		hidden = self._without_secrets(passkey, password)
		return StkAnswer(*_stk_outcome(response, checkout_request_id), _description(response, hidden))

	def ask_transaction_status(
		self,
		receipt: str,
		shortcode: str,
		initiator: str,
		security_credential: str,
		result_url: str,
		timeout_url: str,
		till: bool,
	) -> Asked:
		"""Ask about the payment of this receipt; the answer comes to `result_url` later. Raises DarajaError.

		That it was taken says nothing about the payment. Give the result URL a secret part of its own,
		and believe a result only if its ids are those returned here.
		"""
		question = {
			"Initiator": initiator,
			"SecurityCredential": security_credential,
			"CommandID": "TransactionStatusQuery",
			"TransactionID": receipt,
			"PartyA": shortcode,
			"IdentifierType": "2" if till else "4",
			"ResultURL": result_url,
			"QueueTimeOutURL": timeout_url,
			"Remarks": "Payment check",
			"Occasion": "",
		}
		response = self._ask("/mpesa/transactionstatus/v1/query", question)
		return _asked(response, self._without_secrets(security_credential))

	def _ask(self, path: str, question: Mapping[str, str]) -> _Response:
		"""With the kept token; with a new one, once, if Daraja no longer takes that."""
		response = self._post(path, question, self._token_store.get() or self._new_token())
		if _token_refused(response):
			response = self._post(path, question, self._new_token())
		if _token_refused(response):
			raise DarajaError("M-PESA does not accept its own access token. Trying again later.", True)
		if response.body is None:
			raise DarajaError("M-PESA answered with something unreadable. Trying again later.", True)
		return response

	def _post(self, path: str, question: Mapping[str, str], token: str) -> _Response:
		return _send("POST", self._base_url + path, _Bearer(token), self._timeout_s, dict(question))

	def _new_token(self) -> str:
		response = _send("GET", self._base_url + _TOKEN_PATH, self._basic_auth(), self._timeout_s)
		token = response.text("access_token")
		if response.status in (400, 401):
			raise DarajaError(
				"M-PESA does not accept the consumer key and secret. Check them in Mpesa Settings.", False
			)
		if response.status != 200 or not _TOKEN.fullmatch(token):
			raise DarajaError("M-PESA gave no access token. Trying again later.", True)
		self._token_store.set(token, _lifetime_s(response))
		return token

	def _basic_auth(self) -> HTTPBasicAuth:
		"""Encoded here: letters outside Latin-1 would fail inside requests, with the secret in the error."""
		return HTTPBasicAuth(self._consumer_key.encode(), self._consumer_secret.encode())

	def _without_secrets(self, *more: str) -> Callable[[str], str]:
		secrets = [self._consumer_key, self._consumer_secret, self._token_store.get() or "", *more]
		return lambda text: _hide(text, secrets)


class _Bearer(AuthBase):
	"""An auth object, because requests would let a ~/.netrc override a plain header."""

	def __init__(self, token: str) -> None:
		self._token = token

	def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
		request.headers["Authorization"] = f"Bearer {self._token}"
		return request


def _send(
	method: str, url: str, auth: AuthBase, timeout_s: float, question: dict[str, str] | None = None
) -> _Response:
	"""No cause is chained to the errors: it might quote what was sent or received."""
	try:
		answer = requests.request(
			method, url, json=question, auth=auth, timeout=timeout_s, allow_redirects=False
		)
	except requests.Timeout:
		raise DarajaError("M-PESA did not answer in time. Trying again later.", True) from None
	except requests.RequestException as error:
		reason = type(error).__name__
		raise DarajaError(f"M-PESA could not be reached ({reason}). Trying again later.", True) from None
	return _Response(answer.status_code, _json_object(answer))


def _json_object(answer: requests.Response) -> Mapping[str, object] | None:
	try:
		body = answer.json()
	except (ValueError, RecursionError):
		return None
	return body if isinstance(body, dict) else None


def _stk_outcome(response: _Response, checkout_request_id: str) -> tuple[Outcome, str]:
	error_code = response.text("errorCode")
	if response.has("errorCode"):
		pending = error_code == _STILL_PROCESSING_CODE and _STILL_PROCESSING.search(
			response.text("errorMessage")
		)
		return (Outcome.PENDING if pending else Outcome.UNKNOWN), error_code
	result_code = response.text("ResultCode")
	if response.status != 200 or response.text("ResponseCode") != "0":
		return Outcome.UNKNOWN, result_code
	if not checkout_request_id or response.text("CheckoutRequestID") != checkout_request_id:
		return Outcome.UNKNOWN, result_code
	return _outcome_of_result(result_code), result_code


def _outcome_of_result(result_code: str) -> Outcome:
	if result_code == "0":
		return Outcome.PAID
	if result_code in _REFUSED_RESULTS:
		return Outcome.REFUSED
	return Outcome.PENDING if result_code in _PENDING_RESULTS else Outcome.UNKNOWN


def _asked(response: _Response, hidden: Callable[[str], str]) -> Asked:
	asked = Asked(response.text("ConversationID"), response.text("OriginatorConversationID"))
	if response.status == 200 and response.text("ResponseCode") == "0" and asked.conversation_id:
		return asked
	retryable = response.status in (200, 429) or response.status >= 500
	reason = _description(response, hidden) or f"HTTP {response.status}"
	raise DarajaError(f"M-PESA did not take the question about this payment: {reason}", retryable)


def _token_refused(response: _Response) -> bool:
	return response.status == 401 or response.text("errorCode") in _INVALID_TOKEN_CODES


def _lifetime_s(response: _Response) -> int:
	"""expires_in is a string, "3599"; the token is given up a little earlier."""
	lifetime = response.text("expires_in")
	return (
		max(1, int(lifetime) - _TOKEN_MARGIN_S) if re.fullmatch(r"[0-9]{1,6}", lifetime) else _TOKEN_MARGIN_S
	)


def _description(response: _Response, hidden: Callable[[str], str]) -> str:
	words = next(
		(
			words
			for key in ("ResultDesc", "errorMessage", "ResponseDescription")
			if (words := response.text(key))
		),
		"",
	)
	return hidden(" ".join(words.split()))[:200]


def _hide(text: str, secrets: list[str]) -> str:
	for secret in secrets:
		if secret:
			text = text.replace(secret, "****")
	return text
