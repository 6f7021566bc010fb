"""ISP Settings, read once a request, with what is missing said in plain words."""

from dataclasses import dataclass
from datetime import timedelta

import frappe
from frappe import _

from mikrotik_integration.exceptions import SettingsMissing


@dataclass(frozen=True)
class Books:
	"""Where money is booked. ``company_currency`` is the currency of every price of this app."""

	company: str
	company_currency: str
	cost_center: str | None
	income_account: str | None
	taxes_and_charges: str | None


def isp_settings():
	"""The ISP Settings document (cached; do not change it)."""
	return frappe.get_cached_doc("ISP Settings")


def books() -> Books:
	"""Raises SettingsMissing if no company was chosen."""
	settings = isp_settings()
	if not settings.company:
		raise SettingsMissing(_("Choose the company in ISP Settings first"))
	return Books(
		company=settings.company,
		company_currency=frappe.get_cached_value("Company", settings.company, "default_currency"),
		cost_center=settings.cost_center or None,
		income_account=settings.income_account or None,
		taxes_and_charges=settings.taxes_and_charges or None,
	)


def income_account() -> str | None:
	"""Where what is sold is income: the chosen account, else the company's."""
	chosen = books()
	return chosen.income_account or frappe.get_cached_value(
		"Company", chosen.company, "default_income_account"
	)


def mpesa_settings_name() -> str:
	"""Raises SettingsMissing if M-PESA was not set up."""
	name = isp_settings().mpesa_settings
	if not name:
		raise SettingsMissing(_("Choose the M-PESA Settings in ISP Settings first"))
	return name


def site_id() -> str:
	"""The mark of this site in rows that it owns on routers."""
	return isp_settings().site_id


def home() -> str:
	"""Where this site runs, by its own name and its database's: a copy has others."""
	return f"{frappe.local.site} ({frappe.conf.db_name})"


def bytes_per_mb() -> int:
	return int(isp_settings().bytes_per_mb or 1_000_000)


def grace() -> timedelta:
	"""How long a postpaid customer stays online after the period's end without paying."""
	return timedelta(days=isp_settings().grace_days or 0)
