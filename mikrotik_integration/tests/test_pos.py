"""Vouchers at ERPNext's point of sale: its sales, their return, and the close of the day.

ERPNext 15 writes POS Invoices, which are merged at the close of the day. ERPNext 16 can write Sales Invoices at once, and
does so unless POS Settings say otherwise.
"""

import unittest

import frappe
from erpnext.accounts.doctype.pos_closing_entry.pos_closing_entry import (
	make_closing_entry_from_opening,
)
from erpnext.controllers.sales_and_purchase_return import make_return_doc
from frappe.utils import add_days, now_datetime, nowdate, today

from mikrotik_integration import demo_company as site
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import voucher_sales
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_vouchers import VoucherTestCase
from mikrotik_integration.tests.visitors import a_user

MODE = "invoice_type"


class PosTestCase(VoucherTestCase):
	"""A kiosk's till, opened for the day."""

	writes = "POS Invoice"

	def setUp(self) -> None:
		super().setUp()
		self.choose_mode()
		self.profile = self.a_profile()
		self.opening = self.open_the_till()
		frappe.db.commit()
		self.addCleanup(self.close_openings)

	def choose_mode(self) -> None:
		"""What the point of sale writes; ERPNext 15 leaves no choice."""
		if not frappe.get_meta("POS Settings").has_field(MODE):
			return
		before = frappe.db.get_single_value("POS Settings", MODE)
		frappe.db.set_single_value("POS Settings", MODE, self.writes)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_single_value, "POS Settings", MODE, before)

	def open_the_till(self):
		opening = frappe.get_doc(
			{
				"doctype": "POS Opening Entry",
				"company": site.COMPANY,
				"pos_profile": self.profile,
				"user": "Administrator",
				"period_start_date": now_datetime(),
				"posting_date": today(),
				"balance_details": [{"mode_of_payment": "Cash", "opening_amount": 0}],
			}
		).insert()
		opening.submit()
		return opening

	def close_openings(self) -> None:
		frappe.db.rollback()
		frappe.db.set_value("POS Opening Entry", {"status": "Open"}, "status", "Closed")
		frappe.db.commit()

	def a_profile(self) -> str:
		company = frappe.get_cached_doc("Company", site.COMPANY)
		return (
			frappe.get_doc(
				{
					"doctype": "POS Profile",
					"__newname": factories.unique("Kiosk"),
					"name": factories.unique("Kiosk"),
					"company": company.name,
					"currency": "KES",
					"customer": frappe.db.get_single_value("ISP Settings", "voucher_customer"),
					"hotspot_router": self.router.name,
					"warehouse": frappe.db.get_value("Warehouse", {"company": company.name, "is_group": 0}),
					"selling_price_list": "Standard Selling",
					"income_account": company.default_income_account,
					"expense_account": company.default_expense_account,
					"cost_center": company.cost_center,
					"write_off_account": company.write_off_account or company.default_expense_account,
					"write_off_cost_center": company.cost_center,
					"write_off_limit": 0,
					"payments": [{"mode_of_payment": "Cash", "default": 1}],
				}
			)
			.insert()
			.name
		)

	def sell(self, pieces: int = 1, **values):
		invoice = frappe.get_doc(
			{
				"doctype": self.writes,
				"is_created_using_pos": 1,
				"company": site.COMPANY,
				"customer": frappe.db.get_single_value("ISP Settings", "voucher_customer"),
				"pos_profile": self.profile,
				"is_pos": 1,
				"currency": "KES",
				"conversion_rate": 1,
				"selling_price_list": "Standard Selling",
				"debit_to": frappe.get_cached_value("Company", site.COMPANY, "default_receivable_account"),
				"items": [{"item_code": self.package.item, "qty": pieces, "rate": 20}],
				"payments": [{"mode_of_payment": "Cash", "amount": 20 * pieces}],
				**values,
			}
		)
		if invoice.taxes_and_charges:
			invoice.set_taxes()
		invoice.insert().submit()
		frappe.db.commit()
		self.work()
		return invoice

	def give_back(self, invoice, pieces: int):
		note = make_return_doc(invoice.doctype, invoice.name)
		note.items[0].qty = -pieces
		note.payments[0].amount = note.payments[0].base_amount = note.paid_amount = -20 * pieces
		note.insert().submit()
		frappe.db.commit()
		self.work()
		return note

	def close_the_day(self):
		closing = make_closing_entry_from_opening(self.opening)
		for row in closing.payment_reconciliation:
			row.closing_amount = row.expected_amount
		closing.insert().submit()
		frappe.db.commit()
		self.work()
		return closing


class TestPointOfSale(PosTestCase):
	def test_each_piece_is_a_voucher_that_works(self):
		vouchers = self.vouchers_of(self.sell(2))
		self.assertEqual(2, len(vouchers))
		for voucher in vouchers:
			self.assertEqual(
				("In Sync", "Point of Sale", self.router.name),
				(voucher.router_status, voucher.sold_through, voucher.mikrotik_settings),
			)
			self.assertTrue(self.log_in(voucher).is_live)

	def test_what_comes_back_unused_is_void_and_what_was_used_is_refused(self):
		invoice = self.sell(2)
		used, _unused = self.vouchers_of(invoice)
		self.log_in(used)
		self.look_at_router()
		with self.assertRaises(VoucherError):
			self.give_back(invoice, 2)
		frappe.db.rollback()
		self.give_back(invoice, 1)
		self.assertEqual(["Active", "Void"], sorted(v.status for v in self.vouchers_of(invoice)))

	def test_the_close_of_the_day_sells_nothing_twice(self):
		sold, returned = self.sell(2), self.sell(1)
		self.give_back(returned, 1)
		before = frappe.db.count("Hotspot Voucher", {"internet_plan": self.package.name})
		self.close_the_day()
		self.check_merged(sold)
		self.assertEqual(before, frappe.db.count("Hotspot Voucher", {"internet_plan": self.package.name}))
		self.assertEqual({"Pending"}, {voucher.status for voucher in self.vouchers_of(sold)})
		self.assertEqual({"Void"}, {voucher.status for voucher in self.vouchers_of(returned)})

	def check_merged(self, sold) -> None:
		merged = frappe.db.get_value("POS Invoice", sold.name, "consolidated_invoice")
		self.assertTrue(merged)
		self.assertEqual([], voucher_sales.of_sale("Sales Invoice", merged))

	def test_a_kiosk_without_a_router_is_told_to_choose_one(self):
		frappe.db.set_value("POS Profile", self.profile, "hotspot_router", None)
		factories.a_router(self.another_router())
		with self.assertRaises(VoucherError):
			self.sell()


class TestPriceAtThePointOfSale(PosTestCase):
	"""A cashier can send ERPNext any rate, discount and payment. A manager decides what is sold for less."""

	cheap = {"rate": 1, "price_list_rate": 1}
	refusal: type | tuple = frappe.PermissionError

	def sell_as(self, role: str, paid: float, invoice: dict | None = None, **row):
		row = {"item_code": self.package.item, "qty": 1, "rate": 20, **row}
		payments = [{"mode_of_payment": "Cash", "amount": paid}]
		frappe.set_user(a_user(role, "Sales Manager"))  # ERPNext lets this role read POS Opening Entries
		self.addCleanup(frappe.set_user, "Administrator")
		return self.sell(items=[row], payments=payments, **(invoice or {}))

	def assert_refused(self, paid: float, invoice: dict | None = None, **row) -> None:
		before = frappe.db.count("Hotspot Voucher", {"internet_plan": self.package.name})
		with self.assertRaises(self.refusal):
			self.sell_as("Accounts User", paid, invoice, **row)
		frappe.db.rollback()
		self.assertEqual(before, frappe.db.count("Hotspot Voucher", {"internet_plan": self.package.name}))

	def test_a_cashier_sells_for_the_price(self):
		(voucher,) = self.vouchers_of(self.sell_as("Accounts User", 20))
		self.assertEqual(("Pending", 20), (voucher.status, voucher.price))

	def test_a_rate_of_ones_own_is_refused(self):
		self.assert_refused(1, **self.cheap)

	def test_a_discount_of_ones_own_is_refused(self):
		self.assert_refused(2, price_list_rate=20, rate=2, discount_percentage=90)
		self.assert_refused(1, {"apply_discount_on": "Grand Total", "discount_amount": 19})

	def test_a_sale_that_is_not_paid_is_refused(self):
		self.refusal = (frappe.PermissionError, frappe.ValidationError)  # ERPNext's own, where it has one
		self.assert_refused(0)
		self.assert_refused(5)

	def test_a_manager_may_sell_for_less(self):
		(voucher,) = self.vouchers_of(self.sell_as("Accounts Manager", 1, **self.cheap))
		self.assertEqual(1, voucher.price)

	def test_a_price_of_last_month_is_no_price_of_today(self):
		frappe.get_doc(
			{
				"doctype": "Item Price",
				"item_code": self.package.item,
				"price_list": "Standard Selling",
				"selling": 1,
				"price_list_rate": 1,
				"valid_from": add_days(nowdate(), -30),
				"valid_upto": add_days(nowdate(), -2),
			}
		).insert()
		self.assert_refused(1, {"set_posting_time": 1, "posting_date": add_days(nowdate(), -2)}, **self.cheap)

	def test_a_price_that_a_manager_gave_erpnext_holds(self):
		frappe.get_doc(
			{
				"doctype": "Item Price",
				"item_code": self.package.item,
				"price_list": "Standard Selling",
				"selling": 1,
				"price_list_rate": 15,
			}
		).insert()
		(voucher,) = self.vouchers_of(self.sell_as("Accounts User", 15, rate=15, price_list_rate=15))
		self.assertEqual(15, voucher.price)
		frappe.set_user("Administrator")
		frappe.get_doc(
			{
				"doctype": "Pricing Rule",
				"title": factories.unique("Happy Hour"),
				"apply_on": "Item Code",
				"items": [{"item_code": self.package.item}],
				"selling": 1,
				"price_or_product_discount": "Price",
				"rate_or_discount": "Discount Percentage",
				"discount_percentage": 20,
				"company": site.COMPANY,
				"currency": "KES",
			}
		).insert()
		happy = {"price_list_rate": 15, "rate": 12, "discount_percentage": 20}
		(voucher,) = self.vouchers_of(self.sell_as("Accounts User", 12, **happy))
		self.assertEqual(12, voucher.price)


class TestPriceInSalesInvoices(TestPriceAtThePointOfSale):
	"""A Sales Invoice with payment needs no opened till, on either version."""

	writes = "Sales Invoice"


class TestPointOfSaleWithSalesInvoices(TestPointOfSale):
	"""ERPNext 16's own way."""

	writes = "Sales Invoice"

	def setUp(self) -> None:
		if not frappe.get_meta("POS Settings").has_field(MODE):
			raise unittest.SkipTest("ERPNext 15's point of sale writes POS Invoices only")
		super().setUp()

	def check_merged(self, sold) -> None:
		"""Nothing is merged: the sales are Sales Invoices already."""
		self.assertTrue(frappe.db.get_value("Sales Invoice", sold.name, "pos_closing_entry"))
