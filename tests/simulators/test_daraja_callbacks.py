import json

import pytest
from test_daraja_merchant import PHONE, shop_with

from mikrotik_integration.simulators.daraja import Fate, Kind, Progress
from mikrotik_integration.simulators.daraja.shapes import MALFORMATIONS, stk_callback


@pytest.fixture
def shop():
	with shop_with() as shop:
		yield shop


def checkouts(shop):
	"""Whose callbacks came, in the order in which they came."""
	return [body["Body"]["stkCallback"]["CheckoutRequestID"] for body in shop.received("/stk")]


def test_a_lost_callback_does_not_arrive_but_the_money_has_moved(shop):
	shop.sim.courier.next(Kind.STK, Fate(lost=True))
	checkout = shop.push()
	shop.sim.settle()
	assert (checkouts(shop), len(shop.sim.payments())) == ([], 1)
	assert shop.query(checkout).json()["ResultCode"] == "0"
	assert [callback.progress for callback in shop.sim.courier.callbacks()] == [Progress.LOST]


@pytest.mark.parametrize("apart_s", [0.0, 0.05])
def test_a_doubled_callback_arrives_twice_at_once_or_apart(shop, apart_s):
	shop.sim.courier.next(Kind.STK, Fate(copies=2, apart_s=apart_s))
	checkout = shop.push()
	shop.sim.settle()
	assert checkouts(shop) == [checkout, checkout]
	assert shop.raw("/stk")[0] == shop.raw("/stk")[1]


def test_a_late_callback_arrives_after_younger_ones(shop):
	shop.sim.courier.next(Kind.STK, Fate(delay_s=0.4))
	late, prompt = shop.push("254700000001"), shop.push("254700000002")
	shop.sim.settle()
	assert checkouts(shop) == [prompt, late]


def test_held_callbacks_are_released_in_either_order(shop):
	shop.sim.courier.always(Fate(held=True), Kind.STK)
	pushed = [shop.push(f"25470000000{number}") for number in range(3)]
	shop.sim.settle()
	assert checkouts(shop) == []
	shop.sim.courier.release(backwards=True)
	shop.sim.settle()
	in_order_of_decision = [json.loads(c.body)["Body"]["stkCallback"] for c in shop.sim.courier.callbacks()]
	assert checkouts(shop) == [callback["CheckoutRequestID"] for callback in in_order_of_decision[::-1]]
	assert sorted(checkouts(shop)) == sorted(pushed)
	assert shop.sim.courier.release() == []


@pytest.mark.parametrize("malformed", sorted(MALFORMATIONS))
def test_a_malformed_callback_arrives_and_is_not_what_it_should_be(shop, malformed):
	shop.sim.courier.next(Kind.STK, Fate(malformed=malformed))
	shop.push()
	shop.sim.settle()
	[raw] = shop.raw("/stk")
	with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
		json.loads(raw)["Body"]["stkCallback"]["CheckoutRequestID"].upper()
		json.loads(raw)["Body"]["stkCallback"]["ResultCode"] + 0


def test_an_unknown_malformation_is_a_mistake():
	with pytest.raises(ValueError, match="none of"):
		Fate(malformed="strange")


def test_a_callback_can_be_replayed_word_for_word(shop):
	shop.push()
	shop.sim.settle()
	[callback] = shop.sim.courier.callbacks()
	shop.sim.courier.replay(callback.number, Fate(copies=3))
	shop.sim.settle()
	assert shop.raw("/stk") == [callback.body] * 4


def test_what_the_merchant_replied_is_recorded(shop):
	shop.replies["/stk"] = {"message": "thanks"}
	shop.push()
	shop.sim.settle()
	[callback] = shop.sim.courier.callbacks()
	assert (callback.progress, callback.statuses) == (Progress.DELIVERED, (200,))
	assert json.loads(callback.replies[0]) == {"message": "thanks"}


def test_a_merchant_who_does_not_listen_is_recorded_as_a_failure(shop):
	shop.push(CallBackURL="http://127.0.0.1:9/stk")
	shop.sim.settle()
	assert [callback.progress for callback in shop.sim.courier.callbacks()] == [Progress.FAILED]


@pytest.mark.parametrize(
	"url",
	["http://192.0.2.1/stk", "http://[2001:db8::1]/stk", "http://name.invalid/stk", "https://127.0.0.1/stk"],
)
def test_nothing_is_posted_to_other_machines(shop, url):
	shop.push(CallBackURL=url)
	shop.sim.settle()
	[callback] = shop.sim.courier.callbacks()
	assert (callback.progress, callback.url) == (Progress.REFUSED, url)
	assert callback.problem


def test_a_site_by_name_is_reached_through_a_route_with_its_own_host_header(shop):
	with shop_with(routes={"isp.example": shop.site.server_port}) as other:
		for url in ("https://isp.example/stk", "http://isp.example:8000/stk?a=b"):
			other.push(CallBackURL=url)
			other.sim.settle()
	assert [(path, host) for path, _, host in shop.posted] == [
		("/stk", "isp.example"),
		("/stk?a=b", "isp.example:8000"),
	]


def test_localhost_by_any_name_is_this_machine(shop):
	port = shop.site.server_port
	for host in ("localhost", "isp.localhost"):
		shop.push(CallBackURL=f"http://{host}:{port}/stk")
		shop.sim.settle()
	assert len(checkouts(shop)) == 2


def test_a_forged_callback_can_be_built_that_looks_like_a_real_one(shop):
	checkout = shop.push()
	shop.sim.settle()
	[payment] = shop.sim.payments()
	forged = stk_callback(
		checkout,
		payment.merchant_request_id,
		receipt=payment.receipt,
		amount=payment.amount,
		phone=PHONE,
		at=payment.at,
	)
	assert [forged] == shop.received("/stk")
