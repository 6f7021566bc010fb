"""Cash, bank, cheque at the desk; cancelled entries, credit notes; what unverified entries may not do."""

from decimal import Decimal

import frappe
import requests

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.test_pay_and_go_online import CONFIRMATION


class TestDeskPayments(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)

	def test_cash_against_the_invoice_puts_the_customer_online(self):
		invoice = self.invoice()
		factories.a_desk_payment(self.subscription.customer, 1500, invoice)
		self.work()
		self.assert_active_and_square()
		self.assertEqual(1, frappe.db.get_value("Sales Invoice", invoice, "service_granted"))

	def test_half_the_cash_does_not(self):
		invoice = self.invoice()
		factories.a_desk_payment(self.subscription.customer, 750, invoice)
		self.work()
		self.assertEqual("Draft", self.status_of(self.subscription))
		factories.a_desk_payment(self.subscription.customer, 750, invoice)
		self.work()
		self.assert_active_and_square()

	def test_cash_on_account_of_the_subscription_buys_the_period(self):
		factories.a_desk_payment(self.subscription.customer, 1500, subscription=self.subscription.name)
		self.work()
		self.assert_active_and_square()

	def test_an_open_invoice_is_paid_by_mpesa_not_doubled(self):
		self.invoice()
		self.pay(self.subscription)
		self.work()
		self.assert_active_and_square()
		self.assertEqual(1, frappe.db.count("Sales Invoice", {"customer": self.subscription.customer}))

	def test_a_cancelled_payment_entry_takes_the_period_back(self):
		entry = factories.a_desk_payment(self.subscription.customer, 1500, self.invoice())
		self.work()
		session = self.sim.customer.login(
			self.subscription.username, self.subscription.get_password("password")
		)
		entry.reload()
		entry.cancel()
		frappe.db.commit()
		self.work()
		self.assertNotEqual("Active", self.status_of(self.subscription))
		self.assertFalse(session.is_live)
		self.assertEqual(Decimal(1500), self.receivable_of(self.subscription.customer))

	def test_a_credit_note_is_not_a_payment(self):
		from erpnext.controllers.sales_and_purchase_return import make_return_doc

		credit_note = make_return_doc("Sales Invoice", self.invoice())
		credit_note.insert()
		credit_note.submit()
		frappe.db.commit()
		self.work()
		self.assertEqual("Draft", self.status_of(self.subscription))

	def test_a_forged_confirmation_that_names_an_invoice_gives_no_service(self):
		"""With auto_reconcile_c2b on, frappe_mpsa_payments books a Payment Entry on the forger's word."""
		from mikrotik_integration.tests.test_pay_and_go_online import register_urls

		register_urls(self)
		frappe.db.set_value("Mpesa Settings", site.MPESA, "auto_reconcile_c2b", 1)
		frappe.db.commit()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_value, "Mpesa Settings", site.MPESA, "auto_reconcile_c2b", 0)
		invoice = self.invoice()
		receipt = "FAKE" + frappe.generate_hash(length=6).upper()
		requests.post(
			self.web.url + CONFIRMATION,
			json={
				"TransactionType": "Pay Bill",
				"TransID": receipt,
				"TransTime": "20261120120000",
				"TransAmount": "1500",
				"BusinessShortCode": site.SHORTCODE,
				"BillRefNumber": invoice,
				"MSISDN": "254712345678",
				"FirstName": "Mallory",
			},
			timeout=30,
		)
		for _round in range(3):
			self.work()
			self.daraja.settle()
		self.assertEqual("Draft", self.status_of(self.subscription))
		payment = frappe.get_doc("Subscription Payment", receipt)
		self.assertFalse(payment.verified)

	def test_the_ledger_agrees_with_the_payments(self):
		self.pay(self.subscription)
		self.work()
		factories.a_desk_payment(self.subscription.customer, 400, subscription=self.subscription.name)
		self.work()
		applied = frappe.get_all(
			"Subscription Payment",
			{"subscription": self.subscription.name, "status": "Applied"},
			["amount", "payment_entry"],
			order_by="creation",
		)
		entries = frappe.get_all(
			"Payment Entry", {"party": self.subscription.customer, "docstatus": 1}, ["name", "paid_amount"]
		)
		self.assertEqual(
			{row.payment_entry: row.amount for row in applied}, {row.name: row.paid_amount for row in entries}
		)
		self.assertEqual(Decimal(-400), self.receivable_of(self.subscription.customer))

	def invoice(self) -> str:
		name = subscriptions.invoice(self.subscription.name)
		frappe.db.commit()
		return name

	def assert_active_and_square(self) -> None:
		self.subscription.reload()
		self.assertEqual(("Active", "In Sync"), (self.subscription.status, self.subscription.router_status))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))
