"""Reports: what they add up, whom they show it to."""

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return
from frappe.desk.query_report import run
from frappe.utils import add_days, add_to_date, formatdate, getdate, now_datetime, today

from mikrotik_integration.services import subscriptions
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import a_user, limit_to_router

MEGABYTE = 1_000_000
MONEY_REPORTS = ("Payments and Ledger", "Internet Revenue")
SHOP_REPORTS = ("Router Health", "Data Usage", "Subscriptions Ending")


class ReportTestCase(ServiceTestCase):
	"""One router; every report is limited to it, so that other tests' documents do not count."""

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)

	def report(self, name: str, **filters) -> dict:
		return run(name, filters={"router": self.router.name, **filters})

	def rows(self, name: str, **filters) -> list[dict]:
		return [row for row in self.report(name, **filters)["result"] if isinstance(row, dict)]

	def paid(self, **values):
		subscription = factories.a_subscription(self.router, **values)
		self.pay(subscription)
		self.work()
		subscription.reload()
		return subscription

	@staticmethod
	def summary(report: dict) -> dict:
		return {entry["label"]: entry["value"] for entry in report["report_summary"]}


class TestPaymentsAndLedger(ReportTestCase):
	NAME = "Payments and Ledger"

	def test_payments_payment_entries_and_ledger_agree_on_each_day(self):
		subscription = self.paid()
		factories.a_desk_payment(subscription.customer, 700, subscription=subscription.name)
		self.work()
		report = self.report(self.NAME)
		(day,) = (row for row in report["result"] if row["label"] == formatdate(today()))
		self.assertEqual((2200, 2200, 2200), (day["applied"], day["booked"], day["ledger"]))
		self.assertEqual((0, 2, 2), (day["difference"], day["payments"], day["entries"]))
		self.assertEqual(700, day["advance"])
		self.assertEqual(0, self.summary(report)["Difference"])
		self.assertEqual([2200], report["chart"]["data"]["datasets"][1]["values"])

	def test_a_payment_that_is_missing_from_the_inbox_is_a_difference(self):
		subscription = self.paid()
		frappe.db.set_value("Subscription Payment", {"subscription": subscription.name}, "status", "Failed")
		report = self.report(self.NAME)
		self.assertEqual([-1500], [row["difference"] for row in report["result"]])
		self.assertEqual(1500, self.summary(report)["Difference"])

	def test_a_cancelled_payment_entry_that_still_counts_as_applied_is_a_difference(self):
		subscription = self.paid()
		entry = frappe.db.get_value(
			"Subscription Payment", {"subscription": subscription.name}, "payment_entry"
		)
		frappe.db.set_value("Payment Entry", entry, "docstatus", 2)
		self.assertEqual([1500], [row["difference"] for row in self.rows(self.NAME)])

	def test_money_that_nobody_got_is_listed_beneath_its_day_with_the_reason(self):
		name = self.unmatched_payment(1234)
		rows = run(self.NAME, filters={})["result"]
		(row,) = (row for row in rows if row.get("payment") == name)
		self.assertEqual((1234, "Needs Review", 1), (row["unapplied"], row["status"], row["indent"]))
		self.assertEqual("No subscription has that number", row["because"])
		self.assertNotIn(name, [row.get("payment") for row in self.rows(self.NAME)])

	def test_days_the_wrong_way_round_are_refused(self):
		with self.assertRaises(frappe.ValidationError):
			self.report(self.NAME, from_date=today(), to_date=add_days(today(), -1))

	def unmatched_payment(self, amount: float) -> str:
		receipt = frappe.generate_hash(length=10).upper()
		return (
			frappe.get_doc(
				{
					"doctype": "Subscription Payment",
					"payment_id": receipt,
					"receipt": receipt,
					"source": "Pay Bill",
					"status": "Needs Review",
					"amount": amount,
					"currency": "KES",
					"paid_on": now_datetime(),
					"review_reason": "No subscription has that number",
				}
			)
			.insert()
			.name
		)


class TestInternetRevenue(ReportTestCase):
	NAME = "Internet Revenue"

	def test_revenue_is_what_was_invoiced_by_plan(self):
		cheap, dear = factories.a_plan(price=500), factories.a_plan(price=2000)
		self.paid(plan=cheap)
		self.paid(plan=dear)
		self.paid(plan=dear)
		report = self.report(self.NAME, group_by="Plan")
		self.assertEqual(
			[(dear.item, 2, 2, 4000), (cheap.item, 1, 1, 500)],
			[(row["label"], row["subscriptions"], row["invoices"], row["net"]) for row in report["result"]],
		)
		self.assertEqual(4500, self.summary(report)["Revenue before Tax"])
		self.assertEqual(100, sum(row["share"] for row in report["result"]))

	def test_the_groups_add_up_to_the_same(self):
		self.paid()
		for group in ("Plan", "Router", "Day", "Month"):
			with self.subTest(group):
				self.assertEqual([1500], [row["net"] for row in self.rows(self.NAME, group_by=group)])

	def test_a_credit_note_takes_away(self):
		subscription = self.paid()
		invoice = frappe.db.get_value("Sales Invoice", {"customer_subscription": subscription.name})
		make_sales_return(invoice).insert().submit()
		(row,) = self.rows(self.NAME, group_by="Router")
		self.assertEqual((0, 1500), (row["net"], row["credited"]))

	def test_only_the_plan_that_was_chosen(self):
		plan = factories.a_plan(price=900)
		self.paid()
		self.paid(plan=plan)
		self.assertEqual([900], [row["net"] for row in self.rows(self.NAME, plan=plan.name)])

	def test_an_unknown_group_is_refused(self):
		with self.assertRaises(frappe.ValidationError):
			self.report(self.NAME, group_by="Colour")


class TestRouterHealth(ReportTestCase):
	NAME = "Router Health"

	def test_a_router_that_answers_shows_who_is_online_and_what_was_made_by_hand(self):
		subscription = self.paid()
		self.sim.customer.login(subscription.username, subscription.get_password("password"))
		self.sim.run("/ip/hotspot/user/add", name="by-hand", password="x")
		self.check_router(self.router)
		report = self.report(self.NAME)
		(row,) = report["result"]
		self.assertEqual(("Online", 1, 1), (row["status"], row["online_users"], row["subscriptions"]))
		self.assertEqual((0, 0, 1), (row["pending_accounts"], row["failed"], row["by_hand"]))
		self.assertIsNotNone(row["last_seen"])
		self.assertEqual(
			{"Routers Online": 1, "Routers Offline": 0}.items() & self.summary(report).items(),
			{"Routers Online": 1, "Routers Offline": 0}.items(),
		)

	def test_a_router_that_is_away_shows_why_and_what_waits_for_it(self):
		self.sim.stop()
		self.paid()
		(row,) = self.rows(self.NAME, status="Offline")
		self.assertEqual(("Offline", 1, 1), (row["status"], row["pending_accounts"], row["failed"]))
		self.assertIn("refused", row["says"])

	def test_a_router_that_is_switched_off_here_counts_no_users(self):
		subscription = self.paid()
		self.sim.customer.login(subscription.username, subscription.get_password("password"))
		self.check_router(self.router)
		self.router.reload()
		self.router.update({"enabled": 0}).save()
		report = self.report(self.NAME)
		(row,) = report["result"]
		self.assertEqual(("Switched Off", 0), (row["status"], row["online_users"]))
		self.assertEqual(0, self.summary(report)["Online Users"])
		subscription.reload()
		self.assertEqual(0, subscription.is_online)

	def test_the_days_failures_are_those_of_this_router(self):
		other = factories.a_router(self.another_router())
		self.sim.stop()
		self.check_router(self.router)
		self.check_router(other)
		self.assertEqual([1], [row["failed"] for row in self.rows(self.NAME)])


class TestDataUsage(ReportTestCase):
	NAME = "Data Usage"

	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.paid()
		ours = self.sim.customer.login(self.subscription.username, self.subscription.get_password("password"))
		ours.move(upload=200 * MEGABYTE, download=1800 * MEGABYTE, seconds=3600)
		self.sim.run("/ip/hotspot/user/add", name="stranger", password="x")
		stranger = self.sim.customer.login("stranger", "x")
		stranger.move(upload=100 * MEGABYTE, download=400 * MEGABYTE, seconds=60)
		self.check_router(self.router)

	def test_usage_is_shown_for_each_subscription_and_for_nobody(self):
		report = self.report(self.NAME, group_by="Subscription")
		ours, stranger = report["result"]
		self.assertEqual(self.subscription.name, ours["subscription"])
		self.assertEqual((0.2, 1.8, 2.0), (ours["upload_gb"], ours["download_gb"], ours["total_gb"]))
		self.assertEqual(1.0, ours["hours"])
		self.assertEqual(("stranger", 0.5), (stranger["username"], stranger["total_gb"]))
		self.assertEqual(("", "No account of ours"), (ours["belongs"], stranger["belongs"]))
		self.assertEqual(
			{"Of No Account (GB)": 0.5, "Of No Account": 20.0}.items() & self.summary(report).items(),
			{"Of No Account (GB)": 0.5, "Of No Account": 20.0}.items(),
		)

	def test_the_groups_add_up_to_the_same(self):
		for group in ("Router", "Day"):
			with self.subTest(group):
				(row,) = self.rows(self.NAME, group_by=group)
				self.assertEqual((2.5, 0.5), (row["total_gb"], row["unknown_gb"]))

	def test_only_bytes_of_nobody(self):
		self.assertEqual(["stranger"], [row["username"] for row in self.rows(self.NAME, only_unknown=1)])

	def test_only_one_subscription(self):
		rows = self.rows(self.NAME, subscription=self.subscription.name)
		self.assertEqual([self.subscription.name], [row["subscription"] for row in rows])


class TestSubscriptionsEnding(ReportTestCase):
	NAME = "Subscriptions Ending"

	def test_who_ends_soon_who_has_ended_and_who_owes(self):
		ending, ended, later = self.paid(), self.paid(), self.paid()
		overdue = self.postpaid_with_open_invoice()
		for subscription, days in ((ending, 3), (ended, -2), (later, 20), (overdue, -1)):
			self.let_end(subscription, days)
		report = self.report(self.NAME)
		self.assertEqual(
			[
				(ended.name, "Ended", -2, 1500),
				(overdue.name, "Overdue", -1, 1500),
				(ending.name, "Ending", 3, 1500),
			],
			[
				(row["subscription"], row["state"], row["days_left"], row["to_pay"])
				for row in report["result"]
			],
		)
		summary = self.summary(report)
		self.assertEqual((1, 2, 1500), (summary["Ending"], summary["Ended or Overdue"], summary["Overdue"]))

	def test_an_advance_is_taken_off_what_has_to_be_paid(self):
		subscription = self.paid()
		factories.a_desk_payment(subscription.customer, 600, subscription=subscription.name)
		self.work()
		self.let_end(subscription, 1)
		self.assertEqual([(600, 900)], [(row["credit"], row["to_pay"]) for row in self.rows(self.NAME)])

	def test_only_the_state_that_was_chosen(self):
		self.let_end(self.paid(), 1)
		ended = self.paid()
		self.let_end(ended, -1)
		rows = self.rows(self.NAME, state="Ended")
		self.assertEqual([ended.name], [row["subscription"] for row in rows])

	def postpaid_with_open_invoice(self):
		subscription = factories.a_subscription(self.router, plan=factories.a_plan(billing="Postpaid"))
		subscriptions.activate(subscription.name)
		subscriptions.invoice(subscription.name)
		frappe.db.commit()
		self.work()
		return subscription

	def let_end(self, subscription, days: int) -> None:
		at_noon = add_to_date(getdate(), days=days, hours=12, as_datetime=True)
		frappe.db.set_value("Customer Subscription", subscription.name, "expiry_date", at_noon)


class TestWhoMaySeeReports(ReportTestCase):
	def test_the_shop_sees_no_books_and_accountants_see_all(self):
		sees = {
			"ISP Staff": SHOP_REPORTS,
			"ISP Manager": SHOP_REPORTS + MONEY_REPORTS,
			"Accounts User": SHOP_REPORTS + MONEY_REPORTS,
		}
		for role, allowed in sees.items():
			user = a_user(role)
			for name in SHOP_REPORTS + MONEY_REPORTS:
				with self.subTest(role=role, report=name):
					self.assertEqual(name in allowed, self.may_run(name, user))

	def test_staff_limited_to_one_router_see_nothing_of_another(self):
		self.paid()
		other = factories.a_router(self.another_router())
		user = a_user("ISP Manager")
		limit_to_router(user, other.name)
		frappe.set_user(user)
		ours = {"applied", "net", "online_users", "total_gb", "price"}
		for name in SHOP_REPORTS + MONEY_REPORTS:
			with self.subTest(name):
				rows = [row for row in run(name, filters={"days_ahead": 40})["result"] if ours & row.keys()]
				self.assertEqual([], [row for row in rows if row.get("router") != other.name])
				with self.assertRaises(frappe.PermissionError):
					run(name, filters={"router": self.router.name})

	def may_run(self, name: str, user: str) -> bool:
		frappe.set_user(user)
		try:
			run(name, filters={"router": self.router.name})
		except frappe.PermissionError:
			return False
		finally:
			frappe.set_user("Administrator")
		return True
