"""Confirmations of pay bill payments: kept at once and cheaply, whoever sends them, and asked about in turn.

frappe_mpsa_payments' register of such payments shows what M-PESA confirmed: it is written after the booking. Until then
there is nothing but a stranger's word, which belongs into no list that people work from.
"""

from collections.abc import Mapping

import frappe

from mikrotik_integration.core.payments.c2b import Confirmation, parse_confirmation
from mikrotik_integration.core.payments.transaction_status import MalformedCallback
from mikrotik_integration.services import inbox, inbox_queue, jobs

REGISTER, REQUEST, PAYMENT = "Mpesa C2B Payment Register", "Mpesa Express Request", "Subscription Payment"


def take(body: Mapping[str, object]) -> None:
	"""A confirmation came in. What is no payment, or one to a number that nobody here has, leaves no trace."""
	try:
		told = parse_confirmation(body)
	except MalformedCallback:
		return
	if not inbox.settings_of(told.shortcode):
		return
	if frappe.db.exists(PAYMENT, told.receipt):
		inbox.compare(told)
	elif inbox.record_pay_bill(told):
		frappe.db.after_commit.add(inbox_queue.wake)
	else:  # another business's money on this site: nobody's Internet waits for it
		jobs.enqueue("mikrotik_integration.services.c2b.register", queue="long", told=dict(vars(told)))


def register(told: dict) -> None:
	"""Background job: hand a confirmation that is not for us to frappe_mpsa_payments, once."""
	_insert(Confirmation(**told))


def register_confirmed(names: list[str]) -> None:
	"""What M-PESA confirmed of these payments goes into frappe_mpsa_payments' register. Commits each."""
	for payment in frappe.get_all(
		PAYMENT,
		{
			"name": ("in", names or [""]),
			"source": "Pay Bill",
			"verified": 1,
			"status": ("in", ("Applied", "Needs Review")),
			"c2b_register": ("is", "not set"),
		},
		["*"],
		order_by="creation",
	):
		if payment.payment_entry and _books_by_itself(payment.mpesa_settings):
			continue
		name = _insert(
			Confirmation(
				receipt=payment.name,
				amount=payment.amount,
				shortcode=payment.shortcode or "",
				account=payment.account_typed or "",
				payer=payment.phone_number or "",
				payer_name=payment.payer_name or "",
				paid_at=inbox.nairobi_time(payment.paid_on) if payment.paid_on else None,
			)
		)
		if name:
			frappe.db.set_value(PAYMENT, payment.name, "c2b_register", name, update_modified=False)
		# one register a transaction, after the money is booked
		frappe.db.commit()  # nosemgrep


def _books_by_itself(mpesa_settings: str) -> bool:
	"""Whether frappe_mpsa_payments would try to book once more what is booked."""
	return bool(frappe.db.get_value("Mpesa Settings", mpesa_settings, "auto_reconcile_c2b"))


def _insert(told: Confirmation) -> str | None:
	"""None if the register has it, or a prompt claims it, which frappe_mpsa_payments refuses with an Error Log."""
	if frappe.db.exists(REGISTER, {"transid": told.receipt}):
		return None
	if frappe.db.exists(REQUEST, {"transaction_id": told.receipt}):
		return None
	document = frappe.get_doc(
		{
			"doctype": REGISTER,
			"transactiontype": "Pay Bill",
			"transid": told.receipt,
			"transtime": told.paid_at.strftime("%Y%m%d%H%M%S") if told.paid_at else None,
			"transamount": float(told.amount),
			"businessshortcode": told.shortcode,
			"billrefnumber": told.account,
			"msisdn": told.payer,
			"firstname": told.payer_name,
		}
	)
	return document.insert(ignore_permissions=True).name
