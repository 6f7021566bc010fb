"""The captive portal over HTTP: ``/api/method/mikrotik_integration.api.hotspot.<function>``. For guests.

``router`` is the portal's name, ``mac`` what the router wrote into the page's address. Whoever asks may claim any of
it: a MAC only decides where a code is shown again, and prices come from the package. Everybody on a hotspot has the
same address on the Internet, so what an address may ask is much; what a phone, a device and a router may ask is
counted in ``services.prompts``; what they may send at all is checked in ``services.guests``. With each call goes
``language``, "en" or "sw", for its words.
"""

import frappe
from frappe import _
from frappe.rate_limiter import rate_limit

from mikrotik_integration.core.payments import phones
from mikrotik_integration.core.vouchers.words import ENGLISH, LANGUAGES
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import (
	portal,
	purchase_view,
	purchases,
	redemption,
)
from mikrotik_integration.services.guests import readable

PATH = "/api/method/mikrotik_integration.api.hotspot."
A_MINUTE = 60


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=600, seconds=A_MINUTE)
@readable
def buy(router: str, package: str, phone: str, mac: str = "") -> dict:
	"""Send an M-PESA prompt for one voucher: ``{"token", "state", "amount", "phone"}``."""
	started = purchases.start(package, portal.router_of(router), phone, mac, frappe.local.lang)
	return {
		"token": started.token,
		"state": "waiting",
		"amount": started.amount,
		"phone": phones.mask(started.phone),
	}


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=6000, seconds=A_MINUTE)
@readable
def purchase(token: str) -> dict:
	"""Where a purchase is: ``state`` is waiting, paid (with ``code`` and what is left), failed (``message``) or refund."""
	found = purchase_view.state(token)
	if not found:
		raise VoucherError(_("There is no such purchase"))
	if found.get("message"):
		found["message"] = _(found["message"])
	return found


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=60, seconds=A_MINUTE)
@readable
def resume(router: str, phone: str, mac: str = "") -> dict:
	"""``{"state": "found", "token"}`` for the device that began the purchase. ``{"state": "sent"}`` for everybody else,
	whether there is a purchase, whose code then goes out by SMS again, or none."""
	token = purchase_view.resume(portal.router_of(router), phone, mac)
	return {"state": "found", "token": token} if token else {"state": "sent"}


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=300, seconds=A_MINUTE)
@readable
def redeem(router: str, code: str, mac: str = "") -> dict:
	"""Let a device in: ``{"state": "ok", "login", "ready", what is left}`` or ``{"state": "refused", "reason",
	"may_replace", "devices"}``."""
	return redemption.redeem(portal.router_of(router), code, mac)


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=6000, seconds=A_MINUTE)
@readable
def status(router: str, mac: str, code: str = "") -> dict:
	"""What is left for a device or a code: ``{"state": "ok", "online", what is left}`` or ``{"state": "none"}``."""
	return redemption.status(portal.router_of(router), mac, code)


@frappe.whitelist(allow_guest=True, methods=["POST"])
@rate_limit(limit=30, seconds=A_MINUTE)
@readable
def replace_device(router: str, code: str, phone: str, old: int, mac: str) -> dict:
	"""This device takes the place of the ``old``-th of those that ``redeem`` told; answers like ``redeem``."""
	return redemption.replace_by_holder(portal.router_of(router), code, phone, old, mac)


def before_request() -> None:
	"""Hook: guests of a portal are spoken to in their language, and see nothing of how the server works."""
	if frappe.local.request.path.startswith(PATH):
		frappe.flags.disable_traceback = True
		language = frappe.form_dict.get("language")
		frappe.local.lang = language if language in LANGUAGES else ENGLISH
