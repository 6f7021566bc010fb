"""Payment Entries for M-PESA money: one for each Subscription Payment, whatever it paid for.

In the caller's transaction.
"""

from typing import Any

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_bank_cash_account
from erpnext.accounts.party import get_party_account
from erpnext.accounts.utils import reconcile_against_document
from frappe import _
from frappe.utils import flt, getdate, nowdate

from mikrotik_integration.exceptions import SettingsMissing
from mikrotik_integration.services import settings

CENTS = 2
ADVANCES_APART = "book_advance_payments_in_separate_party_account"


def book(payment, customer: str, remarks: str, invoice: tuple[str, float] | None = None, **fields: Any):
	"""Submit the Payment Entry of a Subscription Payment; ``invoice``: which one, and how much is due on it. What is
	more than that is an advance. ``fields`` are further ones of the entry."""
	books = settings.books()
	mode = mode_of_payment(payment.mpesa_settings, books.company)
	paid_on = min(getdate(payment.paid_on), getdate())  # a callback's word is not taken for a day to come
	entry = frappe.new_doc("Payment Entry")
	entry.update(
		{
			"payment_type": "Receive",
			"company": books.company,
			"posting_date": paid_on,
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
	return entry


def allocate(invoice, amounts: dict[str, float]) -> None:
	"""Use advances for a submitted invoice: so much of each Payment Entry, as far as it is there and still due."""
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
	"""The M-PESA receipt, by which an auditor finds the money in the statement; until it is known, the prompt."""
	return payment.receipt or payment.payment_id


def mode_of_payment(mpesa_settings: str | None, company: str) -> str:
	"""That of the M-PESA account which the money went to, so that each agrees with its own statement."""
	own = f"Mpesa-{mpesa_settings}"
	if mpesa_settings and frappe.db.exists("Mode of Payment Account", {"parent": own, "company": company}):
		return own
	mode = settings.isp_settings().mode_of_payment
	if not mode:
		raise SettingsMissing(_("Choose the Mode of Payment for M-PESA in ISP Settings first"))
	return mode
