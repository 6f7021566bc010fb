"""Frappe's System Settings: the site's time zone was set, by the set-up wizard or by a person."""

from mikrotik_integration.services import standstill


def on_update(doc, method=None) -> None:
	if doc.has_value_changed("time_zone"):
		standstill.make_jobs_due()
		standstill.forget_pauses()
