"""What the books say about a subscription: what is due, what was paid, what is left over. Reads only.

A Payment Entry that frappe_mpsa_payments booked on a callback's word counts only once its payment is verified.
"""

from datetime import timedelta
from decimal import Decimal

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, Locate, Sum
from frappe.utils import cstr, flt, now_datetime

from mikrotik_integration.core.payments import receipts
from mikrotik_integration.services import received

CENTS = 2


def open_invoices(subscription_name: str) -> list[frappe._dict]:
	"""Invoices on which money is ``due``, oldest first. A credit note that was not set off yet lowers what is."""
	invoice, note = DocType("Sales Invoice"), DocType("Sales Invoice").as_("note")
	rows = (
		frappe.qb.from_(invoice)
		.left_join(note)
		.on((note.return_against == invoice.name) & (note.docstatus == 1) & (note.is_return == 1))
		.select(
			invoice.name,
			(invoice.outstanding_amount + Coalesce(Sum(note.outstanding_amount), 0)).as_("due"),
		)
		.where((invoice.customer_subscription == subscription_name) & (invoice.docstatus == 1))
		.where((invoice.is_return == 0) & (invoice.outstanding_amount > 0))
		.groupby(invoice.name)
		.orderby(invoice.posting_date, invoice.creation)
	).run(as_dict=True)
	return [row for row in rows if flt(row.due, CENTS) > 0]


def advances(subscription_name: str) -> list[frappe._dict]:
	"""Payment Entries of a subscription with received money left on them, oldest first."""
	rows = [
		frappe._dict(name=row.name, unallocated_amount=float(_money_left(row)))
		for row in _unused(subscription_name, "Receive")
	]
	return [row for row in rows if row.unallocated_amount > 0]


def _money_left(row: frappe._dict) -> Decimal:
	return min(received.of_entry(row.name, row.unallocated_amount), received.cents(-row.balance))


def _unused(subscription_name: str, payment_type: str) -> list[frappe._dict]:
	"""Believed Payment Entries that stand on the customer's account by themselves: what ``unallocated_amount`` says,
	and the ``balance`` of their own in the Payment Ledger, which a Journal Entry may have changed since."""
	entry, line = DocType("Payment Entry"), DocType("Payment Ledger Entry")
	return (
		received.believed(frappe.qb.from_(entry), entry)
		.join(line)
		.on((line.against_voucher_no == entry.name) & (line.against_voucher_type == "Payment Entry"))
		.select(entry.name, entry.unallocated_amount, Sum(line.amount_in_account_currency).as_("balance"))
		.where((entry.customer_subscription == subscription_name) & (entry.payment_type == payment_type))
		.where((entry.docstatus == 1) & (entry.unallocated_amount > 0) & (line.delinked == 0))
		.groupby(entry.name)
		.orderby(entry.posting_date, entry.creation)
	).run(as_dict=True)


def credits(subscription_name: str) -> list[frappe._dict]:
	"""What credit notes over paid invoices have left to the customer, oldest first: the document on which it stands
	(``name``), and how much of that was paid with money (``amount``)."""
	invoice, note = DocType("Sales Invoice"), DocType("Sales Invoice").as_("note")
	rows = (
		frappe.qb.from_(invoice)
		.join(note)
		.on((note.return_against == invoice.name) & (note.docstatus == 1) & (note.is_return == 1))
		.select(invoice.name.as_("sold"), invoice.outstanding_amount.as_("due"))
		.select(note.name, note.outstanding_amount)
		.where((invoice.customer_subscription == subscription_name) & (invoice.docstatus == 1))
		.where(invoice.is_return == 0)
		.orderby(invoice.posting_date, invoice.creation, note.creation)
	).run(as_dict=True)
	found: list[frappe._dict] = []
	for sold in dict.fromkeys(row.sold for row in rows):
		notes = [row for row in rows if row.sold == sold]
		standing = {sold: notes[0].due} | {row.name: row.outstanding_amount for row in notes}
		left = min(-_total(standing.values()), received.for_invoice(sold))
		for name, outstanding in standing.items():
			amount = min(left, _total([-outstanding]))
			if amount > 0:
				left -= amount
				found.append(frappe._dict(name=name, amount=float(amount)))
	return found


def balance(subscription_name: str) -> Decimal:
	"""What the customer's account says of this subscription, open invoices aside: money that was paid and is not used,
	and what credit notes gave back, less what was paid back. Less than nothing is owed."""
	paid = _total(entry.unallocated_amount for entry in advances(subscription_name))
	credited = _total(row.amount for row in credits(subscription_name))
	paid_back = _total(row.balance for row in _unused(subscription_name, "Pay"))
	return paid + credited - paid_back


def credit(subscription_name: str) -> Decimal:
	"""Money paid for a subscription, not used yet, and not paid back."""
	return max(balance(subscription_name), Decimal(0))


def is_paid(invoice_name: str) -> bool:
	"""Whether received money covers what the invoice asks after credit notes. What costs nothing was not paid."""
	asked = received.asked({"name": invoice_name})
	if not asked:
		return False
	credited = -_total(received.asked({"return_against": invoice_name, "is_return": 1}))
	wanted = asked[0] - credited
	return wanted > 0 and flt(received.for_invoice(invoice_name), CENTS) >= flt(wanted, CENTS)


def entry_with_receipt(receipt: str, customer: str) -> frappe._dict | None:
	"""The submitted Payment Entry of a customer that books this receipt already."""
	entry, gl = DocType("Payment Entry"), DocType("GL Entry")
	rows = (
		frappe.qb.from_(gl)
		.join(entry)
		.on((entry.name == gl.voucher_no) & (gl.voucher_type == "Payment Entry"))
		.select(entry.name, entry.party, entry.paid_amount, entry.reference_no)
		.distinct()
		.where((gl.party_type == "Customer") & (gl.party == customer))
		.where((Locate(receipt, entry.reference_no) > 0) | (entry.mpesa_receipt == receipt))
		.where((entry.docstatus == 1) & (entry.payment_type == "Receive"))
		.orderby(entry.name)
	).run(as_dict=True)
	return next((row for row in rows if names_receipt(cstr(row.reference_no), receipt)), None)


def names_receipt(reference: str, receipt: str) -> bool:
	"""Whether this is what somebody typed who meant that receipt."""
	return reference.strip().casefold() == receipt.casefold() or receipts.find(reference) == receipt


def changed(within: timedelta) -> list[str]:
	"""Subscriptions with an invoice that was paid, credited, cancelled or reopened lately, by whatever way.

	The Payment Reconciliation tool and Journal Entries touch no document that has an event of ours.
	"""
	invoice = DocType("Sales Invoice")
	open_again = (invoice.docstatus == 2) | (invoice.outstanding_amount > 0)
	paid_now = (invoice.docstatus == 1) & (invoice.outstanding_amount <= 0)
	return (
		frappe.qb.from_(invoice)
		.select(invoice.customer_subscription)
		.distinct()
		.where((invoice.modified >= now_datetime() - within) & invoice.customer_subscription.isnotnull())
		.where(
			((invoice.service_granted == 1) & open_again)
			| ((invoice.service_granted == 0) & paid_now & (invoice.is_return == 0))
			| ((invoice.is_return == 1) & (invoice.docstatus > 0))
		)
		.orderby(invoice.customer_subscription)
	).run(pluck=True)


def _total(amounts) -> Decimal:
	return sum((received.cents(amount) for amount in amounts), Decimal(0))
