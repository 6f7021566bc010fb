"""Who may see and change what, over HTTP: portal customers, staff of one router, clerks who want free service."""

import json

import frappe
from frappe.utils import add_days, now_datetime

from mikrotik_integration import demo_company as site
from mikrotik_integration.overrides import renaming, templates
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor

RECORDS = (
	"Router Account",
	"Subscription Payment",
	"Usage Record",
	"MikroTik API Log",
	"MikroTik Settings",
	"ISP Settings",
	"Internet Plan",
	"Connection Type",
)
METHODS_OF_A_SUBSCRIPTION = (
	"subscriptions.get",
	"subscriptions.get_password",
	"subscriptions.change",
	"subscriptions.activate",
	"subscriptions.pause",
	"subscriptions.resume",
	"subscriptions.suspend",
	"subscriptions.lift_suspension",
	"subscriptions.terminate",
	"subscriptions.invoice",
	"usage.by_day",
	"usage.quota",
	"payments.request_payment",
	"payments.of_subscription",
)
MAKE_CHEQUE_FORMAT = "erpnext.accounts.doctype.cheque_print_template.cheque_print_template.create_or_update_cheque_print_format"


class PermissionTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)

	def visitor(self, *roles: str) -> Visitor:
		return Visitor(self.web.url, visitors.a_user(*roles))

	def paid(self, subscription=None) -> str:
		name = self.pay(subscription or self.subscription)
		self.work()
		return name

	def facts(self, *fields: str) -> list:
		frappe.db.rollback()
		return frappe.db.get_value("Customer Subscription", self.subscription.name, list(fields))

	def assert_refused(self, answer) -> None:
		self.assertIn(answer.status_code, (401, 403, 404), answer.text[:500])

	def assert_silent(self, answer, *secrets: str) -> None:
		for secret in secrets:
			self.assertNotIn(secret, answer.text)


class TestPortalCustomer(PermissionTestCase):
	"""A customer looks for what belongs to others."""

	def setUp(self) -> None:
		super().setUp()
		self.victim = factories.a_subscription(self.router)
		self.user = visitors.a_portal_user(self.subscription.customer)
		self.customer = Visitor(self.web.url, self.user)

	def test_sees_their_own_and_no_more(self):
		listed = self.customer.api("subscriptions.list_own").json()["message"]
		self.assertEqual([self.subscription.name], [row["name"] for row in listed])
		own = self.customer.api("subscriptions.get", subscription=self.subscription.name).json()["message"]
		self.assertEqual("Draft", own["status"])
		for name in ("Customer Subscription", "Usage Record"):
			rows = self.customer.resource("GET", name, limit_page_length=0).json()["data"]
			self.assertLessEqual({row["name"] for row in rows}, {self.subscription.name})

	def test_cannot_touch_anothers_subscription_by_the_api(self):
		for method in METHODS_OF_A_SUBSCRIPTION:
			with self.subTest(method):
				self.assert_refused(self.customer.api(method, subscription=self.victim.name))
		payment = self.paid(self.victim)
		self.assert_refused(self.customer.api("payments.get", payment=payment))

	def test_can_only_read_and_pay_their_own(self):
		for method in METHODS_OF_A_SUBSCRIPTION[1:10]:
			with self.subTest(method):
				self.assert_refused(self.customer.api(method, subscription=self.subscription.name))

	def test_the_desk_tells_nothing_of_others(self):
		doctype, victim = "Customer Subscription", self.victim
		calls = (
			("frappe.client.get", {"doctype": doctype, "name": victim.name}),
			("frappe.client.get", {"doctype": doctype, "filters": {"username": victim.username}}),
			(
				"frappe.client.get_value",
				{"doctype": doctype, "filters": victim.name, "fieldname": "phone_number"},
			),
			("frappe.client.get_list", {"doctype": doctype, "fields": ["name", "phone_number"]}),
			("frappe.client.get_list", {"doctype": "Customer", "fields": ["name"]}),
			(
				"frappe.client.get_password",
				{"doctype": doctype, "name": victim.name, "fieldname": "password"},
			),
			("frappe.desk.reportview.get", {"doctype": doctype, "fields": '["name", "phone_number"]'}),
			("frappe.desk.reportview.export_query", {"doctype": doctype, "file_format_type": "CSV"}),
			("frappe.desk.search.search_link", {"doctype": doctype, "txt": victim.name[:4]}),
			("frappe.desk.form.load.getdoc", {"doctype": doctype, "name": victim.name}),
			("frappe.desk.form.load.get_docinfo", {"doctype": doctype, "name": victim.name}),
			(
				"frappe.www.printview.get_html_and_style",
				{"doc": doctype, "name": victim.name, "no_letterhead": 1},
			),
			("frappe.realtime.can_subscribe_doc", {"doctype": doctype, "docname": victim.name}),
		)
		for method, arguments in calls:
			with self.subTest(method):
				answer = self.customer.call(method, **arguments)
				self.assert_silent(answer, victim.phone_number, victim.customer)

	def test_no_record_of_the_provider_is_theirs_to_see(self):
		for doctype in RECORDS:
			with self.subTest(doctype):
				for answer in (
					self.customer.resource("GET", doctype),
					self.customer.call("frappe.client.get_count", doctype=doctype),
					self.customer.call(
						"frappe.desk.reportview.get",
						doctype=doctype,
						fields='["name"]',
						start=0,
						page_length=5,
					),
				):
					self.assert_silent(answer, self.router.name, self.router.ip_address)
					self.assertFalse(answer.ok and answer.json().get("data"), answer.text[:300])

	def test_cannot_become_the_contact_of_another_customer(self):
		"""Frappe lets everybody make Contacts of their own."""
		self.customer.resource(
			"POST",
			"Contact",
			first_name="Mallory",
			user=self.user,
			links=[{"link_doctype": "Customer", "link_name": self.victim.customer}],
		)
		listed = self.customer.api("subscriptions.list_own").json()["message"]
		self.assertEqual([self.subscription.name], [row["name"] for row in listed])

	def test_adds_nothing_to_the_contact_of_another_customer(self):
		"""Everybody may make Contacts, so Frappe lets everybody add rows to each of them."""
		whose = {"link_doctype": "Customer", "link_name": self.victim.customer}
		contact = frappe.get_doc({"doctype": "Contact", "first_name": "Victim", "links": [whose]}).insert()
		frappe.db.commit()
		for field, row in (
			("email_ids", {"email_id": "mallory@example.com", "is_primary": 1}),
			("phone_nos", {"phone": "0711111111", "is_primary_mobile_no": 1}),
			("links", {"link_doctype": "Customer", "link_name": self.subscription.customer}),
		):
			doctype = contact.meta.get_field(field).options
			where = {"parent": contact.name, "parenttype": "Contact", "parentfield": field}
			with self.subTest(field):
				self.assert_refused(self.customer.resource("POST", doctype, **where, **row))
		frappe.db.rollback()
		contact.reload()
		self.assertEqual(([], [], 1), (contact.email_ids, contact.phone_nos, len(contact.links)))

	def test_changes_not_how_another_customer_is_reached(self):
		asked = {"fieldname": "email_id", "customer": self.victim.customer, "value": "mallory@example.com"}
		function = "erpnext.selling.page.point_of_sale.point_of_sale.set_customer_info"
		for visitor in (self.customer, self.visitor("ISP Staff")):
			with self.subTest(visitor.user):
				self.assert_refused(visitor.call(function, **asked))
		email = {"email_id": "mallory@example.com"}
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("Customer", {"name": self.victim.customer, **email}))
		self.assertEqual(200, self.visitor("Accounts User").call(function, **asked).status_code)

	def test_tills_that_make_sales_invoices_write_down_how_to_reach_a_customer(self):
		"""In ERPNext 16 they do if POS Settings say so."""
		cashier = frappe.get_doc({"doctype": "Role", "role_name": factories.unique("Cashier")}).insert()
		update_permission_property = frappe.permissions.update_permission_property
		frappe.permissions.add_permission("Sales Invoice", cashier.name)
		update_permission_property("Sales Invoice", cashier.name, 0, "create", 1)
		frappe.permissions.add_permission("Contact", cashier.name)
		for right in ("create", "write"):
			update_permission_property("Contact", cashier.name, 0, right, 1)
		frappe.db.commit()
		answer = self.visitor(cashier.name).call(
			"erpnext.selling.page.point_of_sale.point_of_sale.set_customer_info",
			fieldname="mobile_no",
			customer=self.victim.customer,
			value="0712345678",
		)
		self.assertEqual(200, answer.status_code, answer.text[:500])

	def test_signs_a_comment_with_no_other_name(self):
		answer = self.customer.call(
			"frappe.desk.form.utils.add_comment",
			reference_doctype=self.subscription.doctype,
			reference_name=self.subscription.name,
			content="Paid in cash, let him in",
			comment_email="Administrator",
			comment_by="The Boss",
		)
		made = frappe.db.get_value(
			"Comment", answer.json()["message"]["name"], ["comment_email", "comment_by"]
		)
		self.assertEqual((self.user, None), made)

	def test_internal_remarks_are_not_theirs_to_read(self):
		frappe.db.set_value(
			"Customer Subscription",
			self.subscription.name,
			{"hold_reason": "does not pay, again", "router_error": "10.11.12.13 refused"},
		)
		frappe.db.commit()
		answer = self.customer.resource("GET", "Customer Subscription", self.subscription.name)
		self.assertEqual(200, answer.status_code)
		self.assert_silent(answer, "does not pay, again", "10.11.12.13")

	def test_what_staff_wrote_about_them_is_not_theirs_to_read(self):
		subscription = frappe.get_doc("Customer Subscription", self.subscription.name)
		subscription.add_comment("Comment", "does not pay, again")
		subscription.hold_reason = "stole a router"
		subscription.save()
		frappe.db.commit()
		manager = self.visitor("ISP Manager")
		for function in ("getdoc", "get_docinfo"):
			asked = {"doctype": subscription.doctype, "name": subscription.name}
			with self.subTest(function):
				answer = self.customer.call(f"frappe.desk.form.load.{function}", **asked)
				self.assert_refused(answer)
				self.assert_silent(answer, "does not pay, again", "stole a router")
				shown = manager.call(f"frappe.desk.form.load.{function}", **asked).text
				self.assertIn("does not pay, again", shown)
				self.assertIn("stole a router", shown)

	def test_nor_is_its_copy_in_the_document(self):
		subscription = self.subscription
		subscription.add_comment("Comment", "does not pay, again")
		frappe.get_doc(
			{
				"doctype": "Communication",
				"content": "do not answer him",
				"reference_doctype": subscription.doctype,
				"reference_name": subscription.name,
			}
		).insert()
		frappe.db.commit()
		for function, asked in (
			("frappe.client.get_list", {"fields": ["_comments"]}),
			("frappe.client.get_value", {"filters": subscription.name, "fieldname": "_comments"}),
			("frappe.desk.reportview.get", {"fields": '["_comments"]'}),
		):
			with self.subTest(function):
				answer = self.customer.call(function, doctype=subscription.doctype, **asked)
				self.assertEqual(200, answer.status_code)
				self.assert_silent(answer, "does not pay, again", "do not answer him")

	def test_sends_nobody_a_message_at_the_providers_cost(self):
		asked = {"receiver_list": '["0712345678"]', "msg": "You have won"}
		function = "frappe.core.doctype.sms_settings.sms_settings.send_sms"
		self.assert_refused(self.customer.call(function, **asked))
		answer = self.visitor("ISP Staff").call(function, **asked)
		self.assertIn("SMS Settings", answer.text)  # there are none here
		self.assertEqual(200, answer.status_code)

	def test_cannot_change_or_delete_even_their_own(self):
		name = self.subscription.name
		self.assert_refused(
			self.customer.resource("PUT", "Customer Subscription", name, phone_number="0711111111")
		)
		self.assert_refused(self.customer.resource("DELETE", "Customer Subscription", name))
		self.assert_refused(
			self.customer.call(
				"frappe.share.add", doctype="Customer Subscription", name=name, user=self.user, write=1
			)
		)
		for doctype in ("Subscription Payment", "Usage Record", "Router Account"):
			self.assert_refused(self.customer.resource("POST", doctype, username="x"))

	def test_reads_no_other_payment_by_naming_their_own_subscription(self):
		payment = self.paid(self.victim)
		answer = self.customer.call(
			"run_doc_method",
			docs=json.dumps(
				{
					"doctype": "Subscription Payment",
					"name": payment,
					"subscription": self.subscription.name,
					"modified": str(frappe.db.get_value("Subscription Payment", payment, "modified")),
				}
			),
			method="ask_now",
		)
		self.assert_refused(answer)


class TestGuest(PermissionTestCase):
	def test_is_told_nothing(self):
		guest = Visitor(self.web.url)
		for method in METHODS_OF_A_SUBSCRIPTION:
			with self.subTest(method):
				self.assert_refused(guest.api(method, subscription=self.subscription.name))
		for method in ("routers.list_status", "subscriptions.list_own"):
			self.assert_refused(guest.api(method))
		for method in ("routers.connections", "routers.test_connection", "routers.check"):
			self.assert_refused(guest.api(method, router=self.router.name))

	def test_is_told_nothing_by_frappe_mpsa_payments_of_what_customers_owe(self):
		from mikrotik_integration.services import subscriptions

		subscriptions.invoice(self.subscription.name)
		frappe.db.commit()
		guest = Visitor(self.web.url)
		portal = Visitor(self.web.url, visitors.a_portal_user(factories.a_customer().name))
		for visitor in (guest, portal):
			for method, arguments in (
				("api.m_pesa_api.get_draft_pos_invoice", {"search_term": self.subscription.customer}),
				("api.m_pesa_api.get_mpesa_draft_c2b_payments", {"company": "Savanna Net"}),
				(
					"api.payment_entry.get_outstanding_invoices",
					{"company": "Savanna Net", "customer": self.subscription.customer},
				),
			):
				with self.subTest(method, user=visitor.user):
					answer = visitor.call(f"{visitors.MPESA_APP}.{method}", "GET", **arguments)
					self.assert_refused(answer)


class TestFreeService(PermissionTestCase):
	"""A clerk or a manager writes time into a subscription without any money."""

	FREE = {
		"start_date": "2026-01-01 00:00:00",
		"expiry_date": "2036-01-01 00:00:00",
		"period_start": "2026-01-01 00:00:00",
		"period_end": "2036-01-01 00:00:00",
		"status": "Active",
		"payment_status": "Completed",
		"credit": 100000,
		"extra_quotas": 1000,
		"used_bytes": -1,
		"next_change": None,
	}

	def assert_not_given(self) -> None:
		status, expiry, credit, extra = self.facts("status", "expiry_date", "credit", "extra_quotas")
		self.assertEqual(("Draft", None, 0, 0), (status, expiry, credit or 0, extra or 0))
		self.work()
		self.check_router(self.router)
		self.assertNotIn(
			self.subscription.username, [row["name"] for row in self.sim.rows("/ip/hotspot/user")]
		)

	def test_a_subscription_is_not_made_with_time_in_it(self):
		for role in ("ISP Staff", "ISP Manager", "ISP Administrator"):
			with self.subTest(role):
				customer = factories.a_customer().name
				frappe.db.commit()
				answer = self.visitor(role).resource(
					"POST",
					"Customer Subscription",
					customer=customer,
					internet_plan=self.subscription.internet_plan,
					mikrotik_settings=self.router.name,
					payment_method="M-Pesa",
					**self.FREE,
				)
				frappe.db.commit()
				self.subscription = frappe.get_doc("Customer Subscription", answer.json()["data"]["name"])
				self.assert_not_given()

	def test_time_cannot_be_written_into_a_subscription(self):
		for role in ("ISP Staff", "ISP Manager", "ISP Administrator", "Accounts Manager"):
			clerk = self.visitor(role)
			with self.subTest(role):
				name = self.subscription.name
				clerk.resource("PUT", "Customer Subscription", name, **self.FREE)
				for field, value in self.FREE.items():
					clerk.call(
						"frappe.client.set_value",
						doctype="Customer Subscription",
						name=name,
						fieldname=field,
						value=value,
					)
				whole = self.subscription.as_dict() | self.FREE | {"flags": {"ignore_permissions": 1}}
				for method in ("frappe.client.save", "frappe.client.insert"):
					clerk.call(method, doc=frappe.as_json(whole))
				clerk.call(
					"frappe.desk.form.save.savedocs",
					doc=frappe.as_json(whole | {"__islocal": 0}),
					action="Save",
				)
				clerk.call(
					"frappe.client.bulk_update",
					docs=json.dumps([{"doctype": "Customer Subscription", "docname": name, **self.FREE}]),
				)
				self.assert_not_given()

	def test_what_was_used_cannot_be_written_off(self):
		self.paid()
		frappe.db.set_value("Customer Subscription", self.subscription.name, "used_bytes", 10**9)
		frappe.db.commit()
		before = self.facts("used_bytes", "expiry_date")
		self.visitor("ISP Manager").resource(
			"PUT",
			"Customer Subscription",
			self.subscription.name,
			used_bytes=0,
			expiry_date=str(add_days(now_datetime(), 999)),
		)
		self.assertEqual(before, self.facts("used_bytes", "expiry_date"))

	def test_nobody_is_let_in_by_a_clerk_who_shares(self):
		answer = self.visitor("ISP Staff").call(
			"frappe.share.add",
			doctype="Customer Subscription",
			name=self.subscription.name,
			user=visitors.a_user("Customer"),
			write=1,
		)
		self.assert_refused(answer)

	def test_a_clerk_cannot_sell_the_cheap_plan_with_the_fast_connection(self):
		fast = factories.a_connection_type(speed_limit_rx="100M", speed_limit_tx="100M")
		frappe.db.commit()
		plan = frappe.get_doc("Internet Plan", self.subscription.internet_plan)
		values = {
			"customer": self.subscription.customer,
			"internet_plan": plan.name,
			"mikrotik_settings": self.router.name,
			"payment_method": "M-Pesa",
			"connection_type": fast.name,
		}
		made = self.visitor("ISP Staff").resource("POST", "Customer Subscription", **values)
		self.assertEqual(plan.connection_type, made.json()["data"]["connection_type"])
		made = self.visitor("ISP Manager").resource("POST", "Customer Subscription", **values)
		self.assertEqual(fast.name, made.json()["data"]["connection_type"])

	def test_a_clerk_cannot_give_a_discount(self):
		for price in (1, -1, 1e9):
			answer = self.visitor("ISP Staff").resource(
				"POST",
				"Customer Subscription",
				customer=self.subscription.customer,
				internet_plan=self.subscription.internet_plan,
				mikrotik_settings=self.router.name,
				payment_method="M-Pesa",
				price=price,
			)
			self.assertIn(answer.status_code, (403, 417), answer.text)

	def test_records_are_written_by_the_app_alone(self):
		payment = self.paid()
		account = frappe.db.get_value("Router Account", {"reference_name": self.subscription.name})
		for role in ("ISP Staff", "ISP Manager", "ISP Administrator", "System Manager", "Accounts Manager"):
			clerk = self.visitor(role)
			for doctype, name, values in (
				("Router Account", account, {"desired_state": "Enabled", "limit_bytes_total": 0}),
				("Subscription Payment", payment, {"status": "Verified", "verified": 1, "amount": 99999}),
			):
				with self.subTest(role, doctype=doctype):
					self.assert_refused(clerk.resource("PUT", doctype, name, **values))
					self.assert_refused(clerk.resource("POST", doctype, **values))
					answer = clerk.call(
						"frappe.client.set_value", doctype=doctype, name=name, fieldname=values
					)
					self.assert_refused(answer)
			self.assert_refused(clerk.resource("POST", "Usage Record", date="2026-01-01"))

	def test_a_payment_that_counted_cannot_be_deleted_and_counted_again(self):
		payment = self.paid()
		for role in ("ISP Manager", "ISP Administrator", "System Manager"):
			self.assert_refused(self.visitor(role).resource("DELETE", "Subscription Payment", payment))
		with self.assertRaises(frappe.ValidationError):
			frappe.delete_doc("Subscription Payment", payment)

	def test_a_clerk_cannot_decide_about_payments(self):
		payment = self.paid()
		for role in ("ISP Staff", "Accounts User"):
			clerk = self.visitor(role)
			for method, arguments in (
				("confirm", {"reason": "I say so"}),
				("assign", {"subscription": self.subscription.name}),
				("not_a_duplicate", {}),
			):
				with self.subTest(role, method=method):
					answer = clerk.call(
						"run_doc_method",
						dt="Subscription Payment",
						dn=payment,
						method=method,
						args=json.dumps(arguments),
					)
					self.assert_refused(answer)

	def test_nobody_gives_a_document_another_name(self):
		"""Frappe's ``rename`` asks whoever calls it whether it shall check anything."""
		payment = self.paid()
		group = frappe.get_doc({"doctype": "Router Group", "group_name": factories.unique("Town")}).insert()
		customer = Visitor(self.web.url, visitors.a_portal_user(self.subscription.customer))
		staff, manager = self.visitor("ISP Staff"), self.visitor("ISP Manager")
		accountant = self.visitor("Accounts User")
		entry = frappe.db.get_value("Subscription Payment", payment, "payment_entry")
		invoice = frappe.db.get_value("Sales Invoice", {"customer_subscription": self.subscription.name})
		subscription = ("Customer Subscription", self.subscription.name)
		for visitor, doctype, name in (
			(customer, *subscription),
			(manager, *subscription),
			(staff, "Subscription Payment", payment),
			(staff, "MikroTik Settings", self.router.name),
			(staff, "Router Group", group.name),
			(staff, "Customer", self.subscription.customer),
			(accountant, "Sales Invoice", invoice),
			(accountant, "Payment Entry", entry),
		):
			with self.subTest(doctype, user=visitor.user):
				answer = visitor.call(
					"run_doc_method",
					dt=doctype,
					dn=name,
					method="rename",
					args=json.dumps({"name": factories.a_phone(), "force": 1, "validate_rename": 0}),
				)
				self.assert_refused(answer)
				frappe.db.rollback()
				self.assertTrue(frappe.db.exists(doctype, name))
		renamed = manager.call(
			"frappe.model.rename_doc.update_document_title",
			doctype="Router Group",
			docname=group.name,
			name=factories.unique("City"),
		)
		self.assertEqual(200, renamed.status_code, renamed.text[:300])

	def test_who_is_limited_to_a_customer_may_give_it_another_name(self):
		"""By then the User Permission says the new name; the one that was read before said the old one."""
		customer = frappe.get_doc("Customer", self.subscription.customer)
		seller = visitors.a_user("Sales Master Manager")
		limit = {"doctype": "User Permission", "user": seller, "allow": "Customer"}
		permission = frappe.get_doc({**limit, "for_value": factories.a_customer().name}).insert()
		frappe.set_user(seller)
		self.assertRaises(frappe.PermissionError, renaming.after_rename, customer)
		self.assertFalse(customer.has_permission("write"))
		frappe.db.set_value("User Permission", permission.name, "for_value", customer.name)
		renaming.after_rename(customer)

	def test_no_document_method_is_open_that_is_not_meant_to_be(self):
		manager = self.visitor("ISP Manager")
		for doctype, name, method in (
			("Customer Subscription", self.subscription.name, "on_payment_authorized"),
			("Customer Subscription", self.subscription.name, "db_set"),
			("Customer Subscription", self.subscription.name, "get_password"),
			("MikroTik Settings", self.router.name, "get_password"),
		):
			with self.subTest(method):
				answer = manager.call(
					"run_doc_method", dt=doctype, dn=name, method=method, args='{"fieldname": "api_password"}'
				)
				self.assert_refused(answer)

	def test_nothing_is_changed_by_a_link_that_somebody_clicks(self):
		manager = self.visitor("ISP Manager")
		for function in (
			"subscriptions.change",
			"subscriptions.activate",
			"subscriptions.pause",
			"subscriptions.terminate",
			"subscriptions.invoice",
			"payments.request_payment",
		):
			with self.subTest(function):
				self.assert_refused(manager.api(function, "GET", subscription=self.subscription.name))
		answer = manager.call(
			"run_doc_method", "GET", dt="MikroTik Settings", dn=self.router.name, method="check_now"
		)
		self.assert_refused(answer)


class TestStaffOfOneRouter(PermissionTestCase):
	"""Staff who are limited to a router by User Permissions."""

	def setUp(self) -> None:
		super().setUp()
		self.other_router = factories.a_router(self.another_router())
		self.other = factories.a_subscription(self.other_router)
		self.payment = self.paid(self.other)
		self.account = frappe.db.get_value("Router Account", {"reference_name": self.other.name})

	def limited(self, *roles: str) -> Visitor:
		return Visitor(self.web.url, visitors.a_user_of_one_router(self.router.name, *roles))

	def test_sees_nothing_of_other_routers(self):
		clerk = self.limited("ISP Staff")
		log = frappe.db.get_value("MikroTik API Log", {"router": self.other_router.name})
		for doctype, name in (
			("Customer Subscription", self.other.name),
			("Subscription Payment", self.payment),
			("Router Account", self.account),
			("MikroTik Settings", self.other_router.name),
			("MikroTik API Log", log),
		):
			with self.subTest(doctype):
				self.assertTrue(name)
				self.assert_refused(clerk.resource("GET", doctype, name))
				listed = clerk.resource("GET", doctype, limit_page_length=0).json()["data"]
				self.assertNotIn(name, [row["name"] for row in listed])
		for method in METHODS_OF_A_SUBSCRIPTION:
			with self.subTest(method):
				self.assert_refused(clerk.api(method, subscription=self.other.name))
		for method in ("routers.connections", "routers.test_connection", "routers.check"):
			with self.subTest(method):
				self.assert_refused(clerk.api(method, router=self.other_router.name))
		self.assert_refused(clerk.api("payments.get", payment=self.payment))
		listed = clerk.api("routers.list_status").json()["message"]
		self.assertEqual([self.router.name], [row["name"] for row in listed])
		listed = clerk.api("subscriptions.list_own").json()["message"]
		self.assertEqual([self.subscription.name], [row["name"] for row in listed])

	def test_sees_what_is_on_their_own_router(self):
		payment = self.paid()
		clerk = self.limited("ISP Staff")
		for doctype, name in (
			("Customer Subscription", self.subscription.name),
			("Subscription Payment", payment),
			(
				"Router Account",
				frappe.db.get_value("Router Account", {"reference_name": self.subscription.name}),
			),
			("MikroTik Settings", self.router.name),
		):
			with self.subTest(doctype):
				self.assertEqual(200, clerk.resource("GET", doctype, name).status_code)
				listed = clerk.resource("GET", doctype, limit_page_length=0).json()["data"]
				self.assertIn(name, [row["name"] for row in listed])
		self.assertEqual(200, clerk.api("payments.get", payment=payment).status_code)

	def test_money_of_nobody_is_for_those_who_may_give_it_to_anybody(self):
		frappe.db.set_value(
			"Subscription Payment",
			self.payment,
			{"mikrotik_settings": None, "subscription": None, "status": "Needs Review"},
		)
		frappe.db.commit()
		clerk = self.limited("ISP Staff")
		self.assert_refused(clerk.resource("GET", "Subscription Payment", self.payment))
		self.assert_refused(clerk.api("payments.get", payment=self.payment))
		listed = clerk.resource("GET", "Subscription Payment", limit_page_length=0).json()["data"]
		self.assertNotIn(self.payment, [row["name"] for row in listed])
		anywhere = self.visitor("ISP Staff")
		self.assertEqual(200, anywhere.resource("GET", "Subscription Payment", self.payment).status_code)

	def test_cannot_pull_a_subscription_over(self):
		manager = self.limited("ISP Manager")
		name = self.other.name
		self.assert_refused(
			manager.resource("PUT", "Customer Subscription", name, mikrotik_settings=self.router.name)
		)
		self.assert_refused(
			manager.api("subscriptions.change", subscription=name, mikrotik_settings=self.router.name)
		)
		self.assertEqual(
			self.other_router.name, frappe.db.get_value("Customer Subscription", name, "mikrotik_settings")
		)

	def test_cannot_act_on_anothers_document_by_saying_that_it_is_theirs(self):
		manager = self.limited("ISP Manager")
		frappe.db.set_value("Subscription Payment", self.payment, "status", "Needs Review")
		frappe.db.commit()
		for islocal in (0, 1):
			answer = manager.call(
				"run_doc_method",
				docs=json.dumps(
					{
						"doctype": "Subscription Payment",
						"name": self.payment,
						"mikrotik_settings": self.router.name,
						"subscription": self.subscription.name,
						"__islocal": islocal,
						"modified": str(
							frappe.db.get_value("Subscription Payment", self.payment, "modified")
						),
					}
				),
				method="assign",
				args=json.dumps({"subscription": self.subscription.name}),
			)
			self.assert_refused(answer)

	def test_cannot_give_their_routers_money_to_another_router(self):
		payment = self.paid()
		frappe.db.set_value("Subscription Payment", payment, "status", "Needs Review")
		frappe.db.commit()
		answer = self.limited("ISP Manager").call(
			"run_doc_method",
			dt="Subscription Payment",
			dn=payment,
			method="assign",
			args=json.dumps({"subscription": self.other.name}),
		)
		self.assert_refused(answer)


class TestSecrets(PermissionTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.secret = "Zx9-Quite-Secret-77"
		self.subscription.password = self.secret
		self.subscription.save()
		frappe.db.commit()
		self.router_secret = self.router.get_password("api_password")

	def test_nobody_but_a_system_manager_reads_passwords_through_frappe(self):
		for role in ("ISP Staff", "ISP Manager", "ISP Administrator", "Accounts Manager"):
			visitor = self.visitor(role)
			for doctype, name, field in (
				("MikroTik Settings", self.router.name, "api_password"),
				("Customer Subscription", self.subscription.name, "password"),
			):
				with self.subTest(role, doctype=doctype):
					for answer in (
						visitor.call(
							"frappe.client.get_password", doctype=doctype, name=name, fieldname=field
						),
						visitor.call(
							"frappe.client.get_value", doctype=doctype, filters=name, fieldname=field
						),
						visitor.resource("GET", doctype, name),
						visitor.resource(
							"GET", doctype, fields=json.dumps(["name", field]), limit_page_length=0
						),
						visitor.call("frappe.desk.form.load.getdoc", "GET", doctype=doctype, name=name),
					):
						self.assert_silent(answer, self.secret, self.router_secret)

	def test_accountants_read_none_through_a_text_that_erpnext_renders(self):
		router = f"('MikroTik Settings', '{self.router.name}')"
		accountant = self.visitor("Accounts User")
		for text in (
			f"{{{{ frappe.get_doc{router}.get_password('api_password') }}}}",
			f"{{% set f = frappe %}}{{{{ f.get_doc{router}.get_password('api_password') }}}}",
			f"{{{{ frappe['get_doc']{router}.get_password('api_password') }}}}",
			f"{{{{ ((frappe|attr('get_doc')){router}|attr('get_password'))('api_password') }}}}",
			"{{ doc.get_password('api_password') }}",
			"{{ run_script('x') }}",
			"{% include 'templates/includes/macros.html' %}",
			# other functions under the names of harmless ones
			"{% set _ = scrub %}{{ _('x') }}",
			"{% for range in [scrub] %}{{ range('x') }}{% endfor %}",
			"{% with dict = scrub %}{{ dict('x') }}{% endwith %}",
			"{% macro f() %}{% endmacro %}{% set f = scrub %}{{ f('x') }}",
			"{% macro f(_) %}{{ _('x') }}{% endmacro %}{{ f(scrub) }}",
			"{% macro f() %}{{ kwargs.lower('x') }}{% endmacro %}{{ f(lower=scrub) }}",
			"{{ {'lower': scrub}.lower('x') }}",
			"{{ {'low' ~ 'er': scrub}.lower('x') }}",
			"{{ dict(lower=scrub).lower('x') }}",
			"{{ dict([('lower', scrub)]).lower('x') }}",
			"{{ dict(**{'low' ~ 'er': scrub}).lower('x') }}",
			"{% set n = namespace() %}{% set n.lower = scrub %}{{ n.lower('x') }}",
			"{% set d = {} %}{% set n = d.update([('lower', scrub)]) %}{{ d.lower('x') }}",
		):
			with self.subTest(text):
				self.assertNotEqual(200, self.render(accountant, text).status_code)
				preview = accountant.call(
					"frappe.automation.doctype.auto_repeat.auto_repeat.generate_message_preview",
					reference_dt="Company",
					reference_doc=site.COMPANY,
					message=text,
				)
				self.assert_refused(preview)
				self.assert_silent(preview, self.router_secret)

	def test_accountants_write_texts_with_values_in_them(self):
		text = (
			"{% macro bold(text) %}*{{ text }}*{% endmacro %}"
			"{{ bold(rows|map(attribute='name')|join(', ')|upper) }} {{ frappe.utils.flt('1.5') }} "
			"{{ _('Total') }} {{ rows|sum(attribute='qty') }} {% for one in range(1) %}{{ {'a': one}.a }}{% endfor %}"
		)
		rows = [{"name": "a", "qty": 1}, {"name": "b", "qty": 2}]
		answer = self.render(self.visitor("Accounts User"), text, rows=rows)
		self.assertEqual("*A, B* 1.5 Total 3 0", answer.json()["message"])

	def test_accountants_ask_for_money_in_the_words_of_erpnext(self):
		"""ERPNext 16 saves them as they are here, 15 fills the values in first."""
		frappe.set_user(visitors.a_user("Accounts User"))
		templates.check(
			"{% if doc.contact_person -%}<p>Dear {{ doc.contact_person }},</p>{%- else %}<p>Hello,</p>{% endif %}"
			"{{ _('Requesting {0} for {1}').format(payment_request.get_formatted('grand_total'), doc.name) }}"
			'<a href="{{ payment_url }}">{{ _("Make Payment") }}</a>'
		)
		for text in (
			"{% set doc = {'get_formatted': scrub} %}{{ doc.get_formatted('x') }}",
			"{% for doc in [{'get_formatted': scrub}] %}{{ doc.get_formatted('x') }}{% endfor %}",
			"{{ {'get_formatted': scrub}.get_formatted('x') }}",
			"{{ {'format': scrub}.format('x') }}",
			"{% set _ = scrub %}{{ _('x').format('y') }}",
			"{{ _({'format': scrub}).format('y') }}",
			"{% macro f() %}{{ kwargs.get_formatted('x') }}{% endmacro %}{{ f(get_formatted=scrub) }}",
			"{{ doc.items[0].format('x') }}",
		):
			with self.subTest(text):
				self.assertRaises(frappe.PermissionError, templates.check, text)

	def test_accountants_keep_a_text_of_a_system_manager(self):
		repeat = self.an_auto_repeat("{{ frappe.db.get_value('Company', doc.company, 'abbr') }}")
		accountant = self.visitor("Accounts User")
		kept = accountant.resource("PUT", "Auto Repeat", repeat.name, recipients="accounts@example.com")
		self.assertEqual(200, kept.status_code, kept.text[:500])
		text = f"{repeat.message} {{{{ frappe.get_all('User') }}}}"
		self.assert_refused(accountant.resource("PUT", "Auto Repeat", repeat.name, message=text))

	def test_accountants_ask_for_money_in_the_words_of_the_gateway(self):
		message = "{{ frappe.db.get_value('Company', doc.company, 'abbr') }}"
		account = frappe.db.get_value("Payment Gateway Account", {"payment_gateway": f"Mpesa-{site.MPESA}"})
		frappe.db.set_value("Payment Gateway Account", account, "message", message)
		request = frappe.new_doc("Payment Request", payment_gateway_account=account, message=message)
		frappe.set_user(visitors.a_user("Accounts User"))
		templates.validate(request)
		request.message += "{{ frappe.get_all('User') }}"
		self.assertRaises(frappe.PermissionError, templates.validate, request)

	def test_accountants_see_beforehand_what_an_auto_repeat_will_write(self):
		"""Frappe 15's form sends the text, that of 16 the name of the Auto Repeat."""
		repeat = self.an_auto_repeat("For {{ doc.name }}")
		answer = self.visitor("Accounts User").call(
			"frappe.automation.doctype.auto_repeat.auto_repeat.generate_message_preview",
			name=repeat.name,
			reference_dt=repeat.reference_doctype,
			reference_doc=repeat.reference_document,
			message=repeat.message,
		)
		self.assertEqual(200, answer.status_code, answer.text[:500])
		self.assertEqual(f"For {repeat.reference_document}", answer.json()["message"]["message"])

	def test_staff_put_no_script_into_a_workspace_of_others(self):
		staff = self.visitor("ISP Staff")
		script = {"name": factories.unique("Block"), "html": "<b>Hello</b>", "script": "frappe.call('x')"}
		block = staff.resource("POST", "Custom HTML Block", **script).json()["data"]["name"]
		shown = {
			"content": json.dumps(
				[{"type": "custom_block", "data": {"custom_block_name": block, "col": 12}}]
			),
			"custom_blocks": [{"custom_block_name": block, "label": block}],
		}
		for whose in ("Administrator", ""):
			with self.subTest(whose):
				title = {"title": factories.unique("Home"), "label": factories.unique("Home")}
				made = staff.resource("POST", "Workspace", **title, **shown, for_user=whose)
				self.assert_refused(made)
				private = {"public": 0, "for_user": whose}
				self.assert_refused(
					staff.resource("PUT", "Workspace", "Internet Service", **private, **shown)
				)
		taken = staff.resource("PUT", "Workspace", "Internet Service", public=0, for_user=staff.user)
		self.assert_refused(taken)
		row = frappe.db.get_value("Workspace Shortcut", {"parent": "Internet Service"})
		changed = staff.resource("PUT", "Workspace Shortcut", row, type="URL", url="javascript:alert(1)")
		self.assert_refused(changed)
		own = {"title": "Mine", "label": f"Mine-{staff.user}", "for_user": staff.user}
		made = staff.resource("POST", "Workspace", **own, **shown)
		self.assertEqual(200, made.status_code, made.text[:500])

	def test_accountants_read_none_through_what_they_print_on_cheques(self):
		"""ERPNext makes a Print Format of it, whoever may write those."""
		secret = f"frappe.get_doc('MikroTik Settings', '{self.router.name}').get_password('api_password')"
		accountant = self.visitor("Accounts User")
		for text in (f"{{{{ {secret} }}}}", f"{{{{ {secret} ~ '"):
			with self.subTest(text):
				self.assertNotEqual(200, self.print_format(accountant, text).status_code)

	def test_accountants_print_on_cheques(self):
		"""The same Print Format is made again when the template was changed."""
		accountant = self.visitor("Accounts User")
		made = self.print_format(accountant, "Account Payee & Co")
		self.assertEqual(200, made.status_code, made.text[:500])
		name = made.json()["message"]["name"]
		again = accountant.call(MAKE_CHEQUE_FORMAT, template_name=name)
		self.assertEqual(200, again.status_code, again.text[:500])
		entry = frappe.db.get_value("Subscription Payment", self.paid(), "payment_entry")
		frappe.db.commit()
		shown = accountant.call(
			"frappe.www.printview.get_html_and_style", doc="Payment Entry", name=entry, print_format=name
		)
		self.assertIn("Account Payee", shown.json()["message"]["html"])

	def print_format(self, visitor: Visitor, message: str):
		"""A template of cheques, and ERPNext's Print Format of it."""
		cheque = {"bank_name": factories.unique("Bank"), "cheque_size": "Regular", "message_to_show": message}
		made = visitor.resource("POST", "Cheque Print Template", **cheque)
		if not made.ok:
			return made
		return visitor.call(MAKE_CHEQUE_FORMAT, template_name=made.json()["data"]["name"])

	def an_auto_repeat(self, message: str):
		entry = frappe.db.get_value("Subscription Payment", self.paid(), "payment_entry")
		repeat = frappe.get_doc(
			{
				"doctype": "Auto Repeat",
				"reference_doctype": "Payment Entry",
				"reference_document": entry,
				"frequency": "Monthly",
				"start_date": add_days(now_datetime(), 1),
				"notify_by_email": 1,
				"recipients": "customer@example.com",
				"message": message,
			}
		).insert()
		frappe.db.commit()
		return repeat

	def render(self, visitor: Visitor, text: str, **values):
		"""Terms and Conditions written by somebody, and then rendered."""
		terms = {"title": factories.unique("Terms"), "selling": 1, "terms": text}
		made = visitor.resource("POST", "Terms and Conditions", **terms)
		if not made.ok:
			return made
		return visitor.call(
			"erpnext.setup.doctype.terms_and_conditions.terms_and_conditions.get_terms_and_conditions",
			template_name=made.json()["data"]["name"],
			doc=json.dumps(values),
		)

	def test_a_customers_password_is_read_out_by_those_who_may_change_it(self):
		asked = ("subscriptions.get_password", "POST")
		answer = self.visitor("ISP Staff").api(*asked, subscription=self.subscription.name)
		self.assertEqual(self.secret, answer.json()["message"])
		self.assert_refused(self.visitor("Accounts Manager").api(*asked, subscription=self.subscription.name))

	def test_who_may_not_reach_routers_cannot_send_a_routers_password_to_their_own_machine(self):
		"""The next check would log in there, in plain text."""
		for role in ("ISP Manager", "ISP Staff"):
			self.visitor(role).resource(
				"PUT", "MikroTik Settings", self.router.name, ip_address="192.0.2.1", use_tls=0, api_port=1
			)
			frappe.db.rollback()
			self.assertEqual(
				(self.router.ip_address, self.router.api_port),
				frappe.db.get_value("MikroTik Settings", self.router.name, ["ip_address", "api_port"]),
			)

	def test_no_secret_in_any_log(self):
		self.paid()
		self.subscription.reload()
		self.subscription.password = self.secret + "2"
		self.subscription.save()
		frappe.db.commit()
		self.work()
		token = frappe.get_all("Subscription Payment", {"subscription": self.subscription.name})
		self.assertTrue(token)
		for doctype, fields in (
			("MikroTik API Log", ("parameters", "result")),
			("Error Log", ("error", "method")),
			("Version", ("data",)),
			("Comment", ("content",)),
			("Usage Record", ("username",)),
			("Router Account", ("last_error", "counter_state")),
		):
			for field in fields:
				for secret in (self.secret, self.router_secret):
					with self.subTest(doctype, field=field):
						self.assertEqual(
							[], frappe.get_all(doctype, {field: ("like", f"%{secret}%")}, limit=1)
						)
