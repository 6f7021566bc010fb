"""How many M-PESA prompts go out: nobody's phone is bombed through us, and nobody asks without end.

Counted by what is asked for, not by address: an address is what a header says.
"""

import frappe
from frappe import _

from mikrotik_integration.core.payments import phones

# how many in how many seconds
A_PHONE = (5, 600)
A_SUBSCRIPTION = (20, 3600)
A_CUSTOMERS_USER = (10, 3600)
A_DEVICE = (6, 600)
A_ROUTER = (1000, 600)
RESUMING = (10, 600)
TRYING_CODES = (20, 600)


def count_for_phone(phone_number: str | None) -> None:
	"""A prompt is about to appear on this phone. Raises RateLimitExceededError if there were too many."""
	try:
		phone = phones.normalise(phone_number or "")
	except phones.InvalidPhone:
		return  # no phone rings; frappe_mpsa_payments says so
	_count(f"phone|{phone}", *A_PHONE)


def count_request(subscription: str, customers_user: str | None) -> None:
	"""Somebody asks for a payment; ``customers_user`` unless it is staff. Raises RateLimitExceededError."""
	_count(f"subscription|{subscription}", *A_SUBSCRIPTION)
	if customers_user:
		_count(f"user|{customers_user}", *A_CUSTOMERS_USER)


def count_purchase(router: str, mac: str) -> None:
	"""A guest of a captive portal wants a prompt. A guest may claim any device, or none: those share the router's."""
	if mac:
		_count(f"device|{mac}", *A_DEVICE)
	_count(f"router|{router}", *A_ROUTER)


def count_resume(phone: str) -> None:
	"""Somebody asks for what was bought with this phone."""
	_count(f"resume|{phone}", *RESUMING)


def count_wrong_code(router: str, mac: str) -> None:
	"""A code was tried that does not exist."""
	_count(f"code|{router}|{mac}", *TRYING_CODES)


def _count(what: str, limit: int, seconds: int) -> None:
	key = frappe.cache().make_key(f"mikrotik_integration|prompts|{what}")
	count = frappe.cache().incrby(key, 1)
	if count == 1:
		frappe.cache().expire(key, seconds)
	if count > limit:
		frappe.throw(
			_("There were too many requests. Wait some minutes, or pay to the pay bill number"),
			frappe.RateLimitExceededError,
		)
