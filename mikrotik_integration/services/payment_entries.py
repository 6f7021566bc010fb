"""Payment Entries for M-PESA money: one for each Subscription Payment, whatever it paid for.

In the caller's transaction.
"""

from typing import Any

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_bank_cash_account
from erpnext.accounts.party import get_party_account
from erpnext.accounts.utils import reconcile_against_document
from frappe import _
from frappe.utils import cstr, flt, formatdate, getdate, nowdate

from mikrotik_integration.core.payments import receipts
from mikrotik_integration.exceptions import PaymentNotPossible, SettingsMissing
from mikrotik_integration.services import closed_books, locks, settings

CENTS = 2
ADVANCES_APART = "book_advance_payments_in_separate_party_account"


def book(payment, customer: str, remarks: str, invoice: tuple[str, float] | None = None, **fields: Any):
	"""Submit the Payment Entry of a Subscription Payment; ``invoice``: which one, and how much is due on it. What is
	more than that is an advance. ``fields`` are further ones of the entry."""
	books = settings.books()
	mode = mode_of_payment(payment.mpesa_settings, books.company)
	paid_on = min(getdate(payment.paid_on), getdate())  # a callback's word is not taken for a day to come
	booked_on = closed_books.first_open_day("Payment Entry", books.company, paid_on)
	entry = frappe.new_doc("Payment Entry")
	entry.update(
		{
			"payment_type": "Receive",
			"company": books.company,
			"posting_date": booked_on,
			"mode_of_payment": mode,
			"party_type": "Customer",
			"party": customer,
			"paid_from": get_party_account("Customer", customer, books.company),
			"paid_to": get_bank_cash_account(mode, books.company)["account"],
			"paid_amount": flt(payment.amount),
			"received_amount": flt(payment.amount),
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"reference_no": reference(payment),
			"reference_date": paid_on,
			"cost_center": books.cost_center,
			"custom_remarks": 1,
			"remarks": remarks,
			**fields,
		}
	)
	if invoice:
		name, due = invoice
		allocated = {"allocated_amount": min(due, flt(payment.amount))}
		entry.append(
			"references", {"reference_doctype": "Sales Invoice", "reference_name": name, **allocated}
		)
	entry.flags.ignore_permissions = True
	entry.flags.is_from_inbox = True  # its payment is recorded already; see overrides.payment_entry
	if frappe.get_cached_value("Company", books.company, ADVANCES_APART):
		entry.insert()  # ERPNext puts an advance into its account only in a draft
	entry.submit()  # not saved before, it is validated and written once instead of twice
	if booked_on != paid_on:
		words = _("Paid on {0}. The books of that day are closed, so it is booked on {1}")
		words = words.format(formatdate(paid_on), formatdate(booked_on))
		entry.add_comment("Info", words)
		payment.add_comment("Info", words)
	return entry


def allocate(invoice, amounts: dict[str, float]) -> None:
	"""Use advances for a submitted invoice: so much of each Payment Entry, as far as it is there and still due."""
	for name in sorted(amounts):
		locks.take("Payment Entry", name)
	locks.take("Sales Invoice", invoice.name)
	due = flt(frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount"), CENTS)
	rows, left = [], due
	for name, amount in amounts.items():
		there = flt(
			frappe.db.get_value("Payment Entry", {"name": name, "docstatus": 1}, "unallocated_amount")
		)
		allocated = flt(min(amount, there, left), CENTS)
		if allocated > 0:
			left = flt(left - allocated, CENTS)
			rows.append(_reconciliation_row(invoice, due, name, there, allocated))
	if rows:
		reconcile_against_document(rows)


def _reconciliation_row(invoice, due: float, entry: str, there: float, allocated: float) -> frappe._dict:
	return frappe._dict(
		voucher_type="Payment Entry",
		voucher_no=entry,
		voucher_detail_no=None,
		against_voucher_type="Sales Invoice",
		against_voucher=invoice.name,
		account=invoice.debit_to,
		party_type="Customer",
		party=invoice.customer,
		is_advance="Yes",
		dr_or_cr="credit_in_account_currency",
		unadjusted_amount=there,
		allocated_amount=allocated,
		exchange_rate=1,
		grand_total=invoice.grand_total,
		outstanding_amount=due,
		difference_account=None,
		exchange_gain_loss=0,
		debit_or_credit_note_posting_date=None,
		cost_center=invoice.cost_center,
	)


def claim_receipt(entry) -> None:
	"""A receipt is money once: the database lets one submitted Payment Entry have it. Raises PaymentNotPossible."""
	receipt = receipts.find(cstr(entry.reference_no))
	if not receipt or not is_mpesa(entry.mode_of_payment):
		return
	try:
		frappe.db.set_value("Payment Entry", entry.name, "mpesa_receipt", receipt, update_modified=False)
	except Exception as error:
		if not frappe.db.is_unique_key_violation(error):
			raise
		other = frappe.db.get_value("Payment Entry", {"mpesa_receipt": receipt}) or _("another Payment Entry")
		raise PaymentNotPossible(
			_("The receipt {0} is booked already, by {1}").format(receipt, other)
		) from error


def is_mpesa(mode: str | None) -> bool:
	"""The mode that ISP Settings names, or one that frappe_mpsa_payments made for its Mpesa Settings."""
	return bool(mode) and (mode == settings.isp_settings().mode_of_payment or mode.startswith("Mpesa-"))


def give_up_receipt(entry) -> None:
	"""The entry was cancelled: its receipt may be booked by another one."""
	frappe.db.set_value("Payment Entry", entry.name, "mpesa_receipt", None, update_modified=False)


def set_off(invoice, note: str, amount: float) -> None:
	"""Use so much of a credit note's credit for a submitted invoice, as the Payment Reconciliation tool does."""
	row = {
		"account": invoice.debit_to,
		"party_type": "Customer",
		"party": invoice.customer,
		"cost_center": invoice.cost_center,
		"reference_type": "Sales Invoice",
	}
	entry = frappe.get_doc(
		{
			"doctype": "Journal Entry",
			"voucher_type": "Credit Note",
			"posting_date": nowdate(),
			"company": invoice.company,
			"user_remark": _("The credit of {0} pays {1}").format(note, invoice.name),
			"accounts": [
				row | {"reference_name": invoice.name, "credit_in_account_currency": amount},
				row | {"reference_name": note, "debit_in_account_currency": amount},
			],
		}
	)
	entry.flags.ignore_permissions = True
	entry.flags.is_from_service = True  # see overrides.journal_entry
	entry.submit()


def reference(payment) -> str:
	"""The M-PESA receipt, by which an auditor finds the money in the statement. A prompt has one that may not be known
	yet; then the words say so."""
	if payment.receipt or payment.source != "STK Push":
		return payment.receipt or payment.payment_id
	return _("Receipt not known yet, prompt {0}").format(payment.payment_id)


def mode_of_payment(mpesa_settings: str | None, company: str) -> str:
	"""That of the M-PESA account which the money went to, so that each agrees with its own statement."""
	own = f"Mpesa-{mpesa_settings}"
	if mpesa_settings and frappe.db.exists("Mode of Payment Account", {"parent": own, "company": company}):
		return own
	mode = settings.isp_settings().mode_of_payment
	if not mode:
		raise SettingsMissing(_("Choose the Mode of Payment for M-PESA in ISP Settings first"))
	return mode
