"""A voucher in the hands of its holder: logging in, taking another device."""

import frappe
from frappe import _
from frappe.utils import now_datetime

from mikrotik_integration.core.vouchers import codes, devices
from mikrotik_integration.core.vouchers.devices import Verdict
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import (
	jobs,
	prompts,
	provisioning,
	pushes,
	routers,
	settings,
	voucher_devices,
	voucher_usage,
	voucher_view,
	vouchers,
)
from mikrotik_integration.services.locks import seeing_commits
from mikrotik_integration.services.purchases import mac_of
from mikrotik_integration.services.vouchers import VOUCHER

REFUSALS = {
	"Available": "There is no such code here",
	"Void": "This code is no longer valid",
	"Used": "This code is used up",
	"Expired": "This code has expired",
}


def find(typed: str, router: str, mac: str = "") -> str | None:
	"""The voucher whose code was typed, however it was typed, if it was sold and is valid on this router.

	Raises RateLimitExceededError after too many that were not (see ``prompts``): before it looks, so that a right guess
	then is answered like a wrong one.
	"""
	asker, guessable = mac_of(mac), codes.is_guessable(typed)
	prompts.check_guesses(router, asker)
	if guessable and not voucher_devices.of_device(router, asker):
		prompts.check_short_guesses(router)
	name = _find(typed, router)
	if not name:
		prompts.count_wrong_code(router, asker, guessable)
	return name


def _find(typed: str, router: str) -> str | None:
	for reading in codes.readings(typed):
		voucher = frappe.db.get_value(
			VOUCHER, {"code": reading}, ["name", "status", "mikrotik_settings", "router_group"], as_dict=True
		)
		if voucher:
			usable = voucher.status != "Available" and _is_valid_on(
				voucher.mikrotik_settings, voucher.router_group, router
			)
			return voucher.name if usable else None
	return None


def _is_valid_on(home: str, group: str | None, router: str) -> bool:
	if home == router:
		return True
	return bool(group) and frappe.db.get_value("MikroTik Settings", router, "router_group") == group


def redeem(router: str, typed: str, mac: str = "") -> dict:
	"""Let a device in with a code: ``{"state": "ok", "login", ...}``, or ``"refused"`` with the ``reason``, and
	whether another device ``may_replace`` one of ``devices``.

	Devices that come at the same moment are judged one after the other. Begins a transaction of its own.
	"""
	with seeing_commits():
		return _redeem(router, typed, mac)


def _redeem(router: str, typed: str, mac: str) -> dict:
	name = find(typed, router, mac)
	if not name:
		return _refused(_("There is no such code here"))
	voucher = vouchers.locked(name)
	vouchers.derive(voucher)
	if voucher.status in REFUSALS:
		return _refused(_(REFUSALS[voucher.status]))
	address = mac_of(mac)
	if address:
		verdict = devices.judge(known(name), voucher.device_limit or 0, address)
		if verdict is Verdict.REFUSED:
			return _no_room(voucher)
		if verdict is Verdict.ADMITTED:
			voucher_usage.add_device(name, address, router)
		voucher_devices.chose(name, address)
	return {
		"state": "ok",
		**voucher_view.voucher_state(name),
		"login": voucher_view.login_of(voucher.code, router),
	}


def known(name: str) -> list[devices.Device]:
	"""The devices of a voucher as they are now, not as an older snapshot shows them; the voucher is locked."""
	row = frappe.qb.DocType(voucher_usage.DEVICE)
	rows = (
		frappe.qb.from_(row)
		.select(row.mac_address, row.replaced_on)
		.where((row.parent == name) & (row.parenttype == VOUCHER))
		.orderby(row.idx)
		.for_update()
	).run()
	return [devices.Device(mac, bool(replaced)) for mac, replaced in rows]


def _no_room(voucher) -> dict:
	here = [device.mac for device in known(voucher.name) if not device.replaced]
	return {
		**_refused(
			_("This code is used by {0} devices already. Buy another one, or replace a device").format(
				voucher.device_limit
			)
		),
		"may_replace": (voucher.device_replacements or 0) < _most_replacements(),
		"devices": [mask(mac) for mac in here],
	}


def mask(mac: str) -> str:
	"""The maker's half is hidden: enough for the holder to tell their own devices apart."""
	return f"…{mac[-8:]}"


def _refused(reason: str) -> dict:
	return {"state": "refused", "reason": reason, "may_replace": False, "devices": []}


def status(router: str, mac: str, typed: str = "") -> dict:
	"""What is left for this device, or for this code: ``{"state": "ok", "online", what is left, "vouchers"}``, or
	``{"state": "none"}`` if there is nothing. No code is told.

	``vouchers`` are all of the device, the one that it uses or should use next first; what is left of that one stands
	beside them. ``online``: the router had this device on with it when it was read last.
	"""
	if typed:
		name = find(typed, router, mac)
		found = {name: bool(frappe.db.get_value(VOUCHER, name, "is_online"))} if name else {}
	else:
		found = voucher_devices.standing(router, mac_of(mac))
	listed = [
		{"package": package, "online": online, **voucher_view.left_of(name)}
		for name, online in found.items()
		for package in [frappe.db.get_value(VOUCHER, name, "internet_plan")]
	]
	return {"state": "ok", **listed[0], "vouchers": listed} if listed else {"state": "none"}


def replace_by_holder(router: str, typed: str, phone_number: str, old: int, mac: str) -> dict:
	"""The holder, who knows code and phone number, puts this device in the place of the ``old``-th one.

	Raises VoucherError in words for the holder. Begins a transaction of its own.
	"""
	with seeing_commits():
		_replace_by_holder(router, typed, phone_number, old, mac)
		return _redeem(router, typed, mac)


def _replace_by_holder(router: str, typed: str, phone_number: str, old: int, mac: str) -> None:
	phone = pushes.phone(phone_number)
	name = find(typed, router, mac)
	if name:
		prompts.count_replacement(name)
	if not name or frappe.db.get_value(VOUCHER, name, "phone_number") != phone:
		raise VoucherError(_("This code was not bought with this phone number. Ask where you bought it"))
	voucher = vouchers.locked(name)
	here = [device.mac for device in known(name) if not device.replaced]
	if not 0 <= old < len(here):
		raise VoucherError(_("Choose the device to replace"))
	_replace(voucher, here[old], mac, router, _most_replacements())
	frappe.db.set_value(VOUCHER, name, "device_replacements", (voucher.device_replacements or 0) + 1)
	enqueue_leaving(router)


def replace_by_staff(name: str, old: str, new: str) -> None:
	"""Staff put a device in the place of another, as often as it takes. Raises VoucherError."""
	voucher = vouchers.locked(name)
	_replace(voucher, old, new, voucher.mikrotik_settings, None)
	enqueue_leaving(voucher.mikrotik_settings)


def enqueue_leaving(router: str) -> None:
	jobs.enqueue(
		"mikrotik_integration.services.redemption.let_devices_leave",
		queue=routers.queue(router, provisioning.CHECKS),
		timeout=2 * routers.CHECK_TIMEOUT_S,
		router=router,
	)


def let_devices_leave(router: str) -> None:
	"""Background job: the first look at the router ends the sessions of replaced devices, the second sees them gone."""
	provisioning.check_router(router)
	provisioning.check_router(router)


def _replace(voucher, old: str, new: str, router: str, most: int | None) -> None:
	try:
		after = devices.replace_device(known(voucher.name), old, new, most)
	except ValueError as error:
		raise VoucherError(_(str(error))) from error
	row = frappe.qb.DocType(voucher_usage.DEVICE)
	gone = [device.mac for device in after if device.replaced]
	frappe.qb.update(row).set(row.replaced_on, now_datetime()).where(
		(row.parent == voucher.name) & row.mac_address.isin(gone or [""]) & row.replaced_on.isnull()
	).run()
	frappe.db.delete(voucher_usage.DEVICE, {"parent": voucher.name, "mac_address": after[-1].mac})
	voucher_usage.add_device(voucher.name, after[-1].mac, router)


def _most_replacements() -> int:
	return settings.isp_settings().device_replacements or 0
