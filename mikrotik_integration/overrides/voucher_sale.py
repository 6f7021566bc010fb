"""ERPNext's POS Invoice and Sales Invoice: an Item that is a package sells hotspot vouchers at a till."""

from frappe import _

from mikrotik_integration.services import daily_invoices, voucher_sales


def validate(doc, method=None) -> None:
	if voucher_sales.is_voucher_sale(doc):
		voucher_sales.check_sale(doc)
	voucher_sales.defer_income(doc)


def on_submit(doc, method=None) -> None:
	if doc.is_return and not doc.get("is_consolidated"):
		voucher_sales.take_back_returned(doc)
	elif voucher_sales.is_voucher_sale(doc):
		voucher_sales.sell_for_invoice(doc)


def on_cancel(doc, method=None) -> None:
	if doc.get("hotspot_day_invoice"):
		daily_invoices.forget(doc.name)
	elif not doc.is_return:
		voucher_sales.take_back(doc.doctype, doc.name, _("{0} was cancelled").format(doc.name))
