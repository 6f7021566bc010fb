"""Received money alone counts: each way in which ERPNext calls an invoice paid though nobody paid it."""

from unittest.mock import patch

import frappe
from frappe.utils import nowdate

from mikrotik_integration.services import ledger, payments
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import COMPANY, _ensure_account
from mikrotik_integration.tests.test_books_refunds import RefundTestCase


class TestReceivedMoneyAloneCounts(RefundTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.company = frappe.get_cached_doc("Company", COMPANY)
		self.write_off = frappe.db.get_value("Account", {"company": COMPANY, "account_name": "Write Off"})
		self.cash = self.company.default_cash_account

	def assert_bought_nothing(self) -> None:
		self.work(self.subscription)
		self.assertEqual("Draft", self.subscription.status)

	def entry_with_deduction(self, account: str, *invoices: str, **values):
		return self.desk(
			self.subscription,
			1,
			references=[
				{"reference_doctype": "Sales Invoice", "reference_name": name, "allocated_amount": 1500}
				for name in invoices
			],
			deductions=[
				{
					"account": account,
					"cost_center": self.company.cost_center,
					"amount": 1500 * max(len(invoices), 1) - 1,
				}
			],
			**values,
		)

	def test_a_payment_of_one_shilling_with_the_rest_deducted_pays_nothing(self):
		invoice = self.invoice(self.subscription)
		self.entry_with_deduction(self.write_off, invoice)
		self.assertEqual(0, self.due(invoice))
		self.assert_bought_nothing()

	def test_what_is_deducted_as_if_it_were_tax_pays_nothing_either(self):
		account = _ensure_account("Withholding Tax Receivable", "", "Asset")
		self.entry_with_deduction(account, self.invoice(self.subscription))
		self.assert_bought_nothing()

	def test_an_advance_of_one_shilling_with_the_rest_deducted_is_one_shilling(self):
		self.entry_with_deduction(self.write_off)
		self.assert_bought_nothing()
		self.assertEqual(1, self.subscription.credit)

	def test_money_that_goes_to_no_bank_or_cash_account_pays_nothing(self):
		invoice = self.invoice(self.subscription)
		self.desk(
			self.subscription, 1500, invoice, paid_to=self.write_off, cost_center=self.company.cost_center
		)
		self.assertEqual(0, self.due(invoice))
		self.assert_bought_nothing()

	def test_a_shilling_for_ten_dollars_pays_nothing(self):
		"""The customer's account is kept in dollars; what is missing is called a loss by exchange."""
		account = _ensure_account("Debtors in Dollars", "Receivable")
		frappe.db.set_value("Account", account, "account_currency", "USD")
		customer = factories.a_customer(
			default_currency="USD", accounts=[{"company": COMPANY, "account": account}]
		)
		self.subscription = self.subscribe(customer=customer.name)
		invoice = self.hand_made_invoice(
			self.subscription,
			rate=12,
			currency="USD",
			conversion_rate=130,
			plc_conversion_rate=1,
			debit_to=account,
		)
		entry = self.desk(
			self.subscription,
			12,
			invoice.name,
			paid_from=account,
			received_amount=1,
			source_exchange_rate=130,
			target_exchange_rate=1,
		)
		self.assertEqual((0, 1), (self.due(invoice.name), entry.base_received_amount))
		self.assert_bought_nothing()

	def test_a_write_off_beside_a_small_bank_line_pays_nothing(self):
		invoice = self.invoice(self.subscription)
		self.journal(
			{"account": self.cash, "debit_in_account_currency": 1},
			{"account": self.write_off, "debit_in_account_currency": 1499},
			self.against(invoice, 1500),
		)
		self.assertEqual(0, self.due(invoice))
		self.assert_bought_nothing()

	def test_money_that_comes_in_on_one_bank_line_and_goes_out_on_another_pays_nothing(self):
		bank = _ensure_account("M-PESA of the Books", "Bank")
		self.journal(
			{"account": self.cash, "debit_in_account_currency": 1500},
			{"account": bank, "credit_in_account_currency": 1500},
			{"account": self.write_off, "debit_in_account_currency": 1500},
			self.against(self.invoice(self.subscription), 1500),
		)
		self.assert_bought_nothing()

	def test_money_of_a_loan_beside_a_write_off_pays_its_share_only(self):
		loan = _ensure_account("Loan", "", "Liability")
		self.journal(
			{"account": self.cash, "debit_in_account_currency": 1500},
			{"account": loan, "credit_in_account_currency": 1500},
			{"account": self.write_off, "debit_in_account_currency": 1500},
			self.against(self.invoice(self.subscription), 1500),
		)
		self.assert_bought_nothing()

	def test_a_payment_that_a_journal_entry_takes_back_no_longer_counts(self):
		invoice = self.invoice(self.subscription)
		self.desk(self.subscription, 1500, invoice)
		self.work(self.subscription)
		self.assert_days_left(30, self.subscription)
		row = self.against(invoice, 0) | {"debit_in_account_currency": 1500}
		self.journal(row, {"account": self.cash, "credit_in_account_currency": 1500})
		self.work(self.subscription)
		self.assertEqual((1500, "Expired"), (self.due(invoice), self.subscription.status))

	def test_an_advance_that_a_journal_entry_paid_back_is_no_credit(self):
		entry = self.desk(self.subscription, 1000)
		self.work(self.subscription)
		self.assertEqual(1000, self.subscription.credit)
		row = self.against(entry.name, 0) | {
			"reference_type": "Payment Entry",
			"debit_in_account_currency": 1000,
		}
		told: list[str] = []
		with patch.object(payments, "enqueue_settle", told.append):
			journal = self.journal(row, {"account": self.cash, "credit_in_account_currency": 1000})
			self.assertEqual([self.subscription.name], told)
			self.assert_owes(0, self.subscription)
			self.assertEqual(0, ledger.balance(self.subscription.name))
			journal.cancel()
		self.assertEqual([self.subscription.name] * 2, told)
		self.assertEqual(1000, ledger.balance(self.subscription.name))

	def test_an_invoice_over_nothing_buys_nothing(self):
		self.hand_made_invoice(self.subscription, rate=0)
		self.assert_bought_nothing()
		self.hand_made_invoice(self.subscription, additional_discount_percentage=100)
		self.assert_bought_nothing()

	def test_what_a_till_writes_off_is_no_money(self):
		self.sale(100, write_off_amount=1400, write_off_account=self.write_off)
		self.assert_bought_nothing()

	def test_loyalty_points_are_no_money(self):
		program = frappe.get_doc(
			{
				"doctype": "Loyalty Program",
				"loyalty_program_name": factories.unique("Points"),
				"loyalty_program_type": "Single Tier Program",
				"from_date": nowdate(),
				"company": COMPANY,
				"conversion_factor": 1,
				"expense_account": self.write_off,
				"cost_center": self.company.cost_center,
				"collection_rules": [{"tier_name": "All", "collection_factor": 1, "min_spent": 0}],
			}
		).insert()
		frappe.db.set_value("Customer", self.subscription.customer, "loyalty_program", program.name)
		frappe.get_doc(
			{
				"doctype": "Loyalty Point Entry",
				"loyalty_program": program.name,
				"loyalty_program_tier": "All",
				"customer": self.subscription.customer,
				"loyalty_points": 1500,
				"invoice_type": "Sales Invoice",
				"posting_date": nowdate(),
				"expiry_date": frappe.utils.add_days(nowdate(), 30),
				"company": COMPANY,
			}
		).insert()
		invoice = self.hand_made_invoice(
			self.subscription,
			redeem_loyalty_points=1,
			loyalty_points=1500,
			loyalty_amount=1500,
			loyalty_program=program.name,
			loyalty_redemption_account=self.write_off,
			loyalty_redemption_cost_center=self.company.cost_center,
		)
		self.assertEqual(0, self.due(invoice.name))
		self.assert_bought_nothing()

	def sale(self, amount: float, **values):
		cash = frappe.get_doc("Mode of Payment", "Cash")
		if not any(row.company == COMPANY for row in cash.accounts):
			cash.append("accounts", {"company": COMPANY, "default_account": self.cash})
			cash.save()
		return self.hand_made_invoice(
			self.subscription,
			is_pos=1,
			account_for_change_amount=self.cash,
			payments=[{"mode_of_payment": "Cash", "amount": amount, "account": self.cash}],
			**values,
		)
