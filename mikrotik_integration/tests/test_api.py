"""Each function of the HTTP API once, asked by staff and by a customer, over real HTTP."""

import frappe
from frappe.utils import today

from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor

REFUSED = 403


class ApiTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.manager = Visitor(self.web.url, visitors.a_user("ISP Manager"))
		self.customer = Visitor(self.web.url, visitors.a_portal_user(self.subscription.customer))

	def ask(self, visitor: Visitor, function: str, http: str = "POST", /, **arguments):
		"""What the function returns to this visitor."""
		answer = visitor.api(function, http, **arguments)
		self.assertEqual(200, answer.status_code, answer.text)
		return answer.json().get("message")

	def assert_refused(self, visitor: Visitor, function: str, http: str = "POST", /, **arguments) -> None:
		answer = visitor.api(function, http, **arguments)
		self.assertEqual(REFUSED, answer.status_code, answer.text)

	def paid(self) -> str:
		name = self.pay(self.subscription)
		self.work()
		return name

	def postpaid(self):
		return factories.a_subscription(self.router, factories.a_plan(billing="Postpaid"))


class TestSubscriptions(ApiTestCase):
	def test_create(self):
		values = {
			"customer": factories.a_customer().name,
			"internet_plan": self.subscription.internet_plan,
			"mikrotik_settings": self.router.name,
			"phone_number": "0712 345 678",
		}
		frappe.db.commit()
		made = self.ask(self.manager, "subscriptions.create", **values)
		self.assertEqual(("Draft", 1500), (made["status"], made["amount_due"]))
		self.assertEqual(made["name"], made["username"])
		self.assert_refused(self.customer, "subscriptions.create", **values)

	def test_create_says_what_is_wrong(self):
		values = {
			"customer": "Nobody at all",
			"internet_plan": self.subscription.internet_plan,
			"mikrotik_settings": self.router.name,
		}
		answer = self.manager.api("subscriptions.create", **values)
		self.assertEqual(417, answer.status_code, answer.text)
		self.assertIn("Nobody at all", answer.json()["exception"])
		answer = self.manager.api("subscriptions.create", **{**values, "customer": ["a", "list"]})
		self.assertEqual(417, answer.status_code, answer.text)

	def test_get(self):
		for visitor in (self.manager, self.customer):
			seen = self.ask(visitor, "subscriptions.get", "GET", subscription=self.subscription.name)
			self.assertEqual(("Draft", 1500.0), (seen["status"], seen["amount_due"]))
			self.assertNotIn("password", seen)

	def test_get_password(self):
		password = self.ask(self.manager, "subscriptions.get_password", subscription=self.subscription.name)
		self.assertEqual(self.subscription.get_password("password"), password)
		self.assert_refused(self.customer, "subscriptions.get_password", subscription=self.subscription.name)

	def test_list_own(self):
		names = [row["name"] for row in self.ask(self.customer, "subscriptions.list_own", "GET")]
		self.assertEqual([self.subscription.name], names)
		first, second = (
			self.ask(self.manager, "subscriptions.list_own", "GET", start=start, limit=1) for start in (0, 1)
		)
		self.assertEqual((1, 1), (len(first), len(second)))
		self.assertNotEqual(first[0]["name"], second[0]["name"])

	def test_change(self):
		plan = factories.a_plan(price=2500)
		frappe.db.commit()
		changed = self.ask(
			self.manager, "subscriptions.change", subscription=self.subscription.name, internet_plan=plan.name
		)
		self.assertEqual((plan.name, 2500), (changed["internet_plan"], changed["price"]))
		self.assert_refused(
			self.customer, "subscriptions.change", subscription=self.subscription.name, password="mine-now-1"
		)

	def test_activate(self):
		name = self.postpaid().name
		self.assertEqual(
			"Active", self.ask(self.manager, "subscriptions.activate", subscription=name)["status"]
		)
		self.assert_refused(self.customer, "subscriptions.activate", subscription=self.subscription.name)

	def test_a_prepaid_subscription_is_not_activated_by_asking(self):
		answer = self.manager.api("subscriptions.activate", subscription=self.subscription.name)
		self.assertEqual(417, answer.status_code)
		self.assertIn("prepaid", answer.json()["exception"])

	def test_pause_and_resume(self):
		self.assert_stops_and_comes_back("pause", "resume")

	def test_suspend_and_lift_suspension(self):
		self.assert_stops_and_comes_back("suspend", "lift_suspension")

	def assert_stops_and_comes_back(self, stop: str, go: str) -> None:
		self.paid()
		name = self.subscription.name
		stopped = self.ask(self.manager, f"subscriptions.{stop}", subscription=name, reason="moving house")
		self.assertEqual("Suspended", stopped["status"])
		self.assertEqual("Active", self.ask(self.manager, f"subscriptions.{go}", subscription=name)["status"])
		for function in (stop, go):
			self.assert_refused(self.customer, f"subscriptions.{function}", subscription=name)

	def test_terminate(self):
		self.assert_refused(self.customer, "subscriptions.terminate", subscription=self.subscription.name)
		ended = self.ask(self.manager, "subscriptions.terminate", subscription=self.subscription.name)
		self.assertEqual("Expired", ended["status"])

	def test_invoice(self):
		made = self.ask(self.manager, "subscriptions.invoice", subscription=self.subscription.name)
		self.assertEqual(1500, made["outstanding_amount"])
		again = self.ask(self.manager, "subscriptions.invoice", subscription=self.subscription.name)
		self.assertEqual(made, again)
		self.assert_refused(self.customer, "subscriptions.invoice", subscription=self.subscription.name)


class TestPayments(ApiTestCase):
	def test_request_payment(self):
		for visitor in (self.customer, self.manager):
			asked = self.ask(visitor, "payments.request_payment", subscription=self.subscription.name)
			self.assertEqual(("Requested", 1500.0), (asked["status"], asked["amount"]))
			self.assertNotIn(self.subscription.phone_number, str(asked))
			self.daraja.settle()

	def test_request_payment_says_what_is_wrong(self):
		for values in (
			{"amount": -1},
			{"amount": 0},
			{"amount": 1e12},
			{"amount": "NaN"},
			{"phone_number": "12345"},
			{"phone_number": "+44 20 7946 0000"},
		):
			with self.subTest(**values):
				answer = self.customer.api(
					"payments.request_payment", subscription=self.subscription.name, **values
				)
				self.assertEqual(417, answer.status_code, answer.text)

	def test_a_terminated_subscription_takes_no_money(self):
		frappe.db.set_value("Customer Subscription", self.subscription.name, "terminated_at", today())
		frappe.db.commit()
		answer = self.customer.api(
			"payments.request_payment", subscription=self.subscription.name, amount=1500
		)
		self.assertEqual(417, answer.status_code, answer.text)
		self.assertEqual([], self.daraja.record.requests("/mpesa/stkpush/v1/processrequest"))

	def test_get(self):
		payment = self.paid()
		for visitor in (self.manager, self.customer):
			seen = self.ask(visitor, "payments.get", "GET", payment=payment)
			self.assertEqual(("Applied", 1500.0, ""), (seen["status"], seen["amount"], seen["because"]))
			self.assertEqual(self.daraja.payments()[0].receipt, seen["receipt"])

	def test_get_says_why_a_payment_failed(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.CANCEL)
		payment = self.pay(self.subscription)
		frappe.db.set_value("Subscription Payment", payment, "next_ask", today())
		frappe.db.commit()
		from mikrotik_integration.services import inbox_worker

		inbox_worker.ask_again()
		frappe.db.commit()
		self.work()
		seen = self.ask(self.customer, "payments.get", "GET", payment=payment)
		self.assertEqual(("Failed", "Request cancelled by user."), (seen["status"], seen["because"]))

	def test_of_subscription(self):
		payment = self.paid()
		for visitor in (self.manager, self.customer):
			(row,) = self.ask(visitor, "payments.of_subscription", "GET", subscription=self.subscription.name)
			self.assertEqual((payment, "STK Push", "Applied"), (row["payment"], row["source"], row["status"]))

	def test_transaction_status_result(self):
		answer = Visitor(self.web.url).api("payments.transaction_status_result", Result={})
		self.assertEqual({"ResultCode": 0, "ResultDesc": "Accepted"}, answer.json()["message"])


class TestUsage(ApiTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.paid()
		self.subscription.reload()
		session = self.sim.customer.login(
			self.subscription.username, self.subscription.get_password("password")
		)
		session.move(upload=1_000_000, download=9_000_000, seconds=60)
		self.check_router(self.router)

	def test_by_day(self):
		for visitor in (self.manager, self.customer):
			(day,) = self.ask(visitor, "usage.by_day", "GET", subscription=self.subscription.name)
			self.assertEqual(
				(today(), 1_000_000, 9_000_000), (day["date"], day["upload_bytes"], day["download_bytes"])
			)

	def test_by_day_of_nonsense(self):
		for values in ({"from_date": "'; drop table"}, {"to_date": "99999"}, {"from_date": "2999-01-01"}):
			with self.subTest(**values):
				answer = self.customer.api("usage.by_day", subscription=self.subscription.name, **values)
				self.assertIn(answer.status_code, (200, 417), answer.text)
				self.assertFalse(answer.json().get("message"))

	def test_quota(self):
		for visitor in (self.manager, self.customer):
			quota = self.ask(visitor, "usage.quota", "GET", subscription=self.subscription.name)
			self.assertEqual((10.0, None), (quota["data_used_mb"], quota["data_left_mb"]))


class TestRouters(ApiTestCase):
	def test_list_status(self):
		self.check_router(self.router)
		rows = self.ask(self.manager, "routers.list_status", "GET")
		(row,) = [row for row in rows if row["name"] == self.router.name]
		self.assertEqual("Online", row["status"])
		self.assertNotIn("api_password", row)
		self.assert_refused(self.customer, "routers.list_status", "GET")

	def test_connections(self):
		self.paid()
		self.subscription.reload()
		self.sim.customer.login(self.subscription.username, self.subscription.get_password("password"))
		self.check_router(self.router)
		(row,) = self.ask(self.manager, "routers.connections", "GET", router=self.router.name)
		self.assertEqual(self.subscription.name, row["subscription"])
		self.assert_refused(self.customer, "routers.connections", "GET", router=self.router.name)

	def test_test_connection(self):
		findings = self.ask(self.manager, "routers.test_connection", router=self.router.name)
		self.assertTrue(findings)
		self.assertEqual({"ok", "text"}, set(findings[0]))
		self.assert_refused(self.customer, "routers.test_connection", router=self.router.name)

	def test_check(self):
		self.assertIsNone(self.ask(self.manager, "routers.check", router=self.router.name))
		self.assert_refused(self.customer, "routers.check", router=self.router.name)
		self.work()
		self.assertEqual("Online", frappe.db.get_value("MikroTik Settings", self.router.name, "status"))
