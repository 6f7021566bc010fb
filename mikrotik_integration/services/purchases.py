"""Buying a voucher with M-PESA, on the captive portal or at the till: the wish, and the prompt.

What is wanted is written down before the prompt goes out, with the code reserved where the package is sold from a
pool. The money comes in by the inbox like all other, and is applied by ``purchase_money``.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import flt, now_datetime
from frappe.utils.password import get_encryption_key

from mikrotik_integration.core.provisioning.names import normalise_mac
from mikrotik_integration.exceptions import PaymentNotPossible, VoucherError
from mikrotik_integration.services import (
	closed_books,
	inbox,
	locks,
	prompts,
	pushes,
	settings,
	voucher_books,
	voucher_packages,
	voucher_sales,
)
from mikrotik_integration.services.vouchers import VOUCHER

PURCHASE = "Hotspot Purchase"
LETTERS = "23456789ACDEFHJKMNPQRTUVWXY"
LANGUAGES = ("en", "sw")
RESERVED_FOR = timedelta(minutes=5)  # a prompt lives about one


@dataclass(frozen=True)
class Started:
	"""A prompt is on the phone; ``token`` gets to this purchase from any browser."""

	purchase: str
	token: str
	amount: float
	phone: str


def new_name() -> str:
	"""A name that nobody can guess, short enough for the account reference of a prompt (12 characters)."""
	while True:
		name = "W" + "".join(secrets.choice(LETTERS) for _ in range(10))
		if not frappe.db.exists(PURCHASE, name):
			return name


def start(
	package: str,
	router: str,
	phone_number: str,
	mac: str = "",
	language: str = "en",
	sold_by: str | None = None,
) -> Started:
	"""Send the prompt for one voucher. Commits.

	Raises VoucherError or PaymentNotPossible, in words for the buyer, and RateLimitExceededError; then no code is
	reserved, and where no prompt went out nothing is kept at all.
	"""
	plan = voucher_packages.check(package)
	if not sold_by and not plan.shown_on_portal:
		raise VoucherError(_("{0} is no longer sold").format(package))
	place = voucher_packages.router_for_sale(router)
	closed_books.check_today(for_guests=not sold_by)
	voucher_packages.check_served(package, place.name, to_guest=not sold_by)
	phone = pushes.phone(phone_number)
	address = mac_of(mac)
	prompts.check_phone(phone)
	wanted = (plan, place, phone, address, language, sold_by)
	if sold_by:
		return _send(locks.afresh(_record, *wanted))
	with prompts.purchase_counted(place.name, address):
		return _send(locks.afresh(_record, *wanted))


def _send(purchase) -> Started:
	# the reservation must stand before anybody is charged
	frappe.db.commit()  # nosemgrep
	phone = purchase.phone_number
	try:
		payment = pushes.send(purchase, phone, flt(purchase.price), purchase.internet_plan)
	except Exception as error:
		frappe.db.rollback()
		give_up(purchase.name, str(error))
		if isinstance(error, prompts.NOTHING_SENT):
			_forget(purchase.name)
		# the code is for sale again
		frappe.db.commit()
		raise
	frappe.db.set_value(PURCHASE, purchase.name, "subscription_payment", payment, update_modified=False)
	return Started(purchase.name, token_of(purchase.name), flt(purchase.price), phone)


def _record(plan, router, phone: str, mac: str, language: str, sold_by: str | None):
	if settings.books().company_currency != inbox.KES:
		raise PaymentNotPossible(_("M-PESA is paid in {0}").format(inbox.KES))
	purchase = frappe.get_doc(
		{
			"doctype": PURCHASE,
			"internet_plan": plan.name,
			"mikrotik_settings": router.name,
			"price": flt(plan.price),
			"currency": inbox.KES,
			"phone_number": phone,
			"mac_address": mac,
			"language": language if language in LANGUAGES else "en",
			"sold_by": sold_by,
			"customer": voucher_books.walk_in_customer(),
		}
	).insert(ignore_permissions=True)
	if plan.codes_from == voucher_sales.POOL:
		(voucher,) = voucher_sales.take_from_pool(plan.name, router.name, 1)
		# said on the voucher alone: whoever reads the purchase would read the code that it names
		frappe.db.set_value(VOUCHER, voucher, "reserved_for", purchase.name)
	return purchase


def mac_of(text: str) -> str:
	"""As routers write it; empty for what is none. It only says which device may see the code again."""
	try:
		return normalise_mac(text)
	except ValueError:
		return ""


def give_up(name: str, reason: str) -> None:
	"""Nobody will pay for this purchase: its code is for sale again. In the caller's transaction."""
	purchase = frappe.get_doc(PURCHASE, name, for_update=True)
	if purchase.status != "Waiting":
		return
	frappe.db.set_value(VOUCHER, {"reserved_for": name}, "reserved_for", None)
	owed = frappe.db.get_value(
		"Subscription Payment",
		{"hotspot_purchase": name, "verified": 1, "status": "Needs Review"},
		"review_reason",
	)
	status, because = ("Refund Due", owed) if owed else ("Failed", reason)
	purchase.db_set({"status": status, "status_reason": because[:500]})


def _forget(name: str) -> None:
	"""No prompt went out, so nobody can pay: the wish leaves no trace."""
	frappe.delete_doc(PURCHASE, name, ignore_permissions=True, force=True, delete_permanently=True)


def has_open_prompt(name: str) -> bool:
	"""Whether somebody may still pay for this purchase, or has: whoever knows its name can make another prompt for it,
	and refuse that one or pay too little."""
	return _has_payment(name, source="STK Push", status=("in", ("Requested", "Verified")))


def _has_payment(name: str, **filters) -> bool:
	return bool(frappe.db.exists("Subscription Payment", {"hotspot_purchase": name, **filters}))


def free_reservations() -> None:
	"""Every minute: codes of prompts that nobody can answer any more are for sale again, whatever Daraja says of them,
	and when. The purchase waits on: who paid all the same gets another code, or the money back."""
	voucher, purchase = frappe.qb.DocType(VOUCHER), frappe.qb.DocType(PURCHASE)
	old = (
		frappe.qb.from_(voucher)
		.join(purchase)
		.on(purchase.name == voucher.reserved_for)
		.select(purchase.name)
		.where((voucher.status == "Available") & (purchase.creation < now_datetime() - RESERVED_FOR))
	).run(pluck=True)
	for name in old:
		# what is read next must be as new as the lock
		frappe.db.commit()  # nosemgrep
		_free(frappe.get_doc(PURCHASE, name, for_update=True))
	# no lock may be kept
	frappe.db.commit()  # nosemgrep


def _free(purchase) -> None:
	if _has_payment(purchase.name, status="Verified"):  # it is about to be booked
		return
	frappe.db.set_value(VOUCHER, {"reserved_for": purchase.name}, "reserved_for", None)


def token_of(name: str) -> str:
	"""What gets to a purchase without a login. It is not stored: only who knows the site's key can make it."""
	mac = hmac.new(get_encryption_key().encode(), f"hotspot purchase {name}".encode(), hashlib.sha256)
	return f"{name}.{mac.hexdigest()[:40]}"


def find(token: str) -> str | None:
	"""The purchase of a token that we gave out."""
	name = token.partition(".")[0]
	if not hmac.compare_digest(token_of(name).encode(), token.encode()):
		return None
	return frappe.db.get_value(PURCHASE, name)
