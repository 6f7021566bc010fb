"""M-PESA prompts, sent through frappe_mpsa_payments and recorded in the inbox."""

from decimal import Decimal

import frappe
from frappe import _

from mikrotik_integration.core.payments import amounts, phones
from mikrotik_integration.exceptions import PaymentNotPossible, PromptNotSent
from mikrotik_integration.services import inbox, settings
from mikrotik_integration.services.locks import seeing_commits


def send(document, phone_number: str, amount: Decimal | float, description: str) -> str:
	"""Send a prompt for a subscription or a purchase; returns the Subscription Payment's name.

	Commits: the prompt is on a phone. Raises, in plain words, PromptNotSent if M-PESA sent none, PaymentNotPossible if
	that is not known or could not be asked for, and RateLimitExceededError after too many.
	"""
	request = frappe.get_doc(
		{
			"doctype": "Mpesa Express Request",
			"payment_gateway": f"Mpesa-{settings.mpesa_settings_name()}",
			"phone_number": phone(phone_number),
			"base_amount": _whole_shillings(amount),
			"currency": inbox.KES,
			"reference_doctype": document.doctype,
			"reference_name": document.name,
			"transaction_title": document.name,
			"transaction_description": description,
		}
	)
	request.flags.ignore_permissions = True
	request.flags.is_from_service = True
	with seeing_commits():
		request.insert()
		# nobody else's prompt may wait for this one's number while M-PESA is asked
		frappe.db.commit()  # nosemgrep
	_submit(request)
	name = inbox.record_push(request.name)
	# the prompt is on the phone, whatever comes next
	frappe.db.commit()  # nosemgrep
	if not name:
		reason = frappe.db.get_value("Mpesa Express Request", request.name, "response_description")
		raise PromptNotSent(
			_("M-PESA did not send the prompt{0}. Try again, or pay to the pay bill number").format(
				f": {reason}" if reason else ""
			)
		)
	return name


def _submit(request) -> None:
	"""frappe_mpsa_payments sends the prompt here; its error handling itself raises TypeErrors at times."""
	try:
		request.submit()
	except frappe.RateLimitExceededError:
		_discard(request)
		raise
	except Exception as error:
		traceback = frappe.get_traceback()  # without local variables, which hold credentials
		_discard(request)
		frappe.log_error(
			"M-PESA prompt was not sent",
			traceback,
			reference_doctype=request.doctype,
			reference_name=request.name,
		)
		raise PaymentNotPossible(_("M-PESA could not be reached. Nobody was charged; try again")) from error


def _discard(request) -> None:
	"""No prompt went out: no draft stays, which somebody could submit later."""
	frappe.db.rollback()
	frappe.delete_doc(
		request.doctype, request.name, ignore_permissions=True, force=True, delete_permanently=True
	)
	# the caller's refusal takes back what is not committed
	frappe.db.commit()  # nosemgrep


def phone(text: str | None) -> str:
	"""The number as M-PESA writes it. Raises PaymentNotPossible."""
	try:
		return phones.normalise(text or "")
	except phones.InvalidPhone as error:
		raise PaymentNotPossible(_(str(error))) from error


def _whole_shillings(wanted: Decimal | float) -> int:
	"""Rounded up: M-PESA knows no cents, and what is too much stays an advance."""
	if wanted <= 0:
		raise PaymentNotPossible(_("Nothing is due"))
	try:
		return amounts.whole_shillings(amounts.parse_amount(str(wanted)))
	except amounts.InvalidAmount as error:
		raise PaymentNotPossible(_(str(error))) from error
