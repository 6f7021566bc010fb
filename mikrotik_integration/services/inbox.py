"""The inbox of money: one Subscription Payment for each payment asked for or received.

A row's name is the payment's own identity, so that the same payment cannot be recorded twice, whoever tells of it
and however often. Recording believes nothing and gives nothing: verification and application come after.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.utils import add_to_date, cstr, flt, get_datetime, get_system_timezone, now_datetime

from mikrotik_integration.core.payments import account_numbers, amounts, phones
from mikrotik_integration.core.payments.asking import next_ask
from mikrotik_integration.services import foreign_text, settings
from mikrotik_integration.services.locks import lock_row

KES = "KES"
NAIROBI = ZoneInfo("Africa/Nairobi")
# what a prompt pays for, and the field of its payment that says so
OURS_BY_DOCTYPE = {"Customer Subscription": "subscription", "Hotspot Purchase": "hotspot_purchase"}
OURS = (*OURS_BY_DOCTYPE, "Payment Request")
RECEIPT = re.compile(r"[A-Z0-9]{6,20}")
TYPED_LENGTH = 60


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
			"next_ask": next_ask(get_datetime(request.creation), 0, now_datetime()),
			**belongs_to(*owner),
		}
	)


def _owner_of(request) -> tuple[str, str] | None:
	"""What a push pays for: its own reference, or the subscription of the invoice of a Payment Request."""
	if not request:
		return None
	if request.reference_doctype in OURS_BY_DOCTYPE:
		return request.reference_doctype, request.reference_name
	if request.reference_doctype == "Payment Request":
		subscription = subscription_of_payment_request(request.reference_name)
		return ("Customer Subscription", subscription) if subscription else None
	return None


def subscription_of_payment_request(name: str) -> str | None:
	about = frappe.db.get_value(
		"Payment Request", name, ["reference_doctype", "reference_name"], as_dict=True
	)
	if not about or about.reference_doctype != "Sales Invoice":
		return None
	return frappe.db.get_value("Sales Invoice", about.reference_name, "customer_subscription")


def record_pay_bill(register) -> str | None:
	"""A C2B confirmation. None if it is not for this app, so that others may have it, or no confirmation at all."""
	receipt = receipt_of(register)
	mpesa_settings = settings_of(register.businessshortcode)
	if not receipt or not mpesa_settings or not 0 < flt(register.transamount) <= float(amounts.LIMIT):
		return None
	# without the apostrophe that keeps spreadsheets from calculating it
	typed = cstr(register.billrefnumber).removeprefix("'")[:TYPED_LENGTH]
	owner, suggestion = _owner_of_account(typed, cstr(register.msisdn))
	if not owner and not is_ours(mpesa_settings):
		return None
	name = _insert(
		{
			"payment_id": receipt,
			"source": "Pay Bill",
			"status": "Received",
			"receipt": receipt,
			"amount": flt(register.transamount),
			"phone_number": _phone(register.msisdn),
			"payer_name": foreign_text.line(register.full_name),
			"account_typed": foreign_text.line(typed),
			"shortcode": register.businessshortcode,
			"mpesa_settings": mpesa_settings,
			"c2b_register": register.name,
			"payment_entry": register.get("payment_entry"),
			"paid_on": _transaction_time(register.transtime),
			"next_ask": now_datetime(),
			"suggested_subscription": suggestion,
			**(belongs_to(*owner) if owner else {}),
		}
	)
	_compare(name, typed)
	return name


def _owner_of_account(typed: str, msisdn: str) -> tuple[tuple[str, str] | None, str | None]:
	"""What the account that was typed stands for, and whose subscription it may be otherwise."""
	subscription, suggestion = find_subscription(typed, msisdn)
	if subscription:
		return ("Customer Subscription", subscription), None
	purchase = frappe.db.get_value("Hotspot Purchase", typed.strip() or "-")
	return (("Hotspot Purchase", purchase), None) if purchase else (None, suggestion)


def receipt_of(register) -> str | None:
	"""The receipt in the one way in which M-PESA writes it; None for what cannot be one."""
	receipt = cstr(register.transid).strip().upper()
	return receipt if RECEIPT.fullmatch(receipt) else None


def _compare(name: str | None, typed: str) -> None:
	"""A second confirmation of a receipt that names another account: one of the two is forged. Say so."""
	typed = foreign_text.line(typed)
	told = frappe.db.get_value(
		"Subscription Payment",
		{"name": name, "source": "Pay Bill"},
		["account_typed", "status", "review_reason"],
		as_dict=True,
	)
	if not told or told.review_reason or cstr(told.account_typed).strip() == typed.strip():
		return
	values = {"review_reason": _("Another confirmation of this receipt names the account {0}").format(typed)}
	if told.status in ("Received", "Verified"):
		values |= {"status": "Needs Review", "next_ask": None}
	frappe.db.set_value("Subscription Payment", name, values)


def record_booked_pay_bill(register, payment_entry: str, subscription: str) -> str | None:
	"""A C2B confirmation for which frappe_mpsa_payments has booked a Payment Entry before anyone verified it."""
	register.payment_entry = payment_entry
	name = record_pay_bill(register)
	if name:
		frappe.db.set_value(
			"Subscription Payment",
			name,
			{"payment_entry": payment_entry, **belongs_to("Customer Subscription", subscription)},
		)
	return name


def record_desk(payment_entry, subscription: str) -> str | None:
	"""A Payment Entry that staff submitted: they saw the money."""
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
			"paid_on": payment_entry.posting_date,
			**belongs_to("Customer Subscription", subscription),
		}
	)


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


def _transaction_time(text) -> datetime:
	"""TransTime is YYYYMMDDHHMMSS in Nairobi time; nonsense in a forged one, or another day, becomes "now"."""
	try:
		told = site_time(datetime.strptime(cstr(text), "%Y%m%d%H%M%S"))
	except ValueError:
		return now_datetime()
	return told if abs(told - now_datetime()) < timedelta(days=2) else now_datetime()


def site_time(nairobi: datetime) -> datetime:
	"""M-PESA's clock is Nairobi's; documents hold the site's."""
	zone = ZoneInfo(get_system_timezone())
	return nairobi.replace(tzinfo=NAIROBI).astimezone(zone).replace(tzinfo=None)
