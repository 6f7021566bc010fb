"""A router that is broken, or that somebody took over: it harms neither this site nor other routers' customers."""

import json
from unittest.mock import patch

import frappe
from frappe.utils import get_datetime
from frappe.utils.background_jobs import get_queue

from mikrotik_integration.core.provisioning.reconcile import OperationResult
from mikrotik_integration.services import (
	api_log,
	inbox_worker,
	provisioning,
	redemption,
	router_guard,
	routers,
	usage,
	voucher_packages,
	voucher_sales,
)
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.harness import jobs_waiting
from mikrotik_integration.tests.test_vouchers import VoucherTestCase
from mikrotik_integration.tests.visitors import a_user

ROUTER, LOG, USAGE = "MikroTik Settings", "MikroTik API Log", "Usage Record"
PUSH = "mikrotik_integration.services.provisioning.push_router"
LARGEST = "9" * 17  # the largest number that is read at all


class HostileRouterTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.plan = factories.a_plan()
		self.subscription = factories.a_subscription(self.router, self.plan)
		self.pay(self.subscription)
		self.work()
		self.subscription.reload()
		self.assertEqual("In Sync", self.subscription.router_status, self.subscription.router_error)

	def login(self, subscription=None, **how):
		subscription = subscription or self.subscription
		return self.sim.customer.login(subscription.username, subscription.get_password("password"), **how)

	def seen(self, *fields: str):
		return frappe.db.get_value(ROUTER, self.router.name, fields, as_dict=True)


class TestAbsurdNumbers(HostileRouterTestCase):
	"""What no column of the database holds."""

	def assert_the_next_who_pays_is_online(self) -> None:
		self.check_router(self.router)
		second = factories.a_subscription(self.router, self.plan)
		self.pay(second)
		self.work()
		self.check_router(self.router)
		second.reload()
		self.assertEqual("In Sync", second.router_status, second.router_error)
		self.assertEqual("Online", self.seen("status").status)

	def test_an_uptime_of_two_hundred_years_is_left_out_and_told(self):
		self.sim.set_faults(odd_spellings={"uptime": "10400w"})
		self.assert_the_next_who_pays_is_online()
		self.assertIn("uptime", self.seen("warnings").warnings)

	def test_a_load_of_a_million_million_percent_is_left_out_and_told(self):
		self.sim.set_faults(odd_spellings={"cpu-load": "9" * 15})
		self.assert_the_next_who_pays_is_online()
		self.assertIn("cpu-load", self.seen("warnings").warnings)

	def test_bytes_that_together_are_more_than_a_column_holds_stop_nobody(self):
		self.come_with_a_hundred_devices()
		self.sim.set_faults(odd_spellings={"bytes-in": LARGEST, "bytes-out": LARGEST})
		self.assert_the_next_who_pays_is_online()
		self.subscription.reload()
		self.assertLess(10**17, self.subscription.used_bytes)
		self.assert_its_next_payment_is_booked()

	def test_a_time_that_is_more_than_a_column_holds_stops_nobody(self):
		self.come_with_a_hundred_devices()
		self.sim.set_faults(odd_spellings={"uptime": "3500w"})
		self.assert_the_next_who_pays_is_online()
		self.subscription.reload()
		self.assertLess(10**11, self.subscription.used_seconds)
		self.assert_its_next_payment_is_booked()

	def come_with_a_hundred_devices(self) -> None:
		self.sim.run("/ip/hotspot/user/profile/set", numbers=self.profile(), shared_users="unlimited")
		for _session in range(100):
			self.login()

	def assert_its_next_payment_is_booked(self) -> None:
		before = self.subscription.expiry_date
		payment = self.pay(self.subscription)
		self.work()
		self.subscription.reload()
		reason = frappe.db.get_value("Subscription Payment", payment, "review_reason")
		self.assertLess(before, self.subscription.expiry_date, reason)

	def profile(self) -> str:
		return frappe.db.get_value(
			"Router Account", {"reference_name": self.subscription.name}, "profile_name"
		)


class TestAPassThatBreaksOff(HostileRouterTestCase):
	def break_off(self) -> None:
		"""With an error that nobody foresaw."""
		broken = patch.object(usage, "record", side_effect=ZeroDivisionError("of a test"))
		with broken, self.assertRaises(ZeroDivisionError):
			self.check_router(self.router)

	def test_is_told_on_the_router_and_followed_by_a_pause(self):
		self.break_off()
		seen = self.seen("status", "last_error", "failures", "next_attempt")
		self.assertEqual(("Offline", 1), (seen.status, seen.failures))
		self.assertIn("Error Log", seen.last_error)
		self.assertFalse(routers.may_be_tried(self.router.name))

	def test_does_not_keep_what_was_half_written(self):
		def half(router, snapshot):
			frappe.db.set_value("Router Account", {"mikrotik_settings": router}, "last_error", "half")
			raise ZeroDivisionError

		with patch.object(usage, "record", side_effect=half), self.assertRaises(ZeroDivisionError):
			self.check_router(self.router)
		self.assertFalse(frappe.db.exists("Router Account", {"last_error": "half"}))


class TestOneCustomerDoesNotHoldUpOthers(HostileRouterTestCase):
	"""Somebody's document cannot be saved, whatever the reason."""

	def test_what_others_used_is_counted_and_the_reason_is_logged(self):
		small = factories.a_plan(data_quota_mb=1)
		bad, good = (factories.a_subscription(self.router, small) for _number in range(2))
		for subscription in (bad, good):
			self.pay(subscription)
			self.work()
			subscription.reload()
			self.login(subscription).move(download=5_000_000, seconds=60)
		bad.db_set("customer", "nobody of this name")
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual("Online", self.seen("status").status)
		good.reload()
		self.assertEqual(("Used Up", 5_000_000), (good.quota_state, good.used_bytes))
		self.assertTrue(frappe.db.exists("Error Log", {"method": ("like", f"{bad.name}%")}))

	def test_another_voucher_is_begun_and_the_reason_is_logged(self):
		package = factories.a_package()
		frappe.db.commit()
		plan = voucher_packages.check(package.name)
		router = voucher_packages.router_for_sale(self.router.name)
		bad, good = voucher_sales.sell(plan, router, 2)
		voucher_sales.enqueue_push([bad, good])
		frappe.db.commit()
		self.work()
		for name in (bad, good):
			code = frappe.db.get_value("Hotspot Voucher", name, "code")
			self.sim.customer.login(code, code).move(download=1000, seconds=60)
		frappe.db.set_value("Hotspot Voucher", bad, "mode_of_payment", "nothing of this name")
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual("Online", self.seen("status").status)
		self.assertEqual("Active", frappe.db.get_value("Hotspot Voucher", good, "status"))


class TestOneRouterDoesNotHoldUpOthers(HostileRouterTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.second_sim = self.another_router()
		self.second = factories.a_router(self.second_sim)
		self.others = factories.a_subscription(self.second, self.plan)

	def test_several_routers_are_told_each_in_a_job_of_its_own(self):
		self.pay(self.others)
		self.work()
		both = [self.subscription.name, self.others.name]
		account = frappe.qb.DocType("Router Account")
		update = frappe.qb.update(account).set(account.generation, account.generation + 1)
		update.where(account.reference_name.isin(both)).run()
		provisioning.push_owners("Customer Subscription", both)
		frappe.db.commit()
		self.assertEqual(2, jobs_waiting(PUSH))
		self.assertEqual(2, self.pending(both))
		self.work()
		self.assertEqual(0, self.pending(both))

	def pending(self, owners: list[str]) -> int:
		account = frappe.qb.DocType("Router Account")
		query = frappe.qb.from_(account).select(account.name).where(account.reference_name.isin(owners))
		return len(query.where(account.generation != account.applied_generation).run())

	def lifetimes(self, *acts) -> list[float]:
		"""How long the connections may last that these make."""
		lifetimes = []

		def connect(endpoint):
			lifetimes.append(endpoint.lifetime_s)
			return real_connect(endpoint)

		real_connect = router_guard.connect
		with patch.object(router_guard, "connect", connect), patch.object(frappe.local, "request", None):
			for act in acts:
				act()
		return lifetimes

	def check(self) -> None:
		self.check_router(self.router)

	def push_one(self) -> None:
		account = frappe.qb.DocType("Router Account")
		update = frappe.qb.update(account).set(account.generation, account.generation + 1)
		update.where(account.reference_name == self.subscription.name).run()
		provisioning.push_router(self.router.name, [self.subscription.name])

	def test_for_one_login_a_router_is_given_less_time_than_for_a_check(self):
		checked, pushed = self.lifetimes(self.check, self.push_one)
		self.assertLess(pushed, checked)
		self.assertEqual(0, self.pending([self.subscription.name]))

	def test_where_it_holds_up_nobody_else_a_slow_router_is_given_the_time_it_needs(self):
		routers.held_us_up(self.router.name, provisioning.PUSHES)
		checked, pushed = self.lifetimes(self.check, self.push_one)
		self.assertEqual(checked, pushed)

	def queue_of(self, function: str) -> list[str]:
		return [
			queue
			for queue in ("short", "default", "long")
			for job in get_queue(queue).jobs
			if job.kwargs.get("site") == frappe.local.site
			and job.kwargs["kwargs"].get("function") == function
			and job.kwargs["kwargs"]["arguments"]["router"] == self.router.name
		]

	def hold_up(self) -> None:
		"""As a router that lets its reader wait."""
		with patch.object(provisioning, "SLOW_S", 0):
			self.check_router(self.router)

	def test_a_router_that_held_a_worker_up_waits_with_the_long_jobs(self):
		check = "mikrotik_integration.services.provisioning.check_router"
		routers.enqueue_check(self.router.name)
		frappe.db.commit()
		self.assertEqual(["default"], self.queue_of(check))
		self.work()
		self.hold_up()
		routers.enqueue_check(self.router.name)
		frappe.db.commit()
		self.assertEqual(["long"], self.queue_of(check))

	def test_a_slow_check_of_many_logins_delays_nobody_who_pays(self):
		self.hold_up()
		third = factories.a_subscription(self.router, self.plan)
		self.pay(third)
		inbox_worker.run()
		third.reload()
		self.assertEqual(([], "In Sync"), (self.queue_of(PUSH), third.router_status))

	def test_a_replaced_device_waits_like_the_checks_that_it_needs(self):
		leaving = "mikrotik_integration.services.redemption.let_devices_leave"
		self.hold_up()
		redemption.enqueue_leaving(self.router.name)
		frappe.db.commit()
		self.assertEqual(["long"], self.queue_of(leaving))

	def test_those_who_pay_for_one_that_is_slow_with_payments_wait_there_and_get_on_all_the_same(self):
		with patch.object(provisioning, "SLOW_S", 0):
			self.pay(factories.a_subscription(self.router, self.plan))
			self.work()
		third = factories.a_subscription(self.router, self.plan)
		self.pay(third)
		inbox_worker.run()
		self.assertEqual(["long"], self.queue_of(PUSH))
		self.work()
		third.reload()
		self.assertEqual("In Sync", third.router_status, third.router_error)


class TestAWebRequest(HostileRouterTestCase):
	def test_waits_for_a_router_for_less_long_than_a_job_does(self):
		self.assertTrue(frappe.local.request)
		in_a_request = routers.endpoint(self.router.name).lifetime_s
		with patch.object(frappe.local, "request", None):
			self.assertLess(2 * in_a_request, routers.endpoint(self.router.name).lifetime_s)


class TestFloods(HostileRouterTestCase):
	def test_sessions_of_nobody_are_kept_up_to_a_number_a_day_and_then_as_one(self):
		self.sim.add("/ip/hotspot/user/profile", name="many", shared_users="unlimited")
		self.sim.add("/ip/hotspot/user", name="stranger", password="x", profile="many")
		for _session in range(5):
			self.sim.customer.login("stranger", "x").move(download=1000, seconds=60)
		with patch.object(usage, "MOST_UNKNOWN_A_DAY", 2):
			for _pass in range(2):
				self.check_router(self.router)
		unknown = {"mikrotik_settings": self.router.name, "router_account": ("is", "not set")}
		found = frappe.get_all(USAGE, unknown, ["bytes_out"], order_by="name", limit=0)
		self.assertEqual([1000, 1000, 3000], sorted(row.bytes_out for row in found))

	def test_one_login_that_needs_the_same_over_and_over_does_not_fill_the_log(self):
		result = dict(path="/ip/hotspot/active/remove", args={"user": "ann"}, message="", account_id="acc")
		many = [OperationResult(ok=True, **result) for _session in range(1000)]
		api_log.log_operations(self.router.name, many)
		rows = frappe.get_all(LOG, {"router": self.router.name, "username": "ann"}, ["result"], limit=0)
		self.assertEqual(api_log.MOST_ALIKE + 1, len(rows))
		self.assertEqual(1, len([row for row in rows if "980" in (row.result or "")]))

	def test_rows_made_by_hand_are_listed_up_to_a_number(self):
		for number in range(5):
			self.sim.add("/ip/hotspot/user", name=f"by-hand-{number}", password="x")
		with patch.object(routers, "MOST_UNMANAGED", 3):
			self.check_router(self.router)
		self.assertEqual(3, len(json.loads(self.seen("unmanaged_accounts").unmanaged_accounts)))

	def test_a_router_that_changes_its_mind_at_each_pass_fills_no_mailbox(self):
		manager = a_user("ISP Manager")
		other = self.another_router()
		for _time in range(3):
			for place in (other, self.sim):
				self.answers_at(place)
				self.check_router(self.router)
		self.assertFalse(self.seen("stopped").stopped)
		told = {"for_user": manager, "document_name": self.router.name}
		self.assertEqual(1, frappe.db.count("Notification Log", told))

	def answers_at(self, place) -> None:
		frappe.db.set_value(ROUTER, self.router.name, "api_port", place.port)
		frappe.clear_document_cache(ROUTER, self.router.name)
		frappe.db.commit()

	def test_warnings_fit_into_their_field(self):
		for number in range(5):
			self.sim.add("/ip/hotspot/user", name=f"by-hand-{number}", password="x")
		with patch.object(routers, "MOST_WARNINGS", 0):
			self.sim.set_faults(odd_spellings={"cpu-load": "?"})
			self.check_router(self.router)
		self.assertIn("1 more", self.seen("warnings").warnings)


class TestVouchersOfAHostileRouter(VoucherTestCase):
	def test_a_voucher_does_not_begin_before_it_was_sold(self):
		voucher = self.sell_one()
		self.work()
		self.sim.customer.login(voucher.code, voucher.code)
		self.sim.set_faults(odd_spellings={"uptime": "52w"})
		frappe.db.set_value("Hotspot Voucher", voucher.name, "quota_seconds", 0)
		frappe.db.commit()
		self.check_router(self.router)
		voucher.reload()
		self.assertEqual(get_datetime(voucher.sold_on), get_datetime(voucher.first_login))
		self.assertEqual("Active", voucher.status)
