"""M-PESA itself: prompts on phones, money that moves, and what merchants are told of it."""

import itertools
import random
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime

from mikrotik_integration.simulators.daraja import shapes
from mikrotik_integration.simulators.daraja.behaviour import (
	PHONE_BUSY,
	RESULTS,
	Behaviour,
	Decision,
	Twin,
)
from mikrotik_integration.simulators.daraja.c2b import RegisteredUrls, accepts, confirmation
from mikrotik_integration.simulators.daraja.clockwork import Clockwork
from mikrotik_integration.simulators.daraja.courier import Courier, Kind
from mikrotik_integration.simulators.daraja.ledger import Channel, Ledger, RealPayment, now

NAMES = ("MERCY WANJIKU", "OTIENO OUMA", "AISHA HASSAN", "KIPTOO CHERONO", "NJERI MWANGI")


class PhoneBusy(Exception):
	"""Another prompt is open on this phone."""


class PaymentRefused(Exception):
	"""The merchant's validation did not accept this pay bill; the message is its ResultCode."""


class NoPrompt(Exception):
	"""No prompt is open on this phone."""


@dataclass(frozen=True)
class Push:
	"""What a merchant asks a phone for; `credited` is the pay bill number or the till."""

	shortcode: str
	credited: str
	till: bool
	phone: str
	amount: int
	account: str
	callback_url: str


@dataclass(frozen=True)
class Prompt:
	"""A push under way. `result` is (ResultCode, ResultDesc) once it is decided, at `decided_at`."""

	push: Push
	checkout_request_id: str
	merchant_request_id: str
	at: datetime
	decision: Decision | None = None
	result: tuple[int, str] | None = None
	decided_at: datetime | None = None
	receipt: str = ""


@dataclass(frozen=True)
class Script:
	"""What a customer will do; after the usual time if no other is given."""

	decision: Decision = Decision.ACCEPT
	after_s: float | None = None


@dataclass
class _Phone:
	always: Script | None = None
	next: deque[Script] = field(default_factory=deque)
	open_prompt: str | None = None


class Mpesa:
	"""The state of it all. For threads."""

	def __init__(self, behaviour: Behaviour, clockwork: Clockwork, courier: Courier, ledger: Ledger) -> None:
		self.behaviour = behaviour
		self.everybody = Script()
		self._clockwork = clockwork
		self._courier = courier
		self._ledger = ledger
		self._lock = threading.RLock()
		self._numbers = itertools.count(random.randrange(100_000, 500_000))
		self._phones: dict[str, _Phone] = {}
		self._prompts: dict[str, Prompt] = {}
		self._urls: dict[str, RegisteredUrls] = {}

	# What customers do

	def script(self, phone: str, script: Script) -> None:
		"""For all prompts on this phone from now on."""
		with self._lock:
			self._phone(phone).always = script

	def script_next(self, phone: str, *scripts: Script) -> None:
		"""For the next prompts on this phone, one each."""
		with self._lock:
			self._phone(phone).next.extend(scripts)

	def decide_now(self, phone: str, decision: Decision) -> Prompt:
		"""The customer does this with the open prompt at once. Raises NoPrompt."""
		with self._lock:
			open_prompt = self._phone(phone).open_prompt
			if open_prompt is None:
				raise NoPrompt(f"no prompt is open on {phone}")
			self._decide(open_prompt, decision)
			return self._prompts[open_prompt]

	def pay_bill(
		self, phone: str, amount: int, account: str, shortcode: str, till: bool = False
	) -> RealPayment:
		"""The customer pays from the phone's menu. Raises PaymentRefused."""
		if amount < 1:
			raise ValueError("a payment is at least one shilling")
		payment = _payment(Channel.C2B, phone, amount, shortcode, account, now())
		urls = self.urls_of(shortcode)
		if urls and self.behaviour.validates_c2b and not accepts(self._courier, urls, payment):
			raise PaymentRefused(f"{shortcode} does not take {amount} for account {account!r}")
		payment = self._ledger.record(payment)
		self._confirm(payment, till, 0.0)
		return payment

	# What merchants do

	def push(self, push: Push) -> Prompt:
		"""Show the prompt. Raises PhoneBusy if that is to be said at once."""
		with self._lock:
			busy = self._phone(push.phone).open_prompt is not None
			if busy and self.behaviour.busy_at_once:
				raise PhoneBusy(push.phone)
			prompt = self._new_prompt(push)
			self._prompts[prompt.checkout_request_id] = prompt
			if busy:
				self._clockwork.later(0.1, lambda: self._close(prompt.checkout_request_id, PHONE_BUSY))
			else:
				self._phone(push.phone).open_prompt = prompt.checkout_request_id
				self._expect_decision(prompt)
			return prompt

	def prompt(self, checkout_request_id: str) -> Prompt | None:
		with self._lock:
			return self._prompts.get(checkout_request_id)

	def prompts(self) -> list[Prompt]:
		with self._lock:
			return list(self._prompts.values())

	def register_urls(self, shortcode: str, urls: RegisteredUrls) -> bool:
		"""False if they are registered already and that is for good."""
		with self._lock:
			if self.behaviour.urls_fixed and shortcode in self._urls:
				return False
			self._urls[shortcode] = urls
			return True

	def urls_of(self, shortcode: str) -> RegisteredUrls | None:
		with self._lock:
			return self._urls.get(shortcode)

	def clear(self) -> None:
		"""Forget prompts, scripts and URLs."""
		with self._lock:
			self._phones.clear()
			self._prompts.clear()
			self._urls.clear()
			self.everybody = Script()

	# How a prompt goes

	def _phone(self, phone: str) -> _Phone:
		return self._phones.setdefault(phone, _Phone())

	def _new_prompt(self, push: Push) -> Prompt:
		number, at = next(self._numbers), now()
		return Prompt(
			push=push,
			checkout_request_id=f"ws_CO_{at:%d%m%Y%H%M%S}{number:06d}{push.phone[-9:]}",
			merchant_request_id=f"{at:%M%S}-{34620000 + number}-1",
			at=at,
		)

	def _expect_decision(self, prompt: Prompt) -> None:
		script = self._draw_script(prompt.push.phone)
		lifetime_s = self.behaviour.prompt_lifetime_s
		after_s = self.behaviour.accept_after_s if script.after_s is None else script.after_s
		identity = prompt.checkout_request_id
		if script.decision is Decision.NEVER:
			self._clockwork.later(lifetime_s, lambda: self._free_phone(prompt), awaited=False)
		elif script.decision is Decision.NO_ANSWER or after_s > lifetime_s:
			self._clockwork.later(lifetime_s, lambda: self._decide(identity, Decision.NO_ANSWER))
		else:
			self._clockwork.later(after_s, lambda: self._decide(identity, script.decision))

	def _draw_script(self, phone: str) -> Script:
		scripted = self._phone(phone)
		if scripted.next:
			return scripted.next.popleft()
		return scripted.always or self.everybody

	def _free_phone(self, prompt: Prompt) -> None:
		with self._lock:
			phone = self._phone(prompt.push.phone)
			if phone.open_prompt == prompt.checkout_request_id:
				phone.open_prompt = None

	def _decide(self, checkout_request_id: str, decision: Decision) -> None:
		"""Once; what comes later about the same prompt is nothing any more."""
		with self._lock:
			prompt = self._prompts.get(checkout_request_id)
			if prompt is None or prompt.result is not None or decision is Decision.NEVER:
				return
			if decision is Decision.ACCEPT:
				self._take_money(prompt)
			else:
				self._close(checkout_request_id, RESULTS[decision], decision)

	def _take_money(self, prompt: Prompt) -> None:
		push = prompt.push
		payment = _payment(Channel.STK, push.phone, push.amount, push.credited, push.account, now())
		payment = self._ledger.record(
			replace(
				payment,
				checkout_request_id=prompt.checkout_request_id,
				merchant_request_id=prompt.merchant_request_id,
			)
		)
		twin, gap_s = self.behaviour.c2b_twin, self.behaviour.c2b_twin_gap_s
		self._close(
			prompt.checkout_request_id,
			RESULTS[Decision.ACCEPT],
			Decision.ACCEPT,
			payment,
			gap_s if twin is Twin.BEFORE else 0.0,
		)
		if twin is not Twin.NONE:
			self._confirm(payment, push.till, gap_s if twin is Twin.AFTER else 0.0)

	def _close(
		self,
		checkout_request_id: str,
		result: tuple[int, str],
		decision: Decision | None = None,
		payment: RealPayment | None = None,
		after_s: float = 0.0,
	) -> None:
		with self._lock:
			prompt = self._prompts.get(checkout_request_id)
			if prompt is None:
				return
			receipt = payment.receipt if payment else ""
			prompt = replace(prompt, decision=decision, result=result, decided_at=now(), receipt=receipt)
			self._prompts[checkout_request_id] = prompt
			self._free_phone(prompt)
		self._courier.send(Kind.STK, prompt.push.callback_url, callback_of(prompt), after_s)

	def _confirm(self, payment: RealPayment, till: bool, after_s: float) -> None:
		urls = self.urls_of(payment.shortcode)
		if urls is None:
			return
		body = confirmation(payment, till, urls, self.behaviour, self._ledger.balance(payment.shortcode))
		self._courier.send(Kind.C2B, urls.confirmation, body, after_s)


def callback_of(prompt: Prompt) -> shapes.Json:
	"""What the merchant is told of a decided prompt."""
	code, words = prompt.result or RESULTS[Decision.NO_ANSWER]
	return shapes.stk_callback(
		prompt.checkout_request_id,
		prompt.merchant_request_id,
		code,
		words,
		prompt.receipt,
		prompt.push.amount,
		prompt.push.phone,
		prompt.decided_at,
	)


def _payment(
	channel: Channel, phone: str, amount: int, shortcode: str, account: str, at: datetime
) -> RealPayment:
	name = NAMES[int(phone[-3:]) % len(NAMES)]
	return RealPayment("", channel, phone, name, amount, shortcode, account, at)
