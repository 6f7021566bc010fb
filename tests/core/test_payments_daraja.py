"""The client against a server that says whatever a test tells it to."""

import base64
import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.payments import daraja
from mikrotik_integration.core.payments.daraja import DarajaClient, DarajaError, Outcome

KEY, SECRET, PASSKEY, CREDENTIAL = "the-key", "the-secret-ü€", "the-pass-key", "the-credential"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=3)))
CHECKOUT = "ws_CO_1"
TOKEN_PATH = "/oauth/v1/generate?grant_type=client_credentials"
GOOD_TOKEN = (200, {"access_token": "token-1", "expires_in": "3599"})
PAID = {
	"ResponseCode": "0",
	"ResponseDescription": "The service request has been accepted successfully",
	"MerchantRequestID": "1-1",
	"CheckoutRequestID": CHECKOUT,
	"ResultCode": "0",
	"ResultDesc": "The service request is processed successfully.",
}
PROCESSING = {
	"requestId": "1",
	"errorCode": "500.001.1001",
	"errorMessage": "The transaction is being processed",
}
INVALID_TOKEN = {"requestId": "1", "errorCode": "404.001.03", "errorMessage": "Invalid Access Token"}


class Store:
	def __init__(self, token=None):
		self.token, self.ttl_s = token, None

	def get(self):
		return self.token

	def set(self, token, ttl_s):
		self.token, self.ttl_s = token, ttl_s


class ScriptedDaraja:
	"""Answers each request with the next of `answers`, the last one for ever."""

	def __init__(self):
		self.tokens, self.answers, self.requests = [GOOD_TOKEN], [], []
		outer = self

		class Handler(BaseHTTPRequestHandler):
			def do_GET(self):
				outer.answer(self, outer.tokens)

			def do_POST(self):
				outer.answer(self, outer.answers)

			def log_message(self, *args):
				pass

		self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		self.url = f"http://127.0.0.1:{self.server.server_port}"
		self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
		self.thread.start()

	def answer(self, handler, script):
		body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
		self.requests.append((handler.path, dict(handler.headers), json.loads(body or "null")))
		status, content = script.pop(0) if len(script) > 1 else script[0]
		if status is None:
			return
		data = content if isinstance(content, bytes) else json.dumps(content).encode()
		handler.send_response(status)
		handler.send_header("Content-Length", str(len(data)))
		handler.send_header("Location", "http://127.0.0.1:9/elsewhere")
		handler.end_headers()
		handler.wfile.write(data)

	def close(self):
		self.server.shutdown()
		self.server.server_close()


@pytest.fixture
def server():
	scripted = ScriptedDaraja()
	yield scripted
	scripted.close()


def client_of(server, store=None, timeout_s=5):
	return DarajaClient(server.url, KEY, SECRET, store or Store(), timeout_s)


def query(server, *answers, store=None):
	server.answers = list(answers)
	return client_of(server, store).stk_query("174379", PASSKEY, CHECKOUT, NOW)


def ask_status(server, *answers, till=False):
	server.answers = list(answers)
	return client_of(server).ask_transaction_status(
		"SLA1", "174379", "initiator", CREDENTIAL, "http://127.0.0.1/r", "http://127.0.0.1/t", till
	)


def judged(status, body):
	"""Without a socket, for properties: what the client makes of an answer."""
	return daraja._stk_outcome(daraja._Response(status, body), CHECKOUT)[0]


def test_a_clean_zero_for_the_request_asked_after_is_paid(server):
	answer = query(server, (200, PAID))
	assert (answer.outcome, answer.code) == (Outcome.PAID, "0")
	assert query(server, (200, {**PAID, "ResultCode": 0})).outcome is Outcome.PAID


@pytest.mark.parametrize("code", [1, 1001, 1019, 1025, 1032, 1037, 2001, 9999])
def test_a_refusal_is_refused_as_number_and_as_text(server, code):
	outcomes = [query(server, (200, {**PAID, "ResultCode": shape})).outcome for shape in (code, str(code))]
	assert outcomes == [Outcome.REFUSED, Outcome.REFUSED]


@pytest.mark.parametrize(
	("status", "body"),
	[
		(500, PROCESSING),
		(500, {**PROCESSING, "errorMessage": "The transaction is still under processing"}),
		(200, {**PAID, "ResultCode": "4999", "ResultDesc": "The transaction is still under processing"}),
	],
)
def test_still_processing_is_pending(server, status, body):
	assert query(server, (status, body)).outcome is Outcome.PENDING


@pytest.mark.parametrize(
	("status", "body"),
	[
		(200, {**PAID, "CheckoutRequestID": "ws_CO_2"}),
		(200, {key: value for key, value in PAID.items() if key != "CheckoutRequestID"}),
		(200, {**PAID, "ResponseCode": "1"}),
		(200, {key: value for key, value in PAID.items() if key != "ResponseCode"}),
		(200, {**PAID, "ResultCode": None}),
		(200, {**PAID, "ResultCode": False}),
		(200, {**PAID, "ResultCode": 0.0}),
		(200, {**PAID, "ResultCode": ""}),
		(200, {**PAID, "ResultCode": "00"}),
		(200, {**PAID, "ResultCode": [0]}),
		(200, {**PAID, "ResultCode": "17"}),
		(200, {**PAID, "errorCode": "500.001.1001"}),
		(200, {**PAID, "ResultCode": "1032", "CheckoutRequestID": "ws_CO_2"}),
		(500, PAID),
		(202, PAID),
		(500, {**PROCESSING, "errorMessage": "Wrong credentials"}),
		(
			500,
			{**PROCESSING, "errorMessage": "Unable to lock subscriber, a transaction is already in process"},
		),
		(500, {"errorCode": "500.003.02", "errorMessage": "Error Occurred: Spike Arrest Violation"}),
		(400, {"errorCode": "400.002.02", "errorMessage": "Bad Request - Invalid CheckoutRequestID"}),
		(200, {}),
	],
)
def test_what_is_unclear_is_unknown(server, status, body):
	assert query(server, (status, body)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
	"answer",
	[
		(None, b""),
		(502, b"<html>Bad Gateway</html>"),
		(403, b"<html>Request unsuccessful. Incapsula incident ID: 1</html>"),
		(200, b"<html>ResultCode 0</html>"),
		(200, b""),
		pytest.param((200, b"[" * 100_000), id="deeply nested"),
		(200, [PAID]),
		(200, b"\xff\xfe\x00"),
		(302, b""),
	],
)
def test_an_answer_that_cannot_be_read_is_an_error_to_retry(server, answer):
	with pytest.raises(DarajaError) as caught:
		query(server, answer)
	assert caught.value.retryable is True


def test_a_port_that_nobody_listens_on_is_an_error_to_retry(server):
	server.close()
	with pytest.raises(DarajaError, match="could not be reached") as caught:
		query(server, (200, PAID))
	assert caught.value.retryable is True


def test_a_server_that_says_nothing_is_an_error_to_retry():
	with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:
		client = DarajaClient(f"http://127.0.0.1:{silent.server_port}", KEY, SECRET, Store("token"), 0.1)
		with pytest.raises(DarajaError, match="did not answer in time") as caught:
			client.stk_query("174379", PASSKEY, CHECKOUT, NOW)
	assert caught.value.retryable is True


def test_the_question_carries_the_password_of_its_timestamp(server):
	query(server, (200, PAID))
	_, headers, body = server.requests[-1]
	assert headers["Authorization"] == "Bearer token-1"
	assert body == {
		"BusinessShortCode": "174379",
		"Password": base64.b64encode(b"174379the-pass-key20260102030405").decode(),
		"Timestamp": "20260102030405",
		"CheckoutRequestID": CHECKOUT,
	}


@pytest.mark.parametrize("zone_hours", [-8, 0, 3, 5.5])
def test_the_timestamp_is_nairobis_whatever_zone_the_site_keeps(server, zone_hours):
	server.answers = [(200, PAID)]
	now = NOW.astimezone(timezone(timedelta(hours=zone_hours)))
	client_of(server).stk_query("174379", PASSKEY, CHECKOUT, now)
	assert server.requests[-1][2]["Timestamp"] == "20260102030405"


def test_a_time_without_a_zone_is_refused(server):
	with pytest.raises(ValueError, match="zone"):
		client_of(server).stk_query("174379", PASSKEY, CHECKOUT, NOW.replace(tzinfo=None))


def test_a_token_is_fetched_once_and_kept_for_a_little_less_than_it_lives(server):
	store = Store()
	query(server, (200, PAID), store=store)
	query(server, (200, PAID), store=store)
	assert (store.token, store.ttl_s) == ("token-1", 3539)
	assert [path for path, _, _ in server.requests].count(TOKEN_PATH) == 1


@pytest.mark.parametrize("refusal", [(401, INVALID_TOKEN), (404, INVALID_TOKEN), (401, b"")])
def test_an_expired_token_is_renewed_once(server, refusal):
	assert query(server, refusal, (200, PAID), store=Store("old")).outcome is Outcome.PAID


def test_a_token_that_is_refused_again_is_an_error_and_no_loop(server):
	with pytest.raises(DarajaError):
		query(server, (401, INVALID_TOKEN))
	assert len(server.requests) == 4


@pytest.mark.parametrize(
	("answer", "retryable"),
	[
		((400, b""), False),
		((401, {"errorCode": "400.008.01", "errorMessage": "Invalid Authentication passed"}), False),
		((500, {}), True),
		((403, b"<html>"), True),
		((200, {"access_token": "bad\r\ntoken"}), True),
		((200, {"access_token": None}), True),
	],
)
def test_no_token_is_an_error_that_says_whether_a_person_must_help(server, answer, retryable):
	server.tokens = [answer]
	with pytest.raises(DarajaError) as caught:
		query(server, (200, PAID))
	assert caught.value.retryable is retryable


@pytest.mark.parametrize(("till", "identifier"), [(False, "4"), (True, "2")])
def test_a_status_question_that_was_taken_gives_its_ids(server, till, identifier):
	taken = {"ConversationID": "AG_1", "OriginatorConversationID": "1-1", "ResponseCode": "0"}
	asked = ask_status(server, (200, taken), till=till)
	assert (asked.conversation_id, asked.originator_conversation_id) == ("AG_1", "1-1")
	assert server.requests[-1][2]["IdentifierType"] == identifier


@pytest.mark.parametrize(
	("status", "body", "retryable"),
	[
		(200, {"ResponseCode": "1", "ResponseDescription": "Rejected", "ConversationID": "AG_1"}, True),
		(200, {"ResponseCode": "0"}, True),
		(400, {"errorCode": "400.002.02", "errorMessage": "Bad Request - Invalid Initiator"}, False),
		(500, {"errorCode": "500.001.1001", "errorMessage": "System busy"}, True),
		(429, {"fault": {}}, True),
	],
)
def test_a_status_question_that_was_not_taken_is_an_error(server, status, body, retryable):
	with pytest.raises(DarajaError) as caught:
		ask_status(server, (status, body))
	assert caught.value.retryable is retryable


def test_no_secret_is_in_a_log_an_error_or_an_answer(server, caplog):
	caplog.set_level(0)
	password = base64.b64encode(f"174379{PASSKEY}20260102030405".encode()).decode()
	secrets = [KEY, SECRET, PASSKEY, password, "token-1"]
	echo = "You sent " + " ".join(secrets)
	said = [query(server, (200, {**PAID, "ResultDesc": echo})).description]
	with pytest.raises(DarajaError) as caught:
		ask_status(server, (400, {"errorMessage": f"You sent {CREDENTIAL} with {KEY} {SECRET} token-1"}))
	said += [str(caught.value), repr(caught.value), caplog.text, repr(client_of(server))]
	server.tokens = [(400, {"errorMessage": echo})]
	with pytest.raises(DarajaError) as caught:
		query(server, (200, PAID))
	said += [repr(caught.value), repr(caught.value.__cause__)]
	assert [secret for secret in [*secrets, CREDENTIAL] for text in said if secret in text] == []


loose_values = (
	st.none() | st.booleans() | st.floats() | st.integers(-2, 2000) | st.text(max_size=4) | st.just("0")
)
changes = st.dictionaries(
	st.sampled_from(sorted({*PAID, "errorCode", "errorMessage"})), loose_values, max_size=2
)


@given(st.sampled_from([200, 201, 400, 500]), changes)
def test_paid_is_never_said_on_anything_but_a_clean_zero(status, changed):
	body = {**PAID, **changed}
	zeros = [
		type(body[key]) in (int, str) and str(body[key]).strip() == "0"
		for key in ("ResponseCode", "ResultCode")
	]
	same = body["CheckoutRequestID"] == CHECKOUT
	clean = status == 200 and same and body.get("errorCode") is None
	assert (judged(status, body) is Outcome.PAID) == (clean and all(zeros))
