"""How much of what a document takes off a debt is money that was received."""

from decimal import Decimal

# Of what is paid, the part that a customer may keep back as tax and pay to the tax authority.
MOST_WITHHELD = Decimal("0.1")


def received(part: Decimal, booked: Decimal, money: Decimal, withheld: Decimal = Decimal(0)) -> Decimal:
	"""How much of ``part`` is money, where a document takes ``booked`` off the customer's debts in all.

	``money`` reached a bank or cash account; tax that the payer ``withheld`` counts up to a tenth. What was written
	off or only moved does not count: each debt bears its share of it.
	"""
	if booked <= 0 or money <= 0:
		return Decimal(0)
	counted = money + max(Decimal(0), min(withheld, booked * MOST_WITHHELD))
	return part * min(booked, counted) / booked
