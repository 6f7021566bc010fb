"""A device that used a voucher."""

import frappe
from frappe.model.document import Document


class HotspotVoucherDevice(Document):
	def has_permission(self, permtype: str = "read", **how) -> bool:
		"""That on its voucher, as the database says it: for a row that comes alone Frappe asks for the role only."""
		voucher = frappe.db.get_value(self.doctype, self.name, "parent") or self.parent
		return super().has_permission(permtype, **how) and bool(
			self.flags.ignore_permissions
			or frappe.has_permission("Hotspot Voucher", permtype, doc=voucher, user=how.get("user"))
		)
