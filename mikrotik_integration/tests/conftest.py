"""Lets pytest run these tests from a bench: FRAPPE_SITE names the site, SITES_PATH the bench's sites folder."""

import os

import frappe
import pytest


@pytest.fixture(scope="session", autouse=True)
def _site():
	if not getattr(frappe.local, "site", None):
		frappe.init(site=os.environ["FRAPPE_SITE"], sites_path=os.environ.get("SITES_PATH", "."))
		frappe.connect()
	yield
	frappe.destroy()
