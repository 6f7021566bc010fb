"""Money paid back: what the app says of a subscription is what the ledger says, before, between and after."""

import frappe

from mikrotik_integration.services import application, clock, ledger
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import COMPANY, BooksTestCase


class RefundTestCase(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe()

	def pay_back(self, amount: float, *notes: str, **values):
		"""A Payment Entry of type Pay, over credit notes or by itself."""
		company = frappe.get_cached_doc("Company", COMPANY)
		entry = self.desk(
			self.subscription,
			amount,
			submit=False,
			payment_type="Pay",
			paid_from=company.default_cash_account,
			paid_to=company.default_receivable_account,
			customer_subscription=self.subscription.name,
			**values,
		)
		for note in notes:
			entry.append(
				"references",
				{
					"reference_doctype": "Sales Invoice",
					"reference_name": note,
					"allocated_amount": -amount / len(notes),
				},
			)
		entry.save()
		entry.submit()
		self.follow()
		return entry

	def credited(self, amount: float | None = None, **values):
		"""A period that was paid and is credited, in full or in part."""
		self.paid = self.pay(self.subscription)
		note = self.credit_note(self.paid.sales_invoice, amount, **values)
		self.follow()
		return note

	def follow(self) -> None:
		self.work(self.subscription)
		self.assert_agrees()

	def assert_agrees(self) -> None:
		due = sum(row.due for row in ledger.open_invoices(self.subscription.name))
		said = due - float(ledger.balance(self.subscription.name))
		self.assert_owes(round(said, 2), self.subscription)
		self.assertEqual(max(0, float(ledger.balance(self.subscription.name))), self.subscription.credit)

	def assert_the_next_payment_buys_a_period(self) -> None:
		for pay in (self.at_the_desk, self.by_mpesa):
			with self.subTest(pay.__name__):
				frappe.db.savepoint("as_it_was")
				pay()
				self.follow()
				self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))
				self.assert_owes(0, self.subscription)
				frappe.db.rollback(save_point="as_it_was")
				self.subscription.reload()

	def at_the_desk(self) -> None:
		self.desk(self.subscription, 1500)

	def by_mpesa(self) -> None:
		self.pay(self.subscription, 1500)

	def against(self, invoice: str, credit: float) -> dict:
		return {
			"account": frappe.get_cached_value("Company", COMPANY, "default_receivable_account"),
			"party_type": "Customer",
			"party": self.subscription.customer,
			"credit_in_account_currency": credit,
			"reference_type": "Sales Invoice",
			"reference_name": invoice,
		}

	def journal(self, *rows: dict):
		center = frappe.get_cached_value("Company", COMPANY, "cost_center")
		journal = frappe.get_doc(
			{
				"doctype": "Journal Entry",
				"company": COMPANY,
				"posting_date": frappe.utils.nowdate(),
				"cheque_no": factories.unique("JE"),
				"cheque_date": frappe.utils.nowdate(),
				"accounts": [{"cost_center": center, **row} for row in rows],
			}
		)
		journal.insert()
		journal.submit()
		return journal


class TestRefunds(RefundTestCase):
	def test_after_credit_note_and_refund_the_next_payment_buys_a_period(self):
		for apart in (0, 1):
			with self.subTest(update_outstanding_for_self=apart):
				self.subscription = self.subscribe()
				self.credited(update_outstanding_for_self=apart)
				self.assertEqual(("Expired", 1500), (self.subscription.status, self.subscription.credit))
				self.pay_back(1500)
				self.assertEqual(("Expired", 0), (self.subscription.status, self.subscription.credit))
				self.assertEqual(1500, application.missing(self.subscription))
				self.assert_owes(0, self.subscription)
				self.assert_the_next_payment_buys_a_period()

	def test_a_refund_over_the_credit_note_itself_does_the_same(self):
		note = self.credited()
		self.pay_back(1500, note.name)
		self.assert_owes(0, self.subscription)
		self.assert_the_next_payment_buys_a_period()

	def test_an_advance_that_was_paid_back_takes_no_later_money(self):
		self.pay(self.subscription, 1000)
		self.pay_back(1000)
		self.assertEqual(0, self.subscription.credit)
		self.assert_the_next_payment_buys_a_period()

	def test_the_rest_of_a_partial_refund_counts_for_the_next_period(self):
		for apart in (0, 1):
			with self.subTest(update_outstanding_for_self=apart):
				self.subscription = self.subscribe()
				self.credited(update_outstanding_for_self=apart)
				self.pay_back(500)
				self.assertEqual(1000, self.subscription.credit)
				self.assertEqual(500, application.missing(self.subscription))
				self.pay(self.subscription, 500)
				self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))
				self.assert_owes(0, self.subscription)

	def test_a_goodwill_credit_lowers_the_next_payment(self):
		self.credited(100)
		self.assertEqual(("Active", 100), (self.subscription.status, self.subscription.credit))
		self.pay(self.subscription, 1400)
		self.assert_days_left(60, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_a_refund_that_is_cancelled_leaves_the_credit(self):
		self.credited()
		entry = self.pay_back(1500)
		entry.reload()
		entry.cancel()
		self.follow()
		self.assertEqual(1500, self.subscription.credit)
		self.assert_owes(-1500, self.subscription)
		clock.advance(self.subscription.name)
		self.subscription.reload()
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))

	def test_a_refund_that_is_cancelled_after_the_next_payment_leaves_the_credit(self):
		self.credited()
		entry = self.pay_back(1500)
		self.at_the_desk()
		self.follow()
		entry.reload()
		entry.cancel()
		self.follow()
		self.assertEqual(("Active", 1500), (self.subscription.status, self.subscription.credit))

	def test_a_refund_that_the_reconciliation_tool_set_against_its_credit_note(self):
		self.credited()
		self.pay_back(1500)
		self.reconcile()
		self.follow()
		self.assert_owes(0, self.subscription)
		self.assertEqual(0, self.subscription.credit)
		self.assert_the_next_payment_buys_a_period()

	def test_a_credit_note_that_the_reconciliation_tool_set_against_the_next_invoice_pays_it(self):
		self.credited()
		self.hand_made_invoice(self.subscription)
		self.reconcile()
		self.follow()
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))
		self.assert_owes(0, self.subscription)

	def reconcile(self) -> None:
		tool = frappe.get_doc(
			{
				"doctype": "Payment Reconciliation",
				"company": COMPANY,
				"party_type": "Customer",
				"party": self.subscription.customer,
				"receivable_payable_account": frappe.get_cached_value(
					"Company", COMPANY, "default_receivable_account"
				),
			}
		)
		tool.get_unreconciled_entries()
		self.assertTrue(tool.invoices and tool.payments)
		tool.allocate_entries(
			frappe._dict(
				invoices=[row.as_dict() for row in tool.invoices],
				payments=[row.as_dict() for row in tool.payments],
			)
		)
		tool.reconcile()

	def test_the_credit_of_a_sale_that_nobody_paid_is_no_money(self):
		"""An invoice is written off by a Journal Entry, then credited: the ledger owes what was never received."""
		invoice = self.invoice(self.subscription)
		account = frappe.db.get_value("Account", {"company": COMPANY, "account_name": "Write Off"})
		self.journal(
			{"account": account, "debit_in_account_currency": 1500},
			self.against(invoice, 1500),
		)
		self.credit_note(invoice)
		self.work(self.subscription)
		self.assertEqual(("Draft", 0), (self.subscription.status, self.subscription.credit))
		self.hand_made_invoice(self.subscription)
		self.reconcile()
		self.work(self.subscription)
		self.assertEqual("Draft", self.subscription.status)
