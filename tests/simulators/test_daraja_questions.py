from datetime import datetime, timezone
from decimal import Decimal

import pytest
from test_daraja_merchant import PHONE, STATUS, shop_with

from mikrotik_integration.core.payments.daraja import (
	DarajaClient,
	DarajaError,
	Outcome,
	parse_transaction_status_result,
)
from mikrotik_integration.simulators.daraja import Channel, Decision, Fault, Merchant, Trouble

B2C = "/mpesa/b2c/v{}/paymentrequest"


@pytest.fixture
def shop():
	with shop_with() as shop:
		yield shop


class Tokens:
	token = None

	def get(self):
		return self.token

	def set(self, token, ttl_s):
		self.token = token


def client_of(shop):
	merchant = shop.sim.merchant
	return DarajaClient(shop.sim.base_url, merchant.consumer_key, merchant.consumer_secret, Tokens(), 5)


def outcome(shop, checkout):
	merchant = shop.sim.merchant
	now = datetime.now(timezone.utc)
	return client_of(shop).stk_query(merchant.shortcode, merchant.passkey, checkout, now).outcome


def ask(shop, receipt):
	return client_of(shop).ask_transaction_status(
		receipt,
		shop.sim.merchant.shortcode,
		"initiator",
		"credential",
		shop.url + "/result",
		shop.url + "/t",
		False,
	)


def results(shop):
	return [parse_transaction_status_result(body) for body in shop.received("/result")]


def status_of(shop, receipt, **changes):
	shop.post(STATUS, shop.question(CommandID="TransactionStatusQuery", TransactionID=receipt, **changes))
	shop.sim.settle()
	return parse_transaction_status_result(shop.received("/result")[-1])


def test_our_client_and_the_simulator_understand_each_other(shop):
	customer = shop.sim.customer(PHONE)
	for decision in (Decision.ACCEPT, Decision.CANCEL, Decision.NEVER):
		customer.next(decision)
	outcomes = []
	for _ in range(3):
		checkout = shop.push()
		shop.sim.settle()
		outcomes.append(outcome(shop, checkout))
	assert outcomes == [Outcome.PAID, Outcome.REFUSED, Outcome.PENDING]
	assert outcome(shop, "ws_CO_unknown") is Outcome.UNKNOWN


@pytest.mark.parametrize(
	"trouble", [Trouble.HTML, Trouble.GARBAGE, Trouble.EMPTY, Trouble.DROP, Trouble.LOSE_ANSWER]
)
def test_in_trouble_our_client_raises_what_can_be_retried(shop, trouble):
	checkout = shop.push()
	shop.sim.settle()
	shop.sim.faults.add(Fault("/mpesa/stkpushquery", trouble))
	with pytest.raises(DarajaError) as caught:
		outcome(shop, checkout)
	assert (caught.value.retryable, outcome(shop, checkout)) == (True, Outcome.PAID)


@pytest.mark.parametrize("trouble", [Trouble.SERVER_ERROR, Trouble.SPIKE_ARREST])
def test_an_error_of_daraja_settles_nothing(shop, trouble):
	checkout = shop.push()
	shop.sim.settle()
	shop.sim.faults.add(Fault("/mpesa/stkpushquery", trouble))
	assert outcome(shop, checkout) is Outcome.UNKNOWN


def test_our_client_renews_a_token_that_is_refused(shop):
	checkout = shop.push()
	shop.sim.settle()
	shop.sim.faults.add(Fault("/mpesa/stkpushquery", Trouble.INVALID_TOKEN))
	assert outcome(shop, checkout) is Outcome.PAID


def test_a_real_payment_is_completed_with_its_amount_and_payer(shop):
	payment = shop.sim.pay_bill(PHONE, 1000, "1008")
	asked = ask(shop, payment.receipt)
	shop.sim.settle()
	[status] = results(shop)
	assert (status.found, status.completed, status.receipt) == (True, True, payment.receipt)
	assert (status.amount, status.shortcode, status.payer_phone) == (Decimal(1000), "174379", PHONE)
	assert status.conversation_id == asked.conversation_id
	assert status.originator_conversation_id == asked.originator_conversation_id


def test_a_push_is_known_by_its_receipt_too(shop):
	shop.push(amount=50)
	shop.sim.settle()
	[payment] = shop.sim.payments()
	assert status_of(shop, payment.receipt).amount == Decimal(50)


def test_an_unknown_receipt_is_acknowledged_and_then_not_found(shop):
	assert ask(shop, "SFORGED0001").conversation_id
	shop.sim.settle()
	assert [(status.found, status.completed) for status in results(shop)] == [(False, False)]


def test_money_that_went_to_another_shortcode_is_not_found():
	with shop_with(merchant=Merchant(tills=("5001234",))) as shop:
		payment = shop.sim.pay_bill(PHONE, 10, "", "5001234")
		assert status_of(shop, payment.receipt).found is False
		assert status_of(shop, payment.receipt, PartyA="5001234", IdentifierType="2").completed is True


@pytest.mark.parametrize("said", ["Authorized", "Declined", "Cancelled"])
def test_a_payment_that_is_not_completed_is_found_as_such(shop, said):
	payment = shop.sim.pay_bill(PHONE, 1000, "1008")
	shop.sim.ledger.set_status(payment.receipt, said)
	status = status_of(shop, payment.receipt)
	assert (status.found, status.completed) == (True, False)


def test_the_payer_may_be_hidden(shop):
	shop.sim.change(hides_payer=True)
	payment = shop.sim.pay_bill(PHONE, 10, "1008")
	assert status_of(shop, payment.receipt).payer_phone not in (None, PHONE)


def test_a_wrong_initiator_is_said_in_the_result_only():
	with shop_with(merchant=Merchant(initiator="right", security_credential="right")) as shop:
		payment = shop.sim.pay_bill(PHONE, 10, "1008")
		assert status_of(shop, payment.receipt).found is False
		known = {"Initiator": "right", "SecurityCredential": "right"}
		assert status_of(shop, payment.receipt, **known).found is True


def test_a_question_may_time_out(shop):
	shop.sim.change(questions_time_out=True)
	ask(shop, "S123456789")
	shop.sim.settle()
	assert (shop.received("/result"), len(shop.received("/t"))) == ([], 1)


@pytest.mark.parametrize(
	"changes",
	[
		{"CommandID": "Other"},
		{"TransactionID": ""},
		{"PartyA": "x"},
		{"IdentifierType": "9"},
		{"Initiator": ""},
		{"SecurityCredential": None},
		{"ResultURL": "nowhere"},
	],
)
def test_a_malformed_question_is_refused(shop, changes):
	body = {**shop.question(CommandID="TransactionStatusQuery", TransactionID="S1"), **changes}
	assert shop.post(STATUS, body).status_code == 400


def payout(shop, originator="o-1", **changes):
	return {
		**shop.question(
			InitiatorName="initiator",
			CommandID="BusinessPayment",
			Amount=100,
			PartyB=PHONE,
			OriginatorConversationID=originator,
		),
		**changes,
	}


@pytest.mark.parametrize("version", [1, 3])
def test_a_payout_is_acknowledged_and_then_done(shop, version):
	acknowledged = shop.post(B2C.format(version), payout(shop)).json()
	shop.sim.settle()
	[result] = [body["Result"] for body in shop.received("/result")]
	[payment] = shop.sim.payments(Channel.B2C)
	assert (acknowledged["ResponseCode"], result["ResultCode"]) == ("0", 0)
	assert result["TransactionID"] == payment.receipt
	assert result["OriginatorConversationID"] == acknowledged["OriginatorConversationID"]
	assert (payment.amount, payment.phone, shop.sim.ledger.balance("174379")) == (100, PHONE, -100)


def test_a_payout_of_the_same_originator_id_is_paid_once(shop):
	answers = [shop.post(B2C.format(3), payout(shop)).status_code for _ in range(2)]
	shop.sim.settle()
	assert (answers, len(shop.sim.payments(Channel.B2C))) == ([200, 500], 1)


def test_a_payout_may_fail_after_it_was_acknowledged(shop):
	shop.sim.change(b2c_result_code=2040)
	shop.post(B2C.format(3), payout(shop))
	shop.sim.settle()
	assert [body["Result"]["ResultCode"] for body in shop.received("/result")] == [2040]
	assert shop.sim.payments() == []


def test_a_payout_is_not_taken_for_money_received(shop):
	shop.post(B2C.format(3), payout(shop))
	shop.sim.settle()
	[payment] = shop.sim.payments(Channel.B2C)
	assert status_of(shop, payment.receipt).shortcode == PHONE


def test_the_balance_is_what_came_in(shop):
	shop.sim.pay_bill(PHONE, 700, "1008")
	shop.post("/mpesa/accountbalance/v1/query", shop.question(CommandID="AccountBalance"))
	shop.sim.settle()
	[result] = [body["Result"] for body in shop.received("/result")]
	values = {item["Key"]: item.get("Value") for item in result["ResultParameters"]["ResultParameter"]}
	assert values["AccountBalance"].startswith("Working Account|KES|700.00|")
