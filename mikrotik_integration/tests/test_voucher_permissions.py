"""Who may see, take and change vouchers: codes for sale are money, and staff have their own routers."""

import frappe
from frappe import client
from frappe.utils.user import UserPermissions

from mikrotik_integration.services import till
from mikrotik_integration.services.vouchers import VOUCHER
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user, a_user_of_one_router, told

BATCH, PURCHASE = "Hotspot Voucher Batch", "Hotspot Purchase"
DEVICE = "Hotspot Voucher Device"
OLD, NEW = "02:00:00:00:00:01", "02:00:00:00:00:02"


def check_link(visitor: Visitor, doctype: str, name: str, fields: str):
	"""What the desk asks when somebody has typed a name into a link field, on Frappe 15 or 16."""
	if hasattr(client, "validate_link"):
		return visitor.call("frappe.client.validate_link", doctype=doctype, docname=name, fields=fields)
	return visitor.call(
		"frappe.client.validate_link_and_fetch", doctype=doctype, docname=name, fields_to_fetch=fields
	)


class VoucherPermissionsTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.package = factories.a_package()
		self.sold = till.sell_for_cash(self.package.name, self.router.name)
		self.batch = frappe.get_doc(
			{
				"doctype": BATCH,
				"internet_plan": self.package.name,
				"mikrotik_settings": self.router.name,
				"quantity": 2,
			}
		).insert()
		frappe.db.commit()
		self.work()
		self.for_sale = frappe.get_all(VOUCHER, {"batch": self.batch.name}, pluck="name")
		self.codes = frappe.get_all(VOUCHER, {"batch": self.batch.name}, pluck="code")

	def visitor(self, *roles: str) -> Visitor:
		return Visitor(self.web.url, a_user(*roles))

	def names(self, visitor: Visitor, doctype: str, **filters) -> set[str]:
		answer = visitor.resource("GET", doctype, filters=frappe.as_json(filters), limit_page_length=0)
		return {row["name"] for row in answer.json().get("data", [])}

	def status(self, visitor: Visitor, http: str, doctype: str, name: str, **values) -> int:
		return visitor.resource(http, doctype, name, **values).status_code


class TestCodesForSale(VoucherPermissionsTestCase):
	def test_only_managers_see_codes_that_nobody_has_bought(self):
		sees = {"ISP Staff": 1, "Accounts User": 1, "ISP Manager": 3, "ISP Administrator": 3}
		for role, count in sees.items():
			with self.subTest(role):
				visitor = self.visitor(role)
				self.assertEqual(count, len(self.names(visitor, VOUCHER, mikrotik_settings=self.router.name)))
				expected = 200 if count == 3 else 403
				self.assertEqual(expected, self.status(visitor, "GET", VOUCHER, self.for_sale[0]))
				self.assertEqual(200, self.status(visitor, "GET", VOUCHER, self.sold))

	def test_only_managers_see_codes_on_the_router_that_were_made_elsewhere(self):
		"""Printed elsewhere, they may be for sale still, until somebody imports them."""
		self.sim.run("/ip/hotspot/user/add", name="k7w2mzpq", password="k7w2mzpq")
		self.check_router(self.router)
		sees = {"ISP Staff": False, "Accounts User": False, "ISP Manager": True, "ISP Administrator": True}
		for role, seen in sees.items():
			for way in ("frappe.desk.form.load.getdoc", "frappe.client.get"):
				with self.subTest(role, way=way):
					asked = {"doctype": "MikroTik Settings", "name": self.router.name}
					answer = self.visitor(role).call(way, **asked)
					self.assertEqual(200, answer.status_code)
					self.assertEqual(seen, "k7w2mzpq" in answer.text)

	def test_no_way_round_the_list_shows_staff_a_code_for_sale(self):
		staff = self.visitor("ISP Staff")
		name, code = self.for_sale[0], self.codes[0]
		ways = [
			staff.call("frappe.client.get_value", doctype=VOUCHER, fieldname="code", filters={"name": name}),
			staff.call("frappe.client.get", doctype=VOUCHER, name=name),
			staff.call("frappe.client.get_list", doctype=VOUCHER, fields=["code"], filters={"name": name}),
			staff.call("frappe.desk.search.search_link", doctype=VOUCHER, txt=code[:4]),
			staff.call("frappe.desk.form.load.getdoc", "GET", doctype=VOUCHER, name=name),
			staff.call(
				"frappe.desk.reportview.get",
				doctype=VOUCHER,
				fields=["`tabHotspot Voucher`.`code`"],
				filters=[["Hotspot Voucher", "name", "=", name]],
			),
			staff.call(
				"frappe.desk.reportview.export_query",
				doctype=VOUCHER,
				fields='["code"]',
				file_format_type="CSV",
			),
			staff.call(
				"frappe.client.get_list", doctype="Router Account", fields=["username"], limit_page_length=0
			),
			staff.http.get(
				f"{self.web.url}/printview",
				params={"doctype": VOUCHER, "name": name, "format": "Hotspot Voucher"},
			),
		]
		for number, answer in enumerate(ways):
			with self.subTest(number):
				for secret in self.codes:
					self.assertNotIn(secret, answer.text)

	def test_a_sold_code_may_be_looked_up_by_staff(self):
		code = frappe.db.get_value(VOUCHER, self.sold, "code")
		answer = self.visitor("ISP Staff").api("vouchers.sold", voucher=self.sold)
		self.assertEqual(code, answer.json()["message"]["code"])


class TestOtherRouters(VoucherPermissionsTestCase):
	def setUp(self) -> None:
		super().setUp()
		other = factories.a_router(self.another_router())
		self.stranger = Visitor(self.web.url, a_user_of_one_router(other.name, "ISP Manager"))
		phone = factories.a_phone()
		self.daraja.customer(phone).always(Decision.NEVER)
		self.purchase = till.sell_for_mpesa(self.package.name, self.router.name, phone)
		frappe.db.commit()

	def test_a_manager_of_another_router_sees_nothing_here(self):
		for doctype, name in ((VOUCHER, self.sold), (BATCH, self.batch.name), (PURCHASE, self.purchase)):
			with self.subTest(doctype):
				self.assertEqual(
					set(), self.names(self.stranger, doctype, mikrotik_settings=self.router.name)
				)
				self.assertEqual(403, self.status(self.stranger, "GET", doctype, name))

	def test_nor_the_devices_of_guests_here_by_way_of_the_child_table(self):
		voucher = frappe.get_doc(VOUCHER, self.sold)
		voucher.append("devices", {"mac_address": OLD, "mikrotik_settings": self.router.name})
		voucher.save()
		frappe.db.commit()
		row = voucher.devices[0].name
		asked = {"doctype": DEVICE, "fields": ["name", "parent", "mac_address"], "filters": {"name": row}}
		ways = (
			("frappe.client.get_list", {**asked, "parent": VOUCHER}),
			("frappe.client.get_value", {**asked, "fieldname": "mac_address", "parent": VOUCHER}),
			("frappe.client.get", {"doctype": DEVICE, "name": row, "parent": VOUCHER}),
			(
				"frappe.desk.reportview.get",
				{"doctype": DEVICE, "fields": '["mac_address"]', "parent": VOUCHER},
			),
			("frappe.client.validate_link", {"doctype": DEVICE, "docname": row, "fields": '["mac_address"]'}),
		)
		here = Visitor(self.web.url, a_user_of_one_router(self.router.name, "ISP Staff"))
		for way, arguments in ways:
			for visitor in (self.stranger, self.visitor("Customer")):
				with self.subTest(way, user=visitor.user):
					answer = visitor.call(way, **arguments)
					self.assertNotIn(OLD, answer.text)
					self.assertNotIn(self.sold, answer.text)
		self.assertIn(OLD, here.call(*ways[0][:1], **ways[0][1]).text)

	def test_nor_whether_a_document_is_there(self):
		subscription = factories.a_subscription(self.router)
		customer = self.visitor("Customer")
		here = self.visitor("ISP Manager")
		for doctype, name in (
			(VOUCHER, self.sold),
			(BATCH, self.batch.name),
			(PURCHASE, self.purchase),
			("Customer Subscription", subscription.name),
			("MikroTik Settings", self.router.name),
		):
			for fields in ("[]", '["name"]', '["mikrotik_settings"]'):
				for visitor in (self.stranger, customer):
					with self.subTest(doctype, user=visitor.user, fields=fields):
						answers = {
							told(check_link(visitor, doctype, asked, fields)) for asked in (name, "nothing")
						}
						self.assertEqual(1, len(answers), answers)
			found = check_link(here, doctype, name, "[]")
			self.assertEqual(name, found.json()["message"]["name"])

	def test_and_changes_nothing(self):
		calls = (
			("vouchers.sold", {"voucher": self.sold}),
			("vouchers.purchase", {"name": self.purchase}),
			("vouchers.replace_device", {"voucher": self.sold, "old": OLD, "new": NEW}),
		)
		for function, values in calls:
			with self.subTest(function):
				self.assertEqual(403, self.stranger.api(function, **values).status_code)
		void = self.stranger.call(
			"run_doc_method", dt=VOUCHER, dn=self.sold, method="void", args={"reason": "x"}
		)
		self.assertEqual(403, void.status_code)
		frappe.db.rollback()
		self.assertEqual("Pending", frappe.db.get_value(VOUCHER, self.sold, "status"))

	def test_a_batch_for_another_router_cannot_be_made(self):
		answer = self.stranger.resource(
			"POST", BATCH, internet_plan=self.package.name, mikrotik_settings=self.router.name, quantity=1
		)
		self.assertEqual(403, answer.status_code)


class TestChanges(VoucherPermissionsTestCase):
	def void(self, visitor: Visitor, name: str) -> int:
		return visitor.call(
			"run_doc_method", dt=VOUCHER, dn=name, method="void", args={"reason": "lost"}
		).status_code

	def test_managers_take_vouchers_back_and_staff_do_not(self):
		self.assertEqual(403, self.void(self.visitor("ISP Staff"), self.sold))
		self.assertEqual(403, self.void(self.visitor("Accounts User"), self.sold))
		self.assertEqual(200, self.void(self.visitor("ISP Manager"), self.sold))
		frappe.db.rollback()
		self.assertEqual(("Void", "lost"), frappe.db.get_value(VOUCHER, self.sold, ["status", "void_reason"]))

	def test_nobody_writes_into_a_voucher_what_it_is_worth_or_that_it_was_sold(self):
		changes = {"quota_bytes": 10**12, "code": "guessme234", "sold_on": "2026-01-01", "price": 0}
		for role in ("ISP Staff", "ISP Manager", "ISP Administrator"):
			for field, value in changes.items():
				with self.subTest(role=role, field=field):
					name = self.for_sale[0]
					self.assertEqual(
						403, self.status(self.visitor(role), "PUT", VOUCHER, name, **{field: value})
					)
		values = {"internet_plan": self.package.name, "mikrotik_settings": self.router.name}
		made = self.visitor("ISP Administrator").resource(
			"POST", VOUCHER, code="free23456", validity_seconds=3600, **values
		)
		self.assertEqual(403, made.status_code)
		self.assertFalse(frappe.db.exists(VOUCHER, {"code": ("in", ("free23456", "guessme234"))}))

	def test_a_field_of_the_providers_own_does_not_keep_documents_from_being_saved(self):
		"""A virtual one has no column."""
		for doctype in (BATCH, "MikroTik Settings"):
			field = frappe.get_doc(
				{
					"doctype": "Custom Field",
					"dt": doctype,
					"fieldname": "shelf",
					"label": "Shelf",
					"fieldtype": "Data",
					"options": "doc.name",
					"is_virtual": 1,
					"read_only": 1,
					"no_copy": 1,
				}
			).insert()
			self.addCleanup(frappe.db.commit)
			self.addCleanup(field.delete)
		values = {"internet_plan": self.package.name, "mikrotik_settings": self.router.name, "quantity": 1}
		batch = frappe.get_doc({"doctype": BATCH, **values}).insert()
		self.assertEqual("Made Here", batch.origin)
		router = frappe.get_doc("MikroTik Settings", self.router.name)
		seen = router.status
		router.status = "Unknown"
		router.save()
		self.assertEqual(seen, router.status)

	def test_staff_put_another_device_in_the_place_of_one(self):
		voucher = frappe.get_doc(VOUCHER, self.sold)
		voucher.append("devices", {"mac_address": OLD, "mikrotik_settings": self.router.name})
		voucher.save()
		frappe.db.commit()
		staff = Visitor(self.web.url, a_user_of_one_router(self.router.name, "ISP Staff"))
		answer = staff.api("vouchers.replace_device", voucher=self.sold, old=OLD, new="02-00-00-00-00-02")
		self.assertEqual(200, answer.status_code, answer.text)
		frappe.db.rollback()
		devices = frappe.get_doc(VOUCHER, self.sold).devices
		self.assertEqual(
			[(OLD, True), (NEW, False)],
			[(device.mac_address, bool(device.replaced_on)) for device in devices],
		)

	def test_accountants_replace_no_devices(self):
		answer = self.visitor("Accounts User").api(
			"vouchers.replace_device", voucher=self.sold, old=OLD, new=NEW
		)
		self.assertEqual(403, answer.status_code)

	def test_only_those_who_may_create_batches_do(self):
		values = {"internet_plan": self.package.name, "mikrotik_settings": self.router.name, "quantity": 1}
		for role, status in (("ISP Staff", 403), ("Accounts User", 403), ("ISP Manager", 200)):
			with self.subTest(role):
				answer = self.visitor(role).resource("POST", BATCH, **values)
				self.assertEqual(status, answer.status_code)

	def test_the_desk_offers_nobody_a_form_for_what_services_alone_make(self):
		for role in ("System Manager", "ISP Administrator", "ISP Manager", "ISP Staff"):
			with self.subTest(role):
				user = UserPermissions(a_user(role))
				user.build_permissions()
				self.assertEqual(set(), {VOUCHER, PURCHASE, "Router Account"} & set(user.can_create))
		administrator = UserPermissions("Administrator")
		administrator.build_permissions()
		self.assertEqual(set(), {VOUCHER, PURCHASE, "Router Account"} & set(administrator.can_create))
		self.assertIn(BATCH, administrator.can_create)
