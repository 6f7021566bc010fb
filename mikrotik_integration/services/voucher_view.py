"""A voucher as its holder sees it."""

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.core.vouchers import codes, links, standing
from mikrotik_integration.services import vouchers
from mikrotik_integration.services.vouchers import VOUCHER


def voucher_state(name: str) -> dict:
	"""A sold voucher for its holder: the code, what is left, and where to log in once its router holds it."""
	voucher = frappe.get_doc(VOUCHER, name)
	left = standing.left(vouchers.facts_of(voucher), now_datetime())
	answer = {
		"code": codes.shown(voucher.code),
		"voucher": voucher.status,
		"ready": voucher.router_status == "In Sync",
		"bytes_left": left.bytes,
		"seconds_left": left.seconds,
		"ends_on": left.ends_on.isoformat() if left.ends_on else None,
		"ends_in_seconds": max(int((left.ends_on - now_datetime()).total_seconds()), 0)
		if left.ends_on
		else None,
		"valid_for_seconds": None if left.ends_on or left.seconds == 0 else voucher.validity_seconds or None,
	}
	if answer["ready"]:
		answer["login"] = login_of(voucher.code, voucher.mikrotik_settings)
	return answer


def left_of(name: str) -> dict:
	"""What is left of a voucher, without its code."""
	answer = voucher_state(name)
	told = (
		"voucher",
		"ready",
		"bytes_left",
		"seconds_left",
		"ends_on",
		"ends_in_seconds",
		"valid_for_seconds",
	)
	return {key: answer[key] for key in told}


def login_of(code: str, router: str) -> dict | None:
	"""Where and as whom the holder logs in; None if the router's login page is not known."""
	address, https = frappe.db.get_value("MikroTik Settings", router, ["hotspot_address", "hotspot_https"])
	if not address:
		return None
	return {"url": links.login_url(address, bool(https)), "username": code, "password": code}
