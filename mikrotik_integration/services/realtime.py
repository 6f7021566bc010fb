"""What an open form hears without being reloaded."""

import frappe
from frappe import _
from frappe.utils import format_datetime, now_datetime

# for customers' eyes, too: they may listen to their own subscription
FIELDS = (
	"status",
	"status_reason",
	"payment_status",
	"expiry_date",
	"router_status",
	"is_online",
	"last_login",
	"data_used_mb",
	"credit",
)


def subscription_changed(name: str) -> None:
	"""Publish ``subscription_<name>_update`` to whoever has this subscription open, after the commit."""
	values = frappe.db.get_value("Customer Subscription", name, (*FIELDS, "router_error"), as_dict=True)
	if not values:
		return
	values.router_error = _router_error(values)
	_publish(
		f"subscription_{name}_update",
		_message(values),
		"Customer Subscription",
		name,
		{"subscription_id": name, **values},
	)


def router_changed(name: str, seen: dict) -> None:
	"""Publish ``router_<name>_update`` with what was seen of the router, to staff who have it open."""
	status = seen.get("status") or frappe.db.get_value("MikroTik Settings", name, "status")
	message = seen.get("stopped_because") or seen.get("last_error") or _(status)
	_publish(f"router_{name}_update", message, "MikroTik Settings", name, {"status": status, **seen})


def _publish(event: str, message: str, doctype: str, name: str, values: dict) -> None:
	news = {
		"event": event,
		"message": message,
		"timestamp": now_datetime().isoformat(timespec="seconds"),
		"name": name,
	}
	frappe.publish_realtime(event, {**news, **values}, doctype=doctype, docname=name, after_commit=True)


def _router_error(values: frappe._dict) -> str:
	"""That the router is in the way. Its own words may name addresses and settings; they stand on the staff's form."""
	if not values.router_error:
		return ""
	return _("The router refuses") if values.router_status == "Error" else _("Waiting for the router")


def _message(values: frappe._dict) -> str:
	if values.status == "Active" and values.expiry_date:
		words = _("Active until {0}").format(format_datetime(values.expiry_date, "d MMM yyyy HH:mm"))
	else:
		words = ": ".join(text for text in (_(values.status), values.status_reason) if text)
	return ". ".join(text for text in (words, values.router_error) if text)
