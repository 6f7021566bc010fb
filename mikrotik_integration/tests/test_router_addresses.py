"""What stands as a router's address is connected to from inside the network: not to this server and its services."""

import socket
from unittest import mock

import frappe

from mikrotik_integration.services import connection_test, router_addresses
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

NO_ROUTER = (
	"127.0.0.1",
	"127.1.2.3",
	"localhost",
	"0.0.0.0",
	"0.1.2.3",
	"169.254.169.254",
	"224.0.0.1",
	"255.255.255.255",
	"2130706433",
	"0x7f000001",
	"::1",
	"::",
	"::ffff:127.0.0.1",
	"fe80::1",
	"ff02::1",
)
ROUTERS = ("10.8.0.2", "192.168.88.1", "172.16.0.1", "100.64.0.9", "203.0.113.7", "fd12:3456:789a::2")


class TestRouterAddresses(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		local = {router_addresses.ALLOW_LOCAL: 0}
		self.enterContext(mock.patch.dict(frappe.local.conf, local))

	def enterContext(self, context):  # unittest's own needs Python 3.11
		self.addCleanup(context.__exit__, None, None, None)
		return context.__enter__()

	def test_addresses_of_this_server_and_of_nobody_are_refused_at_save(self):
		frappe.db.set_value("MikroTik Settings", self.router.name, "ip_address", "10.9.9.9")
		for address in NO_ROUTER:
			with self.subTest(address), self.assertRaises(frappe.ValidationError):
				self.save(ip_address=address)

	def test_the_servers_own_address_in_its_network_is_refused(self):
		with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
			try:
				probe.connect(("192.0.2.1", 9))
			except OSError:
				self.skipTest("this machine has no network")
			own = probe.getsockname()[0]
		self.assertIn("of this server", router_addresses.refusal(own, 8728))

	def test_private_and_public_addresses_are_routers(self):
		for address in ROUTERS:
			with self.subTest(address):
				self.assertIsNone(router_addresses.refusal(address, 8728))

	def test_the_sites_own_database_and_queues_are_no_routers(self):
		elsewhere = {"db_host": "10.0.0.5", "db_port": 3307, "redis_queue": "redis://10.0.0.6:11000"}
		with mock.patch.dict(frappe.local.conf, elsewhere):
			for address, port in (("10.0.0.5", 3307), ("10.0.0.6", 11000)):
				self.assertIn("own database or queue", router_addresses.refusal(address, port))
			self.assertIsNone(router_addresses.refusal("10.0.0.5", 8728))

	def test_a_document_that_was_there_before_is_not_connected_to(self):
		self.sim.forget_commands()
		(finding,) = connection_test.run(self.router.name)
		self.assertFalse(finding["ok"])
		self.assertIn("no router", finding["text"])
		self.check_router(self.router)
		self.assertEqual([], self.sim.commands)
		self.router.reload()
		self.assertEqual("Offline", self.router.status)

	def test_a_name_that_leads_here_later_is_not_connected_to(self):
		with mock.patch("socket.getaddrinfo", side_effect=self.leading_to("203.0.113.7")):
			self.save(ip_address="router.example")
		with mock.patch("socket.getaddrinfo", side_effect=self.leading_to("127.0.0.1")):
			(finding,) = connection_test.run(self.router.name)
		self.assertIn("no router", finding["text"])

	def test_control_characters_in_user_and_password_are_refused_in_plain_words(self):
		for field in ("api_username", "api_password"):
			for text in ("a\nb", "a\r\nCONFIG SET dir /tmp\r\n", "a\x00", "a\u2028b"):
				with (
					self.subTest(field, text=text),
					self.assertRaisesRegex(frappe.ValidationError, "line break"),
				):
					self.save(**{field: text})

	def test_a_second_document_for_the_same_address_is_refused(self):
		with mock.patch.dict(frappe.local.conf, {router_addresses.ALLOW_LOCAL: 1}):
			other = frappe.copy_doc(self.router)
			other.router_name = factories.unique("Router")
			with self.assertRaisesRegex(frappe.DuplicateEntryError, "One router has one document"):
				other.insert()

	def save(self, **values) -> None:
		router = frappe.get_doc("MikroTik Settings", self.router.name)
		router.update(values).save()

	def leading_to(self, address: str):
		look_up = socket.getaddrinfo

		def found(host, port, *args, **more):
			return look_up(address if host == "router.example" else host, port, *args, **more)

		return found
