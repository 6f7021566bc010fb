"""Lets pytest run these tests from a bench: FRAPPE_SITE names the site, SITES_PATH the bench's sites folder.

Each process of pytest-xdist (-n) has a site and a job queue of its own: FRAPPE_SITE and FRAPPE_REDIS_QUEUE then name
as many, separated by blanks.
"""

import os

import frappe
import pytest


@pytest.fixture(scope="session", autouse=True)
def _site():
	number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
	for name in ("FRAPPE_SITE", "FRAPPE_REDIS_QUEUE"):
		if values := os.environ.get(name, "").split():
			os.environ[name] = values[number]
	if not getattr(frappe.local, "site", None):
		frappe.init(site=os.environ["FRAPPE_SITE"], sites_path=os.environ.get("SITES_PATH", "."))
		frappe.connect()
	yield
	frappe.destroy()
