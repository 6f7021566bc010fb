"""When scheduled jobs, payments, the clock or checks stand still, people see it within ten minutes."""

from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from mikrotik_integration import install
from mikrotik_integration.mikrotik_integration.report.router_health import router_health
from mikrotik_integration.services import standstill
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user

TASKS = {"method": ("like", "mikrotik_integration.tasks.%")}
ELEVEN_MINUTES = timedelta(minutes=11)


class TestJobsAreDue(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		zone = frappe.db.get_single_value("System Settings", "time_zone")
		self.addCleanup(self.set_zone, zone)

	def set_zone(self, zone: str) -> None:
		settings = frappe.get_doc("System Settings")
		settings.time_zone = zone
		settings.save()
		frappe.db.commit()

	def write_times(self, when) -> None:
		"""As they are after installation: never run, made at ``when``."""
		frappe.db.set_value("Scheduled Job Type", TASKS, {"creation": when, "last_execution": None})
		frappe.db.commit()

	def not_due(self) -> list[str]:
		jobs = frappe.get_all("Scheduled Job Type", TASKS, pluck="name", order_by="name")
		self.assertEqual(7, len(jobs))
		return [name for name in jobs if not frappe.get_doc("Scheduled Job Type", name).is_event_due()]

	def test_after_a_change_of_the_time_zone_every_job_is_due(self):
		self.set_zone("Asia/Kolkata")
		self.write_times(now_datetime())
		self.set_zone("America/New_York")
		self.assertEqual([], self.not_due())

	def test_after_installation_every_job_is_due(self):
		self.write_times(now_datetime() + timedelta(hours=3))
		install.after_sync()
		self.assertEqual([], self.not_due())

	def test_a_job_that_is_made_due_is_not_called_late(self):
		install.after_sync()
		self.assertFalse([line for line in standstill.problems() if "scheduled jobs" in line])

	def test_payments_and_routers_do_not_wait_for_a_time_of_the_old_zone(self):
		self.set_zone("Asia/Kolkata")
		router = factories.a_router(self.sim)
		frappe.db.set_value(
			"MikroTik Settings",
			router.name,
			{"failures": 1, "next_attempt": now_datetime() + timedelta(minutes=4)},
		)
		self.set_zone("America/New_York")
		self.assertLessEqual(
			frappe.db.get_value("MikroTik Settings", router.name, "next_attempt"), now_datetime()
		)


class TestStandstill(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		standstill.make_jobs_due()
		old = now_datetime() - ELEVEN_MINUTES
		frappe.db.set_value("MikroTik Settings", {"enabled": 1}, "enabled", 0)  # other tests' routers
		frappe.db.set_value("Subscription Payment", {"next_ask": ("<", old)}, "next_ask", None)
		for doctype in ("Customer Subscription", "Hotspot Voucher"):
			frappe.db.set_value(doctype, {"next_change": ("<", old)}, "next_change", None)
		frappe.db.commit()
		self.assertEqual([], standstill.problems())

	def test_a_scheduler_that_is_not_running(self):
		frappe.db.set_value(
			"Scheduled Job Type",
			{"method": "mikrotik_integration.tasks.check_routers"},
			"last_execution",
			now_datetime() - ELEVEN_MINUTES,
		)
		(line,) = standstill.problems()
		self.assertIn("No scheduled jobs have run since", line)

	def test_jobs_that_wait_for_a_time_hours_ahead(self):
		frappe.db.set_value(
			"Scheduled Job Type", TASKS, "last_execution", now_datetime() + timedelta(hours=2)
		)
		self.assertEqual(1, len(standstill.problems()))

	def test_a_payment_that_nobody_takes(self):
		router = factories.a_router(self.sim)
		subscription = factories.a_subscription(router, factories.a_plan())
		name = self.pay(subscription)
		frappe.db.set_value("Subscription Payment", name, "next_ask", now_datetime() - ELEVEN_MINUTES)
		(line,) = standstill.problems()
		self.assertIn("waited for more than ten minutes: 1.", line)

	def test_a_period_that_nobody_ends(self):
		subscription = factories.a_subscription(factories.a_router(self.sim), factories.a_plan())
		subscription.db_set("next_change", now_datetime() - ELEVEN_MINUTES)
		(line,) = standstill.problems()
		self.assertIn("more than ten minutes ago: 1", line)

	def test_a_router_that_nobody_checks_is_never_called_online(self):
		router = factories.a_router(self.sim)
		self.check_router(router)
		self.assertEqual(([], "Online"), (standstill.problems(), self.status(router)))
		before = now_datetime() - timedelta(minutes=41)
		frappe.db.set_value(
			"MikroTik Settings",
			router.name,
			{"last_seen": before, "modified": before},
			update_modified=False,
		)
		frappe.db.commit()
		(line,) = standstill.problems()
		self.assertRegex(line, "Routers not checked since .+: 1$")
		self.assertEqual("Unknown", self.status(router))
		(row,) = (row for row in router_health.execute({})[1] if row["router"] == router.name)
		self.assertEqual("Not Checked", row["status"])

	def status(self, router) -> str:
		answer = Visitor(self.web.url, a_user("ISP Manager")).api("routers.list_status").json()
		return next(row["status"] for row in answer["message"] if row["name"] == router.name)

	def test_owners_are_notified_once(self):
		owner = a_user("ISP Administrator")
		frappe.cache().delete_value("mikrotik_integration|standstill_told")
		subscription = factories.a_subscription(factories.a_router(self.sim), factories.a_plan())
		subscription.db_set("next_change", now_datetime() - ELEVEN_MINUTES)
		mine = {"for_user": owner, "subject": "The Internet service stands still"}
		before = frappe.db.count("Notification Log", mine)
		standstill.tell_owners()
		standstill.tell_owners()
		self.assertEqual(before + 1, frappe.db.count("Notification Log", mine))

	def test_customers_are_told_nothing(self):
		customer = Visitor(self.web.url, a_user("Customer"))
		self.assertEqual(403, customer.api("routers.get_standstill").status_code)
		self.assertEqual(403, Visitor(self.web.url).api("routers.get_standstill").status_code)
		staff = Visitor(self.web.url, a_user("ISP Staff"))
		self.assertEqual([], staff.api("routers.get_standstill").json()["message"])
