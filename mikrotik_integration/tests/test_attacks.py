"""Attacks for free Internet and for other people's money, by whoever knows the site's addresses."""

import hashlib
import json
import secrets
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from unittest.mock import patch

import frappe
from frappe.utils import now_datetime
from frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_express_request import mpesa_express_request

from mikrotik_integration import demo_company as site
from mikrotik_integration import tasks
from mikrotik_integration.services import (
	clock,
	inbox_worker,
	messages,
	payment_page,
	payments,
	subscriptions,
	voucher_books,
	voucher_sales,
)
from mikrotik_integration.simulators.daraja import Decision, Fate, Fault, Kind, Trouble
from mikrotik_integration.simulators.daraja.shapes import MALFORMATIONS
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.test_pay_and_go_online import register_urls
from mikrotik_integration.tests.visitors import Visitor

JSON = {"Content-Type": "application/json"}


class AttackTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.guest = Visitor(self.web.url)

	def clerk(self) -> Visitor:
		"""Somebody of the accounts, who may make prompts for any document with frappe_mpsa_payments."""
		return Visitor(self.web.url, visitors.a_user("Accounts User"))

	def deliver(self) -> None:
		"""Callbacks, our questions, and Daraja's answers."""
		for _round in range(3):
			self.daraja.settle()
			self.work()

	def ask_now(self) -> None:
		"""As if the time to ask Daraja about every open payment of this test had come."""
		frappe.db.rollback()
		frappe.db.set_value(
			"Subscription Payment",
			{"mikrotik_settings": self.router.name, "status": ("in", ("Requested", "Received"))},
			"next_ask",
			now_datetime(),
		)
		frappe.db.commit()
		inbox_worker.ask_again()
		frappe.db.commit()
		self.deliver()

	def prompt(self, subscription=None, **how):
		"""A push that the customer decides about later."""
		subscription = subscription or self.subscription
		self.daraja.customer(how.get("phone_number") or subscription.phone_number).always(Decision.NEVER)
		name = payments.request_payment(subscription, **how)
		frappe.db.commit()
		return frappe.get_doc("Subscription Payment", name)

	def payment(self, name: str):
		frappe.db.rollback()
		return frappe.get_doc("Subscription Payment", name)

	def paid_for(self, *subscriptions) -> list[float]:
		"""What the books say that these customers paid."""
		return sorted(
			frappe.get_all(
				"Payment Entry",
				{
					"party": ("in", [subscription.customer for subscription in subscriptions]),
					"docstatus": 1,
				},
				pluck="paid_amount",
				order_by="creation",
			)
		)


class TestOneReceiptTwoAccounts(AttackTestCase):
	"""A customer pays once by push and says that the same receipt was a pay bill payment for another account."""

	def setUp(self) -> None:
		super().setUp()
		phone = f"2547{secrets.randbelow(10**8):08d}"  # whose last digits no other payer has just now
		self.subscription = factories.a_subscription(self.router, phone_number=phone)
		self.other = factories.a_subscription(
			self.router, customer=self.subscription.customer, phone_number=phone
		)

	def claim(self, receipt: str, account: str) -> None:
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(
				receipt, account, "1500", site.SHORTCODE, MSISDN=self.subscription.phone_number
			),
		)
		self.deliver()

	def assert_one_payment(self) -> None:
		self.ask_now()
		self.assertEqual([1500], self.paid_for(self.subscription))
		states = {self.status_of(self.subscription), self.status_of(self.other)}
		self.assertEqual({"Active", "Draft"}, states)

	def test_claimed_after_a_lost_callback(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.pay(self.subscription)
		self.ask_now()
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.assert_one_payment()

	def test_claimed_before_the_callback(self):
		self.daraja.courier.next(Kind.STK, Fate(held=True))
		self.pay(self.subscription)
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.daraja.courier.release()
		self.deliver()
		self.assert_one_payment()

	def test_claimed_after_the_receipt_was_hidden_by_a_forged_callback(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		push = self.payment(self.pay(self.subscription))
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, "QQQ0000001")
		)
		self.deliver()
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.assert_one_payment()

	def test_claimed_after_the_next_payment_was_passed_off_as_this_one(self):
		"""Two prompts are paid, five minutes apart. The receipt of the second is claimed for the account of the first, whose
		callback was lost; then that of the first for another account."""
		first = self.paid_without_callback()
		self.ask_now()
		self.make_older(first, minutes=5)
		second = self.paid_without_callback()
		invented = f"Q1{frappe.generate_hash(length=8).upper()}"
		self.guest.call(visitors.STK_CALLBACK, **visitors.stk_callback(second.checkout_request_id, invented))
		self.deliver()
		of_first, of_second = sorted(self.daraja.payments(), key=lambda paid: paid.at)
		self.claim(of_second.receipt, self.subscription.name)
		self.assertEqual(first.name, self.payment(of_second.receipt).duplicate_of)
		self.claim(of_first.receipt, self.other.name)
		claimed = self.payment(of_first.receipt)
		self.assertEqual(("Needs Review", second.name), (claimed.status, claimed.perhaps_same_as))
		self.assertEqual([1500, 1500], self.paid_for(self.subscription))
		self.assertEqual("Draft", self.status_of(self.other))

	def paid_without_callback(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		return self.payment(self.pay(self.subscription))

	def make_older(self, push, minutes: int) -> None:
		by = timedelta(minutes=minutes)
		for doctype, name in (
			("Subscription Payment", push.name),
			("Mpesa Express Request", push.express_request),
		):
			frappe.db.set_value(doctype, name, "creation", push.creation - by, update_modified=False)
		frappe.db.commit()
		(paid,) = self.daraja.payments()
		self.daraja.ledger._payments[paid.receipt] = replace(paid, at=paid.at - by)

	def test_claimed_while_mpesa_hides_who_paid(self):
		self.daraja.change(hides_payer=True)
		self.addCleanup(self.daraja.change, hides_payer=False)
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.pay(self.subscription)
		self.ask_now()
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.assert_one_payment()

	def test_claimed_in_lower_case_as_well(self):
		register_urls(self)
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.deliver()
		self.claim(paid.receipt.lower(), self.other.name)
		self.claim(f" {paid.receipt} ", self.other.name)
		self.claim("".join(chr(ord(letter) + 0xFEE0) for letter in paid.receipt), self.other.name)
		self.assert_one_payment()


class TestSomebodyElsesReceipt(AttackTestCase):
	def setUp(self) -> None:
		super().setUp()
		register_urls(self)
		self.victim = factories.a_subscription(self.router)

	def test_a_receipt_that_is_booked_cannot_be_claimed_again(self):
		paid = self.daraja.pay_bill(self.victim.phone_number, 1500, self.victim.name)
		self.deliver()
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(paid.receipt, self.subscription.name, "1500", site.SHORTCODE),
		)
		self.deliver()
		self.assertEqual("Active", self.status_of(self.victim))
		self.assertEqual("Draft", self.status_of(self.subscription))
		self.assertEqual([1500], self.paid_for(self.victim, self.subscription))

	def test_a_forged_callback_does_not_take_a_waiting_receipt(self):
		"""The forger's own push is paid, and its callback names the victim's receipt."""
		self.daraja.courier.next(Kind.STATUS, Fate(held=True))
		paid = self.daraja.pay_bill(self.victim.phone_number, 1500, self.victim.name)
		self.deliver()
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		push = self.payment(self.pay(self.subscription))
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, paid.receipt)
		)
		self.deliver()
		self.daraja.courier.release()
		self.ask_now()
		self.assertEqual("Active", self.status_of(self.victim))
		self.assertEqual([1500, 1500], self.paid_for(self.victim, self.subscription))

	def test_a_forged_callback_after_the_fact_does_not_take_a_waiting_receipt(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		push = self.payment(self.pay(self.subscription))
		self.ask_now()
		self.daraja.courier.next(Kind.STATUS, Fate(held=True))
		paid = self.daraja.pay_bill(self.victim.phone_number, 1500, self.victim.name)
		self.deliver()
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, paid.receipt)
		)
		self.deliver()
		self.daraja.courier.release()
		self.ask_now()
		self.assertEqual("Active", self.status_of(self.victim))
		self.assertEqual([1500, 1500], self.paid_for(self.victim, self.subscription))


class TestForgedCallbacks(AttackTestCase):
	def test_another_amount_in_the_callback_buys_no_more(self):
		self.daraja.courier.next(Kind.STK, Fate(held=True))
		push = self.payment(self.pay(self.subscription, amount=1))
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, "QQQ1234567", 150000)
		)
		self.ask_now()
		self.assertEqual([1], self.paid_for(self.subscription))
		self.assertEqual("Draft", self.status_of(self.subscription))

	def test_a_callback_that_comes_again_and_again_counts_once(self):
		push = self.payment(self.pay(self.subscription))
		self.deliver()
		for receipt in ("QQQ1111111", "QQQ2222222"):
			self.guest.call(visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, receipt))
			self.ask_now()
		self.assertEqual([1500], self.paid_for(self.subscription))

	def test_a_malformed_callback_changes_nothing_and_the_payment_is_found_all_the_same(self):
		for malformation in sorted(MALFORMATIONS):
			with self.subTest(malformation):
				subscription = factories.a_subscription(self.router)
				self.daraja.courier.next(Kind.STK, Fate(malformed=malformation))
				self.pay(subscription)
				self.ask_now()
				self.assertEqual([1500], self.paid_for(subscription))

	def test_a_prompt_that_is_deleted_with_its_subscription_stops_nobody_elses_payment(self):
		push = self.prompt()
		frappe.db.delete("Subscription Payment", {"name": push.name})
		frappe.delete_doc("Customer Subscription", self.subscription.name, force=True)
		frappe.db.commit()
		other = factories.a_subscription(self.router)
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.pay(other)
		self.ask_now()
		self.assertEqual([1500], self.paid_for(other))

	def test_a_forged_callback_does_not_cancel_what_another_customer_paid(self):
		"""frappe_mpsa_payments cancels a C2B register, and its Payment Entry, in favour of any push that names it."""
		register_urls(self)
		victim = factories.a_subscription(self.router)
		paid = self.daraja.pay_bill(victim.phone_number, 1500, victim.name)
		self.deliver()
		register = frappe.get_doc("Mpesa C2B Payment Register", {"transid": paid.receipt})
		register.db_set("docstatus", 1)
		register.db_set("payment_entry", self.payment(paid.receipt).payment_entry)
		frappe.db.commit()
		push = self.prompt()
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, paid.receipt)
		)
		self.deliver()
		self.assertEqual("Active", self.status_of(victim))
		self.assertEqual("Applied", self.payment(paid.receipt).status)


class TestTamperedPrompts(AttackTestCase):
	"""A clerk who may write Mpesa Express Requests passes a prompt of 1 shilling off as one of thousands."""

	def setUp(self) -> None:
		super().setUp()
		self.clerk = Visitor(self.web.url, visitors.a_user("Sales User"))
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.cheap = self.payment(self.pay(factories.a_subscription(self.router), amount=1))
		frappe.db.set_value(
			"Mpesa Express Request", self.cheap.express_request, "checkout_request_id", frappe.generate_hash()
		)
		frappe.db.delete("Subscription Payment", {"name": self.cheap.name})
		frappe.db.commit()

	def test_the_identity_of_a_prompt_cannot_be_edited(self):
		dear = self.prompt(amount=50000)
		answer = self.clerk.resource(
			"PUT",
			"Mpesa Express Request",
			dear.express_request,
			checkout_request_id=self.cheap.checkout_request_id,
		)
		self.assertEqual(417, answer.status_code, answer.text)
		self.assert_nothing_gained()

	def test_a_prompt_that_was_not_sent_has_no_identity(self):
		self.daraja.faults.add(Fault("/mpesa/stkpush", Trouble.SERVER_ERROR, times=1))
		self.clerk.resource(
			"POST",
			"Mpesa Express Request",
			docstatus=1,
			payment_gateway=f"Mpesa-{site.MPESA}",
			phone_number=self.subscription.phone_number,
			currency="KES",
			base_amount=50000,
			amount=50000,
			reference_doctype="Customer Subscription",
			reference_name=self.subscription.name,
			checkout_request_id=self.cheap.checkout_request_id,
			transaction_id="QQQ7654321",
		)
		self.assert_nothing_gained()

	def test_a_draft_is_no_prompt(self):
		self.clerk.resource(
			"POST",
			"Mpesa Express Request",
			payment_gateway=f"Mpesa-{site.MPESA}",
			phone_number=self.subscription.phone_number,
			currency="KES",
			base_amount=50000,
			amount=50000,
			reference_doctype="Customer Subscription",
			reference_name=self.subscription.name,
			checkout_request_id=self.cheap.checkout_request_id,
		)
		self.assert_nothing_gained()

	def assert_nothing_gained(self) -> None:
		frappe.db.rollback()
		inbox_worker.ask_again()
		frappe.db.commit()
		self.ask_now()
		self.assertEqual([], self.paid_for(self.subscription))


class TestForgedConfirmations(AttackTestCase):
	def send(self, **values) -> None:
		body = visitors.confirmation(
			"FAKE" + frappe.generate_hash(length=6).upper(), self.subscription.name, "1500", site.SHORTCODE
		)
		self.guest.call(visitors.CONFIRMATION, **{**body, **values})

	def test_nonsense_gives_nothing_and_stops_nobody(self):
		for values in (
			{"TransID": "X" * 255},
			{"TransID": "<script>alert(1)</script>"},
			{"TransID": "🤑🤑🤑🤑🤑🤑"},
			{"TransID": None},
			{"TransID": {"nested": ["list"]}},
			{"TransAmount": -1500},
			{"TransAmount": "NaN"},
			{"TransAmount": "Infinity"},
			{"TransAmount": 10**15},
			{"TransAmount": 0},
			{"BusinessShortCode": "888888"},
			{"BusinessShortCode": ""},
			{"BillRefNumber": "' or 1=1 -- "},
			{"BillRefNumber": "%"},
			{"BillRefNumber": "x" * 140},
			{"FirstName": "<img src=x onerror=alert(1)>", "LastName": "{{ frappe.session.user }}"},
			{"MSISDN": "9" * 140},
			{"TransTime": "99991231235959"},
			{"TransTime": "yesterday"},
		):
			with self.subTest(**values):
				self.send(**values)
				self.deliver()
		self.assertEqual("Draft", self.status_of(self.subscription))
		self.assertEqual([], self.paid_for(self.subscription))
		other = factories.a_subscription(self.router)
		self.pay(other)
		self.deliver()
		self.assertEqual([1500], self.paid_for(other))

	def test_what_cannot_be_a_payment_to_us_is_not_kept_in_the_inbox(self):
		receipts = ["FAKE" + frappe.generate_hash(length=6).upper() for _i in range(3)]
		self.send(TransID=receipts[0], BusinessShortCode="888888")
		self.send(TransID=receipts[1], TransAmount=-5)
		self.send(TransID=receipts[2], BusinessShortCode="")
		self.deliver()
		self.assertEqual([], frappe.get_all("Subscription Payment", {"name": ("in", receipts)}))

	def test_a_payers_name_carries_no_script(self):
		receipt = "FAKE" + frappe.generate_hash(length=6).upper()
		self.send(TransID=receipt, FirstName="<img src=x onerror=alert(1)>", LastName="<script>x</script>")
		self.deliver()
		name = self.payment(receipt).payer_name
		self.assertNotIn("onerror", name)
		self.assertNotIn("<script", name)

	def test_a_second_confirmation_with_another_account_is_left_to_a_person(self):
		register_urls(self)
		victim = factories.a_subscription(self.router)
		paid = self.daraja.pay_bill(victim.phone_number, 1500, victim.name)
		self.daraja.settle()
		self.send(TransID=paid.receipt)
		self.deliver()
		payment = self.payment(paid.receipt)
		self.assertEqual([], self.paid_for(self.subscription))
		self.assertIn(self.subscription.name, payment.review_reason or "")

	def test_a_receipt_of_last_month_is_not_paid_out_again(self):
		"""It was booked before this app was installed, or for something else."""
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, "an old account")
		self.daraja.ledger._payments[paid.receipt] = replace(paid, at=paid.at - timedelta(days=31))
		self.send(TransID=paid.receipt)
		self.deliver()
		self.assertEqual("Needs Review", self.payment(paid.receipt).status)
		self.assertEqual([], self.paid_for(self.subscription))

	def test_a_receipt_that_paid_for_a_sales_order_by_push_does_not_pay_for_internet_as_well(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.clerk().call(
			visitors.CREATE_NEW_REQUEST,
			phone_number=self.subscription.phone_number,
			payment_gateway=f"Mpesa-{site.MPESA}",
			reference_type="Customer",
			reference_id=self.subscription.customer,
			amount=1500,
		)
		self.daraja.settle()
		(paid,) = self.daraja.payments()
		self.send(TransID=paid.receipt)
		self.deliver()
		self.assertEqual("Needs Review", self.payment(paid.receipt).status)
		self.assertEqual([], self.paid_for(self.subscription))


class TestForgedStatusResults(AttackTestCase):
	URL = "/api/method/mikrotik_integration.api.payments.transaction_status_result?token="

	def setUp(self) -> None:
		super().setUp()
		self.receipt = "FAKE" + frappe.generate_hash(length=6).upper()
		self.daraja.courier.next(Kind.STATUS, Fate(held=True))
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(self.receipt, self.subscription.name, "1500", site.SHORTCODE),
		)
		self.daraja.settle()
		self.work()

	def post(self, token: str, body: dict, headers: dict | None = None):
		return self.guest.http.post(self.web.url + self.URL + token, json=body, headers=headers, timeout=30)

	def token(self) -> str:
		"""As only Daraja knows it."""
		asked = self.payment(self.receipt).result_token_hash
		tokens = [
			callback.url.partition("token=")[2] for callback in self.daraja.courier.callbacks(Kind.STATUS)
		]
		(token,) = [token for token in tokens if hashlib.sha256(token.encode()).hexdigest() == asked]
		return token

	def answer_about(self, receipt: str):
		"""Daraja's answer on its way, or held."""
		answers = self.daraja.courier.callbacks(Kind.STATUS)
		return [answer for answer in answers if receipt.encode() in answer.body][-1]

	def assert_no_money(self) -> None:
		self.work()
		self.assertFalse(self.payment(self.receipt).verified)
		self.assertEqual([], self.paid_for(self.subscription))

	def test_a_guessed_token_confirms_nothing(self):
		payment = self.payment(self.receipt)
		answers = [
			self.post(token, visitors.transaction_status(self.receipt, 1500, site.SHORTCODE))
			for token in ("", "0" * 40, "%", payment.result_token_hash, self.token()[:-1])
		]
		self.assertEqual({200}, {answer.status_code for answer in answers})
		self.assertEqual(1, len({answer.text for answer in answers}))
		self.assert_no_money()

	def test_the_right_token_with_strange_conversation_ids_confirms_nothing(self):
		self.post(self.token(), visitors.transaction_status(self.receipt, 1500, site.SHORTCODE))
		self.assert_no_money()

	def test_nonsense_is_answered_like_anything_else(self):
		for body in (
			{},
			{"Result": []},
			{"Result": {"ResultCode": {}}},
			{"cmd": "frappe.ping"},
			{"Result": "x"},
		):
			with self.subTest(body=body):
				self.assertEqual(200, self.post(self.token(), body).status_code)
		self.assert_no_money()

	def test_an_answer_counts_once_and_not_for_another_payment(self):
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(paid.receipt, self.subscription.name, "1500", site.SHORTCODE),
		)
		self.deliver()
		real = self.answer_about(paid.receipt)
		with ThreadPoolExecutor(4) as pool:
			list(pool.map(lambda _i: self.guest.http.post(real.url, data=real.body, headers=JSON), range(4)))
		self.post(self.token(), json.loads(real.body))
		self.deliver()
		self.assertEqual([1500], self.paid_for(self.subscription))
		self.assertFalse(self.payment(self.receipt).verified)

	def test_the_same_answer_four_times_at_once_counts_once(self):
		self.daraja.courier.clear()
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.daraja.courier.next(Kind.STATUS, Fate(copies=4))
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(paid.receipt, self.subscription.name, "1500", site.SHORTCODE),
		)
		self.deliver()
		self.assertEqual([1500], self.paid_for(self.subscription))

	def test_nobody_can_shut_daraja_out_by_writing_its_address_into_a_header(self):
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.daraja.courier.next(Kind.STATUS, Fate(held=True))
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(paid.receipt, self.subscription.name, "1500", site.SHORTCODE),
		)
		self.daraja.settle()
		self.work()
		safaricom = {"X-Forwarded-For": "196.201.214.200"}
		with ThreadPoolExecutor(4) as pool:
			list(pool.map(lambda _i: self.post("0" * 40, {}, safaricom), range(650)))
		real = self.answer_about(paid.receipt)
		answer = self.guest.http.post(real.url, data=real.body, headers={**JSON, **safaricom}, timeout=30)
		self.assertEqual(200, answer.status_code)
		self.work()
		self.assertEqual([1500], self.paid_for(self.subscription))


class TestPromptBombing(AttackTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.daraja.everybody(Decision.CANCEL, 0)
		self.customer = Visitor(self.web.url, visitors.a_portal_user(self.subscription.customer))

	def prompts_on(self, phone: str) -> int:
		return frappe.db.count(
			"Mpesa Express Request", {"phone_number": phone, "checkout_request_id": ("is", "set")}
		)

	def test_a_strangers_phone_rings_a_few_times_at_most(self):
		stranger = factories.a_phone()
		spellings = (stranger, f"0{stranger[3:]}", f"+{stranger}", f"0{stranger[3:6]} {stranger[6:]}")
		answers = [
			self.customer.call(
				"mikrotik_integration.api.payments.request_payment",
				headers={"X-Forwarded-For": f"10.1.2.{number}"},
				subscription=self.subscription.name,
				phone_number=spellings[number % len(spellings)],
				amount=1,
			)
			for number in range(9)
		]
		self.assertIn(429, {answer.status_code for answer in answers})
		frappe.db.rollback()
		self.assertLessEqual(self.prompts_on(stranger), 5)

	def test_many_strangers_phones_ring_a_few_times_at_most(self):
		strangers = [factories.a_phone() for _i in range(15)]
		answers = [
			self.customer.api(
				"payments.request_payment",
				subscription=self.subscription.name,
				phone_number=stranger,
				amount=1,
			)
			for stranger in strangers
		]
		self.assertEqual(429, answers[-1].status_code, answers[-1].text)
		frappe.db.rollback()
		self.assertLessEqual(sum(map(self.prompts_on, strangers)), 10)

	def test_a_prompt_that_is_sent_again_is_limited_and_its_money_is_not_lost(self):
		stranger, clerk = factories.a_phone(), self.clerk()
		name = clerk.call(
			visitors.CREATE_NEW_REQUEST,
			phone_number=stranger,
			payment_gateway=f"Mpesa-{site.MPESA}",
			reference_type="Customer Subscription",
			reference_id=self.subscription.name,
			amount=1500,
		).json()["message"]
		self.daraja.settle()
		self.daraja.customer(stranger).always(Decision.ACCEPT)
		clerk.call(visitors.RETRY_PUSH, name=name)
		self.deliver()
		self.ask_now()
		self.ask_now()
		self.assertEqual([1500], self.paid_for(self.subscription))
		self.daraja.customer(stranger).always(Decision.CANCEL, 0)
		for _number in range(8):
			frappe.db.set_value("Mpesa Express Request", name, "status", "Failed")
			frappe.db.commit()
			clerk.call(visitors.RETRY_PUSH, name=name)
		self.assertLessEqual(len(self.pushes_of(stranger)), 5)

	def pushes_of(self, phone: str) -> list:
		asked = self.daraja.record.requests("/mpesa/stkpush/v1/processrequest")
		return [one for one in asked if str(one.body["PhoneNumber"]) == phone]


class TestOtherPrompts(AttackTestCase):
	"""frappe_mpsa_payments makes prompts for any document and any amount."""

	def ask(self, **values) -> None:
		self.clerk().call(
			visitors.CREATE_NEW_REQUEST,
			**{
				"phone_number": self.subscription.phone_number,
				"payment_gateway": f"Mpesa-{site.MPESA}",
				"reference_type": "Customer Subscription",
				"reference_id": self.subscription.name,
				"amount": 1,
				**values,
			},
		)
		self.deliver()
		self.ask_now()

	def test_a_shilling_buys_a_shilling(self):
		self.ask()
		self.assertEqual([1], self.paid_for(self.subscription))
		self.assertEqual("Draft", self.status_of(self.subscription))

	def test_odd_amounts_and_currencies_buy_nothing(self):
		for values in ({"amount": -1500}, {"amount": "NaN"}, {"amount": 0.001}, {"amount": 1e300}):
			with self.subTest(**values):
				self.ask(**values)
		self.ask(amount=1500, currency="UGX")
		self.assertEqual("Draft", self.status_of(self.subscription))
		self.assertTrue(all(amount < 1500 for amount in self.paid_for(self.subscription)))


class TestForgedBookings(AttackTestCase):
	"""frappe_mpsa_payments books Payment Entries on a callback's word; some time later the books are looked at."""

	def setUp(self) -> None:
		super().setUp()
		self.invoice = subscriptions.invoice(self.subscription.name)
		frappe.db.commit()

	def look_at_the_books(self) -> None:
		frappe.db.rollback()
		clock.daily()
		payments.enqueue_settle(self.subscription.name)
		frappe.db.commit()
		self.deliver()
		self.assertEqual("Draft", self.status_of(self.subscription))

	def test_a_forged_confirmation_for_the_customer_gives_no_service(self):
		"""With auto_reconcile_c2b on, the money is used for the customer's oldest invoice."""
		register_urls(self)
		frappe.db.set_value("Mpesa Settings", site.MPESA, "auto_reconcile_c2b", 1)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_value, "Mpesa Settings", site.MPESA, "auto_reconcile_c2b", 0)
		for account in (self.subscription.customer, self.invoice, self.subscription.name):
			receipt = "FAKE" + frappe.generate_hash(length=6).upper()
			self.guest.call(
				visitors.CONFIRMATION, **visitors.confirmation(receipt, account, "1500", site.SHORTCODE)
			)
			self.deliver()
		self.assertEqual([], self.paid_for(self.subscription))
		self.look_at_the_books()


@unittest.skipUnless(find_spec("payments"), "ERPNext's Payment Request needs Frappe's app payments")
class TestForgedPaymentsOfOtherPrompts(AttackTestCase):
	"""frappe_mpsa_payments submits drafts and books Payment Entries when a callback says that their prompt is paid. The
	number of a prompt is its time and its payer's phone: whoever is asked for the money can guess it."""

	def setUp(self) -> None:
		super().setUp()
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)

	def prompt_for(self, invoice: str, amount: float | None = None) -> str:
		"""A Payment Request to the phone, over a part of the invoice if need be; returns its prompt's
		CheckoutRequestID."""
		from erpnext.accounts.doctype.payment_request.payment_request import make_payment_request

		gateway = frappe.db.get_value("Payment Gateway Account", {"payment_gateway": f"Mpesa-{site.MPESA}"})
		self.request = make_payment_request(
			dt="Sales Invoice",
			dn=invoice,
			recipient_id="asha@example.com",
			payment_gateway_account=gateway,
			mute_email=1,
			return_doc=1,
		)
		self.request.flags.mute_email = True
		self.request.phone_number = f"0{self.subscription.phone_number[3:]}"
		if amount:
			self.request.grand_total = amount
		self.request.submit()
		frappe.db.commit()
		return frappe.db.get_value(
			"Mpesa Express Request", {"reference_name": self.request.name}, "checkout_request_id"
		)

	def forge(self, checkout: str) -> None:
		self.guest.call(visitors.STK_CALLBACK, **visitors.stk_callback(checkout, "QQQ9999999"))
		self.deliver()
		frappe.db.rollback()

	def decide(self, decision: Decision) -> None:
		self.daraja.customer(self.subscription.phone_number).decide(decision)
		self.deliver()
		frappe.db.rollback()

	def an_invoice(self, item: str | None = None, rate: float = 500, **values):
		item = item or self.a_cable()
		return frappe.get_doc(
			{
				"doctype": "Sales Invoice",
				"company": site.COMPANY,
				"customer": self.subscription.customer,
				"items": [{"item_code": item, "qty": 1, "rate": rate}],
				**values,
			}
		).insert()

	def a_cable(self) -> str:
		item = {
			"doctype": "Item",
			"item_code": factories.unique("Cable"),
			"item_group": frappe.db.get_value("Item Group", {"is_group": 0}),
			"is_stock_item": 0,
		}
		return frappe.get_doc(item).insert().name

	def submitted(self) -> str:
		invoice = self.an_invoice()
		invoice.submit()
		frappe.db.commit()
		return invoice.name

	def asked_for(self) -> str:
		return frappe.db.get_value("Payment Request", self.request.name, "status")

	def test_what_is_no_internet_is_booked_when_it_is_paid_and_not_before(self):
		checkout = self.prompt_for(self.submitted())
		self.forge(checkout)
		self.assertEqual(([], "Requested"), (self.paid_for(self.subscription), self.asked_for()))
		self.decide(Decision.ACCEPT)
		self.assertEqual(([500], "Paid"), (self.paid_for(self.subscription), self.asked_for()))
		self.forge(checkout)
		self.assertEqual([500], self.paid_for(self.subscription))

	def test_what_is_paid_is_booked_although_the_callback_was_lost(self):
		checkout = self.prompt_for(self.submitted())
		self.daraja.courier.always(Fate(lost=True), Kind.STK)
		self.addCleanup(self.daraja.courier.always, Fate(), Kind.STK)
		self.decide(Decision.ACCEPT)
		self.assertEqual([], self.paid_for(self.subscription))
		a_while_ago = now_datetime() - timedelta(seconds=30)
		frappe.db.set_value(
			"Mpesa Express Request", {"checkout_request_id": checkout}, "creation", a_while_ago
		)
		frappe.db.commit()
		tasks.ask_for_payments_again()
		frappe.db.commit()
		self.deliver()
		self.assertEqual(([500], "Paid"), (self.paid_for(self.subscription), self.asked_for()))

	def test_an_invoice_of_internet_is_booked_when_it_is_paid_and_not_before(self):
		invoice = subscriptions.invoice(self.subscription.name)
		frappe.db.commit()
		self.forge(self.prompt_for(invoice))
		self.assertEqual(([], "Requested"), (self.paid_for(self.subscription), self.asked_for()))
		self.decide(Decision.ACCEPT)
		self.ask_now()
		self.assertEqual([1500], self.paid_for(self.subscription))
		self.assertEqual("Active", self.status_of(self.subscription))

	def test_a_prompt_that_names_the_invoice_of_internet_itself_is_booked(self):
		invoice = subscriptions.invoice(self.subscription.name)
		phone = f"0{self.subscription.phone_number[3:]}"
		request = mpesa_express_request.create_new_request(
			phone, f"Mpesa-{site.MPESA}", "Sales Invoice", invoice, 1500
		)
		frappe.db.commit()
		self.forge(frappe.db.get_value("Mpesa Express Request", request, "checkout_request_id"))
		self.assertEqual([], self.paid_for(self.subscription))
		self.decide(Decision.ACCEPT)
		self.assertEqual([1500], self.paid_for(self.subscription))
		self.assertEqual("Active", self.status_of(self.subscription))

	def pay_with_the_callback_last(self, checkout: str) -> None:
		"""The inbox has asked M-PESA, and booked, before the callback comes."""
		self.daraja.courier.always(Fate(lost=True), Kind.STK)
		self.addCleanup(self.daraja.courier.always, Fate(), Kind.STK)
		self.decide(Decision.ACCEPT)
		self.ask_now()
		self.forge(checkout)

	def assert_one_payment_booked(self, amount: float) -> None:
		self.assertEqual(([amount], "Paid"), (self.paid_for(self.subscription), self.asked_for()))
		[payment] = frappe.get_all(
			"Subscription Payment",
			{"subscription": self.subscription.name, "verified": 1},
			["status", "payment_entry.docstatus as booked"],
		)
		self.assertEqual(("Applied", 1), (payment.status, payment.booked))

	def test_a_part_of_an_invoice_counts_once_when_its_callback_comes_last(self):
		checkout = self.prompt_for(subscriptions.invoice(self.subscription.name), 750)
		self.pay_with_the_callback_last(checkout)
		self.assert_one_payment_booked(750)
		self.assertEqual("Draft", self.status_of(self.subscription))

	def test_one_payment_pays_one_of_two_open_invoices(self):
		second = frappe.copy_doc(
			frappe.get_doc("Sales Invoice", subscriptions.invoice(self.subscription.name))
		)
		second.insert().submit()
		self.pay_with_the_callback_last(self.prompt_for(second.name))
		self.assert_one_payment_booked(1500)
		self.assertEqual(1500, payments.receivable(self.subscription.name))

	def test_the_first_of_two_prompts_for_one_request_counts_once(self):
		self.prompt_for(subscriptions.invoice(self.subscription.name))
		phone, gateway = self.request.phone_number, f"Mpesa-{site.MPESA}"
		payment_page.begin(phone, gateway, "Payment Request", self.request.name)
		frappe.db.commit()
		self.decide(Decision.ACCEPT)
		self.ask_now()
		self.assert_one_payment_booked(1500)

	def test_a_prompt_that_is_booked_is_not_booked_again_by_hand(self):
		self.pay_with_the_callback_last(self.prompt_for(subscriptions.invoice(self.subscription.name), 750))
		request = frappe.get_doc("Mpesa Express Request", {"reference_name": self.request.name})
		request.db_set("is_reconciled", 0)
		frappe.db.set_value("Payment Request", self.request.name, "outstanding_amount", 750)
		with self.assertRaises(frappe.ValidationError):
			request.reconcile_payment()
		frappe.db.rollback()
		self.assertEqual([750], self.paid_for(self.subscription))

	def test_a_sale_of_vouchers_that_waits_for_its_payment_is_not_submitted(self):
		line = voucher_books.Line(factories.a_package().name, 1, 20)
		draft = voucher_books.new_invoice(self.subscription.customer, self.router.name, [line], "till")
		draft.is_pos = 1
		draft.append("payments", {"mode_of_payment": "Cash", "amount": 0})
		draft.insert()
		frappe.db.commit()
		self.forge(self.prompt_for(draft.name))
		draft.reload()
		self.assertEqual(0, draft.docstatus)
		self.assertEqual([], voucher_sales.of_sale(draft.doctype, draft.name))

	def test_a_draft_below_the_price_is_not_submitted_by_its_payment(self):
		item = frappe.db.get_value("Internet Plan", self.subscription.internet_plan, "item")
		draft = self.an_invoice(item, 1, customer_subscription=self.subscription.name)
		frappe.db.commit()
		self.prompt_for(draft.name)
		self.decide(Decision.ACCEPT)
		self.ask_now()
		draft.reload()
		self.assertEqual((0, "Draft"), (draft.docstatus, self.status_of(self.subscription)))
		self.assertEqual([1], self.paid_for(self.subscription))  # what came in is the customer's


class TestHostileNames(AttackTestCase):
	def test_a_name_is_not_run_as_a_template(self):
		name = factories.unique("{{ 7 * 7 }} {% for x in frappe.get_all('User') %}{{ x }}{% endfor %}")
		customer = factories.a_customer(customer_name=name)
		subscription = factories.a_subscription(self.router, customer=customer.name)
		text = frappe.render_template("Dear {{ customer_name }}", messages._values(subscription, 1))
		self.assertEqual(f"Dear {subscription.customer_name}", text)
		self.assertIn("7 * 7", text)


class TestSecretsOfMpesa(AttackTestCase):
	"""What goes wrong on the way to M-PESA is logged, with Frappe's habit of printing local variables."""

	SECRETS = (site.PASSKEY, site.CONSUMER_SECRET)

	def setUp(self) -> None:
		super().setUp()
		self.begun = now_datetime()

	def assert_none_logged(self) -> None:
		frappe.db.rollback()
		for secret in self.SECRETS:
			logged = frappe.get_all(
				"Error Log",
				{"creation": (">=", self.begun), "error": ("like", f"%{secret}%")},
				pluck="method",
			)
			self.assertEqual([], logged)

	def test_an_error_that_nobody_foresaw_while_asking(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		name = self.pay(self.subscription)
		with patch("requests.request", side_effect=UnicodeError("label too long")):
			self.ask_now()
		self.assert_none_logged()
		self.assertEqual("Requested", self.payment(name).status)
		self.ask_now()
		self.assertEqual([1500], self.paid_for(self.subscription))

	def test_an_error_that_nobody_foresaw_while_prompting(self):
		with (
			patch(
				"frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_express_request.mpesa_express_request.initiate_stk_push",
				side_effect=self.fail_with_credentials_at_hand,
			),
			self.assertRaises(frappe.ValidationError),
		):
			payments.request_payment(self.subscription)
		frappe.db.commit()
		self.assert_none_logged()

	def fail_with_credentials_at_hand(self, **_arguments):
		settings = {"consumer_secret": site.CONSUMER_SECRET, "Password": site.PASSKEY}
		raise TypeError(f"{len(settings)} settings")
