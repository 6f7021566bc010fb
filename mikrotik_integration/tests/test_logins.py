"""A login belongs to one subscription or voucher, whatever its case and whoever comes first."""

import threading

import frappe

from mikrotik_integration.exceptions import LoginTaken
from mikrotik_integration.services import accounts, till, vouchers
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase


class TestLogins(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)

	def a_sold_code(self) -> str:
		package = factories.a_package()
		frappe.db.commit()
		name = till.sell_for_cash(package.name, self.router.name)
		frappe.db.commit()
		return frappe.db.get_value("Hotspot Voucher", name, "code")

	def test_a_subscription_cannot_take_a_vouchers_code(self):
		code = self.a_sold_code()
		for username in (code, code.upper()):
			with self.subTest(username), self.assertRaises(LoginTaken):
				factories.a_subscription(self.router, username=username)
			frappe.db.rollback()

	def test_who_is_refused_is_not_told_which_voucher(self):
		code = self.a_sold_code()
		name = frappe.db.get_value("Hotspot Voucher", {"code": code})
		with self.assertRaises(LoginTaken) as refusal:
			factories.a_subscription(self.router, username=code)
		self.assertNotIn(name, str(refusal.exception))

	def test_a_subscription_cannot_change_to_anothers_login(self):
		one, other = (factories.a_subscription(self.router) for _i in range(2))
		other.username = one.username
		self.assertRaises(LoginTaken, other.save)

	def test_a_draft_keeps_its_login_from_vouchers(self):
		name = f"draft{frappe.generate_hash(length=6)}"
		factories.a_subscription(self.router, username=name)
		self.assertEqual({name}, vouchers.taken_codes([name.upper(), "nobody-has-this"]))

	def test_no_other_owner_takes_a_row_over_until_it_is_given_up(self):
		subscription = factories.a_subscription(self.router)
		self.pay(subscription)
		self.work()
		fields = ["name", "mikrotik_settings", "service", "username", "profile_name", "desired_state"]
		row = frappe.db.get_value(
			"Router Account", {"reference_name": subscription.name}, fields, as_dict=True
		)
		name = row.pop("name")
		wanted = {**row, "reference_doctype": "Hotspot Voucher", "reference_name": "another"}
		wanted["username"] = row.username.upper()
		for take in (lambda: accounts.hold(wanted, "x"), lambda: accounts.insert_many([(wanted, "x")])):
			self.assertRaises(LoginTaken, take)
		owner = frappe.db.get_value("Router Account", name, "reference_name")
		self.assertEqual(subscription.name, owner)
		frappe.db.set_value("Router Account", name, "desired_state", "Absent")
		self.assertEqual(name, accounts.hold(wanted, "x"))

	def test_of_eight_at_once_one_gets_the_login(self):
		username, plan = f"race{frappe.generate_hash(length=6)}", factories.a_plan()
		customers = [factories.a_customer().name for _i in range(8)]
		frappe.db.commit()
		site, router = frappe.local.site, self.router
		won = []

		def take(customer: str, name: str) -> None:
			frappe.init(site=site)
			frappe.connect()
			try:
				frappe.set_user("Administrator")
				won.append(factories.a_subscription(router, plan, customer=customer, username=name).name)
			except frappe.ValidationError:
				frappe.db.rollback()
			finally:
				frappe.destroy()

		threads = [
			threading.Thread(target=take, args=(customer, username.upper() if number % 2 else username))
			for number, customer in enumerate(customers)
		]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		frappe.db.rollback()
		self.assertEqual(won, frappe.get_all("Customer Subscription", {"username": username}, pluck="name"))
		self.assertEqual(1, len(won))
