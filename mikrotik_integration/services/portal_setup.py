"""What a router needs for the captive portal: its pages, a way to the portal before the login, logins by link."""

import io
import zipfile
from collections.abc import Callable, Iterator

import frappe
from frappe import _
from frappe.utils import get_url

from mikrotik_integration.core.hotspot import pages, presence, profiles, walled_garden
from mikrotik_integration.core.routeros.client import Router
from mikrotik_integration.core.routeros.errors import RouterError
from mikrotik_integration.core.vouchers import codes, links, portal_files
from mikrotik_integration.exceptions import SettingsMissing
from mikrotik_integration.services import api_log, jobs, router_guard, routers, settings
from mikrotik_integration.services.locks import router_lock
from mikrotik_integration.services.vouchers import VOUCHER

DIRECTORY = "hotspot-erpnext"
WAIT_SECONDS = 45
TRY_AGAIN_SECONDS = 1800

Finding = dict[str, bool | str]


def missing(router) -> list[str]:
	"""What has to be filled in before the portal works, in plain words."""
	wanted = {
		"portal_enabled": _("Switch Captive Portal on"),
		"portal_name": _("Give the portal a name for its address, like cafe-kilimani"),
		"hotspot_address": _(
			"Write down the address of the router's login page (the DNS name of its hotspot)"
		),
		"wifi_name": _("Write down the name of the Wi-Fi: it is the title of the pages"),
	}
	found = [words for field, words in wanted.items() if not router.get(field)]
	if not settings.isp_settings().mpesa_settings:
		found.append(_("Choose the M-PESA Settings in ISP Settings, or nothing can be bought on the portal"))
	return found


def address(router) -> str:
	"""Where the portal of this router is. Raises SettingsMissing."""
	if not router.portal_name:
		raise SettingsMissing(_("Give the portal a name for its address first"))
	try:
		return links.portal_url(get_url(), router.portal_name)
	except ValueError as error:
		raise SettingsMissing(str(error)) from error


def files(router) -> dict[str, str]:
	"""The hotspot's own pages, by name. Raises SettingsMissing."""
	address(router)
	return portal_files.portal_files(
		settings.site_id(),
		get_url(),
		router.portal_name,
		router.wifi_name or router.router_name,
		exact_codes=any(codes.is_changed_by_folding(code) for code in _codes_made_elsewhere(router)),
		bytes_per_mb=settings.bytes_per_mb(),
	)


def _codes_made_elsewhere(router) -> list[str]:
	"""Imported codes that may still be typed on this router."""
	voucher, batch = frappe.qb.DocType(VOUCHER), frappe.qb.DocType("Hotspot Voucher Batch")
	here = voucher.mikrotik_settings == router.name
	if router.router_group:
		here |= voucher.router_group == router.router_group
	return (
		frappe.qb.from_(voucher)
		.join(batch)
		.on(batch.name == voucher.batch)
		.select(voucher.code)
		.where((batch.origin == "Imported") & voucher.status.isin(("Available", "Pending", "Active")) & here)
	).run(pluck=True)


def archive(router) -> bytes:
	"""The same as a ZIP, in the directory in which ``install`` puts them."""
	packed = io.BytesIO()
	with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archived:
		for name, text in files(router).items():
			archived.writestr(f"{DIRECTORY}/{name}", text)
	return packed.getvalue()


def install(router) -> list[Finding]:
	"""Bring the pages and what they need onto the router: ``[{"ok", "text"}]``, one for each step, in plain words.

	Each step can be done again. The profile shows the pages only once they were read back and logins work with them.
	"""
	texts, portal = files(router), address(router)
	site_id, profile, https = settings.site_id(), router.hotspot_profile, bool(router.hotspot_https)
	with router_lock(router.name, WAIT_SECONDS) as held:
		if not held:
			return [_bad(_("The router is busy. Try again in a minute"))]
		findings: list[Finding] = []
		try:
			with router_guard.line(router.name) as line:
				for finding in _steps(line, site_id, portal, texts, profile, https, router.hotspot_address):
					findings.append(finding)
		except RouterError as error:
			findings.append(_bad(str(error)))
	_log(router.name, findings)
	return findings


# --- a router that lost them: reset, or a factory-new replacement ---


def is_gone(router: str, line: Router) -> bool | None:
	"""Whether what was installed is not on the router any more; None for a router without a captive portal."""
	has_portal = frappe.db.get_value("MikroTik Settings", router, "portal_enabled")
	# no transaction may stay open while a router is talked to
	frappe.db.commit()  # nosemgrep
	if not has_portal:
		return None
	return presence.is_gone(line, settings.site_id(), DIRECTORY, portal_files.NAMES)


def follow(router: str, gone: bool | None) -> None:
	"""What a pass has seen: pages that were seen on the router once are brought back. In the caller's transaction."""
	if gone is None:
		return
	installed = frappe.db.get_value("MikroTik Settings", router, "portal_installed")
	if not gone and not installed:
		frappe.db.set_value("MikroTik Settings", router, "portal_installed", 1, update_modified=False)
	tried = f"mikrotik_portal_restored|{router}"
	if gone and installed and not frappe.cache().get_value(tried):
		frappe.cache().set_value(tried, 1, expires_in_sec=TRY_AGAIN_SECONDS)
		jobs.enqueue(
			"mikrotik_integration.services.portal_setup.restore",
			queue=routers.queue(router, "default"),
			timeout=300,
			job_id=f"mikrotik-portal|{router}",
			router=router,
		)


def restore(router: str) -> None:
	"""Background job: the same as ``install``, because the pages are gone."""
	install(frappe.get_doc("MikroTik Settings", router))


def _steps(
	line: Router, site_id: str, portal: str, texts: dict[str, str], profile: str, https: bool, login: str
) -> Iterator[Finding]:
	yield _tried(lambda: _open_garden(line, site_id, portal))
	chosen = _profile(line, profile)
	if not chosen:
		yield _bad(_no_profile(profile))
		return
	links_log_in = _tried(lambda: _allow_links(line, chosen.name, https))
	yield links_log_in
	written = pages.install_pages(line, site_id, DIRECTORY, texts)
	for problem in written.problems:
		yield _bad(problem)
	if written.in_sync:
		yield _good(_("The pages are on the router, in {0}").format(written.directory))
		if links_log_in["ok"]:
			yield _tried(lambda: _show_pages(line, chosen.name, written.directory))
		else:
			yield _bad(
				_("The profile {0} goes on with the pages it had: nobody could log in on these").format(
					chosen.name
				)
			)
	if login and login.partition(":")[0] not in (chosen.dns_name, chosen.address):
		yield _bad(
			_("The profile {0} does not answer as {1}: its DNS name is {2}").format(
				chosen.name, login, chosen.dns_name or _("empty")
			)
		)


def _open_garden(line: Router, site_id: str, portal: str) -> str:
	opening = walled_garden.opening_of(portal)
	outcome = walled_garden.reconcile_walled_garden(line, site_id, [opening])
	if not outcome.in_sync:
		raise RouterError("; ".join(outcome.problems))
	return _("{0}, port {1}, can be reached before the login").format(opening.host, opening.port)


def _profile(line: Router, name: str) -> profiles.HotspotProfile | None:
	"""The one that was chosen; without a choice, the only one that a hotspot server uses."""
	found = profiles.read_profiles(line)
	matching = [one for one in found if (one.name == name if name else one.servers)]
	return matching[0] if len(matching) == 1 else None


def _no_profile(name: str) -> str:
	if name:
		return _("The router has no hotspot profile {0}. Choose another in Hotspot Server Profile").format(
			name
		)
	return _("Choose the Hotspot Server Profile: not exactly one is used by the router's hotspot servers")


def _show_pages(line: Router, profile: str, directory: str) -> str:
	profiles.use_pages(line, profile, directory)
	return _("The profile {0} shows them").format(profile)


def _allow_links(line: Router, profile: str, https: bool) -> str:
	profiles.allow_login_links(line, profile, https)
	return _("Links of vouchers log in")


def _tried(step: Callable[[], str]) -> Finding:
	try:
		return _good(step())
	except RouterError as error:
		return _bad(str(error))


def _good(text: str) -> Finding:
	return {"ok": True, "text": text}


def _bad(text: str) -> Finding:
	return {"ok": False, "text": text}


def _log(router: str, findings: list[Finding]) -> None:
	problems = [str(finding["text"]) for finding in findings if not finding["ok"]]
	result = "\n".join(problems) or _("Everything is fine")
	api_log.log_event(router, "install login page", ok=not problems, result=result)
