"""A company in Kenya with M-PESA set up: what the demonstration and the tests start from. Made once per site."""

import frappe
from frappe.desk.page.setup_wizard.setup_wizard import setup_complete
from frappe.installer import update_site_config
from frappe.utils import getdate

from mikrotik_integration.install import ensure_mpesa_fields
from mikrotik_integration.services.router_addresses import ALLOW_LOCAL

COMPANY, ABBR = "Savanna Net", "SN"
MPESA = "Savanna"
SHORTCODE = "174379"
MODE_OF_PAYMENT = f"Mpesa-{MPESA}"
PASSKEY = "simulated-passkey"
CONSUMER_KEY, CONSUMER_SECRET = "simulated-consumer-key", "simulated-consumer-secret"
TIME_ZONE = "Africa/Nairobi"


def ensure_site() -> None:
	"""Idempotent; commits."""
	_allow_simulated_routers()
	if not frappe.db.exists("Company", COMPANY):
		_make_company()
	ensure_mpesa_fields()
	_ensure_mpesa()
	_ensure_settings()
	# the demo's web server and workers read it on connections of their own
	frappe.db.commit()  # nosemgrep


def _allow_simulated_routers() -> None:
	if not frappe.conf.get(ALLOW_LOCAL):
		update_site_config(ALLOW_LOCAL, 1)
		frappe.local.conf[ALLOW_LOCAL] = 1


def _make_company() -> None:
	year = getdate().year
	setup_complete(
		{
			"currency": "KES",
			"full_name": "Asha Mwangi",
			"company_name": COMPANY,
			"timezone": TIME_ZONE,
			"company_abbr": ABBR,
			"country": "Kenya",
			"fy_start_date": f"{year}-01-01",
			"fy_end_date": f"{year}-12-31",
			"language": "English",
			"email": "asha@example.com",
			"password": "a-long-pass-phrase-of-asha",
			"chart_of_accounts": "Standard",
		}
	)
	# the wizard runs once only: what it made stands, whatever comes next
	frappe.db.commit()  # nosemgrep


def _ensure_mpesa() -> None:
	account = _ensure_mpesa_account()
	mpesa = (
		frappe.get_doc("Mpesa Settings", MPESA)
		if frappe.db.exists("Mpesa Settings", MPESA)
		else frappe.new_doc("Mpesa Settings")
	)
	mpesa.update(
		{
			"payment_gateway_name": MPESA,
			"consumer_key": CONSUMER_KEY,
			"consumer_secret": CONSUMER_SECRET,
			"business_shortcode": SHORTCODE,
			"till_number": SHORTCODE,
			"online_passkey": PASSKEY,
			"paybill_type": "Pay Bill",
			"api_type": "MPesa Express",
			"initiator_name": "apitest",
			"initiator_password": "Safaricom999!",
			"sandbox": 1,
			"auto_reconcile_c2b": 0,
			"access_token": "",
			"token_expiry": None,
		}
	)
	mpesa.save()
	mode = frappe.get_doc("Mode of Payment", MODE_OF_PAYMENT)
	mode.accounts = [row for row in mode.accounts if row.company != COMPANY]
	mode.append("accounts", {"company": COMPANY, "default_account": account})
	mode.save()


def _ensure_mpesa_account() -> str:
	name = f"M-PESA - {ABBR}"
	if not frappe.db.exists("Account", name):
		parent = frappe.db.get_value("Account", {"company": COMPANY, "account_type": "Bank", "is_group": 1})
		frappe.get_doc(
			{
				"doctype": "Account",
				"account_name": "M-PESA",
				"company": COMPANY,
				"parent_account": parent,
				"account_type": "Bank",
				"account_currency": "KES",
			}
		).insert()
	return name


def _ensure_settings() -> None:
	settings = frappe.get_single("ISP Settings")
	settings.update(
		{
			"company": COMPANY,
			"mpesa_settings": MPESA,
			"mode_of_payment": MODE_OF_PAYMENT,
			"grace_days": 3,
			"invoice_lead_days": 5,
			"reminder_days": 2,
			"bytes_per_mb": "1000000",
			"send_sms": 0,
			"voucher_customer": _ensure_walk_in_customer(),
			"cash_mode_of_payment": "Cash",
			"voucher_booking": "Each Sale",
			"deferred_account": None,
			"code_length": 9,
			"device_replacements": 2,
		}
	)
	settings.save()


def _ensure_walk_in_customer() -> str:
	name = "Wi-Fi guests"
	if not frappe.db.exists("Customer", name):
		frappe.get_doc(
			{
				"doctype": "Customer",
				"customer_name": name,
				"customer_type": "Individual",
				"customer_group": frappe.db.get_value("Customer Group", {"is_group": 0}),
				"territory": frappe.db.get_value("Territory", {"is_group": 0}),
			}
		).insert()
	_ensure_cash_account()
	return name


def _ensure_cash_account() -> None:
	mode = frappe.get_doc("Mode of Payment", "Cash")
	if not any(row.company == COMPANY for row in mode.accounts):
		account = frappe.get_cached_value("Company", COMPANY, "default_cash_account")
		mode.append("accounts", {"company": COMPANY, "default_account": account})
		mode.save()
