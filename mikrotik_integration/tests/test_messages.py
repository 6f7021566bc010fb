"""Messages to customers: documented names are filled in, and nothing that somebody wrote is run."""

from unittest.mock import patch

import frappe

from mikrotik_integration.services import messages
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user


class TestMessages(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.administrator = Visitor(self.web.url, a_user("ISP Administrator"))

	def save(self, **values):
		return self.administrator.resource("PUT", "ISP Settings", "ISP Settings", **values)

	def test_what_is_no_documented_name_is_refused_with_those_that_are(self):
		for field in messages.NAMES:
			for template in (
				"{{ frappe.get_doc('User', 'Administrator').add_roles('System Manager') }}",
				"{% for row in frappe.get_all('User') %}{{ row }}{% endfor %}",
				"{{ nonsense }}",
			):
				with self.subTest(f"{field}: {template}"):
					answer = self.save(**{field: template})
					self.assertEqual(417, answer.status_code, answer.text[:300])
					self.assertIn(messages.NAMES[field][0], answer.text)

	def test_what_is_shipped_and_what_is_documented_can_be_saved(self):
		meta = frappe.get_meta("ISP Settings")
		for field, names in messages.NAMES.items():
			before = frappe.db.get_single_value("ISP Settings", field)
			for template in (meta.get_field(field).default, " ".join(f"{{{{ {name} }}}}" for name in names)):
				with self.subTest(field):
					answer = self.save(**{field: template})
					self.assertEqual(200, answer.status_code, answer.text[:300])
			self.save(**{field: before})

	def test_a_template_from_before_this_rule_is_sent_as_it_stands(self):
		frappe.db.set_single_value("SMS Settings", "sms_gateway_url", "http://127.0.0.1:9/")
		sent = []
		with self.patch_sending(sent):
			messages.send("254712345678", "{{ frappe.session.user }} {{ amount }}", {"amount": "5"})
		self.assertEqual(["{{ frappe.session.user }} 5"], sent)

	def patch_sending(self, sent: list):
		return patch.object(
			messages, "send_sms", side_effect=lambda receivers, message, **_options: sent.append(message)
		)
