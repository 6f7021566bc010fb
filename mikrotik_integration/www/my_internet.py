"""The customer's own page: what they have, until when, what is left of it, and a way to pay."""

from datetime import timedelta
from urllib.parse import quote

import frappe
from frappe import _
from frappe.utils import add_days, add_to_date, format_datetime, formatdate, getdate, now_datetime, today

from mikrotik_integration import __version__
from mikrotik_integration.api import payments, usage
from mikrotik_integration.permissions import customers_of
from mikrotik_integration.services import application

no_cache = 1

DAYS_SHOWN = 30
PAYMENTS_SHOWN = 5
BYTES_A_GB = 1_000_000_000
MB_A_GB = 1000
UNDECIDED = ("Requested", "Received", "Verified")
FOLLOWED_FOR = timedelta(hours=2)
PATH = "/my-internet"


def get_context(context) -> None:
	"""For whoever is logged in; others are sent to the login first."""
	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = f"/login?redirect-to={quote(PATH)}"
		raise frappe.Redirect
	context.no_cache = 1
	context.title = _("My Internet")
	context.version = __version__
	context.pay_bill = _pay_bill()
	context.subscriptions = [_shown(name) for name in _own()]


def _own() -> list[str]:
	"""Subscriptions of the Customers that this user stands for; staff see their own here, too, and no others."""
	return frappe.get_list(
		"Customer Subscription",
		filters={"customer": ("in", customers_of(frappe.session.user) or [""])},
		pluck="name",
		order_by="terminated_at, creation",
		limit=100,
	)


def _pay_bill() -> str | None:
	mpesa = frappe.db.get_single_value("ISP Settings", "mpesa_settings")
	return frappe.db.get_value("Mpesa Settings", mpesa, "business_shortcode") if mpesa else None


def _shown(name: str) -> frappe._dict:
	subscription = frappe.get_doc("Customer Subscription", name)
	paid = payments.of_subscription(name)
	due = 0 if subscription.terminated_at else application.missing(subscription)
	return frappe._dict(
		name=name,
		plan=subscription.internet_plan,
		phone_number=f"0{subscription.phone_number[3:]}" if subscription.phone_number else "",
		price=subscription.price,
		amount_due=due,
		may_pay=not subscription.terminated_at and subscription.price > 0,
		state=_state(subscription),
		data=_data(subscription),
		time=_time(subscription),
		usage=_usage(name),
		payments=[_payment(payment) for payment in paid if payment.status != "Failed"][:PAYMENTS_SHOWN],
		open_payment=_open_payment(paid),
	)


def _state(subscription) -> frappe._dict:
	"""``color``, ``word`` and the lines beneath it."""
	if subscription.status == "Active":
		return frappe._dict(color="green", word=_("Active"), lines=_lines_of_active(subscription))
	if subscription.terminated_at:
		return frappe._dict(color="gray", word=_("Ended"), lines=[_("This contract has ended.")])
	word, color = {
		"Draft": (_("Not paid yet"), "gray"),
		"Suspended": (_("Stopped"), "orange"),
		"Expired": (_("Expired"), "red"),
	}[subscription.status]
	return frappe._dict(color=color, word=word, lines=_lines_of_stopped(subscription))


def _lines_of_active(subscription) -> list[str]:
	ended = subscription.expiry_date <= now_datetime()
	words = _("Please pay; your paid time ended on {0}.") if ended else _("Paid until {0}.")
	lines = [words.format(_moment(subscription.expiry_date))]
	if subscription.quota_state == "Used Up":
		lines.append(_("Your data or time is used up."))
	if subscription.router_status != "In Sync":
		lines.append(_("Your connection is being prepared."))
	elif subscription.is_online:
		lines.append(_("You are online."))
	return lines


def _lines_of_stopped(subscription) -> list[str]:
	if subscription.paused_at:
		return [_("Paused since {0}; your paid time is kept.").format(_moment(subscription.paused_at))]
	if subscription.staff_hold or subscription.customer_disabled:
		return [_("Please contact us.")]
	if subscription.expiry_date:
		return [_("Your paid time ended on {0}.").format(_moment(subscription.expiry_date))]
	return [_("Pay, and you are connected at once.")]


def _moment(value) -> str:
	return format_datetime(value, "EEE d MMM yyyy, HH:mm")


def _data(subscription) -> frappe._dict:
	used, quota = subscription.data_used_mb or 0, subscription.data_quota_mb or 0
	left = max(quota - used, 0)
	return frappe._dict(
		limited=bool(quota),
		used=_gb(used / MB_A_GB),
		quota=_gb(quota / MB_A_GB),
		left=_gb(left / MB_A_GB),
		percent_left=round(100 * left / quota) if quota else 100,
	)


def _time(subscription) -> frappe._dict | None:
	quota = frappe.get_cached_value("Internet Plan", subscription.internet_plan, "time_quota_minutes") or 0
	if not quota:
		return None
	left = max(quota - (subscription.time_used_minutes or 0), 0)
	return frappe._dict(left=_hours(left), quota=_hours(quota), percent_left=round(100 * left / quota))


def _gb(value: float) -> str:
	return f"{value:.2f}".rstrip("0").rstrip(".") + " GB"


def _hours(minutes: int) -> str:
	return _("{0} h {1} min").format(*divmod(minutes, 60))


def _usage(name: str) -> frappe._dict:
	"""Bytes of each of the last 30 days, days without any included; heights in percent of the largest."""
	first = getdate(add_days(today(), 1 - DAYS_SHOWN))
	moved = {row.date: row.upload_bytes + row.download_bytes for row in usage.by_day(name, str(first))}
	days = [getdate(add_days(first, number)) for number in range(DAYS_SHOWN)]
	largest = max(moved.values(), default=0)
	return frappe._dict(
		total=_gb(sum(moved.values()) / BYTES_A_GB),
		any=largest > 0,
		first=formatdate(days[0], "d MMM"),
		last=formatdate(days[-1], "d MMM"),
		days=[
			frappe._dict(
				label=f"{formatdate(day, 'd MMM')}: {_gb(moved.get(day, 0) / BYTES_A_GB)}",
				height=round(100 * moved.get(day, 0) / largest) if largest else 0,
			)
			for day in days
		],
	)


def _payment(payment: frappe._dict) -> frappe._dict:
	words = {
		"Applied": (_("Paid"), "green"),
		"Requested": (_("Waiting for M-PESA"), "blue"),
		"Received": (_("Being checked"), "blue"),
		"Verified": (_("Being booked"), "blue"),
		"Needs Review": (_("Being looked at"), "orange"),
		"Duplicate": (_("Counted once"), "gray"),
		"Reversed": (_("Taken back"), "red"),
		"Closed": (_("Settled otherwise"), "gray"),
	}
	word, color = words[payment.status]
	return frappe._dict(
		date=formatdate(payment.creation, "d MMM yyyy"),
		amount=payment.amount,
		receipt=payment.receipt or "",
		word=word,
		color=color,
	)


def _open_payment(paid: list[frappe._dict]) -> str | None:
	"""The newest prompt that nobody has answered: the page may be opened again after the PIN was typed."""
	since = add_to_date(now_datetime(), seconds=-FOLLOWED_FOR.total_seconds())
	open_ones = (row.payment for row in paid if row.status in UNDECIDED and row.creation > since)
	return next(open_ones, None)
