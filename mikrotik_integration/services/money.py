"""Amounts of money in words for people: "KES 1,500", "KES 0.50"."""

from decimal import Decimal

import erpnext
from frappe.utils import flt, fmt_money

from mikrotik_integration.services import settings

CENTS = 2


def words(amount: Decimal | float | str | None, currency: str | None = None) -> str:
	"""The amount with its currency (that of the books if none is named), cents only if there are any."""
	value = flt(amount, CENTS)
	number = fmt_money(value, precision=CENTS if value % 1 else 0)
	return f"{currency or _of_the_books()} {number}"


def _of_the_books() -> str:
	company = settings.isp_settings().company
	return erpnext.get_company_currency(company) if company else erpnext.get_default_currency()
