"""The till of a shop: who may sell what where, what is booked, and what the seller sees."""

import frappe
from frappe.utils import flt

from mikrotik_integration import demo_company as site
from mikrotik_integration.exceptions import SettingsMissing, SoldOut, VoucherError
from mikrotik_integration.services import daily_invoices, till, voucher_sales
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user, a_user_of_one_router


class TillTestCase(ServiceTestCase):
	"""A shop with one router and one package at KES 20."""

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(
			self.sim, hotspot_address="wifi.shop.lan", wifi_name="Duka", wifi_password="karibu-sana"
		)
		self.package = factories.a_package()
		frappe.db.commit()

	def as_settings(self, **values) -> None:
		"""ISP Settings for this test only."""
		before = {field: frappe.db.get_single_value("ISP Settings", field) for field in values}
		self._set(values)
		self.addCleanup(self._set, before)

	@staticmethod
	def _set(values: dict) -> None:
		frappe.db.rollback()
		frappe.db.set_single_value("ISP Settings", values)
		frappe.db.commit()
		frappe.clear_document_cache("ISP Settings", "ISP Settings")

	def seller(self) -> Visitor:
		return Visitor(self.web.url, a_user_of_one_router(self.router.name, "ISP Staff"))

	def sell(self, visitor: Visitor, **values) -> dict:
		answer = visitor.api(
			"vouchers.sell_for_cash",
			**{"package": self.package.name, "router": self.router.name, **values},
		)
		self.assertEqual(200, answer.status_code, answer.text)
		frappe.db.rollback()
		return answer.json()["message"]


class TestCash(TillTestCase):
	def test_one_call_sells_a_voucher_books_it_and_puts_it_on_the_router(self):
		seller = self.seller()
		sale = self.sell(seller)
		self.work()
		voucher = frappe.get_doc("Hotspot Voucher", sale["name"])
		self.assertEqual(
			("Pending", "In Sync", "Till", seller.user, "Cash", 20),
			(
				voucher.status,
				voucher.router_status,
				voucher.sold_through,
				voucher.sold_by,
				voucher.mode_of_payment,
				voucher.price,
			),
		)
		invoice = frappe.get_doc("Sales Invoice", sale["sale_name"])
		self.assertEqual(
			(1, 1, 20, 0),
			(invoice.docstatus, invoice.is_pos, invoice.grand_total, invoice.outstanding_amount),
		)
		self.assertEqual(seller.user, invoice.owner)
		self.assertIn(voucher.code, [row["name"] for row in self.sim.rows("/ip/hotspot/user")])

	def test_the_seller_gets_code_link_and_wifi(self):
		sale = self.sell(self.seller())
		code = sale["code"]
		self.assertEqual(f"http://wifi.shop.lan/login?username={code}&password={code}", sale["link"])
		self.assertEqual(("Duka", "karibu-sana"), (sale["wifi_name"], sale["wifi_password"]))
		self.assertEqual(code, sale["code_shown"].replace("-", ""))
		self.assertTrue(sale["code_qr"].startswith("data:image/png;base64,"))

	def test_the_phone_is_kept_as_it_is_dialled(self):
		sale = self.sell(self.seller(), phone="0712 345 678")
		self.assertEqual("254712345678", frappe.db.get_value("Hotspot Voucher", sale["name"], "phone_number"))

	def test_the_price_is_the_packages_whatever_is_sent(self):
		sale = self.sell(self.seller(), price=1, rate=1, discount=19)
		self.assertEqual(20, frappe.db.get_value("Sales Invoice", sale["sale_name"], "grand_total"))

	def test_what_is_sold_from_a_pool_is_sold_out_when_it_is(self):
		frappe.db.set_value("Internet Plan", self.package.name, "codes_from", "Pool")
		frappe.clear_document_cache("Internet Plan", self.package.name)
		frappe.db.commit()
		(shown,) = (row for row in till.packages(self.router.name) if row["package"] == self.package.name)
		self.assertEqual(0, shown["left"])
		with self.assertRaises(SoldOut):
			till.sell_for_cash(self.package.name, self.router.name)

	def test_a_package_that_is_no_longer_sold_is_not_sold(self):
		frappe.db.set_value("Internet Plan", self.package.name, "enabled", 0)
		frappe.clear_document_cache("Internet Plan", self.package.name)
		with self.assertRaises(VoucherError):
			till.sell_for_cash(self.package.name, self.router.name)

	def test_without_a_mode_of_payment_for_cash_the_seller_is_told(self):
		self.as_settings(cash_mode_of_payment=None)
		with self.assertRaises(SettingsMissing):
			till.sell_for_cash(self.package.name, self.router.name)


class TestDayInvoice(TillTestCase):
	def test_nothing_is_invoiced_at_once_and_all_of_it_at_the_end_of_the_day(self):
		self.as_settings(voucher_booking="One Invoice per Router and Day")
		seller = self.seller()
		sales = [self.sell(seller) for _number in range(3)]
		self.assertEqual([None] * 3, [sale["sale_name"] for sale in sales])
		name = daily_invoices.make(self.router.name, frappe.utils.getdate())
		invoice = frappe.get_doc("Sales Invoice", name)
		self.assertEqual((60, 0), (invoice.grand_total, invoice.outstanding_amount))
		self.assertEqual(3, len(voucher_sales.of_sale("Sales Invoice", name)))

	def test_a_named_customer_gets_an_invoice_of_their_own(self):
		self.as_settings(voucher_booking="One Invoice per Router and Day")
		customer = factories.a_customer().name
		name = till.sell_for_cash(self.package.name, self.router.name, customer=customer)
		invoice = frappe.db.get_value("Hotspot Voucher", name, "sale_name")
		self.assertEqual(customer, frappe.db.get_value("Sales Invoice", invoice, "customer"))


class TestMpesa(TillTestCase):
	def start(self, seller: Visitor, phone: str) -> dict:
		answer = seller.api(
			"vouchers.sell_for_mpesa", package=self.package.name, router=self.router.name, phone=phone
		)
		self.assertEqual(200, answer.status_code, answer.text)
		frappe.db.rollback()
		return answer.json()["message"]

	def state(self, seller: Visitor, purchase: str) -> dict:
		return seller.api("vouchers.purchase", name=purchase).json()["message"]

	def test_the_seller_waits_and_then_has_the_code(self):
		seller = self.seller()
		phone = factories.a_phone()
		self.daraja.customer(phone).always(Decision.NEVER)
		purchase = self.start(seller, phone)
		self.assertEqual(("waiting", None), (purchase["state"], purchase["voucher"]))
		self.assertNotIn(phone, str(purchase))
		waiting = seller.api("vouchers.last_sales").json()["message"]["waiting"]
		self.assertIn(purchase["purchase"], [row["purchase"] for row in waiting])

	def test_paid_means_a_code_an_invoice_and_the_seller_on_it(self):
		seller = self.seller()
		purchase = self.start(seller, factories.a_phone())
		self.daraja.settle()
		self.work()
		state = self.state(seller, purchase["purchase"])
		self.assertEqual("paid", state["state"], state)
		sale = seller.api("vouchers.sold", voucher=state["voucher"]).json()["message"]
		self.assertEqual((seller.user, site.MODE_OF_PAYMENT), (sale["sold_by"], sale["mode_of_payment"]))
		self.assertEqual("In Sync", sale["router_status"])
		self.assertEqual(0, frappe.db.get_value("Sales Invoice", sale["sale_name"], "outstanding_amount"))

	def test_a_phone_number_that_is_none_is_refused_in_words(self):
		answer = self.seller().api(
			"vouchers.sell_for_mpesa", package=self.package.name, router=self.router.name, phone="12"
		)
		self.assertEqual(417, answer.status_code)


class TestWhoMaySell(TillTestCase):
	def refused(self, visitor: Visitor, function: str, **arguments) -> None:
		answer = visitor.api(f"vouchers.{function}", **arguments)
		self.assertIn(answer.status_code, (401, 403), answer.text)

	def test_staff_sell_on_their_own_routers_only(self):
		other = factories.a_router(self.another_router())
		seller = self.seller()
		where = {"package": self.package.name, "router": other.name}
		self.refused(seller, "packages", router=other.name)
		self.refused(seller, "sell_for_cash", **where)
		self.refused(seller, "sell_for_mpesa", **where, phone=factories.a_phone())
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("Hotspot Voucher", {"mikrotik_settings": other.name}))
		routers = [row["name"] for row in seller.api("vouchers.routers").json()["message"]]
		self.assertEqual([self.router.name], routers)

	def test_guests_customers_and_accountants_sell_nothing(self):
		where = {"package": self.package.name, "router": self.router.name}
		for user in (None, a_user("Customer"), a_user("Accounts User")):
			with self.subTest(user=user):
				self.refused(Visitor(self.web.url, user), "sell_for_cash", **where)
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("Hotspot Voucher", {"mikrotik_settings": self.router.name}))

	def test_a_sale_for_a_customer_whom_the_seller_may_not_see_is_refused(self):
		customer = factories.a_customer().name
		frappe.db.commit()
		self.refused(
			self.seller(),
			"sell_for_cash",
			package=self.package.name,
			router=self.router.name,
			customer=customer,
		)

	def test_a_link_that_is_opened_sells_nothing(self):
		answer = self.seller().api(
			"vouchers.sell_for_cash", "GET", package=self.package.name, router=self.router.name
		)
		self.assertEqual(403, answer.status_code)

	def test_sellers_see_their_own_sales_and_takings(self):
		seller = self.seller()
		mine = [self.sell(seller)["name"] for _number in range(2)]
		till.sell_for_cash(self.package.name, self.router.name)
		frappe.db.commit()
		last = seller.api("vouchers.last_sales").json()["message"]
		self.assertEqual(set(mine), {row["name"] for row in last["sales"][:2]})
		self.assertNotIn("Administrator", {row.get("sold_by") for row in last["sales"]})
		(cash,) = (row for row in last["takings"] if row["mode_of_payment"] == "Cash")
		self.assertEqual(20 * cash["count"], flt(cash["amount"]))

	def test_a_code_that_was_not_sold_is_shown_to_no_seller(self):
		package = factories.a_package(codes_from="Pool")
		batch = frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": package.name,
				"mikrotik_settings": self.router.name,
				"quantity": 1,
			}
		).insert()
		frappe.db.commit()
		self.work()
		name = frappe.db.get_value("Hotspot Voucher", {"batch": batch.name})
		self.refused(self.seller(), "sold", voucher=name)
