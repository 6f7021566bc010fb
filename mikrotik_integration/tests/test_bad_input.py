"""Bad input gets a clear error, and nothing is lost."""

import frappe
import requests

from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import connection_test
from mikrotik_integration.simulators.daraja import Fault, Trouble
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.test_pay_and_go_online import STK_CALLBACK

RESULT = "/api/method/mikrotik_integration.api.payments.transaction_status_result"


class TestBadNames(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.plan = factories.a_plan()

	def test_odd_names_and_passwords_work_all_the_way_to_the_router(self):
		for name in ("jane.doe@shop.co.ke", "123", "yes", "a--b", "0_o", "x" * 64):
			with self.subTest(name=name):
				username = f"{name[:58]}{frappe.generate_hash(length=6)}"
				subscription = factories.a_subscription(
					self.router, self.plan, username=username, password="p=w 'ü\" ?"
				)
				self.pay(subscription)
				self.work()
				subscription.reload()
				self.assertEqual("In Sync", subscription.router_status, subscription.router_error)
				self.assertTrue(self.sim.customer.login(username, "p=w 'ü\" ?").is_live)

	def test_names_that_routers_pages_or_spreadsheets_would_misread_are_refused_here(self):
		for name in (
			*("x" * 65, "AA:BB:CC:DD:EE:FF", "T-AA:BB:CC:DD:EE:FF", "a\nb", "a\u200bb"),
			*("Jane Doe", "a\"b'c", "a=b=c", "?x", "café", "😀", "a\\b", "<img src=x>", '"<b>"'),
			*("=name", "-name", "@name", "+name", "a/b", "a&b"),
		):
			with self.subTest(name=name), self.assertRaises(frappe.ValidationError):
				factories.a_subscription(self.router, self.plan, username=name)
			frappe.db.rollback()

	def test_a_name_from_before_this_rule_stays_until_it_is_changed(self):
		subscription = factories.a_subscription(self.router, self.plan)
		frappe.db.set_value(
			"Customer Subscription", subscription.name, "username", f"Jane {subscription.name}"
		)
		subscription.reload()
		subscription.save()
		subscription.username = f"Janet {subscription.name}"
		self.assertRaises(frappe.ValidationError, subscription.save)

	def test_a_speed_of_ten_bits_is_refused_and_ten_megabits_suggested(self):
		for field in ("speed_limit_rx", "speed_limit_tx"):
			with self.subTest(field), self.assertRaisesRegex(frappe.ValidationError, "10M"):
				factories.a_connection_type(**{field: "10"})
		self.assertTrue(factories.a_connection_type(speed_limit_rx="0", speed_limit_tx="10M").name)

	def test_names_that_differ_only_in_case_are_the_same(self):
		name = factories.unique("Wanjiku").replace(" ", ".")
		factories.a_subscription(self.router, self.plan, username=name)
		with self.assertRaisesRegex(frappe.ValidationError, "taken"):
			factories.a_subscription(self.router, self.plan, username=name.upper())

	def test_a_profile_whose_name_begins_like_another_is_not_mistaken_for_it(self):
		stem = frappe.generate_hash(length=6)
		for suffix in ("00Megas", ""):
			kind = factories.a_connection_type(profile_name=f"{stem}1{suffix}")
			subscription = factories.a_subscription(self.router, factories.a_plan(kind))
			self.pay(subscription)
			self.work()
			(row,) = [
				row for row in self.sim.rows("/ip/hotspot/user") if row["name"] == subscription.username
			]
			self.assertEqual(kind.profile_name, row["profile"])


class TestBadNumbers(ServiceTestCase):
	def test_impossible_prices_quotas_and_validities_are_refused(self):
		bad = (
			{"price": -1},
			{"price": 10**12},
			{"data_quota_mb": -5},
			{"data_quota_mb": 2 * 10**9},
			{"validity_days": 0, "validity_hours": 0},
			{"validity_days": -1},
			{"validity_days": 100_000},
			{"device_limit": -1},
			{"device_limit": 5000},
			{"at_quota": "Slow Down"},
		)
		for values in bad:
			with self.subTest(**values), self.assertRaises(frappe.ValidationError):
				factories.a_plan(**values)

	def test_speeds_that_are_none_are_refused(self):
		for speed in ("fast", "-5M", "5 M/", "1e9", "5M/5M"):
			with self.subTest(speed=speed), self.assertRaises(frappe.ValidationError):
				factories.a_connection_type(speed_limit_rx=speed)

	def test_a_fractional_price_is_asked_for_in_whole_shillings_and_the_rest_is_an_advance(self):
		subscription = factories.a_subscription(factories.a_router(self.sim), factories.a_plan(price=99.5))
		name = self.pay(subscription)
		self.work()
		subscription.reload()
		self.assertEqual(100, frappe.db.get_value("Subscription Payment", name, "amount"))
		self.assertEqual(("Active", 0.5), (subscription.status, subscription.credit))

	def test_phones_in_every_shape_are_stored_in_one_and_nonsense_is_refused(self):
		router, plan = factories.a_router(self.sim), factories.a_plan()
		for phone in ("0712345678", "+254 712 345 678", "254712345678", "712345678"):
			self.assertEqual(
				"254712345678", factories.a_subscription(router, plan, phone_number=phone).phone_number
			)
		for phone in ("+1 212 555 0100", "07123", "abc", "0812345678"):
			with self.subTest(phone=phone), self.assertRaises(frappe.ValidationError):
				factories.a_subscription(router, plan, phone_number=phone)
			frappe.db.rollback()

	def test_a_plan_in_use_cannot_be_deleted(self):
		subscription = factories.a_subscription(factories.a_router(self.sim))
		with self.assertRaises(frappe.LinkExistsError):
			frappe.delete_doc("Internet Plan", subscription.internet_plan)


class TestBadCallbacks(ServiceTestCase):
	def test_malformed_and_unknown_callbacks_change_nothing(self):
		before = frappe.db.count("Subscription Payment")
		for body in (
			{},
			{"Body": None},
			{"Body": {"stkCallback": {}}},
			{"Body": {"stkCallback": {"CheckoutRequestID": "ws_CO_unknown", "ResultCode": 0}}},
		):
			requests.post(self.web.url + STK_CALLBACK, json=body, timeout=30)
		self.work()
		frappe.db.rollback()
		self.assertEqual(before, frappe.db.count("Subscription Payment"))

	def test_every_answer_about_a_receipt_gets_the_same_reply(self):
		replies = {
			requests.post(f"{self.web.url}{RESULT}?token=x", json=body, timeout=30).text
			for body in (
				{},
				{"Result": 1},
				{
					"Result": {
						"ResultCode": 0,
						"ConversationID": "AG_x",
						"OriginatorConversationID": "y",
						"ResultParameters": {},
					}
				},
			)
		}
		self.assertEqual(1, len(replies), replies)

	def test_when_mpesa_cannot_be_reached_the_customer_is_told_and_nothing_is_charged(self):
		subscription = factories.a_subscription(factories.a_router(self.sim))
		self.daraja.faults.add(Fault("/mpesa/stkpush", Trouble.SERVER_ERROR, times=3))
		with self.assertRaises(PaymentNotPossible):
			self.pay(subscription)
		frappe.db.rollback()
		self.assertEqual([], self.daraja.payments())


class TestConnectionTest(ServiceTestCase):
	def findings(self, router) -> str:
		return "\n".join(finding["text"] for finding in connection_test.run(router.name) if not finding["ok"])

	def test_a_healthy_router_has_no_findings(self):
		self.assertEqual("", self.findings(factories.a_router(self.sim)))

	def test_a_closed_port_a_wrong_password_and_a_wrong_name_are_said_in_plain_words(self):
		for values, words in (
			({"api_port": 1}, "refused"),
			({"api_password": "wrong"}, "password"),
			({"ip_address": "no-such-host.invalid"}, "name"),
		):
			with self.subTest(**values):
				self.assertIn(words, self.findings(factories.a_router(self.sim, **values)).lower())

	def test_addresses_that_are_none_are_refused(self):
		for address in ("", "http://10.0.0.1", "10.0.0.1:8728", "a b"):
			with self.subTest(address=address), self.assertRaises(frappe.ValidationError):
				factories.a_router(self.sim, ip_address=address)
			frappe.db.rollback()
