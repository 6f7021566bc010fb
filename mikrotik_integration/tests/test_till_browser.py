"""The till on a phone: what shop staff see and tap."""

import frappe

from mikrotik_integration.services import payments
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_forms_browser import PHONE, BrowserTestCase
from mikrotik_integration.tests.visitors import a_user_of_one_router


class TestTillOnAPhone(BrowserTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.db.set_value(
			"MikroTik Settings",
			self.router.name,
			{"hotspot_address": "wifi.shop.lan", "wifi_name": "Duka Wi-Fi", "wifi_password": "karibu-sana"},
		)
		self.package = factories.a_package(data_quota_mb=500)
		frappe.db.commit()
		self.browser.size(*PHONE)
		self.log_in(a_user_of_one_router(self.router.name, "ISP Staff"))
		self.browser.open(f"{self.base}/app/hotspot-till", ".hotspot-till .package")

	def choose(self) -> None:
		self.browser.click(".hotspot-till .package", self.package.name)

	def see(self, selector: str, words: str) -> None:
		self.browser.wait(
			f"[...document.querySelectorAll({selector!r})].some((one) => one.innerText.includes({words!r}))"
		)

	def sold_code(self) -> str:
		return self.browser.text(".hotspot-till .sold .code").replace("-", "")

	def test_two_taps_sell_a_voucher_for_cash(self):
		self.choose()
		self.browser.click(".hotspot-till .pay-cash")
		code = self.sold_code()
		self.work()
		voucher = frappe.get_doc("Hotspot Voucher", {"code": code})
		self.assertEqual(("Till", "Cash", "In Sync"), self.facts(voucher))
		self.see(".router-state", "The router knows the code")
		self.see(".sold", "Duka Wi-Fi")
		self.see(".sold a", voucher.sale_name)
		self.see(".sale .code", self.browser.text(".hotspot-till .sold .code"))

	def test_a_second_tap_sells_no_second_voucher(self):
		self.choose()
		self.browser.wait("!!document.querySelector('.pay-cash')")
		self.browser.run(
			"(() => { const one = document.querySelector('.pay-cash'); one.click(); one.click(); })()"
		)
		self.sold_code()
		frappe.db.rollback()
		self.assertEqual(1, frappe.db.count("Hotspot Voucher", {"internet_plan": self.package.name}))

	def test_mpesa_waits_and_then_shows_the_code(self):
		phone = factories.a_phone()
		self.choose()
		self.browser.run(f"document.querySelector('.phone').value = '0{phone[3:]}'")
		self.browser.click(".hotspot-till .pay-mpesa")
		self.see(".waiting", "Waiting for M-PESA")
		self.daraja.settle()
		self.work()
		voucher = frappe.get_doc("Hotspot Voucher", {"code": self.sold_code()})
		self.assertEqual("Till", voucher.sold_through)

	def test_a_customer_who_cancels_is_told_in_mpesas_words(self):
		phone = factories.a_phone()
		self.daraja.customer(phone).always(Decision.CANCEL)
		self.choose()
		self.browser.run(f"document.querySelector('.phone').value = '{phone}'")
		self.browser.click(".hotspot-till .pay-mpesa")
		self.see(".waiting", "Waiting for M-PESA")
		self.daraja.settle()
		self.work()
		payments.poke(frappe.get_last_doc("Hotspot Purchase", {"phone_number": phone}))
		frappe.db.commit()
		self.work()
		self.see(".waiting", "cancelled by user")

	def test_a_prompt_that_was_left_is_found_again_in_the_list(self):
		phone = factories.a_phone()
		self.daraja.customer(phone).always(Decision.NEVER)
		self.choose()
		self.browser.run(f"document.querySelector('.phone').value = '{phone}'")
		self.browser.click(".hotspot-till .pay-mpesa")
		self.see(".waiting", "Waiting for M-PESA")
		self.browser.open(f"{self.base}/app/hotspot-till", ".hotspot-till .sale[data-purchase]")
		self.browser.click(".hotspot-till .sale", "Waiting for")
		self.see(".waiting", "Waiting for M-PESA")

	def test_what_is_sold_out_cannot_be_tapped(self):
		empty = factories.a_package(codes_from="Pool")
		frappe.db.commit()
		self.browser.open(f"{self.base}/app/hotspot-till", ".hotspot-till .package:disabled")
		self.see(".package:disabled", empty.name)
		self.see(".package:disabled", "Sold out")

	def test_nothing_is_wider_than_a_small_phone(self):
		self.choose()
		self.assertEqual(PHONE[0], self.browser.run("document.documentElement.scrollWidth"))
		self.browser.click(".hotspot-till .pay-cash")
		self.sold_code()
		self.assertEqual(PHONE[0], self.browser.run("document.documentElement.scrollWidth"))

	@staticmethod
	def facts(voucher) -> tuple:
		voucher.reload()
		return voucher.sold_through, voucher.mode_of_payment, voucher.router_status
