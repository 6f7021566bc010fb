"""A voucher's code lets anybody in: through its whole life it stands in no log, version or comment."""

import frappe
from frappe.utils import add_to_date

from mikrotik_integration.services import clock, redemption, till, voucher_import, voucher_sales
from mikrotik_integration.services import settings as site_settings
from mikrotik_integration.services.voucher_import import Source
from mikrotik_integration.services.vouchers import VOUCHER
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

USERS = "/ip/hotspot/user"
PLACES = (
	("MikroTik API Log", ("operation", "username", "parameters", "result")),
	("Error Log", ("method", "error")),
	("Version", ("data",)),
	("Comment", ("content",)),
	("Notification Log", ("subject",)),
)


class TestCodesInLogs(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.package = factories.a_package(device_limit=1)
		frappe.db.commit()

	def test_sold_used_moved_to_another_device_and_expired(self):
		voucher = self.sold()
		old, new = factories.a_mac(), factories.a_mac()
		redemption.redeem(self.router.name, voucher.code, old)
		frappe.db.commit()
		session = self.sim.customer.login(voucher.code, voucher.code, mac=old)
		self.check_router(self.router)
		session.hang_up()
		beyond = self.sim.customer.login(voucher.code, voucher.code, mac=new)
		self.check_router(self.router)
		self.assertFalse(beyond.is_live)
		redemption.replace_by_staff(voucher.name, old, new)
		frappe.db.commit()
		self.work()
		past = add_to_date(None, minutes=-1)
		frappe.db.set_value(
			VOUCHER, voucher.name, {"first_login": add_to_date(None, days=-3), "next_change": past}
		)
		frappe.db.commit()
		clock.advance_due_subscriptions()
		self.work()
		self.assertEqual("Expired", frappe.db.get_value(VOUCHER, voucher.name, "status"))
		self.assert_nowhere(voucher.code)

	def test_void(self):
		voucher = self.sold()
		voucher_sales.void(voucher.name, "lost")
		frappe.db.commit()
		self.work()
		self.assertNotIn(voucher.code, [row["name"] for row in self.sim.rows(USERS)])
		self.assert_nowhere(voucher.code)

	def test_a_row_of_ours_that_comes_back_when_nothing_explains_it(self):
		voucher = self.sold()
		comment = f"erpnext:{site_settings.site_id()}:forgotten"
		gone = "kmzqwr23x"
		self.sim.run(f"{USERS}/add", name=gone, comment=comment)
		self.sim.customer.login(gone, "")
		self.check_router(self.router)
		self.assertNotIn(gone, [row["name"] for row in self.sim.rows(USERS)])
		self.assert_nowhere(gone)
		self.assert_nowhere(voucher.code)

	def test_a_row_whose_name_somebody_wrote_in_capitals(self):
		voucher = self.sold()
		(row,) = (row for row in self.sim.rows(USERS) if row["name"] == voucher.code)
		self.sim.run(f"{USERS}/set", {".id": row[".id"]}, name=voucher.code.upper())
		self.check_router(self.router)
		self.assertIn(voucher.code, [row["name"] for row in self.sim.rows(USERS)])
		self.assert_nowhere(voucher.code)
		self.assert_nowhere(voucher.code.upper())

	def test_refused_by_the_router(self):
		for row in self.sim.rows(f"{USERS}/profile"):
			if row["name"] != "default":
				self.sim.run(f"{USERS}/profile/remove", {".id": row[".id"]})
		delivery = frappe.get_doc("Connection Type", self.package.connection_type)
		delivery.update({"address_pool": "gone"}).save()
		frappe.db.commit()
		self.assert_nowhere(self.sold().code)

	def test_imported(self):
		code = f"{frappe.generate_hash(length=6)}77"
		self.sim.run(f"{USERS}/add", name=code, password=code)
		source = Source(self.router.name, None, self.package.name, "")
		voucher_import.run(vars(source), True, "Administrator")
		self.work()
		self.check_router(self.router)
		self.assertTrue(frappe.db.exists(VOUCHER, {"code": code}))
		self.assert_nowhere(code)

	def sold(self):
		name = till.sell_for_cash(self.package.name, self.router.name)
		frappe.db.commit()
		self.work()
		return frappe.get_doc(VOUCHER, name)

	def assert_nowhere(self, code: str) -> None:
		frappe.db.rollback()
		self.assertTrue(frappe.db.count("MikroTik API Log", {"router": self.router.name}))
		for doctype, fields in PLACES:
			for field in fields:
				found = frappe.get_all(doctype, {field: ("like", f"%{code}%")}, ["name", field], limit=1)
				self.assertEqual([], found, doctype)
