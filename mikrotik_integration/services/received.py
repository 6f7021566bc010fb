"""What was received for a Sales Invoice: money that reached a bank or cash account, by whatever document. Reads only.

ERPNext calls an invoice paid when nothing is due on it. A deduction in a Payment Entry, a write-off, loyalty points, an
exchange difference and the credit note of a sale that nobody paid make nothing due, and are not money.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import frappe
from frappe.query_builder import DocType
from frappe.utils import cstr, flt

from mikrotik_integration.core.payments.received import received

CENTS = 2
NOTHING = Decimal(0)


def for_invoice(invoice_name: str, _asked_already: frozenset[str] = frozenset()) -> Decimal:
	"""In the currency of the customer's account."""
	return (
		_by_entries(invoice_name)
		+ _by_journals(invoice_name)
		+ at_the_till("Sales Invoice", invoice_name)
		+ _by_credit_notes(invoice_name, _asked_already | {invoice_name})
	)


def asked(filters: dict) -> list[Decimal]:
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
		cents(row.rounded_total or row.grand_total)
		if row.currency == row.party_account_currency
		else cents(row.base_rounded_total or row.base_grand_total)
		for row in invoices
	]


def believed(query, entry):
	"""Leaves out Payment Entries whose payment nobody has verified."""
	unverified = DocType("Subscription Payment").as_("unverified")
	return (
		query.left_join(unverified)
		.on((unverified.payment_entry == entry.name) & (unverified.verified == 0))
		.where(unverified.name.isnull())
	)


def of_entry(entry_name: str, part: float) -> Decimal:
	"""How much of ``part``, which a Payment Entry takes off the customer's account, is money."""
	entry = frappe.db.get_value(
		"Payment Entry",
		entry_name,
		[
			"name",
			"company",
			"paid_to",
			"paid_to_account_currency",
			"received_amount",
			"base_received_amount",
			"base_total_allocated_amount",
			"unallocated_amount",
			"source_exchange_rate",
		],
		as_dict=True,
	)
	in_company_currency = entry.paid_to_account_currency == frappe.get_cached_value(
		"Company", entry.company, "default_currency"
	)
	money = entry.received_amount if in_company_currency else entry.base_received_amount
	if entry.paid_to not in money_accounts({entry.paid_to}):
		money = 0
	booked = flt(entry.base_total_allocated_amount) + flt(entry.unallocated_amount) * flt(
		entry.source_exchange_rate
	)
	return received(cents(part), cents(booked), cents(money), _withheld_from(entry.name))


def money_accounts(accounts: Iterable[str]) -> set[str]:
	"""Those of the accounts that hold money: of bank or cash, or an asset on which a Mode of Payment is booked."""
	account, mode = DocType("Account"), DocType("Mode of Payment Account")
	used = frappe.qb.from_(mode).select(mode.default_account)
	asset = (account.root_type == "Asset") & (account.account_type != "Receivable")
	rows = (
		frappe.qb.from_(account)
		.select(account.name)
		.where(account.name.isin(list(accounts) or [""]))
		.where(account.account_type.isin(("Bank", "Cash")) | (asset & account.name.isin(used)))
	).run(pluck=True)
	return set(rows)


def _tax_accounts(accounts: Iterable[str]) -> set[str]:
	"""Claims on the tax authority: tax accounts, and assets that are neither money nor owed by customers."""
	account = DocType("Account")
	rows = (
		frappe.qb.from_(account)
		.select(account.name, account.account_type)
		.where(account.name.isin(list(accounts) or [""]))
		.where((account.root_type == "Asset") | (account.account_type == "Tax"))
	).run()
	return {name for name, kind in rows if kind != "Receivable"} - money_accounts(accounts)


def _withheld_from(entry_name: str) -> Decimal:
	rows = frappe.get_all(
		"Payment Entry Deduction", {"parent": entry_name}, ["account", "amount"], order_by="idx"
	)
	if not rows:
		return NOTHING
	tax = _tax_accounts({row.account for row in rows})
	return sum((cents(row.amount) for row in rows if row.account in tax), NOTHING)


def _by_entries(invoice_name: str) -> Decimal:
	entry, reference = DocType("Payment Entry"), DocType("Payment Entry Reference")
	rows = (
		believed(frappe.qb.from_(reference).join(entry).on(entry.name == reference.parent), entry)
		.select(entry.name, entry.payment_type, reference.allocated_amount)
		.where((reference.reference_doctype == "Sales Invoice") & (reference.reference_name == invoice_name))
		.where(entry.docstatus == 1)
	).run()
	return sum((cents(part) if kind == "Pay" else of_entry(name, part) for name, kind, part in rows), NOTHING)


def _by_journals(invoice_name: str) -> Decimal:
	"""What a Journal Entry brings into bank and cash accounts, less what it takes out of them again, is shared by all
	that it credits. One that takes money off an invoice takes all of it."""
	total = NOTHING
	for journal, part in _journals_of(invoice_name).items():
		total += part if part < 0 else _of_journal(journal, part)
	return total


def _journals_of(invoice_name: str) -> dict[str, Decimal]:
	row = DocType("Journal Entry Account")
	rows = (
		frappe.qb.from_(row)
		.select(row.parent, row.credit_in_account_currency - row.debit_in_account_currency)
		.where((row.reference_type == "Sales Invoice") & (row.reference_name == invoice_name))
		.where(row.docstatus == 1)
	).run()
	parts: defaultdict[str, Decimal] = defaultdict(Decimal)
	for journal, amount in rows:
		parts[journal] += cents(amount)
	return parts


def _of_journal(journal: str, part: Decimal) -> Decimal:
	rows = frappe.get_all(
		"Journal Entry Account", {"parent": journal}, ["account", "debit", "credit"], order_by="idx"
	)
	accounts = {row.account for row in rows}
	holds_money, tax = money_accounts(accounts), _tax_accounts(accounts)
	amounts = [(row.account, cents(row.debit) - cents(row.credit)) for row in rows]
	money = sum((amount for account, amount in amounts if account in holds_money), NOTHING)
	withheld = sum((amount for account, amount in amounts if account in tax), NOTHING)
	credited = [-amount for account, amount in amounts if amount < 0 and account not in holds_money]
	return received(part, sum(credited, NOTHING), money, withheld)


def at_the_till(doctype: str, name: str) -> Decimal:
	"""What was paid at a point of sale, less the change. Loyalty points and what a till writes off are no payment."""
	sale = frappe.db.get_value(
		doctype,
		name,
		["is_pos", "change_amount", "base_change_amount", "currency", "party_account_currency"],
		as_dict=True,
	)
	if not sale.is_pos:
		return NOTHING
	rows = frappe.get_all(
		"Sales Invoice Payment",
		{"parent": name, "parenttype": doctype},
		["account", "amount", "base_amount"],
		order_by="idx",
	)
	holds_money = money_accounts({row.account for row in rows})
	own = sale.currency == sale.party_account_currency
	paid = sum(
		(cents(row.amount if own else row.base_amount) for row in rows if row.account in holds_money), NOTHING
	)
	return paid - cents(sale.change_amount if own else sale.base_change_amount)


def _by_credit_notes(invoice_name: str, asked_already: frozenset[str]) -> Decimal:
	"""What the credit of other invoices pays, as far as those had been paid with money."""
	row, other = DocType("Journal Entry Account"), DocType("Journal Entry Account").as_("other")
	invoice = DocType("Sales Invoice")
	rows = (
		frappe.qb.from_(row)
		.join(other)
		.on((other.parent == row.parent) & (other.reference_type == "Sales Invoice") & (other.debit > 0))
		.join(invoice)
		.on(invoice.name == other.reference_name)
		.join(DocType("Journal Entry"))
		.on(DocType("Journal Entry").name == row.parent)
		.select(row.credit_in_account_currency, invoice.name, invoice.return_against)
		.where((row.reference_type == "Sales Invoice") & (row.reference_name == invoice_name))
		.where((row.docstatus == 1) & (row.credit > 0))
		.where(DocType("Journal Entry").voucher_type == "Credit Note")
	).run()
	total = NOTHING
	for amount, note, original in rows:
		sold = original or note
		if sold in asked_already:
			continue
		[price] = asked({"name": sold}) or [NOTHING]
		total += received(cents(amount), price, for_invoice(sold, asked_already))
	return total


def cents(amount) -> Decimal:
	"""Exactly, without what floats add."""
	return Decimal(cstr(flt(amount, CENTS)))
