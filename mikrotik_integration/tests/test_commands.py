"""What bench imports of this app for its commands."""

import os
import subprocess
import sys

import frappe

from mikrotik_integration.tests import BenchTestCase

LOOK = """
import sys
from frappe.utils.bench_helper import get_app_groups
get_app_groups()
print("mikrotik_integration.services.inbox_booking" in sys.modules)
"""


class TestCommands(BenchTestCase):
	def is_loaded(self, *command: str, **environment: str) -> bool:
		done = subprocess.run(
			[sys.executable, "-c", LOOK, *command],
			cwd=frappe.local.sites_path,
			env={**os.environ, "DEV_SERVER": "0", **environment},
			capture_output=True,
			text=True,
		)
		self.assertNotIn("Traceback", done.stderr)
		return done.stdout.split()[-1] == "True"

	def test_a_worker_has_loaded_what_booking_needs_before_its_first_job(self):
		self.assertTrue(self.is_loaded("frappe", "worker", "--queue", "short"))
		self.assertTrue(self.is_loaded("frappe", "worker-pool"))

	def test_no_other_command_has(self):
		self.assertFalse(self.is_loaded("frappe", "--site", "all", "migrate"))

	def test_under_bench_start_each_job_loads_the_code_as_it_was_last_saved(self):
		self.assertFalse(self.is_loaded("frappe", "worker", DEV_SERVER="1"))
