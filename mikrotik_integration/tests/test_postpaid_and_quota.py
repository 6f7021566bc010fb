"""Postpaid: invoice, reminder, grace, suspension. Quotas: stop or slow down, and back at the next period."""

from datetime import timedelta
from decimal import Decimal

import frappe
from frappe.utils import get_datetime, now_datetime

from mikrotik_integration.services import clock, subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase


def shift(subscription, by: timedelta) -> None:
	"""Let time go by: everything on the subscription's calendar lies earlier by so much."""
	fields = (
		"start_date",
		"expiry_date",
		"period_start",
		"period_end",
		"next_change",
		"dunned_for",
		"reminded_for",
	)
	row = frappe.db.get_value("Customer Subscription", subscription.name, fields, as_dict=True)
	frappe.db.set_value(
		"Customer Subscription",
		subscription.name,
		{field: get_datetime(value) - by for field, value in row.items() if value},
	)
	frappe.db.commit()


class TestPostpaid(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.plan = factories.a_plan(service="pppoe", billing="Postpaid")
		self.subscription = factories.a_subscription(self.router, self.plan)
		subscriptions.activate(self.subscription.name)
		frappe.db.commit()
		self.work()

	def days_go_by(self, days: float) -> None:
		shift(self.subscription, timedelta(days=days))
		clock.daily()
		clock.advance_due_subscriptions()
		self.work()
		self.subscription.reload()

	def login(self):
		return self.sim.customer.login(
			self.subscription.username, self.subscription.get_password("password"), service="pppoe"
		)

	def test_the_first_period_is_on_credit(self):
		self.subscription.reload()
		self.assertEqual(("Active", "In Sync"), (self.subscription.status, self.subscription.router_status))
		self.assertTrue(self.login().is_live)

	def test_invoice_before_the_end_grace_suspension_and_payment_lifts_it_at_once(self):
		session = self.login()
		self.days_go_by(20)
		self.assertEqual(0, self.invoices())
		self.days_go_by(6)
		self.assertEqual(1, self.invoices())
		self.days_go_by(1)
		self.assertEqual(1, self.invoices(), "one invoice for one period")
		self.days_go_by(4)
		self.assertEqual("Active", self.subscription.status, "grace")
		self.assertTrue(session.is_live)
		self.days_go_by(3)
		self.assertEqual("Suspended", self.subscription.status)
		self.assertFalse(session.is_live)
		self.pay(self.subscription)
		self.work()
		self.subscription.reload()
		self.assertEqual(("Active", "In Sync"), (self.subscription.status, self.subscription.router_status))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))
		self.assertEqual(1, self.invoices())
		self.assertTrue(self.login().is_live)

	def test_an_advance_pays_the_next_invoice_by_itself(self):
		self.days_go_by(26)
		self.pay(self.subscription, amount=3000)
		self.work()
		self.days_go_by(30)
		self.assertEqual(2, self.invoices())
		self.assertEqual("Active", self.subscription.status)
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))

	def invoices(self) -> int:
		return frappe.db.count("Sales Invoice", {"customer": self.subscription.customer, "docstatus": 1})


class TestHours(ServiceTestCase):
	def test_a_plan_of_hours_ends_to_the_minute(self):
		router = factories.a_router(self.sim)
		plan = factories.a_plan(validity_days=0, validity_hours=3, price=20)
		subscription = factories.a_subscription(router, plan)
		self.pay(subscription)
		self.work()
		subscription.reload()
		paid_for = get_datetime(subscription.expiry_date) - now_datetime()
		self.assertAlmostEqual(3 * 3600, paid_for.total_seconds(), delta=60)
		shift(subscription, paid_for - timedelta(seconds=40))
		clock.advance_due_subscriptions()
		self.assertEqual("Active", self.status_of(subscription))
		shift(subscription, timedelta(seconds=41))
		clock.advance_due_subscriptions()
		self.work()
		self.assertEqual("Expired", self.status_of(subscription))


class TestQuota(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)

	def subscribe(self, **plan):
		subscription = factories.a_subscription(self.router, factories.a_plan(data_quota_mb=100, **plan))
		self.pay(subscription)
		self.work()
		return subscription

	def login(self, subscription):
		return self.sim.customer.login(subscription.username, subscription.get_password("password"))

	def use_all(self, subscription):
		session = self.login(subscription)
		session.move(upload=20_000_000, download=90_000_000, seconds=600)
		self.check_router(self.router)
		self.work()
		subscription.reload()
		return session

	def test_usage_is_counted_once_and_shown(self):
		subscription = self.subscribe()
		session = self.login(subscription)
		session.move(upload=1_000_000, download=9_000_000, seconds=60)
		for _pass in range(3):
			self.check_router(self.router)
		subscription.reload()
		self.assertEqual((10, 1), (subscription.data_used_mb, subscription.is_online))
		record = frappe.get_all(
			"Usage Record", {"subscription": subscription.name}, ["bytes_in", "bytes_out"], order_by="date"
		)
		self.assertEqual([(1_000_000, 9_000_000)], [(row.bytes_in, row.bytes_out) for row in record])
		session.hang_up()
		self.check_router(self.router)
		subscription.reload()
		self.assertEqual((10, 0), (subscription.data_used_mb, subscription.is_online))

	def test_at_the_quota_the_service_stops_as_the_plan_says(self):
		subscription = self.subscribe(at_quota="Stop")
		session = self.use_all(subscription)
		self.assertEqual(("Active", "Used Up"), (subscription.status, subscription.quota_state))
		self.assertFalse(session.is_live)

	def test_at_the_quota_the_service_slows_down_and_is_fast_again_in_the_next_period(self):
		slow = factories.a_connection_type(speed_limit_rx="128k", speed_limit_tx="256k")
		subscription = self.subscribe(at_quota="Slow Down", slow_connection_type=slow.name)
		self.pay(subscription)
		self.work()
		session = self.use_all(subscription)
		self.assertFalse(session.is_live, "a new profile needs a new session")
		self.assertEqual(slow.profile_name, self.profile_of(subscription))
		shift(subscription, timedelta(days=30))
		clock.advance_due_subscriptions()
		self.work()
		subscription.reload()
		self.assertEqual(("Within", 0), (subscription.quota_state, subscription.used_bytes))
		self.assertNotEqual(slow.profile_name, self.profile_of(subscription))

	def test_paying_when_the_quota_is_used_up_brings_the_service_back_at_once(self):
		subscription = self.subscribe(at_quota="Stop")
		self.use_all(subscription)
		self.pay(subscription)
		self.work()
		subscription.reload()
		self.assertEqual("Within", subscription.quota_state)
		self.assertTrue(self.login(subscription).is_live)

	def test_bytes_of_nobody_stay_visible(self):
		self.sim.run("/ip/hotspot/user/add", {"name": "guest", "password": "guest"})
		self.sim.customer.login("guest", "guest").move(download=5_000_000)
		self.check_router(self.router)
		(record,) = frappe.get_all(
			"Usage Record",
			{"mikrotik_settings": self.router.name, "username": "guest"},
			["bytes_out", "router_account"],
			order_by="date",
		)
		self.assertEqual((5_000_000, None), (record.bytes_out, record.router_account))

	def profile_of(self, subscription) -> str:
		(row,) = [row for row in self.sim.rows("/ip/hotspot/user") if row["name"] == subscription.username]
		return row["profile"]


class TestMinute(ServiceTestCase):
	def test_subscriptions_that_wait_for_nothing_do_not_crowd_out_those_that_are_due(self):
		router = factories.a_router(self.sim)
		plan = factories.a_plan()
		drafts = [factories.a_subscription(router, plan) for _number in range(2)]
		due = clock._due()
		self.assertEqual([], [draft.name for draft in drafts if draft.name in due])
