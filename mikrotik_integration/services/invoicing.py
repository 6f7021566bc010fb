"""Sales Invoices and Payment Entries of subscriptions. One invoice is one period; one payment is one Payment Entry.

Everything here runs in the caller's transaction and commits nothing.
"""

from decimal import Decimal

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_bank_cash_account
from erpnext.accounts.party import get_party_account
from erpnext.accounts.utils import reconcile_against_document
from frappe import _
from frappe.utils import cstr, flt, getdate, nowdate

from mikrotik_integration.exceptions import SettingsMissing
from mikrotik_integration.services import settings


def price_of(subscription) -> Decimal:
	"""What one period costs, tax included, in the company's currency."""
	return Decimal(cstr(subscription.price or 0))


def open_invoice(subscription_name: str) -> str | None:
	"""The oldest invoice of a subscription on which money is still due."""
	return frappe.db.get_value(
		"Sales Invoice",
		{
			"customer_subscription": subscription_name,
			"docstatus": 1,
			"is_return": 0,
			"outstanding_amount": (">", 0),
		},
		order_by="posting_date, creation",
	)


def advances(subscription_name: str) -> list[frappe._dict]:
	"""Payment Entries of a subscription with money left on them, oldest first."""
	return frappe.get_all(
		"Payment Entry",
		filters={
			"customer_subscription": subscription_name,
			"docstatus": 1,
			"payment_type": "Receive",
			"unallocated_amount": (">", 0),
		},
		fields=["name", "unallocated_amount", "paid_from", "paid_from_account_currency", "posting_date"],
		order_by="posting_date, creation",
	)


def credit(subscription_name: str) -> Decimal:
	"""Money paid for a subscription and not used yet."""
	return sum((Decimal(cstr(entry.unallocated_amount)) for entry in advances(subscription_name)), Decimal(0))


def make_invoice(subscription, due_date=None, use_advances: bool = True):
	"""Submit the invoice of one period, paid from the subscription's advances as far as they go."""
	books = settings.books()
	invoice = frappe.new_doc("Sales Invoice")
	invoice.update(
		{
			"company": books.company,
			"customer": subscription.customer,
			"customer_subscription": subscription.name,
			"posting_date": nowdate(),
			"due_date": max(getdate(due_date), getdate()) if due_date else nowdate(),
			"currency": books.company_currency,
			"conversion_rate": 1,
			"ignore_pricing_rule": 1,
			"disable_rounded_total": 1,  # the customer owes the price, to the cent
			"cost_center": books.cost_center,
			"taxes_and_charges": books.taxes_and_charges,
			"remarks": _("Internet service {0}, plan {1}").format(
				subscription.name, subscription.internet_plan
			),
		}
	)
	invoice.append("items", _item_row(subscription, books))
	if books.taxes_and_charges:
		invoice.set_taxes()
	invoice.flags.ignore_permissions = True
	invoice.insert()
	if use_advances and _append_advances(invoice):
		invoice.save()
	invoice.submit()
	return invoice


def _item_row(subscription, books: settings.Books) -> dict:
	plan = frappe.get_cached_doc("Internet Plan", subscription.internet_plan)
	row = {
		"item_code": plan.item,
		"qty": 1,
		"rate": flt(subscription.price),
		"price_list_rate": flt(subscription.price),
		"description": f"{plan.plan_name} ({subscription.name})",
	}
	if books.income_account:
		row["income_account"] = books.income_account
	if books.cost_center:
		row["cost_center"] = books.cost_center
	return row


def _append_advances(invoice) -> bool:
	"""Allocate the subscription's own advances, and no other money of the customer."""
	own = {entry.name for entry in advances(invoice.customer_subscription)}
	if not own:
		return False
	due = flt(invoice.rounded_total or invoice.grand_total)
	for entry in invoice.get_advance_entries():
		if entry.reference_type != "Payment Entry" or entry.reference_name not in own or due <= 0:
			continue
		allocated = min(flt(entry.amount), due)
		due -= allocated
		invoice.append(
			"advances",
			{
				"reference_type": entry.reference_type,
				"reference_name": entry.reference_name,
				"reference_row": entry.reference_row,
				"remarks": entry.remarks,
				"advance_amount": flt(entry.amount),
				"allocated_amount": allocated,
				"ref_exchange_rate": flt(entry.exchange_rate) or 1,
			},
		)
	return bool(invoice.advances)


def book_payment(subscription, amount: Decimal, reference: str, paid_on, invoice_name: str | None):
	"""Submit the Payment Entry of one payment: against the invoice as far as it is due, the rest an advance."""
	books = settings.books()
	entry = frappe.new_doc("Payment Entry")
	entry.update(
		{
			"payment_type": "Receive",
			"company": books.company,
			"posting_date": getdate(paid_on) if paid_on else nowdate(),
			"mode_of_payment": _mode_of_payment(),
			"party_type": "Customer",
			"party": subscription.customer,
			"paid_from": get_party_account("Customer", subscription.customer, books.company),
			"paid_to": _paid_to(books.company),
			"paid_amount": flt(amount),
			"received_amount": flt(amount),
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"reference_no": reference,
			"reference_date": getdate(paid_on) if paid_on else nowdate(),
			"customer_subscription": subscription.name,
			"cost_center": books.cost_center,
		}
	)
	if invoice_name:
		outstanding = flt(frappe.db.get_value("Sales Invoice", invoice_name, "outstanding_amount"))
		entry.append(
			"references",
			{
				"reference_doctype": "Sales Invoice",
				"reference_name": invoice_name,
				"allocated_amount": min(outstanding, flt(amount)),
			},
		)
	entry.flags.ignore_permissions = True
	entry.flags.is_from_inbox = True  # its payment is recorded already; see overrides.payment_entry
	entry.insert()
	entry.submit()
	return entry


def _mode_of_payment() -> str:
	mode = settings.isp_settings().mode_of_payment
	if not mode:
		raise SettingsMissing(_("Choose the Mode of Payment for M-PESA in ISP Settings first"))
	return mode


def _paid_to(company: str) -> str:
	return get_bank_cash_account(_mode_of_payment(), company)["account"]


def allocate_advances(invoice_name: str) -> None:
	"""Use the subscription's advances for an invoice that was submitted without them."""
	invoice = frappe.get_doc("Sales Invoice", invoice_name)
	due = flt(invoice.outstanding_amount)
	rows = []
	for entry in advances(invoice.customer_subscription):
		allocated = min(flt(entry.unallocated_amount), due)
		if allocated <= 0:
			break
		due -= allocated
		rows.append(_reconciliation_row(invoice, entry, allocated))
	if rows:
		reconcile_against_document(rows)


def _reconciliation_row(invoice, entry: frappe._dict, allocated: float) -> frappe._dict:
	return frappe._dict(
		voucher_type="Payment Entry",
		voucher_no=entry.name,
		voucher_detail_no=None,
		against_voucher_type="Sales Invoice",
		against_voucher=invoice.name,
		account=invoice.debit_to,
		party_type="Customer",
		party=invoice.customer,
		is_advance="Yes",
		dr_or_cr="credit_in_account_currency",
		unadjusted_amount=flt(entry.unallocated_amount),
		allocated_amount=allocated,
		precision=invoice.precision("advance_amount") if hasattr(invoice, "advance_amount") else None,
		exchange_rate=1,
		grand_total=invoice.grand_total,
		outstanding_amount=invoice.outstanding_amount,
		difference_account=None,
		exchange_gain_loss=0,
		debit_or_credit_note_posting_date=None,
		cost_center=invoice.cost_center,
	)


def is_paid(invoice: frappe._dict) -> bool:
	"""Whether Payment Entries cover the whole invoice. A credit note or a write-off is not a payment."""
	if invoice.docstatus != 1 or flt(invoice.outstanding_amount) > 0:
		return False
	if frappe.db.exists("Sales Invoice", {"return_against": invoice.name, "docstatus": 1}):
		return False
	return paid_by_entries(invoice.name) >= flt(invoice.rounded_total or invoice.grand_total)


def paid_by_entries(invoice_name: str) -> float:
	"""What submitted Payment Entries paid on an invoice."""
	entry = frappe.qb.DocType("Payment Entry")
	reference = frappe.qb.DocType("Payment Entry Reference")
	rows = (
		frappe.qb.from_(reference)
		.join(entry)
		.on(entry.name == reference.parent)
		.select(reference.allocated_amount)
		.where(
			(reference.reference_doctype == "Sales Invoice")
			& (reference.reference_name == invoice_name)
			& (entry.docstatus == 1)
		)
	).run(pluck=True)
	return flt(sum(rows), 2)
