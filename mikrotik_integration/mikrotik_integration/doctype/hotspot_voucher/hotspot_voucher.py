"""A prepaid code. What happened to it is written by services; what it is follows from that."""

import frappe
from frappe import _
from frappe.model.document import Document

from mikrotik_integration.services import locks, voucher_sales, vouchers


class HotspotVoucher(Document):
	def validate(self) -> None:
		self.check_written_by_services()
		vouchers.derive(self)

	def check_written_by_services(self) -> None:
		"""Whoever may change a voucher does so by what is done with it: a request could say that it was sold."""
		if not self.flags.ignore_permissions and frappe.session.user != "Administrator":
			frappe.throw(_("Vouchers are made, sold and voided, not written"), frappe.PermissionError)

	def on_update(self) -> None:
		vouchers.sync(self)

	def on_trash(self) -> None:
		if self.sold_on and self.status != "Void":
			frappe.throw(_("This voucher was sold. Void it instead of deleting it"))
		vouchers.release(self)

	@frappe.whitelist(methods=["POST"])
	def void(self, reason: str) -> None:
		"""It gives nothing any more. For whoever may change vouchers."""
		self.check_permission("write")
		locks.alone(self.doctype, self.name, voucher_sales.void, self.name, reason)
