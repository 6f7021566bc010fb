"""Company, accounts, defaults, messages."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html

from mikrotik_integration.core import message_templates
from mikrotik_integration.services import messages, router_guard, settings


class ISPSettings(Document):
	def validate(self) -> None:
		self.site_home = frappe.db.get_single_value("ISP Settings", "site_home")
		self.validate_account_number_prefix()
		self.validate_company()
		self.validate_accounts()
		self.validate_mode_of_payment()
		self.validate_taxes()
		self.validate_mpesa()
		self.validate_messages()

	@frappe.whitelist(methods=["POST"])
	def this_site_is_right(self) -> None:
		"""This site is no mere copy: it decides about the routers. For administrators."""
		self.check_permission("write")
		frappe.only_for(("System Manager", "ISP Administrator"))
		router_guard.confirm_home()

	@frappe.whitelist()
	def is_away(self) -> bool:
		"""Whether the site runs elsewhere than where it is at home: it is a copy, or was moved."""
		self.check_permission("read")
		return self.site_home != settings.home()

	def validate_account_number_prefix(self) -> None:
		prefix = self.account_number_prefix or ""
		if prefix and (not prefix.isdecimal() or prefix.startswith("0")):
			frappe.throw(_("The account number prefix must be digits that do not start with 0"))

	def validate_company(self) -> None:
		"""What is open in one company's books cannot be paid or used up in another's."""
		before = self.get_doc_before_save()
		if not before or not before.company or before.company == self.company:
			return
		ours = {"customer_subscription": ("is", "set"), "company": before.company, "docstatus": 1}
		open_invoice = frappe.db.exists("Sales Invoice", {**ours, "outstanding_amount": (">", 0)})
		advance = frappe.db.exists("Payment Entry", {**ours, "unallocated_amount": (">", 0)})
		if open_invoice or advance:
			frappe.throw(
				_("Subscriptions have open invoices or advances in the books of {0}, such as {1}").format(
					before.company, open_invoice or advance
				)
			)

	def validate_accounts(self) -> None:
		if self.cost_center and not frappe.db.exists(
			"Cost Center", {"name": self.cost_center, "company": self.company, "is_group": 0, "disabled": 0}
		):
			frappe.throw(_("The Cost Center must be one of {0} that takes entries").format(self.company))
		income = {"company": self.company, "root_type": "Income", "is_group": 0, "disabled": 0}
		if self.income_account and not frappe.db.exists("Account", {"name": self.income_account, **income}):
			frappe.throw(_("The income account must be an income account of {0}").format(self.company))
		if self.breakage_account and not frappe.db.exists(
			"Account", {"name": self.breakage_account, **income}
		):
			frappe.throw(
				_("The account for unused vouchers must be an income account of {0}").format(self.company)
			)
		self.validate_deferred_account()

	def validate_deferred_account(self) -> None:
		"""What it holds is owed as service to whoever has the voucher, not as money to a party."""
		if not self.deferred_account:
			return
		liability = {
			"name": self.deferred_account,
			"company": self.company,
			"root_type": "Liability",
			"is_group": 0,
			"disabled": 0,
			"account_currency": frappe.get_cached_value("Company", self.company, "default_currency"),
			"account_type": ("not in", ("Payable", "Receivable", "Tax")),
		}
		if not frappe.db.exists("Account", liability):
			frappe.throw(
				_(
					"The deferred revenue account must be a liability of {0} in its currency that needs no party"
				).format(self.company)
			)

	def validate_mode_of_payment(self) -> None:
		if not self.mode_of_payment:
			return
		account = frappe.db.get_value(
			"Mode of Payment Account",
			{"parent": self.mode_of_payment, "company": self.company},
			"default_account",
		)
		if not account:
			frappe.throw(
				_("Give the Mode of Payment {0} an account of {1} first").format(
					self.mode_of_payment, self.company
				)
			)
		currency = frappe.db.get_value("Account", account, "account_currency")
		if currency != frappe.db.get_value("Company", self.company, "default_currency"):
			frappe.throw(
				_("The account {0} is kept in {1}, not in the currency of {2}").format(
					account, currency, self.company
				)
			)

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
		for field, known in messages.NAMES.items():
			if unknown := message_templates.problems(self.get(field) or "", known):
				frappe.throw(
					_("{0}: {1} is not filled in. These can be: {2}").format(
						_(self.meta.get_label(field)),
						escape_html(unknown[0]),
						", ".join(f"{{{{ {name} }}}}" for name in known),
					)
				)
