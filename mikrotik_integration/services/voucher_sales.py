"""Selling vouchers: one way for the till, the point of sale, the portal and batches. Everything runs in the caller's
transaction: no document without its vouchers, no voucher without its document.
"""

import random
from typing import Any

import frappe
from erpnext.stock.get_item_details import get_item_details
from frappe import _
from frappe.utils import cint, flt, now_datetime, nowdate

from mikrotik_integration import permissions
from mikrotik_integration.core.vouchers import standing
from mikrotik_integration.exceptions import SoldOut, VoucherError
from mikrotik_integration.services import (
	deferred,
	jobs,
	prices,
	received,
	refunds,
	settings,
	voucher_packages,
	vouchers,
)
from mikrotik_integration.services.vouchers import VOUCHER

POOL = "Pool"
MOST_AT_ONCE = 1000
CROWD = 200  # buyers at the same moment


def sell(plan, router, count: int, **sale: Any) -> list[str]:
	"""Sell so many vouchers of a package; returns their names. ``sale``: fields that say how they were sold.

	Takes them from the pool if the package is sold from it. They cost what the package costs now, unless ``sale``
	says otherwise. Raises SoldOut, having sold none.
	"""
	if not 1 <= count <= MOST_AT_ONCE:
		raise VoucherError(_("Sell between 1 and {0} vouchers at once").format(MOST_AT_ONCE))
	sale = {"price": flt(plan.price), **sale}
	if plan.codes_from != POOL:
		return [_make_sold(plan, router, code, sale) for code in vouchers.new_codes(count)]
	names = take_from_pool(plan.name, router.name, count)
	for name in names:
		mark_sold(name, **sale)
	return names


def take_from_pool(plan: str, router: str, count: int) -> list[str]:
	"""Lock so many vouchers that nobody else can then take. Raises SoldOut if there are not so many.

	Each is locked by its name: a locking search for any of them locks all that it passes over, and every other buyer
	of that moment would be told that nothing is left.
	"""
	voucher = frappe.qb.DocType(VOUCHER)
	in_pool = (
		frappe.qb.from_(voucher)
		.select(voucher.name)
		.where((voucher.internet_plan == plan) & (voucher.mikrotik_settings == router))
		.where((voucher.status == "Available") & voucher.reserved_for.isnull())
		.where(voucher.use_before.isnull() | (voucher.use_before > now_datetime()))
	)
	candidates = in_pool.limit(count + CROWD).run(pluck=True)
	random.shuffle(candidates)  # buyers of one moment begin at different ones
	taken: list[str] = []
	for name in candidates:
		if len(taken) < count:
			taken += in_pool.where(voucher.name == name).for_update(skip_locked=True).run(pluck=True)
	if not taken:  # waits for the buyers of this moment, and sees what they leave
		taken = in_pool.limit(count).for_update().run(pluck=True)
	if len(taken) < count:
		raise SoldOut(_("{0} is sold out here").format(plan))
	return taken


def _make_sold(plan, router, code: str, sale: dict[str, Any]) -> str:
	voucher = frappe.get_doc(
		{
			"doctype": VOUCHER,
			"code": code,
			**voucher_packages.values_of(plan, router),
			"use_before": voucher_packages.use_before(plan.name),
			"sold_on": now_datetime(),
			**sale,
		}
	)
	return voucher.insert(ignore_permissions=True).name


def mark_sold(name: str, **sale: Any) -> None:
	"""A voucher that is there was sold. Raises VoucherError if it cannot be (any more)."""
	voucher = vouchers.locked(name)
	if voucher.status != "Available":
		raise VoucherError(_("The voucher {0} is {1}, not for sale").format(name, _(voucher.status)))
	before = voucher_packages.use_before(voucher.internet_plan, voucher.use_before)
	voucher.update({"sold_on": now_datetime(), "use_before": before, "reserved_for": None, **sale})
	voucher.save()


def void(name: str, reason: str, push: bool = True) -> None:
	"""The voucher gives nothing any more; what M-PESA brought for it is owed back. Raises VoucherError if somebody
	has used it. ``push``: tell its routers; else the caller does."""
	voucher = vouchers.locked(name)
	if voucher.status == "Void":
		return
	check_unused(voucher)
	voucher.update({"voided_on": now_datetime(), "void_reason": reason, "reserved_for": None})
	voucher.save()
	refunds.voucher_changed(name, reason)
	if push:
		enqueue_push([name])


def check_unused(voucher) -> None:
	"""Raises VoucherError that says since when it has been used."""
	if not standing.is_unused(vouchers.facts_of(voucher)):
		raise VoucherError(
			_("The voucher {0} has been used since {1} and cannot be taken back").format(
				voucher.name, frappe.format_value(voucher.first_login, {"fieldtype": "Datetime"})
			)
		)


def enqueue_push(names: list[str]) -> None:
	"""Bring these vouchers onto (or off) their routers after the commit."""
	jobs.enqueue(
		"mikrotik_integration.services.provisioning.push_owners",
		timeout=300,
		reference_doctype=VOUCHER,
		reference_names=names,
	)


# --- ERPNext's own sales: POS Invoice, and Sales Invoice with "is POS" ---


def is_voucher_sale(invoice) -> bool:
	"""Whether submitting this document sells vouchers: a sale at a till. POS Invoices that were merged at the close
	of the day have sold theirs."""
	if invoice.get("is_return"):
		return False
	if invoice.doctype == "POS Invoice":
		return True
	return bool(invoice.is_pos) and not invoice.get("is_consolidated")


def rows_with_packages(invoice) -> list[tuple[Any, str]]:
	"""The rows of a sales document that are packages, and which."""
	found = ((row, voucher_packages.of_item(row.item_code)) for row in invoice.items)
	return [(row, plan) for row, plan in found if plan]


def check_sale(invoice) -> None:
	"""Refuse early what could not be sold. Raises VoucherError."""
	for row, plan in rows_with_packages(invoice):
		_check_company(invoice.company)
		_pieces(row)
		voucher_packages.check(plan)
		invoice.hotspot_router = voucher_packages.router_for_sale(_router_of(invoice)).name
		voucher_packages.check_served(plan, invoice.hotspot_router)


def _check_company(company: str) -> None:
	"""Another one has other books, and maybe another currency than that of the prices."""
	ours = settings.books().company
	if company != ours:
		raise VoucherError(
			_("Vouchers are booked in the books of {0}, not of {1}; see ISP Settings").format(ours, company)
		)


def sell_for_invoice(invoice) -> list[str]:
	"""A voucher for each piece of a package on this submitted sale; returns their names."""
	names: list[str] = []
	_check_price(invoice)
	for row, plan_name in rows_with_packages(invoice):
		plan = voucher_packages.check(plan_name)
		router = voucher_packages.router_for_sale(_router_of(invoice))
		_check_own(router.name)
		names += sell(plan, router, _pieces(row), **_sale_of(invoice, row))
	if names:
		deferred.share_out(invoice.doctype, invoice.name)
		enqueue_push(names)
	return names


def _check_price(invoice) -> None:
	"""Refuse vouchers for less than their price, or for less money than the sale comes to, unless a manager sells."""
	packages = rows_with_packages(invoice)
	if not packages or prices.may_sell_for_less():
		return
	for row, plan in packages:
		prices.check_amount(
			prices.paid_for(invoice, row), _pieces(row) * _price_at_the_till(invoice, row, plan)
		)
	in_company_currency = invoice.currency != invoice.party_account_currency
	total = "base_rounded_total" if in_company_currency else "rounded_total"
	asked = invoice.get(total) or invoice.get(total.replace("rounded", "grand"))
	prices.check_amount(flt(received.at_the_till(invoice.doctype, invoice.name)), flt(asked))


def _price_at_the_till(invoice, row, plan: str) -> float:
	"""Of one piece: the package's price, or what managers have told ERPNext's price lists and pricing rules for today,
	if less. The voucher is for today, whatever day the sale is booked on."""
	price = flt(frappe.get_cached_value("Internet Plan", plan, "price"))
	company_currency = frappe.get_cached_value("Company", invoice.company, "default_currency")
	if {invoice.currency, invoice.price_list_currency} != {company_currency}:
		return price
	item = get_item_details(
		{
			"doctype": invoice.doctype,
			"company": invoice.company,
			"customer": invoice.customer,
			"item_code": row.item_code,
			"qty": row.qty,
			"uom": row.uom,
			"conversion_factor": row.conversion_factor,
			"transaction_date": nowdate(),
			"currency": company_currency,
			"conversion_rate": 1,
			"price_list": invoice.selling_price_list,
			"price_list_currency": company_currency,
			"plc_conversion_rate": 1,
			"is_pos": 1,
			"pos_profile": invoice.pos_profile,
		}
	)
	listed = flt(item.get("price_list_rate"))
	if not listed:
		return price
	each = listed * (1 - flt(item.get("discount_percentage")) / 100)
	if not item.get("discount_percentage"):
		each -= flt(item.get("discount_amount"))
	return min(price, each / (flt(row.conversion_factor) or 1))


def _check_own(router: str) -> None:
	"""A POS Profile, or there being one router only, is no way round the routers that the seller is limited to."""
	own = permissions.routers_of(frappe.session.user, VOUCHER)
	if own is not None and router not in own:
		raise VoucherError(_("You may not sell for the router {0}").format(router))


def _sale_of(invoice, row) -> dict[str, Any]:
	return {
		"sold_by": frappe.session.user,
		"sold_through": invoice.flags.sold_through or "Point of Sale",
		"phone_number": invoice.flags.voucher_phone,
		"price": flt(prices.paid_for(invoice, row) / _pieces(row), 2),
		"currency": frappe.get_cached_value("Company", invoice.company, "default_currency"),
		"sale_doctype": invoice.doctype,
		"sale_name": invoice.name,
		"sale_item": row.name,
		"mode_of_payment": _mode_of_payment(invoice),
	}


def _mode_of_payment(invoice) -> str | None:
	"""The one that most of the money came by."""
	payments = sorted(invoice.get("payments", []), key=lambda payment: flt(payment.amount), reverse=True)
	return payments[0].mode_of_payment if payments else None


def _pieces(row) -> int:
	pieces = flt(row.stock_qty or row.qty)
	if pieces != cint(pieces) or not 1 <= pieces <= MOST_AT_ONCE:
		raise VoucherError(
			_("Row {0}: vouchers are sold in whole pieces, between 1 and {1}").format(row.idx, MOST_AT_ONCE)
		)
	return cint(pieces)


def _router_of(invoice) -> str:
	"""Named in the sale, or by its POS Profile, or the only router there is."""
	profile = invoice.get("pos_profile")
	router = invoice.get("hotspot_router") or (
		profile and frappe.db.get_value("POS Profile", profile, "hotspot_router")
	)
	if router:
		return router
	enabled = frappe.get_all("MikroTik Settings", {"enabled": 1}, pluck="name", order_by="name", limit=2)
	if len(enabled) != 1:
		raise VoucherError(_("Choose the router in the sale, or in the POS Profile"))
	return enabled[0]


def defer_income(invoice) -> None:
	"""Packages become income when they are used: until then they are owed to the customer.

	An invoice that sells no vouchers earns at once, also if it is the copy of one that does: nobody could ever use
	what it sells. A return goes where its sale went.
	"""
	account = settings.isp_settings().deferred_account
	if not account or invoice.company != settings.isp_settings().company:
		return
	if invoice.is_return or invoice.get("is_consolidated"):
		return
	sells = is_voucher_sale(invoice) or invoice.flags.sells_vouchers
	for row, _plan in rows_with_packages(invoice):
		if sells:
			row.income_account = account
		elif row.income_account == account:
			row.income_account = settings.income_account()


def of_sale(doctype: str, name: str) -> list[frappe._dict]:
	"""The vouchers that a document sold, in the order of its rows."""
	return frappe.get_all(
		VOUCHER,
		filters={"sale_doctype": doctype, "sale_name": name},
		fields=[
			"name",
			"code",
			"internet_plan",
			"status",
			"first_login",
			"sale_item",
			"mikrotik_settings",
			"recognised_in",
		],
		order_by="creation, name",
		limit=0,
	)
