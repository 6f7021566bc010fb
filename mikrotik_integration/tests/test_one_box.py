"""One box, one document; one site decides about it; what would take much away waits for a person."""

import frappe

from mikrotik_integration import install
from mikrotik_integration.services import (
	accounts,
	clock,
	connection_test,
	mass_removals,
	provisioning,
	router_guard,
	subscriptions,
)
from mikrotik_integration.services import settings as site_settings
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user

USERS = "/ip/hotspot/user"
MANY = 8


class RouterTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.plan = factories.a_plan()
		frappe.db.commit()

	def customers(self, count: int = 1) -> list:
		"""Paid and on the router."""
		found = [factories.a_subscription(self.router, self.plan) for _number in range(count)]
		for subscription in found:
			self.give_a_period(subscription)
		self.work()
		self.check_router(self.router)
		self.assertEqual(set(), {one.username for one in found} - self.names())
		return found

	def give_a_period(self, subscription) -> None:
		self.pay(subscription)
		self.work()
		subscription.reload()

	def names(self, sim=None, enabled: bool = True) -> set[str]:
		wanted = ("false",) if enabled else ("true", "false")
		return {row["name"] for row in (sim or self.sim).rows(USERS) if row["disabled"] in wanted}

	def state(self, router=None) -> frappe._dict:
		frappe.db.rollback()
		return frappe.get_doc("MikroTik Settings", (router or self.router).name)

	def log(self, operation: str, router=None) -> list[str]:
		filters = {"router": (router or self.router).name, "operation": operation}
		return frappe.get_all("MikroTik API Log", filters, pluck="result", order_by="creation")

	def end_period(self, *found) -> None:
		now = frappe.utils.now_datetime()
		for subscription in found:
			values = {"expiry_date": now, "period_end": now, "next_change": now}
			frappe.db.set_value("Customer Subscription", subscription.name, values)
		frappe.db.commit()
		clock.advance_due_subscriptions()

	def move(self, router, sim) -> None:
		"""The address of a document leads to another box."""
		factories.forget_routers_at(sim.host, sim.port)
		values = {"ip_address": sim.host, "api_port": sim.port}
		frappe.db.set_value("MikroTik Settings", router.name, values)
		frappe.db.commit()


class TestOneBox(RouterTestCase):
	def test_a_second_document_for_the_same_box_changes_nothing_on_it(self):
		found = self.customers(3)
		session = self.sim.customer.login(found[0].username, found[0].get_password("password"))
		before = self.sim.rows(USERS)
		second = self.second_document()
		self.check_router(second)
		self.assertEqual(before, self.sim.rows(USERS))
		self.assertTrue(session.is_live)
		state = self.state(second)
		self.assertEqual(router_guard.SAME_BOX, state.stopped)
		self.assertIn(f"same box as {self.router.name}", state.stopped_because)
		self.check_router(self.router)
		self.assertFalse(self.state().stopped)

	def test_test_connection_says_so(self):
		self.check_router(self.router)
		texts = [one["text"] for one in connection_test.run(self.second_document().name) if not one["ok"]]
		self.assertTrue(any(f"same box as {self.router.name}" in text for text in texts), texts)

	def test_what_is_sold_on_the_second_document_waits_and_says_why(self):
		self.check_router(self.router)
		subscription = factories.a_subscription(self.second_document(), self.plan)
		self.give_a_period(subscription)
		self.assertEqual(("Active", "Pending"), (subscription.status, subscription.router_status))
		self.assertIn("same box", subscription.router_error)
		self.assertNotIn(subscription.username, self.names(enabled=False))

	def test_of_two_first_passes_at_the_same_moment_one_gets_the_box(self):
		second = self.second_document()
		self.check_router(self.router)
		sight_before = frappe.db.exists
		identity = self.state().router_identity
		self.assertTrue(identity)

		def blind(doctype, filters=None, *args, **more):  # as who looked before the other one wrote
			is_look = isinstance(filters, dict) and "router_identity" in filters
			frappe.db.exists = sight_before
			return None if is_look else sight_before(doctype, filters, *args, **more)

		frappe.db.exists = blind
		self.addCleanup(setattr, frappe.db, "exists", sight_before)
		self.check_router(second)
		self.assertEqual(router_guard.SAME_BOX, self.state(second).stopped)
		self.assertFalse(self.state(second).router_identity)

	def test_another_box_at_the_address_is_left_alone_until_a_person_says_that_it_is_the_replacement(self):
		found = self.customers(2)
		new = self.another_router()
		new.run(f"{USERS}/add", name="of-somebody-else", password="x")
		self.move(self.router, new)
		self.check_router(self.router)
		self.assertEqual(router_guard.OTHER_BOX, self.state().stopped)
		self.assertEqual({"of-somebody-else"}, self.names(new) - {"default-trial"})
		manager = Visitor(self.web.url, a_user("ISP Manager"))
		self.run_method(manager, "confirm_box")
		self.work()
		self.check_router(self.router)
		self.assertEqual(set(), {one.username for one in found} - self.names(new))
		self.assertFalse(self.state().stopped)
		self.assertEqual(1, len(self.log("replacement confirmed")))

	def test_a_router_that_is_switched_off_here_gives_its_box_to_another_document(self):
		self.check_router(self.router)
		self.state().update({"enabled": 0}).save()
		second = self.second_document()
		self.check_router(second)
		router_guard.confirm_box(second.name)
		frappe.db.commit()
		self.check_router(second)
		self.assertFalse(self.state(second).stopped)
		self.assertTrue(self.state(second).router_identity)
		self.assertFalse(self.state().router_identity)

	def test_a_box_that_another_router_uses_is_no_replacement(self):
		self.check_router(self.router)
		second = self.second_document()
		self.check_router(second)
		with self.assertRaisesRegex(frappe.ValidationError, "same box"):
			router_guard.confirm_box(second.name)

	def test_who_may_decide(self):
		self.check_router(self.router)
		for method, refused in (
			("confirm_box", ("ISP Staff", "Accounts Manager")),
			("allow_removals", ("ISP Staff", "Accounts Manager")),
			("this_site_is_right", ("ISP Staff", "ISP Manager")),
		):
			for role in refused:
				with self.subTest(method, role=role):
					answer = self.ask_method(Visitor(self.web.url, a_user(role)), method)
					self.assertEqual(403, answer.status_code, answer.text)

	def test_a_form_that_was_open_meanwhile_does_not_take_back_what_passes_wrote(self):
		form = self.state()
		self.customers(1)
		now = self.state()
		form.modified = now.modified
		form.update(
			{"wifi_name": "Cafe", "router_identity": "system-id OTHER", "count_number": 0, "stopped": ""}
		)
		form.save()
		frappe.db.commit()
		after = self.state()
		self.assertEqual("Cafe", after.wifi_name)
		for field in ("router_identity", "count_number", "count_token", "status"):
			self.assertEqual(now.get(field), after.get(field), field)
		self.check_router(self.router)
		self.assertFalse(self.state().stopped)

	def second_document(self):
		"""The same box by another name: what a form refuses an import or two addresses of one box can still do."""
		router = factories.a_router(self.another_router())
		values = {"ip_address": "localhost", "api_port": self.sim.port}
		frappe.db.set_value("MikroTik Settings", router.name, values)
		frappe.db.commit()
		return router

	def ask_method(self, visitor, method: str):
		doc = {"doctype": "MikroTik Settings", "name": self.router.name}
		return visitor.http.post(
			f"{self.web.url}/api/method/run_doc_method",
			json={"dt": doc["doctype"], "dn": doc["name"], "method": method},
			timeout=60,
		)

	def run_method(self, visitor, method: str) -> None:
		answer = self.ask_method(visitor, method)
		self.assertEqual(200, answer.status_code, answer.text)
		frappe.db.rollback()


class TestFence(RouterTestCase):
	"""A restored backup and a copy are played by what they know: rows of the database as they were earlier."""

	KNOWN = (
		("MikroTik Settings", ("count_number", "count_token", "counted_for")),
		("Customer Subscription", ("status", "expiry_date", "period_end", "next_change", "modified")),
	)

	def backup(self) -> dict:
		frappe.db.commit()
		return {
			doctype: frappe.get_all(doctype, self.mine(doctype), ["name", *fields], order_by="name", limit=0)
			for doctype, fields in self.KNOWN
		} | {
			"Router Account": frappe.db.sql(
				"select * from `tabRouter Account` where mikrotik_settings = %s",
				self.router.name,
				as_dict=True,
			)
		}

	def restore(self, backup: dict) -> None:
		for doctype, _fields in self.KNOWN:
			for row in backup[doctype]:
				values = {field: value for field, value in row.items() if field != "name"}
				frappe.db.set_value(doctype, row.name, values, update_modified=False)
		frappe.db.delete("Router Account", {"mikrotik_settings": self.router.name})
		for row in backup["Router Account"]:
			frappe.db.bulk_insert("Router Account", list(row), [list(row.values())])
		frappe.db.commit()

	def mine(self, doctype: str) -> dict:
		return {"name" if doctype == "MikroTik Settings" else "mikrotik_settings": self.router.name}

	def test_a_restored_backup_cuts_off_nobody_who_paid_since(self):
		(paid,) = self.customers()
		self.end_period(paid)
		self.work()
		self.assertNotIn(paid.username, self.names())
		backup = self.backup()
		self.give_a_period(paid)
		session = self.sim.customer.login(paid.username, paid.get_password("password"))
		self.restore(backup)
		self.check_router(self.router)
		provisioning.push_router(self.router.name)
		self.assertTrue(session.is_live)
		self.assertIn(paid.username, self.names())
		self.assertEqual(router_guard.AHEAD, self.state().stopped)
		self.assertEqual(1, len(self.log("stopped")))

	def test_a_renewal_that_changes_nothing_on_the_router_is_counted_there_too(self):
		(paid,) = self.customers()
		backup = self.backup()
		self.give_a_period(paid)
		self.check_router(self.router)
		self.restore(backup)
		self.end_period(paid)
		self.work()
		self.check_router(self.router)
		self.assertIn(paid.username, self.names())
		self.assertEqual(router_guard.AHEAD, self.state().stopped)

	def test_nothing_is_counted_where_nothing_happened(self):
		self.customers()
		self.check_router(self.router)
		before = self.state().count_number
		self.check_router(self.router)
		self.assertEqual(before, self.state().count_number)

	def test_a_payment_meanwhile_is_booked_and_the_subscription_says_that_it_waits(self):
		self.customers()
		backup = self.backup()
		other = factories.a_subscription(self.router, self.plan)
		self.give_a_period(other)
		self.restore(backup)
		self.check_router(self.router)
		third = factories.a_subscription(self.router, self.plan)
		self.give_a_period(third)
		self.assertEqual(("Active", "Pending"), (third.status, third.router_status))
		self.assertIn("Waiting for a decision", third.router_error)
		self.assertNotIn(third.username, self.names(enabled=False))
		self.assertTrue(
			frappe.db.exists("Subscription Payment", {"subscription": third.name, "status": "Applied"})
		)

	def test_once_a_person_said_so_the_restored_site_goes_on_and_the_copy_stops(self):
		(paid,) = self.customers()
		backup = self.backup()
		self.give_a_period(paid)
		self.give_a_period(factories.a_subscription(self.router, self.plan))
		copy = self.backup()  # what the other one knows
		self.restore(backup)
		self.check_router(self.router)
		router_guard.go_on(self.router.name)
		frappe.db.commit()
		self.check_router(self.router)
		self.assertFalse(self.state().stopped)
		self.assertEqual(1, len(self.log("this site is right")))
		self.restore(copy)
		self.check_router(self.router)
		self.assertEqual(router_guard.AHEAD, self.state().stopped)

	def test_a_change_that_came_after_what_was_decided_about_stops_it_again(self):
		self.customers()
		backup = self.backup()
		self.give_a_period(factories.a_subscription(self.router, self.plan))
		self.restore(backup)
		self.check_router(self.router)
		(row,) = self.sim.rows("/ip/firewall/address-list")
		mark, number, _token = row["comment"].split(" ")
		self.sim.run(
			"/ip/firewall/address-list/set", {".id": row[".id"]}, comment=f"{mark} {int(number) + 1} feed"
		)
		router_guard.go_on(self.router.name)
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual(router_guard.AHEAD, self.state().stopped)

	def test_a_router_that_was_reset_or_restored_from_its_own_backup_is_not_ahead(self):
		(paid,) = self.customers()
		(row,) = self.sim.rows("/ip/firewall/address-list")
		self.sim.run(
			"/ip/firewall/address-list/set",
			{".id": row[".id"]},
			comment=row["comment"].split(" ")[0] + " 0 0",
		)
		self.give_a_period(factories.a_subscription(self.router, self.plan))
		self.assertFalse(self.state().stopped)
		(row,) = self.sim.rows("/ip/firewall/address-list")
		self.sim.run("/ip/firewall/address-list/remove", {".id": row[".id"]})
		for user in self.sim.rows(USERS):
			if user.get("default") != "true":
				self.sim.run(f"{USERS}/remove", {".id": user[".id"]})
		self.check_router(self.router)
		self.assertIn(paid.username, self.names())
		self.assertFalse(self.state().stopped)

	def test_cut_off_between_counting_and_changing_the_site_is_ahead_and_goes_on(self):
		self.customers()
		frappe.db.set_value(
			"MikroTik Settings",
			self.router.name,
			{"count_number": self.state().count_number + 1, "count_token": "x"},
		)
		frappe.db.commit()
		self.give_a_period(factories.a_subscription(self.router, self.plan))
		self.assertFalse(self.state().stopped)

	def test_a_copy_of_the_site_knows_that_it_is_one_and_touches_nothing(self):
		(paid,) = self.customers()
		frappe.db.set_single_value("ISP Settings", "site_home", "isp.example (_1234)")
		self.addCleanup(install_home)
		frappe.db.commit()
		self.sim.forget_commands()
		self.end_period(paid)
		self.work()
		self.check_router(self.router)
		self.assertEqual([], self.sim.commands)
		state = self.state()
		self.assertEqual(router_guard.COPY, state.stopped)
		self.assertIn("a copy of isp.example (_1234)", state.stopped_because)
		settings = frappe.get_doc("ISP Settings")
		self.assertTrue(settings.is_away())
		install.after_migrate()
		self.assertEqual("isp.example (_1234)", frappe.db.get_single_value("ISP Settings", "site_home"))
		settings.this_site_is_right()
		frappe.db.commit()
		self.check_router(self.router)
		self.assertFalse(self.state().stopped)
		self.assertNotIn(paid.username, self.names())

	def test_managers_are_told_once(self):
		manager = a_user("ISP Manager")
		self.customers()
		backup = self.backup()
		self.give_a_period(factories.a_subscription(self.router, self.plan))
		self.restore(backup)
		for _number in range(2):
			self.check_router(self.router)
		told = {"for_user": manager, "document_name": self.router.name}
		self.assertEqual(1, frappe.db.count("Notification Log", told))


def install_home() -> None:
	frappe.db.set_single_value("ISP Settings", "site_home", site_settings.home())
	frappe.db.commit()


class TestMassRemovals(RouterTestCase):
	def test_emptied_router_accounts_take_nothing_away_until_a_manager_says_so(self):
		found = self.customers(MANY)
		session = self.sim.customer.login(found[0].username, found[0].get_password("password"))
		frappe.db.delete("Router Account", {"mikrotik_settings": self.router.name})
		frappe.db.commit()
		self.check_router(self.router)
		self.assertTrue(session.is_live)
		self.assertEqual(set(), {one.username for one in found} - self.names())
		state = self.state()
		self.assertEqual(MANY, state.held_logins)
		self.assertIn(found[0].username, state.held_removals)
		self.assertTrue(mass_removals.waits(self.router.name))
		manager = Visitor(self.web.url, a_user("ISP Manager"))
		answer = manager.http.post(
			f"{self.web.url}/api/method/run_doc_method",
			json={"dt": "MikroTik Settings", "dn": self.router.name, "method": "allow_removals"},
			timeout=60,
		)
		self.assertEqual(200, answer.status_code, answer.text)
		frappe.db.rollback()
		self.check_router(self.router)
		self.assertEqual(set(), {one.username for one in found} & self.names(enabled=False))
		self.assertEqual(0, self.state().held_logins)
		self.assertEqual((1, 1), (len(self.log("mass removal held")), len(self.log("mass removal allowed"))))

	def test_who_pays_meanwhile_gets_on_and_what_ends_meanwhile_waits(self):
		first, *_rest = self.customers(MANY)
		accounts_of_rest = {"mikrotik_settings": self.router.name, "reference_name": ("!=", first.name)}
		frappe.db.delete("Router Account", accounts_of_rest)
		frappe.db.commit()
		self.check_router(self.router)
		newcomer = factories.a_subscription(self.router, self.plan)
		self.give_a_period(newcomer)
		self.assertIn(newcomer.username, self.names())
		self.end_period(first)
		self.work()
		self.assertIn(first.username, self.names())
		self.sim.set_faults(refuse_connections=True)
		late = factories.a_subscription(self.router, self.plan)
		self.give_a_period(late)
		self.sim.set_faults(refuse_connections=False)
		self.check_router(self.router)
		self.assertIn(late.username, self.names())
		mass_removals.allow(self.router.name)
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual({newcomer.username, late.username}, self.names() - {"default-trial"})

	def test_an_answer_is_for_what_was_shown(self):
		found = self.customers(MANY + 2)
		for subscription in found[:MANY]:
			frappe.db.delete("Router Account", {"reference_name": subscription.name})
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual(MANY, self.state().held_logins)
		mass_removals.allow(self.router.name)
		frappe.db.delete("Router Account", {"reference_name": found[-1].name})
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual(MANY + 1, self.state().held_logins)
		self.assertEqual(set(), {one.username for one in found} - self.names())

	def test_an_answer_expires(self):
		self.customers(MANY)
		frappe.db.delete("Router Account", {"mikrotik_settings": self.router.name})
		frappe.db.commit()
		self.check_router(self.router)
		mass_removals.allow(self.router.name)
		past = frappe.utils.add_to_date(None, minutes=-1)
		frappe.db.set_value("MikroTik Settings", self.router.name, "removals_allowed_until", past)
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual(MANY, self.state().held_logins)

	def test_codes_of_vouchers_are_not_shown(self):
		mark = site_settings.site_id()
		for number in range(MANY):
			self.sim.run(f"{USERS}/add", name=f"abcdefg{number}", comment=f"erpnext:{mark}:gone{number}")
		self.check_router(self.router)
		state = self.state()
		self.assertEqual(MANY, state.held_logins)
		self.assertNotIn("abcdefg", state.held_removals + state.warnings + str(self.log("mass removal held")))

	def test_a_months_end_does_not_wait(self):
		found = self.customers(MANY)
		self.end_period(*found)
		self.work()
		self.check_router(self.router)
		self.assertEqual(set(), {one.username for one in found} & self.names())
		self.assertEqual(0, self.state().held_logins)

	def test_a_months_end_while_the_router_was_off_does_not_wait(self):
		found = self.customers(MANY)
		self.sim.set_faults(refuse_connections=True)
		self.end_period(*found)
		self.work()
		self.sim.set_faults(refuse_connections=False)
		self.check_router(self.router)
		self.assertEqual(set(), {one.username for one in found} & self.names())

	def test_terminating_many_does_not_wait(self):
		found = self.customers(MANY)
		for subscription in found:
			subscriptions.act(subscription.name, "terminate")
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual(set(), {one.username for one in found} & self.names(enabled=False))
		accounts.remove_forgotten()
		frappe.db.commit()
		self.check_router(self.router)
		self.assertEqual(0, self.state().held_logins)

	def test_moving_many_to_another_router_does_not_wait(self):
		found = self.customers(MANY)
		elsewhere = self.another_router()
		router = factories.a_router(elsewhere)
		for subscription in found:
			subscription.reload()
			subscription.mikrotik_settings = router.name
			subscription.save()
		frappe.db.commit()
		self.work()
		self.check_router(self.router)
		self.check_router(router)
		self.assertEqual(set(), {one.username for one in found} & self.names(enabled=False))
		self.assertEqual(set(), {one.username for one in found} - self.names(elsewhere))
