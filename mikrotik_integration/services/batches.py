"""Many vouchers at a time: made as documents by the thousand, sold together, brought onto the router together.

Set-based: saving ten thousand documents one by one would take minutes.
"""

from typing import Any

import frappe
from frappe import _
from frappe.utils import flt, now_datetime

from mikrotik_integration.core.vouchers import standing
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import (
	accounts,
	deferred,
	foreign_text,
	jobs,
	provisioning,
	voucher_books,
	voucher_packages,
	vouchers,
)
from mikrotik_integration.services.bulk import update_rows
from mikrotik_integration.services.locks import lock_row
from mikrotik_integration.services.vouchers import VOUCHER

BATCH = "Hotspot Voucher Batch"
CHUNK = 1000
DERIVED = ("status", "status_reason", "expires_on", "next_change")


def enqueue(name: str) -> None:
	"""Make the vouchers of a batch in the background."""
	jobs.enqueue("mikrotik_integration.services.batches.make", queue="long", timeout=1800, name=name)


def make(name: str) -> None:
	"""Background job: the vouchers of a batch, a chunk a transaction. Killed halfway and begun again, it goes on."""
	if not lock_row(BATCH, name):
		return
	batch = frappe.get_doc(BATCH, name, for_update=True)
	try:
		while (missing := batch.quantity - frappe.db.count(VOUCHER, {"batch": name})) > 0:
			insert(batch, vouchers.new_codes(min(missing, CHUNK)))
			_progress(name, batch.quantity)
			lock_row(BATCH, name)
		_set(name, status="Made", error="")
	except Exception as error:
		frappe.db.rollback()
		_set(name, status="Failed", error=foreign_text.text(error, 500))
		frappe.log_error(
			f"The vouchers of {name} could not be made", reference_doctype=BATCH, reference_name=name
		)
	# the vouchers are made, or it must be seen why not
	frappe.db.commit()  # nosemgrep


def _progress(name: str, quantity: int) -> None:
	_set(name, status="Making", made=frappe.db.count(VOUCHER, {"batch": name}))
	# a chunk is finished
	frappe.db.commit()  # nosemgrep


def _set(name: str, **values: Any) -> None:
	frappe.db.set_value(BATCH, name, values)
	frappe.publish_realtime(
		"hotspot_voucher_batch", {"batch": name, **values}, doctype=BATCH, docname=name, after_commit=True
	)


def insert(batch, codes: list[str], **further: Any) -> list[str]:
	"""Vouchers with these codes, as one statement; returns their names. ``further``: fields that all of them have."""
	plan = voucher_packages.check(batch.internet_plan, for_sale=False)
	router = voucher_packages.router_for_sale(batch.mikrotik_settings)
	values = {**voucher_packages.values_of(plan, router), "batch": batch.name, "use_before": _end_of(batch)}
	rows = [frappe._dict({**values, **further, "code": code}) for code in codes]
	return insert_rows(rows)


def insert_rows(rows: list[frappe._dict]) -> list[str]:
	"""Documents of vouchers that have all the same fields; returns their names. Makes no Router Accounts."""
	now, user = now_datetime(), frappe.session.user
	for row in rows:
		vouchers.derive(row)
		row.update(
			{
				"name": frappe.generate_hash(length=10),
				"creation": now,
				"modified": now,
				"owner": user,
				"modified_by": user,
				"docstatus": 0,
				"router_status": "Not Needed",
			}
		)
	fields = list(rows[0])
	frappe.db.bulk_insert(VOUCHER, fields, [[row[field] for field in fields] for row in rows])
	return [row.name for row in rows]


def _end_of(batch):
	"""The end of the day until which the vouchers can be used for the first time."""
	return f"{batch.use_before} 23:59:59" if batch.use_before else None


def sell(name: str, customer: str) -> str:
	"""Sell all vouchers of a batch that are for sale, on one invoice; returns its name. Raises VoucherError.

	The customer owes the invoice like any other: whoever may sell a batch decides to give that credit.
	"""
	batch = frappe.get_doc(BATCH, name, for_update=True)
	rows = for_sale(name)
	if batch.sales_invoice or not rows:
		raise VoucherError(_("No voucher of this batch is for sale"))
	router = voucher_packages.router_for_sale(batch.mikrotik_settings)
	lines = [voucher_books.Line(batch.internet_plan, len(rows), flt(rows[0].price))]
	invoice = voucher_books.new_invoice(customer, router.name, lines, _("Voucher batch {0}").format(name))
	voucher_books.submit(invoice, lines)
	mark_sold(
		rows,
		sold_through="Batch",
		sold_by=frappe.session.user,
		**voucher_books.sold_with(invoice),
	)
	deferred.share_out(invoice.doctype, invoice.name)
	batch.db_set(
		{
			"customer": customer,
			"sales_invoice": invoice.name,
			"sold_on": now_datetime(),
			"sold_by": frappe.session.user,
		}
	)
	enqueue_push(name)
	return invoice.name


def for_sale(name: str) -> list[frappe._dict]:
	"""The vouchers of a batch that nobody has bought or reserved, locked."""
	voucher = frappe.qb.DocType(VOUCHER)
	return (
		frappe.qb.from_(voucher)
		.select("*")
		.where((voucher.batch == name) & (voucher.status == "Available") & voucher.reserved_for.isnull())
		.orderby(voucher.name)
		.for_update()
	).run(as_dict=True)


def mark_sold(rows: list[frappe._dict], **sale: Any) -> None:
	"""Sell vouchers that were made before, and write down what their routers must hold. Set-based."""
	before = voucher_packages.use_before(rows[0].internet_plan, rows[0].use_before)
	values = {"sold_on": now_datetime(), "use_before": before, "router_status": "Pending", **sale}
	for row in rows:
		row.update(values)
		vouchers.derive(row)
	update_rows(VOUCHER, {row.name: {field: row[field] for field in (*values, *DERIVED)} for row in rows})
	hold(rows)


def hold(rows: list[frappe._dict]) -> None:
	"""Router Accounts of vouchers that have none yet."""
	now = now_datetime()
	wanted = []
	for row in rows:
		facts = vouchers.facts_of(row)
		presence = standing.presence(facts, now)
		wanted += [
			(vouchers.account_values(row, facts, router, presence), row.code)
			for router in vouchers.routers_of(row)
		]
	accounts.insert_many(wanted)


def enqueue_push(name: str) -> None:
	"""Bring the vouchers of a batch onto their routers after the commit."""
	jobs.enqueue("mikrotik_integration.services.batches.push", queue="long", timeout=1800, name=name)


def push(name: str) -> None:
	"""Background job: every router on which vouchers of this batch are not in sync yet."""
	home = frappe.db.get_value(BATCH, name, "mikrotik_settings")
	group = frappe.db.get_value("MikroTik Settings", home, "router_group")
	routers = frappe.get_all("MikroTik Settings", {"router_group": group}, pluck="name") if group else [home]
	for router in routers:
		provisioning.push_router(router)
	_set(name, on_router=frappe.db.count(VOUCHER, {"batch": name, "router_status": "In Sync"}))
	# how many are on routers must be seen
	frappe.db.commit()  # nosemgrep


def release(batch) -> None:
	"""A batch is deleted: only if none of its vouchers was sold. Raises VoucherError."""
	sold = frappe.db.count(
		VOUCHER, {"batch": batch.name, "sold_on": ("is", "set"), "voided_on": ("is", "not set")}
	)
	if sold:
		raise VoucherError(_("{0} vouchers of this batch were sold. It cannot be deleted").format(sold))
	frappe.db.delete(VOUCHER, {"batch": batch.name})
