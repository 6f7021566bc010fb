"""Payments booked by several workers at once: real processes, real transactions, the same ledger."""

import os
import subprocess
import sys
import textwrap
from decimal import Decimal

import frappe

from mikrotik_integration.services import inbox_booking
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import COMPANY, MODE, BooksTestCase

WORKER = """
	import frappe
	frappe.init(site={site!r}, sites_path={sites_path!r})
	frappe.connect()
	from mikrotik_integration.services import inbox_booking, settings
	own = frappe.get_doc("ISP Settings")
	own.update({{"company": {company!r}, "mode_of_payment": {mode!r}, "cost_center": None, "income_account": None}})
	settings.isp_settings = lambda: own
	frappe.db.commit()
	for name in {names!r}:
		inbox_booking.apply(name)
	frappe.destroy()
"""
WORKERS = 4


class TestManyAtOnce(BooksTestCase):
	def test_payments_of_many_customers_at_once_are_each_booked_once(self):
		plan = factories.a_plan()
		subscriptions = [self.subscribe(plan) for _n in range(16)]
		self.book_at_once([self.receive(subscription, 1500) for subscription in subscriptions])
		for subscription in subscriptions:
			subscription.reload()
			self.assert_days_left(30, subscription)
			self.assertEqual([1500], self.entries_of(subscription))
			self.assert_owes(0, subscription)

	def test_payments_of_one_customer_at_once_all_count(self):
		subscription = self.subscribe()
		self.book_at_once(
			[self.receive(subscription, amount) for amount in (1500, 700, 800, 1500, 1600, 400)]
		)
		subscription.reload()
		self.assertEqual([400, 700, 800, 1500, 1500, 1600], self.entries_of(subscription))
		self.assertEqual(Decimal(4 * 1500 - 6500), self.receivable_of(subscription.customer))
		self.assert_days_left(120, subscription)
		self.assertEqual(500, subscription.credit)

	def book_at_once(self, payments: list[str]) -> None:
		frappe.db.commit()
		workers = [self.worker(payments[n::WORKERS]) for n in range(WORKERS)]
		for worker in workers:
			_out, errors = worker.communicate(timeout=120)
			self.assertEqual(0, worker.returncode, errors)
		frappe.db.rollback()
		for name in self.waiting(payments):
			reason = frappe.db.get_value("Subscription Payment", name, "review_reason")
			self.assertNotIn("modified", reason, "read before it was locked")
			inbox_booking.apply(name)
		self.assertEqual([], self.waiting(payments))

	def waiting(self, payments: list[str]) -> list[str]:
		"""What met a deadlock: its reason is written down, and its time to be tried again."""
		return frappe.get_all(
			"Subscription Payment",
			{"name": ("in", payments), "status": ("!=", "Applied")},
			pluck="name",
			order_by="creation",
		)

	def worker(self, names: list[str]) -> subprocess.Popen:
		code = textwrap.dedent(WORKER).format(
			site=frappe.local.site,
			sites_path=os.path.abspath(frappe.local.sites_path),
			company=COMPANY,
			mode=MODE,
			names=names,
		)
		return subprocess.Popen(
			[sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
		)

	def entries_of(self, subscription) -> list[float]:
		return sorted(
			frappe.get_all(
				"Payment Entry",
				{"customer_subscription": subscription.name, "docstatus": 1},
				pluck="paid_amount",
				order_by="name",
			)
		)
