"""Whether the books take a day's sales: asked before something is sold that is invoiced later."""

from datetime import date

import frappe
from erpnext.accounts.doctype.accounting_period.accounting_period import (
	validate_accounting_period_on_doc_save,
)
from erpnext.accounts.general_ledger import validate_against_pcv
from frappe import _
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


def _frozen_until(company: str):
	"""Of the whole site up to ERPNext 15, of each company from 16 on. What is invoiced at night is so as
	Administrator, whom ERPNext lets book nothing there."""
	if frappe.get_meta("Company").has_field("accounts_frozen_till_date"):
		return frappe.get_cached_value("Company", company, "accounts_frozen_till_date")
	return frappe.db.get_single_value("Accounts Settings", "acc_frozen_upto")
