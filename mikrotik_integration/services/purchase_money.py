"""The money of a Hotspot Purchase: what it buys, what keeps it from buying, what happens when it is taken back.

In the caller's transaction, the purchase locked.
"""

from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import flt, get_datetime, now_datetime

from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import (
	deferred,
	locks,
	money,
	payment_entries,
	refunds,
	settings,
	voucher_books,
	voucher_packages,
	voucher_returns,
	voucher_sales,
)
from mikrotik_integration.services.purchases import PURCHASE, has_open_prompt
from mikrotik_integration.services.vouchers import VOUCHER

PRICE_HOLDS = timedelta(days=1)


def obstacle(payment) -> str | None:
	"""Why a person has to look at this payment, in words for the desk."""
	purchase = frappe.db.get_value(
		PURCHASE,
		payment.hotspot_purchase,
		["name", "creation", "internet_plan", "status", "price", "currency", "hotspot_voucher"],
		as_dict=True,
	)
	if not purchase:
		return _("The purchase {0} was deleted. Pay the money back").format(payment.hotspot_purchase)
	if not _waits_for_money(purchase):
		return _("The purchase {0} has been paid already. Pay the money back").format(
			payment.hotspot_purchase
		)
	if payment.currency != purchase.currency:
		return _("This is {0}, the voucher was offered in {1}").format(payment.currency, purchase.currency)
	if flt(payment.amount) < flt(purchase.price):
		return _("{0} was paid for a voucher of {1}. Pay the money back").format(
			money.words(payment.amount, payment.currency), money.words(purchase.price, purchase.currency)
		)
	if _is_of_another_price(purchase, get_datetime(payment.paid_on)):
		return _("{0} is no longer sold for {1}, the price of {2}. Pay the money back").format(
			purchase.internet_plan, money.words(purchase.price, purchase.currency), purchase.name
		)
	return None


def _is_of_another_price(purchase: frappe._dict, paid_on: datetime) -> bool:
	"""Whoever asked for a voucher in time does not have it for what it cost then whenever they please."""
	if paid_on - purchase.creation <= PRICE_HOLDS:
		return False
	enabled, price = frappe.db.get_value("Internet Plan", purchase.internet_plan, ["enabled", "price"])
	return not enabled or flt(price) > flt(purchase.price)


def _waits_for_money(purchase) -> bool:
	"""Money that did not suffice, or came when all were sold, does not spoil what comes after it."""
	if purchase.status == "Refund Due":
		return not purchase.hotspot_voucher
	return purchase.status in ("Waiting", "Failed")


def owe_refund(payment, reason: str) -> None:
	"""The money came, and no voucher for it: said on the purchase, for the buyer and the desk."""
	name = payment.hotspot_purchase
	status = frappe.db.get_value(PURCHASE, name, "status")
	if status == "Failed" or (status == "Waiting" and not has_open_prompt(name)):
		frappe.db.set_value(VOUCHER, {"reserved_for": name}, "reserved_for", None)
		frappe.db.set_value(PURCHASE, name, {"status": "Refund Due", "status_reason": reason})
	refunds.review(name, reason)


def deliver(payment) -> None:
	"""Sell the voucher for a verified payment and book it. Raises SoldOut if no code is left."""
	locks.take(PURCHASE, payment.hotspot_purchase)
	purchase = frappe.get_doc(PURCHASE, payment.hotspot_purchase, for_update=True)
	payment.customer = purchase.customer
	voucher = _voucher_for(purchase, payment)
	values = {}
	if voucher_books.books_each_sale():
		line = voucher_books.Line(purchase.internet_plan, 1, flt(purchase.price))
		invoice = voucher_books.new_invoice(
			purchase.customer, purchase.mikrotik_settings, [line], _remarks(purchase, payment)
		)
		payment.sales_invoice = voucher_books.submit(invoice, [line])
		values = voucher_books.sold_with(invoice)
	_book(purchase, payment)
	if values:
		frappe.db.set_value(VOUCHER, voucher, values)
		deferred.share_out(values["sale_doctype"], values["sale_name"])
	_close(purchase, payment, voucher)
	refunds.review(purchase.name)


def _book(purchase, payment) -> None:
	"""The Payment Entry, if staff have not made it before the confirmation came."""
	price = flt(purchase.price)
	if not payment.payment_entry:
		due = (payment.sales_invoice, price) if payment.sales_invoice else None
		entry = payment_entries.book(
			payment,
			purchase.customer,
			_remarks(purchase, payment),
			invoice=due,
			hotspot_purchase=purchase.name,
		)
		payment.payment_entry = entry.name
		return
	frappe.db.set_value(
		"Payment Entry", payment.payment_entry, "hotspot_purchase", purchase.name, update_modified=False
	)
	if payment.sales_invoice:
		invoice = frappe.get_doc("Sales Invoice", payment.sales_invoice)
		payment_entries.allocate(invoice, {payment.payment_entry: price})


def _voucher_for(purchase, payment) -> str:
	plan = voucher_packages.check(purchase.internet_plan, for_sale=False)
	sale = {
		"sold_by": purchase.sold_by,
		"sold_through": "Till" if purchase.sold_by else "Portal",
		"phone_number": purchase.phone_number,
		"price": flt(purchase.price),
		"subscription_payment": payment.name,
		"mode_of_payment": payment_entries.mode_of_payment(payment.mpesa_settings, settings.books().company),
	}
	reserved = frappe.db.get_value(VOUCHER, {"reserved_for": purchase.name, "status": "Available"})
	if reserved:
		voucher_sales.mark_sold(reserved, **sale)
		return reserved
	router = voucher_packages.router_for_sale(purchase.mikrotik_settings)
	(name,) = voucher_sales.sell(plan, router, 1, **sale)
	return name


def _remarks(purchase, payment) -> str:
	return _("M-PESA {0} for the voucher of purchase {1} ({2}), payment {3}").format(
		payment_entries.reference(payment), purchase.name, purchase.internet_plan, payment.name
	)


def _close(purchase, payment, voucher: str) -> None:
	purchase.db_set(
		{
			"status": "Paid",
			"status_reason": "",
			"hotspot_voucher": voucher,
			"subscription_payment": payment.name,
			"paid_on": now_datetime(),
			"sms_status": "Waiting" if settings.isp_settings().send_sms else "Not Wanted",
			"next_sms": now_datetime(),
		}
	)


def write_reference(payment) -> None:
	"""The receipt of a booked payment is another one than was known then: its Payment Entry gets it."""
	purchase = frappe.get_doc(PURCHASE, payment.hotspot_purchase)
	values = {"reference_no": payment_entries.reference(payment), "remarks": _remarks(purchase, payment)}
	frappe.db.set_value("Payment Entry", payment.payment_entry, values)


def refunded(purchase_name: str, reason: str) -> None:
	"""The Payment Entry was cancelled: a voucher that nobody used is void."""
	voucher = frappe.db.get_value(PURCHASE, purchase_name, "hotspot_voucher")
	if voucher:
		try:
			voucher_sales.void(voucher, reason)
		except VoucherError as used:
			frappe.clear_last_message()
			reason = f"{reason}. {used}"
	refunds.review(purchase_name, reason)


def booked_again(purchase_name: str, undone: str) -> None:
	"""The Payment Entry ``undone`` was cancelled by mistake, and amended: its voucher is sold again, if its sale is."""
	voucher, sale = frappe.db.get_value(
		VOUCHER,
		frappe.db.get_value(PURCHASE, purchase_name, "hotspot_voucher") or "-",
		["name", "sale_name"],
	) or (None, None)
	if voucher and (not sale or frappe.db.get_value("Sales Invoice", sale, "docstatus") == 1):
		voucher_returns.reinstate(voucher, undone)
		voucher_sales.enqueue_push([voucher])
	refunds.review(purchase_name)
