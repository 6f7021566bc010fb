"""What every test of the books starts from, and the plain cases: money in, time out, ledger right.

These tests run in one transaction, rolled back at the end, in a company of their own: they see nobody and nobody
sees them.
"""

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

import frappe
from erpnext.controllers.sales_and_purchase_return import make_return_doc
from frappe.utils import get_datetime, getdate, now_datetime, nowdate

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import application, clock, periods, settings, subscriptions
from mikrotik_integration.services.locks import lock_row
from mikrotik_integration.tests import BenchTestCase, factories

COMPANY, ABBR = "Savanna Books", "SBK"
MODE = "Mpesa-Savanna Books"
ROUTER = "Router of the Books"
VAT = f"VAT 16% - {ABBR}"
CALENDAR = (
	"start_date",
	"expiry_date",
	"period_start",
	"period_end",
	"next_change",
	"dunned_for",
	"reminded_for",
	"paused_at",
)


def ensure_books() -> None:
	"""The company, its M-PESA account and a router that nobody talks to. Idempotent; commits."""
	if not frappe.db.exists("Company", site.COMPANY):
		site.ensure_site()
	if not frappe.db.exists("Company", COMPANY):
		frappe.get_doc(
			{
				"doctype": "Company",
				"company_name": COMPANY,
				"abbr": ABBR,
				"default_currency": "KES",
				"country": "Kenya",
				"chart_of_accounts": "Standard",
			}
		).insert()
	account = _ensure_account("M-PESA of the Books", "Bank")
	if not frappe.db.exists("Mode of Payment", MODE):
		mode = frappe.get_doc({"doctype": "Mode of Payment", "mode_of_payment": MODE, "type": "Bank"})
		mode.append("accounts", {"company": COMPANY, "default_account": account})
		mode.insert()
	if not frappe.db.exists("MikroTik Settings", ROUTER):
		frappe.get_doc(
			{
				"doctype": "MikroTik Settings",
				"router_name": ROUTER,
				"ip_address": "127.0.0.1",
				"api_username": "nobody",
				"api_password": "nothing",
				"enabled": 0,
			}
		).insert()
	if not frappe.db.exists("Sales Taxes and Charges Template", VAT):
		_make_vat()
	frappe.db.commit()


def take_the_series() -> None:
	"""In the order in which a payment takes them, so that no other transaction waits for us while we wait for it."""
	for prefix in (f"ACC-SINV-{getdate().year}-", f"ACC-PAY-{getdate().year}-"):
		lock_row("Series", prefix)


def _ensure_account(title: str, account_type: str, root: str = "Asset") -> str:
	name = f"{title} - {ABBR}"
	if not frappe.db.exists("Account", name):
		parent = frappe.db.get_value(
			"Account",
			{"company": COMPANY, "is_group": 1, "root_type": root, "parent_account": ("is", "set")},
			order_by="lft desc",
		)
		frappe.get_doc(
			{
				"doctype": "Account",
				"account_name": title,
				"company": COMPANY,
				"parent_account": parent,
				"account_type": account_type,
				"account_currency": "KES",
			}
		).insert()
	return name


def _make_vat() -> None:
	frappe.get_doc(
		{
			"doctype": "Sales Taxes and Charges Template",
			"title": "VAT 16%",
			"company": COMPANY,
			"taxes": [
				{
					"charge_type": "On Net Total",
					"account_head": _ensure_account("VAT Output", "Tax", "Liability"),
					"description": "VAT 16%",
					"rate": 16,
					"included_in_print_rate": 1,
				}
			],
		}
	).insert()


class BooksTestCase(BenchTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		ensure_books()

	def setUp(self) -> None:
		super().setUp()
		frappe.set_user("Administrator")
		frappe.db.rollback()
		take_the_series()
		self.isp_settings = frappe.get_doc("ISP Settings")
		self.isp_settings.update(
			{"company": COMPANY, "mode_of_payment": MODE, "cost_center": None, "income_account": None}
		)
		self.enterContext(patch.object(settings, "isp_settings", lambda: self.isp_settings))

	def enterContext(self, context):
		"""unittest's own needs Python 3.11."""
		value = context.__enter__()
		self.addCleanup(context.__exit__, None, None, None)
		return value

	def tearDown(self) -> None:
		frappe.set_user("Administrator")
		frappe.db.rollback()
		for doctype, name in (("Company", COMPANY), ("Accounts Settings", "Accounts Settings")):
			frappe.clear_document_cache(doctype, name)
		super().tearDown()

	# --- what happens ---

	def subscribe(self, plan=None, customer: str | None = None, **values):
		return frappe.get_doc(
			{
				"doctype": "Customer Subscription",
				"customer": customer or factories.a_customer().name,
				"internet_plan": (plan or factories.a_plan()).name,
				"mikrotik_settings": ROUTER,
				"phone_number": factories.a_phone(),
				**values,
			}
		).insert()

	def receive(self, subscription, amount: float, **values) -> str:
		"""An M-PESA payment that Daraja confirmed, not applied yet."""
		receipt = values.pop("receipt", factories.unique("R").replace(" ", "").upper())
		return (
			frappe.get_doc(
				{
					"doctype": "Subscription Payment",
					"payment_id": receipt,
					"source": "Pay Bill",
					"status": "Verified",
					"verified": 1,
					"receipt": receipt,
					"amount": amount,
					"currency": "KES",
					"account_typed": subscription.name,
					"subscription": subscription.name,
					"customer": subscription.customer,
					"paid_on": now_datetime(),
					**values,
				}
			)
			.insert()
			.name
		)

	def pay(self, subscription, amount: float = 1500, **values):
		name = self.receive(subscription, amount, **values)
		application.apply(name)
		subscription.reload()
		return frappe.get_doc("Subscription Payment", name)

	def desk(self, subscription, amount: float, *invoices: str, submit: bool = True, **values):
		"""A Payment Entry in cash, as staff make it; allocated to the invoices in turn."""
		entry = frappe.get_doc(
			{
				"doctype": "Payment Entry",
				"payment_type": "Receive",
				"company": COMPANY,
				"party_type": "Customer",
				"party": subscription.customer,
				"paid_from": frappe.get_cached_value("Company", COMPANY, "default_receivable_account"),
				"paid_to": frappe.get_cached_value("Company", COMPANY, "default_cash_account"),
				"paid_amount": amount,
				"received_amount": amount,
				"source_exchange_rate": 1,
				"target_exchange_rate": 1,
				"customer_subscription": None if invoices else subscription.name,
				**values,
			}
		)
		left = amount
		for invoice in invoices:
			allocated = min(left, self.due(invoice))
			left -= allocated
			entry.append(
				"references",
				{
					"reference_doctype": "Sales Invoice",
					"reference_name": invoice,
					"allocated_amount": allocated,
				},
			)
		entry.insert()
		if submit:
			entry.submit()
		return entry

	def invoice(self, subscription) -> str:
		return subscriptions.invoice(subscription.name)

	def hand_made_invoice(self, subscription, submit: bool = True, rate: float = 1500, **values):
		"""A Sales Invoice that an accountant types in."""
		item = values.pop("item", None) or frappe.db.get_value(
			"Internet Plan", subscription.internet_plan, "item"
		)
		invoice = frappe.get_doc(
			{
				"doctype": "Sales Invoice",
				"company": COMPANY,
				"customer": subscription.customer,
				"customer_subscription": subscription.name,
				"due_date": nowdate(),
				"currency": "KES",
				"disable_rounded_total": 1,
				"items": [{"item_code": item, "qty": values.pop("qty", 1), "rate": rate}],
				**values,
			}
		).insert()
		if submit:
			invoice.submit()
		return invoice

	def credit_note(self, invoice: str, amount: float | None = None, **values):
		"""For the whole invoice, or for an amount of it."""
		note = make_return_doc("Sales Invoice", invoice)
		note.update({"advances": [], **values})
		if amount is not None:
			note.items[0].rate = amount / abs(note.items[0].qty)
		note.insert()
		note.submit()
		return note

	def work(self, *subscriptions_) -> None:
		"""What the background jobs do: apply what is verified, then follow the books."""
		for subscription in subscriptions_:
			verified = frappe.get_all(
				"Subscription Payment",
				{"subscription": subscription.name, "status": "Verified"},
				pluck="name",
				order_by="creation",
			)
			for name in verified:
				application.apply(name)
			periods.settle(frappe.get_doc("Customer Subscription", subscription.name))
			subscription.reload()

	def days_go_by(self, subscription, days: float, daily: bool = True) -> None:
		"""Everything on the calendar lies so much earlier; then the clock's jobs run for this subscription."""
		by = timedelta(days=days)
		row = frappe.db.get_value("Customer Subscription", subscription.name, CALENDAR, as_dict=True)
		frappe.db.set_value(
			"Customer Subscription",
			subscription.name,
			{field: get_datetime(value) - by for field, value in row.items() if value},
		)
		for invoice in frappe.get_all(
			"Sales Invoice",
			{"customer_subscription": subscription.name, "service_from": ("is", "set")},
			["name", "service_from", "service_to"],
			order_by="name",
		):
			frappe.db.set_value(
				"Sales Invoice",
				invoice.name,
				{"service_from": invoice.service_from - by, "service_to": invoice.service_to - by},
			)
		change = frappe.db.get_value("Customer Subscription", subscription.name, "next_change")
		if daily and self.plan_of(subscription).billing == "Postpaid":
			clock.dun(subscription.name)
		if change and get_datetime(change) <= now_datetime():
			clock.advance(subscription.name)
		subscription.reload()

	# --- what the books say ---

	def plan_of(self, subscription):
		return frappe.get_doc("Internet Plan", subscription.internet_plan)

	def due(self, invoice: str) -> float:
		return frappe.db.get_value("Sales Invoice", invoice, "outstanding_amount")

	def receivable_of(self, customer: str) -> Decimal:
		"""What the ledger says that a customer owes (an advance is negative), on whatever account."""
		entry = frappe.qb.DocType("GL Entry")
		rows = (
			frappe.qb.from_(entry)
			.select(entry.debit - entry.credit)
			.where((entry.party == customer) & (entry.is_cancelled == 0))
		).run(pluck=True)
		return Decimal(str(round(sum(rows), 2)))

	def days_left(self, subscription) -> float:
		"""Paid time from now, in days; an empty subscription has none."""
		if not subscription.expiry_date:
			return 0.0
		return (get_datetime(subscription.expiry_date) - now_datetime()).total_seconds() / 86400

	def invoices(self, subscription) -> list[str]:
		return frappe.get_all(
			"Sales Invoice",
			{"customer_subscription": subscription.name, "docstatus": 1, "is_return": 0},
			pluck="name",
			order_by="creation",
		)

	def assert_days_left(self, days: float, subscription) -> None:
		self.assertAlmostEqual(days, self.days_left(subscription), delta=0.02)

	def assert_owes(self, amount, subscription) -> None:
		self.assertEqual(Decimal(str(amount)), self.receivable_of(subscription.customer))


class TestPlainBooks(BooksTestCase):
	def test_the_exact_price_buys_one_period_and_nothing_stays_due(self):
		subscription = self.subscribe()
		payment = self.pay(subscription)
		self.assertEqual("Applied", payment.status, payment.review_reason)
		self.assert_days_left(30, subscription)
		self.assert_owes(0, subscription)

	def test_paying_while_an_advance_would_suffice_loses_nothing(self):
		subscription = self.subscribe()
		self.pay(subscription, 3000)
		payment = self.pay(subscription, 1500)
		self.assertEqual("Applied", payment.status, payment.review_reason)
		self.assert_days_left(60, subscription)
		self.assertEqual(1500, subscription.credit)
		self.assert_owes(-1500, subscription)

	def test_little_by_little_until_it_suffices(self):
		subscription = self.subscribe()
		for amount in (500, 500):
			self.pay(subscription, amount)
		self.assertEqual("Draft", subscription.status)
		self.pay(subscription, 700)
		self.assert_days_left(30, subscription)
		self.assertEqual(200, subscription.credit)
		self.assert_owes(-200, subscription)

	def test_an_advance_buys_the_next_period_when_this_one_ends(self):
		subscription = self.subscribe()
		self.pay(subscription, 4600)
		self.days_go_by(subscription, 30)
		self.days_go_by(subscription, 30)
		self.assertEqual(("Active", 100), (subscription.status, subscription.credit))
		self.assertEqual(3, len(self.invoices(subscription)))
		self.days_go_by(subscription, 31)
		self.assertEqual("Expired", subscription.status)
		self.assert_owes(-100, subscription)
