"""The receipt of a payment that is recorded already: it becomes known late, or turns out to be another payment's.

The Payment Entry shows what the payment shows, from the same transaction on: by it an auditor finds the money.
"""

import frappe

PAYMENT = "Subscription Payment"


def give(payment_name: str, receipt: str | None) -> None:
	"""This is its receipt; None if it is not known any more."""
	frappe.db.set_value(PAYMENT, payment_name, {"receipt": receipt, "receipt_confirmed": 0})
	write(payment_name)


def write(payment_name: str) -> None:
	"""Into the Payment Entry that we made for it, if there is one."""
	payment = frappe.get_doc(PAYMENT, payment_name)
	if payment.status != "Applied" or payment.source == "Desk" or not payment.payment_entry:
		return
	# load ERPNext's accounting: see inbox_worker
	from mikrotik_integration.services import invoicing, purchase_money

	(purchase_money if payment.hotspot_purchase else invoicing).write_reference(payment)
