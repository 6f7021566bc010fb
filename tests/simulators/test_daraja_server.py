import os
import re
import signal
import subprocess
import sys

import pytest
import requests
from test_daraja_merchant import PHONE, shop_with

from mikrotik_integration.simulators.daraja import DarajaSimulator, Trouble

TOKEN_URL = "https://{}/oauth/v1/generate?grant_type=client_credentials"


@pytest.fixture
def shop():
	with shop_with() as shop:
		yield shop


def control(shop, name, **body):
	return requests.post(f"{shop.sim.base_url}/__control__/{name}", json=body)


def shown(shop, name):
	return requests.get(f"{shop.sim.base_url}/__control__/{name}").json()


def proxied(shop, url, **options):
	return requests.get(url, proxies={"https": shop.sim.proxy_url}, verify=shop.sim.ca_file, **options)


@pytest.mark.parametrize("host", ["sandbox.safaricom.co.ke", "api.safaricom.co.ke"])
def test_behind_the_proxy_it_is_safaricom_with_a_certificate_of_its_own(shop, host):
	merchant = shop.sim.merchant
	answer = proxied(shop, TOKEN_URL.format(host), auth=(merchant.consumer_key, merchant.consumer_secret))
	assert (answer.status_code, "access_token" in answer.json()) == (200, True)


def test_whoever_does_not_trust_the_certificate_is_not_led_astray(shop):
	with pytest.raises(requests.exceptions.SSLError):
		requests.get(TOKEN_URL.format("api.safaricom.co.ke"), proxies={"https": shop.sim.proxy_url})


@pytest.mark.parametrize(
	"url",
	["https://example.com/", "https://safaricom.co.ke.example.com/", "https://api.safaricom.co.ke:8443/"],
)
def test_no_other_host_is_reached_through_the_proxy(shop, url):
	with pytest.raises(requests.exceptions.ProxyError):
		proxied(shop, url)
	assert len(shop.sim.refused_hosts) == 1


def test_it_is_no_proxy_for_plain_http(shop):
	answer = requests.get("http://example.com/", proxies={"http": shop.sim.proxy_url})
	assert answer.status_code == 403


def test_the_control_api_is_not_part_of_safaricom(shop):
	answer = proxied(shop, "https://api.safaricom.co.ke/__control__/payments")
	assert answer.status_code != 200


def test_a_connection_serves_many_requests(shop):
	options = dict(
		auth=(shop.sim.merchant.consumer_key, shop.sim.merchant.consumer_secret),
		proxies={"https": shop.sim.proxy_url},
		verify=str(shop.sim.ca_file),
	)
	url = TOKEN_URL.format("api.safaricom.co.ke")
	with requests.Session() as session:
		codes = [session.get(url, **options).status_code for _ in range(3)]
	assert codes == [200, 200, 200]


def test_a_child_process_is_led_here_by_its_environment(shop):
	merchant = shop.sim.merchant
	program = (
		f"import requests; print(requests.get({TOKEN_URL.format('sandbox.safaricom.co.ke')!r},"
		f" auth=({merchant.consumer_key!r}, {merchant.consumer_secret!r})).status_code)"
	)
	environment = {**os.environ, **shop.sim.environment()}
	printed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
	assert printed.stdout == "200\n"


def test_a_simulator_that_was_never_started_can_be_closed():
	DarajaSimulator().close()


def test_a_pay_bill_is_controlled_and_shown(shop):
	paid = control(shop, "paybill", phone=PHONE, amount=100, account="1008").json()
	assert shown(shop, "payments") == [paid]
	assert (paid["amount"], paid["account"], paid["channel"]) == (100, "1008", "C2B")


def test_phones_are_scripted_and_decide_over_the_control_api(shop):
	control(shop, "phone", phone="*", decision="cancel")
	control(shop, "phone", phone=PHONE, decision="wrong pin", next=True)
	shop.push()
	assert control(shop, "settle").json() is True
	control(shop, "phone", phone=PHONE, decision="never")
	shop.push()
	assert control(shop, "decide", phone=PHONE, decision="accept").status_code == 200
	control(shop, "settle")
	assert [prompt["result"][0] for prompt in shown(shop, "prompts")] == [2001, 0]
	assert control(shop, "decide", phone=PHONE, decision="accept").status_code == 400


def test_callbacks_are_held_lost_released_and_replayed_over_the_control_api(shop):
	control(shop, "fate", kind="stk", held=True, next=1)
	control(shop, "fate", kind="c2b", lost=True)
	shop.register()
	shop.push()
	control(shop, "settle")
	assert [callback["progress"] for callback in shown(shop, "callbacks")] == ["held", "lost"]
	control(shop, "release")
	control(shop, "replay", number=shown(shop, "callbacks")[1]["number"], copies=2)
	control(shop, "settle")
	assert (len(shop.received("/stk")), len(shop.received("/c2b"))) == (1, 2)


def test_faults_behaviour_and_statuses_are_set_over_the_control_api(shop):
	control(shop, "fault", path="/oauth", trouble=Trouble.HTML.value)
	assert shop.sim.faults.answer("/oauth", lambda: None).status == 403
	changed = control(shop, "behaviour", accept_after_s="7", c2b_twin="none", busy_at_once=True).json()
	assert (changed["accept_after_s"], changed["c2b_twin"], changed["busy_at_once"]) == (7.0, "none", True)
	receipt = control(shop, "paybill", phone=PHONE, amount=1, account="1").json()["receipt"]
	assert control(shop, "status", receipt=receipt, status="Declined").json()["status"] == "Declined"
	control(shop, "reset")
	assert shown(shop, "payments") == []


@pytest.mark.parametrize(
	("name", "body"),
	[
		("paybill", {}),
		("paybill", {"phone": PHONE, "amount": "much"}),
		("paybill", {"phone": PHONE, "amount": 0}),
		("paybill", {"phone": PHONE, "amount": "inf"}),
		("paybill", {"phone": "0712345678", "amount": 1}),
		("phone", {"phone": "0712345678", "decision": "accept"}),
		("phone", {"phone": PHONE, "decision": "dance"}),
		("fate", {"kind": "stk", "wings": True}),
		("fate", {"kind": "stk", "malformed": "strange"}),
		("fault", {"path": "/", "trouble": "flood"}),
		("behaviour", {"nonsense": 1}),
		("replay", {"number": 99}),
	],
)
def test_a_mistake_in_control_is_said_and_changes_nothing(shop, name, body):
	answer = control(shop, name, **body)
	assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
	assert control(shop, "nothing").status_code == 404


def test_the_command_line_starts_it_and_says_how_to_reach_it(tmp_path):
	ca_file = tmp_path / "ca.pem"
	command = [sys.executable, "-m", "mikrotik_integration.simulators.daraja", "--port", "0"]
	command += [
		"--ca-file",
		str(ca_file),
		"--consumer-key",
		"k",
		"--consumer-secret",
		"s",
		"--till",
		"5001234",
	]
	with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
		base_url = re.search(r"http://127.0.0.1:\d+", process.stdout.readline())[0]
		answer = requests.get(
			TOKEN_URL.format("api.safaricom.co.ke"),
			auth=("k", "s"),
			proxies={"https": base_url},
			verify=str(ca_file),
		)
		process.send_signal(signal.SIGTERM)
		exports = process.stdout.read()
	assert (answer.status_code, process.returncode) == (200, 0)
	assert f"export HTTPS_PROXY={base_url}\n" in exports
	assert f"export REQUESTS_CA_BUNDLE={ca_file}\n" in exports


def test_a_port_that_is_taken_is_said_in_plain_words(shop):
	command = [sys.executable, "-m", "mikrotik_integration.simulators.daraja", "--port", str(shop.sim.port)]
	printed = subprocess.run(command, capture_output=True, text=True)
	assert (printed.returncode, printed.stdout) == (1, "")
	assert printed.stderr.startswith(f"Cannot listen on port {shop.sim.port}")
	assert len(printed.stderr.splitlines()) == 1
