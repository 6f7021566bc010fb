"""Vouchers that come back: a sale is cancelled, returned, or a return is undone. In the caller's transaction.

A voucher that was used stays used. One that was voided without a credit note is still paid for: the next credit
note takes it before it takes any other.
"""

import frappe
from frappe import _
from frappe.utils import cint, cstr, flt

from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import deferred, refunds, voucher_packages, voucher_sales, vouchers
from mikrotik_integration.services.vouchers import VOUCHER


def take_back(doctype: str, name: str, reason: str) -> None:
	"""The sale was cancelled: its vouchers are void. Raises VoucherError if one was used; then none is."""
	sold = voucher_sales.of_sale(doctype, name)
	for voucher in sold:
		_check_not_income(vouchers.locked(voucher.name))
		voucher_sales.void(voucher.name, reason, push=False)
	if sold:
		deferred.share_out(doctype, name)
		voucher_sales.enqueue_push([voucher.name for voucher in sold])


def _check_not_income(voucher) -> None:
	if voucher.recognised_in:
		raise VoucherError(
			_(
				"The voucher {0} was made income by {1}. Cancel that first; for the others it is made again"
			).format(voucher.name, voucher.recognised_in)
		)


def take_back_returned(note) -> None:
	"""A submitted return voids as many unused vouchers of each returned row. Raises VoucherError if there are fewer."""
	if not _sold_vouchers(note):
		return
	taken = []
	for row in note.items:
		if voucher_packages.of_item(row.item_code):
			taken += _take_back_row(note, row)
	deferred.share_out(note.doctype, note.return_against)
	if taken:
		voucher_sales.enqueue_push(taken)


def _sold_vouchers(note) -> bool:
	return bool(
		frappe.db.exists(VOUCHER, {"sale_doctype": note.doctype, "sale_name": note.return_against or "-"})
	)


def _take_back_row(note, row) -> list[str]:
	returnable = _returnable(note, row.get("sales_invoice_item") or row.get("pos_invoice_item"))
	pieces = cint(abs(flt(row.stock_qty or row.qty)))
	if len(returnable) < pieces:
		raise VoucherError(_refusal(note).format(row.idx, len(returnable), pieces))
	for name in returnable[:pieces]:
		_check_not_income(vouchers.locked(name))
		voucher_sales.void(name, _("Returned with {0}").format(cstr(note.name)), push=False)
		frappe.db.set_value(VOUCHER, name, "returned_with", note.name)
	return returnable[:pieces]


def _refusal(note) -> str:
	if _is_of_a_day(note):
		return _(
			"Row {0}: {1} vouchers of this day were voided and not credited yet, {2} cannot be returned. Void those that come back first"
		)
	return _("Row {0}: {1} of these vouchers can be returned, {2} cannot: they were used, or made income")


def _is_of_a_day(note) -> bool:
	return note.doctype == "Sales Invoice" and bool(
		frappe.db.get_value("Sales Invoice", note.return_against, "hotspot_day_invoice")
	)


def _returnable(note, sold_row: str | None) -> list[str]:
	"""Those that were voided first, then the latest: of several pieces, the one handed out last is the likeliest
	still to be in the shop. Those of a day belong to many people: only who holds one can say which comes back."""
	filters = {
		"sale_doctype": note.doctype,
		"sale_name": note.return_against,
		"returned_with": ("is", "not set"),
		"recognised_in": ("is", "not set"),
		"first_login": ("is", "not set"),
	}
	if sold_row:
		filters["sale_item"] = sold_row
	rows = frappe.get_all(VOUCHER, filters, ["name", "status"], order_by="creation desc, name", limit=0)
	voided = [row.name for row in rows if row.status == "Void"]
	if _is_of_a_day(note):
		return voided
	return voided + [row.name for row in rows if row.status == "Pending"]


def bring_back(note) -> None:
	"""A return was cancelled: what it took back is sold again. What was void before stays so."""
	taken = frappe.get_all(
		VOUCHER,
		{"sale_doctype": note.doctype, "returned_with": note.name},
		pluck="name",
		order_by="name",
		limit=0,
	)
	for name in taken:
		frappe.db.set_value(VOUCHER, name, "returned_with", None)
		reinstate(name, note.name)
	if taken:
		deferred.share_out(note.doctype, note.return_against)
		voucher_sales.enqueue_push(taken)


def reinstate(name: str, undone: str) -> None:
	"""What voided this voucher is undone. Nothing happens if it was voided by anything else."""
	voucher = vouchers.locked(name)
	if not voucher.voided_on or undone not in cstr(voucher.void_reason):
		return
	voucher.update({"voided_on": None, "void_reason": None})
	voucher.save()
	refunds.voucher_changed(name)


def check_not_amended(invoice) -> None:
	"""Refuse the amended copy of an invoice that does not sell by being submitted: it would be paid for nothing, or
	twice."""
	if (
		invoice.doctype != "Sales Invoice"
		or not invoice.amended_from
		or voucher_sales.is_voucher_sale(invoice)
	):
		return
	if frappe.db.get_value("Sales Invoice", invoice.amended_from, "hotspot_day_invoice"):
		raise VoucherError(
			_("The vouchers of a day are invoiced again by themselves. Do not amend their invoice")
		)
	if frappe.db.exists(VOUCHER, {"sale_doctype": "Sales Invoice", "sale_name": invoice.amended_from}):
		raise VoucherError(
			_("The vouchers of {0} are void. Sell others instead of amending it").format(invoice.amended_from)
		)
