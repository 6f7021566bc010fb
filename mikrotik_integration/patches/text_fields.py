"""HTML and formulas that were kept before text was reduced where it enters. Logins and codes stay: routers have them."""

import frappe

from mikrotik_integration.services import foreign_text

LOGINS = ("username", "code", "profile_name", "wifi_name", "wifi_password", "account_key")


def execute() -> None:
	doctypes = frappe.get_all(
		"DocType", {"module": "MikroTik Integration", "issingle": 0}, pluck="name", order_by="name"
	)
	for doctype in doctypes:
		for field in frappe.get_meta(doctype).fields:
			if field.fieldtype in foreign_text.TEXT and field.fieldname not in LOGINS:
				_clean(doctype, field.fieldname)


def _clean(doctype: str, field: str) -> None:
	table = frappe.qb.DocType(doctype)
	suspect = frappe.qb.from_(table).select(table.name, table[field])
	suspect = suspect.where(table[field].regexp("[<>]|(^|\n) *[-=+@\t\r]"))
	for name, value in suspect.run():
		frappe.db.set_value(doctype, name, field, foreign_text.text(value), update_modified=False)
