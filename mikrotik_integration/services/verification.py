"""Is this payment real? Only Daraja's answer to our own question says so, or a person of the provider.

Asking is network I/O and happens outside of any transaction; what was answered is written under the row's lock.
"""

import hashlib
from datetime import datetime, timedelta

import frappe
from frappe import _
from frappe.utils import cstr, format_datetime, get_datetime, now_datetime

from mikrotik_integration.core.payments import phones
from mikrotik_integration.core.payments.asking import next_ask
from mikrotik_integration.core.payments.daraja import Asked, DarajaError, Outcome, StkAnswer
from mikrotik_integration.core.payments.transaction_status import TransactionStatus
from mikrotik_integration.core.payments.twins import Money
from mikrotik_integration.services import daraja, foreign_text, inbox, jobs, receipts, same_money
from mikrotik_integration.services.locks import lock_row, one_at_a_time

UNVERIFIED = ("Requested", "Received")
OLDEST = timedelta(days=1)
ANSWER_WITHIN = timedelta(
	seconds=45
)  # a second question about a receipt makes the answer to the first worthless
PAID_WITHIN = timedelta(minutes=10)  # of its prompt; M-PESA takes it away after about one


def ask(names: list[str]) -> None:
	"""Ask Daraja about payments, all at the same time, and write down each answer.

	Commits, because it waits for the network.
	"""
	questions = [question for name in names if (question := _question(name))]
	for question, answer in zip(questions, daraja.ask(questions), strict=True):
		try:
			try:
				_write_answer(question, answer)
			except frappe.UniqueValidationError:
				# M-PESA told of the same receipt as a pay bill at this moment: that record is seen now
				frappe.db.rollback()
				_write_answer(question, answer)
		except Exception:
			frappe.db.rollback()  # asked again when its lease is over; the others' answers stand
			frappe.log_error(f"M-PESA's answer about {question.payment} could not be written down")
		# what Daraja answered must outlive whatever comes next
		frappe.db.commit()  # nosemgrep


def _write_answer(question: daraja.Question, answer: daraja.Answer) -> None:
	if isinstance(question, daraja.PushQuestion):
		_write_push_answer(question.payment, answer)
	else:
		_write_receipt_answer(question.payment, answer)


def _alone(name: str):
	"""The payment, locked, when nobody else decides whether two payments are one money: at the same moment, neither of
	the two would see that the other is verified. Where there is no money, nobody needs to queue up for this."""
	# what is read next must be as new as the lock
	frappe.db.commit()  # nosemgrep
	one_at_a_time("Subscription Payment")
	return frappe.get_doc("Subscription Payment", name, for_update=True)


def _locked(name: str):
	"""The payment, locked, and as new as the lock: an older snapshot must not be read from."""
	# what is read next must be as new as the lock; nothing is unwritten here
	frappe.db.commit()  # nosemgrep
	lock_row("Subscription Payment", name)
	return frappe.get_doc("Subscription Payment", name)


def _question(name: str) -> daraja.Question | None:
	payment = frappe.get_doc("Subscription Payment", name)
	if payment.status not in UNVERIFIED or not payment.mpesa_settings:
		return None
	if payment.source == "STK Push":
		return daraja.PushQuestion(name, payment.mpesa_settings, payment.checkout_request_id)
	token = frappe.generate_hash(length=40)
	# written before asking: the answer may come before Daraja's acknowledgement was even read
	if not _note_asking(name, result_token_hash=_digest(token), conversation_id=None):
		return None
	return daraja.ReceiptQuestion(name, payment.mpesa_settings, payment.payment_id, token)


def _write_push_answer(name: str, answer: StkAnswer | DarajaError) -> None:
	if isinstance(answer, DarajaError):
		answer = StkAnswer(Outcome.UNKNOWN, "", str(answer))
	payment = _alone(name) if answer.outcome is Outcome.PAID else _locked(name)
	if payment.status not in UNVERIFIED:
		return
	payment.last_answer = f"{answer.description} ({answer.code})" if answer.code else answer.description
	if answer.outcome is Outcome.PAID:
		payment.receipt = payment.receipt or same_money.claim_receipt(payment)
		mark_verified(payment, same_money.DARAJA)
	elif answer.outcome is Outcome.REFUSED and payment.payment_entry:
		reason = _("{0} was booked, but M-PESA says that nothing was paid: {1}. Cancel it")
		_close(payment, "Needs Review", reason.format(payment.payment_entry, answer.description))
	elif answer.outcome is Outcome.REFUSED:
		_close(payment, "Failed", answer.description)
	else:
		_ask_later(payment)
	payment.save(ignore_permissions=True)


def learn_receipts(field: str, owner: str) -> None:
	"""Callbacks that came after we had asked: their receipts belong to payments that are verified already."""
	late = frappe.get_all(
		"Subscription Payment",
		filters={
			field: owner,
			"source": "STK Push",
			"status": ("in", same_money.REAL),
			"verified": 1,
			"receipt": ("is", "not set"),
		},
		fields=["name", "express_request", "checkout_request_id", "amount", "account_typed"],
		order_by="creation desc",
		limit=20,
	)
	for push in late:
		if receipt := same_money.claim_receipt(push):
			receipts.give(push.name, receipt)
			_settle_doubts_about(push.name)


def _write_receipt_answer(name: str, answer: Asked | DarajaError) -> None:
	"""Daraja took the question (the answer comes to our result endpoint), or it did not."""
	if isinstance(answer, DarajaError):
		_note_asking(name, give_up=not answer.retryable, last_answer=str(answer))
		return
	_note_asking(
		name,
		conversation_id=answer.conversation_id,
		originator_conversation_id=answer.originator_conversation_id,
	)


def _note_asking(name: str, give_up: bool = False, **values: str | None) -> bool:
	"""False if the payment needs no asking any more. As long as it does, this is no news for those who have it open or
	read its history."""
	payment = _locked(name)
	if payment.status not in UNVERIFIED:
		return False
	payment.update(values)
	if "result_token_hash" in values:
		_ask_later(payment)
	if give_up:
		_close(payment, "Needs Review", values["last_answer"])
	if payment.status in UNVERIFIED:
		foreign_text.reduce_fields(payment)  # what is not saved is not validated
		noted = {field: payment.get(field) for field in (*values, "attempts", "next_ask")}
		frappe.db.set_value("Subscription Payment", name, noted, update_modified=False)
		return True
	payment.save(ignore_permissions=True)
	return False


def take_result(token: str, result: TransactionStatus) -> str | None:
	"""Write down an answer about a receipt; the payment's name, or None if nobody asked that question.

	Whoever knows the address can post an answer. It counts only with the random token that went out with our last
	question, and with the conversation ids that Daraja gave for it as soon as those are known.
	"""
	name = (
		frappe.db.get_value("Subscription Payment", {"result_token_hash": _digest(token)}) if token else None
	)
	if not name:
		return None
	# as it is now: the asking process may have written the conversation's ids since this request began to read
	payment = _alone(name) if result.completed else _locked(name)
	if payment.result_token_hash != _digest(token) or not _is_answer_to(payment, result):
		return None
	if payment.source == "STK Push":
		return _take_answer_about_push(payment, result)
	if payment.status not in UNVERIFIED:
		return None
	payment.last_answer = result.description
	payment.result_token_hash = None
	if problem := _contradiction(payment, result):
		_close(payment, "Needs Review", problem)
	else:
		payment.amount = float(result.amount)
		payment.phone_number = result.payer_phone
		payment.paid_on = _paid_on(result) or payment.paid_on
		if not payment.subscription:
			payment.suggested_subscription = inbox.only_by_phone(payment.phone_number)
		mark_verified(payment, same_money.DARAJA)
	payment.save(ignore_permissions=True)
	return name


def _is_answer_to(payment, result: TransactionStatus) -> bool:
	if not payment.conversation_id:
		return True
	asked = (payment.conversation_id, payment.originator_conversation_id)
	return asked == (result.conversation_id, result.originator_conversation_id)


def _contradiction(payment, result: TransactionStatus) -> str | None:
	"""Why the answer does not confirm this payment, in words for the desk."""
	if not result.found:
		return _("M-PESA does not know this receipt: {0}").format(result.description)
	if result.receipt.casefold() != cstr(payment.payment_id).casefold():
		return _("M-PESA answered about another receipt, {0}").format(result.receipt)
	if not result.completed:
		return _("M-PESA says that this payment is not completed")
	if result.shortcode != payment.shortcode or not inbox.is_ours(payment.mpesa_settings):
		return _("This money went to {0}, not to us").format(result.shortcode)
	if result.amount <= 0:
		return _("M-PESA says that no money moved")
	if (paid_on := _paid_on(result)) and paid_on < get_datetime(payment.creation) - OLDEST:
		return _("M-PESA says that this was paid on {0}, long before we were told. It may be booked").format(
			format_datetime(paid_on)
		)
	return None


def _paid_on(result: TransactionStatus) -> datetime | None:
	return inbox.site_time(result.paid_at) if result.paid_at else None


def mark_verified(payment, by: str) -> None:
	"""The payment is real. It waits for its application, unless its money is, or may be, recorded already."""
	payment.verified = 1
	payment.verified_by = by
	payment.verified_on = now_datetime()
	payment.next_ask = now_datetime()  # due for its application
	payment.review_reason = ""
	payment.perhaps_same_as = None
	match = same_money.find(payment)
	payment.paid_on = payment.paid_on or _paid_about(payment)
	if match and match.certain:
		same_money.share_receipt(payment, match.money.identity)
		_close(payment, "Duplicate", _("The same money as {0}").format(match.money.identity))
		payment.duplicate_of = match.money.identity
		return
	same_money.take_receipt(payment)
	payment.status = "Verified"
	if match:
		_close(payment, "Needs Review", _doubt(match.money))
		if frappe.db.exists("Subscription Payment", match.money.identity):
			payment.perhaps_same_as = match.money.identity
			_settle_doubts_about(payment.name if payment.source == "STK Push" else match.money.identity)


def _paid_about(payment) -> datetime:
	"""A prompt is paid within minutes or not at all, whenever we hear of it."""
	request = payment.express_request and frappe.db.get_value(
		"Mpesa Express Request", payment.express_request, ["creation", "transaction_date"], as_dict=True
	)
	if not request:
		return now_datetime()
	told = inbox.site_time(get_datetime(request.transaction_date)) if request.transaction_date else None
	return told if told and request.creation <= told <= request.creation + PAID_WITHIN else request.creation


def _settle_doubts_about(push_name: str) -> None:
	"""Whether another payment is this push's money is clear once M-PESA says that the push has a receipt of its own."""
	jobs.enqueue(
		"mikrotik_integration.services.verification.ask_about_receipt",
		job_id=f"mikrotik_integration|receipt|{push_name}",
		name=push_name,
	)


def ask_about_receipt(name: str) -> None:
	"""Background job: is the receipt that the push's callback named the receipt of its money? Commits."""
	push = _locked(name)
	if not push.verified or not push.receipt or push.receipt_confirmed or not _doubts_about(push):
		return
	token = frappe.generate_hash(length=40)
	push.update({"result_token_hash": _digest(token), "conversation_id": None})
	push.save(ignore_permissions=True)
	(answer,) = daraja.ask([daraja.ReceiptQuestion(name, push.mpesa_settings, push.receipt, token)])
	if isinstance(answer, Asked):
		push = _locked(name)
		push.conversation_id = answer.conversation_id
		push.originator_conversation_id = answer.originator_conversation_id
		push.save(ignore_permissions=True)
	# the answer is compared with these ids
	frappe.db.commit()  # nosemgrep


def _doubts_about(push) -> list[str]:
	"""The push, or the pay bill payments, that wait because the two may be one money."""
	own = [push.name] if push.status == "Needs Review" and push.perhaps_same_as else []
	return own + frappe.get_all(
		"Subscription Payment",
		{"perhaps_same_as": push.name, "status": "Needs Review", "verified": 1},
		pluck="name",
		order_by="creation",
	)


def _take_answer_about_push(push, result: TransactionStatus) -> str | None:
	push.result_token_hash = None
	push.receipt_confirmed = int(_is_receipt_of(push, result))
	push.save(ignore_permissions=True)
	if not push.receipt_confirmed:
		return None
	for name in _doubts_about(push):
		doubted = frappe.get_doc("Subscription Payment", name, for_update=True)
		mark_verified(doubted, doubted.verified_by)
		doubted.save(ignore_permissions=True)
	return push.name


def _is_receipt_of(push, result: TransactionStatus) -> bool:
	sent, paid_on = get_datetime(push.creation), _paid_on(result)
	return (
		result.completed
		and result.receipt.casefold() == cstr(push.receipt).casefold()
		and result.shortcode == push.shortcode
		and float(result.amount) == push.amount
		and (not paid_on or abs(paid_on - sent) <= same_money.DOUBTFUL_WITHIN)
		and phones.may_be_same(push.phone_number, result.payer_phone)
	)


def _doubt(other: Money) -> str:
	return _(
		"This may be the same money as {0} for {1}: same amount, payer and time. Compare the receipts in the M-PESA portal. If these were two payments, assign this one"
	).format(other.identity, other.account)


def _ask_later(payment) -> None:
	payment.attempts = (payment.attempts or 0) + 1
	answered_by = now_datetime() + (ANSWER_WITHIN if payment.source == "Pay Bill" else timedelta())
	payment.next_ask = next_ask(get_datetime(payment.creation), answered_by)
	if not payment.next_ask:
		_close(
			payment,
			"Needs Review",
			_("M-PESA gave no clear answer for a day. Look it up in the M-PESA portal"),
		)


def _close(payment, status: str, reason: str) -> None:
	payment.status = status
	payment.review_reason = reason
	payment.next_ask = None


def _digest(token: str) -> str:
	return hashlib.sha256(token.encode()).hexdigest()
