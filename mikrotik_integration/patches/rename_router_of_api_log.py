"""MikroTik API Log: the router's field is called ``router``. Frappe 15's own rename_field fails on names with spaces."""

import frappe


def execute() -> None:
	if not frappe.db.has_column("MikroTik API Log", "mikrotik_settings"):
		return
	log = frappe.qb.DocType("MikroTik API Log")
	frappe.qb.update(log).set(log.router, log.mikrotik_settings).where(log.router.isnull()).run()
