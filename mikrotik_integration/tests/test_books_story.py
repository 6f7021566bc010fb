"""Invariant 4 and its neighbours over any sequence of events: ledger = payments, receivable = invoices less money,
paid time = paid invoices. Each story is a seed; a failure tells the seed, and what has happened until then.
"""

import random
from datetime import timedelta

import frappe
from frappe.utils import flt

from mikrotik_integration.services import application, clock, ledger, subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import COMPANY, BooksTestCase

STEPS = 18
PRICE = 1500
MONTH, ZERO = timedelta(days=30), timedelta(0)


class Story(BooksTestCase):
	billing = "Prepaid"
	on_credit = 0.0  # days that the first period gives without money
	grace = 0.0  # days that may be overdrawn

	def setUp(self) -> None:
		super().setUp()
		self.isp_settings.grace_days = self.grace
		self.subscription = self.subscribe(factories.a_plan(price=PRICE, billing=self.billing))
		self.balance = self.on_credit  # days of paid or credited time that are left
		self.online = 0.0  # days of service so far
		self.granted: dict[str, timedelta] = {}

	def assert_all_agrees_whatever_happens(self, seed: int) -> None:
		self.chance = random.Random(seed)
		events = (
			[self.mpesa] * 5
			+ [self.cash] * 3
			+ [self.time_goes_by] * 4
			+ [
				self.staff_make_an_invoice,
				self.an_entry_is_cancelled,
				self.an_entry_is_amended,
				self.an_invoice_is_cancelled,
				self.an_invoice_is_credited,
				self.an_invoice_is_credited_in_part,
				self.a_credit_note_is_cancelled,
				self.money_is_paid_back,
				self.money_is_paid_back_in_part,
				self.a_refund_is_cancelled,
				self.catch_up,
			]
		)
		happened: list[str] = []
		with self.subTest(seed=seed, happened=happened):
			for _step in range(STEPS):
				event = self.chance.choice(events)
				happened.append(event.__name__)
				event()
				self.work(self.subscription)
				self.assert_all_agrees()

	# --- events ---

	def mpesa(self) -> None:
		self.pay(self.subscription, self.chance.choice((200, 750, 1500, 1500, 1600, 3100)))

	def cash(self) -> None:
		amount = self.chance.choice((300, 1500, 2500))
		open_ = [name for name in self.invoices(self.subscription) if self.due(name) > 0]
		self.desk(self.subscription, amount, *self.chance.choice(([], open_)))

	def time_goes_by(self) -> None:
		days = self.chance.choice((1, 10, 29, 30, 45))
		self.online += min(days, self.balance + self.grace)
		self.balance = max(self.balance - days, -self.grace)
		self.days_go_by(self.subscription, days)
		for name in self.granted:
			self.granted[name] = self.window(name)

	def staff_make_an_invoice(self) -> None:
		self.invoice(self.subscription)

	def an_entry_is_cancelled(self) -> None:
		if entry := self.any_of("Payment Entry", {"payment_type": "Receive"}):
			entry.cancel()

	def an_entry_is_amended(self) -> None:
		if not (entry := self.any_of("Payment Entry", {"payment_type": "Receive"})):
			return
		entry.cancel()
		self.chance.choice((lambda: self.work(self.subscription), lambda: None))()
		amended = frappe.copy_doc(entry)
		amended.update({"amended_from": entry.name, "references": [], "docstatus": 0})
		amended.insert()
		amended.submit()

	def an_invoice_is_cancelled(self) -> None:
		invoice = self.any_of("Sales Invoice", {"is_return": 0})
		if invoice and not frappe.db.exists(
			"Sales Invoice", {"return_against": invoice.name, "docstatus": ("<", 2)}
		):
			invoice.cancel()

	def an_invoice_is_credited(self) -> None:
		self.credited(None)

	def an_invoice_is_credited_in_part(self) -> None:
		self.credited(self.chance.choice((100, 700)))

	def credited(self, amount: float | None) -> None:
		invoice = self.any_of("Sales Invoice", {"is_return": 0})
		if invoice and not frappe.db.exists(
			"Sales Invoice", {"return_against": invoice.name, "docstatus": ("<", 2)}
		):
			self.credit_note(invoice.name, amount, update_outstanding_for_self=self.chance.choice((0, 1)))

	def a_credit_note_is_cancelled(self) -> None:
		if note := self.any_of("Sales Invoice", {"is_return": 1}):
			note.cancel()

	def money_is_paid_back(self) -> None:
		self.paid_back(self.subscription.credit)

	def money_is_paid_back_in_part(self) -> None:
		self.paid_back(self.subscription.credit / 2)

	def paid_back(self, amount: float) -> None:
		if not amount:
			return
		company = frappe.get_cached_doc("Company", COMPANY)
		self.desk(
			self.subscription,
			amount,
			payment_type="Pay",
			paid_from=company.default_cash_account,
			paid_to=company.default_receivable_account,
		)

	def a_refund_is_cancelled(self) -> None:
		if entry := self.any_of("Payment Entry", {"payment_type": "Pay"}):
			entry.cancel()

	def catch_up(self) -> None:
		if self.subscription.name in clock.with_unused_credit():
			clock.advance(self.subscription.name)

	def any_of(self, doctype: str, filters: dict):
		names = frappe.get_all(
			doctype,
			{"customer_subscription": self.subscription.name, "docstatus": 1, **filters},
			pluck="name",
			order_by="creation",
		)
		return frappe.get_doc(doctype, self.chance.choice(names)) if names else None

	# --- what must hold ---

	def assert_all_agrees(self) -> None:
		self.assert_entries_are_payments()
		self.assert_receivable()
		self.assert_granted_are_paid()
		self.assert_time()
		self.assert_nothing_lies_idle()

	def entries(self, payment_type: str) -> list:
		return frappe.get_all(
			"Payment Entry",
			{"customer_subscription": self.subscription.name, "docstatus": 1, "payment_type": payment_type},
			["name", "paid_amount", "unallocated_amount", "posting_date"],
			order_by="name",
		)

	def assert_entries_are_payments(self) -> None:
		"""One submitted Payment Entry for each applied payment, of its amount and in the ledger."""
		applied = frappe.get_all(
			"Subscription Payment",
			{"subscription": self.subscription.name, "status": "Applied"},
			["payment_entry", "amount"],
			order_by="payment_entry",
		)
		entries = self.entries("Receive")
		if not entries:
			self.assertEqual([], applied)
			return
		self.assertEqual(
			[(row.payment_entry, row.amount) for row in applied],
			[(row.name, row.paid_amount) for row in entries],
		)
		banked = frappe.get_all(
			"GL Entry",
			{"voucher_no": ("in", [row.name for row in entries]), "is_cancelled": 0, "debit": (">", 0)},
			["voucher_no", "debit"],
			order_by="voucher_no",
		)
		banks = {row.name: 0.0 for row in entries}
		for row in banked:
			banks[row.voucher_no] += row.debit
		self.assertEqual({row.name: row.paid_amount for row in entries}, banks)

	def assert_receivable(self) -> None:
		"""The customer owes what was invoiced less what was credited, paid, and not paid back."""
		sold = frappe.get_all(
			"Sales Invoice",
			{"customer": self.subscription.customer, "docstatus": 1},
			pluck="grand_total",
			order_by="name",
		)
		received = sum(row.paid_amount for row in self.entries("Receive"))
		paid_back = sum(row.paid_amount for row in self.entries("Pay"))
		self.assert_owes(flt(sum(sold) - received + paid_back, 2), self.subscription)

	def assert_granted_are_paid(self) -> None:
		"""Exactly the invoices that Payment Entries cover, less what was credited, have given time."""
		for name in self.invoices(self.subscription):
			total, granted = frappe.db.get_value("Sales Invoice", name, ["grand_total", "service_granted"])
			credited = -sum(
				frappe.get_all(
					"Sales Invoice",
					{"return_against": name, "docstatus": 1},
					pluck="grand_total",
					order_by="name",
				)
			)
			paid = sum(
				frappe.get_all(
					"Payment Entry Reference",
					{"reference_name": name, "docstatus": 1},
					pluck="allocated_amount",
					order_by="name",
				)
			)
			set_off = sum(
				frappe.get_all(
					"Journal Entry Account",
					{"reference_name": name, "docstatus": 1},
					pluck="credit",
					order_by="name",
				)
			)
			self.assertEqual(credited < total and paid + set_off >= total - credited, bool(granted), name)
		self.assertFalse(
			frappe.db.exists(
				"Sales Invoice",
				{"customer_subscription": self.subscription.name, "docstatus": 2, "service_granted": 1},
			)
		)

	def window(self, invoice: str) -> timedelta:
		begin, end = frappe.db.get_value("Sales Invoice", invoice, ["service_from", "service_to"])
		return end - begin

	def assert_time(self) -> None:
		"""What is left of the paid time: what was granted, less what went by and what was taken back."""
		now = {
			name: self.window(name)
			for name in frappe.get_all(
				"Sales Invoice",
				{"customer_subscription": self.subscription.name, "service_granted": 1},
				pluck="name",
				order_by="name",
			)
		}
		given = sum((window for name, window in now.items() if name not in self.granted), ZERO)
		taken = sum((window for name, window in self.granted.items() if name not in now), ZERO)
		after_taking = max(self.balance - taken / timedelta(days=1), -self.grace)
		self.balance = after_taking + given / timedelta(days=1)
		self.granted = now
		self.assertAlmostEqual(self.balance, max(self.days_left(self.subscription), -self.grace), delta=0.05)
		self.assertEqual(self.balance > 0.05 - self.grace, self.subscription.status == "Active")
		self.assertAlmostEqual(self.bought() + self.on_credit, self.online + self.balance, delta=0.05)

	def bought(self) -> float:
		"""Days that were paid for: those of the invoices that gave time, and what was used of those that gave time
		once and are not paid any more. The latter is no longer for sale."""
		ever = frappe.get_all(
			"Sales Invoice",
			{"customer_subscription": self.subscription.name, "is_return": 0},
			pluck="name",
			order_by="name",
		)
		used_up = sum((MONTH - self.window(name) for name in ever), ZERO)
		return (sum(self.granted.values(), ZERO) + used_up) / timedelta(days=1)

	def assert_nothing_lies_idle(self) -> None:
		"""No money waits while an invoice does; the form shows what the ledger says."""
		due = sum(row.due for row in ledger.open_invoices(self.subscription.name))
		balance = float(ledger.balance(self.subscription.name))
		self.assert_owes(flt(due - balance, 2), self.subscription)
		self.assertEqual(max(balance, 0), self.subscription.credit)
		if self.subscription.credit > 0:
			self.assertEqual(0, due)
			self.assertEqual(PRICE - min(self.subscription.credit, PRICE), self.missing())

	def missing(self) -> float:
		return application.missing(self.subscription)


class ThreeStories:
	def test_money_invoices_and_time_agree_whatever_happens_1(self):
		self.assert_all_agrees_whatever_happens(1)

	def test_money_invoices_and_time_agree_whatever_happens_2(self):
		self.assert_all_agrees_whatever_happens(2)

	def test_money_invoices_and_time_agree_whatever_happens_3(self):
		self.assert_all_agrees_whatever_happens(3)


class TestPrepaidStories(ThreeStories, Story):
	def test_money_invoices_and_time_agree_whatever_happens_4(self):
		self.assert_all_agrees_whatever_happens(4)


class TestPostpaidStories(ThreeStories, Story):
	billing, on_credit, grace = "Postpaid", 30.0, 3.0

	def setUp(self) -> None:
		super().setUp()
		subscriptions.activate(self.subscription.name)
		self.subscription.reload()
