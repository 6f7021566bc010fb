"""The main job in front of your eyes: a customer pays with M-PESA and is online.

``prepare`` makes a company, a router, a plan and a customer; ``story`` lets the customer pay, log in on the simulated
router, use data, run out of time and pay again. Everything but the router and Safaricom is real. ``script/demo`` runs
both with ``bench execute``; the site's workers must be running.
"""

import json
import re
import socket
import time
from collections.abc import Callable

import frappe
import requests
from frappe.utils import format_datetime, get_url, now_datetime

from mikrotik_integration.demo_company import ensure_site
from mikrotik_integration.services import clock, routers

ROUTER, CONNECTION, PLAN, CUSTOMER = "Kilimani", "hotspot home-10M", "Home 10M", "Wanjiku Kamau"
PHONE = "254712345678"
PATIENCE_S = 60


def prepare(
	router_port: int,
	router_host: str = "127.0.0.1",
	router_user: str = "erpnext",
	router_password: str = "demo",
) -> str:
	"""Make what a provider enters on the first day; returns the subscription's account number. Idempotent."""
	ensure_site()
	_ensure_router(router_host, router_port, router_user, router_password)
	_ensure(
		"Connection Type",
		CONNECTION,
		service_name="hotspot",
		profile_name="home-10M",
		speed_limit_rx="5M",
		speed_limit_tx="10M",
	)
	_ensure(
		"Internet Plan",
		PLAN,
		plan_name=PLAN,
		connection_type=CONNECTION,
		price=1500,
		validity_days=30,
		device_limit=2,
	)
	customer = _ensure_customer()
	name = frappe.db.get_value(
		"Customer Subscription", {"customer": customer, "terminated_at": ("is", "not set")}
	)
	if not name:
		name = _insert(
			"Customer Subscription",
			customer=customer,
			internet_plan=PLAN,
			mikrotik_settings=ROUTER,
			phone_number=PHONE,
		)
	frappe.db.commit()
	_say(f"Customer {CUSTOMER}, account number {name}, plan {PLAN} at KES 1,500 for 30 days, router {ROUTER}")
	return name


def _ensure_router(host: str, port: int, user: str, password: str) -> None:
	values = {"ip_address": host, "api_port": port, "api_username": user, "api_password": password}
	if not frappe.db.exists("MikroTik Settings", ROUTER):
		_insert("MikroTik Settings", router_name=ROUTER, **values)
		return
	router = frappe.get_doc("MikroTik Settings", ROUTER)
	router.update(values)
	router.save()


def _ensure_customer() -> str:
	present = frappe.db.get_value("Customer", {"customer_name": CUSTOMER})
	return present or _insert(
		"Customer",
		customer_name=CUSTOMER,
		customer_type="Individual",
		customer_group=frappe.db.get_value("Customer Group", {"is_group": 0}),
		territory=frappe.db.get_value("Territory", {"is_group": 0}),
	)


def _ensure(doctype: str, name: str, **values) -> None:
	if not frappe.db.exists(doctype, name):
		_insert(doctype, **values)


def _insert(doctype: str, **values) -> str:
	return frappe.get_doc({"doctype": doctype, **values}).insert().name


def story(control_port: int, site_url: str, password: str, user: str = "Administrator") -> None:
	"""Play the story on the subscription that ``prepare`` made.

	``control_port`` is the simulated router's, ``site_url`` where this site's web server answers.
	"""
	name = frappe.db.get_value(
		"Customer Subscription", {"phone_number": PHONE, "terminated_at": ("is", "not set")}
	)
	router, desk = _Router(control_port), _Desk(site_url, user, password)
	if _value(name, "status") == "Active":
		_let_time_run_out(name)  # a customer who is still paid for from an earlier story
	_say("1. Nobody has paid: the router does not let the customer in")
	_try_to_log_in(router, name)
	_say("2. The customer gets an M-PESA prompt and types the PIN")
	_pay(desk, name)
	_show_books(name)
	_say("3. Now the router lets the customer in")
	session = _try_to_log_in(router, name)
	_use_data(router, session, name)
	_say("4. The paid time is over: the live session is cut")
	_let_time_run_out(name)
	_say(
		f"   status {_value(name, 'status')}, sessions on the router: {len(router.do('sessions')['sessions'])}"
	)
	_say("5. The customer pays again and is back")
	_pay(desk, name)
	_try_to_log_in(router, name)
	_say(f"See it: {get_url(f'/app/customer-subscription/{name}')}")


class _Router:
	"""The simulated router's control port: it plays the customer's devices."""

	def __init__(self, port: int) -> None:
		self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
		self._lines = self._socket.makefile("rb")

	def do(self, what: str, **values) -> dict:
		self._socket.sendall(json.dumps({"do": what, **values}).encode() + b"\n")
		return json.loads(self._lines.readline())


class _Desk:
	"""An employee's browser: logs in, and asks the site over HTTP."""

	def __init__(self, url: str, user: str, password: str) -> None:
		self._url = url.rstrip("/")
		self._session = requests.Session()
		self.ask("login", usr=user, pwd=password)
		self._session.headers["X-Frappe-CSRF-Token"] = self._csrf_token()

	def _csrf_token(self) -> str:
		page = self._session.get(f"{self._url}/app", timeout=60).text
		found = re.search(r'csrf_token = "([^"]+)"', page)
		return found[1] if found else ""

	def ask(self, method: str, **values):
		answer = self._session.post(f"{self._url}/api/method/{method}", json=values, timeout=60)
		answer.raise_for_status()
		return answer.json().get("message")


def _try_to_log_in(router: _Router, name: str) -> int | None:
	subscription = frappe.get_doc("Customer Subscription", name)
	answer = router.do("login", user=subscription.username, password=subscription.get_password("password"))
	if not answer["ok"]:
		_say(f"   the router says: {answer['error']}")
		return None
	_say(f"   online as {answer['address']}")
	return answer["session"]


def _pay(desk: _Desk, name: str) -> None:
	began = time.monotonic()
	payment = desk.ask("mikrotik_integration.api.payments.request_payment", subscription=name)["payment"]
	_wait(lambda: frappe.db.get_value("Subscription Payment", payment, "status") == "Applied", "the payment")
	_wait(lambda: _value(name, "router_status") == "In Sync", "the router")
	receipt, entry = frappe.db.get_value("Subscription Payment", payment, ["receipt", "payment_entry"])
	_say(
		f"   confirmed with Daraja, receipt {receipt}, booked as {entry}, on the router: {time.monotonic() - began:.1f} s after asking, the customer's typing included"
	)


def _show_books(name: str) -> None:
	invoice = frappe.get_last_doc("Sales Invoice", {"customer_subscription": name})
	_say(
		f"   invoice {invoice.name} over KES {invoice.grand_total:,.0f}, outstanding KES {invoice.outstanding_amount:,.0f}; paid until {format_datetime(_value(name, 'expiry_date'), 'd MMM yyyy HH:mm')}"
	)


def _use_data(router: _Router, session: int | None, name: str) -> None:
	router.do("move", session=session, upload=12_000_000, download=240_000_000, seconds=1800)
	routers.enqueue_check(ROUTER)
	frappe.db.commit()
	_wait(lambda: _value(name, "data_used_mb") > 0, "the usage")
	_say(
		f"   used {_value(name, 'data_used_mb'):,.0f} MB, online now: {'yes' if _value(name, 'is_online') else 'no'}"
	)


def _let_time_run_out(name: str) -> None:
	"""The calendar of this subscription is set back; what follows is what every minute does by itself."""
	now = now_datetime()
	frappe.db.set_value(
		"Customer Subscription", name, {"expiry_date": now, "period_end": now, "next_change": now}
	)
	frappe.db.commit()
	clock.advance_due_subscriptions()
	frappe.db.commit()
	_wait(lambda: _value(name, "router_status") == "In Sync", "the router")


def _value(name: str, field: str):
	frappe.db.rollback()
	return frappe.db.get_value("Customer Subscription", name, field)


def _wait(until: Callable[[], bool], what: str) -> None:
	end = time.monotonic() + PATIENCE_S
	while not until():
		if time.monotonic() > end:
			raise TimeoutError(f"Waited {PATIENCE_S} s for {what}. Are the workers of this bench running?")
		frappe.db.rollback()
		time.sleep(0.2)


def _say(text: str) -> None:
	print(text, flush=True)
