"""A purchase as its buyer sees it, from whatever browser."""

from datetime import timedelta

import frappe
from frappe.utils import add_to_date, flt, now_datetime

from mikrotik_integration.core.payments import phones
from mikrotik_integration.services import inbox_queue, prompts, purchase_sms, pushes
from mikrotik_integration.services.purchases import PURCHASE, find, mac_of, token_of
from mikrotik_integration.services.voucher_view import voucher_state

RESUMABLE = timedelta(days=1)


def state(token: str) -> dict | None:
	"""What the buyer sees: ``state`` is waiting, paid, failed or refund; None for a token that is none.

	``paid`` comes with the code, and with ``login`` as soon as the router holds the voucher.
	"""
	name = find(token)
	if not name:
		return None
	purchase = frappe.db.get_value(
		PURCHASE,
		name,
		["status", "status_reason", "hotspot_voucher", "phone_number", "price", "sms_status"],
		as_dict=True,
	)
	if purchase.status == "Waiting":
		inbox_queue.wake_if_due(hotspot_purchase=name)
	answer = {
		"state": {"Waiting": "waiting", "Paid": "paid", "Failed": "failed"}.get(purchase.status, "refund"),
		"phone": phones.mask(purchase.phone_number or ""),
		"amount": flt(purchase.price),
		"sms": purchase.sms_status,
	}
	if purchase.status == "Failed":
		answer["message"] = purchase.status_reason
	if purchase.status == "Paid":
		answer |= voucher_state(purchase.hotspot_voucher)
	return answer


def resume(router: str, phone_number: str, mac: str) -> str | None:
	"""The token of the latest purchase with this phone, for the device that began it; to any other device the code
	goes by SMS again, and the answer is None, as if there were no purchase."""
	phone, address = pushes.phone(phone_number), mac_of(mac)
	prompts.count_resuming_device(address)
	found = frappe.get_all(
		PURCHASE,
		filters={
			"mikrotik_settings": router,
			"phone_number": phone,
			"status": ("in", ("Waiting", "Paid", "Refund Due")),
			"creation": (">=", add_to_date(now_datetime(), days=-RESUMABLE.days)),
			"sold_by": ("is", "not set"),
		},
		fields=["name", "mac_address", "status"],
		order_by="creation desc",
		limit=1,
	)
	if found and address and address == found[0].mac_address:
		return token_of(found[0].name)
	prompts.count_resume(phone)
	if found and found[0].status == "Paid":
		purchase_sms.send_again(found[0].name)
	return None
