"""Everything at once, as processes of their own: web server, workers, both simulators. Nobody runs jobs by hand."""

import threading
from decimal import Decimal

import frappe

from mikrotik_integration.services import inbox_worker
from mikrotik_integration.simulators.daraja import Fate, Kind
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.harness import clear_jobs
from mikrotik_integration.tests.live import LiveSite, fresh, wait_for

BUYERS = 12
REQUEST_PAYMENT = "mikrotik_integration.api.payments.request_payment"


class TestLiveSite(ServiceTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		clear_jobs()
		cls.live = cls.using(LiveSite(frappe.local.site, cls.daraja.environment(), workers=2))

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.browser = self.live.session()

	def test_a_customer_who_pays_is_online_without_anybody_doing_anything(self):
		subscription = factories.a_subscription(self.router)
		self.live.call(self.browser, REQUEST_PAYMENT, subscription=subscription.name)
		wait_for(lambda: self.is_in_sync(subscription), "the router")
		session = self.sim.customer.login(subscription.username, subscription.get_password("password"))
		self.assertTrue(session.is_live)
		self.assertEqual(Decimal(0), self.receivable_of(subscription.customer))

	def test_many_customers_at_once_and_every_callback_twice(self):
		self.daraja.courier.always(Fate(copies=2), Kind.STK)
		plan = factories.a_plan()
		subscriptions = [factories.a_subscription(self.router, plan) for _number in range(BUYERS)]
		threads = [threading.Thread(target=self.buy, args=(one.name,)) for one in subscriptions]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		for one in subscriptions:
			wait_for(lambda one=one: self.is_in_sync(one), f"the router for {one.name}", seconds=240)
			entries = frappe.get_all("Payment Entry", {"party": one.customer}, pluck="paid_amount")
			self.assertEqual([1500], entries)
			self.assertEqual(Decimal(0), self.receivable_of(one.customer))
		self.assertEqual(BUYERS, len(self.daraja.payments()))

	def buy(self, subscription: str) -> None:
		self.live.call(self.live.session(), REQUEST_PAYMENT, subscription=subscription)

	def is_in_sync(self, subscription) -> bool:
		inbox_worker.ask_again()  # what the scheduler does every minute
		frappe.db.commit()
		state = fresh("Customer Subscription", subscription.name, ["status", "router_status"])
		return (state.status, state.router_status) == ("Active", "In Sync")
