"""What the documentation promises of each role works with that role alone."""

import frappe

from mikrotik_integration import demo_company as site
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.test_forms_browser import BrowserTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user, a_user_of_one_router

NEW_CUSTOMER = {"customer_type": "Individual"}


class RoleTestCase(ServiceTestCase):
	role = ""

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.person = Visitor(self.web.url, a_user(self.role))

	def ok(self, answer) -> dict:
		self.assertEqual(200, answer.status_code, answer.text[:1500])
		body = answer.json()
		return body.get("data") or body.get("message")

	def refused(self, answer) -> None:
		self.assertEqual(403, answer.status_code, answer.text[:500])

	def may_read(self, doctype: str) -> bool:
		return self.person.resource("GET", doctype).ok


class CustomerMaker:
	def new_subscription(self, person, router) -> dict:
		customer = self.ok(
			person.resource("POST", "Customer", customer_name=factories.unique("Achieng"), **NEW_CUSTOMER)
		)
		found = self.ok(
			person.call("frappe.desk.search.search_link", doctype="Customer", txt=customer["customer_name"])
		)
		self.assertEqual([customer["name"]], [one["value"] for one in found])
		valid = person.call(
			"frappe.client.validate_link",
			doctype="Customer",
			docname=customer["name"],
			fields='["customer_name"]',
		)
		self.assertEqual(customer["name"], self.ok(valid)["name"])
		return self.ok(
			person.resource(
				"POST",
				"Customer Subscription",
				customer=customer["name"],
				internet_plan=self.subscription.internet_plan,
				mikrotik_settings=router.name,
				phone_number=factories.a_phone(),
			)
		)

	def test_makes_a_customer_and_a_subscription(self):
		made = self.new_subscription(self.person, self.router)
		self.assertEqual("Draft", made["status"])


class TestStaff(CustomerMaker, RoleTestCase):
	role = "ISP Staff"

	def test_takes_a_customer_through_the_day(self):
		name = self.new_subscription(self.person, self.router)["name"]
		subscription = frappe.get_doc("Customer Subscription", name)
		self.ok(self.person.api("payments.request_payment", subscription=name))
		self.daraja.settle()
		self.work()
		self.assertEqual("Active", self.status_of(subscription))
		self.assertTrue(self.person.api("subscriptions.get_password", subscription=name).json()["message"])
		for action in ("pause", "resume", "suspend", "lift_suspension"):
			self.ok(self.person.api(f"subscriptions.{action}", subscription=name, reason="asked for"))
		self.assertTrue(self.ok(self.person.api("subscriptions.invoice", subscription=name))["sales_invoice"])
		page = self.person.http.get(
			f"{self.web.url}/printview", params={"doctype": "Customer Subscription", "name": name}, timeout=60
		)
		self.assertIn(name, page.text)
		self.ok(self.person.api("subscriptions.terminate", subscription=name, reason="moved"))

	def test_sells_at_the_till(self):
		package = factories.a_package()
		frappe.db.commit()
		sold = self.ok(
			self.person.api("vouchers.sell_for_cash", package=package.name, router=self.router.name)
		)
		self.assertTrue(sold["code_shown"])

	def test_works_on_own_routers_only(self):
		other = factories.a_router(self.another_router())
		person = Visitor(self.web.url, a_user_of_one_router(self.router.name, self.role))
		self.new_subscription(person, self.router)
		refused = person.resource(
			"POST",
			"Customer Subscription",
			customer=self.subscription.customer,
			internet_plan=self.subscription.internet_plan,
			mikrotik_settings=other.name,
		)
		self.refused(refused)

	def test_reads_no_customer_and_no_books(self):
		customer = self.subscription.customer
		self.refused(self.person.resource("GET", "Customer", customer))
		self.refused(
			self.person.call("frappe.desk.form.load.getdoc", "GET", doctype="Customer", name=customer)
		)
		self.refused(self.person.resource("PUT", "Customer", customer, customer_name="Mallory"))
		self.refused(self.person.resource("DELETE", "Customer", customer))
		for doctype in ("Sales Invoice", "Payment Entry", "Journal Entry", "GL Entry", "Account"):
			self.assertFalse(self.may_read(doctype), doctype)
		for report in ("Payments and Ledger", "Internet Revenue", "Voucher Sales"):
			self.refused(self.person.call("frappe.desk.query_report.run", report_name=report, filters="{}"))

	def test_adds_nothing_to_a_customer_that_is_there(self):
		"""Frappe lets whoever may make Customers add rows to each of them, past the Customer itself."""
		values = {"user": self.person.user, "company": site.COMPANY, "credit_limit": 1}
		for field in frappe.get_meta("Customer").get_table_fields():
			where = {
				"parent": self.subscription.customer,
				"parenttype": "Customer",
				"parentfield": field.fieldname,
			}
			with self.subTest(field.fieldname):
				self.refused(self.person.resource("POST", field.options, **where, **values))
				self.assertFalse(frappe.db.exists(field.options, where))
		with_a_portal_user = self.person.resource(
			"POST",
			"Customer",
			customer_name=factories.unique("Achieng"),
			portal_users=[{"user": self.person.user}],
			**NEW_CUSTOMER,
		)
		self.assertEqual(1, len(self.ok(with_a_portal_user)["portal_users"]))


class TestManager(CustomerMaker, RoleTestCase):
	role = "ISP Manager"

	def test_makes_what_is_sold_and_switches_a_router_off(self):
		kind = self.ok(
			self.person.resource(
				"POST",
				"Connection Type",
				service_name="hotspot",
				profile_name=factories.unique("gold").replace(" ", "-"),
				speed_limit_rx="5M",
				speed_limit_tx="5M",
			)
		)
		plan = self.ok(
			self.person.resource(
				"POST",
				"Internet Plan",
				plan_name=factories.unique("Gold"),
				connection_type=kind["name"],
				price=20,
				validity_days=1,
				billing="Prepaid",
				sold_as_voucher=1,
			)
		)
		self.ok(
			self.person.resource(
				"POST",
				"Hotspot Voucher Batch",
				internet_plan=plan["name"],
				mikrotik_settings=self.router.name,
				quantity=2,
			)
		)
		self.ok(self.person.resource("PUT", "MikroTik Settings", self.router.name, enabled=0))
		self.refused(self.person.resource("PUT", "ISP Settings", "ISP Settings", send_sms=1))

	def test_gives_a_special_price(self):
		name = self.subscription.name
		saved = self.ok(self.person.resource("PUT", "Customer Subscription", name, price=1))
		self.assertEqual(1, saved["price"])


class TestAdministrator(CustomerMaker, RoleTestCase):
	role = "ISP Administrator"

	def test_changes_settings_and_makes_routers(self):
		self.ok(self.person.resource("PUT", "ISP Settings", "ISP Settings", send_sms=0))
		self.ok(
			self.person.resource(
				"POST",
				"MikroTik Settings",
				router_name=factories.unique("Router"),
				ip_address=self.sim.host,
				api_port=self.another_router().port,
				api_username="erpnext",
				api_password="x",
				enabled=0,
			)
		)


class TestAccountsUser(RoleTestCase):
	role = "Accounts User"

	def test_reads_it_all_except_the_router_log(self):
		for doctype in (
			*("Customer Subscription", "Subscription Payment", "Internet Plan", "Connection Type"),
			*("MikroTik Settings", "Router Account", "Usage Record", "Hotspot Voucher", "Hotspot Purchase"),
		):
			self.assertTrue(self.may_read(doctype), doctype)
		self.assertFalse(self.may_read("MikroTik API Log"))
		for report in ("Payments and Ledger", "Internet Revenue", "Voucher Sales", "Data Usage"):
			answer = self.person.call("frappe.desk.query_report.run", report_name=report, filters="{}")
			self.assertEqual(200, answer.status_code, report)


class TestTheForms(BrowserTestCase):
	def test_staff_make_a_customer_and_a_subscription_in_the_desk(self):
		self.log_in(a_user("ISP Staff"))
		self.browser.open(f"{self.base}/app/customer-subscription/new", ".form-layout")
		self.browser.run(
			"void frappe.ui.form.make_quick_entry('Customer', (made) => cur_frm.set_value('customer', made.name))"
		)
		self.browser.wait("!!cur_dialog?.fields_dict?.customer_name")
		name = factories.unique("Atieno")
		self.browser.run(f"void cur_dialog.set_value('customer_name', '{name}')")
		self.browser.click(".modal.show .btn-modal-primary, .modal.show .btn-primary")
		self.browser.wait("!!cur_frm.doc.customer")
		values = {
			"internet_plan": self.subscription.internet_plan,
			"mikrotik_settings": self.router.name,
			"phone_number": factories.a_phone(),
		}
		for field, value in values.items():
			self.browser.run(f"void cur_frm.set_value('{field}', '{value}')")
			self.browser.wait(f"cur_frm.doc.{field} === '{value}'")
		self.browser.wait("!!cur_frm.doc.connection_type")
		self.browser.run("void cur_frm.save()")
		self.browser.wait("!cur_frm.is_new() && !!document.querySelector('.subscription-state')")
		frappe.db.rollback()
		self.assertTrue(frappe.db.exists("Customer Subscription", {"customer_name": name}))

	def test_an_invoice_is_made_after_a_question(self):
		self.log_in(a_user("ISP Staff"))
		self.open_subscription()
		invoices = {"customer_subscription": self.subscription.name}
		self.browser.click(".inner-group-button[data-label=Actions] button")
		self.browser.click(".dropdown-item", "Make Invoice")
		words = self.browser.text(".modal.show .invoice-preview")
		for expected in (self.subscription.customer_name, "1,500", "30 days"):
			self.assertIn(expected, words)
		self.assertFalse(frappe.db.exists("Sales Invoice", invoices))
		self.browser.click(".modal.show .btn-modal-primary, .modal.show .btn-primary", "Yes")
		self.browser.wait("!!document.querySelector('.desk-alert')")
		frappe.db.rollback()
		self.assertTrue(frappe.db.exists("Sales Invoice", {**invoices, "docstatus": 1}))
