"""What the app adds to ERPNext's documents."""

import runpy

import frappe
from frappe.translate import clear_cache as clear_translations

from mikrotik_integration import custom_fields
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
