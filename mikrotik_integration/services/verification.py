"""Is this payment real? Only Daraja's answer to our own question says so, or a person of the provider.

Asking is network I/O and happens outside of any transaction; what was answered is written under the row's lock.
"""

import hashlib
from datetime import timedelta
from decimal import Decimal

import frappe
from frappe import _
from frappe.utils import cstr, get_datetime, now_datetime

from mikrotik_integration.core.payments.asking import next_ask
from mikrotik_integration.core.payments.daraja import Asked, DarajaError, Outcome, StkAnswer
from mikrotik_integration.core.payments.transaction_status import TransactionStatus
from mikrotik_integration.core.payments.twins import Money, Shape, find_twin
from mikrotik_integration.services import daraja, inbox
from mikrotik_integration.services.locks import lock_row

UNVERIFIED = ("Requested", "Received")
TWIN_WINDOW = timedelta(minutes=10)
DARAJA = "Daraja"


def ask(names: list[str]) -> None:
	"""Ask Daraja about payments, all at the same time, and write down each answer.

	Commits, because it waits for the network.
	"""
	questions = [question for name in names if (question := _question(name))]
	frappe.db.commit()  # nosemgrep: no transaction may stay open while Daraja is asked
	for question, answer in zip(questions, daraja.ask(questions), strict=True):
		if isinstance(question, daraja.PushQuestion):
			_write_push_answer(question.payment, answer)
		else:
			_write_receipt_answer(question.payment, answer)
		frappe.db.commit()  # nosemgrep: what Daraja answered must outlive whatever comes next


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
	return daraja.ReceiptQuestion(name, payment.mpesa_settings, payment.receipt, token)


def _write_push_answer(name: str, answer: StkAnswer | DarajaError) -> None:
	if isinstance(answer, DarajaError):
		answer = StkAnswer(Outcome.UNKNOWN, "", str(answer))
	lock_row("Subscription Payment", name)
	payment = frappe.get_doc("Subscription Payment", name)
	if payment.status not in UNVERIFIED:
		return
	payment.last_answer = f"{answer.description} ({answer.code})" if answer.code else answer.description
	if answer.outcome is Outcome.PAID:
		_take_receipt_of_callback(payment)
		mark_verified(payment, DARAJA)
	elif answer.outcome is Outcome.REFUSED:
		_close(payment, "Failed", answer.description)
	else:
		_ask_later(payment)
	payment.save(ignore_permissions=True)


def _take_receipt_of_callback(payment) -> None:
	"""The query's answer has no receipt; a callback, if one came, has. A C2B record of it that nobody verified
	yet is the same money."""
	receipt = frappe.db.get_value("Mpesa Express Request", payment.express_request, "transaction_id")
	if not receipt or payment.receipt:
		return
	other = frappe.db.get_value(
		"Subscription Payment", {"receipt": receipt}, ["name", "verified", "amount"], as_dict=True
	)
	if not other:
		payment.receipt = receipt
	elif not other.verified and other.amount == payment.amount:
		_make_duplicate(other.name, payment.name)
		payment.receipt = receipt


def _make_duplicate(name: str, original: str) -> None:
	reason = _("The same money as {0}").format(original)
	values = {"status": "Duplicate", "duplicate_of": original, "review_reason": reason, "receipt": None}
	frappe.db.set_value("Subscription Payment", name, {**values, "next_ask": None})


def learn_receipts(subscription_name: str) -> None:
	"""Callbacks that came after we had asked: their receipts belong to payments that are applied already."""
	payment = frappe.qb.DocType("Subscription Payment")
	request = frappe.qb.DocType("Mpesa Express Request")
	late = (
		frappe.qb.from_(payment)
		.join(request)
		.on(request.name == payment.express_request)
		.select(payment.name, request.transaction_id)
		.where((payment.subscription == subscription_name) & (payment.status == "Applied"))
		.where(payment.receipt.isnull() & request.transaction_id.isnotnull() & (request.transaction_id != ""))
	).run(as_dict=True)
	for row in late:
		_learn_receipt(row.name, row.transaction_id)


def _learn_receipt(name: str, receipt: str) -> None:
	other = frappe.db.get_value(
		"Subscription Payment", {"receipt": receipt}, ["name", "status"], as_dict=True
	)
	if not other:
		frappe.db.set_value("Subscription Payment", name, "receipt", receipt)
	elif other.status == "Applied":
		warning = _(
			"The receipt {0} is that of {1} too: one payment was applied twice. Cancel one Payment Entry"
		)
		frappe.db.set_value(
			"Subscription Payment", name, "review_reason", warning.format(receipt, other.name)
		)
	else:
		_make_duplicate(other.name, name)
		frappe.db.set_value("Subscription Payment", name, "receipt", receipt)


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


def _note_asking(name: str, give_up: bool = False, **values) -> bool:
	"""False if the payment needs no asking any more."""
	lock_row("Subscription Payment", name)
	payment = frappe.get_doc("Subscription Payment", name)
	if payment.status not in UNVERIFIED:
		return False
	payment.update(values)
	if "result_token_hash" in values:
		_ask_later(payment)
	if give_up:
		_close(payment, "Needs Review", values["last_answer"])
	payment.save(ignore_permissions=True)
	return payment.status in UNVERIFIED


def take_result(token: str, result: TransactionStatus) -> str | None:
	"""Write down an answer about a receipt; the payment's name, or None if nobody asked that question.

	Whoever knows the address can post an answer. It counts only with the random token that went out with our last
	question, and with the conversation ids that Daraja gave for it as soon as those are known.
	"""
	name = (
		frappe.db.get_value("Subscription Payment", {"result_token_hash": _digest(token)}) if token else None
	)
	if not name or not lock_row("Subscription Payment", name):
		return None
	payment = frappe.get_doc("Subscription Payment", name)
	if payment.status not in UNVERIFIED or not _is_answer_to(payment, result):
		return None
	payment.last_answer = result.description
	payment.result_token_hash = None
	if problem := _contradiction(payment, result):
		_close(payment, "Needs Review", problem)
	else:
		payment.amount = float(result.amount)
		payment.phone_number = payment.phone_number or result.payer_phone
		if not payment.subscription:
			payment.suggested_subscription = inbox.only_by_phone(payment.phone_number)
		mark_verified(payment, DARAJA)
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
	if result.receipt.casefold() != cstr(payment.receipt).casefold():
		return _("M-PESA answered about another receipt, {0}").format(result.receipt)
	if not result.completed:
		return _("M-PESA says that this payment is not completed")
	if payment.shortcode and result.shortcode != payment.shortcode:
		return _("This money went to {0}, not to us").format(result.shortcode)
	if result.amount <= 0:
		return _("M-PESA says that no money moved")
	return None


def mark_verified(payment, by: str) -> None:
	"""The payment is real. It waits for its application, unless it is the twin of one that is recorded already."""
	payment.verified = 1
	payment.verified_by = by
	payment.verified_on = now_datetime()
	payment.paid_on = payment.paid_on or now_datetime()
	payment.next_ask = now_datetime()  # due for its application
	payment.review_reason = ""
	if twin := twin_of(payment):
		_close(payment, "Duplicate", _("The same money as {0}").format(twin))
		payment.duplicate_of = twin
	else:
		payment.status = "Verified"


def twin_of(payment) -> str | None:
	"""The other shape of the same money, already verified or applied; it gets the receipt if it had none."""
	twin = find_twin(_money(payment), map(_money, _twin_candidates(payment)), TWIN_WINDOW)
	if not twin:
		return None
	if payment.receipt and not twin.receipt:
		receipt, payment.receipt = payment.receipt, None
		frappe.db.set_value("Subscription Payment", payment.name, "receipt", None)
		frappe.db.set_value("Subscription Payment", twin.identity, "receipt", receipt)
	return twin.identity


def _twin_candidates(payment) -> list[frappe._dict]:
	if payment.source == "Desk":
		return []
	other = "Pay Bill" if payment.source == "STK Push" else "STK Push"
	return frappe.get_all(
		"Subscription Payment",
		filters={
			"source": other,
			"verified": 1,
			"status": ("in", ("Verified", "Applied")),
			"amount": payment.amount,
			"name": ("!=", payment.name),
			"creation": (">", get_datetime(payment.creation) - timedelta(days=2)),
		},
		fields=[
			"name",
			"source",
			"receipt",
			"account_typed",
			"amount",
			"shortcode",
			"creation",
			"paid_on",
			"phone_number",
		],
		order_by="creation",
	)


def _money(payment) -> Money:
	pushed = payment.source == "STK Push"
	return Money(
		identity=payment.name,
		shape=Shape.STK if pushed else Shape.C2B,
		receipt=payment.receipt or None,
		account=payment.account_typed or "",
		amount=Decimal(cstr(payment.amount)),
		shortcode=payment.shortcode or "",
		at=get_datetime(payment.creation if pushed else payment.paid_on or payment.creation),
		phone=payment.phone_number or None,
		has_twin=bool(frappe.db.exists("Subscription Payment", {"duplicate_of": payment.name})),
	)


def _ask_later(payment) -> None:
	payment.attempts = (payment.attempts or 0) + 1
	payment.next_ask = next_ask(get_datetime(payment.creation), payment.attempts, now_datetime())
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
