"""frappe_mpsa_payments' C2B register: a confirmation came in, from Safaricom or from anyone else."""

import frappe
from frappe import _

from mikrotik_integration.services import inbox, inbox_worker


def after_insert(doc, method=None) -> None:
	if name := inbox.record_pay_bill(doc):
		inbox_worker.enqueue(name)


def before_submit(doc, method=None) -> None:
	"""The money of a subscription is booked once, by this app: not a second time by submitting the register."""
	booked = frappe.db.get_value(
		"Subscription Payment",
		{"receipt": doc.transid, "payment_entry": ("is", "set")},
		["name", "payment_entry"],
	)
	if booked and booked[1] != doc.get("payment_entry"):
		frappe.throw(
			_("This payment is already booked as {0} for an Internet subscription").format(booked[1])
		)
