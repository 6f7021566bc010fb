"""One payment, from the first word of it to the books. Written by ``services.inbox`` and what follows it."""

from collections.abc import Callable

import frappe
from frappe import _
from frappe.model.document import Document

from mikrotik_integration.services import inbox_queue, locks, payments

MANAGERS = ("ISP Manager", "ISP Administrator", "System Manager")
BOOKKEEPERS = (*MANAGERS, "ISP Staff", "Accounts Manager", "Accounts User")


class SubscriptionPayment(Document):
	def on_trash(self) -> None:
		"""What counted once and is forgotten would count again."""
		if frappe.db.get_value(self.doctype, self.name, "verified"):
			frappe.throw(_("A payment that is real is kept"))

	@frappe.whitelist(methods=["POST"])
	def ask_now(self) -> None:
		"""Ask M-PESA about this payment again."""
		self.check_permission("read")
		inbox_queue.enqueue(self.name)

	@frappe.whitelist(methods=["POST"])
	def confirm(self, reason: str, paid_on: str | None = None) -> None:
		"""A manager says that this payment is real, and when it was paid."""
		frappe.only_for(MANAGERS)
		self.alone(payments.confirm, reason, paid_on)

	@frappe.whitelist(methods=["POST"])
	def assign(self, subscription: str) -> None:
		"""This payment is for that subscription."""
		frappe.only_for(MANAGERS)
		frappe.get_doc("Customer Subscription", subscription).check_permission("write")
		self.alone(payments.assign, subscription)

	@frappe.whitelist(methods=["POST"])
	def close(self, closed_as: str, reason: str) -> None:
		"""Nothing will be booked for it: it is no money, not ours, or paid back outside of the books."""
		frappe.only_for(MANAGERS)
		self.alone(payments.close, closed_as, reason)

	@frappe.whitelist(methods=["POST"])
	def reopen(self, reason: str) -> None:
		"""It was closed by mistake."""
		frappe.only_for(MANAGERS)
		self.alone(payments.reopen, reason)

	@frappe.whitelist(methods=["POST"])
	def set_receipt(self, receipt: str) -> None:
		"""The receipt that no callback has told, read in the M-PESA portal."""
		frappe.only_for(BOOKKEEPERS)
		self.alone(payments.set_receipt, receipt)

	@frappe.whitelist(methods=["POST"])
	def not_a_duplicate(self) -> None:
		"""Two payments after all."""
		frappe.only_for(MANAGERS)
		self.alone(payments.not_a_duplicate)

	def alone(self, act: Callable, *arguments: str | None) -> None:
		"""While nobody else decides about any payment: two of them may be one money."""
		locks.alone("DocType", self.doctype, act, self.name, *arguments)


def on_doctype_update() -> None:
	"""However many wait, the next ones are found at once: see ``services.inbox_turns``. ``status`` and ``next_ask`` have
	no index of their own: MariaDB would take that one at times, and read through all that wait."""
	frappe.db.add_index("Subscription Payment", ["status", "in_crowd", "next_ask"], "turn")
