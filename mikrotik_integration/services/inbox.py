"""The inbox of money: one Subscription Payment for each payment asked for or received.

A row's name is the payment's own identity, so that the same payment cannot be recorded twice, whoever tells of it
and however often. Recording believes nothing and gives nothing: verification and application come after.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.utils import add_to_date, cstr, flt, get_datetime, get_system_timezone, now_datetime

from mikrotik_integration.core.payments import account_numbers, phones, receipts
from mikrotik_integration.core.payments.asking import next_ask
from mikrotik_integration.core.payments.c2b import Confirmation, parse_confirmation
from mikrotik_integration.core.payments.transaction_status import MalformedCallback
from mikrotik_integration.services import foreign_text, inbox_turns, settings
from mikrotik_integration.services.locks import lock_row

KES = "KES"
NAIROBI = ZoneInfo("Africa/Nairobi")
# what a prompt pays for, and the field of its payment that says so
OURS_BY_DOCTYPE = {"Customer Subscription": "subscription", "Hotspot Purchase": "hotspot_purchase"}
OURS = (*OURS_BY_DOCTYPE, "Payment Request", "Sales Invoice")


def record_push(express_request_name: str) -> str | None:
	"""An STK push that was sent for a subscription or a purchase; None if no prompt went out or it is not ours."""
	request = frappe.db.get_value(
		"Mpesa Express Request",
		express_request_name,
		[
			"name",
			"reference_doctype",
			"reference_name",
			"checkout_request_id",
			"amount",
			"phone_number",
			"settings",
			"creation",
		],
		as_dict=True,
	)
	owner = _owner_of(request)
	if not owner or not request.checkout_request_id:
		return None
	return _insert(
		{
			"payment_id": request.checkout_request_id,
			"source": "STK Push",
			"status": "Requested",
			"amount": flt(request.amount),
			"phone_number": _phone(request.phone_number),
			"account_typed": request.reference_name,
			"shortcode": frappe.db.get_value("Mpesa Settings", request.settings, "business_shortcode"),
			"mpesa_settings": request.settings,
			"express_request": request.name,
			"checkout_request_id": request.checkout_request_id,
			"next_ask": next_ask(get_datetime(request.creation), now_datetime()),
			**belongs_to(*owner),
		}
	)


def _owner_of(request) -> tuple[str, str] | None:
	"""What a push pays for: its own reference, or the subscription of an invoice, or of the one of a Payment Request."""
	if not request:
		return None
	if request.reference_doctype in OURS_BY_DOCTYPE:
		return request.reference_doctype, request.reference_name
	subscription = None
	if request.reference_doctype == "Payment Request":
		subscription = subscription_of_payment_request(request.reference_name)
	elif request.reference_doctype == "Sales Invoice":
		subscription = frappe.db.get_value("Sales Invoice", request.reference_name, "customer_subscription")
	return ("Customer Subscription", subscription) if subscription else None


def subscription_of_payment_request(name: str) -> str | None:
	about = frappe.db.get_value(
		"Payment Request", name, ["reference_doctype", "reference_name"], as_dict=True
	)
	if not about or about.reference_doctype != "Sales Invoice":
		return None
	return frappe.db.get_value("Sales Invoice", about.reference_name, "customer_subscription")


def record_pay_bill(told: Confirmation, register: str | None = None) -> str | None:
	"""A C2B confirmation. None if it is not for this app, so that others may have it."""
	mpesa_settings = settings_of(told.shortcode)
	if not mpesa_settings:
		return None
	owner, suggestion = _owner_of_account(told.account, told.payer)
	if not owner and not is_ours(mpesa_settings):
		return None
	name = _insert(
		{
			"payment_id": told.receipt,
			"source": "Pay Bill",
			"status": "Received",
			"receipt": told.receipt,
			"amount": flt(told.amount),
			"phone_number": _phone(told.payer),
			"payer_name": foreign_text.line(told.payer_name),
			"account_typed": foreign_text.line(told.account),
			"shortcode": told.shortcode,
			"mpesa_settings": mpesa_settings,
			"c2b_register": register,
			"paid_on": _transaction_time(told.paid_at),
			"next_ask": now_datetime(),
			"in_crowd": int(
				inbox_turns.is_in_crowd(**({OURS_BY_DOCTYPE[owner[0]]: owner[1]} if owner else {}))
			),
			"suggested_subscription": suggestion,
			**(belongs_to(*owner) if owner else {}),
		}
	)
	compare(told)
	return name


def record_register(register) -> str | None:
	"""A confirmation that somebody put into frappe_mpsa_payments' register. None if it is not for this app, or none."""
	told = _told_by(register)
	name = record_pay_bill(told, register.name) if told else None
	if name:
		unknown = {"name": name, "source": "Pay Bill", "c2b_register": ("is", "not set")}
		frappe.db.set_value("Subscription Payment", unknown, "c2b_register", register.name)
	return name


def _told_by(register) -> Confirmation | None:
	try:
		return parse_confirmation(
			{
				"TransID": register.transid,
				"TransAmount": register.transamount,
				"BusinessShortCode": register.businessshortcode,
				"BillRefNumber": register.billrefnumber,
				"MSISDN": register.msisdn,
				"FirstName": register.full_name,
				"TransTime": register.transtime,
			}
		)
	except MalformedCallback:
		return None


def _owner_of_account(typed: str, msisdn: str) -> tuple[tuple[str, str] | None, str | None]:
	"""What the account that was typed stands for, and whose subscription it may be otherwise."""
	subscription, suggestion = find_subscription(typed, msisdn)
	if subscription:
		return ("Customer Subscription", subscription), None
	purchase = frappe.db.get_value("Hotspot Purchase", typed.strip() or "-")
	return (("Hotspot Purchase", purchase), None) if purchase else (None, suggestion)


def receipt_of(register) -> str | None:
	"""The receipt in the one way in which M-PESA writes it; None for what cannot be one."""
	return receipts.normalise(cstr(register.transid))


def compare(again: Confirmation) -> None:
	"""A second confirmation of a receipt that names another account: one of the two is forged. Say so."""
	typed = foreign_text.line(again.account)
	told = frappe.db.get_value(
		"Subscription Payment",
		{"name": again.receipt, "source": "Pay Bill"},
		["account_typed", "status", "review_reason"],
		as_dict=True,
	)
	if not told or told.review_reason or cstr(told.account_typed).strip() == typed:
		return
	reason = _("Another confirmation of this receipt names the account {0}").format(typed)
	values = {"review_reason": reason}
	if told.status in ("Received", "Verified"):
		values |= {"status": "Needs Review", "next_ask": None}
	frappe.db.set_value("Subscription Payment", again.receipt, values)


def record_booked_pay_bill(register, payment_entry: str, subscription: str) -> str | None:
	"""A C2B confirmation for which frappe_mpsa_payments has booked a Payment Entry before anyone verified it."""
	name = record_register(register)
	if name:
		frappe.db.set_value(
			"Subscription Payment",
			name,
			{"payment_entry": payment_entry, **belongs_to("Customer Subscription", subscription)},
		)
	return name


def record_desk(payment_entry, subscription: str) -> str | None:
	"""A Payment Entry that staff submitted: they saw the money. Its receipt, if it names one, is used up by it."""
	receipt = receipts.find(cstr(payment_entry.reference_no))
	_take_from_unverified(receipt)
	return _insert(
		{
			"payment_id": payment_entry.name,
			"source": "Desk",
			"status": "Verified",
			"verified": 1,
			"verified_by": frappe.session.user,
			"verified_on": now_datetime(),
			"next_ask": now_datetime(),
			"amount": flt(payment_entry.paid_amount),
			"currency": payment_entry.paid_from_account_currency,
			"payment_entry": payment_entry.name,
			"receipt": receipt,
			"paid_on": payment_entry.posting_date,
			**belongs_to("Customer Subscription", subscription),
		}
	)


def _take_from_unverified(receipt: str | None) -> None:
	"""Somebody's word for this receipt stands back behind what staff saw; M-PESA may still confirm it, see
	``application``."""
	if receipt:
		claims = {"receipt": receipt, "verified": 0}
		frappe.db.set_value("Subscription Payment", claims, "receipt", None)


def find_subscription(typed: str, msisdn: str) -> tuple[str | None, str | None]:
	"""Whose account number was typed, and whose the payer's phone may be (a suggestion for a person).

	Counts as the account: the account number (its check digit guards against slips), a login name, or a phone
	number, the last two only if exactly one subscription has it.
	"""
	number = account_numbers.parse(typed)
	if number and frappe.db.exists("Customer Subscription", number):
		return number, None
	by_name = _only({"username": typed.strip()}) or only_by_phone(typed)
	return by_name, None if by_name else only_by_phone(msisdn)


def _only(filters: dict) -> str | None:
	if not all(filters.values()):
		return None
	found = frappe.get_all(
		"Customer Subscription", filters=filters, pluck="name", limit=2, order_by="creation"
	)
	return found[0] if len(found) == 1 else None


def only_by_phone(text: str) -> str | None:
	"""The one subscription that has this phone number, if there is just one."""
	phone = _phone(text)
	return _only({"phone_number": phone, "terminated_at": ("is", "not set")}) if phone else None


def pushes_without_payment(owner: str | None = None) -> list[str]:
	"""Pushes without a record: its process died right after the prompt went out, or it was sent again since.

	Those that changed in the last day; or all of one subscription or purchase.
	"""
	request = frappe.qb.DocType("Mpesa Express Request")
	payment = frappe.qb.DocType("Subscription Payment")
	query = (
		frappe.qb.from_(request)
		.left_join(payment)
		.on(payment.checkout_request_id == request.checkout_request_id)
		.select(request.name)
		.where(request.reference_doctype.isin(OURS) & (request.docstatus == 1))
		.where(request.checkout_request_id.isnotnull() & (request.checkout_request_id != ""))
		.where(payment.name.isnull())
	)
	if owner:
		return query.where(request.reference_name == owner).run(pluck=True)
	return query.where(request.modified > add_to_date(now_datetime(), days=-1)).run(pluck=True)


def _insert(values: dict) -> str | None:
	"""The new row's name, or the name of the one that is there already.

	A receipt that a push claims does not keep its pay bill from being recorded: M-PESA will say whose it is.
	"""
	payment = frappe.get_doc({"doctype": "Subscription Payment", "currency": KES, **values})
	frappe.db.savepoint("record_payment")
	try:
		return payment.insert(ignore_permissions=True, ignore_links=True).name
	except (frappe.DuplicateEntryError, frappe.UniqueValidationError):
		frappe.db.rollback(save_point="record_payment")
		frappe.clear_last_message()
		if lock_row("Subscription Payment", values["payment_id"]):  # sees what another process just committed
			return values["payment_id"]
		if values["source"] == "Desk":
			frappe.throw(_("The receipt {0} is booked already").format(values["receipt"]))
		return _insert({**values, "receipt": None}) if values.get("receipt") else None


def belongs_to(doctype: str, name: str) -> dict:
	"""The fields of a payment that say what it is for; none if that was deleted since."""
	found = frappe.db.get_value(doctype, name, ["customer", "mikrotik_settings"])
	if not found:
		return {}
	return {OURS_BY_DOCTYPE[doctype]: name, "customer": found[0], "mikrotik_settings": found[1]}


def is_ours(mpesa_settings: str | None) -> bool:
	"""Whether money paid to this shortcode is the provider's: of ISP Settings, or of another one of its company."""
	ours = settings.isp_settings()
	if not mpesa_settings or mpesa_settings == ours.mpesa_settings:
		return bool(mpesa_settings)
	return frappe.db.get_value("Mpesa Settings", mpesa_settings, "company") == ours.company


def settings_of(shortcode: str | None) -> str | None:
	"""The Mpesa Settings of a pay bill number or till."""
	by_shortcode = frappe.db.get_value("Mpesa Settings", {"business_shortcode": shortcode or "-"})
	return by_shortcode or frappe.db.get_value("Mpesa Settings", {"till_number": shortcode or "-"})


def _phone(text) -> str | None:
	try:
		return phones.normalise(cstr(text).removeprefix("'"))
	except phones.InvalidPhone:
		return None


def _transaction_time(told: datetime | None) -> datetime:
	"""When it was paid, site-local; another day than about today, in a forged confirmation, becomes "now"."""
	at = site_time(told) if told else now_datetime()
	return at if abs(at - now_datetime()) < timedelta(days=2) else now_datetime()


def site_time(nairobi: datetime) -> datetime:
	"""M-PESA's clock is Nairobi's; documents hold the site's."""
	zone = ZoneInfo(get_system_timezone())
	return nairobi.replace(tzinfo=NAIROBI).astimezone(zone).replace(tzinfo=None)


def nairobi_time(site_local: datetime) -> datetime:
	zone = ZoneInfo(get_system_timezone())
	return get_datetime(site_local).replace(tzinfo=zone).astimezone(NAIROBI).replace(tzinfo=None)
