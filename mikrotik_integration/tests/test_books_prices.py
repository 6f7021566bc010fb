"""Less than the price needs a manager: invoices, credit notes, the price of a subscription."""

import frappe

from mikrotik_integration.services import subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import VAT, BooksTestCase
from mikrotik_integration.tests.visitors import a_user


class TestLessThanThePrice(BooksTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		cls.accountant = a_user("Accounts User")
		cls.manager = a_user("Accounts User", "Accounts Manager")
		cls.staff = a_user("ISP Staff")

	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe()

	def drafted(self, **values):
		frappe.set_user(self.accountant)
		return self.hand_made_invoice(self.subscription, submit=False, **values)

	def assert_needs_a_manager(self, draft) -> None:
		self.assert_refused(draft.submit)
		draft.reload()
		self.assertEqual(0, draft.docstatus)
		frappe.set_user(self.manager)
		draft.submit()
		frappe.set_user("Administrator")

	def assert_refused(self, submit) -> None:
		"""As a request does: what is refused is rolled back."""
		frappe.db.savepoint("request")
		with self.assertRaisesRegex(frappe.PermissionError, "Accounts Manager has to submit"):
			submit()
		frappe.db.rollback(save_point="request")

	def test_an_invoice_at_the_price_needs_none(self):
		for values in ({}, {"qty": 3}, {"taxes_and_charges": VAT, "taxes": self.vat()}):
			with self.subTest(values=values):
				self.assert_needs_none(self.drafted(**values))

	def assert_needs_none(self, draft) -> None:
		draft.submit()
		submitted = frappe.db.get_value("Sales Invoice", draft.name, ["docstatus", "modified_by"])
		self.assertEqual((1, self.accountant), submitted)

	def vat(self) -> list[dict]:
		template = frappe.get_doc("Sales Taxes and Charges Template", VAT)
		fields = ("charge_type", "account_head", "description", "rate", "included_in_print_rate")
		return [{field: row.get(field) for field in fields} for row in template.taxes]

	def test_a_lower_rate_needs_a_manager_and_buys_what_the_manager_sold(self):
		draft = self.drafted(rate=1000)
		self.assert_needs_a_manager(draft)
		self.desk(self.subscription, 1000, draft.name)
		self.work(self.subscription)
		self.assert_days_left(30, self.subscription)

	def test_a_discount_needs_a_manager(self):
		self.assert_needs_a_manager(self.drafted(additional_discount_percentage=50))
		self.assert_needs_a_manager(self.drafted(discount_amount=1, apply_discount_on="Grand Total"))

	def test_a_part_of_a_period_needs_a_manager(self):
		frappe.db.set_value("UOM", "Nos", "must_be_whole_number", 0)
		self.assert_needs_a_manager(self.drafted(qty=0.5))

	def test_another_plans_item_needs_a_manager(self):
		cheap = factories.a_plan(price=100)
		self.assert_needs_a_manager(self.drafted(item=cheap.item, rate=100))

	def test_something_dear_beside_a_period_for_nothing_needs_a_manager(self):
		item = frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": factories.unique("Installation"),
				"item_group": frappe.db.get_value("Item Group", {"is_group": 0}),
				"is_stock_item": 0,
			}
		).insert()
		draft = self.drafted(rate=0)
		draft.append("items", {"item_code": item.name, "qty": 1, "rate": 3000})
		draft.save()
		self.assert_needs_a_manager(draft)

	def test_the_price_that_a_manager_gave_a_customer_needs_no_manager_again(self):
		self.subscription.price = 900
		self.subscription.save()
		self.assert_needs_none(self.drafted(rate=900))

	def test_a_credit_note_over_a_part_of_a_period_needs_a_manager(self):
		invoice = self.invoice(self.subscription)
		frappe.set_user(self.accountant)
		self.assert_refused(lambda: self.credit_note(invoice, 1499))
		frappe.set_user(self.manager)
		self.credit_note(invoice, 500)

	def test_a_credit_note_over_all_of_it_needs_none(self):
		payment = self.pay(self.subscription)
		frappe.set_user(self.accountant)
		self.credit_note(payment.sales_invoice)
		frappe.set_user("Administrator")
		self.work(self.subscription)
		self.assertEqual("Expired", self.subscription.status)

	def test_a_credit_note_over_used_time_needs_a_manager(self):
		"""Its money would buy the next period: a month for nothing, every month."""
		payment = self.pay(self.subscription)
		self.days_go_by(self.subscription, 20)
		frappe.set_user(self.accountant)
		self.assert_refused(lambda: self.credit_note(payment.sales_invoice))
		frappe.set_user(self.manager)
		self.credit_note(payment.sales_invoice)

	def test_a_credit_note_over_used_time_whose_money_was_taken_back_needs_a_manager(self):
		invoice = self.invoice(self.subscription)
		entry = self.desk(self.subscription, 1500, invoice)
		self.work(self.subscription)
		self.days_go_by(self.subscription, 20)
		entry.reload()
		entry.cancel()
		self.work(self.subscription)
		frappe.set_user(self.accountant)
		self.assert_refused(lambda: self.credit_note(invoice))

	def test_a_credit_note_over_what_was_served_on_credit_needs_a_manager(self):
		postpaid = self.subscribe(factories.a_plan(billing="Postpaid"))
		subscriptions.activate(postpaid.name)
		self.days_go_by(postpaid, 27)
		(bill,) = self.invoices(postpaid)
		frappe.set_user(self.accountant)
		self.assert_refused(lambda: self.credit_note(bill))

	def test_a_credit_note_over_a_period_that_has_not_begun_needs_none(self):
		self.pay(self.subscription)
		second = self.hand_made_invoice(self.subscription)
		self.desk(self.subscription, 1500, second.name)
		self.work(self.subscription)
		self.days_go_by(self.subscription, 20)
		frappe.set_user(self.accountant)
		self.credit_note(second.name)
		frappe.set_user("Administrator")
		self.work(self.subscription)
		self.assert_days_left(10, self.subscription)

	def test_staff_do_not_raise_a_price_before_they_change_the_plan(self):
		"""Paid time is worth the price: twelve months for 1,200 would become ten years of a plan for 150."""
		self.subscription.price = 100
		self.subscription.save()
		frappe.set_user(self.staff)
		self.subscription.price = 1500
		with self.assertRaisesRegex(frappe.PermissionError, "ISP Manager"):
			self.subscription.save()

	def test_staff_change_the_plan_and_the_price_follows(self):
		plan = factories.a_plan(price=700)
		frappe.set_user(self.staff)
		self.subscription.internet_plan = plan.name
		self.subscription.save()
		self.assertEqual(700, self.subscription.price)


class TestAmendedInvoices(BooksTestCase):
	def test_a_further_line_on_an_amended_invoice_gives_back_no_used_days(self):
		subscription = self.subscribe()
		payment = self.pay(subscription)
		self.days_go_by(subscription, 20)
		invoice = frappe.get_doc("Sales Invoice", payment.sales_invoice)
		invoice.cancel()
		amended = frappe.copy_doc(invoice)
		amended.update({"amended_from": invoice.name, "advances": []})
		amended.items[0].qty = 2
		amended.insert()
		amended.submit()
		self.desk(subscription, 1500, amended.name)
		self.work(subscription)
		self.assert_days_left(40, subscription)
		self.assert_owes(0, subscription)
