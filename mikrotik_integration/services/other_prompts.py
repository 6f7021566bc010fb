"""Prompts that frappe_mpsa_payments sends for Payment Requests, invoices and whatever else.

The app submits drafts and books Payment Entries as soon as a callback says that their prompt is paid, and anybody can send
one: a prompt's number is its time and a phone. So M-PESA is asked first, and the app hears of what is paid. What is paid
for a subscription is booked by the inbox alone.
"""

from datetime import datetime, timedelta

import frappe
from frappe.query_builder.functions import Coalesce
from frappe.utils import now_datetime
from frappe_mpsa_payments.frappe_mpsa_payments.api import m_pesa_api

from mikrotik_integration.core.payments.asking import GIVE_UP_AFTER, next_ask
from mikrotik_integration.core.payments.daraja import Outcome, StkAnswer
from mikrotik_integration.services import daraja, inbox, jobs, locks, payments, prices, prompts

REQUEST, PAYMENT = "Mpesa Express Request", "Subscription Payment"
A_MINUTE = timedelta(minutes=1)
AT_ONCE = 50


def is_one(checkout_request_id: str) -> bool:
	"""Whether this prompt is for none of our documents."""
	doctype = frappe.db.get_value(REQUEST, {"checkout_request_id": checkout_request_id}, "reference_doctype")
	return doctype not in inbox.OURS_BY_DOCTYPE


def told_paid(checkout_request_id: str, callback: dict) -> None:
	"""Somebody says that it is paid: M-PESA is asked, a few times in a hurry."""
	in_a_hurry = prompts.may_ask_at_once(f"other|{checkout_request_id}")
	jobs.enqueue(
		"mikrotik_integration.services.other_prompts.take",
		queue="short" if in_a_hurry else "long",
		job_id=None if in_a_hurry else f"mikrotik_integration|prompt|{checkout_request_id}",
		checkout_request_id=checkout_request_id,
		callback=callback,
	)


def take(checkout_request_id: str, callback: dict) -> None:
	"""Background job: hand the callback to the app if M-PESA says the same. Commits."""
	if name := frappe.db.get_value(REQUEST, {"checkout_request_id": checkout_request_id, "is_reconciled": 0}):
		_ask({name: callback})
	payments.heard_of_prompt(checkout_request_id)


def enqueue_asking() -> None:
	"""Every minute."""
	if due := _due_ones():
		jobs.enqueue(
			"mikrotik_integration.services.other_prompts.ask_again",
			queue="long",
			job_id="mikrotik_integration|other_prompts",
			requests=due,
		)


def ask_again(requests: list[str]) -> None:
	"""Background job: those whose callback was lost, or came before M-PESA had an answer. Commits."""
	_ask({request: {} for request in requests})


def _due_ones() -> list[str]:
	"""The last ones that are not booked, that the inbox does not ask about, and that are to be asked about this minute."""
	now = now_datetime()
	request, payment = frappe.qb.DocType(REQUEST), frappe.qb.DocType(PAYMENT)
	open_ones = (
		frappe.qb.from_(request)
		.left_join(payment)
		.on(payment.checkout_request_id == request.checkout_request_id)
		.select(request.name, request.creation)
		.where((request.creation > now - GIVE_UP_AFTER) & (request.docstatus == 1))
		.where((Coalesce(request.checkout_request_id, "") != "") & (request.is_reconciled == 0))
		.where((request.status != "Failed") & payment.name.isnull())
		.where(request.reference_doctype.notin(list(inbox.OURS_BY_DOCTYPE)))
		.orderby(request.creation, order=frappe.qb.desc)
	).run()
	return [name for name, creation in open_ones if _is_due(creation, now)][:AT_ONCE]


def _is_due(begun: datetime, now: datetime) -> bool:
	"""Whether the moment to ask was within the last minute."""
	due = next_ask(begun, now - A_MINUTE)
	return due is not None and due <= now


def _ask(callbacks: dict[str, dict]) -> None:
	"""``callbacks`` by prompt: nothing for one whose callback is not known."""
	found = frappe.get_all(
		REQUEST,
		{"name": ("in", list(callbacks) or [""]), "settings": ("is", "set")},
		["name", "settings", "checkout_request_id"],
		order_by="creation",
	)
	questions = [
		daraja.PushQuestion(prompt.name, prompt.settings, prompt.checkout_request_id) for prompt in found
	]
	for question, answer in zip(questions, daraja.ask(questions), strict=True):
		if isinstance(answer, StkAnswer) and answer.outcome is Outcome.PAID:
			told = callbacks[question.payment] or _callback(question.checkout_request_id, answer)
			_guarded(question.payment, told)


def _callback(checkout_request_id: str, answer: StkAnswer) -> dict:
	paid = {
		"CheckoutRequestID": checkout_request_id,
		"ResultCode": 0,
		"ResultDesc": answer.description,
	}
	return {"Body": {"stkCallback": paid}}


def _guarded(request: str, callback: dict) -> None:
	try:
		locks.alone(REQUEST, request, _hand_over, request, callback)
	except Exception:
		frappe.db.rollback()
		frappe.log_error(
			"frappe_mpsa_payments could not book what was paid",
			reference_doctype=REQUEST,
			reference_name=request,
		)
	# the next one's failure must not take this back
	frappe.db.commit()  # nosemgrep


def _hand_over(request: str, callback: dict) -> None:
	if frappe.db.get_value(REQUEST, request, "is_reconciled"):
		return
	if inbox.record_push(request):
		_tell_only(request, callback)
		return
	with prices.nobody_decides():  # whoever paid is no manager, though the app submits as Administrator
		m_pesa_api.stk_push_callback(**callback)


def _tell_only(request: str, callback: dict) -> None:
	"""It is for an invoice of a subscription. The inbox books what it brought, maybe already, so the app is told that there
	is nothing left to book."""
	frappe.db.set_value(REQUEST, request, "is_reconciled", 1)
	m_pesa_api.stk_push_callback(**callback)
	prompt = frappe.get_doc(REQUEST, request)
	prompt.save(ignore_permissions=True)  # a false receipt is dropped; see overrides.mpesa_express_request
	if prompt.reference_doctype == "Payment Request":
		paid = {"status": "Paid", "outstanding_amount": 0}
		frappe.db.set_value("Payment Request", {"name": prompt.reference_name, "docstatus": 1}, paid)
