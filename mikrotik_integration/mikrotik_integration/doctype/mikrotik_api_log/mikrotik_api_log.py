"""What was asked of a router, with what result. Cleared by age in Log Settings."""

import frappe
from frappe.model.document import Document
from frappe.query_builder import Interval
from frappe.query_builder.functions import Now


class MikroTikAPILog(Document):
	@staticmethod
	def clear_old_logs(days: int = 90) -> None:
		table = frappe.qb.DocType("MikroTik API Log")
		frappe.db.delete(table, filters=(table.timestamp < (Now() - Interval(days=days))))
