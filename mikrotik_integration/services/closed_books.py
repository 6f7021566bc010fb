"""Days on which ERPNext books nothing any more: frozen accounts, Accounting Periods, Period Closing Vouchers."""

from collections.abc import Iterator
from datetime import date, timedelta

import frappe
from erpnext.accounts.doctype.accounting_period.accounting_period import (
	validate_accounting_period_on_doc_save,
)
from erpnext.accounts.general_ledger import validate_against_pcv
from frappe import _
from frappe.query_builder.functions import Max
from frappe.utils import cstr, formatdate, getdate, nowdate, strip_html

from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import settings

BOOKED = ("Sales Invoice", "Payment Entry")


def check_today(for_guests: bool = False) -> None:
	"""Raises VoucherError if today is in a closed period, or its accounts are frozen: why, in ERPNext's words, but not
	to guests."""
	try:
		_check(settings.books().company, getdate(nowdate()))
	except frappe.ValidationError as refusal:
		frappe.clear_last_message()
		if for_guests:
			raise VoucherError(_("Nothing is sold here at present. Ask at the shop.")) from refusal
		raise VoucherError(strip_html(cstr(refusal))) from refusal


def _check(company: str, day: date) -> None:
	for doctype in BOOKED:
		validate_accounting_period_on_doc_save(
			frappe._dict(doctype=doctype, company=company, posting_date=day)
		)
	validate_against_pcv(False, day, company)
	frozen = _frozen_until(company)
	if frozen and day <= getdate(frozen):
		frappe.throw(_("The accounts are frozen until {0}; nothing can be sold").format(formatdate(frozen)))


def first_open_day(doctype: str, company: str, day: date) -> date:
	"""This day, or the first one after it whose books are open. Where none is until today, this day: ERPNext then says
	what is closed."""
	wanted = day
	while later := max((end for end in _ends(doctype, company, day) if end >= day), default=None):
		day = later + timedelta(days=1)
	return day if day <= getdate() else wanted


def _ends(doctype: str, company: str, day: date) -> Iterator[date]:
	"""The last days of everything that closes this day."""
	ends = (_frozen_until(company), _closed_by_voucher(company), _closed_by_period(doctype, company, day))
	return (getdate(end) for end in ends if end)


def _frozen_until(company: str) -> date | None:
	"""Of the whole site up to ERPNext 15, of each company from 16 on. Jobs run as Administrator, whom ERPNext lets book
	nothing there."""
	field = "accounts_frozen_till_date"
	if frappe.get_meta("Company").has_field(field):
		return frappe.db.get_value("Company", company, field)
	return frappe.db.get_single_value("Accounts Settings", "acc_frozen_upto")


def _closed_by_voucher(company: str) -> date | None:
	voucher = frappe.qb.DocType("Period Closing Voucher")
	((last,),) = (
		frappe.qb.from_(voucher)
		.select(Max(voucher.period_end_date))
		.where((voucher.docstatus == 1) & (voucher.company == company))
	).run()
	return last


def _closed_by_period(doctype: str, company: str, day: date) -> date | None:
	period, closed = frappe.qb.DocType("Accounting Period"), frappe.qb.DocType("Closed Document")
	((last,),) = (
		frappe.qb.from_(period)
		.join(closed)
		.on(closed.parent == period.name)
		.select(Max(period.end_date))
		.where((period.company == company) & (closed.closed == 1) & (closed.document_type == doctype))
		.where((period.start_date <= day) & (period.end_date >= day))
	).run()
	return last
