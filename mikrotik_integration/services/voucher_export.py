"""The codes of a batch as CSV, for printers' shops and spreadsheets."""

import csv
import io

import frappe
from frappe import _

from mikrotik_integration.services.foreign_text import no_formula
from mikrotik_integration.services.vouchers import VOUCHER

COLUMNS = ("code", "package", "price", "currency", "status", "use before", "router")


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
	writer.writerows(["" if cell is None else no_formula(cell) for cell in row] for row in rows)
	return text.getvalue().encode("utf-8-sig")
