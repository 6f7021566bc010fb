"""What this app refuses, as Frappe shows it. Errors of a router or of Daraja are in ``core``."""

import frappe


class SubscriptionError(frappe.ValidationError):
	"""The subscription cannot do that now; the message says why."""


class PaymentNotPossible(frappe.ValidationError):
	"""No payment could be asked for or booked; the message says why and what to do."""


class SettingsMissing(frappe.ValidationError):
	"""Something has to be filled in first; the message says where."""
