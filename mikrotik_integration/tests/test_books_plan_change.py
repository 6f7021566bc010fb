"""A change of plan keeps the money's worth, and what was served on credit is billed."""

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.exceptions import SubscriptionError
from mikrotik_integration.services import clock, subscriptions, usage
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import BooksTestCase


class PlanChangeTestCase(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.cheap = factories.a_plan(price=100)
		self.dear = factories.a_plan(price=1500)
		self.free = factories.a_plan(price=0)

	def paid(self, plan, months: int = 1):
		subscription = self.subscribe(plan)
		invoice = self.hand_made_invoice(subscription, rate=plan.price, qty=months)
		self.entry = self.desk(subscription, plan.price * months, invoice.name)
		self.work(subscription)
		self.assert_days_left(30 * months, subscription)
		return subscription

	def change(self, subscription, plan) -> None:
		subscription.reload()
		subscription.internet_plan = plan.name
		subscription.save()
		subscription.reload()


class TestTimeIsConvertedByPrice(PlanChangeTestCase):
	def test_months_of_a_cheap_plan_are_days_of_a_dear_one(self):
		subscription = self.paid(self.cheap, 12)
		self.change(subscription, self.dear)
		self.assert_days_left(24, subscription)
		self.assertEqual(1500, subscription.price)

	def test_to_and_fro_nothing_is_gained(self):
		subscription = self.paid(self.cheap, 12)
		for plan in (self.dear, self.cheap, self.dear):
			self.change(subscription, plan)
		self.assert_days_left(24, subscription)

	def test_from_free_to_dear_nothing_is_carried_over(self):
		subscription = self.subscribe(self.free)
		subscriptions.activate(subscription.name)
		self.change(subscription, self.dear)
		self.assertEqual("Expired", subscription.status)

	def test_through_a_free_plan_nothing_is_gained(self):
		subscription = self.paid(self.cheap, 12)
		self.change(subscription, self.free)
		self.assert_days_left(360, subscription)
		self.change(subscription, self.dear)
		self.assert_days_left(0, subscription)

	def test_money_taken_back_takes_back_the_time_that_it_became(self):
		subscription = self.paid(self.dear)
		self.change(subscription, self.cheap)
		self.assert_days_left(450, subscription)
		self.entry.reload()
		self.entry.cancel()
		self.work(subscription)
		self.assert_days_left(0, subscription)

	def test_an_open_invoice_of_the_cheap_plan_buys_its_price_of_the_dear_one(self):
		subscription = self.subscribe(self.cheap)
		self.invoice(subscription)
		self.change(subscription, self.dear)
		self.pay(subscription, 100)
		self.assert_days_left(2, subscription)

	def test_an_invoice_for_another_plans_item_buys_its_price_of_the_own_plan(self):
		subscription = self.subscribe(self.dear)
		invoice = self.hand_made_invoice(subscription, item=self.cheap.item, rate=100)
		self.desk(subscription, 100, invoice.name)
		self.work(subscription)
		self.assert_days_left(2, subscription)

	def test_an_invoice_that_is_older_than_the_change_buys_its_price_where_plans_share_an_item(self):
		"""The Item alone does not say which of them it was made for."""
		dear = factories.a_plan(price=1500, item=self.cheap.item)
		subscription = self.subscribe(self.cheap)
		invoice = self.hand_made_invoice(subscription, rate=100, qty=3)
		self.change(subscription, dear)
		self.desk(subscription, 300, invoice.name)
		self.work(subscription)
		self.assert_days_left(6, subscription)

	def test_an_invoice_at_a_customers_own_price_buys_that_price_of_the_next_plan(self):
		subscription = self.subscribe(self.dear)
		subscription.price = 100
		subscription.save()
		invoice = self.hand_made_invoice(subscription, rate=100)
		self.change(subscription, factories.a_plan(price=3000))
		self.desk(subscription, 100, invoice.name)
		self.work(subscription)
		self.assert_days_left(1, subscription)

	def test_a_cheap_invoice_that_was_cancelled_and_amended_after_the_change_buys_its_price(self):
		subscription = self.subscribe(self.cheap)
		invoice = frappe.get_doc("Sales Invoice", self.invoice(subscription))
		self.change(subscription, self.dear)
		invoice.reload()
		invoice.cancel()
		amended = frappe.copy_doc(invoice)
		amended.amended_from = invoice.name
		amended.insert()
		amended.submit()
		self.desk(subscription, 100, amended.name)
		self.work(subscription)
		self.assert_days_left(2, subscription)

	def test_the_change_is_told_on_the_subscription(self):
		subscription = self.paid(self.cheap)
		self.change(subscription, self.dear)
		comments = frappe.get_all(
			"Comment",
			{"reference_name": subscription.name, "comment_type": "Info"},
			pluck="content",
			order_by="creation",
		)
		self.assertTrue(any(self.dear.name in text for text in comments), comments)

	def test_used_data_goes_on_counting(self):
		quota = {"data_quota_mb": 100, "at_quota": "Stop"}
		subscription = self.paid(factories.a_plan(price=100, **quota))
		subscription.db_set("used_bytes", 100_000_000)
		self.change(subscription, factories.a_plan(price=99, **quota))
		self.assertEqual("Used Up", subscription.quota_state)

	def test_a_dear_plans_data_is_not_had_for_a_cheap_plans_price(self):
		subscription = self.paid(self.cheap)
		self.change(subscription, factories.a_plan(price=1500, data_quota_mb=30_000, at_quota="Stop"))
		self.assertEqual(2000, subscription.data_quota_mb)
		subscription.db_set("used_bytes", 1_999_000_000)
		self.assertEqual([], usage._at_quota([subscription.name]))
		subscription.db_set("used_bytes", 2_000_000_000)
		self.assertEqual([subscription.name], usage._at_quota([subscription.name]))


class TestAFreePlan(PlanChangeTestCase):
	def test_it_is_activated_once_and_goes_on_by_itself(self):
		subscription = self.subscribe(self.free)
		subscriptions.activate(subscription.name)
		for _again in range(12):
			with self.assertRaisesRegex(SubscriptionError, "not over"):
				subscriptions.activate(subscription.name)
		subscription.reload()
		self.assert_days_left(30, subscription)
		self.days_go_by(subscription, 31)
		self.assertEqual("Active", subscription.status)

	def test_it_can_be_activated_again_after_its_end(self):
		subscription = self.subscribe(self.free)
		subscriptions.activate(subscription.name)
		subscription.reload()
		subscription.db_set("expiry_date", frappe.utils.add_days(now_datetime(), -3))
		subscriptions.activate(subscription.name)
		subscription.reload()
		self.assert_days_left(30, subscription)


class TestServedOnCredit(PlanChangeTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.postpaid = factories.a_plan(billing="Postpaid", price=1500)
		self.subscription = self.subscribe(self.postpaid)
		subscriptions.activate(self.subscription.name)
		self.days_go_by(self.subscription, 10)

	def bills(self) -> list[float]:
		return [
			frappe.db.get_value("Sales Invoice", name, "grand_total")
			for name in self.invoices(self.subscription)
		]

	def test_a_change_to_prepaid_bills_what_was_served(self):
		self.change(self.subscription, self.dear)
		self.assertEqual([500], [round(total) for total in self.bills()])
		self.assertEqual("Expired", self.subscription.status)
		self.assert_days_left(0, self.subscription)

	def test_paying_that_bill_buys_no_time_and_what_is_paid_on_top_buys_a_period(self):
		self.change(self.subscription, self.dear)
		(bill,) = self.bills()
		self.pay(self.subscription, bill)
		self.assertEqual("Expired", self.subscription.status)
		self.assert_owes(0, self.subscription)
		self.pay(self.subscription, 1500)
		self.assert_days_left(30, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_a_change_to_a_cheap_plan_before_the_bill_does_not_lower_it(self):
		cheap = factories.a_plan(billing="Postpaid", price=100)
		self.change(self.subscription, cheap)
		self.assertEqual([500], [round(total) for total in self.bills()])
		self.assertEqual("Active", self.subscription.status)
		self.assert_days_left(30, self.subscription)

	def test_a_change_to_prepaid_and_back_bills_once(self):
		self.change(self.subscription, self.dear)
		self.change(self.subscription, self.postpaid)
		self.assertEqual([500], [round(total) for total in self.bills()])
		self.assert_days_left(0, self.subscription)

	def test_who_is_terminated_owes_what_was_served(self):
		subscriptions.act(self.subscription.name, "terminate")
		self.assertEqual([500], [round(total) for total in self.bills()])

	def test_a_plan_does_not_become_prepaid_under_those_it_serves_on_credit(self):
		self.postpaid.reload()
		self.postpaid.billing = "Prepaid"
		with self.assertRaisesRegex(frappe.ValidationError, self.subscription.name):
			self.postpaid.save()

	def test_prepaid_time_on_a_postpaid_plan_is_paid_for_and_not_billed(self):
		subscription = self.paid(self.dear)
		self.change(subscription, self.postpaid)
		self.days_go_by(subscription, 5)
		self.change(subscription, self.dear)
		self.assertEqual(1, len(self.invoices(subscription)))
		self.assert_days_left(25, subscription)
		clock.advance(subscription.name)
		self.assertEqual(1, len(self.invoices(subscription)))


class TestABilledPeriodOnCredit(PlanChangeTestCase):
	"""Its bill sells the time after it as long as the plan goes on; once that is another, the bill is for what it served."""

	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe(factories.a_plan(billing="Postpaid", price=1500))
		subscriptions.activate(self.subscription.name)
		self.days_go_by(self.subscription, 27)
		self.assertEqual(1, len(self.invoices(self.subscription)))

	def assert_left_after_a_change(self, days: float, plan) -> None:
		"""Once the bill was paid."""
		self.change(self.subscription, plan)
		self.pay(self.subscription)
		self.assert_days_left(days, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_after_a_change_to_prepaid_its_bill_buys_no_further_period(self):
		self.assert_left_after_a_change(3, self.dear)
		self.days_go_by(self.subscription, 3)
		self.assertEqual("Expired", self.subscription.status)
		self.pay(self.subscription)
		self.assert_days_left(30, self.subscription)

	def test_after_a_change_to_a_cheap_plan_its_bill_buys_none_either(self):
		self.assert_left_after_a_change(45, factories.a_plan(billing="Postpaid", price=100))

	def test_in_the_grace_time_its_bill_buys_none_either(self):
		self.days_go_by(self.subscription, 4)
		self.change(self.subscription, self.dear)
		self.pay(self.subscription)
		self.assertEqual("Expired", self.subscription.status)
		self.assert_owes(0, self.subscription)

	def test_a_bill_that_was_paid_a_moment_before_buys_none_either(self):
		self.desk(self.subscription, 1500, *self.invoices(self.subscription))
		self.change(self.subscription, self.dear)
		self.work(self.subscription)
		self.assert_days_left(3, self.subscription)

	def test_at_the_same_price_it_goes_on(self):
		self.assert_left_after_a_change(33, factories.a_plan(billing="Postpaid", price=1500))
