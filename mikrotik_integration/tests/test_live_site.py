"""Everything at once, as processes of their own: web server, workers, both simulators. Nobody runs jobs by hand."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import frappe
from frappe.utils import today

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import inbox_worker
from mikrotik_integration.simulators.daraja import Fate, Kind
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.harness import clear_jobs
from mikrotik_integration.tests.live import LiveSite, fresh, wait_for

BUYERS = 12
DESK_PAYMENTS = 8
INVOICE = "mikrotik_integration.api.subscriptions.invoice"
SAVE = "frappe.desk.form.save.savedocs"
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
		self.today = today()
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
		refused = {"error": ("like", "%Record has changed%")}
		before = frappe.db.count("Error Log", refused)
		plan = factories.a_plan()
		subscriptions = [factories.a_subscription(self.router, plan) for _number in range(BUYERS)]
		# one login after the other: Frappe 16 refuses some of one user's at once, on MariaDB 11.8
		sessions = [self.live.session() for _one in subscriptions]
		threads = [
			threading.Thread(target=self.buy, args=(session, one.name))
			for session, one in zip(sessions, subscriptions, strict=True)
		]
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
		self.assertEqual(before, frappe.db.count("Error Log", refused))

	def test_desk_payments_are_saved_submitted_and_booked_at_once_while_workers_work(self):
		plan = factories.a_plan()
		subscriptions = [factories.a_subscription(self.router, plan) for _number in range(DESK_PAYMENTS)]
		sessions = [self.live.session() for _one in subscriptions]
		with ThreadPoolExecutor(2) as clerks:
			entries = list(clerks.map(self.pay_at_desk, sessions, subscriptions))
		for one in subscriptions:
			wait_for(lambda one=one: self.is_in_sync(one), f"the router for {one.name}")
			self.assertEqual(Decimal(0), self.receivable_of(one.customer))
		filters = {"payment_entry": ("in", entries)}
		booked = frappe.get_all("Subscription Payment", filters, ["status", "attempts", "review_reason"])
		self.assertEqual([("Applied", 0, "")] * DESK_PAYMENTS, [tuple(row.values()) for row in booked])

	def pay_at_desk(self, clerk, subscription) -> str:
		"""As the desk does: an invoice, a draft against it, and its submission as it came back."""
		invoice = self.live.call(clerk, INVOICE, subscription=subscription.name)["sales_invoice"]
		draft = {
			"doctype": "Payment Entry",
			"name": "new-payment-entry-1",
			"__islocal": 1,
			"__unsaved": 1,
			"docstatus": 0,
			"naming_series": "ACC-PAY-.YYYY.-",
			"payment_type": "Receive",
			"company": site.COMPANY,
			"posting_date": self.today,  # threads have no frappe.local of their own
			"mode_of_payment": "Cash",
			"party_type": "Customer",
			"party": subscription.customer,
			"paid_from": f"Debtors - {site.ABBR}",
			"paid_to": f"Cash - {site.ABBR}",
			"paid_amount": 1500,
			"received_amount": 1500,
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"references": [
				{
					"doctype": "Payment Entry Reference",
					"reference_doctype": "Sales Invoice",
					"reference_name": invoice,
					"allocated_amount": 1500,
				}
			],
		}
		saved = self.save(clerk, draft, "Save")
		return self.save(clerk, saved, "Submit")["name"]

	def save(self, clerk, document: dict, action: str) -> dict:
		values = {"doc": json.dumps(document), "action": action}
		answer = clerk.post(f"{self.live.url}/api/method/{SAVE}", json=values, timeout=120)
		self.assertTrue(answer.ok, answer.text[-2000:])
		return answer.json()["docs"][0]

	def buy(self, session, subscription: str) -> None:
		self.live.call(session, REQUEST_PAYMENT, subscription=subscription)

	def is_in_sync(self, subscription) -> bool:
		inbox_worker.ask_again()  # what the scheduler does every minute
		frappe.db.commit()
		state = fresh("Customer Subscription", subscription.name, ["status", "router_status"])
		return (state.status, state.router_status) == ("Active", "In Sync")
