"""Vouchers that are made, printed or imported together."""

import frappe
from frappe import _
from frappe.model.document import Document

from mikrotik_integration.services import batches, locks, voucher_packages

MOST = 10_000


class HotspotVoucherBatch(Document):
	def validate(self) -> None:
		self.keep_what_was_written()
		self.validate_quantity()
		voucher_packages.check(self.internet_plan)

	def keep_what_was_written(self) -> None:
		"""What services write stays as they wrote it, whatever a request says: to whom the batch was sold, and how. A Custom
		Field is its maker's matter."""
		fields = [
			field.fieldname
			for field in self.meta.fields
			if field.read_only and not field.get("is_custom_field")
		]
		self.update(frappe.db.get_value(self.doctype, self.name, fields, as_dict=True) or {})

	def validate_quantity(self) -> None:
		if not 1 <= (self.quantity or 0) <= MOST:
			frappe.throw(_("A batch has between 1 and {0} vouchers").format(f"{MOST:,}"))

	def after_insert(self) -> None:
		if self.origin == "Made Here":
			batches.enqueue(self.name)

	def on_trash(self) -> None:
		batches.release(self)

	@frappe.whitelist(methods=["POST"])
	def sell(self, customer: str) -> str:
		"""Sell the whole batch on one invoice; returns its name. For whoever may change batches."""
		self.check_permission("write")
		return locks.alone(self.doctype, self.name, batches.sell, self.name, customer)
