"""The captive portal: its page under load, its weight, and the way from Daraja's callback to "online" on a phone.

	script/benchmark portal [--seconds 30] [--rate 50] [--purchases 5]

Run on a bench with the site's own web server and workers as processes of their own, and both simulators. Requests are
sent when their time has come, whether or not earlier ones were answered, and their time counts from then.
"""

import argparse
import http.client
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import frappe

from mikrotik_integration import demo_company
from mikrotik_integration.services import portal_setup
from mikrotik_integration.simulators.daraja import Behaviour, DarajaSimulator, Fate, Merchant, Twin
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.harness import clear_jobs, new_router
from mikrotik_integration.tests.live import LiveSite, wait_for
from mikrotik_integration.tests.test_forms_browser import why_not
from mikrotik_integration.tests.test_hotspot_browser import GuestsPhone
from mikrotik_integration.tests.test_hotspot_portal import a_mac

MOST_P95_MS = 100
MOST_BYTES = 60_000
MOST_SECONDS_TO_ONLINE = 5
WORKERS = 2
THREADS = 64
PACKAGES = ((20, 1), (80, 1), (350, 7))
DNS_NAME = "wifi.example.lan"


def main() -> None:
	options = _options()
	frappe.init(site=os.environ["FRAPPE_SITE"], sites_path=os.environ.get("SITES_PATH", "."))
	frappe.connect()
	demo_company.ensure_site()
	clear_jobs()
	merchant = Merchant(
		demo_company.CONSUMER_KEY, demo_company.CONSUMER_SECRET, demo_company.SHORTCODE, demo_company.PASSKEY
	)
	behaviour = Behaviour(accept_after_s=0.5, c2b_twin=Twin.NONE, result_after_s=0.1)
	with DarajaSimulator(merchant=merchant, behaviour=behaviour) as daraja, new_router() as simulator:
		os.environ.update(daraja.environment())
		with LiveSite(frappe.local.site, daraja.environment(), workers=WORKERS) as live:
			frappe.local.conf.host_name = live.url
			router = a_shop(simulator)
			address = f"{live.url}/hotspot/{router.portal_name}"
			result = {}
			if reason := why_not():
				print(f"Without a browser: {reason}", file=sys.stderr)
			else:
				result["weight"] = weight(simulator, address)
				result["purchase"] = purchases(simulator, daraja, address, options.purchases)
			result["page"] = page(address, options.rate, options.seconds)
	result["kept"] = kept(result)
	print(json.dumps(result, indent=2))
	sys.exit(0 if all(result["kept"].values()) else 1)


def a_shop(simulator):
	"""A router whose portal sells three packages, with its pages installed."""
	frappe.db.set_value("Internet Plan", {"shown_on_portal": 1}, "shown_on_portal", 0)
	for price, days in PACKAGES:
		factories.a_package(price=price, validity_days=days)
	simulator.run("/ip/hotspot/profile/set", numbers="hsprof1", **{"dns-name": DNS_NAME})
	name = factories.unique("cafe").replace(" ", "-")
	router = factories.a_router(
		simulator, portal_name=name, portal_enabled=1, hotspot_address=DNS_NAME, wifi_name="Kahawa Wi-Fi"
	)
	problems = [finding["text"] for finding in portal_setup.install(router) if not finding["ok"]]
	assert not problems, problems
	# the web server reads it on a connection of its own
	frappe.db.commit()  # nosemgrep
	return router


def page(address: str, rate: int, seconds: int) -> dict:
	"""So many different guests a second, half of them in Swahili. The first second warms up."""
	began = time.monotonic() + 0.5
	with ThreadPoolExecutor(THREADS) as pool:
		due = [began + number / rate for number in range((seconds + 1) * rate)]
		answered = list(pool.map(lambda one: _get(address, *one), enumerate(due)))[rate:]
	lasted = [milliseconds for milliseconds, _ok in answered]
	return {
		"requests": len(answered),
		"a_second": rate,
		"failed": sum(not ok for _milliseconds, ok in answered),
		"p50_ms": round(statistics.median(lasted), 1),
		"p95_ms": round(statistics.quantiles(lasted, n=20)[-1], 1),
		"worst_ms": round(max(lasted), 1),
	}


def _get(address: str, number: int, moment: float) -> tuple[float, bool]:
	time.sleep(max(0, moment - time.monotonic()))
	parts = urlsplit(address)
	guest = {
		"mac": a_mac(),
		"ip": "10.5.50.7",
		"link-orig": "http://news.example/",
		"lang": ("en", "sw")[number % 2],
	}
	line = http.client.HTTPConnection(parts.netloc, timeout=30)
	line.request("GET", f"{parts.path}?{urlencode(guest)}", headers={"Accept-Encoding": "gzip"})
	answer = line.getresponse()
	answer.read()
	line.close()
	return (time.monotonic() - moment) * 1000, answer.status == 200


def weight(simulator, address: str) -> dict:
	"""Bytes over the air, headers included: the page with what it asks of the server, then the QR decoder as well."""
	phone = GuestsPhone(simulator.plug_in(a_mac()))
	try:
		phone.open(f"{address}?mac={phone.mac}", "#voucher form")
		time.sleep(1)
		phone.run("1")
		alone = phone.bytes_received
		phone.run(
			"new Promise((done) => { const script = document.createElement('script'); script.onload = () => done(1);"
			" script.src = '/assets/mikrotik_integration/js/vendor/qr.min.js?v=0.7.0'; document.head.append(script); })"
		)
		phone.run("1")
		return {"page_bytes": alone, "with_qr_decoder_bytes": phone.bytes_received}
	finally:
		phone.close()


def purchases(simulator, daraja, address: str, count: int) -> dict:
	"""One after the other: from the moment the callback leaves Daraja until the phone says that it is online."""
	seconds = [_purchase(simulator, daraja, address) for _number in range(count + 1)][1:]
	return {
		"purchases": count,
		"callback_to_online_median_seconds": round(statistics.median(seconds), 2),
		"callback_to_online_worst_seconds": round(max(seconds), 2),
	}


def _purchase(simulator, daraja, address: str) -> float:
	daraja.courier.clear()
	daraja.courier.always(Fate(held=True))
	phone = GuestsPhone(simulator.plug_in(a_mac()))
	try:
		phone.open(f"{address}?mac={phone.mac}", "#voucher form")
		phone.click(".package")
		phone.type("#buy input[name=phone]", factories.a_phone())
		phone.click("#buy button", "M-PESA")
		phone.see("Waiting for M-PESA")
		wait_for(daraja.courier.callbacks, "the customer's PIN")
		began = time.monotonic()
		daraja.courier.always(Fate())
		daraja.courier.release()
		phone.click("#connect")
		phone.wait_until_online(address)
		return time.monotonic() - began
	finally:
		phone.close()


def kept(result: dict) -> dict[str, bool]:
	found = {
		"p95_under_100_ms": result["page"]["p95_ms"] < MOST_P95_MS and not result["page"]["failed"],
	}
	if "weight" in result:
		found["under_60_kb"] = result["weight"]["with_qr_decoder_bytes"] < MOST_BYTES
		worst = result["purchase"]["callback_to_online_worst_seconds"]
		found["online_under_5_s"] = worst < MOST_SECONDS_TO_ONLINE
	return found


def _options() -> argparse.Namespace:
	parser = argparse.ArgumentParser()
	parser.add_argument("--seconds", type=int, default=30)
	parser.add_argument("--rate", type=int, default=50)
	parser.add_argument("--purchases", type=int, default=5)
	return parser.parse_args()


if __name__ == "__main__":
	main()
