"""A worker that dies halfway: the next run completes, once. The worker is a real process that really dies."""

import os
import subprocess
import sys
import textwrap
from decimal import Decimal

import frappe

from mikrotik_integration.services import inbox_queue
from mikrotik_integration.simulators.daraja import Fate, Kind
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

# Runs the payment's job in a process of its own, which is killed right after ``function`` has returned.
WORKER = """
	import os, signal, sys
	import frappe
	frappe.init(site={site!r}, sites_path={sites_path!r})
	frappe.connect()
	import {module} as module
	original = module.{function}
	def then_die(*args, **kwargs):
		original(*args, **kwargs)
		os.kill(os.getpid(), signal.SIGKILL)
	module.{function} = then_die
	from mikrotik_integration.services import inbox_worker
	inbox_worker.process([{payment!r}])
"""
SIGKILLED = -9


class TestKilledWorker(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.payment = self.pay(self.subscription)

	def test_killed_after_the_invoice(self):
		self.assert_completes_once("mikrotik_integration.services.invoicing", "make_invoice")

	def test_killed_after_the_payment_entry(self):
		self.assert_completes_once("mikrotik_integration.services.invoicing", "book_payment")

	def test_killed_after_the_books_were_committed(self):
		self.assert_completes_once("mikrotik_integration.services.inbox_booking", "_announce")

	def test_killed_after_daraja_answered(self):
		self.assert_completes_once("mikrotik_integration.services.verification", "ask")

	def test_killed_after_the_router_answered(self):
		self.assert_completes_once("mikrotik_integration.services.provisioning", "reconcile_some")

	def assert_completes_once(self, module: str, function: str) -> None:
		self.run_and_kill(module, function)
		inbox_queue.enqueue(self.payment)
		frappe.db.commit()
		self.work()
		self.check_router(self.router)
		self.subscription.reload()
		self.assertEqual(("Active", "In Sync"), (self.subscription.status, self.subscription.router_status))
		self.assertEqual("Applied", frappe.db.get_value("Subscription Payment", self.payment, "status"))
		entries = frappe.get_all("Payment Entry", {"party": self.subscription.customer}, pluck="paid_amount")
		self.assertEqual([1500], entries)
		self.assertEqual(1, frappe.db.count("Sales Invoice", {"customer": self.subscription.customer}))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))
		self.assertTrue(
			self.sim.customer.login(
				self.subscription.username, self.subscription.get_password("password")
			).is_live
		)

	def run_and_kill(self, module: str, function: str) -> None:
		code = textwrap.dedent(WORKER).format(
			site=frappe.local.site,
			sites_path=os.path.abspath(frappe.local.sites_path),
			module=module,
			function=function,
			payment=self.payment,
		)
		done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
		self.assertEqual(SIGKILLED, done.returncode, done.stderr)
		frappe.db.rollback()
