"""Subscriptions over HTTP: ``/api/method/mikrotik_integration.api.subscriptions.<function>``.

Every call checks the document, not only the role: customers see and pause nothing but their own.
"""

from collections.abc import Callable

import frappe

from mikrotik_integration.services import application, locks, realtime, subscriptions

LONGEST_LIST = 500
READABLE = (
	"name",
	"customer",
	"customer_name",
	"internet_plan",
	"connection_type",
	"mikrotik_settings",
	"status",
	"status_reason",
	"payment_status",
	"price",
	"credit",
	"start_date",
	"expiry_date",
	"data_used_mb",
	"data_quota_mb",
	"time_used_minutes",
	"quota_state",
	"username",
	"router_status",
	"is_online",
	"last_login",
)


@frappe.whitelist(methods=["POST"])
def create(
	customer: str,
	internet_plan: str,
	mikrotik_settings: str,
	phone_number: str | None = None,
	username: str | None = None,
	password: str | None = None,
	payment_method: str = "M-Pesa",
) -> dict:
	"""Make a subscription; returns what ``get`` does. For staff who may create Customer Subscriptions."""
	frappe.has_permission("Customer Subscription", "create", throw=True)
	subscription = frappe.get_doc(
		{
			"doctype": "Customer Subscription",
			"customer": customer,
			"internet_plan": internet_plan,
			"mikrotik_settings": mikrotik_settings,
			"phone_number": phone_number,
			"username": username,
			"password": password,
			"payment_method": payment_method,
		}
	).insert()
	return get(subscription.name)


@frappe.whitelist(methods=["GET", "POST"])
def get(subscription: str) -> dict:
	"""Status, period, usage and whether the customer is online now."""
	document = _readable(subscription)
	return {field: document.get(field) for field in READABLE} | {"amount_due": application.missing(document)}


@frappe.whitelist(methods=["POST"])
def get_password(subscription: str) -> str:
	"""The password of the Internet login, to be read out to the customer. For those who may change it."""
	return _writable(subscription).get_password("password")


@frappe.whitelist(methods=["GET", "POST"])
def list_own(start: int = 0, limit: int = 100) -> list[dict]:
	"""The subscriptions that the caller may see, oldest first: ``limit`` (at most 500) of them from ``start`` on."""
	return frappe.get_list(
		"Customer Subscription",
		fields=list(READABLE),
		order_by="creation, name",
		start=max(start, 0),
		limit=min(max(limit, 1), LONGEST_LIST),
	)


@frappe.whitelist(methods=["POST"])
def change(
	subscription: str,
	internet_plan: str | None = None,
	mikrotik_settings: str | None = None,
	password: str | None = None,
	phone_number: str | None = None,
) -> dict:
	"""Change plan, router, password or phone; the router, and the old router, follow."""
	_writable(subscription)
	changes = {
		"internet_plan": internet_plan,
		"mikrotik_settings": mikrotik_settings,
		"password": password,
		"phone_number": phone_number,
	}
	_alone(subscription, _change, {field: value for field, value in changes.items() if value is not None})
	return get(subscription)


def _change(subscription: str, changes: dict) -> None:
	document = _writable(subscription)
	document.update(changes)
	document.save()
	realtime.subscription_changed(subscription)


@frappe.whitelist(methods=["POST"])
def activate(subscription: str) -> dict:
	"""Begin a postpaid subscription, or one that costs nothing."""
	_writable(subscription)
	_alone(subscription, subscriptions.activate)
	return get(subscription)


@frappe.whitelist(methods=["POST"])
def pause(subscription: str, reason: str = "") -> dict:
	"""Stop service and clock: the paid time is kept."""
	return _act(subscription, "pause", reason)


@frappe.whitelist(methods=["POST"])
def resume(subscription: str, reason: str = "") -> dict:
	"""End a pause: the paid time goes on where it stopped."""
	return _act(subscription, "resume", reason)


@frappe.whitelist(methods=["POST"])
def suspend(subscription: str, reason: str = "") -> dict:
	"""Stop the service while the clock runs on."""
	return _act(subscription, "hold", reason)


@frappe.whitelist(methods=["POST"])
def lift_suspension(subscription: str, reason: str = "") -> dict:
	"""Lift what ``suspend`` did."""
	return _act(subscription, "release", reason)


@frappe.whitelist(methods=["POST"])
def terminate(subscription: str, reason: str = "") -> dict:
	"""End the contract for good; the login leaves the router."""
	return _act(subscription, "terminate", reason)


@frappe.whitelist(methods=["POST"])
def invoice(subscription: str) -> dict:
	"""The Sales Invoice that is due, made if there is none: ``{"sales_invoice", "outstanding_amount"}``."""
	_writable(subscription)
	name = _alone(subscription, subscriptions.invoice)
	return {
		"sales_invoice": name,
		"outstanding_amount": frappe.db.get_value("Sales Invoice", name, "outstanding_amount"),
	}


def _act(subscription: str, action: str, reason: str) -> dict:
	_writable(subscription)
	_alone(subscription, subscriptions.act, action, reason)
	return get(subscription)


def _alone(subscription: str, act: Callable, *arguments: object):
	return locks.alone("Customer Subscription", subscription, act, subscription, *arguments)


def _readable(subscription: str):
	document = frappe.get_doc("Customer Subscription", subscription)
	document.check_permission("read")
	return document


def _writable(subscription: str):
	document = frappe.get_doc("Customer Subscription", subscription)
	document.check_permission("write")
	return document
