"""Somebody's wish to buy a voucher with M-PESA. Written by ``services.purchases``."""

import frappe
from frappe import _
from frappe.model.document import Document

from mikrotik_integration.services import payments, purchases


class HotspotPurchase(Document):
	def autoname(self) -> None:
		"""The name is the account reference of the prompt: M-PESA shows at most 12 characters of it."""
		self.name = purchases.new_name()

	def validate(self) -> None:
		"""Whoever shares it may share the right to write: a purchase without its voucher is owed its money back."""
		if not self.flags.ignore_permissions and frappe.session.user != "Administrator":
			frappe.throw(_("Purchases are written by what is done with them alone"), frappe.PermissionError)

	def on_payment_authorized(self, status: str | None = None) -> None:
		"""Called by frappe_mpsa_payments, for failed payments too: only makes us ask Daraja ourselves."""
		payments.poke(self)
