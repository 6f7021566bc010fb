"""The customer's own page: theirs and nobody else's, and a payment that is followed until it is decided."""

import re

import frappe
import requests
from frappe.utils import add_to_date, now_datetime

from mikrotik_integration.services import payments
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_portal_user, a_user

PAGE = "/my-internet"
TIMEOUT_S = 30


class TestPortal(ServiceTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		cls.user = a_portal_user()

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.stand_for_only(self.subscription.customer)
		self.visitor = Visitor(self.web.url, self.user)

	def stand_for_only(self, customer: str) -> None:
		"""One user for all tests: Frappe lets only so many be made in an hour."""
		frappe.db.delete("Portal User", {"user": self.user})
		document = frappe.get_doc("Customer", customer)
		document.append("portal_users", {"user": self.user})
		document.save()
		frappe.db.commit()

	def page(self) -> str:
		answer = self.visitor.http.get(f"{self.web.url}{PAGE}", timeout=TIMEOUT_S)
		self.assertEqual(200, answer.status_code, answer.text[-2000:])
		return answer.text

	def test_a_guest_is_sent_to_the_login_and_back(self):
		answer = requests.get(f"{self.web.url}{PAGE}", allow_redirects=False, timeout=TIMEOUT_S)
		self.assertIn(answer.status_code, (301, 302))
		self.assertEqual("/login?redirect-to=/my-internet", answer.headers["Location"])

	def test_a_customer_sees_every_subscription_that_is_theirs_and_no_other(self):
		second = factories.a_subscription(self.router, customer=self.subscription.customer)
		stranger = factories.a_subscription(self.router)
		shown = set(re.findall(r'data-subscription="(\w+)"', self.page()))
		self.assertEqual({self.subscription.name, second.name}, shown)
		self.assertNotIn(stranger.name, shown)

	def test_staff_see_no_customers_subscription_here(self):
		self.visitor = Visitor(self.web.url, a_user("ISP Manager"))
		self.assertIn("No Internet subscription belongs", self.page())

	def test_a_customer_pays_and_sees_what_it_bought(self):
		self.assertIn("Not paid yet", self.page())
		self.assertIn('name="amount"', self.page())
		answer = self.visitor.api(
			"payments.request_payment", subscription=self.subscription.name, amount=1500
		)
		payment = answer.json()["message"]["payment"]
		self.daraja.settle()
		self.work()
		status = self.visitor.api("payments.get", payment=payment).json()["message"]
		self.assertEqual("Applied", status["status"])
		page = self.page()
		self.assertIn("Paid until", page)
		self.assertIn(status["receipt"], page)
		self.assertNotIn("data-open-payment", page)

	def test_what_is_due_and_the_phone_stand_in_the_form(self):
		page = self.page()
		self.assertIn('value="1500"', page)
		self.assertIn(f'value="0{self.subscription.phone_number[3:]}"', page)

	def test_a_customer_neither_pays_nor_looks_for_somebody_else(self):
		stranger = factories.a_subscription(self.router)
		payment = self.pay(stranger)
		self.assertEqual(
			[403, 403],
			[
				self.visitor.api(
					"payments.request_payment", subscription=stranger.name, amount=10
				).status_code,
				self.visitor.api("payments.get", payment=payment).status_code,
			],
		)

	def test_a_payment_without_an_answer_is_taken_up_again_when_the_page_is_opened_again(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		payment = self.pay(self.subscription)
		self.assertIn(f'data-open-payment="{payment}"', self.page())
		self.assertIn("Waiting for M-PESA", self.page())

	def test_an_old_payment_without_an_answer_does_not_hold_up_the_page(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		payment = self.pay(self.subscription)
		long_ago = add_to_date(now_datetime(), hours=-3)
		frappe.db.set_value("Subscription Payment", payment, "creation", long_ago, update_modified=False)
		frappe.db.commit()
		self.assertNotIn("data-open-payment", self.page())

	def test_a_cancelled_prompt_is_not_among_the_payments(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.CANCEL)
		self.pay(self.subscription)
		payments.poke(self.subscription)
		frappe.db.commit()
		self.work()
		page = self.page()
		self.assertNotIn("my-internet-payments", page)
		self.assertNotIn("data-open-payment", page)

	def test_the_data_that_is_left_is_shown(self):
		plan = factories.a_plan(data_quota_mb=1000)
		subscription = factories.a_subscription(self.router, plan=plan, customer=self.subscription.customer)
		self.pay(subscription)
		self.work()
		session = self.sim.customer.login(subscription.username, subscription.get_password("password"))
		session.move(upload=50_000_000, download=350_000_000, seconds=60)
		self.check_router(self.router)
		page = self.page()
		self.assertIn("<b>0.6 GB</b> left of 1 GB", page)
		self.assertIn('aria-valuenow="60"', page)
		self.assertIn("Last 30 days: 0.4 GB", page)
		self.assertIn("You are online.", page)

	def test_a_terminated_subscription_cannot_be_paid_for(self):
		frappe.db.set_value("Customer Subscription", self.subscription.name, "terminated_at", now_datetime())
		frappe.get_doc("Customer Subscription", self.subscription.name).save()
		frappe.db.commit()
		page = self.page()
		self.assertIn("This contract has ended.", page)
		self.assertNotIn('class="my-internet-pay"', page)

	def test_words_of_others_cannot_become_html(self):
		plan = factories.a_plan(plan_name=factories.unique("Fast & Furious"))
		factories.a_subscription(self.router, plan=plan, customer=self.subscription.customer)
		self.assertIn("Fast &amp; Furious", self.page())
