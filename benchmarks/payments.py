"""One payment from Daraja's callback to the read-back on the router, by prompt and by pay bill, also in the middle of a
flood of confirmations, and a hundred at once beside bare ERPNext.

	script/benchmark payments [--single 30] [--at-once 100] [--flood 1000]

Run on a bench with the site's own web server and one worker as processes of their own, and both simulators. All
figures come from this one run: bare Sales Invoices and Payment Entries are submitted on the same machine, by as many
processes as there are workers, half of them right before the hundred payments and half right after.
"""

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import threading
import time

import frappe
import requests

from mikrotik_integration import demo_company
from mikrotik_integration.simulators.daraja import Behaviour, DarajaSimulator, Fate, Merchant, Twin
from mikrotik_integration.simulators.daraja.c2b import RegisteredUrls
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.harness import clear_jobs, new_router
from mikrotik_integration.tests.live import LiveSite, free_port, fresh, wait_for

MOST_P95_SECONDS = 3.0
MOST_PAY_BILL_P95_SECONDS = 1.5  # beyond the time that Daraja takes to answer our question
MOST_TIMES_AS_LONG_IN_A_FLOOD = 2.0
DARAJA_ANSWERS_AFTER_S = 1.0
FLOODERS = 4
IN_THE_FLOOD = 5
LEAST_SHARE_OF_BARE_RATE = 0.8
WORKERS = 1
REQUEST_PAYMENT = "mikrotik_integration.api.payments.request_payment"


def main() -> None:
	options = _options()
	frappe.init(site=os.environ["FRAPPE_SITE"], sites_path=os.environ.get("SITES_PATH", "."))
	frappe.connect()
	demo_company.ensure_site()
	clear_jobs()
	merchant = Merchant(
		demo_company.CONSUMER_KEY, demo_company.CONSUMER_SECRET, demo_company.SHORTCODE, demo_company.PASSKEY
	)
	behaviour = Behaviour(accept_after_s=1.0, c2b_twin=Twin.NONE, result_after_s=DARAJA_ANSWERS_AFTER_S)
	port = free_port()
	routes = {frappe.local.site: port}
	with (
		DarajaSimulator(merchant=merchant, behaviour=behaviour, routes=routes) as daraja,
		new_router() as simulator,
	):
		os.environ.update(daraja.environment())
		router = factories.a_router(simulator)
		plan = factories.a_plan()
		result = {}
		with LiveSite(frappe.local.site, daraja.environment(), workers=WORKERS, port=port) as live:
			url = f"{live.url}/api/method/{visitors.CONFIRMATION}"
			daraja.mpesa.register_urls(demo_company.SHORTCODE, RegisteredUrls(url, url, 2))
			result["single"] = single(live, daraja, router, plan, options.single)
			result["pay_bill"] = pay_bills(daraja, router, plan, options.single)
			result["flood"] = flood(live, daraja, router, plan, options.flood)
			before = bare_pairs(plan, options.at_once // 2)
			result["at_once"] = at_once(live, daraja, router, plan, options.at_once)
			result["bare"] = _bare_rate([before, bare_pairs(plan, options.at_once // 2)])
	result["at_once"]["share_of_bare_rate"] = round(
		result["at_once"]["payments_per_second"] / result["bare"]["pairs_per_second"], 2
	)
	result["kept"] = {
		"p95_at_most_3_s": result["single"]["p95_seconds"] <= MOST_P95_SECONDS,
		"rate_at_least_80_percent_of_bare": result["at_once"]["share_of_bare_rate"]
		>= LEAST_SHARE_OF_BARE_RATE,
		"pay_bill_p95_at_most_1_5_s_beyond_daraja": result["pay_bill"]["p95_seconds_beyond_daraja"]
		<= MOST_PAY_BILL_P95_SECONDS,
		"in_a_flood_at_most_twice_as_long": all(
			result["flood"][f"{kind}_longest_seconds"]
			<= MOST_TIMES_AS_LONG_IN_A_FLOOD * result[usual]["median_seconds"]
			for kind, usual in (("prompt", "single"), ("pay_bill", "pay_bill"))
		),
	}
	print(json.dumps(result, indent=2))
	_print_table(result)
	sys.exit(0 if all(result["kept"].values()) else 1)


def bare_pairs(plan, count: int) -> tuple[int, float]:
	"""So many pairs of a bare Sales Invoice and the Payment Entry that pays it, each pair committed, in another process;
	and the seconds that they took."""
	customers = [factories.a_customer().name for _number in range(count + 1)]
	# another process reads them
	frappe.db.commit()  # nosemgrep
	script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bare_pairs.py")
	done = subprocess.run(
		[sys.executable, script, plan.item],
		input=json.dumps(customers),
		capture_output=True,
		text=True,
		check=True,
	)
	return count, float(done.stdout.split()[-1])


def _bare_rate(runs: list[tuple[int, float]]) -> dict:
	count, seconds = (sum(values) for values in zip(*runs, strict=True))
	return {
		"pairs": count,
		"seconds": round(seconds, 2),
		"pairs_per_second": round(count / seconds, 2),
		"of_each_half": [round(pairs / took, 2) for pairs, took in runs],
	}


def single(live: LiveSite, daraja: DarajaSimulator, router, plan, count: int) -> dict:
	"""One payment after the other: from the moment the callback leaves Daraja to the account read back."""
	seconds = []
	browser = live.session()
	daraja.courier.always(Fate(held=True))
	for _number in range(count + 1):
		subscription = factories.a_subscription(router, plan)
		daraja.courier.clear()
		daraja.courier.always(Fate(held=True))
		live.call(browser, REQUEST_PAYMENT, subscription=subscription.name)
		wait_for(daraja.courier.callbacks, "the customer's PIN")
		began = time.monotonic()
		daraja.courier.release()
		wait_for(lambda name=subscription.name: _in_sync(name), "the router")
		seconds.append(time.monotonic() - began)
	return _summary(seconds[1:])  # the first one warms the worker up


def _summary(seconds: list[float]) -> dict:
	seconds = sorted(seconds)
	return {
		"payments": len(seconds),
		"median_seconds": round(statistics.median(seconds), 2),
		"p95_seconds": round(seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))], 2),
		"longest_seconds": round(seconds[-1], 2),
	}


def pay_bills(daraja: DarajaSimulator, router, plan, count: int) -> dict:
	"""One payment from the phone's menu after the other: from the moment the confirmation leaves Daraja to the account
	read back. In between, Daraja takes its time to answer our question about the receipt."""
	daraja.courier.clear()
	daraja.courier.always(Fate())
	summary = _summary([_pay_bill(daraja, router, plan) for _number in range(count + 1)][1:])
	beyond = round(summary["p95_seconds"] - DARAJA_ANSWERS_AFTER_S, 2)
	return {
		**summary,
		"daraja_answers_after_seconds": DARAJA_ANSWERS_AFTER_S,
		"p95_seconds_beyond_daraja": beyond,
	}


def _pay_bill(daraja: DarajaSimulator, router, plan) -> float:
	subscription = factories.a_subscription(router, plan)
	began = time.monotonic()
	daraja.pay_bill(subscription.phone_number, 1500, subscription.name)
	wait_for(lambda: _in_sync(subscription.name), "the router")
	return time.monotonic() - began


def flood(live: LiveSite, daraja: DarajaSimulator, router, plan, count: int) -> dict:
	"""Strangers send confirmations as fast as they can, for our own number, for accounts that are and are not there. In
	the middle of it customers pay."""
	prompted, named = (factories.a_subscription(router, plan) for _number in range(2))
	daraja.courier.clear()
	daraja.courier.always(Fate(held=True))
	live.call(live.session(), REQUEST_PAYMENT, subscription=prompted.name)
	wait_for(daraja.courier.callbacks, "the customer's PIN")
	daraja.courier.always(Fate())
	strangers = [
		threading.Thread(target=_send_confirmations, args=(live.url, named.name, part, count // FLOODERS))
		for part in range(FLOODERS)
	]
	began = time.monotonic()
	for thread in strangers:
		thread.start()
	time.sleep(1)
	released = time.monotonic()
	daraja.courier.release()
	wait_for(lambda: _in_sync(prompted.name), "the router")
	prompt_seconds = time.monotonic() - released
	seconds = [_pay_bill(daraja, router, plan) for _number in range(IN_THE_FLOOD)]
	for thread in strangers:
		thread.join()
	lasted = time.monotonic() - began
	clear_jobs()  # what is left of the flood is not asked about while the next is measured
	return {
		"confirmations": count,
		"seconds": round(lasted, 2),
		"prompt_longest_seconds": round(prompt_seconds, 2),
		"pay_bill_median_seconds": round(statistics.median(seconds), 2),
		"pay_bill_longest_seconds": round(max(seconds), 2),
	}


def _send_confirmations(url: str, account: str, part: int, count: int) -> None:
	stranger = requests.Session()
	for number in range(count):
		told = visitors.confirmation(
			f"S{part}{number:05d}{secrets.token_hex(2).upper()}"[:10],
			account if number % 2 else "nobody",
			1500,
			demo_company.SHORTCODE,
		)
		stranger.post(f"{url}/api/method/{visitors.CONFIRMATION}", json=told, timeout=120)


def at_once(live: LiveSite, daraja: DarajaSimulator, router, plan, count: int) -> dict:
	"""Callbacks of many payments at the same moment, until all are applied and on the router."""
	subscriptions = [factories.a_subscription(router, plan) for _number in range(count)]
	daraja.courier.clear()
	daraja.courier.always(Fate(held=True))
	threads = [threading.Thread(target=_ask, args=(live, names)) for names in _split(subscriptions, 4)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	wait_for(lambda: len(daraja.courier.callbacks()) >= count, "the prompts to be answered")
	began = time.monotonic()
	daraja.courier.release()
	names = [one.name for one in subscriptions]
	wait_for(lambda: _all_in_sync(names), "all payments", seconds=600)
	seconds = time.monotonic() - began
	entries = frappe.get_all(
		"Payment Entry", {"customer_subscription": ("in", names), "docstatus": 1}, limit=0
	)
	assert len(entries) == count, f"{len(entries)} Payment Entries for {count} payments"
	return {
		"payments": count,
		"workers": WORKERS,
		"seconds": round(seconds, 2),
		"payments_per_second": round(count / seconds, 2),
		"applied_once_each": len(entries) == count,
	}


def _ask(live: LiveSite, names: list[str]) -> None:
	browser = live.session()
	for name in names:
		live.call(browser, REQUEST_PAYMENT, subscription=name)


def _split(subscriptions: list, parts: int) -> list[list[str]]:
	names = [one.name for one in subscriptions]
	return [names[start::parts] for start in range(parts)]


def _in_sync(name: str) -> bool:
	state = fresh("Customer Subscription", name, ["status", "router_status"])
	return (state.status, state.router_status) == ("Active", "In Sync")


def _all_in_sync(names: list[str]) -> bool:
	frappe.db.rollback()
	done = {"name": ("in", names), "status": "Active", "router_status": "In Sync"}
	return frappe.db.count("Customer Subscription", done) == len(names)


def _options() -> argparse.Namespace:
	parser = argparse.ArgumentParser(
		description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
	)
	parser.add_argument("--single", type=int, default=30)
	parser.add_argument("--at-once", type=int, default=100)
	parser.add_argument("--flood", type=int, default=1000)
	return parser.parse_args()


def _print_table(result: dict) -> None:
	rows = (
		("one payment, callback to read-back, p95", f"{result['single']['p95_seconds']} s", "at most 3 s"),
		("  median", f"{result['single']['median_seconds']} s", ""),
		(
			f"one pay bill payment, Daraja's {DARAJA_ANSWERS_AFTER_S:g} s apart, p95",
			f"{result['pay_bill']['p95_seconds_beyond_daraja']} s",
			"at most 1.5 s",
		),
		("  median, Daraja's answer included", f"{result['pay_bill']['median_seconds']} s", ""),
		(
			f"prompt in a flood of {result['flood']['confirmations']} confirmations",
			f"{result['flood']['prompt_longest_seconds']} s",
			"at most twice its median",
		),
		(
			"pay bill in it, longest",
			f"{result['flood']['pay_bill_longest_seconds']} s",
			"at most twice its median",
		),
		("bare Sales Invoice and Payment Entry", f"{result['bare']['pairs_per_second']} a second", ""),
		(
			f"{result['at_once']['payments']} payments at once",
			f"{result['at_once']['payments_per_second']} a second",
			"",
		),
		("  share of the bare rate", f"{result['at_once']['share_of_bare_rate']:.0%}", "at least 80%"),
	)
	for name, value, bound in rows:
		print(f"{name:52} {value:>16}   {bound}")


if __name__ == "__main__":
	main()
