"""What the books say about a subscription: what is due, what was paid, what is left over. Reads only.

A Payment Entry that frappe_mpsa_payments booked on a callback's word counts only once its payment is verified.
"""

from datetime import timedelta
from decimal import Decimal

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import cstr, flt, now_datetime

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
	"""Payment Entries of a subscription with money left on them, oldest first."""
	entry = DocType("Payment Entry")
	return (
		_believed(frappe.qb.from_(entry), entry)
		.select(entry.name, entry.unallocated_amount)
		.where((entry.customer_subscription == subscription_name) & (entry.payment_type == "Receive"))
		.where((entry.docstatus == 1) & (entry.unallocated_amount > 0))
		.orderby(entry.posting_date, entry.creation)
	).run(as_dict=True)


def credit(subscription_name: str) -> Decimal:
	"""Money paid for a subscription, not used yet, and not paid back."""
	paid_back = frappe.get_all(
		"Payment Entry",
		filters={"customer_subscription": subscription_name, "docstatus": 1, "payment_type": "Pay"},
		pluck="unallocated_amount",
		order_by="creation",
	)
	left = _total(entry.unallocated_amount for entry in advances(subscription_name)) - _total(paid_back)
	return max(left, Decimal(0))


def is_paid(invoice_name: str) -> bool:
	"""Whether money covers what the invoice asks after credit notes. A credit or a write-off is not money."""
	asked = _asked({"name": invoice_name})
	if not asked:
		return False
	credited = -sum(_asked({"return_against": invoice_name, "is_return": 1}))
	if 0 < flt(asked[0], CENTS) <= flt(credited, CENTS):
		return False
	return flt(_money_on(invoice_name), CENTS) >= flt(asked[0] - credited, CENTS)


def _asked(filters: dict) -> list[float]:
	"""The totals of submitted invoices, in the currency in which the customer's account is kept."""
	invoices = frappe.get_all(
		"Sales Invoice",
		filters={"docstatus": 1, **filters},
		fields=[
			"currency",
			"party_account_currency",
			"grand_total",
			"rounded_total",
			"base_grand_total",
			"base_rounded_total",
		],
		order_by="creation",
	)
	return [
		row.rounded_total or row.grand_total
		if row.currency == row.party_account_currency
		else row.base_rounded_total or row.base_grand_total
		for row in invoices
	]


def _money_on(invoice_name: str) -> float:
	return _by_entries(invoice_name) + _by_journals(invoice_name) + _at_the_till(invoice_name)


def _by_entries(invoice_name: str) -> float:
	entry, reference = DocType("Payment Entry"), DocType("Payment Entry Reference")
	rows = (
		_believed(frappe.qb.from_(reference).join(entry).on(entry.name == reference.parent), entry)
		.select(reference.allocated_amount)
		.where((reference.reference_doctype == "Sales Invoice") & (reference.reference_name == invoice_name))
		.where(entry.docstatus == 1)
	).run(pluck=True)
	return sum(rows)


def _by_journals(invoice_name: str) -> float:
	"""Journal Entries that bring money into a bank or cash account, and no others: those write off or move."""
	row, money, account = (
		DocType("Journal Entry Account"),
		DocType("Journal Entry Account").as_("money"),
		DocType("Account"),
	)
	into_the_bank = (
		frappe.qb.from_(money)
		.join(account)
		.on(account.name == money.account)
		.select(money.parent)
		.where((money.debit > 0) & (money.docstatus == 1) & account.account_type.isin(("Bank", "Cash")))
	)
	rows = (
		frappe.qb.from_(row)
		.select(row.parent, row.credit_in_account_currency - row.debit_in_account_currency)
		.where((row.reference_type == "Sales Invoice") & (row.reference_name == invoice_name))
		.where(row.docstatus == 1)
	).run()
	journals = [journal for journal, _amount in rows]
	if not journals:
		return 0
	paid = set(into_the_bank.where(money.parent.isin(journals)).run(pluck=True))
	return sum(amount for journal, amount in rows if journal in paid)


def _at_the_till(invoice_name: str) -> float:
	sale = frappe.db.get_value(
		"Sales Invoice", invoice_name, ["is_pos", "paid_amount", "change_amount"], as_dict=True
	)
	return flt(sale.paid_amount) - flt(sale.change_amount) if sale.is_pos else 0


def _believed(query, entry):
	"""Leaves out Payment Entries whose payment nobody has verified."""
	unverified = DocType("Subscription Payment").as_("unverified")
	return (
		query.left_join(unverified)
		.on((unverified.payment_entry == entry.name) & (unverified.verified == 0))
		.where(unverified.name.isnull())
	)


def entry_with_receipt(receipt: str, customer: str) -> frappe._dict | None:
	"""The submitted Payment Entry of a customer that books this receipt already."""
	entry, gl = DocType("Payment Entry"), DocType("GL Entry")
	rows = (
		frappe.qb.from_(gl)
		.join(entry)
		.on((entry.name == gl.voucher_no) & (gl.voucher_type == "Payment Entry"))
		.select(entry.name, entry.paid_amount)
		.where((gl.party_type == "Customer") & (gl.party == customer))
		.where((entry.reference_no == receipt) & (entry.docstatus == 1) & (entry.payment_type == "Receive"))
		.limit(1)
	).run(as_dict=True)
	return rows[0] if rows else None


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
	return sum((Decimal(cstr(amount)) for amount in amounts), Decimal(0))
