"""Sales Invoices and Payment Entries of subscriptions. One invoice is one period; one payment is one Payment Entry.

Everything here runs in the caller's transaction and commits nothing.
"""

from decimal import Decimal

import frappe
from erpnext.accounts.party import get_payment_terms_template
from frappe import _
from frappe.utils import cstr, flt, get_datetime, getdate, now_datetime, nowdate

from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import ledger, lifecycle, money, payment_entries, settings


def price_of(subscription) -> Decimal:
	"""What one period costs, tax included, in the company's currency."""
	return Decimal(cstr(flt(subscription.price, ledger.CENTS)))


def open_invoice(subscription_name: str) -> str | None:
	"""The oldest invoice of a subscription on which money is still due."""
	return next((invoice.name for invoice in ledger.open_invoices(subscription_name)), None)


def make_invoice(subscription, due_date=None):
	"""Submit the invoice of one period, paid from the subscription's advances as far as they go.

	Until it is paid, ``service_from`` and ``service_to`` say what it sells: paying it gives that much time, whatever
	the plan says by then.
	"""
	return _make(subscription, price_of(subscription), _service_sold(subscription), due_date)


def make_invoice_of_part(subscription, price: Decimal):
	"""Submit an invoice over a part of a period, which was served on credit: it sells no time."""
	now = now_datetime()
	return _make(subscription, price, {"service_from": now, "service_to": now})


def _make(subscription, price: Decimal, service: dict, due_date=None):
	books = settings.books()
	invoice = frappe.new_doc("Sales Invoice")
	invoice.update(
		{
			"company": books.company,
			"customer": subscription.customer,
			"customer_subscription": subscription.name,
			"posting_date": nowdate(),
			"due_date": max(getdate(due_date), getdate()),
			"ignore_default_payment_terms_template": 1,
			"currency": books.company_currency,
			"conversion_rate": 1,
			"plc_conversion_rate": 1,  # or ERPNext asks the Internet for the rate of a foreign price list
			"ignore_pricing_rule": 1,
			"disable_rounded_total": 1,  # the customer owes the price, to the cent
			"cost_center": books.cost_center,
			"taxes_and_charges": books.taxes_and_charges,
			"remarks": _("Internet service {0}, plan {1}").format(
				subscription.name, subscription.internet_plan
			),
			**service,
		}
	)
	invoice.append("items", _item_row(subscription, float(price), books))
	if books.taxes_and_charges:
		invoice.set_taxes()
	invoice.flags.ignore_permissions = True
	invoice.flags.is_from_service = True  # see overrides.sales_invoice
	if ledger.advances(subscription.name) or get_payment_terms_template(
		subscription.customer, "Customer", books.company
	):
		_prepare(invoice)
	invoice.submit()  # not saved before, it is validated and written once instead of twice
	_check_total(invoice, price)
	return invoice


def _service_sold(subscription) -> dict:
	begin = max(get_datetime(subscription.expiry_date or now_datetime()), now_datetime())
	validity = lifecycle.terms_of(subscription.internet_plan).validity
	return {"service_from": begin, "service_to": begin + validity}


def _item_row(subscription, price: float, books: settings.Books) -> dict:
	plan = frappe.get_cached_doc("Internet Plan", subscription.internet_plan)
	row = {
		"item_code": plan.item,
		"qty": 1,
		"rate": price,
		"price_list_rate": price,
		"description": f"{plan.plan_name} ({subscription.name})",
	}
	if books.income_account:
		row["income_account"] = books.income_account
	if books.cost_center:
		row["cost_center"] = books.cost_center
	return row


def _check_total(invoice, price: Decimal) -> None:
	"""The customer pays the price: a tax on top of it would leave every invoice a little unpaid."""
	if flt(invoice.grand_total, ledger.CENTS) != float(price):
		raise PaymentNotPossible(
			_(
				"The invoice of {0} comes to {1}, its price is {2}: tax rules, item tax templates and the template in ISP Settings must include the tax in the price"
			).format(invoice.customer_subscription, money.words(invoice.grand_total), money.words(price))
		)


def _prepare(invoice) -> None:
	"""As a draft, in which ERPNext fills in the account by which advances are found, and the customer's payment
	terms: those are for other sales, a period is paid as a whole."""
	due_date = invoice.due_date
	invoice.insert()
	invoice.update({"payment_terms_template": None, "payment_schedule": [], "due_date": due_date})
	_append_advances(invoice)


def _append_advances(invoice) -> None:
	"""Allocate the subscription's own advances, and no other money of the customer."""
	own = {entry.name for entry in ledger.advances(invoice.customer_subscription)}
	due = min(flt(invoice.grand_total), float(ledger.credit(invoice.customer_subscription)))
	for entry in invoice.get_advance_entries():
		if entry.reference_type != "Payment Entry" or entry.reference_name not in own or due <= 0:
			continue
		allocated = min(flt(entry.amount), due)
		due = flt(due - allocated, ledger.CENTS)
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


def book_payment(subscription, payment, invoice_name: str | None):
	"""Submit the Payment Entry of a Subscription Payment: against the invoice as far as it is due, the rest an
	advance."""
	due = _due(subscription.name, invoice_name) if invoice_name else 0
	return payment_entries.book(
		payment,
		subscription.customer,
		_remarks(subscription, payment),
		invoice=(invoice_name, due) if due > 0 else None,
		customer_subscription=subscription.name,
	)


def _remarks(subscription, payment) -> str:
	return _("M-PESA {0} for Internet account {1} ({2}), payment {3}").format(
		payment_entries.reference(payment),
		subscription.name,
		subscription.customer_name or subscription.customer,
		payment.name,
	)


def _due(subscription_name: str, invoice_name: str) -> float:
	"""What a Payment Entry can be allocated to. One that is to be paid in instalments takes none before it is
	submitted; the money is its subscription's advance, which ``periods.settle`` uses."""
	if frappe.db.get_value("Sales Invoice", invoice_name, "payment_terms_template"):
		return 0.0
	due = {invoice.name: invoice.due for invoice in ledger.open_invoices(subscription_name)}
	return flt(due.get(invoice_name), ledger.CENTS)


def write_reference(payment) -> None:
	"""The receipt of a booked payment is another one than was known then: its Payment Entry gets it."""
	subscription = frappe.get_doc("Customer Subscription", payment.subscription)
	frappe.db.set_value(
		"Payment Entry",
		payment.payment_entry,
		{"reference_no": payment_entries.reference(payment), "remarks": _remarks(subscription, payment)},
	)


def allocate_advances(invoice_name: str, due: float) -> None:
	"""Use the subscription's advances for an invoice that was submitted without them, then what credit notes have
	left to it, up to what is due on it."""
	invoice = frappe.get_doc("Sales Invoice", invoice_name)
	left = min(due, float(ledger.credit(invoice.customer_subscription)))
	amounts = {}
	for entry in ledger.advances(invoice.customer_subscription):
		amounts[entry.name] = flt(min(entry.unallocated_amount, left), ledger.CENTS)
		left -= amounts[entry.name]
	payment_entries.allocate(invoice, amounts)
	for note in ledger.credits(invoice.customer_subscription):
		amount = flt(min(note.amount, left), ledger.CENTS)
		if amount > 0:
			left -= amount
			payment_entries.set_off(invoice, note.name, amount)
