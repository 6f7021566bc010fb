"""The code of a bought voucher by SMS, until it has gone out."""

import frappe
from frappe import _
from frappe.utils import add_to_date, cint, get_url, now_datetime

from mikrotik_integration.core.vouchers import codes
from mikrotik_integration.exceptions import SettingsMissing
from mikrotik_integration.services import jobs, messages, prompts, settings
from mikrotik_integration.services.purchases import PURCHASE
from mikrotik_integration.services.voucher_view import login_of
from mikrotik_integration.services.vouchers import VOUCHER

MOST_SMS = 8


def announce(name: str) -> None:
	"""A purchase was paid: whoever sold it sees it at once, and the buyer gets the code."""
	sold_by = frappe.db.get_value(PURCHASE, name, "sold_by")
	if sold_by:
		frappe.publish_realtime(
			"hotspot_purchase_update", {"purchase": name}, user=sold_by, after_commit=True
		)
	enqueue_sms(name)


def send_again(name: str) -> None:
	"""Send the code once more, if SMS are sent at all and it was not sent too often."""
	if settings.isp_settings().send_sms and prompts.may_send_again(name):
		frappe.db.set_value(
			PURCHASE, name, {"sms_status": "Waiting", "sms_attempts": 0, "next_sms": now_datetime()}
		)
		enqueue_sms(name)


def enqueue_sms(name: str) -> None:
	jobs.enqueue("mikrotik_integration.services.purchase_sms.send_sms", name=name)


def send_due_sms() -> None:
	"""Every minute: codes whose message has not gone out yet."""
	purchase = frappe.qb.DocType(PURCHASE)
	due = (
		frappe.qb.from_(purchase)
		.select(purchase.name)
		.where((purchase.sms_status == "Waiting") & (purchase.next_sms <= now_datetime()))
		.orderby(purchase.next_sms)
		.limit(100)
	).run(pluck=True)
	for name in due:
		enqueue_sms(name)


def send_sms(name: str) -> None:
	"""Background job. A message that cannot be sent is tried again, with growing pauses; the code is on the page."""
	# what is read next must be as new as the lock
	frappe.db.commit()  # nosemgrep
	purchase = frappe.get_doc(PURCHASE, name, for_update=True)
	if purchase.sms_status != "Waiting" or not purchase.hotspot_voucher:
		return
	attempts = cint(purchase.sms_attempts) + 1
	pause = add_to_date(now_datetime(), minutes=2**attempts)
	purchase.db_set({"sms_attempts": attempts, "next_sms": pause})
	# no transaction may stay open while the gateway is talked to
	frappe.db.commit()  # nosemgrep
	try:
		template = settings.isp_settings().message_voucher or ""
		if not messages.send(purchase.phone_number, template, _sms_values(purchase)):
			raise SettingsMissing(_("Fill in the SMS Settings, and the message in ISP Settings"))
		result = {"sms_status": "Sent", "sms_error": ""}
	except Exception as error:
		frappe.db.rollback()
		gone = attempts >= MOST_SMS
		result = {"sms_status": "Failed" if gone else "Waiting", "sms_error": _without_secrets(error)}
	frappe.db.set_value(PURCHASE, name, result)
	# what the gateway answered must outlive whatever comes next
	frappe.db.commit()  # nosemgrep


def _without_secrets(error: Exception) -> str:
	"""What a gateway's failure says of itself names its address, with the password to it and the code."""
	if isinstance(error, frappe.ValidationError):
		return str(error)[:300]
	answer = getattr(error, "response", None)
	return f"{type(error).__name__} {answer.status_code}" if answer is not None else type(error).__name__


def _sms_values(purchase) -> dict[str, str]:
	voucher = frappe.db.get_value(
		VOUCHER, purchase.hotspot_voucher, ["code", "mikrotik_settings"], as_dict=True
	)
	login = login_of(voucher.code, voucher.mikrotik_settings)
	return {
		"code": codes.shown(voucher.code),
		"package": purchase.internet_plan,
		"price": f"{purchase.price:,.2f}".removesuffix(".00"),
		"link": f"{login['url']}?username={voucher.code}&password={voucher.code}" if login else get_url(),
	}
