"""What this app refuses, as Frappe shows it. Errors of a router or of Daraja are in ``core``."""

import frappe
from frappe import _
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


class PromptNotSent(PaymentNotPossible):
	"""M-PESA was asked and put no prompt on the phone: nobody can pay for it."""


class SettingsMissing(Refusal):
	"""Something has to be filled in first; the message says where."""


class RouterDecisionNeeded(Refusal):
	"""Nothing can be done with a router before, or without, what a person decides; the message says what."""


class VoucherError(Refusal):
	"""A voucher cannot be made, sold, used or taken back; the message says why."""


class SoldOut(VoucherError):
	"""The pool of a package has no code left."""


class ChangedMeanwhile(Refusal):
	"""Somebody else acted on the same money at the same moment. Trying again sees what they did."""

	def __init__(self) -> None:
		super().__init__(
			_(
				"Somebody else did something here at the same moment. Nothing was booked: look at it, and try again"
			)
		)


class LoginTaken(Refusal):
	"""A login belongs to one subscription or voucher, and no other may have it."""

	def __init__(self, username: str, doctype: str, name: str) -> None:
		# the name of a voucher says nothing, and its code may be unsold
		owner = _("a voucher") if doctype == "Hotspot Voucher" else name
		super().__init__(
			_("The user name {0} is taken by {1}; upper and lower case count as the same").format(
				username, owner
			)
		)
