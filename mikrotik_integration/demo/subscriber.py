"""A subscriber pays with M-PESA and is online, runs out of time, and pays again."""

import time

import frappe
from frappe.utils import format_datetime, get_url, now_datetime

from mikrotik_integration.demo.stage import ROUTER, Desk, Router, ensure, insert, say, wait
from mikrotik_integration.services import clock, routers

CONNECTION, PLAN, CUSTOMER = "hotspot home-10M", "Home 10M", "Wanjiku Kamau"
PHONE = "254712345678"


def prepare() -> str:
	"""A plan and a customer on it; returns the subscription's account number. Idempotent."""
	ensure(
		"Connection Type",
		CONNECTION,
		service_name="hotspot",
		profile_name="home-10M",
		speed_limit_rx="5M",
		speed_limit_tx="10M",
	)
	ensure(
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
		name = insert(
			"Customer Subscription",
			customer=customer,
			internet_plan=PLAN,
			mikrotik_settings=ROUTER,
			phone_number=PHONE,
		)
	say(f"Customer {CUSTOMER}, account number {name}, plan {PLAN} at KES 1,500 for 30 days, router {ROUTER}")
	return name


def _ensure_customer() -> str:
	present = frappe.db.get_value("Customer", {"customer_name": CUSTOMER})
	return present or insert(
		"Customer",
		customer_name=CUSTOMER,
		customer_type="Individual",
		customer_group=frappe.db.get_value("Customer Group", {"is_group": 0}),
		territory=frappe.db.get_value("Territory", {"is_group": 0}),
	)


def story(router: Router, desk: Desk) -> None:
	"""Play it on the subscription that ``prepare`` made."""
	name = frappe.db.get_value(
		"Customer Subscription", {"phone_number": PHONE, "terminated_at": ("is", "not set")}
	)
	if _value(name, "status") == "Active":
		_let_time_run_out(name, router)  # a customer who is still paid for from an earlier story
	say("1. Nobody has paid: the router does not let the customer in")
	_try_to_log_in(router, name)
	say("2. The customer gets an M-PESA prompt and types the PIN")
	_pay(desk, name)
	_show_books(name)
	say("3. Now the router lets the customer in")
	session = _try_to_log_in(router, name)
	_use_data(router, session, name)
	say("4. The paid time is over: the live session is cut")
	_let_time_run_out(name, router)
	say(f"   status {_value(name, 'status')}, sessions of the customer: {len(_sessions(router, name))}")
	say("5. The customer pays again and is back")
	_pay(desk, name)
	_try_to_log_in(router, name)
	say(f"   See it: {get_url(f'/app/customer-subscription/{name}')}")


def _try_to_log_in(router: Router, name: str) -> int | None:
	subscription = frappe.get_doc("Customer Subscription", name)
	answer = router.do("login", user=subscription.username, password=subscription.get_password("password"))
	if not answer["ok"]:
		say(f"   the router says: {answer['error']}")
		return None
	say(f"   online as {answer['address']}")
	return answer["session"]


def _pay(desk: Desk, name: str) -> None:
	began = time.monotonic()
	payment = desk.ask("mikrotik_integration.api.payments.request_payment", subscription=name)["payment"]
	wait(lambda: frappe.db.get_value("Subscription Payment", payment, "status") == "Applied", "the payment")
	wait(lambda: _value(name, "router_status") == "In Sync", "the router")
	receipt, entry = frappe.db.get_value("Subscription Payment", payment, ["receipt", "payment_entry"])
	say(
		f"   confirmed with Daraja, receipt {receipt}, booked as {entry}, on the router: {time.monotonic() - began:.1f} s after asking, the customer's typing included"
	)


def _show_books(name: str) -> None:
	invoice = frappe.get_last_doc("Sales Invoice", {"customer_subscription": name})
	say(
		f"   invoice {invoice.name} over KES {invoice.grand_total:,.0f}, outstanding KES {invoice.outstanding_amount:,.0f}; paid until {format_datetime(_value(name, 'expiry_date'), 'd MMM yyyy HH:mm')}"
	)


def _use_data(router: Router, session: int | None, name: str) -> None:
	router.do("move", session=session, upload=12_000_000, download=240_000_000, seconds=1800)
	routers.enqueue_check(ROUTER)
	frappe.db.commit()
	wait(lambda: _value(name, "data_used_mb") > 0, "the usage")
	say(
		f"   used {_value(name, 'data_used_mb'):,.0f} MB, online now: {'yes' if _value(name, 'is_online') else 'no'}"
	)


def _let_time_run_out(name: str, router: Router) -> None:
	"""The calendar of this subscription is set back; what follows is what every minute does by itself."""
	now = now_datetime()
	frappe.db.set_value(
		"Customer Subscription", name, {"expiry_date": now, "period_end": now, "next_change": now}
	)
	frappe.db.commit()
	clock.advance_due_subscriptions()
	frappe.db.commit()
	wait(lambda: _value(name, "router_status") == "In Sync", "the router")
	wait(lambda: not _sessions(router, name), "the end of the session")


def _sessions(router: Router, name: str) -> list:
	username = frappe.db.get_value("Customer Subscription", name, "username")
	return [row for row in router.do("sessions")["sessions"] if row["user"] == username]


def _value(name: str, field: str):
	frappe.db.rollback()
	return frappe.db.get_value("Customer Subscription", name, field)
