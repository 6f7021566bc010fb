"""Frappe's search, count, sums and check of a link, asked by whoever has a login.

Its search leaves out all permissions but the role's when its caller says ``ignore_user_permissions``, and its count
(in Frappe 15) asks for none at all: filters on a secret tell it letter by letter. Its check of a link (in Frappe 15;
16 searches instead) says of any name whether there is such a document. Its ``get`` looks for what a filter names, and
asks afterwards: whether it was found tells a secret, too.
"""

import frappe
from frappe import _, client
from frappe.desk import reportview
from frappe.utils import get_safe_filters, goal

AGGREGATIONS = ("sum", "avg", "count", "min", "max")


@frappe.whitelist()
@frappe.validate_and_sanitize_search_inputs
def find(doctype, txt, searchfield, start, page_len, filters, as_dict=False, **_more) -> list:
	"""For ``standard_queries``: what the user may see, by name, title and search fields."""
	meta = frappe.get_meta(doctype)
	names = ["name", meta.title_field, *meta.get_search_fields()]
	fields = list(dict.fromkeys(name for name in names if name))
	return frappe.get_list(
		doctype,
		filters=filters,
		or_filters=[[doctype, field, "like", f"%{txt}%"] for field in fields] if txt else None,
		fields=fields,
		order_by="modified desc",
		limit_start=start,
		limit_page_length=page_len,
		as_list=not as_dict,
	)


@frappe.whitelist()
def get_count(doctype: str, filters=None, debug=False, cache=False) -> int:
	"""How many documents there are that the user may see: the count of the list, as in Frappe 16."""
	frappe.form_dict.update(doctype=doctype, filters=get_safe_filters(filters), debug=debug)
	return reportview.get_count()


@frappe.whitelist()
def get(doctype: str, name=None, filters=None, parent: str | None = None) -> dict:
	"""A document by its name; by filters, the first of those that the user may see."""
	if not name and filters and doctype in _ours():
		found = frappe.get_list(
			doctype,
			get_safe_filters(filters),
			pluck="name",
			order_by="creation",
			limit=1,
			parent_doctype=parent,
		)
		if not found:
			frappe.throw(_("{0} not found").format(_(doctype)), frappe.DoesNotExistError)
		name = found[0]
	return client.get(doctype, name, filters, parent)


@frappe.whitelist()
def validate_link(doctype: str, docname: str, fields: str | list | None = None) -> dict:
	"""One of our documents that the user may not see is answered like one that is not there."""
	if doctype in _ours() and not frappe.get_list(doctype, {"name": docname}, order_by="creation", limit=1):
		return {"name": None}
	# Frappe 16 has the other one in its place, whose search keeps to what the user may see
	original = getattr(client, "validate_link", None) or client.validate_link_and_fetch
	return original(doctype, docname, fields)


@frappe.whitelist()
def get_monthly_goal_graph_data(goal_doctype: str, aggregation: str = "sum", **arguments: object) -> dict:
	"""Sums of months. Frappe 15 adds up for every login whatever a filter finds, and takes any SQL for the function."""
	if aggregation not in AGGREGATIONS or goal_doctype in _ours() or not frappe.has_permission(goal_doctype):
		raise frappe.PermissionError
	return frappe.call(
		goal.get_monthly_goal_graph_data, goal_doctype=goal_doctype, aggregation=aggregation, **arguments
	)


def _ours() -> set[str]:
	"""The documents of which not everybody with their role may see all."""
	hooks = ("standard_queries", "permission_query_conditions")
	return {doctype for hook in hooks for doctype in frappe.get_hooks(hook, app_name="mikrotik_integration")}
