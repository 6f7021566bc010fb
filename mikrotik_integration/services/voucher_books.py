"""Sales Invoices for vouchers. In the caller's transaction."""

from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils import flt, nowdate

from mikrotik_integration.exceptions import PaymentNotPossible, SettingsMissing
from mikrotik_integration.services import money, settings

CENTS = 2


@dataclass(frozen=True)
class Line:
	"""So many pieces of a package at a price, tax included, in the company's currency."""

	plan: str
	pieces: int
	price: float


def walk_in_customer() -> str:
	"""Who buys what nobody else is named for. Raises SettingsMissing."""
	customer = settings.isp_settings().voucher_customer
	if not customer:
		raise SettingsMissing(_("Choose the walk-in customer for vouchers in ISP Settings first"))
	return customer


def books_each_sale() -> bool:
	"""Whether each sale is invoiced by itself, and not all of a router and day together."""
	return settings.isp_settings().voucher_booking != "One Invoice per Router and Day"


def new_invoice(customer: str, router: str, lines: list[Line], remarks: str, posting_date=None):
	"""A Sales Invoice of packages that comes to exactly their prices; neither saved nor submitted."""
	books = settings.books()
	invoice = frappe.new_doc("Sales Invoice")
	invoice.update(
		{
			"company": books.company,
			"customer": customer,
			"hotspot_router": router,
			"posting_date": posting_date or nowdate(),
			"set_posting_time": 1,
			"due_date": posting_date or nowdate(),
			"ignore_default_payment_terms_template": 1,
			"currency": books.company_currency,
			"conversion_rate": 1,
			"plc_conversion_rate": 1,  # or ERPNext asks the Internet for the rate of a foreign price list
			"ignore_pricing_rule": 1,
			"disable_rounded_total": 1,
			"cost_center": books.cost_center,
			"taxes_and_charges": books.taxes_and_charges,
			"remarks": remarks,
		}
	)
	for line in lines:
		invoice.append("items", _row(line, books))
	if books.taxes_and_charges:
		invoice.set_taxes()
	invoice.flags.ignore_permissions = True
	invoice.flags.sells_vouchers = True  # see voucher_sales.defer_income
	return invoice


def _row(line: Line, books: settings.Books) -> dict:
	row = {
		"item_code": frappe.get_cached_value("Internet Plan", line.plan, "item"),
		"qty": line.pieces,
		"rate": flt(line.price),
		"price_list_rate": flt(line.price),
	}
	if books.income_account:
		row["income_account"] = books.income_account
	if books.cost_center:
		row["cost_center"] = books.cost_center
	return row


def submit(invoice, lines: list[Line]) -> str:
	"""Submit it; returns its name. Raises PaymentNotPossible if a tax made it come to anything but the prices."""
	invoice.submit()  # not saved before, it is validated and written once instead of twice
	wanted = sum(line.pieces * line.price for line in lines)
	if flt(invoice.grand_total, CENTS) != flt(wanted, CENTS):
		raise PaymentNotPossible(
			_(
				"The invoice comes to {0}, the vouchers to {1}: tax rules, item tax templates and the template in ISP Settings must include the tax in the price"
			).format(money.words(invoice.grand_total), money.words(wanted))
		)
	return invoice.name


def sold_with(invoice) -> dict:
	"""Fields of vouchers that an invoice of one row sold. ``deferred.share_out`` comes after."""
	return {
		"sale_doctype": invoice.doctype,
		"sale_name": invoice.name,
		"sale_item": invoice.items[0].name,
	}
