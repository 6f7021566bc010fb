"""Whatever changes at the desk, the router follows; the old router too, and a router that was off when it is back."""

from datetime import timedelta

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.services import accounts, clock, subscriptions
from mikrotik_integration.simulators.routeros import LoginRefused
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

SECRETS = "/ppp/secret"
USERS = "/ip/hotspot/user"
SERVICES = {"hotspot": USERS, "pppoe": SECRETS, "l2tp": SECRETS, "pptp": SECRETS, "openvpn": SECRETS}


class TestRouterFollows(ServiceTestCase):
	service = "pppoe"

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.plan = factories.a_plan(service=self.service)
		self.subscription = factories.a_subscription(self.router, self.plan)
		self.start()

	def start(self) -> None:
		self.pay(self.subscription)
		self.work()
		self.subscription.reload()
		self.assertEqual("In Sync", self.subscription.router_status, self.subscription.router_error)

	def login(self, sim=None, password: str | None = None):
		return (sim or self.sim).customer.login(
			self.subscription.username,
			password or self.subscription.get_password("password"),
			service=self.service,
		)

	def assert_refused(self, **how) -> None:
		with self.assertRaises(LoginRefused):
			self.login(**how)

	def save(self, **values) -> None:
		self.subscription.reload()
		self.subscription.update(values)
		self.subscription.save()
		frappe.db.commit()
		self.work()
		self.subscription.reload()

	def act(self, action: str) -> None:
		subscriptions.act(self.subscription.name, action)
		frappe.db.commit()
		self.work()

	def test_a_change_of_plan_ends_the_session_so_that_the_new_speed_holds(self):
		session = self.login()
		faster = factories.a_plan(factories.a_connection_type(self.service, speed_limit_tx="50M"), price=3000)
		self.save(internet_plan=faster.name)
		self.assertFalse(session.is_live)
		self.assertEqual(3000, self.subscription.price)
		(row,) = self.rows()
		self.assertEqual(
			frappe.db.get_value("Connection Type", faster.connection_type, "profile_name"), row["profile"]
		)

	def test_a_change_of_router_moves_the_login_and_clears_the_old_router(self):
		elsewhere = self.another_router()
		session = self.login()
		self.save(mikrotik_settings=factories.a_router(elsewhere).name)
		self.assertFalse(session.is_live)
		self.assert_refused()
		self.assertTrue(self.login(elsewhere).is_live)
		self.assertEqual([], self.rows())

	def test_a_move_while_the_old_router_is_off_is_finished_when_it_is_back(self):
		elsewhere = self.another_router()
		session = self.login()
		self.sim.set_faults(refuse_connections=True)
		self.save(mikrotik_settings=factories.a_router(elsewhere).name)
		self.assertTrue(self.login(elsewhere).is_live)
		self.assertEqual("Pending", self.subscription.router_status)
		self.sim.set_faults(refuse_connections=False)
		self.check_router(self.router)
		self.assertFalse(session.is_live)
		self.assert_refused()
		self.subscription.reload()
		self.assertEqual("In Sync", self.subscription.router_status)
		accounts.remove_forgotten()
		self.assertEqual(1, frappe.db.count("Router Account", {"reference_name": self.subscription.name}))

	def test_a_new_password_ends_the_session_of_the_old_one(self):
		old = self.subscription.get_password("password")
		session = self.login()
		self.save(password="neues-Passwort")
		self.assertFalse(session.is_live)
		self.assert_refused(password=old)
		self.assertTrue(self.login(password="neues-Passwort").is_live)

	def test_a_new_user_name_replaces_the_old_one(self):
		old = self.subscription.username
		self.save(username=factories.unique("wanjiku").replace(" ", "."))
		self.assertNotIn(old, [row["name"] for row in self.rows()])
		self.assertTrue(self.login().is_live)

	def test_pause_and_resume(self):
		session = self.login()
		self.act("pause")
		self.assertFalse(session.is_live)
		self.assert_refused()
		self.act("resume")
		self.assertTrue(self.login().is_live)

	def test_termination_takes_the_login_off_the_router(self):
		session = self.login()
		self.act("terminate")
		self.assertFalse(session.is_live)
		self.assertEqual([], self.rows())
		self.assertEqual("Expired", self.status_of(self.subscription))

	def test_disabling_the_customer_ends_the_service_and_enabling_brings_it_back(self):
		session = self.login()
		customer = frappe.get_doc("Customer", self.subscription.customer)
		customer.disabled = 1
		customer.save()
		frappe.db.commit()
		self.work()
		self.assertFalse(session.is_live)
		self.assertEqual("Suspended", self.status_of(self.subscription))
		self.assert_refused()
		customer.disabled = 0
		customer.save()
		frappe.db.commit()
		self.work()
		self.assertTrue(self.login().is_live)

	def test_expiry_cuts_the_live_session(self):
		session = self.login()
		self.end_period()
		self.assertFalse(session.is_live)
		self.assertEqual("Expired", self.status_of(self.subscription))
		self.assert_refused()

	def test_expiry_while_the_router_is_off_is_shown_as_pending_and_done_when_it_is_back(self):
		session = self.login()
		self.sim.set_faults(refuse_connections=True)
		self.end_period()
		self.subscription.reload()
		self.assertEqual(("Expired", "Pending"), (self.subscription.status, self.subscription.router_status))
		self.assertTrue(session.is_live)
		self.sim.set_faults(refuse_connections=False)
		self.check_router(self.router)
		self.assertFalse(session.is_live)
		self.assert_refused()

	def test_a_payment_while_the_router_is_off_is_applied_and_online_when_it_is_back(self):
		self.end_period()
		self.sim.set_faults(refuse_connections=True)
		self.subscription.reload()
		self.pay(self.subscription)
		self.work()
		self.subscription.reload()
		self.assertEqual(("Active", "Pending"), (self.subscription.status, self.subscription.router_status))
		self.sim.set_faults(refuse_connections=False)
		self.check_router(self.router)
		self.assertTrue(self.login().is_live)

	def test_a_router_that_was_reset_gets_everything_back(self):
		for row in self.rows():
			self.sim.run(f"{SERVICES[self.service]}/remove", {".id": row[".id"]})
		self.check_router(self.router)
		self.assertTrue(self.login().is_live)

	def test_rows_made_by_hand_are_left_alone_and_reported(self):
		self.sim.run(f"{SERVICES[self.service]}/add", {"name": "boss", "password": "seen-by-nobody"})
		self.check_router(self.router)
		self.assertIn("boss", [row["name"] for row in self.sim.rows(SERVICES[self.service])])
		reported = frappe.db.get_value("MikroTik Settings", self.router.name, "unmanaged_accounts")
		self.assertIn("boss", reported)
		self.assertNotIn("seen-by-nobody", reported)

	def test_no_secret_is_in_the_log(self):
		self.save(password="geheim-4711")
		logged = frappe.get_all(
			"MikroTik API Log", {"router": self.router.name}, ["parameters", "result", "operation"]
		)
		self.assertTrue(logged)
		self.assertNotIn("geheim-4711", str(logged))

	def test_a_deleted_draft_leaves_nothing_and_one_with_money_cannot_be_deleted(self):
		with self.assertRaises(frappe.LinkExistsError):
			self.subscription.delete()
		frappe.db.rollback()

	def end_period(self) -> None:
		frappe.db.set_value(
			"Customer Subscription",
			self.subscription.name,
			{"expiry_date": now_datetime(), "period_end": now_datetime(), "next_change": now_datetime()},
		)
		frappe.db.commit()
		clock.advance_due_subscriptions()
		self.work()

	def rows(self) -> list[dict]:
		return [
			row
			for row in self.sim.rows(SERVICES[self.service])
			if row["name"].casefold() == self.subscription.username.casefold()
		]


class TestHotspotFollows(TestRouterFollows):
	service = "hotspot"

	def test_a_cookie_does_not_bring_a_suspended_customer_back(self):
		session = self.login()
		self.act("hold")
		self.assertFalse(session.is_live)
		with self.assertRaises(LoginRefused):
			self.sim.customer.come_back(session.mac)


class TestL2tpFollows(TestRouterFollows):
	service = "l2tp"


class TestPptpFollows(TestRouterFollows):
	service = "pptp"


class TestOpenVpnFollows(TestRouterFollows):
	service = "openvpn"


class TestRouterThatWasAway(ServiceTestCase):
	"""Power is back before its pause is over; the app hears of it from the next customer who pays."""

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.first = factories.a_subscription(self.router)
		self.second = factories.a_subscription(self.router)
		self.sim.set_faults(refuse_connections=True)
		self.buy(self.first)

	def buy(self, subscription) -> None:
		self.pay(subscription)
		self.work()
		subscription.reload()

	def failed_before(self, seconds: int) -> None:
		"""As if it had failed for the last time so long ago."""
		pause = timedelta(minutes=1) - timedelta(seconds=seconds)
		values = {"failures": 1, "next_attempt": now_datetime() + pause}
		frappe.db.set_value("MikroTik Settings", self.router.name, values)
		frappe.db.commit()

	def test_the_next_who_pays_is_online_at_once_and_so_are_all_who_waited(self):
		self.assertEqual(("Active", "Pending"), (self.first.status, self.first.router_status))
		self.sim.set_faults(refuse_connections=False)
		self.failed_before(20)
		self.buy(self.second)
		self.first.reload()
		self.assertEqual(("In Sync", "In Sync"), (self.first.router_status, self.second.router_status))

	def test_a_router_that_failed_seconds_ago_is_not_asked_for_each_payment(self):
		self.failed_before(5)
		self.buy(self.second)
		self.assertEqual(1, frappe.db.get_value("MikroTik Settings", self.router.name, "failures"))

	def test_whoever_loses_access_does_not_wait_for_a_router_that_is_away(self):
		subscriptions.act(self.first.name, "pause")
		frappe.db.commit()
		self.failed_before(20)
		self.work()
		self.assertEqual(1, frappe.db.get_value("MikroTik Settings", self.router.name, "failures"))


class TestRouterThatHidesPasswords(ServiceTestCase):
	"""RouterOS from 7.21 may show no password even to its API user."""

	def setUp(self) -> None:
		super().setUp()
		self.sim.behave(passwords_readable=False)
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.renew()

	def renew(self) -> None:
		self.subscription.reload()
		self.pay(self.subscription)
		self.work()

	def login(self):
		return self.sim.customer.login(self.subscription.username, self.subscription.get_password("password"))

	def test_a_renewal_does_not_end_the_session_and_a_new_password_does(self):
		session = self.login()
		self.renew()
		self.check_router(self.router)
		self.assertTrue(session.is_live)
		self.subscription.reload()
		self.subscription.password = "a-new-one"
		self.subscription.save()
		frappe.db.commit()
		self.work()
		self.assertFalse(session.is_live)
		self.subscription.reload()
		self.assertTrue(self.login().is_live)
