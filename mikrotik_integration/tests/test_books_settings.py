"""What would make the books refuse later is refused when it is typed in."""

import frappe

from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import COMPANY, MODE, VAT, BooksTestCase, _ensure_account


class TestISPSettings(BooksTestCase):
	def assert_refused(self, words: str, **values) -> None:
		self.isp_settings.update({"taxes_and_charges": None, **values})
		with self.assertRaisesRegex(frappe.ValidationError, words):
			self.isp_settings.run_method("validate")

	def another_company(self) -> str:
		return frappe.db.get_value("Company", {"name": ("!=", COMPANY)})

	def test_settings_that_fit_are_taken(self):
		self.isp_settings.update(
			{
				"taxes_and_charges": VAT,
				"cost_center": frappe.get_cached_value("Company", COMPANY, "cost_center"),
				"income_account": frappe.get_cached_value("Company", COMPANY, "default_income_account"),
			}
		)
		self.isp_settings.run_method("validate")

	def test_the_mode_of_payment_has_an_account_of_the_company(self):
		mode = frappe.get_doc(
			{"doctype": "Mode of Payment", "mode_of_payment": factories.unique("Mode"), "type": "Bank"}
		).insert()
		self.assert_refused("account", mode_of_payment=mode.name)

	def test_that_account_is_kept_in_the_companys_currency(self):
		account = _ensure_account("M-PESA Dollars", "Bank")
		frappe.db.set_value("Account", account, "account_currency", "USD")
		mode = frappe.get_doc(
			{"doctype": "Mode of Payment", "mode_of_payment": factories.unique("Mode"), "type": "Bank"}
		)
		mode.append("accounts", {"company": COMPANY, "default_account": account})
		mode.insert()
		self.assert_refused("USD", mode_of_payment=mode.name)

	def test_the_cost_center_is_one_of_the_company_that_takes_entries(self):
		self.assert_refused(
			"Cost Center",
			cost_center=frappe.get_cached_value("Company", self.another_company(), "cost_center"),
		)
		self.assert_refused(
			"Cost Center", cost_center=frappe.db.get_value("Cost Center", {"company": COMPANY, "is_group": 1})
		)

	def test_the_income_account_is_one_of_the_company_that_takes_income(self):
		other = frappe.get_cached_value("Company", self.another_company(), "default_income_account")
		self.assert_refused("income", cost_center=None, income_account=other)
		bank = frappe.get_cached_value("Company", COMPANY, "default_cash_account")
		self.assert_refused("income", cost_center=None, income_account=bank)

	def test_the_company_stays_while_money_is_open_in_its_books(self):
		self.pay(self.subscribe(), 100)
		self.isp_settings.load_doc_before_save()
		self.isp_settings.get_doc_before_save().company = COMPANY
		self.assert_refused(COMPANY, company=self.another_company())
		self.assertEqual(MODE, self.isp_settings.mode_of_payment)


class TestInternetPlan(BooksTestCase):
	def test_a_price_has_at_most_two_decimals(self):
		with self.assertRaisesRegex(frappe.ValidationError, "two decimals"):
			factories.a_plan(price=99.999)

	def test_a_postpaid_plan_lasts_a_day_at_least(self):
		"""Its invoices are made once a day."""
		with self.assertRaisesRegex(frappe.ValidationError, "day"):
			factories.a_plan(billing="Postpaid", validity_days=0, validity_hours=3)

	def test_the_item_can_be_sold(self):
		for values in ({"disabled": 1}, {"is_sales_item": 0}, {"has_variants": 1}):
			item = frappe.get_doc(
				{
					"doctype": "Item",
					"item_code": factories.unique("Item"),
					"item_group": frappe.db.get_value("Item Group", {"is_group": 0}),
					"is_stock_item": 0,
				}
			).insert()
			frappe.db.set_value("Item", item.name, values)
			with self.subTest(values), self.assertRaisesRegex(frappe.ValidationError, item.name):
				factories.a_plan(item=item.name)
