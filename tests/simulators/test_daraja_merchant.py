"""What every merchant needs first: tokens, passwords, well-formed requests. Also the merchant of the other modules."""

import base64
import json
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from mikrotik_integration.simulators.daraja import Behaviour, DarajaSimulator, Fault, Merchant, Trouble

PHONE = "254712345678"
QUICK = dict(accept_after_s=0.02, prompt_lifetime_s=0.3, c2b_twin_gap_s=0.02, result_after_s=0.02)
PUSH = "/mpesa/stkpush/v1/processrequest"
QUERY = "/mpesa/stkpushquery/v1/query"
STATUS = "/mpesa/transactionstatus/v1/query"
NAIROBI = timezone(timedelta(hours=3))


class Site(ThreadingHTTPServer):
	request_queue_size = 256
	daemon_threads = True


class Shop:
	"""A merchant: asks Daraja, and keeps what is posted to its own site, by path."""

	def __init__(self, sim):
		self.sim, self.posted, self.replies, self.token = sim, [], {}, None
		shop = self

		class Handler(BaseHTTPRequestHandler):
			def do_POST(self):
				raw = self.rfile.read(int(self.headers["Content-Length"]))
				shop.posted.append((self.path, raw, self.headers["Host"]))
				reply = json.dumps(shop.replies.get(self.path, {"ResultCode": 0})).encode()
				self.send_response(200)
				self.send_header("Content-Length", str(len(reply)))
				self.end_headers()
				self.wfile.write(reply)

			def log_message(self, *args):
				pass

		self.site = Site(("127.0.0.1", 0), Handler)
		self.url = f"http://127.0.0.1:{self.site.server_port}"
		self.thread = threading.Thread(target=self.site.serve_forever, args=(0.01,), daemon=True)
		self.thread.start()

	def close(self):
		self.site.shutdown()
		self.site.server_close()

	def received(self, path):
		return [json.loads(raw) for at, raw, _ in self.posted if at == path]

	def raw(self, path):
		return [raw for at, raw, _ in self.posted if at == path]

	def fresh_token(self):
		merchant = self.sim.merchant
		return requests.get(
			self.sim.base_url + "/oauth/v1/generate?grant_type=client_credentials",
			auth=(merchant.consumer_key, merchant.consumer_secret),
		).json()["access_token"]

	def post(self, path, body):
		self.token = self.token or self.fresh_token()
		headers = {"Authorization": f"Bearer {self.token}"}
		return requests.post(self.sim.base_url + path, json=body, headers=headers)

	def signed(self, at=None, **body):
		timestamp = (at or datetime.now(NAIROBI)).strftime("%Y%m%d%H%M%S")
		merchant = self.sim.merchant
		password = base64.b64encode(f"{merchant.shortcode}{merchant.passkey}{timestamp}".encode()).decode()
		return {"BusinessShortCode": merchant.shortcode, "Password": password, "Timestamp": timestamp, **body}

	def push_body(self, phone=PHONE, amount=1000, account="1008", **changes):
		body = self.signed(
			TransactionType="CustomerPayBillOnline",
			Amount=amount,
			PartyA=phone,
			PartyB=self.sim.merchant.shortcode,
			PhoneNumber=phone,
			CallBackURL=f"{self.url}/stk",
			AccountReference=account,
			TransactionDesc="Internet",
		)
		return {**body, **changes}

	def push(self, *args, **changes):
		"""The CheckoutRequestID of a push that Daraja took."""
		return self.post(PUSH, self.push_body(*args, **changes)).json()["CheckoutRequestID"]

	def query(self, checkout_request_id):
		return self.post(QUERY, self.signed(CheckoutRequestID=checkout_request_id))

	def register(self, version=2, shortcode=None, response_type="Completed", path="/c2b"):
		body = {
			"ShortCode": shortcode or self.sim.merchant.shortcode,
			"ResponseType": response_type,
			"ConfirmationURL": self.url + path,
			"ValidationURL": self.url + "/validation",
		}
		return self.post(f"/mpesa/c2b/v{version}/registerurl", body)

	def question(self, **body):
		return {
			"Initiator": "initiator",
			"SecurityCredential": "credential",
			"PartyA": self.sim.merchant.shortcode,
			"IdentifierType": "4",
			"ResultURL": f"{self.url}/result",
			"QueueTimeOutURL": f"{self.url}/timeout",
			"Remarks": "check",
			**body,
		}


@contextmanager
def shop_with(merchant=None, routes=None, **behaviour):
	"""A shop with a simulator of its own."""
	with DarajaSimulator(
		merchant=merchant, behaviour=Behaviour(**{**QUICK, **behaviour}), routes=routes
	) as sim:
		shop = Shop(sim)
		try:
			yield shop
		finally:
			shop.close()


@pytest.fixture
def shop():
	with shop_with() as shop:
		yield shop


def test_a_token_is_given_for_the_right_key_and_secret_only(shop):
	url = shop.sim.base_url + "/oauth/v1/generate?grant_type=client_credentials"
	merchant = shop.sim.merchant
	right = requests.get(url, auth=(merchant.consumer_key, merchant.consumer_secret))
	wrong = requests.get(url, auth=(merchant.consumer_key, "wrong"))
	assert (right.status_code, right.json()["expires_in"]) == (200, "3599")
	assert (wrong.status_code, "access_token" in wrong.json()) == (400, False)


def test_an_expired_or_forged_token_is_refused(shop):
	shop.fresh_token()
	shop.token = shop.fresh_token()
	shop.sim.expire_tokens()
	assert shop.post(PUSH, shop.push_body()).json()["errorCode"] == "404.001.03"
	shop.token = "a.b.c"
	assert shop.post(PUSH, shop.push_body()).json()["errorCode"] == "404.001.03"
	shop.token = shop.fresh_token()
	assert shop.post(PUSH, shop.push_body()).status_code == 200


def test_a_token_ends_with_its_lifetime():
	with shop_with(token_lifetime_s=0) as shop:
		assert shop.post(PUSH, shop.push_body()).json()["errorCode"] == "404.001.03"


def test_a_kept_token_survives_a_restart_of_the_simulator(shop):
	shop.token = shop.fresh_token()
	with shop_with() as another:
		another.token = shop.token
		assert another.post(PUSH, another.push_body()).status_code == 200


@pytest.mark.parametrize(
	"changes",
	[
		{"Amount": 0},
		{"Amount": -1},
		{"Amount": 10.5},
		{"Amount": "ten"},
		{"Amount": True},
		{"Amount": None},
		{"Amount": 250_001},
		{"PhoneNumber": "0712345678"},
		{"PhoneNumber": "254202222222"},
		{"PartyA": "254722000000"},
		{"PartyB": "600000"},
		{"TransactionType": "CustomerBuyGoodsOnline"},
		{"TransactionType": "PayBill"},
		{"CallBackURL": "not a URL"},
		{"CallBackURL": ""},
		{"AccountReference": ""},
		{"TransactionDesc": ""},
		{"Timestamp": "20261301000000"},
		{"Timestamp": ""},
	],
)
def test_a_malformed_push_is_refused_and_shown_to_nobody(shop, changes):
	answer = shop.post(PUSH, shop.push_body(**changes))
	assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.002.02")
	assert shop.sim.mpesa.prompts() == []


@pytest.mark.parametrize("zone_hours", [0, -5, 5.5])
def test_a_query_in_another_zone_than_nairobis_is_refused(shop, zone_hours):
	prompt = shop.post(PUSH, shop.push_body()).json()["CheckoutRequestID"]
	elsewhere = datetime.now(timezone(timedelta(hours=zone_hours)))
	answer = shop.post(QUERY, shop.signed(at=elsewhere, CheckoutRequestID=prompt))
	assert (answer.status_code, answer.json()["errorMessage"]) == (400, "Bad Request - Invalid Timestamp")
	nearly = datetime.now(NAIROBI) - timedelta(minutes=5)
	answer = shop.post(QUERY, shop.signed(at=nearly, CheckoutRequestID=prompt))
	assert answer.json().get("errorMessage") != "Bad Request - Invalid Timestamp"


@pytest.mark.parametrize("amount", [1, 1.0, "1", "1.00", 250_000])
def test_a_whole_amount_is_taken_however_it_is_written(shop, amount):
	assert shop.post(PUSH, shop.push_body(amount=amount)).status_code == 200


@pytest.mark.parametrize("changes", [{"Password": "d3Jvbmc="}, {"BusinessShortCode": "600000"}])
def test_a_wrong_pass_key_or_shortcode_is_the_500_that_daraja_makes_of_it(shop, changes):
	for path, body in ((PUSH, shop.push_body()), (QUERY, shop.signed(CheckoutRequestID="ws_CO_1"))):
		answer = shop.post(path, {**body, **changes})
		assert (answer.status_code, answer.json()["errorCode"]) == (500, "500.001.1001")
		assert "process" not in answer.json()["errorMessage"]


def test_a_body_that_is_no_json_object_is_refused(shop):
	headers = {"Authorization": f"Bearer {shop.fresh_token()}"}
	for body in (b"", b"[]", b"{", b"[" * 10_000):
		answer = requests.post(shop.sim.base_url + PUSH, data=body, headers=headers)
		assert answer.json()["errorCode"] == "400.002.05"


def test_what_daraja_does_not_have_is_not_found(shop):
	assert shop.post("/mpesa/nothing/v1/query", {}).status_code == 404


def test_requests_are_recorded_without_their_secrets(shop):
	shop.push()
	[asked] = shop.sim.record.requests(PUSH)
	assert (asked.status, asked.body["Password"], asked.body["Amount"]) == (200, "****", 1000)
	assert shop.sim.merchant.passkey not in repr(shop.sim.merchant)


@pytest.mark.parametrize(
	("trouble", "status"),
	[
		(Trouble.SERVER_ERROR, 500),
		(Trouble.SPIKE_ARREST, 429),
		(Trouble.HTML, 403),
		(Trouble.GARBAGE, 200),
		(Trouble.EMPTY, 200),
		(Trouble.INVALID_TOKEN, 404),
		(Trouble.SLOW, 200),
	],
)
def test_trouble_meets_as_many_requests_as_asked_for(shop, trouble, status):
	shop.token = shop.fresh_token()
	shop.sim.faults.add(Fault(PUSH, trouble, times=2))
	assert [shop.post(PUSH, shop.push_body("25471234567" + n)).status_code for n in "012"] == [
		status,
		status,
		200,
	]


@pytest.mark.parametrize(("trouble", "prompts"), [(Trouble.DROP, 0), (Trouble.LOSE_ANSWER, 1)])
def test_a_connection_may_end_without_an_answer_with_or_without_effect(shop, trouble, prompts):
	shop.token = shop.fresh_token()
	shop.sim.faults.add(Fault("/mpesa/stkpush", trouble))
	with pytest.raises(requests.ConnectionError):
		shop.post(PUSH, shop.push_body())
	assert len(shop.sim.mpesa.prompts()) == prompts


def test_tills_are_paid_as_goods_and_only_those_that_are_known():
	with shop_with(merchant=Merchant(tills=("5001234",))) as shop:
		goods = {"TransactionType": "CustomerBuyGoodsOnline"}
		assert shop.post(PUSH, shop.push_body(**goods, PartyB="5001234")).status_code == 200
		assert shop.post(PUSH, shop.push_body(**goods, PartyB="5009999")).status_code == 400
