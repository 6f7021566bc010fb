"""What the captive portal of one router shows: the place, and what is sold there. The same for every visitor."""

import re
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils import cint, now_datetime

from mikrotik_integration.core.vouchers import links, words
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import lifecycle, money, settings, voucher_sales
from mikrotik_integration.services.vouchers import VOUCHER

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
KEY = "hotspot_portal"  # of pages in Frappe's cache
FIELDS = ("name", "router_name", "wifi_name", "hotspot_address", "hotspot_https")


@dataclass(frozen=True)
class Package:
	"""``terms``: what it gives, in the visitor's words. ``sold_out``: its pool has no code for this router."""

	name: str
	price: str
	terms: str
	sold_out: bool


@dataclass(frozen=True)
class Portal:
	"""``login`` is the router's own login page, empty if it is not known; ``bytes_per_mb`` what an MB is here."""

	name: str
	place: str
	login: str
	packages: tuple[Package, ...]
	bytes_per_mb: int


def router_of(portal_name: str) -> str:
	"""The router behind a portal. Raises VoucherError."""
	router = _router(portal_name)
	if not router:
		raise VoucherError(_("There is no such Wi-Fi here"))
	return router.name


def find(portal_name: str, language: str) -> Portal | None:
	"""The portal of this name, with its words in English or Swahili; None if there is none, or it is switched off."""
	router = _router(portal_name)
	if not router:
		return None
	return Portal(
		name=portal_name,
		place=router.wifi_name or router.router_name,
		login=links.login_url(router.hotspot_address, bool(router.hotspot_https))
		if router.hotspot_address
		else "",
		packages=tuple(_packages(router.name, language)),
		bytes_per_mb=settings.bytes_per_mb(),
	)


def forget() -> None:
	"""Packages or routers have changed: pages are made anew."""
	frappe.cache().delete_keys(KEY)


def _router(portal_name: str) -> frappe._dict | None:
	if not NAME.fullmatch(portal_name):
		return None
	filters = {"portal_name": portal_name, "portal_enabled": 1, "enabled": 1}
	return frappe.db.get_value("MikroTik Settings", filters, FIELDS, as_dict=True)


def _packages(router: str, language: str) -> list[Package]:
	if not settings.isp_settings().mpesa_settings:
		return []
	currency = settings.books().company_currency
	plans = frappe.get_all(
		"Internet Plan",
		filters={"enabled": 1, "sold_as_voucher": 1, "shown_on_portal": 1},
		fields=["name", "price", "device_limit", "codes_from"],
		order_by="price, name",
	)
	return [
		Package(
			name=plan.name,
			price=money.words(plan.price, currency),
			terms=_terms(plan, language),
			sold_out=plan.codes_from == voucher_sales.POOL and not _is_in_stock(plan.name, router),
		)
		for plan in plans
	]


def _terms(plan: frappe._dict, language: str) -> str:
	given = lifecycle.terms_of(plan.name)
	terms = words.Terms(
		given.validity,
		given.quota_bytes,
		given.quota_seconds,
		cint(plan.device_limit),
		settings.bytes_per_mb(),
	)
	return ", ".join(words.terms(terms, language))


def _is_in_stock(plan: str, router: str) -> bool:
	voucher = frappe.qb.DocType(VOUCHER)
	return bool(
		frappe.qb.from_(voucher)
		.select(voucher.name)
		.where((voucher.internet_plan == plan) & (voucher.mikrotik_settings == router))
		.where((voucher.status == "Available") & voucher.reserved_for.isnull())
		.where(voucher.use_before.isnull() | (voucher.use_before > now_datetime()))
		.limit(1)
		.run()
	)
