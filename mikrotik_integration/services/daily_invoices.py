"""Micro-sales: one Sales Invoice for all vouchers that one router sold on one day.

The money of each sale is booked at once if it came by M-PESA (a Payment Entry, first an advance, then allocated to
the day's invoice); what was paid at the till is booked with the invoice, one Payment Entry for each way of paying.
"""

from collections import Counter, defaultdict
from datetime import date

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_bank_cash_account
from erpnext.accounts.party import get_party_account
from frappe import _
from frappe.query_builder.functions import Date
from frappe.utils import cstr, escape_html, flt, getdate, strip_html, today

from mikrotik_integration.services import deferred, locks, notices, payment_entries, settings, voucher_books
from mikrotik_integration.services.bulk import update_rows
from mikrotik_integration.services.vouchers import VOUCHER

ACCOUNTANTS = ("Accounts Manager", "ISP Manager")
FIELDS = (
	"name",
	"internet_plan",
	"price",
	"mode_of_payment",
	"subscription_payment",
	"mikrotik_settings",
	"sold_on",
)


def make_due() -> None:
	"""Daily: the invoices of days that are over, each in a transaction of its own. One that cannot be made (a closed
	period, a missing account) becomes a task of the accountants, and is tried again tomorrow."""
	for router, day in _days(before=getdate(today())):
		try:
			locks.afresh(make, router, day)  # commits: a day that fails takes no other with it
			_close_tasks(router, day)
		except Exception as error:
			frappe.db.rollback()
			frappe.log_error(_title(day), reference_doctype="MikroTik Settings", reference_name=router)
			_give_task(router, day, error)
	# keeps the tasks and the error log
	frappe.db.commit()  # nosemgrep


def _title(day: date) -> str:
	return _("The vouchers of {0} could not be invoiced").format(day)


def _tasks(router: str, day: date) -> dict:
	return {
		"reference_type": "MikroTik Settings",
		"reference_name": router,
		"status": "Open",
		"description": ("like", f"%{_title(day)}%"),
	}


def _give_task(router: str, day: date, error: Exception) -> None:
	"""To everybody who can open a period or mend the settings, until the day is invoiced."""
	told = frappe.get_all("ToDo", _tasks(router, day), pluck="allocated_to", order_by="creation")
	reason = strip_html(cstr(error))[:500]
	for user in sorted(set(notices.users_with_role(*ACCOUNTANTS)) - set(told)):
		frappe.get_doc(
			{
				"doctype": "ToDo",
				"allocated_to": user,
				"reference_type": "MikroTik Settings",
				"reference_name": router,
				"priority": "High",
				"description": escape_html(f"{router}: {_title(day)}. {reason}"),
			}
		).insert(ignore_permissions=True)


def _close_tasks(router: str, day: date) -> None:
	for name in frappe.get_all("ToDo", _tasks(router, day), pluck="name", order_by="creation"):
		task = frappe.get_doc("ToDo", name)
		task.status = "Closed"
		task.save(ignore_permissions=True)


def _uninvoiced(voucher):
	"""Vouchers that were sold for money here and are on no document yet."""
	return (
		frappe.qb.from_(voucher)
		.where(voucher.sold_on.isnotnull() & voucher.voided_on.isnull())
		.where(voucher.sale_name.isnull() | (voucher.sale_name == ""))
		.where(voucher.sold_through.isin(("Till", "Portal")) & (voucher.price > 0))
	)


def _days(before: date) -> list[tuple[str, date]]:
	voucher = frappe.qb.DocType(VOUCHER)
	day = Date(voucher.sold_on)
	return (
		_uninvoiced(voucher)
		.select(voucher.mikrotik_settings, day)
		.distinct()
		.where(voucher.sold_on < before)
		.orderby(day)
		.run()
	)


def make(router: str, day: date) -> str | None:
	"""Invoice what a router sold on a day, and allocate its money; returns the invoice's name."""
	voucher = frappe.qb.DocType(VOUCHER)
	rows = (
		_uninvoiced(voucher)
		.select(*(voucher[field] for field in FIELDS))
		.where((voucher.mikrotik_settings == router) & (Date(voucher.sold_on) == day))
		.for_update()
	).run(as_dict=True)
	if not rows:
		return None
	pieces = Counter((row.internet_plan, flt(row.price)) for row in rows)
	lines = [voucher_books.Line(plan, count, price) for (plan, price), count in sorted(pieces.items())]
	remarks = _("Hotspot vouchers of {0} on {1}").format(router, frappe.format(day, {"fieldtype": "Date"}))
	invoice = voucher_books.new_invoice(voucher_books.walk_in_customer(), router, lines, remarks, str(day))
	invoice.hotspot_day_invoice = 1
	voucher_books.submit(invoice, lines)
	_link(invoice, rows, lines)
	_pay_at_till(invoice, rows)
	_allocate(invoice, rows)
	return invoice.name


def _link(invoice, rows: list[frappe._dict], lines: list[voucher_books.Line]) -> None:
	items = {(line.plan, line.price): item.name for line, item in zip(lines, invoice.items, strict=True)}
	sold = {"sale_doctype": invoice.doctype, "sale_name": invoice.name}
	update_rows(
		VOUCHER,
		{row.name: {**sold, "sale_item": items[row.internet_plan, flt(row.price)]} for row in rows},
	)
	deferred.share_out(invoice.doctype, invoice.name)


def _pay_at_till(invoice, rows: list[frappe._dict]) -> None:
	"""Cash and the like: one Payment Entry for each way of paying."""
	paid: defaultdict[str, float] = defaultdict(float)
	for row in rows:
		if not row.subscription_payment:
			paid[row.mode_of_payment] += flt(row.price)
	company = settings.books().company
	for mode, amount in sorted(paid.items()):
		entry = frappe.get_doc(
			{
				"doctype": "Payment Entry",
				"payment_type": "Receive",
				"company": company,
				"posting_date": invoice.posting_date,
				"mode_of_payment": mode,
				"party_type": "Customer",
				"party": invoice.customer,
				"paid_from": get_party_account("Customer", invoice.customer, company),
				"paid_to": get_bank_cash_account(mode, company)["account"],
				"paid_amount": amount,
				"received_amount": amount,
				"source_exchange_rate": 1,
				"target_exchange_rate": 1,
				"reference_no": invoice.name,
				"reference_date": invoice.posting_date,
				"hotspot_day_invoice": invoice.name,
				"cost_center": settings.books().cost_center,
				"references": [
					{
						"reference_doctype": "Sales Invoice",
						"reference_name": invoice.name,
						"allocated_amount": amount,
					}
				],
			}
		)
		entry.flags.ignore_permissions = True
		entry.submit()


def _allocate(invoice, rows: list[frappe._dict]) -> None:
	"""The Payment Entries of M-PESA sales were advances until now."""
	prices = {row.subscription_payment: flt(row.price) for row in rows if row.subscription_payment}
	payments = frappe.get_all(
		"Subscription Payment",
		{"name": ("in", list(prices) or [""]), "status": "Applied"},
		["name", "payment_entry"],
		order_by="creation",
		limit=0,
	)
	payment_entries.allocate(invoice, {row.payment_entry: prices[row.name] for row in payments})


def forget(invoice_name: str) -> None:
	"""The day's invoice was cancelled: its vouchers are sold, and are invoiced again, with their money. What was made
	income keeps what it was."""
	for name in frappe.get_all(
		"Payment Entry", {"hotspot_day_invoice": invoice_name, "docstatus": 1}, pluck="name", order_by="name"
	):
		entry = frappe.get_doc("Payment Entry", name)
		entry.flags.ignore_permissions = True
		entry.cancel()
	sold_with_it = {"sale_doctype": "Sales Invoice", "sale_name": invoice_name}
	frappe.db.set_value(
		VOUCHER,
		{**sold_with_it, "recognised_in": ("is", "not set")},
		{"deferred_amount": 0, "deferred_account": None},
	)
	frappe.db.set_value(VOUCHER, sold_with_it, {"sale_doctype": None, "sale_name": None, "sale_item": None})
