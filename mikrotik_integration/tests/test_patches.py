"""What an update makes of records that were there before it."""

import frappe

from mikrotik_integration.patches import rename_router_of_api_log, staff_notes
from mikrotik_integration.services import api_log
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

LOG = "MikroTik API Log"


class TestPatches(ServiceTestCase):
	def test_rows_of_the_log_keep_their_router_when_its_field_is_renamed(self):
		router = factories.a_router(self.sim)
		api_log.log_event(router.name, "test connection", ok=True, result="")
		name = frappe.db.get_value(LOG, {"router": router.name})
		if not frappe.db.has_column(LOG, "mikrotik_settings"):
			frappe.db.sql_ddl(f"alter table `tab{LOG}` add column mikrotik_settings varchar(140)")
			self.addCleanup(frappe.db.sql_ddl, f"alter table `tab{LOG}` drop column mikrotik_settings")
		frappe.db.sql(
			f"update `tab{LOG}` set mikrotik_settings = router, router = null where name = %s", name
		)
		rename_router_of_api_log.execute()
		self.assertEqual(router.name, frappe.db.get_value(LOG, name, "router"))

	def test_copies_of_comments_are_taken_out_of_what_customers_may_read(self):
		subscription = factories.a_subscription(factories.a_router(self.sim))
		subscription.db_set("_comments", '[{"comment": "does not pay"}]')
		staff_notes.execute()
		self.assertIsNone(frappe.db.get_value(subscription.doctype, subscription.name, "_comments"))
