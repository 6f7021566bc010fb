"""What print formats may call. Any template of the site can: each function shows only what its reader may see."""

import frappe

from mikrotik_integration.services import voucher_cards, voucher_sheets
from mikrotik_integration.services.vouchers import VOUCHER

SALES = ("Sales Invoice", "POS Invoice")
MOST_ON_RECEIPT = 100


def hotspot_voucher_card(name: str) -> dict | None:
	"""One voucher: ``code_shown``, ``code_qr`` and ``wifi_qr`` for the ``src`` of an ``img``, ``link``, ``wifi_name``,
	``wifi_password``, ``package``, ``price``, ``english``, ``swahili``, ``use_before``. None if it is not for the
	reader."""
	if not frappe.has_permission(VOUCHER, "read", doc=name):
		return None
	return next((card.as_dict() for card in voucher_cards.of_names([name])), None)


def hotspot_vouchers_sold(doctype: str, name: str) -> list[dict]:
	"""The same of each voucher that a Sales Invoice or POS Invoice sold, in the order of its rows. Empty for whoever
	may not read that document, and for whole batches and days: their vouchers are on sheets and on phones."""
	if doctype not in SALES or not frappe.has_permission(doctype, "read", doc=name):
		return []
	if frappe.db.count(VOUCHER, {"sale_doctype": doctype, "sale_name": name}) > MOST_ON_RECEIPT:
		return []
	return [card.as_dict() for card in voucher_cards.of_sale(doctype, name)]


def hotspot_print_zoom() -> float:
	"""What makes a millimetre of a print format a millimetre in its PDF."""
	return voucher_sheets.print_zoom()
