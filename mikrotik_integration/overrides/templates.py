"""Templates that accountants write. ERPNext renders them with Frappe's whole template language, which reads and writes every
document, whoever wrote them: codes that are for sale, and passwords of routers. Those of a System Manager may do that.
"""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.automation.doctype.auto_repeat import auto_repeat
from frappe.utils import cstr
from jinja2 import Environment, TemplateSyntaxError, nodes

TEMPLATES = {
	"Auto Repeat": ("subject", "message"),
	"Dunning Letter Text": ("body_text", "closing_text"),
	"Payment Gateway Account": ("message",),
	"Payment Request": ("subject", "message"),
	"Process Statement Of Accounts": ("subject", "body", "pdf_name"),
	"Terms and Conditions": ("terms",),
}
# what a text needs, and what changes nothing
OF_FRAPPE = {"bold", "format", "format_date", "format_value", "utils"}
FUNCTIONS = {"_", "dict", "namespace", "range"}
METHODS = {
	*("append", "endswith", "format", "get", "get_formatted", "items", "join", "keys", "lower", "replace"),
	*("split", "startswith", "strftime", "strip", "title", "upper", "values"),
}
FILES = (nodes.Extends, nodes.FromImport, nodes.Import, nodes.Include)


def validate(doc, method=None) -> None:
	"""Hook, for a document and the rows of its tables. What stands there already was checked when it was written."""
	if "System Manager" in frappe.get_roles():
		return
	before = doc.get_doc_before_save()
	written = {*(_texts(before) if before else ()), _of_gateway(doc)}
	for text in _texts(doc):
		if text not in written:
			check(text)


def _texts(doc) -> Iterator[str | None]:
	for part in (doc, *doc.get_all_children()):
		for field in TEMPLATES.get(part.doctype, ()):
			yield part.get(field)


def _of_gateway(doc) -> str | None:
	"""The text that ERPNext copies into a Payment Request."""
	account = doc.doctype == "Payment Request" and doc.payment_gateway_account
	return frappe.db.get_value("Payment Gateway Account", account, "message") if account else None


def check(text: str | None) -> None:
	"""Raises PermissionError if a template does more than fill in values."""
	try:
		tree = Environment(autoescape=True).parse(cstr(text))
	except TemplateSyntaxError:
		return  # it is never rendered
	if any(tree.find_all(FILES)) or not (
		_uses_little_of_frappe(tree) and _calls_nothing_else(tree) and _keeps_names_of_methods(tree)
	):
		frappe.throw(
			_(
				"This text may fill in values, such as {{ doc.name }}, and format them. More needs a System Manager"
			),
			frappe.PermissionError,
		)


def _uses_little_of_frappe(tree: nodes.Template) -> bool:
	allowed = {id(one.node) for one in tree.find_all(nodes.Getattr) if one.attr in OF_FRAPPE}
	return all(id(name) in allowed for name in tree.find_all(nodes.Name) if name.name == "frappe")


def _calls_nothing_else(tree: nodes.Template) -> bool:
	functions = FUNCTIONS | {macro.name for macro in tree.find_all(nodes.Macro)}
	functions -= {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}  # these are anything
	return all(_is_harmless(call.node, functions) for call in tree.find_all(nodes.Call))


def _keeps_names_of_methods(tree: nodes.Template) -> bool:
	"""``{"lower": function}.lower()`` calls the function: nothing is kept under such a name, or under one that only
	rendering shows."""
	names = [ref.attr for ref in tree.find_all(nodes.NSRef)]
	for pair in tree.find_all(nodes.Pair):
		names.append(pair.key.value if isinstance(pair.key, nodes.Const) else None)
	for call in tree.find_all(nodes.Call):
		if isinstance(call.node, nodes.Name):
			names += [keyword.key for keyword in call.kwargs]
			copies = call.node.name in ("dict", "namespace") and (call.args or call.dyn_args)
			names += [None] if copies or call.dyn_kwargs else []
	return None not in names and METHODS.isdisjoint(names)


def _is_harmless(called: nodes.Expr, functions: set[str]) -> bool:
	if isinstance(called, nodes.Name):
		return called.name in functions
	return isinstance(called, nodes.Getattr) and (called.attr in METHODS or _is_of_frappe(called))


def _is_of_frappe(called: nodes.Getattr) -> bool:
	"""``frappe.format``, ``frappe.utils.flt``; for the rest see ``_uses_little_of_frappe``."""
	owner = called.node.node if isinstance(called.node, nodes.Getattr) else called.node
	return isinstance(owner, nodes.Name) and owner.name == "frappe"


@frappe.whitelist(methods=["POST"])
def generate_message_preview(**arguments: object) -> dict:
	"""Of an Auto Repeat: Frappe 15 renders the texts that come with the request, 16 those that were saved."""
	if "System Manager" not in frappe.get_roles():
		check(arguments.get("message"))
		check(arguments.get("subject"))
	return frappe.call(auto_repeat.generate_message_preview, **arguments)
