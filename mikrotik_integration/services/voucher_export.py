"""The codes of a batch as CSV, for printers' shops and spreadsheets."""

import csv
import io

import frappe
from frappe import _

from mikrotik_integration.services.vouchers import VOUCHER

COLUMNS = ("code", "package", "price", "currency", "status", "use before", "router")
# A spreadsheet takes a cell that begins so for a formula, which may do anything.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(batch: str) -> bytes:
	"""UTF-8 with a byte order mark, by which spreadsheets know it."""
	rows = frappe.get_all(
		VOUCHER,
		{"batch": batch},
		["code", "internet_plan", "price", "currency", "status", "use_before", "mikrotik_settings"],
		order_by="name",
		limit=0,
		as_list=True,
	)
	text = io.StringIO()
	writer = csv.writer(text)
	writer.writerow(_(column) for column in COLUMNS)
	writer.writerows([harmless(cell) for cell in row] for row in rows)
	return text.getvalue().encode("utf-8-sig")


def harmless(cell: object) -> object:
	"""A text that no spreadsheet takes for a formula; an apostrophe before it is not shown. Numbers stay."""
	if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA):
		return f"'{cell}"
	return "" if cell is None else cell
