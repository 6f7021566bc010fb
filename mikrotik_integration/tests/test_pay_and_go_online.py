"""The main job: money decides who is online."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from unittest import mock

import frappe
import requests
from frappe.utils import add_to_date, get_datetime, now_datetime
from frappe_mpsa_payments.frappe_mpsa_payments.doctype.mpesa_express_request.mpesa_express_request import (
	MpesaExpressRequest as Mpesa,
)

from mikrotik_integration import demo_company as site
from mikrotik_integration.core.payments.transaction_status import TransactionStatus
from mikrotik_integration.services import clock, inbox_worker, payments, verification
from mikrotik_integration.simulators.daraja import Decision, Fate, Kind, Twin
from mikrotik_integration.simulators.routeros import LoginRefused
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

STK_CALLBACK = "/api/method/frappe_mpsa_payments.frappe_mpsa_payments.api.m_pesa_api.stk_push_callback"
CONFIRMATION = "/api/method/frappe_mpsa_payments.frappe_mpsa_payments.api.m_pesa_api.confirmation"


def _note_another_conversation(site_name: str, payment: str) -> None:
	"""In a thread, and so on a database connection of its own."""
	frappe.init(site=site_name)
	frappe.connect()
	document = frappe.get_doc("Subscription Payment", payment)
	document.update({"conversation_id": "ours", "originator_conversation_id": "ours"})
	document.save(ignore_permissions=True)
	frappe.db.commit()
	frappe.destroy()


def _numbers_that_are_free(site_name: str) -> list:
	"""The naming series of prompts, locked without waiting, on a connection of its own. Raises if one is taken."""
	frappe.init(site=site_name)
	frappe.connect()
	rows = frappe.db.sql("select name from `tabSeries` where name like 'MEXP-%' for update nowait")
	frappe.db.rollback()
	frappe.destroy()
	return rows


class TestPushPayment(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)

	def test_no_prompt_waits_for_another_ones_number_while_mpesa_is_asked(self):
		ask, seen = Mpesa.initiate_request, []

		def asked(request):
			with ThreadPoolExecutor(1) as other:
				seen.append(other.submit(_numbers_that_are_free, frappe.local.site).result(30))
			return ask(request)

		with mock.patch.object(Mpesa, "initiate_request", asked):
			self.pay(self.subscription)
		self.assertEqual(1, len(seen))
		self.assertTrue(seen[0])

	def test_a_confirmed_push_puts_the_customer_online_with_the_books_right(self):
		name = self.pay(self.subscription)
		self.work()

		payment = frappe.get_doc("Subscription Payment", name)
		self.assertEqual("Applied", payment.status, payment.review_reason or payment.last_answer)
		self.subscription.reload()
		self.assertEqual("Active", self.subscription.status)
		self.assertEqual("Completed", self.subscription.payment_status)
		self.assertEqual("In Sync", self.subscription.router_status, self.subscription.router_error)
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))
		entry = frappe.get_doc("Payment Entry", payment.payment_entry)
		self.assertEqual(1500, entry.paid_amount)
		self.assertEqual(1, frappe.db.count("Payment Entry", {"party": self.subscription.customer}))
		(row,) = [
			row for row in self.sim.rows("/ip/hotspot/user") if row["name"] == self.subscription.username
		]
		self.assertEqual("false", row["disabled"])
		session = self.sim.customer.login(
			self.subscription.username, self.subscription.get_password("password")
		)
		self.assertTrue(session.is_live)

	def test_nothing_reaches_the_router_before_money_does(self):
		self.check_router(self.router)
		self.assertEqual("Draft", self.status_of(self.subscription))
		with self.assertRaises(LoginRefused):
			self.sim.customer.login(self.subscription.username, self.subscription.get_password("password"))

	def test_a_cancelled_prompt_gives_no_service_even_when_its_status_is_queried(self):
		self.daraja.change(queries_in_nairobi_time=False)  # frappe_mpsa_payments asks in its server's time
		self.addCleanup(self.daraja.change, queries_in_nairobi_time=True)
		self.daraja.customer(self.subscription.phone_number).always(Decision.CANCEL)
		name = self.pay(self.subscription)
		request = frappe.db.get_value("Subscription Payment", name, "express_request")
		from frappe_mpsa_payments.frappe_mpsa_payments.api.m_pesa_api import check_transaction_status

		check_transaction_status(request)
		self.work()
		self.assertEqual("Failed", frappe.db.get_value("Subscription Payment", name, "status"))
		self.assert_no_service()

	def test_a_forged_callback_gives_no_service(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		name = payments.request_payment(self.subscription)
		frappe.db.commit()
		checkout = frappe.db.get_value("Subscription Payment", name, "checkout_request_id")
		answer = requests.post(self.web.url + STK_CALLBACK, json=forged_callback(checkout, 1500), timeout=30)
		self.assertEqual(200, answer.status_code, answer.text)
		self.work()
		self.assertEqual("Requested", frappe.db.get_value("Subscription Payment", name, "status"))
		self.assert_no_service()

	def test_two_callbacks_at_the_same_moment_apply_once(self):
		self.daraja.courier.next(Kind.STK, Fate(copies=2))
		self.pay(self.subscription)
		self.work()
		self.assert_paid_once()

	def test_a_lost_callback_is_asked_for_after_seconds(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		name = self.pay(self.subscription)
		self.work()
		self.assertEqual("Requested", frappe.db.get_value("Subscription Payment", name, "status"))
		due = get_datetime(frappe.db.get_value("Subscription Payment", name, "next_ask"))
		sent = frappe.db.get_value("Subscription Payment", name, "creation")
		self.assertAlmostEqual(10, (due - sent).total_seconds(), delta=2)
		frappe.db.set_value("Subscription Payment", name, "next_ask", now_datetime())
		inbox_worker.ask_again()
		frappe.db.commit()
		self.work()
		self.assert_paid_once()

	def test_a_process_that_died_right_after_the_prompt_loses_nothing(self):
		name = self.pay(self.subscription)
		frappe.db.delete("Subscription Payment", {"name": name})
		frappe.db.commit()
		inbox_worker.ask_again()
		frappe.db.set_value("Subscription Payment", name, "next_ask", now_datetime())
		inbox_worker.ask_again()
		frappe.db.commit()
		self.work()
		self.assert_paid_once()

	def test_renewing_early_extends_from_the_present_end(self):
		self.pay(self.subscription)
		self.work()
		first = frappe.db.get_value("Customer Subscription", self.subscription.name, "expiry_date")
		self.subscription.reload()
		self.pay(self.subscription)
		self.work()
		second = frappe.db.get_value("Customer Subscription", self.subscription.name, "expiry_date")
		self.assertEqual(add_to_date(first, days=30), second)

	def assert_no_service(self) -> None:
		self.assertEqual("Draft", self.status_of(self.subscription))
		self.assertEqual(0, frappe.db.count("Payment Entry", {"party": self.subscription.customer}))
		self.assertEqual(0, frappe.db.count("Sales Invoice", {"customer": self.subscription.customer}))
		self.check_router(self.router)
		self.assertNotIn(
			self.subscription.username, [row["name"] for row in self.sim.rows("/ip/hotspot/user")]
		)

	def assert_paid_once(self) -> None:
		self.assertEqual("Active", self.status_of(self.subscription))
		entries = frappe.get_all(
			"Payment Entry", {"party": self.subscription.customer, "docstatus": 1}, pluck="paid_amount"
		)
		self.assertEqual([1500], entries)
		self.assertEqual(1, frappe.db.count("Sales Invoice", {"customer": self.subscription.customer}))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))


class TestPayBill(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		register_urls(self)

	def test_the_account_number_is_enough(self):
		self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.deliver()
		self.assertEqual("Active", self.status_of(self.subscription))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))

	def test_an_answer_counts_that_comes_while_its_question_is_still_being_written_down(self):
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.daraja.settle()
		self.daraja.courier.always(Fate(held=True), Kind.STATUS)
		self.work()  # the question is asked, its answer waits
		name, token = paid.receipt, "a-token-of-a-question"
		digest = hashlib.sha256(token.encode()).hexdigest()
		frappe.db.set_value("Subscription Payment", name, "result_token_hash", digest)
		frappe.db.commit()
		frappe.db.get_value("Subscription Payment", name, "status")  # from here on reads are as old as this
		with ThreadPoolExecutor(1) as other:
			other.submit(_note_another_conversation, frappe.local.site, name).result(30)
		answer = TransactionStatus(
			conversation_id="ours",
			originator_conversation_id="ours",
			found=True,
			completed=True,
			receipt=name,
			amount=Decimal(1500),
			shortcode=site.SHORTCODE,
			payer_phone=self.subscription.phone_number,
			description="",
		)
		self.assertEqual(name, verification.take_result(token, answer))
		frappe.db.commit()

	def test_a_forged_confirmation_gives_no_service(self):
		body = {
			"TransactionType": "Pay Bill",
			"TransID": "FAKE" + frappe.generate_hash(length=6).upper(),
			"TransTime": "20261120120000",
			"TransAmount": "1500",
			"BusinessShortCode": site.SHORTCODE,
			"BillRefNumber": self.subscription.name,
			"MSISDN": self.subscription.phone_number,
			"FirstName": "Mallory",
		}
		requests.post(self.web.url + CONFIRMATION, json=body, timeout=30)
		self.deliver()
		self.assertEqual("Draft", self.status_of(self.subscription))
		self.assertEqual(0, frappe.db.count("Payment Entry", {"party": self.subscription.customer}))
		payment = frappe.get_doc("Subscription Payment", body["TransID"])
		self.assertEqual("Needs Review", payment.status)
		self.assertFalse(payment.verified)

	def test_too_little_waits_as_an_advance_until_it_suffices(self):
		self.daraja.pay_bill(self.subscription.phone_number, 1000, self.subscription.name)
		self.deliver()
		self.subscription.reload()
		self.assertEqual(("Draft", 1000), (self.subscription.status, self.subscription.credit))
		self.assertEqual(Decimal(-1000), self.receivable_of(self.subscription.customer))
		self.daraja.pay_bill(self.subscription.phone_number, 500, self.subscription.name)
		self.deliver()
		self.subscription.reload()
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))

	def test_too_much_is_an_advance_that_pays_the_next_period(self):
		self.daraja.pay_bill(self.subscription.phone_number, 3000, self.subscription.name)
		self.deliver()
		self.subscription.reload()
		self.assertEqual(("Active", 1500), (self.subscription.status, self.subscription.credit))
		first_end = self.subscription.expiry_date
		self.move_to_the_end()
		clock.advance_due_subscriptions()
		self.work()
		self.subscription.reload()
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))
		self.assertLess(
			get_datetime(first_end),
			get_datetime(self.subscription.expiry_date) + (get_datetime(first_end) - now_datetime()),
		)
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))

	def test_a_wrong_account_number_waits_for_a_person_who_assigns_it(self):
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, "99999999")
		self.deliver()
		payment = frappe.get_doc("Subscription Payment", paid.receipt)
		self.assertEqual("Needs Review", payment.status)
		self.assertEqual(self.subscription.name, payment.suggested_subscription)
		payment.assign(self.subscription.name)
		frappe.db.commit()
		self.deliver()
		self.assertEqual("Active", self.status_of(self.subscription))

	def test_a_confirmation_that_comes_twice_is_one_payment(self):
		self.daraja.courier.next(Kind.C2B, Fate(copies=2))
		self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.deliver()
		entries = frappe.get_all("Payment Entry", {"party": self.subscription.customer}, pluck="paid_amount")
		self.assertEqual([1500], entries)

	def deliver(self) -> None:
		"""Confirmation, our question, and Daraja's answer to it."""
		for _round in range(3):
			self.daraja.settle()
			self.work()

	def move_to_the_end(self) -> None:
		frappe.db.set_value(
			"Customer Subscription",
			self.subscription.name,
			{"expiry_date": now_datetime(), "period_end": now_datetime(), "next_change": now_datetime()},
		)
		frappe.db.commit()


class TestTwins(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		register_urls(self)

	def test_push_and_then_its_c2b_twin_are_one_payment(self):
		self.pay_with_twin(Twin.AFTER)

	def test_the_c2b_twin_and_then_its_push_are_one_payment(self):
		self.pay_with_twin(Twin.BEFORE)

	def test_a_push_without_callback_and_its_c2b_twin_are_one_payment(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.pay_with_twin(Twin.AFTER)

	def pay_with_twin(self, twin) -> None:
		self.daraja.change(c2b_twin=twin)
		self.addCleanup(self.daraja.change, c2b_twin=Twin.NONE)
		name = self.pay(self.subscription)
		for _round in range(3):
			self.work()
			self.daraja.settle()
		frappe.db.set_value(
			"Subscription Payment", {"name": name, "status": "Requested"}, "next_ask", now_datetime()
		)
		inbox_worker.ask_again()
		frappe.db.commit()
		self.work()
		entries = frappe.get_all("Payment Entry", {"party": self.subscription.customer}, pluck="paid_amount")
		self.assertEqual([1500], entries)
		self.assertEqual("Active", self.status_of(self.subscription))
		self.assertEqual(1, len(self.daraja.payments()))


def register_urls(case: ServiceTestCase) -> None:
	"""As frappe_mpsa_payments' Mpesa C2B Payment Register URL does."""
	name = site.MPESA
	if frappe.db.exists("Mpesa C2B Payment Register URL", name):
		frappe.delete_doc("Mpesa C2B Payment Register URL", name, force=True)
	frappe.get_doc(
		{
			"doctype": "Mpesa C2B Payment Register URL",
			"mpesa_settings": name,
			"business_shortcode": site.SHORTCODE,
			"company": site.COMPANY,
			"mode_of_payment": site.MODE_OF_PAYMENT,
		}
	).insert()
	frappe.db.commit()
	case.assertEqual(
		"Success", frappe.db.get_value("Mpesa C2B Payment Register URL", name, "register_status")
	)


def forged_callback(checkout_request_id: str, amount: int) -> dict:
	return {
		"Body": {
			"stkCallback": {
				"MerchantRequestID": "0000-0000-1",
				"CheckoutRequestID": checkout_request_id,
				"ResultCode": 0,
				"ResultDesc": "The service request is processed successfully.",
				"CallbackMetadata": {
					"Item": [
						{"Name": "Amount", "Value": amount},
						{"Name": "MpesaReceiptNumber", "Value": "FORGED1234"},
						{"Name": "TransactionDate", "Value": 20261120120000},
						{"Name": "PhoneNumber", "Value": 254712345678},
					]
				},
			}
		}
	}
