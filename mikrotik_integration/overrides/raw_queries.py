"""Searches of ERPNext that put what is looked for between quotes of their SQL as it is: every login could end the quotes and
read any table.
"""

from collections.abc import Iterator

import frappe
from frappe import _

RAW = {"get_blanket_orders", "get_material_requests_based_on_supplier", "get_rfq_containing_supplier"}
# these have a filter ``disabled`` in it without quotes
UNQUOTED = {"get_expense_account", "get_income_account"}
ENDS_QUOTES = frozenset("'\\")


def before_request() -> None:
	"""Hook. Raises PermissionError for what could end the quotes, if the request names such a search anywhere."""
	texts = [*frappe.request.path.split("/"), *_texts(dict(frappe.form_dict))]
	names = {text.rpartition(".")[2] for text in texts}
	if names & RAW and any(ENDS_QUOTES & set(text) for text in texts):
		frappe.flags.disable_traceback = True
		frappe.throw(_("No quotes and backslashes here"), frappe.PermissionError)
	if names & UNQUOTED:
		filters = frappe.parse_json(frappe.form_dict.get("filters"))
		if isinstance(filters, dict) and str(filters.get("disabled", 0)) not in ("0", "1"):
			raise frappe.PermissionError


def _texts(value: object) -> Iterator[str]:
	if isinstance(value, str):
		yield value
	elif isinstance(value, list):
		for inner in value:
			yield from _texts(inner)
	elif isinstance(value, dict):
		for inner in value.values():
			yield from _texts(inner)
