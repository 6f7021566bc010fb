"""Vouchers at the till over HTTP: ``/api/method/mikrotik_integration.api.vouchers.<function>``. For shop staff."""

import frappe

from mikrotik_integration.permissions import check_may_sell, is_staff
from mikrotik_integration.services import locks, redemption, till


@frappe.whitelist(methods=["GET", "POST"])
def routers() -> list[dict]:
	"""``[{"name", "wifi_name"}]``: where the caller may sell."""
	return frappe.get_list(
		"MikroTik Settings", filters={"enabled": 1}, fields=["name", "wifi_name"], order_by="name", limit=0
	)


@frappe.whitelist(methods=["GET", "POST"])
def packages(router: str) -> list[dict]:
	"""What is sold on a router: ``[{"package", "price", "currency", "terms", "left"}]``."""
	check_may_sell(router)
	return till.packages(router)


@frappe.whitelist(methods=["POST"])
def sell_for_cash(package: str, router: str, phone: str | None = None, customer: str | None = None) -> dict:
	"""Sell one voucher for cash at its price; returns what ``sold`` does."""
	check_may_sell(router)
	if customer:
		frappe.has_permission("Customer", "read", doc=customer, throw=True)
	return till.receipt(locks.afresh(till.sell_for_cash, package, router, phone, customer))


@frappe.whitelist(methods=["POST"])
def sell_for_mpesa(package: str, router: str, phone: str) -> dict:
	"""Send an M-PESA prompt for one voucher; returns what ``purchase`` does."""
	check_may_sell(router)
	return purchase(till.sell_for_mpesa(package, router, phone))


@frappe.whitelist(methods=["GET", "POST"])
def purchase(name: str) -> dict:
	"""Where an M-PESA sale is: ``{"purchase", "state", "because", "voucher", ...}``; ``state`` is waiting, paid,
	failed or refund."""
	document = frappe.get_doc("Hotspot Purchase", name)
	document.check_permission("read")
	return till.purchase_state(document)


@frappe.whitelist(methods=["GET", "POST"])
def sold(voucher: str) -> dict:
	"""A sold voucher with its code, QR code and sale, and whether its router knows it: ``router_status``."""
	frappe.get_doc("Hotspot Voucher", voucher).check_permission("read")
	return till.receipt(voucher)


@frappe.whitelist(methods=["GET", "POST"])
def last_sales() -> dict:
	"""The caller's own last sales, open prompts and today's takings. For staff."""
	if not is_staff():
		raise frappe.PermissionError
	return till.last_sales(frappe.session.user)


@frappe.whitelist(methods=["POST"])
def replace_device(voucher: str, old: str, new: str) -> None:
	"""Put one device of a sold voucher in the place of another, as often as it takes. For staff of its router."""
	document = frappe.get_doc("Hotspot Voucher", voucher)
	document.check_permission("read")
	check_may_sell(document.mikrotik_settings)
	locks.alone("Hotspot Voucher", voucher, redemption.replace_by_staff, voucher, old, new)
