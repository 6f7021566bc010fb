"""Amounts of money as people read them."""

import erpnext
from frappe.utils import flt, fmt_money


def words(amount: object, currency: str | None = None) -> str:
	"""KSh 1,500.00, in the site's way of writing; of the site's currency unless another is named."""
	return fmt_money(flt(amount), currency=currency or erpnext.get_default_currency())
