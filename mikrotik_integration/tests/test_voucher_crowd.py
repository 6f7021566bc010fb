"""The fifth invariant: a code is sold once and used by at most its number of devices, also when all come at once."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import frappe
import requests

from mikrotik_integration.services import purchase_view, voucher_sales
from mikrotik_integration.simulators.daraja import Fate, Kind
from mikrotik_integration.simulators.routeros import LoginRefused
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_vouchers import VoucherTestCase

API = "/api/method/mikrotik_integration.api.hotspot"
AT_ONCE = 25


def _take_and_hold(site: str, package: str, router: str, took, finish) -> list[str]:
	"""In a thread, and so on a database connection of its own."""
	frappe.init(site=site)
	frappe.connect()
	names = voucher_sales.take_from_pool(package, router, 1)
	took.set()
	finish.wait(30)
	frappe.db.rollback()
	frappe.destroy()
	return names


class TestCrowd(VoucherTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.portal = f"p{frappe.generate_hash(length=8)}"
		frappe.db.set_value(
			"MikroTik Settings", self.router.name, {"portal_name": self.portal, "portal_enabled": 1}
		)
		frappe.db.commit()

	def at_once(self, ask, arguments: list) -> list:
		with ThreadPoolExecutor(AT_ONCE) as crowd:
			return list(crowd.map(ask, arguments))

	def post(self, function: str, **values) -> requests.Response:
		return requests.post(f"{self.web.url}{API}.{function}", json=values, timeout=120)

	def a_pool(self, quantity: int):
		package = factories.a_package(codes_from="Pool")
		frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": package.name,
				"mikrotik_settings": self.router.name,
				"quantity": quantity,
			}
		).insert()
		frappe.db.commit()
		self.work()
		return package

	def test_5_of_200_buyers_150_get_a_code_each_and_50_are_told_so(self):
		package = self.a_pool(150)
		buyers = [(factories.a_phone(), factories.a_mac()) for _number in range(200)]
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		answers = self.at_once(
			lambda buyer: self.post(
				"buy", router=self.portal, package=package.name, phone=buyer[0], mac=buyer[1]
			),
			buyers,
		)
		tokens = [answer.json()["message"]["token"] for answer in answers if answer.ok]
		self.assertEqual(150, len(tokens))
		self.assertEqual(50, sum("sold out" in answer.text for answer in answers))
		self.daraja.courier.always(Fate(), Kind.STK)
		self.daraja.courier.release()
		self.daraja.settle(120)
		self.work()
		states = [purchase_view.state(token) for token in tokens]
		self.assertEqual({"paid"}, {state["state"] for state in states})
		self.assertEqual(150, len({state["code"] for state in states}))
		charged = Counter(payment.phone for payment in self.daraja.payments())
		self.assertEqual([1] * 150, list(charged.values()))
		self.assertEqual(
			[20.0] * 150,
			frappe.get_all(
				"Subscription Payment",
				{"mikrotik_settings": self.router.name, "status": "Applied"},
				pluck="amount",
				limit=0,
			),
		)

	def test_5_a_buyer_who_has_not_finished_does_not_make_the_pool_look_empty(self):
		package = self.a_pool(3)
		took, finish = threading.Event(), threading.Event()
		with ThreadPoolExecutor(1) as other:
			first = other.submit(
				_take_and_hold, frappe.local.site, package.name, self.router.name, took, finish
			)
			self.assertTrue(took.wait(30))
			frappe.db.rollback()
			mine = voucher_sales.take_from_pool(package.name, self.router.name, 2)
			finish.set()
			self.assertEqual(3, len({*mine, *first.result(30)}))
		frappe.db.rollback()

	def test_5_of_20_devices_at_once_on_a_voucher_for_3_exactly_3_get_in(self):
		voucher = self.sell_one(factories.a_package(device_limit=3))
		macs = [factories.a_mac() for _number in range(20)]

		def come(mac: str) -> bool:
			answer = self.post("redeem", router=self.portal, code=voucher.code, mac=mac)
			if answer.json()["message"]["state"] != "ok":
				return False
			try:
				return self.log_in(voucher, mac=mac).is_live
			except LoginRefused:
				return False

		self.assertEqual({True: 3, False: 17}, dict(Counter(self.at_once(come, macs))))
		self.look_at_router()
		self.assertEqual(3, len(self.sim.customer.sessions(voucher.code)))

	def test_5_of_20_devices_that_pass_the_portal_by_3_are_on(self):
		voucher = self.sell_one(factories.a_package(device_limit=3))

		def come(mac: str) -> bool:
			try:
				return self.log_in(voucher, mac=mac).is_live
			except LoginRefused:
				return False

		self.assertEqual(3, sum(self.at_once(come, [factories.a_mac() for _number in range(20)])))
