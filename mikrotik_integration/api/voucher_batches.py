"""Printing, exporting and importing vouchers over HTTP:
``/api/method/mikrotik_integration.api.voucher_batches.<function>``. For managers: codes for sale are money."""

import base64
import binascii

import frappe
from frappe import _

from mikrotik_integration.core.vouchers import imports
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.permissions import sees_unsold
from mikrotik_integration.services import voucher_export, voucher_import, voucher_sheets

LARGEST_FILE = 10_000_000


@frappe.whitelist(methods=["GET", "POST"])
def printable(batch: str) -> dict:
	"""``{"vouchers", "at_once"}``: how many can be printed, and how many on one call of ``sheets``."""
	_check(batch, "print")
	return {"vouchers": voucher_sheets.printable(batch), "at_once": voucher_sheets.MOST_AT_ONCE}


@frappe.whitelist(methods=["POST"])
def sheets(batch: str, layout: str, first: int = 1, count: int = voucher_sheets.MOST_AT_ONCE) -> None:
	"""A PDF of vouchers of a batch: ``layout`` is A4, 80 mm or 58 mm."""
	_check(batch, "print")
	pdf = voucher_sheets.render(batch, layout, first, count)
	frappe.local.response.update(
		{"type": "pdf", "filename": f"{batch} {layout} {first}.pdf", "filecontent": pdf}
	)


@frappe.whitelist(methods=["POST"])
def export(batch: str) -> None:
	"""A CSV file of the codes of a batch. Who took it is noted on the batch."""
	document = _check(batch, "export")
	content = voucher_export.as_csv(batch)
	document.add_comment("Info", _("exported the codes"))
	frappe.local.response.update(
		{"type": "download", "filename": f"{batch}.csv", "filecontent": content, "content_type": "text/csv"}
	)


@frappe.whitelist(methods=["POST"])
def preview_import(router: str, content: str | None = None, package: str = "") -> dict:
	"""What is right and wrong with codes from a file (``content``: base64 of its bytes) or, without one, from the
	router's own users: see ``services.voucher_import.preview``."""
	return voucher_import.preview(_source(router, content, package))


@frappe.whitelist(methods=["POST"])
def start_import(
	router: str,
	content: str | None = None,
	package: str = "",
	sold_elsewhere: bool = True,
	file_name: str = "",
) -> None:
	"""Take in what is right, in the background; the caller hears of it by the event ``hotspot_voucher_import``."""
	voucher_import.enqueue(_source(router, content, package, file_name), sold_elsewhere)


def _source(router: str, content: str | None, package: str, file_name: str = "") -> voucher_import.Source:
	frappe.has_permission("MikroTik Settings", "read", doc=router, throw=True)
	frappe.has_permission("Hotspot Voucher Batch", "create", throw=True)
	if not sees_unsold():
		raise frappe.PermissionError
	text = None if content is None else imports.decode(_bytes(content))
	return voucher_import.Source(router, text, package, file_name[:140])


def _bytes(content: str) -> bytes:
	if len(content) > LARGEST_FILE:
		raise VoucherError(_("The file is too large; divide it"))
	try:
		return base64.b64decode(content, validate=True)
	except binascii.Error as error:
		raise VoucherError(_("The file could not be read")) from error


def _check(batch: str, ptype: str):
	"""Accountants may see a batch, and not its codes."""
	document = frappe.get_doc("Hotspot Voucher Batch", batch)
	document.check_permission(ptype)
	if not sees_unsold():
		raise frappe.PermissionError
	return document
