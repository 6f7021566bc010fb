"""How many M-PESA prompts and messages go out, and how many codes are tried: nobody's phone is bombed through us, and
whoever asks without end is in nobody's way.

Counted by what is asked for, not by address: an address is what a header says.

Prompts: a phone rings so often, a device and a router send so many. The phone is looked at first: who asks for one
phone a thousand times is refused before anything is written down or counted for the router. What was not sent does
not count.

Codes: a device has so many wrong tries. One of ours is one of a million million codes and needs no more. One that was
made elsewhere may be short, and a device is only what it says it is: so tries of short codes share what a router
allows. When that is spent, a device that uses a voucher here keeps its own tries, and the page of any other sends the
code to the router itself, which lets in who has the right one, and answers nobody outside its own Wi-Fi. A flood makes
the server silent to strangers, and keeps nobody with a right code from the Internet.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _

from mikrotik_integration.core.payments import phones
from mikrotik_integration.exceptions import PromptNotSent, VoucherError

# how many in how many seconds
A_PHONE = (5, 600)
A_PHONE_A_DAY = (30, 86400)
A_SUBSCRIPTION = (20, 3600)
A_DOCUMENT = (5, 3600)
A_CUSTOMERS_USER = (10, 3600)
A_DEVICE = (6, 600)
A_ROUTER = (1000, 600)
RESUMING = (10, 600)
RESUMING_DEVICE = (20, 600)
MESSAGES_AGAIN = (3, 86400)
TRYING_CODES = (20, 600)
SHORT_CODES = (300, 600)
REPLACING = (10, 3600)
ASKING_AT_ONCE = (20, 600)

# after these errors no prompt is on a phone, for sure
NOTHING_SENT = (frappe.RateLimitExceededError, PromptNotSent, VoucherError)


def check_phone(phone: str) -> None:
	"""Raises RateLimitExceededError if this phone (2547XXXXXXXX) was asked too often already. Counts nothing."""
	if _is_full(f"phone|{phone}", A_PHONE[0]) or _is_full(f"day|{phone}", A_PHONE_A_DAY[0]):
		_refuse()


def count_for_phone(phone_number: str | None) -> None:
	"""A prompt is about to appear on this phone. Raises RateLimitExceededError if there were too many."""
	try:
		phone = phones.normalise(phone_number or "")
	except phones.InvalidPhone:
		return  # no phone rings; frappe_mpsa_payments says so
	_count(f"phone|{phone}", *A_PHONE)
	_count(f"day|{phone}", *A_PHONE_A_DAY)


def count_request(subscription: str, customers_user: str | None) -> None:
	"""Somebody asks for a payment; ``customers_user`` unless it is staff. Raises RateLimitExceededError."""
	_count(f"subscription|{subscription}", *A_SUBSCRIPTION)
	if customers_user:
		_count(f"user|{customers_user}", *A_CUSTOMERS_USER)


def count_for_document(name: str) -> None:
	"""A guest or a customer has a prompt sent for a Payment Request. Raises RateLimitExceededError after too many."""
	_count(f"document|{name}", *A_DOCUMENT)


@contextmanager
def purchase_counted(router: str, mac: str) -> Iterator[None]:
	"""A guest of a captive portal is sent a prompt. Raises RateLimitExceededError if this device or this router sent
	too many. A guest may claim any device, or none: those share the router's."""
	limits = {f"device|{mac}": A_DEVICE} if mac else {}
	limits[f"router|{router}"] = A_ROUTER
	counted = []
	try:
		for what, limit in limits.items():
			counted.append(what)
			_count(what, *limit)
		yield
	except NOTHING_SENT:
		for what in counted:
			_take_back(what)
		raise


def count_resuming_device(mac: str) -> None:
	"""A device asks for what was bought with a phone."""
	_count(f"resuming|{_asker(mac)}", *RESUMING_DEVICE)


def count_resume(phone: str) -> None:
	"""A device asks for what another one bought with this phone, if anything."""
	_count(f"resume|{phone}", *RESUMING)


def may_send_again(purchase: str) -> bool:
	"""Whether the code of a purchase goes out by SMS once more: each message costs, and whoever knows the phone
	number may ask for it."""
	return _add(f"sms|{purchase}", MESSAGES_AGAIN[1]) <= MESSAGES_AGAIN[0]


def check_guesses(router: str, mac: str) -> None:
	"""A code is about to be looked up. Raises RateLimitExceededError if this device has tried too many."""
	if _is_full(_guesser(router, mac), TRYING_CODES[0]):
		_refuse()


def check_short_guesses(router: str) -> None:
	"""A short code is about to be looked up, for a device that uses no voucher here. Raises RateLimitExceededError if
	all devices of this router together have tried too many."""
	if _is_full(f"short|{router}", SHORT_CODES[0]):
		_refuse()


def count_wrong_code(router: str, mac: str, guessable: bool) -> None:
	"""A code was tried that gives nothing here."""
	_add(_guesser(router, mac), TRYING_CODES[1])
	if guessable:
		_add(f"short|{router}", SHORT_CODES[1])


def may_ask_at_once(payment: str) -> bool:
	"""Whether Daraja is asked about a prompt because somebody said something of it; otherwise in its time."""
	return _add(f"heard|{payment}", ASKING_AT_ONCE[1]) <= ASKING_AT_ONCE[0]


def count_replacement(voucher: str) -> None:
	"""Somebody who knows a code says with which phone it was bought."""
	_count(f"replacing|{voucher}", *REPLACING)


def _guesser(router: str, mac: str) -> str:
	return f"code|{router}|{_asker(mac)}"


def _asker(mac: str) -> str:
	"""The device, or the address of one that does not say."""
	return mac or str(getattr(frappe.local, "request_ip", None) or "")


def _count(what: str, limit: int, seconds: int) -> None:
	if _add(what, seconds) > limit:
		_refuse()


def _add(what: str, seconds: int) -> int:
	"""How often this happened within ``seconds`` of the first time. The end is set with the beginning: a counter that
	outlived a killed process would refuse for ever."""
	key = _key(what)
	# make_key has put the site's database into the key
	frappe.cache().set(key, 0, ex=seconds, nx=True)  # nosemgrep
	return frappe.cache().incrby(key, 1)


def _take_back(what: str) -> None:
	"""It did not happen after all. A counter whose end came in between goes: it would have none."""
	key = _key(what)
	frappe.cache().incrby(key, -1)
	if frappe.cache().ttl(key) < 0:
		frappe.cache().delete(key)


def _is_full(what: str, limit: int) -> bool:
	# make_key has put the site's database into the key
	return int(frappe.cache().get(_key(what)) or 0) >= limit  # nosemgrep


def _key(what: str) -> bytes:
	return frappe.cache().make_key(f"mikrotik_integration|prompts|{what}")


def _refuse() -> None:
	frappe.throw(
		_("There were too many requests. Wait some minutes, or pay to the pay bill number"),
		frappe.RateLimitExceededError,
	)
