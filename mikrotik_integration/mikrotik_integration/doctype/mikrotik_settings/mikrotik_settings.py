"""One router: how to reach it, and what was last seen of it."""

import re

import frappe
from frappe import _
from frappe.model.document import Document

from mikrotik_integration.core.vouchers import links
from mikrotik_integration.services import (
	connection_test,
	mass_removals,
	portal,
	portal_setup,
	router_addresses,
	router_guard,
	routers,
	usage,
)

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,251}[A-Za-z0-9])?")
ADMINISTRATORS = ("System Manager", "ISP Administrator")
MANAGERS = (*ADMINISTRATORS, "ISP Manager")
CONNECTION_FIELDS = (
	"ip_address",
	"api_port",
	"api_username",
	"use_tls",
	"tls_fingerprint",
	"ca_certificate",
	"enabled",
)


class MikroTikSettings(Document):
	def validate(self) -> None:
		self.keep_what_was_seen()
		self.validate_address()
		self.validate_not_here()
		self.validate_one_document_a_box()
		self.validate_login()
		self.validate_tls()
		self.validate_hotspot_address()
		self.validate_portal_name()
		self.validate_wifi()
		self.forget_failures_when_changed()
		self.forget_users_when_switched_off()
		self.forget_portal_when_switched_off()

	def on_update(self) -> None:
		portal.forget()
		if self.enabled:
			routers.enqueue_check(self.name)
		else:
			usage.nobody_online(self.name)

	def on_trash(self) -> None:
		held = frappe.db.count("Router Account", {"mikrotik_settings": self.name})
		if held:
			frappe.throw(
				_(
					"{0} logins are or were on this router. Move or terminate their subscriptions first, and let the router be seen without them"
				).format(held),
				frappe.LinkExistsError,
			)

	def keep_what_was_seen(self) -> None:
		"""What passes write stays as they wrote it, whatever a form that was open meanwhile, or a request, says."""
		fields = [
			field.fieldname
			for field in self.meta.fields
			if field.read_only and field.no_copy and not field.get("is_custom_field")
		]
		stored = frappe.db.get_value(self.doctype, self.name, fields, as_dict=True, for_update=True)
		self.update(stored or dict.fromkeys(set(fields) - {"status"}) | {"status": "Unknown"})

	def validate_address(self) -> None:
		self.ip_address = (self.ip_address or "").strip()
		if not HOST.fullmatch(self.ip_address) or self.ip_address.count(":") == 1:
			frappe.throw(
				_(
					"{0} is not an address. Write the IP address or host name alone, without http:// or a port"
				).format(self.ip_address)
			)
		if not 1 <= (self.api_port or 0) <= 65535:
			frappe.throw(_("The API port must be between 1 and 65535; RouterOS uses 8728, or 8729 with TLS"))

	def validate_not_here(self) -> None:
		if not (self.has_value_changed("ip_address") or self.has_value_changed("api_port")):
			return
		if reason := router_addresses.refusal_of_host(self.ip_address, self.api_port):
			frappe.throw(reason)

	def validate_one_document_a_box(self) -> None:
		same = {"ip_address": self.ip_address, "api_port": self.api_port, "name": ("!=", self.name or "")}
		if other := frappe.db.exists("MikroTik Settings", same):
			frappe.throw(
				_("{0} is at {1} port {2} already. One router has one document").format(
					other, self.ip_address, self.api_port
				),
				frappe.DuplicateEntryError,
			)

	def validate_login(self) -> None:
		for field in ("api_username", "api_password"):
			if router_addresses.has_control_characters(self.get(field)):
				frappe.throw(
					_("{0} holds a line break or another control character").format(
						_(self.meta.get_label(field))
					)
				)

	def validate_tls(self) -> None:
		self.tls_fingerprint = re.sub(r"[^0-9a-f]", "", (self.tls_fingerprint or "").lower())
		if self.tls_fingerprint and len(self.tls_fingerprint) != 64:
			frappe.throw(
				_("A SHA-256 fingerprint has 64 hexadecimal digits; this one has {0}").format(
					len(self.tls_fingerprint)
				)
			)
		if self.ca_certificate and "BEGIN CERTIFICATE" not in self.ca_certificate:
			frappe.throw(_("The CA certificate must be PEM text that starts with BEGIN CERTIFICATE"))

	def validate_hotspot_address(self) -> None:
		self.hotspot_address = (self.hotspot_address or "").strip().lower()
		if not self.hotspot_address:
			return
		try:
			links.login_url(self.hotspot_address, bool(self.hotspot_https))
		except ValueError as error:
			frappe.throw(str(error))

	def validate_portal_name(self) -> None:
		self.portal_name = (self.portal_name or "").strip()
		if not self.portal_enabled:
			return
		if not portal.NAME.fullmatch(self.portal_name):
			frappe.throw(
				_("The portal needs a name for its address, of letters without accents, digits, - and _")
			)
		other = {"portal_name": self.portal_name, "portal_enabled": 1, "name": ("!=", self.name)}
		if router := frappe.db.exists("MikroTik Settings", other):
			frappe.throw(
				_("The portal of {0} has the name {1} already").format(router, self.portal_name),
				frappe.DuplicateEntryError,
			)

	def validate_wifi(self) -> None:
		try:
			if self.wifi_name or self.wifi_password:
				links.wifi_join(self.wifi_name or "Wi-Fi", self.wifi_password or "")
		except ValueError as error:
			frappe.throw(str(error))

	def forget_failures_when_changed(self) -> None:
		if any(self.has_value_changed(field) for field in CONNECTION_FIELDS):
			self.failures = 0
			self.next_attempt = None

	def forget_users_when_switched_off(self) -> None:
		if not self.enabled:
			self.update({"online_users": 0, "hotspot_users": 0, "ppp_users": 0})

	def forget_portal_when_switched_off(self) -> None:
		if not self.portal_enabled:
			self.portal_installed = 0

	@frappe.whitelist(methods=["POST"])
	def test_connection(self) -> list[dict]:
		"""Plain words for each thing that is right or wrong. For whoever may change the router."""
		self.check_permission("write")
		return connection_test.run(self.name)

	@frappe.whitelist(methods=["POST"])
	def check_now(self) -> None:
		"""Bring status, usage and accounts of this router up to date in the background."""
		self.check_permission("read")
		frappe.db.set_value("MikroTik Settings", self.name, "next_attempt", None, update_modified=False)
		routers.enqueue_check(self.name)

	@frappe.whitelist(methods=["POST"])
	def confirm_box(self) -> None:
		"""The box that answers now is this document's: a replacement. For managers."""
		self.check_permission("write")
		frappe.only_for(MANAGERS)
		router_guard.confirm_box(self.name)

	@frappe.whitelist(methods=["POST"])
	def this_site_is_right(self) -> None:
		"""This site decides about the router, though another has changed it last. For administrators."""
		self.check_permission("write")
		frappe.only_for(ADMINISTRATORS)
		router_guard.go_on(self.name)

	@frappe.whitelist(methods=["POST"])
	def allow_removals(self) -> None:
		"""What a pass was held back from may be done. For managers."""
		self.check_permission("write")
		frappe.only_for(MANAGERS)
		mass_removals.allow(self.name)

	@frappe.whitelist(methods=["POST"])
	def install_login_page(self) -> list[dict]:
		"""Plain words for each step of bringing the captive portal onto the router. For whoever may change it."""
		self.check_permission("write")
		return portal_setup.install(self)

	@frappe.whitelist(methods=["POST"])
	def missing_for_portal(self) -> list[str]:
		"""What has to be filled in before the portal works."""
		self.check_permission("read")
		return portal_setup.missing(self)
