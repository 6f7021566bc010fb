"""The till of a shop: a package, cash or M-PESA, a code. In the caller's transaction, except for M-PESA."""

import frappe
from frappe import _
from frappe.query_builder.functions import Count, Sum
from frappe.utils import flt, get_datetime, now_datetime, today

from mikrotik_integration.core.payments import phones
from mikrotik_integration.exceptions import SettingsMissing, VoucherError
from mikrotik_integration.services import (
	closed_books,
	purchases,
	pushes,
	settings,
	voucher_books,
	voucher_cards,
	voucher_packages,
	voucher_sales,
)
from mikrotik_integration.services.vouchers import VOUCHER

TILL = "Till"
LAST = 20
STATES = {"Waiting": "waiting", "Paid": "paid", "Failed": "failed"}
SOLD = [
	"name",
	"code",
	"internet_plan",
	"price",
	"currency",
	"sold_on",
	"mode_of_payment",
	"status",
	"sale_name",
]


def packages(router: str) -> list[dict]:
	"""``[{"package", "price", "currency", "terms", "left"}]``, the cheapest first. ``left``: codes in the pool, None
	where codes are made when sold. Raises VoucherError for a router that serves nobody."""
	place = voucher_packages.router_for_sale(router)
	currency = settings.books().company_currency
	plans = frappe.get_all(
		"Internet Plan",
		{"sold_as_voucher": 1, "enabled": 1},
		["name", "price", "codes_from"],
		order_by="price, name",
		limit=0,
	)
	left = _left_in_pool(place.name)
	return [
		{
			"package": plan.name,
			"price": flt(plan.price),
			"currency": currency,
			"terms": voucher_cards.words_of_package(plan.name),
			"left": left.get(plan.name, 0) if plan.codes_from == voucher_sales.POOL else None,
		}
		for plan in plans
	]


def _left_in_pool(router: str) -> dict[str, int]:
	voucher = frappe.qb.DocType(VOUCHER)
	rows = (
		frappe.qb.from_(voucher)
		.select(voucher.internet_plan, Count(voucher.name))
		.where((voucher.mikrotik_settings == router) & (voucher.status == "Available"))
		.where(voucher.reserved_for.isnull())
		.where(voucher.use_before.isnull() | (voucher.use_before > now_datetime()))
		.groupby(voucher.internet_plan)
	).run()
	return dict(rows)


def sell_for_cash(
	package: str, router: str, phone_number: str | None = None, customer: str | None = None
) -> str:
	"""Sell one voucher for its price in cash; returns its name. Raises VoucherError, SettingsMissing."""
	plan = voucher_packages.check(package)
	place = voucher_packages.router_for_sale(router)
	voucher_packages.check_served(package, place.name)
	phone = pushes.phone(phone_number) if phone_number else None
	mode = _cash()
	if customer or (voucher_books.books_each_sale() and plan.price):
		return _sell_with_invoice(plan, place, mode, phone, customer)
	if plan.price:
		closed_books.check_today()
	(name,) = voucher_sales.sell(
		plan,
		place,
		1,
		sold_through=TILL,
		sold_by=frappe.session.user,
		mode_of_payment=mode,
		phone_number=phone,
	)
	voucher_sales.enqueue_push([name])
	return name


def _sell_with_invoice(plan, router, mode: str, phone: str | None, customer: str | None) -> str:
	"""The invoice's own submission sells the voucher, as at any other point of sale."""
	line = voucher_books.Line(plan.name, 1, flt(plan.price))
	remarks = _("Hotspot voucher of {0}, sold at the till").format(router.name)
	invoice = voucher_books.new_invoice(
		customer or voucher_books.walk_in_customer(), router.name, [line], remarks
	)
	invoice.is_pos = 1
	invoice.append("payments", {"mode_of_payment": mode, "amount": line.price})
	invoice.flags.sold_through = TILL
	invoice.flags.voucher_phone = phone
	invoice.insert()  # ERPNext adds up what is paid at a till in drafts only
	voucher_books.submit(invoice, [line])
	(voucher,) = voucher_sales.of_sale(invoice.doctype, invoice.name)
	return voucher.name


def _cash() -> str:
	mode = settings.isp_settings().cash_mode_of_payment
	if not mode:
		raise SettingsMissing(_("Choose the mode of payment for cash in ISP Settings first"))
	return mode


def sell_for_mpesa(package: str, router: str, phone_number: str) -> str:
	"""Send the prompt; returns the name of the purchase. Commits. Raises like ``purchases.start``."""
	return purchases.start(package, router, phone_number, sold_by=frappe.session.user).purchase


def purchase_state(purchase) -> dict:
	"""Of a Hotspot Purchase: ``{"purchase", "state", "package", "price", "phone", "because", "voucher"}``; ``state`` is
	waiting, paid, failed or refund."""
	return {
		"purchase": purchase.name,
		"state": STATES.get(purchase.status, "refund"),
		"package": purchase.internet_plan,
		"price": flt(purchase.price),
		"currency": purchase.currency,
		"phone": phones.mask(purchase.phone_number or ""),
		"because": purchase.status_reason or "",
		"voucher": purchase.hotspot_voucher if purchase.status == "Paid" else None,
	}


def receipt(name: str) -> dict:
	"""What the till shows of a voucher that was sold. Raises VoucherError for one that was not."""
	(card,) = voucher_cards.of_names([name])
	row = frappe.db.get_value(
		VOUCHER,
		name,
		["sold_on", "sold_by", "mode_of_payment", "sale_doctype", "sale_name", "router_status"],
		as_dict=True,
	)
	if not row.sold_on:
		raise VoucherError(_("The voucher {0} was not sold").format(name))
	return card.as_dict() | row | {"seller": frappe.utils.get_fullname(row.sold_by) if row.sold_by else ""}


def last_sales(user: str) -> dict:
	"""``{"sales", "waiting", "takings"}`` of one seller: the last vouchers, M-PESA prompts that nobody has decided on,
	and today's money by mode of payment."""
	sales = frappe.get_all(
		VOUCHER,
		{"sold_by": user, "sold_through": TILL},
		SOLD,
		order_by="sold_on desc, name desc",
		limit=LAST,
	)
	waiting = frappe.get_all(
		purchases.PURCHASE,
		{"sold_by": user, "status": "Waiting", "creation": (">=", today())},
		pluck="name",
		order_by="creation desc",
		limit=LAST,
	)
	return {
		"sales": [row | {"code": voucher_cards.shown(row.code)} for row in sales],
		"waiting": [purchase_state(frappe.get_doc(purchases.PURCHASE, name)) for name in waiting],
		"takings": _takings(user),
	}


def _takings(user: str) -> list[dict]:
	voucher = frappe.qb.DocType(VOUCHER)
	return (
		frappe.qb.from_(voucher)
		.select(voucher.mode_of_payment, voucher.currency, Count(voucher.name).as_("count"))
		.select(Sum(voucher.price).as_("amount"))
		.where((voucher.sold_by == user) & (voucher.sold_through == TILL))
		.where((voucher.sold_on >= get_datetime(today())) & voucher.voided_on.isnull())
		.groupby(voucher.mode_of_payment, voucher.currency)
		.orderby(voucher.mode_of_payment)
	).run(as_dict=True)
