"""What this app refuses, as Frappe shows it. Errors of a router or of Daraja are in ``core``."""

import frappe
from frappe.utils import escape_html


class Refusal(frappe.ValidationError):
	"""Its words reach the person in front of the desk or the portal, as those of frappe.throw do."""

	def __init__(self, words: str) -> None:
		super().__init__(words)
		frappe.msgprint(escape_html(words), indicator="red")


class SubscriptionError(Refusal):
	"""The subscription cannot do that now; the message says why."""


class PaymentNotPossible(Refusal):
	"""No payment could be asked for or booked; the message says why and what to do."""


class SettingsMissing(Refusal):
	"""Something has to be filled in first; the message says where."""


class RouterDecisionNeeded(Refusal):
	"""Nothing can be done with a router before, or without, what a person decides; the message says what."""


class VoucherError(Refusal):
	"""A voucher cannot be made, sold, used or taken back; the message says why."""


class SoldOut(VoucherError):
	"""The pool of a package has no code left."""
