"""Whether a router can serve a plan, as it was seen last: asked before anybody pays for it."""

import json

import frappe
from frappe import _
from frappe.utils import cint

from mikrotik_integration.core.provisioning import offers as core
from mikrotik_integration.core.provisioning.desired import Service
from mikrotik_integration.core.provisioning.offers import Offers

ROUTER = "MikroTik Settings"
FIELDS = ("name", "offers", "last_seen", "stopped", "stopped_because", "hotspot_users", "ppp_users")


def cannot_serve(plan: str, router: str, connection_type: str | None = None) -> str | None:
	"""Why this router cannot serve the plan, in plain words: something that it lacks; None if nothing is known
	against it. ``connection_type``: of a subscription that has its own."""
	place = _seen(router)
	if not place:
		return None
	deliveries = {connection_type or _plan(plan).connection_type, _plan(plan).slow_connection_type} - {
		None,
		"",
	}
	has = _offers(place)
	reasons = (_lack(has, frappe.get_cached_doc("Connection Type", name)) for name in sorted(deliveries))
	reason = next((reason for reason in reasons if reason), None)
	return reason and _("The router {0} cannot serve {1}: {2}").format(place.name, plan, reason)


def cannot_serve_now(plan: str, router: str) -> str | None:
	"""The same, or why nobody should pay just now though it may be served later."""
	place = _seen(router)
	if not place:
		return None
	if place.stopped:
		return _("The router {0} waits for a decision: {1}").format(place.name, place.stopped_because)
	if not place.last_seen:
		return _("The router {0} was never reached").format(place.name)
	return cannot_serve(plan, router) or _full(plan, place)


def pools(routers: list[str]) -> list[str]:
	"""The address pools of these routers."""
	found = frappe.get_all(ROUTER, {"name": ("in", routers or [""])}, FIELDS, order_by="name", limit=0)
	return sorted({pool for place in found for pool in _offers(place).pools or ()})


def _plan(name: str) -> frappe._dict:
	return frappe.get_cached_doc("Internet Plan", name)


def _seen(router: str) -> frappe._dict | None:
	return frappe.db.get_value(ROUTER, router, FIELDS, as_dict=True)


def _offers(place: frappe._dict) -> Offers:
	return Offers.from_dict(json.loads(place.offers or "{}"))


def _lack(has: Offers, delivery) -> str | None:
	addresses = [delivery.address_pool]
	if delivery.service_name != "hotspot":
		addresses.append(delivery.local_address)
	return core.why_not(has, Service(delivery.service_name), [text or "" for text in addresses])


def _full(plan: str, place: frappe._dict) -> str | None:
	service = frappe.get_cached_value("Connection Type", _plan(plan).connection_type, "service_name")
	online = cint(place.hotspot_users if service == "hotspot" else place.ppp_users)
	most = core.most_at_once(_offers(place), Service(service))
	if most is None or online < most:
		return None
	return _("The licence of the router {0} allows {1} users at once, and so many are online").format(
		place.name, most
	)
