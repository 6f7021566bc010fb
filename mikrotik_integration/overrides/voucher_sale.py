"""ERPNext's POS Invoice and Sales Invoice: an Item that is a package sells hotspot vouchers at a till."""

from frappe import _

from mikrotik_integration.services import daily_invoices, deferred, voucher_returns, voucher_sales


def validate(doc, method=None) -> None:
	voucher_returns.check_not_amended(doc)
	if voucher_sales.is_voucher_sale(doc):
		voucher_sales.check_sale(doc)
	voucher_sales.defer_income(doc)


def on_submit(doc, method=None) -> None:
	if doc.get("is_consolidated"):
		deferred.share_out_merged(doc)
	elif doc.is_return:
		voucher_returns.take_back_returned(doc)
	elif voucher_sales.is_voucher_sale(doc):
		voucher_sales.sell_for_invoice(doc)


def on_cancel(doc, method=None) -> None:
	if doc.get("is_consolidated"):
		deferred.share_out_merged(doc)
	elif doc.is_return:
		voucher_returns.bring_back(doc)
	elif doc.get("hotspot_day_invoice"):
		daily_invoices.forget(doc.name)
	else:
		voucher_returns.take_back(doc.doctype, doc.name, _("{0} was cancelled").format(doc.name))
