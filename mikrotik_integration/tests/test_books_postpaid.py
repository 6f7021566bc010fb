"""Postpaid: invoices that come late or twice, debts, advances, plans that change their billing midway."""

import frappe

from mikrotik_integration.services import application, clock, subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import BooksTestCase


class PostpaidTestCase(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.activated()

	def activated(self, **plan):
		subscription = self.subscribe(factories.a_plan(billing="Postpaid", **plan))
		subscriptions.activate(subscription.name)
		subscription.reload()
		return subscription


class TestDunning(PostpaidTestCase):
	def test_one_invoice_a_period_however_often_the_clock_runs(self):
		for _day in range(4):
			self.days_go_by(self.subscription, 7)
			clock.dun(self.subscription.name)
		self.assertEqual(1, len(self.invoices(self.subscription)))
		self.assert_owes(1500, self.subscription)

	def test_an_unpaid_period_is_not_followed_by_another_invoice(self):
		for _month in range(3):
			self.days_go_by(self.subscription, 30)
		self.assertEqual("Suspended", self.subscription.status)
		self.assertEqual(1, len(self.invoices(self.subscription)))

	def test_a_server_that_was_down_for_two_months_bills_once(self):
		self.days_go_by(self.subscription, 65)
		self.assertEqual("Suspended", self.subscription.status)
		self.assertEqual(1, len(self.invoices(self.subscription)))
		self.pay(self.subscription)
		self.assert_days_left(27, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_who_was_never_billed_and_pays_is_online_at_once(self):
		"""The daily job did not run; the customer pays before it does."""
		self.days_go_by(self.subscription, 34, daily=False)
		self.assertEqual("Suspended", self.subscription.status)
		self.pay(self.subscription)
		self.assertEqual("Active", self.subscription.status)
		self.assert_owes(0, self.subscription)
		self.days_go_by(self.subscription, 1)
		self.assertEqual(1, len(self.invoices(self.subscription)))

	def test_money_that_comes_before_the_invoice_waits_for_it(self):
		self.pay(self.subscription)
		self.assertEqual(([], 1500), (self.invoices(self.subscription), self.subscription.credit))
		self.days_go_by(self.subscription, 26)
		self.assert_days_left(34, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_an_advance_of_many_periods_pays_one_after_the_other(self):
		self.pay(self.subscription, 4600)
		for _month in range(4):
			self.days_go_by(self.subscription, 26)
			self.days_go_by(self.subscription, 4)
		self.assertEqual(4, len(self.invoices(self.subscription)))
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))
		self.assert_owes(1400, self.subscription)

	def test_little_by_little_until_it_suffices(self):
		self.days_go_by(self.subscription, 40)
		for amount in (700, 700):
			self.pay(self.subscription, amount)
			self.assertEqual("Suspended", self.subscription.status)
		self.assertEqual(100, application.missing(self.subscription))
		self.pay(self.subscription, 100)
		self.assertEqual("Active", self.subscription.status)

	def test_a_bill_that_was_cancelled_is_not_made_again_by_the_clock(self):
		self.days_go_by(self.subscription, 26)
		(bill,) = self.invoices(self.subscription)
		frappe.get_doc("Sales Invoice", bill).cancel()
		self.days_go_by(self.subscription, 1)
		self.days_go_by(self.subscription, 4)
		self.assertEqual([], self.invoices(self.subscription))
		self.pay(self.subscription)
		self.assertEqual(1, len(self.invoices(self.subscription)))
		self.assert_days_left(29, self.subscription)

	def test_a_paid_bill_that_was_cancelled_is_made_again_from_its_money_when_the_time_is_up(self):
		self.days_go_by(self.subscription, 26)
		payment = self.pay(self.subscription)
		frappe.get_doc("Sales Invoice", payment.sales_invoice).cancel()
		self.work(self.subscription)
		self.assert_days_left(4, self.subscription)
		self.days_go_by(self.subscription, 4)
		self.assert_days_left(30, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_a_plan_that_costs_nothing_goes_on_without_invoices(self):
		free = self.activated(price=0, validity_days=1)
		for _day in range(5):
			self.days_go_by(free, 1)
		self.assertEqual(("Active", []), (free.status, self.invoices(free)))

	def test_the_debt_of_a_terminated_subscription_can_still_be_paid(self):
		self.days_go_by(self.subscription, 40)
		subscriptions.act(self.subscription.name, "terminate")
		payment = self.pay(self.subscription, 1600)
		self.assertEqual("Applied", payment.status, payment.review_reason)
		self.assertEqual(("Expired", 100), (self.subscription.status, self.subscription.credit))
		self.assert_owes(-100, self.subscription)

	def test_the_debt_of_a_terminated_subscription_can_be_paid_at_the_desk(self):
		self.days_go_by(self.subscription, 40)
		subscriptions.act(self.subscription.name, "terminate")
		entry = self.desk(self.subscription, 1500, *self.invoices(self.subscription))
		self.work(self.subscription)
		self.assertEqual("Applied", frappe.db.get_value("Subscription Payment", entry.name, "status"))
		self.assert_owes(0, self.subscription)

	def test_money_for_a_terminated_subscription_that_owes_nothing_waits_for_a_person(self):
		subscriptions.act(self.subscription.name, "terminate")
		payment = self.pay(self.subscription)
		self.assertEqual("Needs Review", payment.status)
		self.assert_owes(0, self.subscription)


class TestChangeOfBilling(PostpaidTestCase):
	def switch(self, subscription, billing: str) -> None:
		subscription.reload()
		subscription.internet_plan = factories.a_plan(billing=billing).name
		subscription.save()

	def test_from_prepaid_to_postpaid_the_paid_time_runs_out_first(self):
		subscription = self.subscribe()
		self.pay(subscription)
		self.switch(subscription, "Postpaid")
		self.days_go_by(subscription, 26)
		self.assertEqual(2, len(self.invoices(subscription)))
		self.days_go_by(subscription, 5)
		self.assertEqual("Active", subscription.status, "grace")
		self.pay(subscription)
		self.assert_days_left(29, subscription)
		self.assert_owes(0, subscription)

	def test_from_postpaid_to_prepaid_the_open_invoice_is_paid_first(self):
		self.days_go_by(self.subscription, 26)
		self.switch(self.subscription, "Prepaid")
		self.pay(self.subscription, 3000)
		self.assertEqual(1, len(self.invoices(self.subscription)))
		self.assertEqual(1500, self.subscription.credit)
		self.assert_days_left(4, self.subscription)
		self.days_go_by(self.subscription, 4)
		self.assert_days_left(30, self.subscription)
		self.assert_owes(0, self.subscription)
