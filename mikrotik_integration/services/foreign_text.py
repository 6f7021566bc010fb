"""Text that people and machines write, made harmless where it enters: no HTML, and no formula for a spreadsheet.

Frappe sanitizes neither what looks like JSON nor what is written past a document's ``save``, and shows fields as HTML.
"""

from mikrotik_integration.core.foreign_text import plain_text

LONGEST_LINE = 140
# as long as a Small Text is worth reading
LONGEST_TEXT = 2000
# A spreadsheet takes a cell that begins so for a formula, which may do anything.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
ONE_LINE = ("Data", "Read Only")
SEVERAL_LINES = ("Small Text", "Text")
TEXT = (*ONE_LINE, *SEVERAL_LINES)


def line(value: object, limit: int = LONGEST_LINE) -> str:
	"""One line that is neither HTML nor a formula."""
	return no_formula(plain_text(value, limit))[:limit]


def text(value: object, limit: int = LONGEST_TEXT) -> str:
	"""The same of several lines."""
	return "\n".join(line(part, limit) for part in str(value or "").splitlines())[:limit]


def no_formula(cell: object) -> object:
	"""A text that no spreadsheet takes for a formula; it does not show an apostrophe before it. Numbers stay."""
	if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA):
		return f"'{cell}"
	return cell


def reduce_fields(doc, limit: int | None = None) -> None:
	"""Make the text fields of a document harmless. Without a limit nothing is cut off: Frappe refuses what is too
	long."""
	for field in doc.meta.fields:
		value = doc.get(field.fieldname)
		if not value or not isinstance(value, str):
			continue
		if field.fieldtype in ONE_LINE:
			doc.set(field.fieldname, line(value, limit or 2 * len(value) + 1))
		elif field.fieldtype in SEVERAL_LINES:
			doc.set(field.fieldname, text(value, LONGEST_TEXT if limit else 2 * len(value) + 1))
