"""A plan that a router cannot serve is refused before anybody pays for it."""

import frappe

from mikrotik_integration.exceptions import PaymentNotPossible, VoucherError
from mikrotik_integration.services import payments, purchases, till, voucher_books
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user, a_user_of_one_router

POOL_IN_OFFICE = "not-on-this-router"


class TestServing(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.check_router(self.router)
		lacking = factories.a_connection_type(address_pool=POOL_IN_OFFICE)
		self.plan = factories.a_plan(lacking)
		self.package = factories.a_package(
			connection_type=lacking, shown_on_portal=1, codes_from="Made When Sold"
		)
		frappe.db.commit()

	def test_a_subscription_cannot_be_made_and_the_reason_names_the_pool(self):
		with self.assertRaisesRegex(frappe.ValidationError, POOL_IN_OFFICE):
			factories.a_subscription(self.router, self.plan)

	def test_a_subscription_cannot_change_to_it(self):
		subscription = factories.a_subscription(self.router)
		for change in (
			{"internet_plan": self.plan.name},
			{"connection_type": self.plan.connection_type},
		):
			with self.subTest(str(change)), self.assertRaisesRegex(frappe.ValidationError, POOL_IN_OFFICE):
				frappe.get_doc("Customer Subscription", subscription.name).update(change).save()

	def test_no_prompt_is_sent_for_it(self):
		subscription = factories.a_subscription(self.router)
		with self.assertRaisesRegex(PaymentNotPossible, "no address pool"):
			payments.request_payment(self.with_pool(subscription))
		self.assertFalse(frappe.db.exists("Subscription Payment", {"subscription": subscription.name}))

	def test_neither_till_nor_portal_nor_point_of_sale_sells_it(self):
		phone = factories.a_phone()
		with self.assertRaisesRegex(VoucherError, POOL_IN_OFFICE):
			till.sell_for_cash(self.package.name, self.router.name)
		with self.assertRaisesRegex(VoucherError, POOL_IN_OFFICE):
			till.sell_for_mpesa(self.package.name, self.router.name, phone)
		with self.assertRaisesRegex(VoucherError, "Ask at the shop"):
			purchases.start(self.package.name, self.router.name, phone)
		line = voucher_books.Line(self.package.name, 1, 20.0)
		invoice = voucher_books.new_invoice(voucher_books.walk_in_customer(), self.router.name, [line], "")
		invoice.is_pos = 1
		invoice.append("payments", {"mode_of_payment": "Cash", "amount": 20})
		with self.assertRaisesRegex(VoucherError, POOL_IN_OFFICE):
			invoice.insert()
		self.assertFalse(frappe.db.exists("Hotspot Purchase", {"internet_plan": self.package.name}))

	def test_a_service_without_a_server_is_refused(self):
		for row in self.sim.rows("/interface/pppoe-server/server"):
			self.sim.run("/interface/pppoe-server/server/set", {".id": row[".id"]}, disabled="yes")
		self.sim.run("/interface/l2tp-server/server/set", enabled="no")
		self.check_router(self.router)
		for service, words in (("pppoe", "no PPPoE server"), ("l2tp", "no L2TP server")):
			plan = factories.a_plan(service=service)
			with self.subTest(service), self.assertRaisesRegex(frappe.ValidationError, words):
				factories.a_subscription(self.router, plan)

	def test_the_slow_speed_must_be_served_too(self):
		plan = factories.a_plan(
			data_quota_mb=1, at_quota="Slow Down", slow_connection_type=self.plan.connection_type
		)
		with self.assertRaisesRegex(frappe.ValidationError, POOL_IN_OFFICE):
			factories.a_subscription(self.router, plan)

	def test_once_the_router_has_the_pool_it_is_sold(self):
		self.sim.run("/ip/pool/add", name=POOL_IN_OFFICE, ranges="10.99.0.2-10.99.0.254")
		self.check_router(self.router)
		subscription = factories.a_subscription(self.router, self.plan)
		self.pay(subscription)
		self.work()
		subscription.reload()
		self.assertEqual("In Sync", subscription.router_status)

	def test_guests_pay_nothing_for_a_router_that_was_never_reached_or_waits_for_a_decision(self):
		good = factories.a_package(shown_on_portal=1)
		unseen = factories.a_router(self.another_router(), seen=False)
		stopped = {"stopped": "Other Box", "stopped_because": "?"}
		frappe.db.set_value("MikroTik Settings", self.router.name, stopped)
		for router in (unseen, self.router):
			with self.subTest(router.name), self.assertRaisesRegex(VoucherError, "Ask at the shop"):
				purchases.start(good.name, router.name, factories.a_phone())
			self.assertTrue(factories.a_subscription(router).name)

	def test_guests_pay_nothing_while_the_licence_is_used_up(self):
		good = factories.a_package(shown_on_portal=1)
		offers = frappe.parse_json(frappe.db.get_value("MikroTik Settings", self.router.name, "offers"))
		full = {"offers": frappe.as_json({**offers, "licence": "4"}), "hotspot_users": 200}
		frappe.db.set_value("MikroTik Settings", self.router.name, full)
		with self.assertRaisesRegex(VoucherError, "Ask at the shop"):
			purchases.start(good.name, self.router.name, factories.a_phone())

	def test_pools_are_suggested_to_who_may_see_the_router(self):
		visitor = Visitor(self.web.url, a_user_of_one_router(self.router.name, "ISP Manager"))
		answer = visitor.api("routers.list_pools", "GET")
		self.assertIn(factories.POOL, answer.json()["message"])
		self.assertNotIn(POOL_IN_OFFICE, answer.json()["message"])
		customer = Visitor(self.web.url, a_user("Customer"))
		self.assertEqual(403, customer.api("routers.list_pools", "GET").status_code)

	def test_pay_bill_money_for_it_is_booked_and_the_subscription_says_why_it_waits(self):
		subscription = factories.a_subscription(self.router)
		delivery = frappe.get_doc("Connection Type", subscription.connection_type)
		delivery.address_pool = POOL_IN_OFFICE
		delivery.save()
		frappe.db.commit()
		factories.a_desk_payment(subscription.customer, 1500, subscription=subscription.name)
		self.work()
		subscription.reload()
		self.assertEqual("Active", subscription.status)
		self.assertNotEqual("In Sync", subscription.router_status)
		self.assertIn("does not accept", subscription.router_error)

	def with_pool(self, subscription):
		"""As of before the office changed the Connection Type."""
		frappe.db.set_value("Connection Type", subscription.connection_type, "address_pool", POOL_IN_OFFICE)
		frappe.clear_document_cache("Connection Type", subscription.connection_type)
		return frappe.get_doc("Customer Subscription", subscription.name)
