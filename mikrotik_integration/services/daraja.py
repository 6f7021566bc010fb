"""Our own line to Daraja, with the credentials of frappe_mpsa_payments' Mpesa Settings."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial

import frappe
from frappe import _
from frappe.utils import get_url

from mikrotik_integration.core.payments.daraja import (
	PRODUCTION_URL,
	SANDBOX_URL,
	Asked,
	DarajaClient,
	DarajaError,
	StkAnswer,
)

AT_ONCE = 10
RESULT_METHOD = "mikrotik_integration.api.payments.transaction_status_result"


class SharedToken:
	"""The access token of one Mpesa Settings: read from the site's cache here, used by threads, kept again here."""

	def __init__(self, settings_name: str) -> None:
		self._key = f"mikrotik_integration|daraja_token|{settings_name}"
		self._token: str | None = frappe.cache().get_value(self._key, expires=True)
		self._lifetime_s = 0

	def get(self) -> str | None:
		return self._token

	def set(self, token: str, ttl_s: int) -> None:
		self._token, self._lifetime_s = token, ttl_s

	def keep(self) -> None:
		"""Back in Frappe's thread: let the next question use a token that was fetched anew."""
		if self._lifetime_s:
			frappe.cache().set_value(self._key, self._token, expires_in_sec=self._lifetime_s)


@dataclass(frozen=True)
class PushQuestion:
	"""What became of this push?"""

	payment: str
	settings_name: str
	checkout_request_id: str


@dataclass(frozen=True)
class ReceiptQuestion:
	"""What does M-PESA know of this receipt? The answer comes to our result endpoint, with ``token``."""

	payment: str
	settings_name: str
	receipt: str
	token: str = field(repr=False)


Question = PushQuestion | ReceiptQuestion
Answer = StkAnswer | Asked | DarajaError


def ask(questions: list[Question]) -> list[Answer]:
	"""The answers in the order of the questions, which are asked at the same time; an error is an answer, too.

	Commits, because it waits for the network. Credentials are read before, in this thread: the threads that wait
	know nothing of Frappe.
	"""
	if not questions:
		return []
	lines = {name: _line(name) for name in {question.settings_name for question in questions}}
	calls = [_call(lines[question.settings_name], question) for question in questions]
	# no transaction may stay open while Daraja is asked
	frappe.db.commit()  # nosemgrep
	with ThreadPoolExecutor(max_workers=min(len(calls), AT_ONCE)) as pool:
		answers = list(pool.map(_answer, calls))
	for line in lines.values():
		line.token.keep()
	return answers


@dataclass(frozen=True)
class _Line:
	"""A client for one Mpesa Settings, with what its questions need."""

	settings: object
	client: DarajaClient
	token: SharedToken


def _line(settings_name: str) -> _Line:
	mpesa_settings = frappe.get_doc("Mpesa Settings", settings_name)
	token = SharedToken(settings_name)
	client = DarajaClient(
		SANDBOX_URL if mpesa_settings.sandbox else PRODUCTION_URL,
		mpesa_settings.consumer_key,
		mpesa_settings.get_password("consumer_secret"),
		token,
	)
	return _Line(mpesa_settings, client, token)


def _answer(call: Callable[[], Answer]) -> Answer:
	try:
		return call()
	except DarajaError as error:
		return error
	except Exception as error:
		# let alone, it would end the questions about other payments, and Frappe would log it with local variables:
		# the pass key among them
		return DarajaError(
			f"M-PESA could not be asked ({type(error).__name__}). Trying again later.", retryable=True
		)


def _call(line: _Line, question: Question) -> Callable[[], Answer]:
	if isinstance(question, PushQuestion):
		return _push_call(line, question)
	return _receipt_call(line, question)


def _push_call(line: _Line, question: PushQuestion) -> Callable[[], Answer]:
	return partial(
		line.client.stk_query,
		line.settings.business_shortcode,
		line.settings.get_password("online_passkey"),
		question.checkout_request_id,
		datetime.now(timezone.utc),
	)


def _receipt_call(line: _Line, question: ReceiptQuestion) -> Callable[[], Answer]:
	mpesa_settings = line.settings
	if not (mpesa_settings.initiator_name and mpesa_settings.security_credential):
		missing = _(
			"Fill in the initiator name and password in Mpesa Settings {0}, so that pay bill payments can be checked with M-PESA"
		)
		return partial(DarajaError, missing.format(mpesa_settings.name), False)
	till = mpesa_settings.paybill_type == "Buy Goods"
	url = get_url(f"/api/method/{RESULT_METHOD}?token={question.token}")
	return partial(
		line.client.ask_transaction_status,
		question.receipt,
		mpesa_settings.till_number if till else mpesa_settings.business_shortcode,
		mpesa_settings.initiator_name,
		mpesa_settings.security_credential,
		url,
		url,
		till,
	)
