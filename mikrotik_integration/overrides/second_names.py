"""What hooks.py puts in the place of a function answers to that function's own name alone.

Every module that imports the function has it under a further name, where Frappe calls the function itself; and some
functions of Frappe call what a request names to them.
"""

from collections.abc import Iterator
from urllib.parse import unquote

import frappe
from frappe import _
from frappe.modules.utils import load_doctype_module

# Frappe's mapper is told a function by this name, and calls what is in its place
MAPPED = "method"


def before_request() -> None:
	"""Hook. Raises PermissionError if the request names a function that was replaced, but calls what is in its place."""
	replaced = frappe.get_hooks("override_whitelisted_methods")
	names = {path.rpartition(".")[2] for path in replaced}
	arguments = {key: value for key, value in frappe.form_dict.items() if isinstance(value, str)}
	called = {*_called(), arguments.pop("cmd", ""), arguments.pop(MAPPED, "")} - set(replaced)
	for text in called | set(arguments.values()):
		if text.rpartition(".")[2] in names and _defined_as(text) in replaced:
			frappe.flags.disable_traceback = True
			frappe.throw(_("This function is not called by this name"), frappe.PermissionError)


def _called() -> Iterator[str]:
	"""What the path may name: a function, or a DocType and a function of its module."""
	parts = unquote(frappe.request.path).split("/")
	yield from parts
	if parts[:4] == ["", "api", "v2", "method"] and len(parts) > 5 and frappe.db.exists("DocType", parts[4]):
		yield f"{load_doctype_module(parts[4]).__name__}.{parts[5]}"


def _defined_as(text: str) -> str | None:
	"""The path of the function where it is defined."""
	if text.partition(".")[0] not in frappe.get_installed_apps():
		return None
	try:
		function = frappe.get_attr(text)
	except (ImportError, AttributeError, ValueError):
		return None  # Frappe says so itself
	return f"{getattr(function, '__module__', '')}.{getattr(function, '__name__', '')}"
