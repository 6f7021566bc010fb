"""SMS to customers, through Frappe's SMS Settings. A message that cannot be sent stops nothing."""

import frappe
from frappe.core.doctype.sms_settings.sms_settings import send_sms
from frappe.utils import format_datetime

from mikrotik_integration.core import message_templates
from mikrotik_integration.services import application, jobs, settings

# what may stand in double braces in each message of ISP Settings
OF_SUBSCRIPTION = ("customer_name", "account", "amount", "missing", "price", "expiry")
NAMES = {
	"message_online": OF_SUBSCRIPTION,
	"message_short": OF_SUBSCRIPTION,
	"message_reminder": OF_SUBSCRIPTION,
	"message_suspended": OF_SUBSCRIPTION,
	"message_voucher": ("code", "package", "price", "link"),
}


def payment_applied(payment) -> None:
	"""Tell the customer what their payment did."""
	subscription = frappe.get_doc("Customer Subscription", payment.subscription)
	template = "message_online" if subscription.status == "Active" else "message_short"
	_enqueue(subscription, template, amount=payment.amount, phone=payment.phone_number)


def remind(subscription) -> None:
	_enqueue(subscription, "message_reminder")


def suspended(subscription) -> None:
	_enqueue(subscription, "message_suspended")


def _enqueue(subscription, template: str, amount: float = 0, phone: str | None = None) -> None:
	if not settings.isp_settings().send_sms:
		return
	receiver = subscription.phone_number or phone
	if receiver:
		jobs.enqueue(
			"mikrotik_integration.services.messages.send",
			receiver=receiver,
			template=settings.isp_settings().get(template) or "",
			values=_values(subscription, amount),
		)


def _values(subscription, amount: float) -> dict[str, str]:
	expiry = subscription.expiry_date
	return {
		"customer_name": subscription.customer_name or subscription.customer,
		"account": subscription.name,
		"amount": _shillings(amount),
		"missing": _shillings(application.missing(subscription)),
		"price": _shillings(subscription.price),
		"expiry": format_datetime(expiry, "d MMM yyyy HH:mm") if expiry else "",
	}


def _shillings(amount: float | None) -> str:
	return f"{amount or 0:,.2f}".removesuffix(".00")


def send(receiver: str, template: str, values: dict[str, str]) -> bool:
	"""Background job. False if there is nothing to send, or no gateway in Frappe's SMS Settings."""
	message = message_templates.fill(template, values)
	if not message or not frappe.db.get_single_value("SMS Settings", "sms_gateway_url"):
		return False
	send_sms([receiver], message, success_msg=False)
	return True
