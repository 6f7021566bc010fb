"""Documents for tests, with names of their own so that no test sees another's."""

import itertools
import uuid

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.demo_company import COMPANY
from mikrotik_integration.tests.harness import API_PASSWORD, API_USER

POOL = "customers"
_serial = itertools.count(1)
_run = uuid.uuid4().hex[:6]


def unique(prefix: str) -> str:
	return f"{prefix} {_run}{next(_serial):03d}"


def a_phone() -> str:
	run = int(_run, 16)
	return f"254{(1, 7)[run % 2]}{run // 2 % 10_000:04d}{next(_serial) % 10_000:04d}"


def a_mac() -> str:
	digits = f"{int(_run, 16) % 0xFFFFF:05X}{next(_serial) % 0xFFF:03X}"
	return "AA:BB:" + ":".join(digits[at : at + 2] for at in range(0, 8, 2))


def forget_routers_at(host: str, port: int) -> None:
	"""A port that an earlier test had is given again in time."""
	there = {"ip_address": host, "api_port": port}
	frappe.db.set_value("MikroTik Settings", there, "ip_address", "gone.invalid")
	frappe.db.commit()


def a_router(simulator, seen: bool = True, **values):
	"""A router that is reached where the simulator listens, and was reached before: on others guests buy nothing."""
	forget_routers_at(values.get("ip_address", simulator.host), values.get("api_port", simulator.port))
	router = frappe.get_doc(
		{
			"doctype": "MikroTik Settings",
			"router_name": unique("Router"),
			"ip_address": simulator.host,
			"api_port": simulator.port,
			"api_username": API_USER,
			"api_password": API_PASSWORD,
			"enabled": 1,
			**values,
		}
	).insert()
	if seen:
		router.db_set("last_seen", now_datetime(), update_modified=False)
	frappe.db.commit()
	return router


def a_connection_type(service: str = "hotspot", **values):
	if service != "hotspot":
		values = {"address_pool": POOL, "local_address": "10.88.0.1", **values}
	return frappe.get_doc(
		{
			"doctype": "Connection Type",
			"service_name": service,
			"profile_name": unique("home").replace(" ", "-"),
			"speed_limit_rx": "5M",
			"speed_limit_tx": "10M",
			**values,
		}
	).insert()


def a_plan(connection_type=None, service: str = "hotspot", **values):
	return frappe.get_doc(
		{
			"doctype": "Internet Plan",
			"plan_name": unique("Plan"),
			"connection_type": (connection_type or a_connection_type(service)).name,
			"price": 1500,
			"billing": "Prepaid",
			"validity_days": 30,
			"device_limit": 1,
			**values,
		}
	).insert()


def a_package(**values):
	"""A plan that is sold as a hotspot voucher: an hour of use within a day, one device, KES 20."""
	return a_plan(
		**{
			"sold_as_voucher": 1,
			"price": 20,
			"validity_days": 1,
			"time_quota_minutes": 60,
			"codes_from": "Made When Sold",
			**values,
		}
	)


def a_customer(**values):
	return frappe.get_doc(
		{
			"doctype": "Customer",
			"customer_name": unique("Wanjiku"),
			"customer_type": "Individual",
			"customer_group": frappe.db.get_value("Customer Group", {"is_group": 0}),
			"territory": frappe.db.get_value("Territory", {"is_group": 0}),
			**values,
		}
	).insert()


def a_subscription(router, plan=None, **values):
	"""A committed draft: nothing was paid yet."""
	subscription = frappe.get_doc(
		{
			"doctype": "Customer Subscription",
			"customer": values.pop("customer", None) or a_customer().name,
			"internet_plan": (plan or a_plan()).name,
			"mikrotik_settings": router.name,
			"phone_number": values.pop("phone_number", None) or a_phone(),
			**values,
		}
	).insert()
	frappe.db.commit()
	return subscription


def a_desk_payment(
	customer: str, amount: float, invoice: str | None = None, subscription: str | None = None, **values
):
	"""A submitted Payment Entry in cash, as staff make it."""
	entry = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": "Receive",
			"company": COMPANY,
			"mode_of_payment": "Cash",
			"party_type": "Customer",
			"party": customer,
			"paid_from": frappe.get_cached_value("Company", COMPANY, "default_receivable_account"),
			"paid_to": frappe.get_cached_value("Company", COMPANY, "default_cash_account"),
			"paid_amount": amount,
			"received_amount": amount,
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"customer_subscription": subscription,
			**values,
		}
	)
	if invoice:
		due = frappe.db.get_value("Sales Invoice", invoice, "outstanding_amount")
		entry.append(
			"references",
			{
				"reference_doctype": "Sales Invoice",
				"reference_name": invoice,
				"allocated_amount": min(due, amount),
			},
		)
	entry.insert()
	entry.submit()
	frappe.db.commit()
	return entry
