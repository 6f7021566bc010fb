"""The inbox of money under stress: pay bill over the web, floods, who comes first, what the books refuse."""

import time
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from unittest.mock import Mock, patch

import frappe
from frappe.utils import add_days, getdate, now_datetime, today

from mikrotik_integration import demo_company as site
from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import inbox_turns, inbox_worker, payments, verification
from mikrotik_integration.simulators.daraja import Decision, Fate, Kind
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.harness import jobs_waiting
from mikrotik_integration.tests.test_pay_and_go_online import register_urls
from mikrotik_integration.tests.visitors import Visitor

WORKER = "mikrotik_integration.services.inbox_worker.run"
PAYMENT, ENTRY = "Subscription Payment", "Payment Entry"


class Waits(Exception):
	"""The worker has nothing to do but wait."""


class InboxTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.guest = Visitor(self.web.url)

	def deliver(self) -> None:
		"""Callbacks, our questions, and Daraja's answers."""
		for _round in range(3):
			self.daraja.settle()
			self.work()

	def confirm(self, receipt: str, account: str, amount: object = 1500, **values):
		body = visitors.confirmation(receipt, account, amount, site.SHORTCODE, **values)
		return self.guest.call(visitors.CONFIRMATION, **body)

	def payment(self, name: str):
		frappe.db.rollback()
		return frappe.get_doc(PAYMENT, name)

	def entries_of(self, subscription) -> list:
		return frappe.get_all(
			ENTRY,
			{"party": subscription.customer, "docstatus": 1},
			["paid_amount", "posting_date", "reference_no", "reference_date", "name"],
			order_by="creation",
		)

	def call_form(self, visitor: Visitor, payment: str, method: str, **arguments):
		document = frappe.get_doc(PAYMENT, payment).as_json()
		return visitor.call("run_doc_method", docs=document, method=method, args=frappe.as_json(arguments))


def a_receipt() -> str:
	return "S" + frappe.generate_hash(length=8).upper() + "7"


class TestPayBillOverTheWeb(InboxTestCase):
	def setUp(self) -> None:
		super().setUp()
		register_urls(self)

	def test_a_confirmation_that_a_guest_posts_is_booked_the_first_time(self):
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.deliver()
		payment = self.payment(paid.receipt)
		self.assertEqual(("Applied", 0), (payment.status, payment.booking_failures), payment.review_reason)
		self.assertEqual("Active", self.status_of(self.subscription))

	def test_what_an_isp_manager_assigns_is_booked(self):
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, "99999999")
		self.deliver()
		manager = Visitor(self.web.url, visitors.a_user("ISP Manager"))
		answer = self.call_form(manager, paid.receipt, "assign", subscription=self.subscription.name)
		self.assertEqual(200, answer.status_code, answer.text)
		self.deliver()
		payment = self.payment(paid.receipt)
		self.assertEqual(("Applied", 0), (payment.status, payment.booking_failures), payment.review_reason)

	def test_why_the_books_refuse_a_payment_is_seen_on_it_at_once(self):
		"""Frappe refuses a permission without a word in the exception."""
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		name = payments.request_payment(self.subscription)
		payments.confirm(name, "seen in the portal")
		frappe.db.commit()
		frappe.set_user("Guest")
		inbox_worker.process([name])
		frappe.set_user("Administrator")
		payment = self.payment(name)
		self.assertEqual(("Verified", 1), (payment.status, payment.booking_failures))
		self.assertTrue(payment.review_reason)
		self.assertLess(payment.next_ask, now_datetime() + timedelta(minutes=2))
		frappe.db.set_value(PAYMENT, name, "next_ask", now_datetime())
		frappe.db.commit()
		inbox_worker.run()
		self.assertEqual(("Applied", ""), (self.payment(name).status, self.payment(name).review_reason))

	def test_the_register_shows_what_mpesa_confirmed_and_no_strangers_word(self):
		forged = a_receipt()
		self.confirm(forged, self.subscription.name)
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		unknown = self.daraja.pay_bill(self.subscription.phone_number, 700, "a shop order")
		self.deliver()
		registered = frappe.get_all(
			"Mpesa C2B Payment Register",
			{"transid": ("in", (forged, paid.receipt, unknown.receipt))},
			["transid", "transamount"],
			order_by="transamount",
			as_list=True,
		)
		self.assertEqual(((unknown.receipt, 700), (paid.receipt, 1500)), tuple(registered))
		self.assertTrue(self.payment(unknown.receipt).c2b_register)


class TestFloods(InboxTestCase):
	def test_a_confirmation_for_a_number_that_nobody_here_has_leaves_nothing(self):
		receipt = a_receipt()
		answer = self.confirm(receipt, self.subscription.name, BusinessShortCode="888888")
		self.assertEqual({"ResultCode": 0, "ResultDesc": "Accepted"}, answer.json()["message"])
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists(PAYMENT, receipt))
		self.assertFalse(frappe.db.exists("Mpesa C2B Payment Register", {"transid": receipt}))
		self.assertEqual(0, jobs_waiting(WORKER))

	def test_a_confirmation_is_kept_before_it_is_answered_and_once(self):
		receipt = a_receipt()
		answers = [self.confirm(receipt, self.subscription.name) for _time in range(3)]
		self.assertEqual({200}, {answer.status_code for answer in answers})
		self.assertEqual("Received", self.payment(receipt).status)
		self.assertEqual(1, jobs_waiting(WORKER))

	def test_everybody_gets_the_same_answer(self):
		answers = {
			self.confirm(*told).text
			for told in (
				(a_receipt(), self.subscription.name),
				(a_receipt(), "nobody"),
				("nonsense!", self.subscription.name),
				(a_receipt(), self.subscription.name, "NaN"),
			)
		}
		self.assertEqual(1, len(answers))

	def test_money_that_is_there_and_prompts_come_before_a_crowd_of_confirmations(self):
		for _number in range(40):
			self.confirm(a_receipt(), "nobody's account")
		real = a_receipt()
		self.confirm(real, self.subscription.name)
		prompted, confirmed = (factories.a_subscription(self.router) for _number in range(2))
		for one in (prompted, confirmed):
			self.daraja.customer(one.phone_number).always(Decision.NEVER)
		prompt, there = (payments.request_payment(one) for one in (prompted, confirmed))
		payments.confirm(there, "seen")
		frappe.db.set_value(PAYMENT, prompt, "next_ask", now_datetime())
		frappe.db.commit()
		self.assertEqual([there], inbox_worker._claim())
		second = inbox_worker._claim()
		self.assertEqual([prompt, real], [name for name in second if name in (prompt, real)])
		self.assertLessEqual(len(second) - 1, inbox_turns.PAY_BILLS_AT_ONCE)

	def test_a_crowd_that_names_one_account_does_not_hold_up_another(self):
		other = factories.a_subscription(self.router)
		for _number in range(20):
			self.confirm(a_receipt(), self.subscription.name)
		real = a_receipt()
		self.confirm(real, other.name)
		self.assertIn(real, inbox_worker._claim())

	def test_a_crowd_costs_so_many_questions_a_minute_and_loses_nobody(self):
		receipts = [a_receipt() for _number in range(70)]
		for receipt in receipts:
			self.confirm(receipt, "nobody's account")
		asked = []
		while names := inbox_worker._claim():
			asked += names
		self.assertGreaterEqual(len(asked), inbox_turns.OF_THE_CROWD_A_MINUTE)
		self.assertLessEqual(len(asked), 2 * inbox_turns.OF_THE_CROWD_A_MINUTE)  # the minute may have ended
		self.assertEqual(receipts[: len(asked)], asked)
		waiting = frappe.db.count(PAYMENT, {"name": ("in", receipts), "status": "Received"})
		self.assertEqual(len(receipts), waiting)

	def test_the_next_of_a_crowd_wait_for_the_answers_to_those_before_but_nobody_else_does(self):
		for _number in range(8):
			self.confirm(a_receipt(), "nobody's account")
		asked = inbox_worker._claim()
		clock = SimpleNamespace(monotonic=time.monotonic, sleep=Mock(side_effect=Waits))
		with patch.object(inbox_worker, "time", clock):
			with self.assertRaises(Waits):
				inbox_worker._wait_for_answers(asked)
			self.confirm(a_receipt(), self.subscription.name)
			inbox_worker._wait_for_answers(asked)
		clock.sleep.assert_called_once()

	def test_those_that_wait_cost_the_next_round_nothing(self):
		"""Strangers send confirmations faster than M-PESA is asked: what is left of a flood waits for days."""
		fields = ("name", "creation", "modified", "owner", "source", "status", "in_crowd", "next_ask")
		now = now_datetime() - timedelta(minutes=1)
		waiting = [
			(a_receipt(), now, now, "Guest", "Pay Bill", "Received", 1, now) for _number in range(3000)
		]
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, PAYMENT, {"name": ("in", [row[0] for row in waiting])})
		frappe.db.bulk_insert(PAYMENT, list(fields), waiting)
		frappe.db.commit()
		real = a_receipt()
		self.confirm(real, self.subscription.name)
		frappe.db.rollback()
		before = self.rows_read()
		names = inbox_turns.next_names()
		self.assertLess(self.rows_read() - before, 1000)
		self.assertEqual(real, names[0])

	def rows_read(self) -> int:
		rows = frappe.db.sql("show session status like 'Handler_read_%'")
		return sum(int(number) for _name, number in rows)


class TestCallbacks(InboxTestCase):
	def test_what_m_pesa_answers_is_kept_as_text_while_it_is_asked_again_and_is_no_entry_in_the_history(self):
		name = a_receipt()
		self.confirm(name, self.subscription.name)
		of_the_payment = {"ref_doctype": PAYMENT, "docname": name}
		before = frappe.db.count("Version", of_the_payment)
		self.assertTrue(verification._note_asking(name, last_answer="=<img src=x onerror=alert(1)>busy"))
		frappe.db.commit()
		kept = self.payment(name).last_answer
		self.assertIn("busy", kept)
		self.assertNotIn("<", kept)
		self.assertEqual(before, frappe.db.count("Version", of_the_payment))

	def test_a_prompt_that_was_cancelled_or_not_funded_says_so_at_once(self):
		for decision in (Decision.CANCEL, Decision.INSUFFICIENT):
			with self.subTest(decision):
				subscription = factories.a_subscription(self.router)
				self.daraja.customer(subscription.phone_number).always(decision)
				name = self.pay(subscription)
				self.work()
				self.assertEqual("Failed", self.payment(name).status)

	def test_a_flood_of_callbacks_for_a_prompt_is_asked_about_a_few_times(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		name = payments.request_payment(self.subscription)
		frappe.db.commit()
		checkout = self.payment(name).checkout_request_id
		for _number in range(15):
			for code in (0, 1032):
				self.guest.call(
					visitors.STK_CALLBACK, **visitors.stk_callback(checkout, a_receipt(), code=code)
				)
			self.work()
		payment = self.payment(name)
		self.assertEqual("Requested", payment.status)
		self.assertLessEqual(payment.attempts, 21)

	def test_whoever_waits_for_a_payment_has_it_asked_about_in_its_time(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		name = self.pay(self.subscription)
		manager = Visitor(self.web.url, visitors.a_user("ISP Manager"))
		manager.api("payments.get", "GET", payment=name)
		self.assertEqual(0, jobs_waiting(WORKER))
		frappe.db.set_value(PAYMENT, name, "next_ask", now_datetime())
		frappe.db.commit()
		manager.api("payments.get", "GET", payment=name)
		self.work()
		self.assertEqual("Applied", self.payment(name).status)


class TestTimes(InboxTestCase):
	def test_daraja_is_asked_in_nairobis_time_whatever_zone_the_site_keeps(self):
		before = frappe.db.get_single_value("System Settings", "time_zone")
		self.addCleanup(self.use_zone, before)
		self.use_zone("America/Bogota")
		name = self.pay(self.subscription)
		self.work()
		self.assertEqual("Applied", self.payment(name).status, self.payment(name).last_answer)

	def use_zone(self, zone: str) -> None:
		frappe.db.set_single_value("System Settings", "time_zone", zone)
		frappe.db.commit()
		frappe.clear_cache()

	def a_prompt_of_days_ago(self, days: int) -> str:
		"""Nobody told what became of it."""
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		name = payments.request_payment(self.subscription)
		request = frappe.db.get_value(PAYMENT, name, "express_request")
		then = now_datetime() - timedelta(days=days)
		frappe.db.set_value("Mpesa Express Request", request, "creation", then, update_modified=False)
		frappe.db.set_value(
			PAYMENT, name, {"creation": then, "status": "Needs Review"}, update_modified=False
		)
		frappe.db.commit()
		return name

	def test_a_payment_that_is_confirmed_days_later_is_booked_on_the_day_on_which_it_was_paid(self):
		name = self.a_prompt_of_days_ago(3)
		payments.confirm(name, "on the statement")
		frappe.db.commit()
		self.work()
		(entry,) = self.entries_of(self.subscription)
		day = getdate(add_days(today(), -3))
		self.assertEqual((day, day), (entry.posting_date, entry.reference_date))

	def test_the_person_who_confirms_may_name_the_day(self):
		name = self.a_prompt_of_days_ago(3)
		with self.assertRaises(PaymentNotPossible):
			payments.confirm(name, "on the statement", add_days(today(), 1))
		payments.confirm(name, "on the statement", add_days(today(), -2))
		frappe.db.commit()
		self.work()
		(entry,) = self.entries_of(self.subscription)
		self.assertEqual(getdate(add_days(today(), -2)), entry.posting_date)

	def test_in_a_closed_period_it_is_booked_on_the_first_open_day_which_says_so(self):
		period = frappe.get_doc(
			{
				"doctype": "Accounting Period",
				"period_name": factories.unique("Closed"),
				"company": site.COMPANY,
				"start_date": add_days(today(), -4),
				"end_date": add_days(today(), -2),
				"closed_documents": [{"document_type": ENTRY, "closed": 1}],
			}
		).insert()
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.delete_doc, "Accounting Period", period.name, force=True)
		name = self.a_prompt_of_days_ago(3)
		payments.confirm(name, "on the statement")
		frappe.db.commit()
		self.work()
		(entry,) = self.entries_of(self.subscription)
		self.assertEqual(
			(getdate(add_days(today(), -1)), getdate(add_days(today(), -3))),
			(entry.posting_date, entry.reference_date),
		)
		for doctype, document in ((ENTRY, entry.name), (PAYMENT, name)):
			said = frappe.get_all(
				"Comment", {"reference_doctype": doctype, "reference_name": document}, pluck="content"
			)
			self.assertTrue(any("closed" in words for words in said), doctype)


class TestReceipts(InboxTestCase):
	def a_push_without_a_receipt(self) -> str:
		"""Paid, and applied because we asked: no callback has come."""
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		name = payments.request_payment(self.subscription)
		frappe.db.commit()
		self.daraja.settle()
		frappe.db.set_value(PAYMENT, name, "next_ask", now_datetime())
		frappe.db.commit()
		inbox_worker.run()
		return name

	def test_until_the_receipt_is_known_the_entry_says_that_it_is_not(self):
		self.a_push_without_a_receipt()
		(entry,) = self.entries_of(self.subscription)
		self.assertIn("not known yet", entry.reference_no)

	def test_a_late_callback_brings_the_receipt_to_the_entry_at_once(self):
		self.a_push_without_a_receipt()
		self.daraja.courier.release()
		self.deliver()
		(entry,) = self.entries_of(self.subscription)
		(paid,) = self.daraja.payments()
		self.assertEqual(paid.receipt, entry.reference_no)

	def test_the_pay_bill_twin_brings_the_receipt_to_the_entry_at_once(self):
		register_urls(self)
		self.a_push_without_a_receipt()
		self.daraja.courier.clear()
		self.daraja.courier.always(Fate(), Kind.STK)
		(paid,) = self.daraja.payments()
		self.confirm(paid.receipt, self.subscription.name)
		self.deliver()
		(entry,) = self.entries_of(self.subscription)
		self.assertEqual(paid.receipt, entry.reference_no)

	def test_a_receipt_that_staff_booked_is_no_doubt_about_what_tells_of_it_afterwards(self):
		"""The customer paid a prompt and showed the SMS at the desk; callback and pay bill confirmation come after that."""
		register_urls(self)
		for order in ("callback first", "confirmation first"):
			with self.subTest(order):
				self.subscription = factories.a_subscription(self.router)
				self.daraja.courier.always(Fate(held=True), Kind.STK)
				name = payments.request_payment(self.subscription)
				frappe.db.commit()
				self.daraja.settle()
				receipt = self.daraja.payments()[-1].receipt
				desk = self.book_at_the_desk(receipt)
				self.daraja.courier.always(Fate(), Kind.STK)
				told = [self.daraja.courier.release, partial(self.confirm, receipt, self.subscription.name)]
				for tell in told if order == "callback first" else reversed(told):
					tell()
					self.deliver()
				for payment in (self.payment(name), self.payment(receipt)):
					self.assertEqual(
						("Duplicate", desk), (payment.status, payment.duplicate_of), payment.source
					)
				self.assertEqual([1500], [entry.paid_amount for entry in self.entries_of(self.subscription)])

	def book_at_the_desk(self, receipt: str) -> str:
		return factories.a_desk_payment(
			self.subscription.customer, 1500, subscription=self.subscription.name, reference_no=receipt
		).name

	def test_staff_write_the_receipt_down_and_the_entry_has_it(self):
		name = self.a_push_without_a_receipt()
		staff = Visitor(self.web.url, visitors.a_user("ISP Staff"))
		receipt = a_receipt()
		answer = self.call_form(staff, name, "set_receipt", receipt=f"MPESA {receipt.lower()}.")
		self.assertEqual(200, answer.status_code, answer.text)
		self.assertEqual(receipt, self.payment(name).receipt)
		self.assertEqual([receipt], [entry.reference_no for entry in self.entries_of(self.subscription)])
		other = factories.a_subscription(self.router)
		self.subscription = other
		second = self.a_push_without_a_receipt()
		with self.assertRaises(PaymentNotPossible):
			payments.set_receipt(second, receipt)

	def test_two_payments_with_receipts_of_their_own_are_two_payments(self):
		register_urls(self)
		self.pay(self.subscription)
		self.work()
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.deliver()
		self.assertEqual(
			"Applied", self.payment(paid.receipt).status, self.payment(paid.receipt).review_reason
		)
		self.assertEqual([1500, 1500], [entry.paid_amount for entry in self.entries_of(self.subscription)])

	def test_a_pay_bill_and_then_a_prompt_with_a_receipt_of_its_own_are_two_payments(self):
		register_urls(self)
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.deliver()
		self.assertEqual("Applied", self.payment(paid.receipt).status)
		name = self.pay(self.subscription)
		self.deliver()
		self.assertEqual("Applied", self.payment(name).status, self.payment(name).review_reason)

	def test_a_push_whose_receipt_mpesa_does_not_know_stays_in_doubt(self):
		"""Paid once by push, whose receipt a forged callback hides, and claimed as pay bill for another account."""
		other = factories.a_subscription(
			self.router, customer=self.subscription.customer, phone_number=self.subscription.phone_number
		)
		self.a_push_without_a_receipt()
		self.daraja.courier.clear()
		self.daraja.courier.always(Fate(), Kind.STK)
		push = frappe.get_last_doc(PAYMENT, {"subscription": self.subscription.name})
		self.guest.call(visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, a_receipt()))
		self.deliver()
		(paid,) = self.daraja.payments()
		self.confirm(paid.receipt, other.name, MSISDN=self.subscription.phone_number)
		self.deliver()
		self.assertEqual("Needs Review", self.payment(paid.receipt).status)
		self.assertEqual([1500], [entry.paid_amount for entry in self.entries_of(self.subscription)])


class TestClosing(InboxTestCase):
	def setUp(self) -> None:
		super().setUp()
		register_urls(self)
		self.forged = a_receipt()
		self.confirm(self.forged, self.subscription.name)
		self.deliver()
		self.manager = visitors.a_user("ISP Manager")

	def close(self, user: str, payment: str, closed_as: str = "Not Money", reason: str = "nobody paid this"):
		return self.call_form(
			Visitor(self.web.url, user), payment, "close", closed_as=closed_as, reason=reason
		)

	def test_a_payment_that_is_none_is_closed_with_who_when_and_why(self):
		self.assertEqual("Needs Review", self.payment(self.forged).status)
		answer = self.close(self.manager, self.forged)
		self.assertEqual(200, answer.status_code, answer.text)
		payment = self.payment(self.forged)
		self.assertEqual(
			("Closed", "Not Money", self.manager, "nobody paid this"),
			(payment.status, payment.closed_as, payment.closed_by, payment.closed_reason),
		)
		self.assertAlmostEqual(0, (now_datetime() - payment.closed_on).total_seconds(), delta=60)

	def test_a_closed_payment_is_opened_again_by_a_manager_and_by_nobody_below(self):
		self.close(self.manager, self.forged)
		staff = Visitor(self.web.url, visitors.a_user("ISP Staff"))
		self.assertEqual(403, self.call_form(staff, self.forged, "reopen", reason="why not").status_code)
		self.call_form(
			Visitor(self.web.url, self.manager), self.forged, "reopen", reason="it is on the statement"
		)
		payment = self.payment(self.forged)
		self.assertEqual(("Needs Review", None), (payment.status, payment.closed_by))
		self.assertTrue(payment.review_reason)

	def test_staff_close_nothing_and_nothing_is_closed_without_a_reason(self):
		self.assertEqual(403, self.close(visitors.a_user("ISP Staff"), self.forged).status_code)
		for how in ({"reason": "  "}, {"closed_as": "Gone"}):
			self.assertEqual(417, self.close(self.manager, self.forged, **how).status_code)
		self.assertEqual("Needs Review", self.payment(self.forged).status)

	def test_money_that_mpesa_confirmed_is_not_closed_as_no_money(self):
		paid = self.daraja.pay_bill(self.subscription.phone_number, 700, "a shop order")
		self.deliver()
		self.assertEqual(417, self.close(self.manager, paid.receipt).status_code)
		self.assertEqual(200, self.close(self.manager, paid.receipt, "Not Ours").status_code)
		self.assertEqual([], self.entries_of(self.subscription))

	def test_a_closed_payment_is_not_taken_up_again_by_its_confirmation_or_by_asking(self):
		self.close(self.manager, self.forged)
		self.confirm(self.forged, self.subscription.name)
		self.payment(self.forged).ask_now()
		frappe.db.commit()
		self.deliver()
		self.assertEqual("Closed", self.payment(self.forged).status)

	def test_the_customers_page_shows_it(self):
		self.close(self.manager, self.forged)
		customer = Visitor(self.web.url, visitors.a_portal_user(self.subscription.customer))
		page = customer.http.get(f"{self.web.url}/my-internet", timeout=60)
		self.assertEqual(200, page.status_code)
		self.assertIn("Settled otherwise", page.text)


class TestPromptAndPayBillOfOneReceipt(ServiceTestCase):
	"""M-PESA tells some short codes of a prompt's money twice, both at the same moment."""

	def test_whoever_comes_second_looks_again_and_nothing_is_an_error(self):
		subscription = factories.a_subscription(factories.a_router(self.sim))
		real, calls = verification.same_money.claim_receipt, []

		def overtaken_once(push):
			calls.append(push.name)
			if len(calls) == 1:
				raise frappe.UniqueValidationError("Subscription Payment", push.name, "receipt")
			return real(push)

		before = frappe.db.count("Error Log")
		with patch.object(verification.same_money, "claim_receipt", overtaken_once):
			payment = self.pay(subscription)
			self.work()
		self.assertEqual(2, len(calls))
		self.assertEqual("Applied", frappe.db.get_value("Subscription Payment", payment, "status"))
		self.assertEqual(before, frappe.db.count("Error Log"))
