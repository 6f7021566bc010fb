"""Our own line to Daraja, with the credentials of frappe_mpsa_payments' Mpesa Settings."""

from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils import get_datetime, get_url, now_datetime

from mikrotik_integration.core.payments.daraja import (
	PRODUCTION_URL,
	SANDBOX_URL,
	Asked,
	DarajaClient,
	DarajaError,
	StkAnswer,
)

RESULT_METHOD = "mikrotik_integration.api.payments.transaction_status_result"


@dataclass(frozen=True)
class CachedToken:
	"""The access token of one Mpesa Settings, kept in the site's cache, encrypted by nothing but never logged."""

	settings_name: str

	@property
	def _key(self) -> str:
		return f"mikrotik_integration|daraja_token|{self.settings_name}"

	def get(self) -> str | None:
		return frappe.cache().get_value(self._key, expires=True)

	def set(self, token: str, ttl_s: int) -> None:
		frappe.cache().set_value(self._key, token, expires_in_sec=ttl_s)


def client(mpesa_settings) -> DarajaClient:
	return DarajaClient(
		SANDBOX_URL if mpesa_settings.sandbox else PRODUCTION_URL,
		mpesa_settings.consumer_key,
		mpesa_settings.get_password("consumer_secret"),
		CachedToken(mpesa_settings.name),
	)


def ask_push(settings_name: str, checkout_request_id: str) -> StkAnswer:
	"""What became of a push. Raises DarajaError. Network I/O: call it outside of a transaction."""
	mpesa_settings = frappe.get_doc("Mpesa Settings", settings_name)
	return client(mpesa_settings).stk_query(
		mpesa_settings.business_shortcode,
		mpesa_settings.get_password("online_passkey"),
		checkout_request_id,
		get_datetime(now_datetime()),
	)


def ask_receipt(settings_name: str, receipt: str, token: str) -> Asked:
	"""Ask about a receipt; the answer comes to our result endpoint, with ``token``. Raises DarajaError."""
	mpesa_settings = frappe.get_doc("Mpesa Settings", settings_name)
	if not (mpesa_settings.initiator_name and mpesa_settings.security_credential):
		raise DarajaError(
			_(
				"Fill in the initiator name and password in Mpesa Settings {0}, so that pay bill payments can be checked with M-PESA"
			).format(settings_name),
			retryable=False,
		)
	till = mpesa_settings.paybill_type == "Buy Goods"
	url = get_url(f"/api/method/{RESULT_METHOD}?token={token}")
	return client(mpesa_settings).ask_transaction_status(
		receipt,
		mpesa_settings.till_number if till else mpesa_settings.business_shortcode,
		mpesa_settings.initiator_name,
		mpesa_settings.security_credential,
		url,
		url,
		till,
	)
