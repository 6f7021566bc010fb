"""Invoices: what one buys, and what becomes of it when it is changed, credited, cancelled, amended."""

import frappe

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import application, periods, subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import COMPANY, BooksTestCase


class TestWhatAnInvoiceBuys(BooksTestCase):
	def test_an_invoice_older_than_a_change_of_plan_buys_what_was_invoiced(self):
		daily = factories.a_plan(price=50, validity_days=1)
		subscription = self.subscribe(daily)
		invoice = self.invoice(subscription)
		subscription.reload()
		subscription.internet_plan = factories.a_plan(price=1500).name
		subscription.save()
		self.pay(subscription, 50)
		self.assertEqual(0, self.due(invoice))
		self.assert_days_left(1, subscription)

	def test_an_invoice_older_than_a_change_of_the_plans_validity_buys_what_was_invoiced(self):
		plan = factories.a_plan()
		subscription = self.subscribe(plan)
		self.invoice(subscription)
		plan.reload()
		plan.validity_days = 7
		plan.save()
		self.pay(subscription)
		self.assert_days_left(30, subscription)

	def test_an_invoice_older_than_a_change_of_price_is_owed_as_it_stands(self):
		subscription = self.subscribe()
		invoice = self.invoice(subscription)
		subscription.reload()
		subscription.price = 2000
		subscription.save()
		self.pay(subscription, 2000)
		self.assertEqual([invoice], self.invoices(subscription))
		self.assert_days_left(30, subscription)
		self.assertEqual(500, subscription.credit)

	def test_three_periods_on_one_hand_made_invoice_are_three_periods(self):
		subscription = self.subscribe()
		invoice = self.hand_made_invoice(subscription, qty=3)
		self.desk(subscription, 4500, invoice.name)
		self.work(subscription)
		self.assert_days_left(90, subscription)

	def test_an_invoice_of_something_else_buys_no_internet(self):
		"""An installation fee with the subscription named on it, for the reports."""
		subscription = self.subscribe()
		item = frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": factories.unique("Installation"),
				"item_group": frappe.db.get_value("Item Group", {"is_group": 0}),
				"is_stock_item": 0,
			}
		).insert()
		fee = self.hand_made_invoice(subscription, item=item.name, rate=3000)
		self.desk(subscription, 3000, fee.name)
		self.work(subscription)
		self.assertEqual("Draft", subscription.status)
		self.assert_owes(0, subscription)

	def test_a_cash_sale_that_is_paid_at_once_buys_the_period(self):
		subscription = self.subscribe()
		self.hand_made_invoice(subscription, submit=False, **self.cash(1500)).submit()
		self.work(subscription)
		self.assert_days_left(30, subscription)
		self.assert_owes(0, subscription)

	def test_a_cash_sale_with_change_given_buys_the_period(self):
		subscription = self.subscribe()
		invoice = self.hand_made_invoice(subscription, submit=False, **self.cash(2000))
		invoice.submit()
		self.assertEqual(500, invoice.change_amount)
		self.work(subscription)
		self.assert_days_left(30, subscription)

	def test_a_little_money_does_not_pay_a_foreign_currency_invoice(self):
		"""10 dollars are due as 1,300 shillings; 20 shillings are not enough, though 20 is more than 10."""
		frappe.db.set_single_value(
			"Accounts Settings", "allow_multi_currency_invoices_against_single_party_account", 1
		)
		subscription = self.subscribe()
		invoice = self.hand_made_invoice(
			subscription, rate=10, currency="USD", conversion_rate=130, plc_conversion_rate=1
		)
		self.desk(subscription, 20, invoice.name)
		self.work(subscription)
		self.assertEqual("Draft", subscription.status)
		self.desk(subscription, 1280, invoice.name)
		self.work(subscription)
		self.assert_days_left(30, subscription)
		self.assert_owes(0, subscription)

	def test_a_debit_note_is_no_second_period(self):
		subscription = self.subscribe()
		payment = self.pay(subscription)
		note = self.hand_made_invoice(
			subscription, rate=100, is_debit_note=1, return_against=payment.sales_invoice
		)
		self.work(subscription)
		self.assert_days_left(30, subscription)
		self.desk(subscription, 100, note.name)
		self.work(subscription)
		self.assert_days_left(30, subscription)
		self.assert_owes(0, subscription)

	def test_an_invoice_of_another_company_is_refused(self):
		subscription = self.subscribe()
		self.isp_settings.company = site.COMPANY
		with self.assertRaisesRegex(frappe.ValidationError, site.COMPANY):
			self.hand_made_invoice(subscription)

	def test_a_till_of_another_company_sells_no_vouchers(self):
		"""Its money would be in other books, and its currency is another one than that of the price."""
		router = self.subscribe().mikrotik_settings
		frappe.db.set_value("MikroTik Settings", router, "enabled", 1)
		sale = {
			"doctype": "Sales Invoice",
			"company": site.COMPANY,
			"customer": factories.a_customer().name,
			"hotspot_router": router,
			"is_pos": 1,
			"currency": "KES",
			"items": [{"item_code": factories.a_package().item, "qty": 1, "rate": 20}],
			"payments": [{"mode_of_payment": "Cash", "amount": 20}],
		}
		with self.assertRaisesRegex(frappe.ValidationError, site.COMPANY):
			frappe.get_doc(sale).insert().submit()

	def test_an_invoice_for_a_stranger_is_refused(self):
		subscription = self.subscribe()
		with self.assertRaisesRegex(frappe.ValidationError, subscription.name):
			self.hand_made_invoice(subscription, customer=factories.a_customer().name)

	def test_an_invoice_of_nothing_is_not_made_for_a_plan_that_costs_nothing(self):
		subscription = self.subscribe(factories.a_plan(price=0, validity_days=1))
		subscriptions.activate(subscription.name)
		for _day in range(5):
			self.days_go_by(subscription, 1)
		self.assertEqual("Active", subscription.status)
		self.assertEqual([], self.invoices(subscription))

	def cash(self, amount: float) -> dict:
		account = frappe.get_cached_value("Company", COMPANY, "default_cash_account")
		cash = frappe.get_doc("Mode of Payment", "Cash")
		if not any(row.company == COMPANY for row in cash.accounts):
			cash.append("accounts", {"company": COMPANY, "default_account": account})
			cash.save()
		return {
			"is_pos": 1,
			"account_for_change_amount": account,
			"payments": [{"mode_of_payment": "Cash", "amount": amount, "account": account}],
		}


class TestCreditNotes(BooksTestCase):
	def test_a_refunded_period_is_taken_back(self):
		subscription = self.subscribe()
		payment = self.pay(subscription)
		self.credit_note(payment.sales_invoice)
		self.work(subscription)
		self.assertEqual("Expired", subscription.status)
		self.assert_owes(-1500, subscription)

	def test_a_refund_of_a_rounded_invoice_takes_the_period_back(self):
		subscription = self.subscribe()
		invoice = self.hand_made_invoice(subscription, rate=1499.6, disable_rounded_total=0)
		self.assertEqual(1500, invoice.rounded_total)
		self.desk(subscription, 1500, invoice.name)
		self.work(subscription)
		self.assert_days_left(30, subscription)
		self.credit_note(invoice.name)
		self.work(subscription)
		self.assertEqual("Expired", subscription.status)

	def test_a_goodwill_credit_leaves_the_period(self):
		subscription = self.subscribe()
		payment = self.pay(subscription)
		self.credit_note(payment.sales_invoice, 100)
		self.work(subscription)
		self.assert_days_left(30, subscription)
		self.assert_owes(-100, subscription)

	def test_a_credit_before_the_payment_is_a_discount(self):
		for apart in (0, 1):
			with self.subTest(update_outstanding_for_self=apart):
				subscription = self.subscribe()
				invoice = self.invoice(subscription)
				self.credit_note(invoice, 500, update_outstanding_for_self=apart)
				self.work(subscription)
				self.assertEqual("Draft", subscription.status)
				self.assertEqual(1000, application.missing(subscription))
				self.pay(subscription, 1000)
				self.assert_days_left(30, subscription)
				self.assert_owes(0, subscription)
				self.assertEqual(1500, application.missing(subscription))

	def test_money_is_not_put_on_an_invoice_that_was_credited_in_full(self):
		for apart in (0, 1):
			with self.subTest(update_outstanding_for_self=apart):
				subscription = self.subscribe()
				invoice = self.invoice(subscription)
				self.credit_note(invoice, update_outstanding_for_self=apart)
				self.work(subscription)
				payment = self.pay(subscription)
				self.assertNotEqual(invoice, payment.sales_invoice)
				self.assert_days_left(30, subscription)
				self.assert_owes(0, subscription)

	def test_a_credit_note_that_is_cancelled_gives_the_period_back(self):
		subscription = self.subscribe()
		note = self.credit_note(self.pay(subscription).sales_invoice)
		self.work(subscription)
		note.cancel()
		self.work(subscription)
		self.assert_days_left(30, subscription)
		self.assert_owes(0, subscription)

	def test_a_written_off_debt_buys_nothing(self):
		subscription = self.subscribe()
		invoice = self.invoice(subscription)
		self.pay(subscription, 1)
		self.journal(subscription, invoice, 1499, "write_off_account")
		self.work(subscription)
		self.assertEqual("Draft", subscription.status)
		self.assert_owes(0, subscription)

	def journal(self, subscription, invoice: str, amount: float, against: str):
		company = frappe.get_doc("Company", COMPANY)
		account = company.get(against) or frappe.db.get_value(
			"Account", {"company": COMPANY, "account_name": "Write Off"}
		)
		journal = frappe.get_doc(
			{
				"doctype": "Journal Entry",
				"company": COMPANY,
				"posting_date": frappe.utils.nowdate(),
				"accounts": [
					{
						"account": account,
						"debit_in_account_currency": amount,
						"cost_center": company.cost_center,
					},
					{
						"account": company.default_receivable_account,
						"party_type": "Customer",
						"party": subscription.customer,
						"credit_in_account_currency": amount,
						"reference_type": "Sales Invoice",
						"reference_name": invoice,
					},
				],
			}
		)
		journal.insert()
		journal.submit()
		return journal

	def test_a_journal_entry_from_the_bank_is_a_payment(self):
		subscription = self.subscribe()
		invoice = self.invoice(subscription)
		journal = self.journal(subscription, invoice, 1500, "default_cash_account")
		self.work(subscription)
		self.assert_days_left(30, subscription)
		journal.cancel()
		self.work(subscription)
		self.assertEqual("Expired", subscription.status)
		self.assert_owes(1500, subscription)


class TestCancelledInvoices(BooksTestCase):
	def test_a_cancelled_invoice_gives_its_money_back_as_an_advance(self):
		subscription = self.subscribe()
		payment = self.pay(subscription)
		frappe.get_doc("Sales Invoice", payment.sales_invoice).cancel()
		self.work(subscription)
		self.assertEqual(("Expired", 1500), (subscription.status, subscription.credit))
		self.assert_owes(-1500, subscription)

	def test_an_amended_invoice_of_the_same_thing_gives_the_same_period(self):
		subscription = self.subscribe()
		payment = self.pay(subscription)
		self.days_go_by(subscription, 10)
		invoice = frappe.get_doc("Sales Invoice", payment.sales_invoice)
		invoice.cancel()
		self.amend(invoice)
		self.work(subscription)
		self.assert_days_left(20, subscription)
		self.assert_owes(0, subscription)
		self.assertEqual(0, subscription.credit)

	def amend(self, invoice):
		"""As the form does it: what is not to be copied is copied all the same."""
		amended = frappe.copy_doc(invoice, ignore_no_copy=False)
		amended.update(
			{
				"amended_from": invoice.name,
				"docstatus": 0,
				"service_granted": 1,
				"service_from": invoice.service_from,
				"service_to": invoice.service_to,
				"advances": [],
			}
		)
		amended.insert()
		amended.submit()
		return amended

	def test_a_mistake_put_right_within_the_period_gives_no_free_days(self):
		subscription = self.subscribe()
		invoice = self.invoice(subscription)
		entry = self.desk(subscription, 1500, invoice)
		self.work(subscription)
		self.days_go_by(subscription, 10)
		entry.reload()
		entry.cancel()
		self.work(subscription)
		self.assertEqual("Expired", subscription.status)
		self.desk(subscription, 1500, invoice)
		self.work(subscription)
		self.assert_days_left(20, subscription)

	def test_two_periods_taken_back_and_paid_again_leave_what_was_not_used(self):
		subscription = self.subscribe()
		invoice = self.invoice(subscription)
		entry = self.desk(subscription, 3000, invoice)
		self.work(subscription)
		self.days_go_by(subscription, 30)
		self.days_go_by(subscription, 10)
		self.assertEqual(2, len(self.invoices(subscription)))
		self.assert_days_left(20, subscription)
		entry.reload()
		entry.cancel()
		self.work(subscription)
		self.assert_owes(3000, subscription)
		self.desk(subscription, 3000, *self.invoices(subscription))
		self.work(subscription)
		self.assert_days_left(20, subscription)
		self.assert_owes(0, subscription)

	def test_settling_again_changes_nothing(self):
		subscription = self.subscribe()
		self.pay(subscription, 4000)
		before = subscription.as_dict()
		periods.settle(subscription)
		for field in ("expiry_date", "credit", "status", "period_end", "payment_status"):
			self.assertEqual(before[field], subscription.get(field))
