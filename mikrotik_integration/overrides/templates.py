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
	"Print Format": ("html",),  # ERPNext makes one of a Cheque Print Template, whoever asks
	"Process Statement Of Accounts": ("subject", "body", "pdf_name"),
	"Terms and Conditions": ("terms",),
}
# What a text needs and what changes nothing. Almost no methods, filters do the same: under a method's name any function can
# stand, but not in what ERPNext calls so.
DOCUMENTS = {"doc", "payment_request"}
OF_FRAPPE = {"bold", "format", "format_date", "format_value", "utils"}
FUNCTIONS = {"_", "range"}
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
	if any(tree.find_all(FILES)) or not (_uses_little_of_frappe(tree) and _calls_nothing_else(tree)):
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
	given = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}  # these are anything
	return all(_is_harmless(call.node, functions - given, given) for call in tree.find_all(nodes.Call))


def _is_harmless(called: nodes.Expr, functions: set[str], given: set[str]) -> bool:
	"""``_``, a macro, ``frappe.format``, ``frappe.utils.flt``, ``doc.get_formatted``, ``_("...").format``; for what of
	frappe see ``_uses_little_of_frappe``."""
	if isinstance(called, nodes.Name):
		return called.name in functions
	if not isinstance(called, nodes.Getattr):
		return False
	owner = called.node
	if called.attr == "format" and _is_text(owner, functions):
		return True
	if called.attr == "get_formatted" and isinstance(owner, nodes.Name):
		return owner.name in DOCUMENTS - given
	owner = owner.node if isinstance(owner, nodes.Getattr) else owner
	return isinstance(owner, nodes.Name) and owner.name == "frappe"


def _is_text(value: nodes.Expr, functions: set[str]) -> bool:
	"""One in quotes, translated or not. What else ``_`` is given it may give back as it is."""
	if isinstance(value, nodes.Call) and isinstance(value.node, nodes.Name) and value.node.name == "_":
		return "_" in functions and bool(value.args) and isinstance(value.args[0], nodes.Const)
	return isinstance(value, nodes.Const)


@frappe.whitelist(methods=["POST"])
def generate_message_preview(**arguments: object) -> dict:
	"""Of an Auto Repeat: Frappe 15 renders the texts that come with the request, 16 those that were saved."""
	if "System Manager" not in frappe.get_roles():
		check(arguments.get("message"))
		check(arguments.get("subject"))
	return frappe.call(auto_repeat.generate_message_preview, **arguments)
