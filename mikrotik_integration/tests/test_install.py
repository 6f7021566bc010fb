"""What the app adds to a site, and to ERPNext's documents."""

import runpy

import frappe
from frappe.translate import clear_cache as clear_translations

from mikrotik_integration import custom_fields, install
from mikrotik_integration.tests.base import ServiceTestCase


class TestCustomFields(ServiceTestCase):
	def test_labels_are_not_in_the_language_of_the_site_that_a_process_served_first(self):
		frappe.get_doc(
			{
				"doctype": "Translation",
				"language": "sw",
				"source_text": "Hotspot Router",
				"translated_text": "Kipanga njia",
			}
		).insert()
		self.addCleanup(clear_translations)
		self.addCleanup(setattr, frappe.local, "lang", frappe.local.lang)
		frappe.local.lang = "sw"
		self.assertEqual("Kipanga njia", frappe._("Hotspot Router"))
		read_again = runpy.run_path(custom_fields.__file__)
		self.assertEqual("Hotspot Router", read_again["ROUTER"]["label"])


class TestDesk(ServiceTestCase):
	def test_frappe_16_shows_one_icon_for_the_app(self):
		if not frappe.get_meta("Desktop Icon").has_field("icon_type"):
			self.skipTest("Frappe 15 has no such icons")
		of_the_app = {"app": "mikrotik_integration", "icon_type": "App"}
		frappe.db.delete("Desktop Icon", of_the_app)
		icon = frappe.get_doc({"doctype": "Desktop Icon", "label": "MikroTik Integration", **of_the_app})
		icon.insert()
		install.after_sync()
		shown = frappe.get_all("Desktop Icon", {"app": "mikrotik_integration", "hidden": 0}, pluck="label")
		self.assertEqual(["Internet Service"], shown)
