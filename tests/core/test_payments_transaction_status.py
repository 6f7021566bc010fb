from copy import deepcopy
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments.daraja import MalformedCallback, parse_transaction_status_result

COMPLETED = {
	"Result": {
		"ResultType": 0,
		"ResultCode": 0,
		"ResultDesc": "The service request is processed successfully.",
		"OriginatorConversationID": "3dd6-419c-1",
		"ConversationID": "AG_20260101_1",
		"TransactionID": "SLA0000000",
		"ResultParameters": {
			"ResultParameter": [
				{"Key": "DebitPartyName", "Value": "254712345678 - MERCY WANJIKU"},
				{"Key": "CreditPartyName", "Value": "600000 - Savanna Net"},
				{"Key": "TransactionStatus", "Value": "Completed"},
				{"Key": "TransactionReason"},
				{"Key": "Amount", "Value": 1000.0},
				{"Key": "ReceiptNo", "Value": "SLA1B2C3D4"},
			]
		},
		"ReferenceData": {"ReferenceItem": {"Key": "Occasion"}},
	}
}
json_values = st.recursive(
	st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
	lambda inner: (
		st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Result", "Key", "Value"]), inner)
	),
)


def with_parameter(key, value):
	body = deepcopy(COMPLETED)
	parameters = body["Result"]["ResultParameters"]["ResultParameter"]
	parameters[:] = [parameter for parameter in parameters if parameter["Key"] != key]
	parameters.append({"Key": key, "Value": value})
	return body


def without(key):
	body = deepcopy(COMPLETED)
	del body["Result"][key]
	return body


def test_a_completed_payment_is_read_whole():
	status = parse_transaction_status_result(COMPLETED)
	assert (status.found, status.completed) == (True, True)
	assert (status.receipt, status.amount, status.shortcode) == ("SLA1B2C3D4", Decimal(1000), "600000")
	assert (status.conversation_id, status.originator_conversation_id) == ("AG_20260101_1", "3dd6-419c-1")
	assert status.payer_phone == "254712345678"


@pytest.mark.parametrize(
	"said", ["Authorized", "Declined", "Cancelled", "Expired", "Not Completed", "", None, True]
)
def test_an_answered_question_is_not_a_completed_payment(said):
	status = parse_transaction_status_result(with_parameter("TransactionStatus", said))
	assert (status.found, status.completed) == (True, False)


@pytest.mark.parametrize("code", [2001, "2001", "SFC_IC0003", -1])
def test_an_unknown_receipt_is_not_found(code):
	body = deepcopy(COMPLETED)
	body["Result"]["ResultCode"] = code
	status = parse_transaction_status_result(body)
	assert (status.found, status.completed, status.amount) == (False, False, Decimal(0))


def test_a_hidden_payer_stays_as_it_came():
	body = with_parameter("DebitPartyName", "2547*****678 - MERCY")
	assert parse_transaction_status_result(body).payer_phone == "2547*****678"


def test_a_payer_that_is_not_named_is_none():
	assert parse_transaction_status_result(with_parameter("DebitPartyName", "")).payer_phone is None


@pytest.mark.parametrize("value", [20260101120005, "20260101120005"])
def test_the_time_of_the_payment_is_read(value):
	body = with_parameter("FinalisedTime", value)
	assert parse_transaction_status_result(body).paid_at == datetime(2026, 1, 1, 12, 0, 5)


@pytest.mark.parametrize("value", [None, "", "yesterday", 20261301120005, -1, 1.5, True])
def test_a_time_that_is_none_is_not_known(value):
	assert parse_transaction_status_result(with_parameter("FinalisedTime", value)).paid_at is None


def test_a_result_code_may_be_text():
	body = deepcopy(COMPLETED)
	body["Result"]["ResultCode"] = "0"
	assert parse_transaction_status_result(body).completed is True


@pytest.mark.parametrize(
	"body",
	[
		None,
		[],
		"Result",
		{},
		{"Result": []},
		without("ConversationID"),
		without("OriginatorConversationID"),
		without("ResultCode"),
		without("ResultParameters"),
		{"Result": {**COMPLETED["Result"], "ResultCode": False}},
		{"Result": {**COMPLETED["Result"], "ResultParameters": {"ResultParameter": None}}},
		with_parameter("Amount", "NaN"),
		with_parameter("Amount", None),
		with_parameter("Amount", -1000),
		with_parameter("ReceiptNo", ""),
		with_parameter("CreditPartyName", None),
	],
)
def test_a_result_of_another_shape_is_malformed(body):
	with pytest.raises(MalformedCallback):
		parse_transaction_status_result(body)


def test_two_amounts_in_one_result_are_malformed():
	body = deepcopy(COMPLETED)
	body["Result"]["ResultParameters"]["ResultParameter"].append({"Key": "Amount", "Value": 1})
	with pytest.raises(MalformedCallback, match="Amount is there twice"):
		parse_transaction_status_result(body)


@given(json_values)
def test_nothing_but_a_whole_result_gets_through(value):
	with pytest.raises(MalformedCallback):
		parse_transaction_status_result({"Result": value})
