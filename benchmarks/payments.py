"""One payment from Daraja's callback to the read-back on the router, and a hundred at once beside bare ERPNext.

	script/benchmark payments [--single 30] [--at-once 100]

Run on a bench with the site's own web server and one worker as processes of their own, and both simulators. All
figures come from this one run: bare Sales Invoices and Payment Entries are submitted on the same machine, by as many
processes as there are workers, right before the payments.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time

import frappe

from mikrotik_integration import demo_company
from mikrotik_integration.simulators.daraja import Behaviour, DarajaSimulator, Fate, Merchant, Twin
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.harness import clear_jobs, new_router
from mikrotik_integration.tests.live import LiveSite, fresh, wait_for

MOST_P95_SECONDS = 3.0
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
	behaviour = Behaviour(accept_after_s=1.0, c2b_twin=Twin.NONE)
	with DarajaSimulator(merchant=merchant, behaviour=behaviour) as daraja, new_router() as simulator:
		os.environ.update(daraja.environment())
		router = factories.a_router(simulator)
		plan = factories.a_plan()
		result = {"bare": bare_rate(plan, options.at_once)}
		with LiveSite(frappe.local.site, daraja.environment(), workers=WORKERS) as live:
			result["single"] = single(live, daraja, router, plan, options.single)
			result["at_once"] = at_once(live, daraja, router, plan, options.at_once)
	result["at_once"]["share_of_bare_rate"] = round(
		result["at_once"]["payments_per_second"] / result["bare"]["pairs_per_second"], 2
	)
	result["kept"] = {
		"p95_at_most_3_s": result["single"]["p95_seconds"] <= MOST_P95_SECONDS,
		"rate_at_least_80_percent_of_bare": result["at_once"]["share_of_bare_rate"]
		>= LEAST_SHARE_OF_BARE_RATE,
	}
	print(json.dumps(result, indent=2))
	_print_table(result)
	sys.exit(0 if all(result["kept"].values()) else 1)


def bare_rate(plan, count: int) -> dict:
	"""Pairs of a bare Sales Invoice and the Payment Entry that pays it, each pair committed, in another process."""
	customers = [factories.a_customer().name for _number in range(count + 1)]
	frappe.db.commit()
	script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bare_pairs.py")
	done = subprocess.run(
		[sys.executable, script, plan.item],
		input=json.dumps(customers),
		capture_output=True,
		text=True,
		check=True,
	)
	seconds = float(done.stdout.split()[-1])
	return {"pairs": count, "seconds": round(seconds, 2), "pairs_per_second": round(count / seconds, 2)}


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
	seconds = sorted(seconds[1:])  # the first one warms the worker up
	return {
		"payments": count,
		"median_seconds": round(statistics.median(seconds), 2),
		"p95_seconds": round(seconds[min(len(seconds) - 1, int(len(seconds) * 0.95))], 2),
		"longest_seconds": round(seconds[-1], 2),
	}


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
	return parser.parse_args()


def _print_table(result: dict) -> None:
	rows = (
		("one payment, callback to read-back, p95", f"{result['single']['p95_seconds']} s", "at most 3 s"),
		("  median", f"{result['single']['median_seconds']} s", ""),
		("bare Sales Invoice and Payment Entry", f"{result['bare']['pairs_per_second']} a second", ""),
		(
			f"{result['at_once']['payments']} payments at once",
			f"{result['at_once']['payments_per_second']} a second",
			"",
		),
		("  share of the bare rate", f"{result['at_once']['share_of_bare_rate']:.0%}", "at least 80%"),
	)
	for name, value, bound in rows:
		print(f"{name:45} {value:>16}   {bound}")


if __name__ == "__main__":
	main()
