"""Routers over HTTP: ``/api/method/mikrotik_integration.api.routers.<function>``. For staff."""

import frappe

from mikrotik_integration.permissions import is_staff
from mikrotik_integration.services import connection_test, portal_setup, routers, serving, standstill

READABLE = [
	"name",
	"enabled",
	"status",
	"last_seen",
	"last_error",
	"identity",
	"routeros_version",
	"board_name",
	"uptime_seconds",
	"cpu_load",
	"free_memory_mb",
	"total_memory_mb",
	"hotspot_users",
	"ppp_users",
	"pending_accounts",
]


@frappe.whitelist(methods=["GET", "POST"])
def list_status() -> list[dict]:
	"""What was last seen of each router that the caller may see. ``status`` is Unknown if that is too long ago."""
	visible = frappe.get_list("MikroTik Settings", pluck="name", order_by="name", limit=0)
	router = frappe.qb.DocType("MikroTik Settings")
	# get_list takes `last_seen` for its own `_seen` and leaves it out
	rows = (
		frappe.qb.from_(router)
		.select(*(router[field] for field in READABLE))
		.where(router.name.isin(visible or [""]))
		.orderby(router.name)
	).run(as_dict=True)
	return [{**row, "status": "Unknown"} if standstill.is_unchecked(row) else row for row in rows]


@frappe.whitelist(methods=["GET", "POST"])
def get_standstill() -> list[str]:
	"""What has not happened for ten minutes though it should have: scheduled jobs, payments, the clock, checks of
	routers. In words, for staff; empty if all runs."""
	if not is_staff():
		raise frappe.PermissionError
	return standstill.problems()


@frappe.whitelist(methods=["GET", "POST"])
def connections(router: str) -> list[dict]:
	"""Who is online on a router, as of its last check."""
	frappe.get_doc("MikroTik Settings", router).check_permission("read")
	account = frappe.qb.DocType("Router Account")
	return (
		frappe.qb.from_(account)
		.select(
			account.username,
			account.service,
			account.reference_name.as_("subscription"),
			account.session_address,
			account.session_mac,
			account.last_login,
			account.last_seen,
		)
		.where((account.mikrotik_settings == router) & (account.is_online == 1))
		.orderby(account.username)
	).run(as_dict=True)


@frappe.whitelist(methods=["GET", "POST"])
def list_pools() -> list[str]:
	"""The address pools of the routers that the caller may see, as seen last."""
	return serving.pools(frappe.get_list("MikroTik Settings", pluck="name", order_by="name", limit=0))


@frappe.whitelist(methods=["POST"])
def test_connection(router: str) -> list[dict]:
	"""``[{"ok", "text"}]``: what is right and wrong with a router, in plain words."""
	frappe.get_doc("MikroTik Settings", router).check_permission("write")
	return connection_test.run(router)


@frappe.whitelist(methods=["POST"])
def check(router: str) -> None:
	"""Bring status, usage and accounts of a router up to date now, in the background."""
	frappe.get_doc("MikroTik Settings", router).check_permission("read")
	routers.enqueue_check(router)


@frappe.whitelist(methods=["POST"])
def install_login_page(router: str) -> list[dict]:
	"""Bring the captive portal's pages, and what they need, onto a router: ``[{"ok", "text"}]``, one for each step."""
	document = frappe.get_doc("MikroTik Settings", router)
	document.check_permission("write")
	return portal_setup.install(document)


@frappe.whitelist(methods=["GET", "POST"])
def download_login_page(router: str) -> None:
	"""The same pages as a ZIP, to be put onto the router by hand."""
	document = frappe.get_doc("MikroTik Settings", router)
	document.check_permission("write")
	frappe.response.filename = f"{portal_setup.DIRECTORY}-{document.portal_name}.zip"
	frappe.response.filecontent = portal_setup.archive(document)
	frappe.response.type = "binary"
