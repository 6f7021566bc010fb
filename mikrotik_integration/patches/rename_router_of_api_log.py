"""MikroTik API Log: the router's field is called ``router``. Frappe 15's own rename_field fails on names with spaces."""

import frappe

LOG = "MikroTik API Log"


def execute() -> None:
	# the table itself is asked: Frappe's cache of column names may be older than the table
	columns = {column.name for column in frappe.db.get_table_columns_description(f"tab{LOG}")}
	if "mikrotik_settings" not in columns:
		return
	log = frappe.qb.DocType(LOG)
	frappe.qb.update(log).set(log.router, log.mikrotik_settings).where(log.router.isnull()).run()
