import pytest
from test_daraja_merchant import PHONE, shop_with

from mikrotik_integration.simulators.daraja import (
	Channel,
	Decision,
	Fate,
	Kind,
	Merchant,
	Msisdn,
	PaymentRefused,
	Twin,
)
from mikrotik_integration.simulators.daraja.shapes import hashed


@pytest.fixture
def shop():
	with shop_with() as shop:
		shop.register()
		yield shop


def test_a_pay_bill_is_confirmed_in_text(shop):
	payment = shop.sim.pay_bill(PHONE, 1000, "1008")
	shop.sim.settle()
	[told] = shop.received("/c2b")
	assert (told["TransID"], told["TransAmount"], told["BillRefNumber"]) == (
		payment.receipt,
		"1000.00",
		"1008",
	)
	assert (told["BusinessShortCode"], told["TransactionType"]) == ("174379", "Pay Bill")
	assert told["TransTime"] == f"{payment.at:%Y%m%d%H%M%S}"
	assert (told["OrgAccountBalance"], payment.channel) == ("1000.00", Channel.C2B)


@pytest.mark.parametrize(
	("version", "shown", "expected"),
	[
		(1, Msisdn.AS_REGISTERED, hashed(PHONE)),
		(2, Msisdn.AS_REGISTERED, "2547 ***** 678"),
		(1, Msisdn.PLAIN, PHONE),
	],
)
def test_the_payer_is_hidden_as_the_version_of_the_api_does_it(shop, version, shown, expected):
	shop.sim.change(msisdn=shown)
	shop.register(version)
	shop.sim.pay_bill(PHONE, 10, "1008")
	shop.sim.settle()
	assert [told["MSISDN"] for told in shop.received("/c2b")] == [expected]


def test_a_shortcode_without_urls_is_told_nothing():
	with shop_with() as shop:
		shop.sim.pay_bill(PHONE, 10, "1008")
		shop.push()
		shop.sim.settle()
		assert (shop.received("/c2b"), len(shop.sim.payments())) == ([], 2)


def test_a_completed_push_also_comes_as_c2b_with_the_same_receipt(shop):
	shop.push(account="SUB-2026-00017")
	shop.sim.settle()
	[payment] = shop.sim.payments()
	[told] = shop.received("/c2b")
	assert (told["TransID"], told["BillRefNumber"]) == (payment.receipt, "SUB-2026-000")
	assert payment.account == "SUB-2026-00017"


@pytest.mark.parametrize(
	("twin", "order"),
	[(Twin.AFTER, ["/stk", "/c2b"]), (Twin.BEFORE, ["/c2b", "/stk"]), (Twin.NONE, ["/stk"])],
)
def test_the_twin_comes_after_or_before_or_not_at_all(shop, twin, order):
	shop.sim.change(c2b_twin=twin, c2b_twin_gap_s=0.3)
	shop.push()
	shop.sim.settle()
	assert [path for path, _, _ in shop.posted] == order


def test_a_refused_push_has_no_twin(shop):
	shop.sim.everybody(Decision.CANCEL)
	shop.push()
	shop.sim.settle()
	assert [path for path, _, _ in shop.posted] == ["/stk"]


def test_the_twin_may_be_all_that_arrives(shop):
	shop.sim.courier.always(Fate(lost=True), Kind.STK)
	shop.push()
	shop.sim.settle()
	assert [path for path, _, _ in shop.posted] == ["/c2b"]


def test_the_twin_may_name_the_push(shop):
	shop.sim.change(c2b_names_push=True)
	shop.push()
	shop.sim.settle()
	[payment] = shop.sim.payments()
	assert [told["ThirdPartyTransID"] for told in shop.received("/c2b")] == [payment.merchant_request_id]


def test_a_till_is_told_without_an_account():
	with shop_with(merchant=Merchant(tills=("5001234",))) as shop:
		shop.register(shortcode="5001234")
		shop.push(TransactionType="CustomerBuyGoodsOnline", PartyB="5001234")
		shop.sim.settle()
		[told] = shop.received("/c2b")
		assert (told["BusinessShortCode"], told["BillRefNumber"]) == ("5001234", "")
		assert told["TransactionType"] == "Buy Goods"


def test_validation_is_asked_before_any_money_moves(shop):
	shop.sim.change(validates_c2b=True)
	shop.replies["/validation"] = {"ResultCode": "C2B00012", "ResultDesc": "Rejected"}
	with pytest.raises(PaymentRefused):
		shop.sim.pay_bill(PHONE, 10, "wrong")
	assert shop.sim.payments() == []
	shop.replies["/validation"] = {"message": {"ResultCode": 0, "ResultDesc": "Accepted"}}
	assert shop.sim.pay_bill(PHONE, 10, "1008").amount == 10
	assert [asked["TransID"] for asked in shop.received("/validation")] == ["", ""]


@pytest.mark.parametrize("response_type", ["Completed", "Cancelled"])
def test_without_an_answer_to_validation_the_registered_default_counts(shop, response_type):
	shop.sim.change(validates_c2b=True)
	shop.replies["/validation"] = ["nonsense"]
	shop.register(response_type=response_type)
	try:
		taken = bool(shop.sim.pay_bill(PHONE, 10, "1008"))
	except PaymentRefused:
		taken = False
	assert taken == (response_type == "Completed")


def test_urls_may_be_registered_for_good(shop):
	shop.sim.change(urls_fixed=True)
	answer = shop.register(path="/other")
	assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.003.1001")


def test_urls_with_safaricoms_names_in_them_are_refused(shop):
	assert shop.register(path="/mpesa/confirm").status_code == 400


@pytest.mark.parametrize("version", [1, 2])
def test_a_registration_is_answered_as_daraja_does(shop, version):
	answer = shop.register(version).json()
	assert (answer["ResponseCode"], answer["ResponseDescription"]) == ("0", "Success")
	assert "OriginatorCoversationID" in answer


@pytest.mark.parametrize("version", [1, 2])
def test_a_pay_bill_can_be_simulated_over_the_api(shop, version):
	body = {
		"ShortCode": "174379",
		"CommandID": "CustomerPayBillOnline",
		"Amount": "100",
		"Msisdn": PHONE,
		"BillRefNumber": "1008",
	}
	assert shop.post(f"/mpesa/c2b/v{version}/simulate", body).json()["ResponseCode"] == "0"
	shop.sim.settle()
	assert [told["TransAmount"] for told in shop.received("/c2b")] == ["100.00"]
	assert shop.post(f"/mpesa/c2b/v{version}/simulate", {**body, "ShortCode": "1"}).status_code == 400
