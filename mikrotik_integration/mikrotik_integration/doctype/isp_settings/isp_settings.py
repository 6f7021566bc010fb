"""Company, accounts, defaults, messages."""

import frappe
from frappe import _
from frappe.model.document import Document


class ISPSettings(Document):
	def validate(self) -> None:
		self.validate_account_number_prefix()
		self.validate_taxes()
		self.validate_mpesa()
		self.validate_messages()

	def validate_account_number_prefix(self) -> None:
		prefix = self.account_number_prefix or ""
		if prefix and (not prefix.isdecimal() or prefix.startswith("0")):
			frappe.throw(_("The account number prefix must be digits that do not start with 0"))

	def validate_taxes(self) -> None:
		"""The plan's price is what the customer pays, so tax must be part of it."""
		if not self.taxes_and_charges:
			return
		template = frappe.get_doc("Sales Taxes and Charges Template", self.taxes_and_charges)
		if template.company != self.company:
			frappe.throw(
				_("The tax template belongs to {0}, not to {1}").format(template.company, self.company)
			)
		if any(not row.included_in_print_rate for row in template.taxes):
			frappe.throw(
				_("Every row of {0} must be included in the print rate: plan prices include tax").format(
					template.name
				)
			)

	def validate_mpesa(self) -> None:
		if not self.mpesa_settings:
			return
		currency = frappe.db.get_value("Company", self.company, "default_currency")
		if currency != "KES":
			frappe.msgprint(
				_(
					"M-PESA pays in KES, the books of {0} are kept in {1}: every M-PESA payment will wait for review"
				).format(self.company, currency)
			)
		if frappe.db.get_value("Mpesa Settings", self.mpesa_settings, "auto_reconcile_c2b"):
			frappe.msgprint(
				_(
					"Switch off Auto Reconcile C2B in Mpesa Settings {0}: it books pay bill payments before anyone has checked them with M-PESA"
				).format(self.mpesa_settings)
			)

	def validate_messages(self) -> None:
		for field in ("message_online", "message_short", "message_reminder", "message_suspended"):
			frappe.utils.jinja.validate_template(self.get(field) or "")
