from concurrent.futures import ThreadPoolExecutor

import pytest
from test_daraja_merchant import PHONE, PUSH, shop_with

from mikrotik_integration.simulators.daraja import Behaviour, Channel, Decision, Fault, NoPrompt, Trouble

REFUSALS = {
	Decision.CANCEL: 1032,
	Decision.NO_ANSWER: 1037,
	Decision.WRONG_PIN: 2001,
	Decision.INSUFFICIENT: 1,
	Decision.EXPIRED: 1019,
	Decision.PUSH_ERROR: 1025,
	Decision.PUSH_ERROR_9999: 9999,
}


@pytest.fixture
def shop():
	with shop_with() as shop:
		yield shop


def told(shop):
	"""The stkCallback objects that came."""
	return [body["Body"]["stkCallback"] for body in shop.received("/stk")]


def test_an_accepted_prompt_is_a_payment_a_callback_and_a_zero(shop):
	checkout = shop.push(amount=1000, account="1008")
	assert shop.sim.settle()
	[payment] = shop.sim.payments()
	assert (payment.channel, payment.phone, payment.amount) == (Channel.STK, PHONE, 1000)
	assert (payment.account, payment.checkout_request_id) == ("1008", checkout)
	[callback] = told(shop)
	items = {item["Name"]: item.get("Value") for item in callback["CallbackMetadata"]["Item"]}
	assert (callback["CheckoutRequestID"], callback["ResultCode"]) == (checkout, 0)
	assert (items["Amount"], items["MpesaReceiptNumber"]) == (1000, payment.receipt)
	assert (items["PhoneNumber"], items["TransactionDate"]) == (int(PHONE), int(f"{payment.at:%Y%m%d%H%M%S}"))
	answer = shop.query(checkout)
	assert (answer.status_code, answer.json()["ResultCode"], answer.json()["ResponseCode"]) == (200, "0", "0")
	assert payment.receipt not in answer.text


@pytest.mark.parametrize(("decision", "code"), REFUSALS.items())
def test_a_refused_prompt_moves_no_money_and_has_its_own_code(shop, decision, code):
	shop.sim.customer(PHONE).always(decision)
	checkout = shop.push()
	assert shop.sim.settle()
	[callback] = told(shop)
	assert (callback["ResultCode"], "CallbackMetadata" in callback) == (code, False)
	assert shop.query(checkout).json()["ResultCode"] == str(code)
	assert shop.sim.payments() == []


def test_an_open_prompt_is_being_processed(shop):
	shop.sim.customer(PHONE).always(Decision.NEVER)
	answer = shop.query(shop.push())
	assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.001.1001")
	assert answer.json()["errorMessage"] == "The transaction is being processed"


def test_being_processed_may_also_be_said_as_a_result():
	with shop_with(pending_as_result=True) as shop:
		shop.sim.customer(PHONE).always(Decision.NEVER)
		assert shop.query(shop.push()).json()["ResultCode"] == "4999"


def test_a_decision_may_reach_the_callback_before_the_query():
	with shop_with(seen_after_s=3600) as shop:
		checkout = shop.push()
		shop.sim.settle()
		assert [callback["ResultCode"] for callback in told(shop)] == [0]
		assert shop.query(checkout).status_code == 500
		shop.sim.change(seen_after_s=0)
		assert shop.query(checkout).json()["ResultCode"] == "0"


def test_a_customer_who_is_slower_than_the_prompt_has_not_answered(shop):
	shop.sim.customer(PHONE).always(Decision.ACCEPT, after_s=1)
	shop.push()
	shop.sim.settle()
	assert [callback["ResultCode"] for callback in told(shop)] == [1037]
	assert shop.sim.payments() == []


def test_a_customer_who_never_decides_is_told_of_to_nobody(shop):
	shop.sim.customer(PHONE).always(Decision.NEVER)
	checkout = shop.push()
	shop.sim.settle()
	assert told(shop) == []
	assert shop.query(checkout).status_code == 500


def test_a_customer_can_be_scripted_for_the_next_prompts_one_by_one(shop):
	customer = shop.sim.customer(PHONE)
	customer.next(Decision.CANCEL)
	customer.next(Decision.WRONG_PIN)
	for _ in range(3):
		shop.push()
		shop.sim.settle()
	assert [callback["ResultCode"] for callback in told(shop)] == [1032, 2001, 0]


def test_everybody_can_be_scripted_except_who_is_scripted_alone(shop):
	shop.sim.everybody(Decision.CANCEL)
	shop.sim.customer("254110000001").always(Decision.ACCEPT)
	shop.push(PHONE)
	shop.push("254110000001")
	shop.sim.settle()
	assert [payment.phone for payment in shop.sim.payments()] == ["254110000001"]


def test_an_open_prompt_can_be_decided_at_once_and_only_once(shop):
	customer = shop.sim.customer(PHONE)
	customer.always(Decision.ACCEPT, after_s=0.2)
	shop.push()
	assert customer.decide(Decision.CANCEL).result[0] == 1032
	with pytest.raises(NoPrompt):
		customer.decide(Decision.ACCEPT)
	shop.sim.settle()
	assert ([callback["ResultCode"] for callback in told(shop)], shop.sim.payments()) == ([1032], [])


def test_a_phone_has_one_open_prompt_and_a_second_one_fails(shop):
	shop.sim.customer(PHONE).next(Decision.ACCEPT, after_s=0.2)
	first, second = shop.push(), shop.push()
	shop.sim.settle()
	codes = {callback["CheckoutRequestID"]: callback["ResultCode"] for callback in told(shop)}
	assert codes == {first: 0, second: 1001}
	assert shop.query(second).json()["ResultCode"] == "1001"
	assert len(shop.sim.payments()) == 1


def test_a_second_prompt_may_be_refused_at_once():
	with shop_with(busy_at_once=True) as shop:
		shop.sim.customer(PHONE).always(Decision.NEVER)
		shop.push()
		answer = shop.post(PUSH, shop.push_body())
		assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.001.1001")
		assert "lock subscriber" in answer.json()["errorMessage"]


def test_a_phone_is_free_again_when_its_prompt_is_gone(shop):
	for _ in range(2):
		shop.push()
		shop.sim.settle()
	assert len(shop.sim.payments()) == 2


def test_an_unknown_request_is_not_answered_as_refused(shop):
	answer = shop.query("ws_CO_unknown")
	assert (answer.status_code, "ResultCode" in answer.json()) == (400, False)


def test_a_callback_may_overtake_the_answer_to_its_own_push(shop):
	shop.sim.faults.add(Fault(PUSH, Trouble.LATE_ANSWER, seconds=0.5))
	checkout = shop.push()
	assert [callback["CheckoutRequestID"] for callback in told(shop)] == [checkout]


def test_a_push_is_taken_as_the_mpesa_app_of_frappe_writes_it(shop):
	"""Phones as numbers, the amount as a float, the document's name as reference and description."""
	name = "a document's name, longer than twelve letters"
	body = shop.push_body(
		amount=1000.0,
		PartyA=int(PHONE),
		PhoneNumber=int(PHONE),
		AccountReference=name,
		TransactionDesc=name,
	)
	assert shop.post(PUSH, body).status_code == 200
	shop.sim.settle()
	assert [(payment.amount, payment.account) for payment in shop.sim.payments()] == [(1000, name)]


def test_a_hundred_pushes_and_queries_at_once_are_a_hundred_payments(shop):
	shop.token = shop.fresh_token()
	phones = [f"2547{number:08d}" for number in range(100)]
	with ThreadPoolExecutor(100) as pool:
		checkouts = list(pool.map(shop.push, phones))
		assert shop.sim.settle()
		codes = list(pool.map(lambda checkout: shop.query(checkout).json()["ResultCode"], checkouts))
	assert codes == ["0"] * 100
	assert sorted(payment.phone for payment in shop.sim.payments()) == phones
	assert len({payment.receipt for payment in shop.sim.payments()}) == 100
	assert sorted(callback["CheckoutRequestID"] for callback in told(shop)) == sorted(checkouts)


def test_after_a_reset_nothing_has_happened(shop):
	shop.register()
	checkout = shop.push()
	shop.sim.settle()
	shop.sim.reset()
	assert (shop.sim.payments(), shop.sim.courier.callbacks(), shop.sim.record.requests()) == ([], [], [])
	assert shop.query(checkout).status_code == 400
	assert isinstance(shop.sim.behaviour, Behaviour)
