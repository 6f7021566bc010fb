"""Buying a voucher with M-PESA, on the captive portal or at the till: prompt, confirmed payment, code.

What is wanted is written down before the prompt goes out, with the code reserved where the package is sold from a
pool. The money comes in by the inbox like all other, and is applied by ``deliver``.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

import frappe
from frappe import _
from frappe.query_builder.functions import Coalesce
from frappe.utils import add_to_date, cint, flt, get_url, now_datetime
from frappe.utils.password import get_encryption_key

from mikrotik_integration.core.payments import phones
from mikrotik_integration.core.provisioning.names import normalise_mac
from mikrotik_integration.core.vouchers import codes, links, standing
from mikrotik_integration.exceptions import PaymentNotPossible, VoucherError
from mikrotik_integration.services import (
	deferred,
	inbox,
	inbox_queue,
	messages,
	payment_entries,
	prompts,
	pushes,
	refunds,
	settings,
	voucher_books,
	voucher_packages,
	voucher_returns,
	voucher_sales,
	vouchers,
)
from mikrotik_integration.services.vouchers import VOUCHER

PURCHASE = "Hotspot Purchase"
LETTERS = "23456789ACDEFHJKMNPQRTUVWXY"
LANGUAGES = ("en", "sw")
RESUMABLE = timedelta(days=1)
RESERVED_FOR = timedelta(minutes=5)  # a prompt lives about one
MOST_SMS = 8


@dataclass(frozen=True)
class Started:
	"""A prompt is on the phone; ``token`` gets to this purchase from any browser."""

	purchase: str
	token: str
	amount: float
	phone: str


def new_name() -> str:
	"""A name that nobody can guess, short enough for the account reference of a prompt (12 characters)."""
	while True:
		name = "W" + "".join(secrets.choice(LETTERS) for _ in range(10))
		if not frappe.db.exists(PURCHASE, name):
			return name


def start(
	package: str,
	router: str,
	phone_number: str,
	mac: str = "",
	language: str = "en",
	sold_by: str | None = None,
) -> Started:
	"""Send the prompt for one voucher. Commits.

	Raises VoucherError or PaymentNotPossible, in words for the buyer, and RateLimitExceededError; then no prompt is
	out and no code is reserved.
	"""
	plan = voucher_packages.check(package)
	if not sold_by and not plan.shown_on_portal:
		raise VoucherError(_("{0} is no longer sold").format(package))
	place = voucher_packages.router_for_sale(router)
	phone = pushes.phone(phone_number)
	address = _mac(mac)
	if not sold_by:
		prompts.count_purchase(place.name, address)
	purchase = _record(plan, place, phone, address, language, sold_by)
	frappe.db.commit()  # nosemgrep: the reservation must stand before anybody is charged
	try:
		payment = pushes.send(purchase, phone, flt(purchase.price), plan.plan_name)
	except Exception as error:
		frappe.db.rollback()
		give_up(purchase.name, str(error))
		frappe.db.commit()  # nosemgrep: the code is for sale again
		raise
	frappe.db.set_value(PURCHASE, purchase.name, "subscription_payment", payment, update_modified=False)
	return Started(purchase.name, token_of(purchase.name), flt(purchase.price), phone)


def _record(plan, router, phone: str, mac: str, language: str, sold_by: str | None):
	if settings.books().company_currency != inbox.KES:
		raise PaymentNotPossible(_("M-PESA is paid in {0}").format(inbox.KES))
	purchase = frappe.get_doc(
		{
			"doctype": PURCHASE,
			"internet_plan": plan.name,
			"mikrotik_settings": router.name,
			"price": flt(plan.price),
			"currency": inbox.KES,
			"phone_number": phone,
			"mac_address": mac,
			"language": language if language in LANGUAGES else "en",
			"sold_by": sold_by,
			"customer": voucher_books.walk_in_customer(),
		}
	).insert(ignore_permissions=True)
	if plan.codes_from == voucher_sales.POOL:
		(voucher,) = voucher_sales.take_from_pool(plan.name, router.name, 1)
		frappe.db.set_value(VOUCHER, voucher, "reserved_for", purchase.name)
		purchase.db_set("hotspot_voucher", voucher)
	return purchase


def _mac(text: str) -> str:
	"""As routers write it; empty for what is none. It only says which device may see the code again."""
	try:
		return normalise_mac(text)
	except ValueError:
		return ""


def give_up(name: str, reason: str) -> None:
	"""Nobody will pay for this purchase: its code is for sale again. In the caller's transaction."""
	purchase = frappe.get_doc(PURCHASE, name, for_update=True)
	if purchase.status != "Waiting":
		return
	frappe.db.set_value(VOUCHER, {"reserved_for": name}, "reserved_for", None)
	owed = frappe.db.get_value(
		"Subscription Payment",
		{"hotspot_purchase": name, "verified": 1, "status": "Needs Review"},
		"review_reason",
	)
	status, because = ("Refund Due", owed) if owed else ("Failed", reason)
	purchase.db_set({"status": status, "status_reason": because[:500], "hotspot_voucher": None})


def has_open_prompt(name: str) -> bool:
	"""Whether somebody may still pay for this purchase, or has: whoever knows its name can make another prompt for it,
	and refuse that one or pay too little."""
	return _has_payment(name, source="STK Push", status=("in", ("Requested", "Verified")))


def _has_payment(name: str, **filters) -> bool:
	return bool(frappe.db.exists("Subscription Payment", {"hotspot_purchase": name, **filters}))


def free_reservations() -> None:
	"""Every minute: codes of prompts that nobody can answer any more are for sale again, whatever Daraja says of them,
	and when. The purchase waits on: who paid all the same gets another code, or the money back."""
	voucher, purchase = frappe.qb.DocType(VOUCHER), frappe.qb.DocType(PURCHASE)
	old = (
		frappe.qb.from_(voucher)
		.join(purchase)
		.on(purchase.name == voucher.reserved_for)
		.select(purchase.name)
		.where((voucher.status == "Available") & (purchase.creation < now_datetime() - RESERVED_FOR))
	).run(pluck=True)
	for name in old:
		frappe.db.commit()  # nosemgrep: what is read next must be as new as the lock
		_free(frappe.get_doc(PURCHASE, name, for_update=True))
	frappe.db.commit()  # nosemgrep: no lock may be kept


def _free(purchase) -> None:
	if _has_payment(purchase.name, status="Verified"):  # it is about to be booked
		return
	frappe.db.set_value(VOUCHER, {"reserved_for": purchase.name}, "reserved_for", None)
	if purchase.status == "Waiting":
		purchase.db_set("hotspot_voucher", None)


# --- the money ---


def obstacle(payment) -> str | None:
	"""Why a person has to look at this payment, in words for the desk."""
	purchase = frappe.db.get_value(
		PURCHASE,
		payment.hotspot_purchase,
		["status", "price", "currency", "hotspot_voucher"],
		as_dict=True,
	)
	if not purchase:
		return _("The purchase {0} was deleted. Pay the money back").format(payment.hotspot_purchase)
	if not _waits_for_money(purchase):
		return _("The purchase {0} has been paid already. Pay the money back").format(
			payment.hotspot_purchase
		)
	if payment.currency != purchase.currency:
		return _("This is {0}, the voucher was offered in {1}").format(payment.currency, purchase.currency)
	if flt(payment.amount) < flt(purchase.price):
		return _("{0} was paid for a voucher of {1}. Pay the money back").format(
			payment.amount, purchase.price
		)
	return None


def _waits_for_money(purchase) -> bool:
	"""Money that did not suffice, or came when all were sold, does not spoil what comes after it."""
	if purchase.status == "Refund Due":
		return not purchase.hotspot_voucher
	return purchase.status in ("Waiting", "Failed")


def owe_refund(payment, reason: str) -> None:
	"""The money came, and no voucher for it: said on the purchase, for the buyer and the desk."""
	name = payment.hotspot_purchase
	status = frappe.db.get_value(PURCHASE, name, "status")
	if status == "Failed" or (status == "Waiting" and not has_open_prompt(name)):
		frappe.db.set_value(VOUCHER, {"reserved_for": name}, "reserved_for", None)
		frappe.db.set_value(
			PURCHASE,
			name,
			{"status": "Refund Due", "status_reason": reason, "hotspot_voucher": None},
		)
	refunds.review(name, reason)


def deliver(payment) -> None:
	"""Sell the voucher for a verified payment and book it. Raises SoldOut if no code is left."""
	purchase = frappe.get_doc(PURCHASE, payment.hotspot_purchase, for_update=True)
	payment.customer = purchase.customer
	voucher = _voucher_for(purchase, payment)
	values = {}
	if voucher_books.books_each_sale():
		line = voucher_books.Line(purchase.internet_plan, 1, flt(purchase.price))
		invoice = voucher_books.new_invoice(
			purchase.customer, purchase.mikrotik_settings, [line], _remarks(purchase, payment)
		)
		payment.sales_invoice = voucher_books.submit(invoice, [line])
		values = voucher_books.sold_with(invoice)
	_book(purchase, payment)
	if values:
		frappe.db.set_value(VOUCHER, voucher, values)
		deferred.share_out(values["sale_doctype"], values["sale_name"])
	_close(purchase, payment, voucher)
	refunds.review(purchase.name)


def _book(purchase, payment) -> None:
	"""The Payment Entry, if staff have not made it before the confirmation came."""
	price = flt(purchase.price)
	if not payment.payment_entry:
		due = (payment.sales_invoice, price) if payment.sales_invoice else None
		entry = payment_entries.book(
			payment,
			purchase.customer,
			_remarks(purchase, payment),
			invoice=due,
			hotspot_purchase=purchase.name,
		)
		payment.payment_entry = entry.name
		return
	frappe.db.set_value("Payment Entry", payment.payment_entry, "hotspot_purchase", purchase.name)
	if payment.sales_invoice:
		invoice = frappe.get_doc("Sales Invoice", payment.sales_invoice)
		payment_entries.allocate(invoice, {payment.payment_entry: price})


def _voucher_for(purchase, payment) -> str:
	plan = voucher_packages.check(purchase.internet_plan, for_sale=False)
	sale = {
		"sold_by": purchase.sold_by,
		"sold_through": "Till" if purchase.sold_by else "Portal",
		"phone_number": purchase.phone_number,
		"price": flt(purchase.price),
		"subscription_payment": payment.name,
		"mode_of_payment": payment_entries.mode_of_payment(payment.mpesa_settings, settings.books().company),
	}
	reserved = frappe.db.get_value(VOUCHER, {"reserved_for": purchase.name, "status": "Available"})
	if reserved:
		voucher_sales.mark_sold(reserved, **sale)
		return reserved
	router = voucher_packages.router_for_sale(purchase.mikrotik_settings)
	(name,) = voucher_sales.sell(plan, router, 1, **sale)
	return name


def _remarks(purchase, payment) -> str:
	return _("M-PESA {0} for the voucher of purchase {1} ({2}), payment {3}").format(
		payment_entries.reference(payment), purchase.name, purchase.internet_plan, payment.name
	)


def _close(purchase, payment, voucher: str) -> None:
	purchase.db_set(
		{
			"status": "Paid",
			"status_reason": "",
			"hotspot_voucher": voucher,
			"subscription_payment": payment.name,
			"paid_on": now_datetime(),
			"sms_status": "Waiting" if settings.isp_settings().send_sms else "Not Wanted",
			"next_sms": now_datetime(),
		}
	)


def write_reference(payment) -> None:
	"""The receipt of a booked payment is another one than was known then: its Payment Entry gets it."""
	purchase = frappe.get_doc(PURCHASE, payment.hotspot_purchase)
	values = {"reference_no": payment_entries.reference(payment), "remarks": _remarks(purchase, payment)}
	frappe.db.set_value("Payment Entry", payment.payment_entry, values)


def refunded(purchase_name: str, reason: str) -> None:
	"""The Payment Entry was cancelled: a voucher that nobody used is void."""
	voucher = frappe.db.get_value(PURCHASE, purchase_name, "hotspot_voucher")
	if voucher:
		try:
			voucher_sales.void(voucher, reason)
		except VoucherError as used:
			frappe.clear_last_message()
			reason = f"{reason}. {used}"
	refunds.review(purchase_name, reason)


def booked_again(purchase_name: str, undone: str) -> None:
	"""The Payment Entry ``undone`` was cancelled by mistake, and amended: its voucher is sold again, if its sale is."""
	voucher, sale = frappe.db.get_value(
		VOUCHER,
		frappe.db.get_value(PURCHASE, purchase_name, "hotspot_voucher") or "-",
		["name", "sale_name"],
	) or (None, None)
	if voucher and (not sale or frappe.db.get_value("Sales Invoice", sale, "docstatus") == 1):
		voucher_returns.reinstate(voucher, undone)
		voucher_sales.enqueue_push([voucher])
	refunds.review(purchase_name)


# --- the buyer's view ---


def token_of(name: str) -> str:
	"""What gets to a purchase without a login. It is not stored: only who knows the site's key can make it."""
	mac = hmac.new(get_encryption_key().encode(), f"hotspot purchase {name}".encode(), hashlib.sha256)
	return f"{name}.{mac.hexdigest()[:40]}"


def find(token: str) -> str | None:
	"""The purchase of a token that we gave out."""
	name = token.partition(".")[0]
	if not hmac.compare_digest(token_of(name).encode(), token.encode()):
		return None
	return frappe.db.get_value(PURCHASE, name)


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
		_hurry(name)
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


def _hurry(name: str) -> None:
	"""A callback said that the prompt was refused, which frappe_mpsa_payments tells nobody: have Daraja asked at once
	instead of after a minute. Believes nothing by itself."""
	payment, request = frappe.qb.DocType("Subscription Payment"), frappe.qb.DocType("Mpesa Express Request")
	refused = (
		frappe.qb.from_(payment)
		.join(request)
		.on(request.name == payment.express_request)
		.select(payment.name)
		.where((payment.hotspot_purchase == name) & (payment.status == "Requested"))
		.where((request.status == "Failed") & (Coalesce(payment.attempts, 0) == 0))
		.where(payment.next_ask > now_datetime())
	).run(pluck=True)
	for payment_name in refused:
		inbox_queue.enqueue(payment_name)


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
	}
	if answer["ready"]:
		answer["login"] = login_of(voucher.code, voucher.mikrotik_settings)
	return answer


def login_of(code: str, router: str) -> dict | None:
	"""Where and as whom the holder logs in; None if the router's login page is not known."""
	address, https = frappe.db.get_value("MikroTik Settings", router, ["hotspot_address", "hotspot_https"])
	if not address:
		return None
	return {"url": links.login_url(address, bool(https)), "username": code, "password": code}


def resume(router: str, phone_number: str, mac: str) -> str | None:
	"""The token of the latest purchase with this phone, for the device that began it; to any other device the code
	goes by SMS again, and the answer is None, as if there were no purchase."""
	phone, address = pushes.phone(phone_number), _mac(mac)
	prompts.count_resume(phone, address)
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
	if not found:
		return None
	if address and address == found[0].mac_address:
		return token_of(found[0].name)
	if found[0].status == "Paid":
		send_again(found[0].name)
	return None


# --- the code by SMS ---


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
	frappe.enqueue(
		"mikrotik_integration.services.purchases.send_sms",
		queue="short",
		enqueue_after_commit=True,
		name=name,
	)


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
	frappe.db.commit()  # nosemgrep: what is read next must be as new as the lock
	purchase = frappe.get_doc(PURCHASE, name, for_update=True)
	if purchase.sms_status != "Waiting" or not purchase.hotspot_voucher:
		return
	attempts = cint(purchase.sms_attempts) + 1
	pause = add_to_date(now_datetime(), minutes=2**attempts)
	purchase.db_set({"sms_attempts": attempts, "next_sms": pause})
	frappe.db.commit()  # nosemgrep: no transaction may stay open while the gateway is talked to
	try:
		messages.send(
			purchase.phone_number, settings.isp_settings().message_voucher or "", _sms_values(purchase)
		)
		result = {"sms_status": "Sent", "sms_error": ""}
	except Exception as error:
		frappe.db.rollback()
		gone = attempts >= MOST_SMS
		result = {"sms_status": "Failed" if gone else "Waiting", "sms_error": _without_secrets(error)}
	frappe.db.set_value(PURCHASE, name, result)
	frappe.db.commit()  # nosemgrep: see above


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
