"""What a merchant is told, and asked, of payments from the phone's menu."""

import http.client
import json
from dataclasses import dataclass

from mikrotik_integration.simulators.daraja import shapes
from mikrotik_integration.simulators.daraja.behaviour import Behaviour, Msisdn
from mikrotik_integration.simulators.daraja.courier import Courier, NotLoopback
from mikrotik_integration.simulators.daraja.ledger import RealPayment

REFERENCE_LENGTH = 12


@dataclass(frozen=True)
class RegisteredUrls:
	"""Where a shortcode wants to be told of C2B; `version` is of the API that registered them.

	completes_by_default: what happens to a payment when the validation URL does not answer
	"""

	confirmation: str
	validation: str
	version: int
	completes_by_default: bool = True


def confirmation(
	payment: RealPayment, till: bool, urls: RegisteredUrls, behaviour: Behaviour, balance: int
) -> shapes.Json:
	"""The body for the confirmation URL; a till has no account number to tell."""
	return shapes.c2b(
		payment.receipt,
		payment.amount,
		"" if till else payment.account[:REFERENCE_LENGTH],
		payment.shortcode,
		_msisdn(payment.phone, urls, behaviour.msisdn),
		payment.at,
		payment.name.split()[0],
		"Buy Goods" if till else "Pay Bill",
		balance=balance,
		third_party_id=payment.merchant_request_id if behaviour.c2b_names_push else "",
	)


def accepts(courier: Courier, urls: RegisteredUrls, payment: RealPayment) -> bool:
	"""Ask the validation URL whether this payment, which has no receipt yet, is welcome."""
	body = shapes.c2b(
		"", payment.amount, payment.account[:REFERENCE_LENGTH], payment.shortcode, "", payment.at
	)
	try:
		status, reply = courier.post(urls.validation, json.dumps(body).encode())
		answer = json.loads(reply)
	except (NotLoopback, OSError, http.client.HTTPException, ValueError):
		return urls.completes_by_default
	answer = answer.get("message", answer) if isinstance(answer, dict) else {}
	if status != 200 or not isinstance(answer, dict) or "ResultCode" not in answer:
		return urls.completes_by_default
	return str(answer["ResultCode"]) == "0"


def _msisdn(phone: str, urls: RegisteredUrls, shown: Msisdn) -> str:
	if shown is Msisdn.AS_REGISTERED:
		shown = Msisdn.HASHED if urls.version == 1 else Msisdn.MASKED
	if shown is Msisdn.PLAIN:
		return phone
	return shapes.hashed(phone) if shown is Msisdn.HASHED else shapes.masked(phone)
