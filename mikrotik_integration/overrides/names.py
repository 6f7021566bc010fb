"""A request names a document by its name.

Many functions of Frappe and ERPNext take a filter in the place of a name, or of a link to another document, look for
what it fits, and ask afterwards whether the user may see that, or never; for links even guests are answered. Whether
something was found tells a text letter by letter: a voucher's code, which is money. So what looks for such a text stands
in filters, where Frappe asks first, and nowhere else.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

import frappe
from frappe import _
from frappe.database.operator_map import OPERATOR_MAP
from frappe.model import table_fields

# the documents whose logins and codes not everybody may read
OURS = {"Hotspot Voucher", "Router Account"}
# fields that nobody may feel for with a condition, and those that find a document on their own
SECRETS = {"account_key", "code", "username", "mac_address", "phone_number", "wifi_password"}
LOGINS = {"account_key", "code", "username"}
# in these no document is named, whatever stands there
NO_NAMES = ("filters", "or_filters", "column_widths")
RESOURCES = ("/api/resource/", "/api/v1/resource/", "/api/v2/document/")
WORD = re.compile(r"\w+")


class Part(NamedTuple):
	"""Something that a request says under ``name``: an argument, or a field of a document of this DocType."""

	doctype: object
	name: str
	value: object


def before_request() -> None:
	"""Hook. Raises ValidationError, whether or not there is what the filter fits."""
	path = unquote(frappe.request.path)
	parts = list(_parts(path))
	texts = {*path.split("/"), *(part.value for part in parts if isinstance(part.value, str))}
	if any(_has_condition(part) or _is_link_by_filter(part) for part in parts) or (
		texts & OURS and any(_has_login(part) for part in parts)
	):
		frappe.flags.disable_traceback = True
		frappe.throw(_("A document is named by its name, not by a filter"))


def _parts(path: str) -> Iterator[Part]:
	"""All that the request says, but for its filters and the widths of columns."""
	said = {key: _parsed(value) for key, value in frappe.form_dict.items() if "filter" not in key}
	resource = next((path.removeprefix(start) for start in RESOURCES if path.startswith(start)), "")
	waiting = [Part(resource.split("/")[0], key, value) for key, value in said.items()]
	if field := said.get("fieldname"):  # as ``frappe.client.set_value`` has it
		fields = field if isinstance(field, dict) else {str(field): said.get("value")}
		waiting.extend(Part(said.get("doctype"), key, value) for key, value in fields.items())
	while waiting:
		part = waiting.pop()
		yield part
		if isinstance(part.value, list):
			waiting.extend(part._replace(value=inner) for inner in part.value)
		elif isinstance(part.value, dict):
			field = _field(part)
			is_row = field and field.fieldtype in table_fields
			of = part.value.get("doctype") or (field.options if is_row else part.doctype)
			inner = ((key, value) for key, value in part.value.items() if key not in NO_NAMES)
			waiting.extend(Part(of, key, value) for key, value in inner)


def _parsed(value: object) -> object:
	"""Functions take JSON for what it says."""
	if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
		return value
	try:
		return frappe.parse_json(value)
	except (ValueError, RecursionError):
		return value  # Frappe says so itself


def _field(part: Part):
	"""The field that it is in its DocType, if it is one."""
	doctype = part.doctype
	is_known = isinstance(doctype, str) and frappe.db.exists("DocType", doctype, cache=True)
	return frappe.get_meta(doctype).get_field(part.name) if is_known else None


def _has_condition(part: Part) -> bool:
	"""``{field: [operator, value]}``, ``[field, operator, value]``, or with the DocType before it."""
	if not isinstance(part.value, list):
		return False
	pairs = zip([part.name, *part.value], part.value[:3], strict=False)
	return any(_is_operator(one) and _is_one_of(SECRETS, field) for field, one in pairs)


def _is_operator(value: object) -> bool:
	return isinstance(value, str) and value.casefold() in OPERATOR_MAP


def _is_link_by_filter(part: Part) -> bool:
	"""A link that is no text: Frappe looks for what it fits."""
	if not isinstance(part.value, dict | list):
		return False
	field = _field(part)
	return bool(field) and field.fieldtype in ("Link", "Dynamic Link")


def _has_login(part: Part) -> bool:
	"""A dict that is no document, with a login in it."""
	value = part.value
	return (
		isinstance(value, dict) and "doctype" not in value and any(_is_one_of(LOGINS, key) for key in value)
	)


def _is_one_of(fields: set[str], field: object) -> bool:
	"""Also as ``hotspot_voucher.code``."""
	return isinstance(field, str) and not fields.isdisjoint(WORD.findall(field))
