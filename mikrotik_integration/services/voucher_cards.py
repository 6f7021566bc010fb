"""What is printed of a voucher: on cards, on receipts, at the till. Whoever calls has checked who may see the code."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property

import frappe
from frappe.utils import fmt_money, formatdate, get_datetime

from mikrotik_integration.core.vouchers import codes, links, words
from mikrotik_integration.services import lifecycle, qr, settings
from mikrotik_integration.services.vouchers import VOUCHER

FIELDS = [
	"name",
	"code",
	"status",
	"internet_plan",
	"mikrotik_settings",
	"quota_bytes",
	"quota_seconds",
	"validity_seconds",
	"device_limit",
	"use_before",
	"price",
	"currency",
	"sale_item",
]


@dataclass(frozen=True)
class Network:
	"""The Wi-Fi of a router, with how to join it and where to log in. Texts of QR codes; empty if not known."""

	router: str
	address: str
	https: bool
	wifi_name: str
	wifi_password: str

	@cached_property
	def join_qr(self) -> str:
		"""As a picture; empty without a name, or with one that no phone could join."""
		try:
			return qr.data_uri(links.wifi_join(self.wifi_name, self.wifi_password))
		except ValueError:
			return ""

	def scanned(self, code: str) -> str:
		"""What the QR code of a voucher says: the login link, or the bare code where the login page is not known."""
		try:
			return links.login_link(self.address, self.https, code)
		except ValueError:
			return code


@dataclass(frozen=True)
class Card:
	"""One voucher, in words and pictures. ``code_qr`` and ``wifi_qr`` are for the ``src`` of an ``img``."""

	name: str
	code: str
	code_shown: str
	link: str
	code_qr: str
	wifi_name: str
	wifi_password: str
	wifi_qr: str
	package: str
	price: str
	english: str
	swahili: str
	use_before: str
	status: str
	sale_item: str | None

	def as_dict(self) -> dict:
		return asdict(self)


def of_names(names: Sequence[str]) -> list[Card]:
	"""The cards of these vouchers, in this order; those that are gone are left out."""
	rows = frappe.get_all(VOUCHER, {"name": ("in", list(names))}, FIELDS, order_by="name", limit=0)
	by_name = {row.name: row for row in rows}
	return of_rows([by_name[name] for name in names if name in by_name])


def of_rows(rows: Sequence[frappe._dict]) -> list[Card]:
	"""The same of rows that have ``FIELDS``."""
	networks = _networks({row.mikrotik_settings for row in rows})
	return [_card(row, networks[row.mikrotik_settings]) for row in rows]


def of_sale(doctype: str, name: str) -> list[Card]:
	"""Of the vouchers that a document sold and that still give something, in the order of its rows."""
	rows = frappe.get_all(
		VOUCHER,
		{"sale_doctype": doctype, "sale_name": name, "status": ("!=", "Void")},
		FIELDS,
		order_by="name",
		limit=0,
	)
	return of_rows(rows)


def _networks(routers: set[str]) -> dict[str, Network]:
	rows = frappe.get_all(
		"MikroTik Settings",
		{"name": ("in", list(routers))},
		["name", "hotspot_address", "hotspot_https", "wifi_name", "wifi_password"],
		order_by="name",
		limit=0,
	)
	found = {
		row.name: Network(
			router=row.name,
			address=row.hotspot_address or "",
			https=bool(row.hotspot_https),
			wifi_name=row.wifi_name or "",
			wifi_password=row.wifi_password or "",
		)
		for row in rows
	}
	return {router: found.get(router) or Network(router, "", False, "", "") for router in routers}


def _card(row: frappe._dict, network: Network) -> Card:
	link = network.scanned(row.code)
	given = terms_of(row)
	return Card(
		name=row.name,
		code=row.code,
		code_shown=codes.shown(row.code),
		link=link,
		code_qr=qr.data_uri(link),
		wifi_name=network.wifi_name,
		wifi_password=network.wifi_password,
		wifi_qr=network.join_qr,
		package=row.internet_plan,
		price=fmt_money(row.price, currency=row.currency, precision=None if row.price % 1 else 0),
		english=" · ".join(words.terms(given, words.ENGLISH)),
		swahili=" · ".join(words.terms(given, words.SWAHILI)),
		use_before=_last_day(row.use_before),
		status=row.status,
		sale_item=row.sale_item,
	)


def terms_of(row: frappe._dict) -> words.Terms:
	return words.Terms(
		validity=timedelta(seconds=row.validity_seconds or 0),
		quota_bytes=row.quota_bytes or 0,
		quota_seconds=row.quota_seconds or 0,
		device_limit=row.device_limit or 0,
		bytes_per_mb=settings.bytes_per_mb(),
	)


def words_of_package(plan_name: str) -> str:
	"""What a package gives, in English."""
	plan = lifecycle.terms_of(plan_name)
	devices = frappe.get_cached_value("Internet Plan", plan_name, "device_limit") or 0
	given = words.Terms(plan.validity, plan.quota_bytes, plan.quota_seconds, devices, settings.bytes_per_mb())
	return " · ".join(words.terms(given))


def shown(code: str) -> str:
	"""The code in groups for reading."""
	return codes.shown(code)


def _last_day(use_before) -> str:
	"""The last whole day on which it can be used: a voucher to be used before midnight dies with the day before."""
	if not use_before:
		return ""
	last: date = (get_datetime(use_before) - timedelta(seconds=1)).date()
	return formatdate(last)
