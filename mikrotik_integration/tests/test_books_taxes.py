"""Taxes and cents: the customer pays the price, whatever part of it is tax."""

from decimal import Decimal

import frappe

from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import ABBR, COMPANY, VAT, BooksTestCase

PRICES = (1500, 99.99, 0.01, 1, 33.33, 1499.5, 12345678.91, 20)


class TestTaxes(BooksTestCase):
	def test_the_price_to_the_cent_with_and_without_vat(self):
		for template in (None, VAT):
			self.isp_settings.taxes_and_charges = template
			for price in PRICES:
				with self.subTest(template=template, price=price):
					subscription = self.subscribe(factories.a_plan(price=price))
					payment = self.pay(subscription, price)
					invoice = frappe.get_doc("Sales Invoice", payment.sales_invoice)
					self.assertEqual((price, 0), (invoice.grand_total, invoice.outstanding_amount))
					self.assertFalse(invoice.rounded_total)
					self.assertEqual("Active", subscription.status)
					self.assert_owes(0, subscription)

	def test_vat_is_in_the_ledger(self):
		self.isp_settings.taxes_and_charges = VAT
		payment = self.pay(self.subscribe(factories.a_plan(price=1160)), 1160)
		tax = frappe.db.get_value(
			"GL Entry",
			{"voucher_no": payment.sales_invoice, "account": f"VAT Output - {ABBR}", "is_cancelled": 0},
			"credit",
		)
		self.assertEqual(160, tax)

	def test_a_prompt_of_whole_shillings_leaves_the_cent_as_an_advance(self):
		subscription = self.subscribe(factories.a_plan(price=99.99))
		self.pay(subscription, 100)
		self.assertEqual(0.01, subscription.credit)
		self.assert_owes(Decimal("-0.01"), subscription)

	def test_cents_that_add_up_are_used(self):
		subscription = self.subscribe(factories.a_plan(price=99.95))
		for _month in range(3):
			self.pay(subscription, 100)
		self.assertEqual(0.15, subscription.credit)
		self.pay(subscription, 99.8)
		self.assert_days_left(120, subscription)
		self.assertEqual(0, subscription.credit)
		self.assert_owes(0, subscription)

	def test_a_tax_on_top_of_the_price_is_refused_in_plain_words(self):
		"""An Item Tax Template that somebody gave the plan's Item."""
		subscription = self.subscribe()
		template = frappe.get_doc(
			{
				"doctype": "Item Tax Template",
				"title": factories.unique("VAT"),
				"company": COMPANY,
				"taxes": [{"tax_type": f"VAT Output - {ABBR}", "tax_rate": 16}],
			}
		).insert()
		item = frappe.get_doc(
			"Item", frappe.db.get_value("Internet Plan", subscription.internet_plan, "item")
		)
		item.append("taxes", {"item_tax_template": template.name})
		item.save()
		with self.assertRaisesRegex(frappe.ValidationError, "include the tax"):
			self.pay(subscription)

	def test_a_rate_of_its_own_for_an_item_is_part_of_the_price_too(self):
		self.isp_settings.taxes_and_charges = VAT
		subscription = self.subscribe(factories.a_plan(price=1080))
		template = frappe.get_doc(
			{
				"doctype": "Item Tax Template",
				"title": factories.unique("Reduced"),
				"company": COMPANY,
				"taxes": [{"tax_type": f"VAT Output - {ABBR}", "tax_rate": 8}],
			}
		).insert()
		item = frappe.get_doc(
			"Item", frappe.db.get_value("Internet Plan", subscription.internet_plan, "item")
		)
		item.append("taxes", {"item_tax_template": template.name})
		item.save()
		payment = self.pay(subscription, 1080)
		self.assertEqual(
			(1080, 80),
			frappe.db.get_value(
				"Sales Invoice", payment.sales_invoice, ["grand_total", "total_taxes_and_charges"]
			),
		)
