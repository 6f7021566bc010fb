"""The vouchers of one device, as the captive portal shows them to it.

A device is what it says it is, so nothing here tells a code.
"""

from datetime import datetime, timedelta

import frappe
from frappe.utils import add_to_date, now_datetime

from mikrotik_integration.core.vouchers import standing as facts
from mikrotik_integration.services import vouchers
from mikrotik_integration.services.purchases import PURCHASE
from mikrotik_integration.services.voucher_usage import DEVICE
from mikrotik_integration.services.vouchers import VOUCHER

SHOWN = 10
USABLE = ("Pending", "Active")
# a router is read every two minutes; one that was not read for longer says nothing of who is online
TOO_OLD = timedelta(minutes=10)


def of_device(router: str, mac: str) -> dict[str, datetime]:
	"""Vouchers that this device uses on this router and that are not over, and when it last chose or used each."""
	if not mac:
		return {}
	device, voucher = frappe.qb.DocType(DEVICE), frappe.qb.DocType(VOUCHER)
	rows = (
		frappe.qb.from_(device)
		.join(voucher)
		.on(voucher.name == device.parent)
		.select(voucher.name, device.last_seen)
		.where((device.mac_address == mac) & (device.mikrotik_settings == router))
		.where(voucher.status.isin(USABLE) & device.replaced_on.isnull())
		.orderby(device.last_seen, order=frappe.qb.desc)
		.limit(SHOWN)
	).run()
	return dict(rows)


def standing(router: str, mac: str) -> dict[str, bool]:
	"""Whether the router has the device on, for each voucher that it uses or bought and that still gives something:
	the one it is on with first, then the one that it bought, chose or used last."""
	since = {**_bought(router, mac), **of_device(router, mac)}
	for name, moment in _bought(router, mac).items():
		since[name] = max(moment, since[name])
	online = _online(router, mac)
	usable = [name for name in since if not _has_ended(name)]
	usable.sort(key=lambda name: (name in online, since[name]), reverse=True)
	return {name: name in online for name in usable[:SHOWN]}


def chose(voucher: str, mac: str) -> None:
	"""The device is about to log in with this voucher."""
	frappe.db.set_value(
		DEVICE, {"parent": voucher, "mac_address": mac}, "last_seen", now_datetime(), update_modified=False
	)


def _bought(router: str, mac: str) -> dict[str, datetime]:
	"""Vouchers that were bought on this device, which another one has not taken the place of since."""
	if not mac:
		return {}
	purchase, voucher = frappe.qb.DocType(PURCHASE), frappe.qb.DocType(VOUCHER)
	device = frappe.qb.DocType(DEVICE)
	rows = (
		frappe.qb.from_(purchase)
		.join(voucher)
		.on(voucher.name == purchase.hotspot_voucher)
		.left_join(device)
		.on((device.parent == voucher.name) & (device.mac_address == mac))
		.select(voucher.name, purchase.paid_on)
		.where((purchase.mac_address == mac) & (purchase.mikrotik_settings == router))
		.where((purchase.status == "Paid") & voucher.status.isin(USABLE) & device.replaced_on.isnull())
		.orderby(purchase.paid_on, order=frappe.qb.desc)
		.limit(SHOWN)
	).run()
	return dict(rows)


def _online(router: str, mac: str) -> set[str]:
	seen = frappe.db.get_value("MikroTik Settings", router, "last_seen")
	if not mac or not seen or seen < add_to_date(now_datetime(), seconds=-TOO_OLD.total_seconds()):
		return set()
	here = {"mac_address": mac, "mikrotik_settings": router, "is_online": 1}
	return set(frappe.get_all(DEVICE, here, pluck="parent", order_by="parent"))


def _has_ended(name: str) -> bool:
	return facts.has_ended(vouchers.facts_of(frappe.get_doc(VOUCHER, name)), now_datetime())
