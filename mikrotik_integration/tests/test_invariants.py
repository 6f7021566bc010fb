"""The invariants of this app, each by its name. (The fifth, of vouchers, is in test_voucher_crowd.)"""

import random
from collections import Counter

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_bank_cash_account
from frappe.utils import now_datetime, today

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import clock, inbox_worker, payments, subscriptions
from mikrotik_integration.simulators.daraja import Decision, Fate, Kind, Twin
from mikrotik_integration.simulators.routeros import LoginRefused, SessionEnded
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.harness import API_PASSWORD
from mikrotik_integration.tests.test_pay_and_go_online import register_urls

FATES = (
	Fate(),
	Fate(lost=True),
	Fate(copies=2),
	Fate(copies=3, apart_s=0.1),
	Fate(delay_s=0.5),
	Fate(malformed="cut"),
)
DECISIONS = (*[Decision.ACCEPT] * 5, Decision.CANCEL, Decision.INSUFFICIENT, Decision.WRONG_PIN)
CUSTOMERS = 10
SEEDS = (1, 2)


class TestInvariants(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.plan = factories.a_plan()

	def customers(self, count: int) -> list:
		return [factories.a_subscription(self.router, self.plan) for _number in range(count)]

	def let_time_do_its_work(self, rounds: int = 3) -> None:
		"""Callbacks, jobs, and the minutes in which everything that is open is asked about again."""
		for _round in range(rounds):
			self.daraja.settle()
			self.work()
			frappe.db.sql(
				"update `tabSubscription Payment` set next_ask = %s where status in ('Requested', 'Received') "
				"and mikrotik_settings = %s",
				(now_datetime(), self.router.name),
			)
			frappe.db.commit()
			inbox_worker.ask_again()
			frappe.db.commit()
			self.work()

	def entries_of(self, subscription) -> list[float]:
		return frappe.get_all(
			"Payment Entry",
			{"party": subscription.customer, "docstatus": 1},
			pluck="paid_amount",
			order_by="name",
		)

	def test_1_a_payment_is_applied_exactly_once_whatever_is_lost_doubled_late_or_reordered(self):
		register_urls(self)
		self.addCleanup(self.daraja.change, c2b_twin=Twin.NONE)
		for seed in SEEDS:
			with self.subTest(seed=seed):
				self.daraja.reset()
				chance = random.Random(seed)
				paying = self.customers(CUSTOMERS)
				for subscription in paying:
					self.daraja.change(c2b_twin=chance.choice(list(Twin)))
					self.daraja.customer(subscription.phone_number).always(chance.choice(DECISIONS))
					self.daraja.courier.next(Kind.STK, chance.choice(FATES))
					self.daraja.courier.next(Kind.C2B, chance.choice(FATES))
					payments.request_payment(subscription)
					frappe.db.commit()
				self.let_time_do_its_work()
				took = Counter(payment.account for payment in self.daraja.payments())
				for subscription in paying:
					expected = [1500.0] * took[subscription.name]
					self.assertEqual(expected, self.entries_of(subscription), subscription.name)
					self.assertEqual("Active" if expected else "Draft", self.status_of(subscription))

	def test_2_nobody_gets_service_for_money_that_daraja_did_not_confirm(self):
		(subscription,) = self.customers(1)
		self.daraja.customer(subscription.phone_number).always(Decision.NEVER)
		name = payments.request_payment(subscription)
		request = frappe.db.get_value("Subscription Payment", name, "express_request")
		claimed = {
			"status": "Completed",
			"result_code": "0",
			"transaction_id": "CLAIMED123",
			"is_reconciled": 1,
		}
		frappe.db.set_value("Mpesa Express Request", request, claimed)
		frappe.db.commit()
		subscription.run_method("on_payment_authorized", "Completed")
		frappe.db.commit()
		self.let_time_do_its_work()
		self.assertEqual([], self.entries_of(subscription))
		self.assertEqual("Draft", self.status_of(subscription))

	def test_3_every_paid_account_is_on_its_router_and_no_unpaid_one_stays_online(self):
		paid, ended, held, _unpaid = everybody = self.customers(4)
		for subscription in (paid, ended, held):
			payments.request_payment(subscription)
			frappe.db.commit()
		self.let_time_do_its_work(rounds=2)
		sessions = [self.login(subscription) for subscription in (paid, ended, held)]
		self.sim.set_faults(refuse_connections=True)
		frappe.db.set_value(
			"Customer Subscription",
			ended.name,
			{field: now_datetime() for field in ("expiry_date", "period_end", "next_change")},
		)
		frappe.db.commit()
		clock.advance_due_subscriptions()
		subscriptions.act(held.name, "hold")
		frappe.db.commit()
		self.work()
		self.sim.set_faults(refuse_connections=False)
		self.check_router(self.router)
		self.assertEqual([True, False, False], [session.is_live for session in sessions])
		for subscription in everybody[1:]:
			with self.assertRaises(LoginRefused):
				self.login(subscription)

	def test_4_the_ledger_is_the_payments(self):
		for subscription in self.customers(3):
			payments.request_payment(subscription, amount=random.Random(subscription.name).randint(500, 4000))
			frappe.db.commit()
		self.let_time_do_its_work(rounds=2)
		applied = frappe.get_all(
			"Subscription Payment",
			{"mikrotik_settings": self.router.name, "status": "Applied"},
			["amount", "payment_entry", "creation"],
			order_by="creation",
		)
		self.assertEqual(3, len(applied))
		for payment in applied:
			entry = frappe.get_doc("Payment Entry", payment.payment_entry)
			self.assertEqual((1, payment.amount), (entry.docstatus, entry.paid_amount))
		booked = frappe.get_all(
			"GL Entry",
			{
				"voucher_no": ("in", [payment.payment_entry for payment in applied]),
				"account": get_bank_cash_account(site.MODE_OF_PAYMENT, site.COMPANY)["account"],
				"posting_date": today(),
				"is_cancelled": 0,
			},
			pluck="debit",
		)
		self.assertEqual(sum(payment.amount for payment in applied), sum(booked))
		self.assertEqual(sum(payment.amount for payment in self.daraja.payments()), sum(booked))

	def test_6_usage_never_counts_a_byte_twice_and_never_goes_down(self):
		(subscription,) = self.customers(1)
		payments.request_payment(subscription)
		frappe.db.commit()
		self.let_time_do_its_work(rounds=2)
		chance, moved, before = random.Random(6), 0, 0
		session = self.login(subscription)
		for _step in range(25):
			session, moved = self.use(subscription, session, moved, chance)
			if chance.random() < 0.6:
				self.check_router(self.router)
				used = frappe.db.get_value("Customer Subscription", subscription.name, "used_bytes")
				self.assertGreaterEqual(used, before)
				self.assertLessEqual(used, moved)
				before = used
		recorded = frappe.get_all(
			"Usage Record", {"subscription": subscription.name}, ["bytes_in", "bytes_out"]
		)
		self.assertEqual(before, sum(record.bytes_in + record.bytes_out for record in recorded))
		self.assertGreater(before, 0)

	def use(self, subscription, session, moved: int, chance: random.Random):
		"""The customer moves bytes, logs in again, or the router loses power or is reset."""
		what = chance.choice(("move", "move", "move", "again", "power cut", "reset counters"))
		if what == "again":
			session.hang_up()
		elif what == "power cut":
			self.sim.reboot(lose_live=True)
		elif what == "reset counters":
			(row,) = [
				row for row in self.sim.rows("/ip/hotspot/user") if row["name"] == subscription.username
			]
			self.sim.run("/ip/hotspot/user/reset-counters", {".id": row[".id"]})
		if not session.is_live:
			session = self.login(subscription)
		try:
			through = session.move(
				upload=chance.randint(1, 9) * 1000, download=chance.randint(1, 9) * 10_000, seconds=30
			)
		except SessionEnded:
			return session, moved
		return session, moved + through.upload + through.download

	def test_7_rows_that_the_app_does_not_own_are_never_changed(self):
		self.sim.run("/ip/hotspot/user/add", name="boss", password="by-hand", comment="the boss")
		self.sim.run("/ppp/secret/add", name="boss", password="by-hand", service="pppoe")
		self.sim.run("/ip/hotspot/user/profile/add", {"name": "by-hand", "rate-limit": "1M/1M"})
		before = self.foreign_rows()
		boss = self.sim.customer.login("boss", "by-hand")
		paying = self.customers(2)
		for subscription in paying:
			payments.request_payment(subscription)
			frappe.db.commit()
		self.let_time_do_its_work(rounds=2)
		subscriptions.act(paying[0].name, "terminate")
		frappe.db.commit()
		self.work()
		self.check_router(self.router)
		self.assertEqual(before, self.foreign_rows())
		self.assertTrue(boss.is_live)

	def foreign_rows(self) -> list[dict]:
		kept = ("name", "password", "profile", "comment", "disabled", "rate-limit", "service")
		return [
			{column: row.get(column) for column in kept}
			for menu in ("/ip/hotspot/user", "/ppp/secret", "/ip/hotspot/user/profile")
			for row in self.sim.rows(menu)
			if "erpnext:" not in row.get("comment", "") + row.get("on-login", "")
		]

	def test_8_no_secret_is_in_a_log_or_a_history(self):
		began = now_datetime()
		(subscription,) = self.customers(1)
		secrets = [API_PASSWORD, site.PASSKEY, site.CONSUMER_SECRET, subscription.get_password("password")]
		payments.request_payment(subscription)
		frappe.db.commit()
		self.let_time_do_its_work(rounds=2)
		subscription.reload()
		subscription.password = "another-secret-4711"
		subscription.save()
		frappe.db.commit()
		self.sim.set_faults(refuse_connections=True)
		self.work()
		self.check_router(self.router)
		for doctype in (
			"MikroTik API Log",
			"Error Log",
			"Version",
			"Comment",
			"Subscription Payment",
			"Router Account",
		):
			for row in frappe.get_all(
				doctype, {"creation": (">=", began)}, ["*"], order_by="creation", limit=0
			):
				for secret in (*secrets, "another-secret-4711"):
					self.assertNotIn(secret, str(row), f"{doctype} {row.name}")

	def login(self, subscription):
		return self.sim.customer.login(subscription.username, subscription.get_password("password"))
