"""Text fields of this app's documents, and of those that M-PESA's callbacks make, hold text and nothing else."""

import frappe
from frappe import _

from mikrotik_integration.services import foreign_text

# read by phones and written to routers exactly as they are; pages escape them
AS_THEY_ARE = {"MikroTik Settings": ("wifi_name", "wifi_password")}


def before_insert(doc, method=None) -> None:
	"""Names are made of fields: of what came in, not of what Frappe would make of it."""
	field = (doc.meta.autoname or "").removeprefix("field:")
	if doc.meta.has_field(field) and foreign_text.line(doc.get(field)) != (doc.get(field) or "").strip():
		frappe.throw(
			_("{0} must not begin with = + - @ and must not hold < or >").format(_(doc.meta.get_label(field)))
		)


def validate(doc, method=None) -> None:
	kept = {field: doc.get(field) for field in AS_THEY_ARE.get(doc.doctype, ())}
	foreign_text.reduce_fields(doc)
	doc.update(kept)


def before_print(doc, method=None, settings=None) -> None:
	"""Frappe's standard print shows text as HTML, and what makes the PDF would fetch what that names."""
	foreign_text.reduce_fields(doc)


def before_insert_of_mpesa(doc, method=None) -> None:
	"""What Safaricom posts, or anybody else: a text that is too long must not keep the payment from being recorded."""
	foreign_text.reduce_fields(doc, foreign_text.LONGEST_LINE)
