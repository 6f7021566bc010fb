"""The result of a Transaction Status question, as Daraja posts it to the result URL.

{"Result": {"ResultType", "ResultCode", "ResultDesc", "OriginatorConversationID", "ConversationID",
"TransactionID", "ResultParameters": {"ResultParameter": [{"Key": "ReceiptNo", "Value": "..."}, ...]}}}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mikrotik_integration.core.payments.amounts import InvalidAmount, parse_amount
from mikrotik_integration.core.payments.phones import InvalidPhone, normalise


class MalformedCallback(ValueError):
	"""The body is not what Daraja sends here; the message names the part that is wrong, not its content."""


@dataclass(frozen=True)
class TransactionStatus:
	"""What M-PESA knows of one receipt.

	found: the question was answered (ResultCode 0); all but the ids and description is empty otherwise
	completed: the money has moved; an answered question alone does not mean that
	shortcode: who was credited, in the case of C2B the business
	payer_phone: 254..., as M-PESA masks it if it hides digits, None if it says nothing
	paid_at: when the money moved, in Nairobi time without a zone; None if M-PESA does not say
	"""

	conversation_id: str
	originator_conversation_id: str
	found: bool
	completed: bool
	receipt: str
	amount: Decimal
	shortcode: str
	payer_phone: str | None
	description: str
	paid_at: datetime | None = None


def parse_transaction_status_result(body: object) -> TransactionStatus:
	"""The result in this decoded JSON body. Raises MalformedCallback.

	Whoever knows the result URL can post such a body: compare both ids with those of a question asked.
	"""
	result = _mapping(_mapping(body, "body").get("Result"), "Result")
	conversation_id = _required(result, "ConversationID")
	originator_id = _required(result, "OriginatorConversationID")
	description = " ".join(_text(result, "ResultDesc").split())[:200]
	if _required(result, "ResultCode") != "0":
		return TransactionStatus(
			conversation_id, originator_id, False, False, "", Decimal(0), "", None, description
		)
	parameters = _parameters(result)
	return TransactionStatus(
		conversation_id=conversation_id,
		originator_conversation_id=originator_id,
		found=True,
		completed=_text(parameters, "TransactionStatus").casefold() == "completed",
		receipt=_required(parameters, "ReceiptNo"),
		amount=_amount(parameters),
		shortcode=_party(_required(parameters, "CreditPartyName")),
		payer_phone=_phone(_party(_text(parameters, "DebitPartyName"))),
		description=description,
		paid_at=_moment(parameters, "FinalisedTime") or _moment(parameters, "InitiatedTime"),
	)


def _parameters(result: Mapping[str, object]) -> dict[str, object]:
	"""{Key: Value}; a single one comes without a list around it, an empty one without its Value."""
	listed = _mapping(result.get("ResultParameters"), "ResultParameters").get("ResultParameter")
	items = listed if isinstance(listed, list) else [listed]
	parameters: dict[str, object] = {}
	for item in items:
		parameter = _mapping(item, "ResultParameter")
		key = _required(parameter, "Key")
		if key in parameters and parameters[key] != parameter.get("Value"):
			raise MalformedCallback(f"{key} is there twice")
		parameters[key] = parameter.get("Value")
	return parameters


def _amount(parameters: Mapping[str, object]) -> Decimal:
	try:
		return parse_amount(parameters.get("Amount"))
	except InvalidAmount as error:
		raise MalformedCallback(f"Amount: {error}") from None


def _party(name: str) -> str:
	"""600000 of "600000 - Savanna Net"."""
	return name.partition(" - ")[0].strip()


def _phone(party: str) -> str | None:
	"""As 254..., or as it came: M-PESA hides the middle of a number behind asterisks."""
	try:
		return normalise(party)
	except InvalidPhone:
		return party[:40] or None


def _moment(parameters: Mapping[str, object], key: str) -> datetime | None:
	"""YYYYMMDDHHMMSS, as a number or as text."""
	try:
		return datetime.strptime(_text(parameters, key), "%Y%m%d%H%M%S")
	except ValueError:
		return None


def _mapping(value: object, name: str) -> Mapping[str, object]:
	if not isinstance(value, Mapping):
		raise MalformedCallback(f"{name} is missing or not an object")
	return value


def _required(mapping: Mapping[str, object], key: str) -> str:
	text = _text(mapping, key)
	if not text:
		raise MalformedCallback(f"{key} is missing or not text")
	return text


def _text(mapping: Mapping[str, object], key: str) -> str:
	value = mapping.get(key)
	if isinstance(value, bool) or not isinstance(value, int | str):
		return ""
	return str(value).strip()
