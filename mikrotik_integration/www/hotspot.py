"""The captive portal, ``/hotspot/<portal name>``: one page, the same for every visitor, kept for a minute.

What the router says of a visitor (mac, link-login-only, ...) stands in the address and is read by the page's script
alone; nothing of it is written into the page.
"""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import frappe
from frappe import _
from frappe.website.page_renderers.base_renderer import BaseRenderer
from frappe.website.utils import can_cache

from mikrotik_integration.core.vouchers.words import ENGLISH, LANGUAGES
from mikrotik_integration.services import portal
from mikrotik_integration.services.portal import Portal

PATH = "hotspot/"
HERE = Path(__file__).parent
COMMENT = re.compile(r"^(//.*|/\*.*\*/)$", re.MULTILINE)
KEPT_S = 60


class HotspotPage(BaseRenderer):
	"""Frappe's own page cache knows neither the name in the address nor an end; so the page is kept here."""

	def can_render(self) -> bool:
		return f"{self.path}/".startswith(PATH)

	def render(self):
		frappe.local.lang = language_of(frappe.local.request)
		page = page_of(self.path.removeprefix(PATH), frappe.local.lang)
		if not page:
			return self.build_response(_not_found(), http_status_code=404)
		headers = {"Content-Security-Policy": page["policy"], "Vary": "Accept-Encoding, Accept-Language"}
		if "gzip" not in frappe.local.request.accept_encodings:
			return self.build_response(gzip.decompress(page["packed"]), headers=headers)
		return self.build_response(page["packed"], headers={**headers, "Content-Encoding": "gzip"})


def language_of(request) -> str:
	"""The one that was chosen by the link, else the phone's, else English."""
	chosen = request.args.get("lang")
	return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, ENGLISH)


def page_of(portal_name: str, language: str) -> dict | None:
	"""The ``packed`` page, for phones whose line is slow, and its ``policy``; None if there is no such portal."""
	if not portal.NAME.fullmatch(portal_name):
		return None
	key = f"{portal.KEY}|{portal_name}|{language}"
	page = frappe.cache().get_value(key) if can_cache() else None
	if not page and (shown := portal.find(portal_name, language)):
		page = {"packed": gzip.compress(_html(shown, language).encode()), "policy": _policy(shown)}
		frappe.cache().set_value(key, page, expires_in_sec=KEPT_S)
	return page


def _html(shown: Portal, language: str) -> str:
	values = {
		"portal": shown,
		"language": language,
		"other": next(other for other in LANGUAGES if other != language),
		"words": json.dumps(_words(), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
		"style": _part("hotspot.css"),
		"script": _part("hotspot.js"),
	}
	return frappe.render_template((HERE / "hotspot.html").read_text(), values)


def _part(name: str) -> str:
	"""A file as it stands in the page: a phone that is not online yet fetches one thing, and no comments."""
	lines = (line.strip() for line in (HERE / name).read_text().splitlines())
	return "\n".join(line for line in lines if line and not COMMENT.match(line))


def _hash(part: str) -> str:
	return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"


def _policy(shown: Portal) -> str:
	"""Only this site's own scripts; forms go to the router. Where its address is not known here, the page checks it."""
	forms = shown.login.removesuffix("/login") or "http: https:"
	script, style = _hash(_part("hotspot.js")), _hash(_part("hotspot.css"))
	return (
		f"default-src 'none'; script-src 'self' {script}; style-src {style}; connect-src 'self'; "
		f"img-src blob: data:; form-action 'self' {forms}; base-uri 'none'; frame-ancestors 'none'"
	)


def _not_found() -> str:
	return (
		'<!DOCTYPE html><html lang="{}"><meta charset="utf-8">'
		'<meta name="viewport" content="width=device-width, initial-scale=1"><title>404</title><p>{}</p></html>'
	).format(frappe.local.lang, _("There is no such Wi-Fi here"))


def _words() -> dict[str, str]:
	"""What the page's script says."""
	return {
		"bought_again": _("If something was bought here with this number, its code is sent by SMS again."),
		"camera_refused": _(
			"The camera cannot be used here. Take a photo of the QR code instead, or type the code."
		),
		"choose": _("Choose a package."),
		"choose_device": _("Choose the device that is not used any more."),
		"connecting": _("Connecting…"),
		"copied": _("The code is copied."),
		"day": _("{0} day"),
		"days": _("{0} days"),
		"devices_full": _("This code is used by other devices already."),
		"error_login": _("The router does not know this code. Type it again, or ask where you bought it."),
		"error_other": _("The router did not let you in. Try again."),
		"error_data": _("The data of this voucher is used up."),
		"error_time": _("The time of this voucher is used up."),
		"failed": _("M-PESA did not take the payment: {0}"),
		"hour": _("{0} hour"),
		"hours": _("{0} hours"),
		"keep_waiting": _("M-PESA has not answered yet. Do not pay twice, we go on waiting."),
		"minute": _("{0} minute"),
		"minutes": _("{0} minutes"),
		"no_code": _("Type the code of your voucher."),
		"no_login": _("Open the page on which the Wi-Fi asks you to log in, and type the code there."),
		"no_phone": _("Type the number of your M-PESA phone."),
		"no_server": _("The server cannot be reached just now. Trying again…"),
		"nothing_in_photo": _(
			"There is no voucher to be seen in this photo. Come closer and try again, or type the code."
		),
		"pin": _("Type your M-PESA PIN on the phone {0} to pay KES {1}."),
		"preparing": _("Your voucher is being prepared…"),
		"reading": _("Reading the photo…"),
		"selected": _("Write the code down, or take a picture of it."),
		"refund": _("Your money came, but no voucher was left. You will get it back: ask at the shop."),
		"try_again": _("That did not work. Try again."),
		"unlimited": _("Unlimited"),
	}
