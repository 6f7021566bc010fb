"""Books that refuse: closed, frozen, disabled, missing. Money waits, the reason is shown, and nothing is lost."""

from unittest.mock import patch

import frappe
from frappe.utils import add_days, get_first_day, now_datetime, nowdate

from mikrotik_integration.services import application, clock, jobs, messages, subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import COMPANY, BooksTestCase, _ensure_account


class TestBooksThatRefuse(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe()

	def assert_waits_then_is_applied(self, words: str, mend) -> None:
		name = self.receive(self.subscription, 1500)
		frappe.db.savepoint("as_it_was")
		with self.assertRaisesRegex(frappe.ValidationError, words) as refusal:
			application.apply(name)
		frappe.db.rollback(save_point="as_it_was")
		application.postpone(name, refusal.exception)
		payment = frappe.get_doc("Subscription Payment", name)
		self.assertEqual("Verified", payment.status)
		self.assertRegex(payment.review_reason, words)
		self.assertNotIn("<", payment.review_reason)
		self.assertGreater(payment.next_ask, now_datetime())
		self.assert_owes(0, self.subscription)
		mend()
		self.assertTrue(application.apply(name))
		self.subscription.reload()
		self.assert_days_left(30, self.subscription)
		self.assertFalse(frappe.db.get_value("Subscription Payment", name, "review_reason"))

	def close_the_month(self):
		period = frappe.get_doc(
			{
				"doctype": "Accounting Period",
				"period_name": factories.unique("Closed"),
				"company": COMPANY,
				"start_date": get_first_day(nowdate()),
				"end_date": add_days(nowdate(), 1),
				"closed_documents": [
					{"document_type": doctype, "closed": 1} for doctype in ("Sales Invoice", "Payment Entry")
				],
			}
		)
		period.flags.ignore_permissions = True
		return period.insert()

	def test_a_payment_in_a_closed_period_waits(self):
		period = self.close_the_month()
		self.assert_waits_then_is_applied("closed Accounting Period", period.delete)

	def test_a_payment_for_a_disabled_item_waits(self):
		item = frappe.db.get_value("Internet Plan", self.subscription.internet_plan, "item")
		frappe.db.set_value("Item", item, "disabled", 1)
		self.assert_waits_then_is_applied(
			"disabled", lambda: frappe.db.set_value("Item", item, "disabled", 0)
		)

	def test_a_payment_of_a_disabled_customer_waits(self):
		customer = self.subscription.customer
		frappe.db.set_value("Customer", customer, "disabled", 1)
		self.assert_waits_then_is_applied(
			"disabled", lambda: frappe.db.set_value("Customer", customer, "disabled", 0)
		)

	def test_a_payment_of_a_frozen_customer_waits(self):
		customer = self.subscription.customer
		frappe.db.set_value("Customer", customer, "is_frozen", 1)
		self.assert_waits_then_is_applied(
			"frozen", lambda: frappe.db.set_value("Customer", customer, "is_frozen", 0)
		)

	def test_a_payment_before_the_first_fiscal_year_waits(self):
		name = self.receive(self.subscription, 1500, paid_on="1999-12-31 23:59:00")
		with self.assertRaisesRegex(frappe.ValidationError, "Fiscal Year"):
			application.apply(name)

	def test_a_missing_account_is_said_in_plain_words(self):
		self.isp_settings.mode_of_payment = None
		self.assert_waits_then_is_applied(
			"Mode of Payment", lambda: self.isp_settings.update({"mode_of_payment": "Mpesa-Savanna Books"})
		)

	def test_a_renewal_that_the_books_refuse_is_shown_and_made_up_for(self):
		self.pay(self.subscription, 3000)
		period = self.close_the_month()
		self.days_go_by(self.subscription, 31)
		self.assertEqual("Expired", self.subscription.status)
		self.assertIn("closed", self.subscription.status_reason)
		self.assertGreater(self.subscription.next_change, now_datetime())
		self.assertEqual(1500, self.subscription.credit)
		period.delete()
		clock.advance(self.subscription.name)
		self.subscription.reload()
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))
		self.assert_owes(0, self.subscription)

	def test_a_broken_message_template_is_not_met_before_the_books_stand(self):
		broken = "{{ expiry.year.month }}"
		self.isp_settings.update({"send_sms": 1, "message_online": broken})
		payment = self.pay(self.subscription)
		with patch.object(jobs, "enqueue") as queued:
			messages.payment_applied(payment)
		self.assertEqual(broken, queued.call_args.kwargs["template"])


class TestUnusedCredit(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe()
		self.pay(self.subscription, 3000)

	def catch_up(self) -> None:
		self.assertIn(self.subscription.name, clock.with_unused_credit())
		clock.advance(self.subscription.name)
		self.subscription.reload()

	def test_credit_waits_while_staff_hold_and_buys_when_they_release(self):
		subscriptions.act(self.subscription.name, "hold")
		self.days_go_by(self.subscription, 31)
		self.assertEqual(1, len(self.invoices(self.subscription)))
		subscriptions.act(self.subscription.name, "release")
		self.catch_up()
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))

	def test_credit_of_a_disabled_customer_waits_and_buys_when_enabled(self):
		customer = frappe.get_doc("Customer", self.subscription.customer)
		customer.disabled = 1
		customer.save()
		self.days_go_by(self.subscription, 31)
		self.subscription.reload()
		self.assertEqual(("Suspended", 1500), (self.subscription.status, self.subscription.credit))
		customer.disabled = 0
		customer.save()
		self.catch_up()
		self.assertEqual(("Active", 0), (self.subscription.status, self.subscription.credit))

	def test_credit_that_suffices_after_a_change_to_a_cheaper_plan_buys_it(self):
		waiting = self.subscribe()
		self.pay(waiting, 1000)
		waiting.internet_plan = factories.a_plan(price=900).name
		waiting.save()
		self.assertIn(waiting.name, clock.with_unused_credit())
		clock.advance(waiting.name)
		waiting.reload()
		self.assertEqual(("Active", 100), (waiting.status, waiting.credit))

	def test_credit_of_a_terminated_subscription_stays_to_be_seen_until_it_is_paid_back(self):
		subscriptions.act(self.subscription.name, "terminate")
		self.days_go_by(self.subscription, 40)
		self.assertNotIn(self.subscription.name, clock.with_unused_credit())
		self.assertEqual(1500, self.subscription.credit)
		self.assert_owes(-1500, self.subscription)
		company = frappe.get_cached_doc("Company", COMPANY)
		self.desk(
			self.subscription,
			1500,
			payment_type="Pay",
			paid_from=company.default_cash_account,
			paid_to=company.default_receivable_account,
		)
		self.work(self.subscription)
		self.assertEqual(0, self.subscription.credit)
		self.assert_owes(0, self.subscription)


class TestOneCompanyLikeNoOther(BooksTestCase):
	"""Settings of ERPNext that providers have switched on for reasons of their own."""

	def test_advances_in_an_account_of_their_own_renew_all_the_same(self):
		account = _ensure_account("Advances Received", "Receivable", "Liability")
		frappe.db.set_value(
			"Company",
			COMPANY,
			{
				"book_advance_payments_in_separate_party_account": 1,
				"default_advance_received_account": account,
			},
		)
		frappe.clear_document_cache("Company", COMPANY)
		subscription = self.subscribe()
		self.pay(subscription, 1000)
		self.pay(subscription, 2100)
		self.assert_days_left(30, subscription)
		self.assertEqual(1600, subscription.credit)
		self.days_go_by(subscription, 30)
		self.assert_days_left(30, subscription)
		invoice = self.hand_made_invoice(subscription, rate=80)
		self.work(subscription)
		self.assertEqual(0, self.due(invoice.name))
		self.assert_owes(-20, subscription)
		self.assertEqual(20, subscription.credit)

	def test_payment_terms_by_default_do_not_get_in_the_way(self):
		term = frappe.get_doc(
			{"doctype": "Payment Term", "payment_term_name": factories.unique("Half"), "invoice_portion": 50}
		).insert()
		template = frappe.get_doc(
			{
				"doctype": "Payment Terms Template",
				"template_name": factories.unique("Halves"),
				"allocate_payment_based_on_payment_terms": 1,
				"terms": [
					{"payment_term": term.name, "invoice_portion": 50, "credit_days": days}
					for days in (10, 40)
				],
			}
		).insert()
		customer = factories.a_customer(payment_terms=template.name)
		subscription = self.subscribe(customer=customer.name)
		self.invoice(subscription)
		self.pay(subscription)
		self.assert_days_left(30, subscription)
		self.hand_made_invoice(subscription)
		self.pay(subscription)
		self.assert_days_left(60, subscription)
		self.assert_owes(0, subscription)

	def test_a_price_list_in_a_foreign_currency_needs_no_exchange_rate(self):
		prices = frappe.get_doc(
			{
				"doctype": "Price List",
				"price_list_name": factories.unique("Dollars"),
				"currency": "USD",
				"selling": 1,
				"enabled": 1,
			}
		).insert()
		customer = factories.a_customer(default_price_list=prices.name)
		subscription = self.subscribe(customer=customer.name)
		self.pay(subscription)
		self.assert_days_left(30, subscription)
		self.assert_owes(0, subscription)

	def test_a_customer_with_a_receivable_account_of_their_own(self):
		account = _ensure_account("Debtors Corporate", "Receivable")
		customer = factories.a_customer(accounts=[{"company": COMPANY, "account": account}])
		subscription = self.subscribe(customer=customer.name)
		self.pay(subscription, 4500)
		self.days_go_by(subscription, 30)
		self.days_go_by(subscription, 30)
		self.assert_days_left(30, subscription)
		self.assert_owes(0, subscription)

	def test_an_advance_from_before_the_customer_got_an_account_of_their_own_waits_visibly(self):
		subscription = self.subscribe()
		self.pay(subscription, 3000)
		customer = frappe.get_doc("Customer", subscription.customer)
		account = _ensure_account("Debtors Corporate", "Receivable")
		customer.append("accounts", {"company": COMPANY, "account": account})
		customer.save()
		self.days_go_by(subscription, 30)
		self.assert_owes(0, subscription)

	def test_money_in_another_currency_waits_for_a_person(self):
		subscription = self.subscribe()
		payment = self.pay(subscription, 10, currency="USD")
		self.assertEqual("Needs Review", payment.status)
		self.assertIn("USD", payment.review_reason)

	def test_cost_center_and_income_account_of_isp_settings_are_used(self):
		company = frappe.get_cached_doc("Company", COMPANY)
		parent = frappe.db.get_value("Cost Center", {"company": COMPANY, "is_group": 1})
		center = frappe.get_doc(
			{
				"doctype": "Cost Center",
				"cost_center_name": factories.unique("Internet"),
				"company": COMPANY,
				"parent_cost_center": parent,
			}
		).insert()
		income = _ensure_account("Internet Income", "Income Account", "Income")
		self.isp_settings.update({"cost_center": center.name, "income_account": income})
		payment = self.pay(self.subscribe())
		booked = frappe.get_all(
			"GL Entry",
			{"voucher_no": ("in", (payment.sales_invoice, payment.payment_entry)), "is_cancelled": 0},
			["account", "cost_center", "credit"],
			order_by="name",
		)
		self.assertEqual({center.name}, {row.cost_center for row in booked if row.cost_center})
		self.assertIn((income, 1500), [(row.account, row.credit) for row in booked])
		self.assertNotEqual(company.cost_center, center.name)
