"""Time is sold for its price. For less, a manager decides: by the price of the subscription, or by submitting the
invoice or the credit note that is below it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe import _
from frappe.utils import cint, flt

from mikrotik_integration.services import money, received

MANAGERS = {"System Manager", "ISP Administrator", "ISP Manager", "Accounts Manager"}


def may_sell_for_less() -> bool:
	"""Whether whoever is signed in decides about prices."""
	return not frappe.flags.nobody_decides and bool(MANAGERS & set(frappe.get_roles()))


@contextmanager
def nobody_decides() -> Iterator[None]:
	"""What is submitted meanwhile, as whatever user, is no manager's decision."""
	before, frappe.flags.nobody_decides = frappe.flags.nobody_decides, True
	try:
		yield
	finally:
		frappe.flags.nobody_decides = before


def plan_sold_as(item: str, subscription) -> str | None:
	"""The plan that an Item stands for: the subscription's own if it has it. A voucher gives a subscription no time."""
	plans = frappe.get_all(
		"Internet Plan",
		{"item": item, "sold_as_voucher": 0},
		pluck="name",
		order_by="enabled desc, creation",
	)
	if subscription.internet_plan in plans:
		return subscription.internet_plan
	return plans[0] if plans else None


def price_for(plan: str, subscription) -> float:
	"""What a period of a plan costs this subscription: of its own, what it pays."""
	if plan == subscription.internet_plan:
		return flt(subscription.price)
	return flt(frappe.get_cached_value("Internet Plan", plan, "price"))


def check_invoice(invoice) -> None:
	"""Refuse less than the price, parts of periods, and what is another plan's than the subscription's."""
	if may_sell_for_less():
		return
	subscription = frappe.get_doc("Customer Subscription", invoice.customer_subscription)
	wanted = 0.0
	for row in invoice.items:
		plan = plan_sold_as(row.item_code, subscription)
		if not plan:
			continue
		if plan != subscription.internet_plan:
			refuse(_("Row {0}: the subscription is on {1}.").format(row.idx, subscription.internet_plan))
		if flt(row.qty) != cint(row.qty) or flt(row.qty) <= 0:
			refuse(_("Row {0}: Internet is sold in whole periods.").format(row.idx))
		price = flt(row.qty) * price_for(plan, subscription)
		check_amount(paid_for(invoice, row), price)
		wanted += price
	check_amount(flt(invoice.base_grand_total), wanted)


def paid_for(invoice, row) -> float:
	"""What a row comes to in the company's currency, after discounts, with its share of the taxes."""
	if not invoice.base_net_total:
		return 0.0
	return flt(row.base_net_amount) / flt(invoice.base_net_total) * flt(invoice.base_grand_total)


def check_amount(amount: float, price: float) -> None:
	"""Raises PermissionError if the amount is less than the price."""
	if flt(amount, received.CENTS) < flt(price, received.CENTS) - 0.01:  # a cent is lost in rounding
		refuse(_("{0} is less than the price, {1}.").format(money.words(amount), money.words(price)))


def check_credit_note(note) -> None:
	"""Refuse to credit a part of a period: what is left of its price would buy all of it."""
	if may_sell_for_less() or not note.return_against:
		return
	name = frappe.db.get_value("Sales Invoice", note.return_against, "customer_subscription")
	if not name:
		return
	subscription = frappe.get_doc("Customer Subscription", name)
	if not any(plan_sold_as(row.item_code, subscription) for row in note.items):
		return
	(asked,) = received.asked({"name": note.return_against})
	credited = -sum(received.asked({"return_against": note.return_against, "is_return": 1}))
	if credited < asked:
		refuse(_("A part of a period is credited."))


def refuse(reason: str) -> None:
	"""Raises PermissionError: a manager has to do this."""
	who = _("An ISP Manager or Accounts Manager has to submit this")
	frappe.throw(f"{reason} {who}", frappe.PermissionError, title=_("Below the Price"))
