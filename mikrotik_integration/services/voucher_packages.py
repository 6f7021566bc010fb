"""Packages: Internet Plans that are sold as hotspot vouchers."""

from datetime import timedelta
from typing import Any

import frappe
from frappe import _
from frappe.utils import add_days, flt, now_datetime

from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import lifecycle, serving, settings


def check(plan_name: str, for_sale: bool = True):
	"""The package of this name. Raises VoucherError if it is none, or, ``for_sale``, is no longer sold."""
	plan = frappe.get_cached_doc("Internet Plan", plan_name) if _exists(plan_name) else None
	if not plan or not plan.sold_as_voucher:
		raise VoucherError(_("{0} is not sold as a voucher").format(plan_name))
	if for_sale and not plan.enabled:
		raise VoucherError(_("{0} is no longer sold").format(plan_name))
	return plan


def _exists(plan_name: str) -> bool:
	return bool(plan_name and frappe.db.exists("Internet Plan", plan_name))


def of_item(item_code: str) -> str | None:
	"""The package whose pieces this Item is."""
	return frappe.db.get_value("Internet Plan", {"item": item_code, "sold_as_voucher": 1})


def router_for_sale(router_name: str | None):
	"""The router for which something is sold. Raises VoucherError if it is none that serves customers."""
	router = frappe.db.get_value(
		"MikroTik Settings",
		router_name,
		[
			"name",
			"router_name",
			"enabled",
			"router_group",
			"hotspot_address",
			"hotspot_https",
			"wifi_name",
			"wifi_password",
		],
		as_dict=True,
	)
	if not router:
		raise VoucherError(_("There is no router {0}").format(router_name or ""))
	if not router.enabled:
		raise VoucherError(_("The router {0} is switched off in MikroTik Settings").format(router.name))
	return router


def check_served(plan_name: str, router: str, to_guest: bool = False) -> None:
	"""Raises VoucherError if the router cannot serve the package; to a guest, whom nobody can help, also if it cannot
	just now."""
	if reason := (serving.cannot_serve_now if to_guest else serving.cannot_serve)(plan_name, router):
		raise VoucherError(_("This cannot be bought here just now. Ask at the shop") if to_guest else reason)


def values_of(plan, router) -> dict[str, Any]:
	"""What a voucher promises, copied when it is made: a later change of the package does not change what is sold."""
	terms = lifecycle.terms_of(plan.name)
	return {
		"internet_plan": plan.name,
		"mikrotik_settings": router.name,
		"router_group": router.router_group if plan.valid_in_group else None,
		"connection_type": plan.connection_type,
		"device_limit": plan.device_limit or 0,
		"quota_bytes": terms.quota_bytes,
		"quota_seconds": terms.quota_seconds,
		"validity_seconds": int(terms.validity.total_seconds()),
		"validity_from_sale": int(plan.validity_from == "Sale"),
		"price": flt(plan.price),
		"currency": settings.books().company_currency,
	}


def use_before(plan_name: str, present=None):
	"""Until when a voucher of this package that is sold now has to be used; ``present``: its batch's own date."""
	days = frappe.get_cached_value("Internet Plan", plan_name, "use_within_days")
	dates = [add_days(now_datetime(), days)] if days else []
	if present:
		dates.append(present)
	return min(dates, default=None)


def validity_of(voucher) -> timedelta:
	return timedelta(seconds=voucher.validity_seconds or 0)
