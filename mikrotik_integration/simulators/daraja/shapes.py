"""Bodies as Daraja posts them. Tests build forged ones with these too.

Sources: Daraja's documentation of M-Pesa Express, Customer To Business, Transaction Status, B2C.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime

Json = dict[str, object]


def stamp(at: datetime) -> str:
	return at.strftime("%Y%m%d%H%M%S")


def stk_callback(
	checkout_request_id: str,
	merchant_request_id: str = "29115-34620561-1",
	result_code: int = 0,
	result_desc: str = "The service request is processed successfully.",
	receipt: str = "",
	amount: float = 0,
	phone: str = "",
	at: datetime | None = None,
) -> Json:
	"""Of a push; a failure carries no CallbackMetadata."""
	callback: Json = {
		"MerchantRequestID": merchant_request_id,
		"CheckoutRequestID": checkout_request_id,
		"ResultCode": result_code,
		"ResultDesc": result_desc,
	}
	if result_code == 0:
		callback["CallbackMetadata"] = {"Item": _metadata(receipt, amount, phone, at or datetime.now())}
	return {"Body": {"stkCallback": callback}}


def _metadata(receipt: str, amount: float, phone: str, at: datetime) -> list[Json]:
	return [
		{"Name": "Amount", "Value": amount},
		{"Name": "MpesaReceiptNumber", "Value": receipt},
		{"Name": "Balance"},
		{"Name": "TransactionDate", "Value": int(stamp(at))},
		{"Name": "PhoneNumber", "Value": int(phone) if phone.isdigit() else phone},
	]


def c2b(
	receipt: str,
	amount: float,
	account: str,
	shortcode: str,
	msisdn: str = "",
	at: datetime | None = None,
	first_name: str = "MERCY",
	transaction_type: str = "Pay Bill",
	balance: float | None = None,
	third_party_id: str = "",
) -> Json:
	"""A C2B confirmation, or without `balance` a validation. All values are text."""
	return {
		"TransactionType": transaction_type,
		"TransID": receipt,
		"TransTime": stamp(at or datetime.now()),
		"TransAmount": f"{amount:.2f}",
		"BusinessShortCode": shortcode,
		"BillRefNumber": account,
		"InvoiceNumber": "",
		"OrgAccountBalance": "" if balance is None else f"{balance:.2f}",
		"ThirdPartyTransID": third_party_id,
		"MSISDN": msisdn,
		"FirstName": first_name,
		"MiddleName": "",
		"LastName": "",
	}


def result(
	conversation_id: str,
	originator_conversation_id: str,
	result_code: int | str = 0,
	result_desc: str = "The service request is processed successfully.",
	transaction_id: str = "",
	parameters: Json | None = None,
) -> Json:
	"""The result of an asynchronous question or order."""
	body: Json = {
		"ResultType": 0,
		"ResultCode": result_code,
		"ResultDesc": result_desc,
		"OriginatorConversationID": originator_conversation_id,
		"ConversationID": conversation_id,
		"TransactionID": transaction_id,
	}
	if parameters is not None:
		body["ResultParameters"] = {"ResultParameter": [_parameter(*item) for item in parameters.items()]}
	body["ReferenceData"] = {"ReferenceItem": {"Key": "Occasion"}}
	return {"Result": body}


def _parameter(key: str, value: object) -> Json:
	"""What is empty comes as a key alone."""
	return {"Key": key} if value in ("", None) else {"Key": key, "Value": value}


def transaction_status_parameters(
	receipt: str,
	amount: float,
	shortcode: str,
	payer: str,
	at: datetime | None = None,
	status: str = "Completed",
	reason_type: str = "Pay Bill Online",
	business_name: str = "Simulated Business",
) -> Json:
	"""`payer` like "254712345678 - MERCY WANJIKU"; give these to `result`."""
	moment = int(stamp(at or datetime.now()))
	return {
		"DebitPartyName": payer,
		"CreditPartyName": f"{shortcode} - {business_name}",
		"OriginatorConversationID": "",
		"InitiatedTime": moment,
		"CreditPartyCharges": "",
		"DebitAccountType": "MMF Account For Customer",
		"TransactionReason": "",
		"ReasonType": reason_type,
		"TransactionStatus": status,
		"FinalisedTime": moment,
		"Amount": float(amount),
		"ConversationID": "",
		"DebitPartyCharges": "",
		"ReceiptNo": receipt,
	}


def hashed(phone: str) -> str:
	return hashlib.sha256(phone.encode()).hexdigest()


def masked(phone: str) -> str:
	return f"{phone[:4]} ***** {phone[-3:]}"


def _without_inside(body: bytes) -> bytes:
	"""The outermost object with nothing in it: {"Body": {}} or {}."""
	whole = json.loads(body)
	outermost = next(iter(whole), "")
	return json.dumps({outermost: {}} if outermost in ("Body", "Result") else {}).encode()


def _nulls(value: object) -> object:
	if isinstance(value, dict):
		return {key: _nulls(inner) for key, inner in value.items()}
	return [_nulls(inner) for inner in value] if isinstance(value, list) else None


MALFORMATIONS: dict[str, Callable[[bytes], bytes]] = {
	"cut": lambda body: body[: len(body) // 2],
	"empty": lambda body: b"",
	"hollow": _without_inside,
	"nulls": lambda body: json.dumps(_nulls(json.loads(body))).encode(),
	"list": lambda body: b"[" + body + b"]",
	"text": lambda body: b"ResultCode=0",
	"not utf-8": lambda body: body.replace(b"{", b"{\xff\xfe", 1),
}
