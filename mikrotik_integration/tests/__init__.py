"""Tests on a real bench. The simulators stand in for routers and for Safaricom, over real sockets."""

try:
	from frappe.tests import IntegrationTestCase as BenchTestCase  # Frappe 16
except ImportError:
	from frappe.tests.utils import FrappeTestCase as BenchTestCase  # Frappe 15

__all__ = ["BenchTestCase"]
