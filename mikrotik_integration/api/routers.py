"""Routers over HTTP: ``/api/method/mikrotik_integration.api.routers.<function>``. For staff."""

import frappe

from mikrotik_integration.services import routers

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
	"""What was last seen of each router that the caller may see."""
	return frappe.get_list("MikroTik Settings", fields=READABLE, order_by="name", limit=500)


@frappe.whitelist(methods=["GET", "POST"])
def connections(router: str) -> list[dict]:
	"""Who is online on a router, as of its last check."""
	frappe.get_doc("MikroTik Settings", router).check_permission("read")
	return frappe.get_all(
		"Router Account",
		filters={"mikrotik_settings": router, "is_online": 1},
		fields=[
			"username",
			"service",
			"reference_name as subscription",
			"session_address",
			"session_mac",
			"last_login",
			"last_seen",
		],
		order_by="username",
		limit=0,
	)


@frappe.whitelist(methods=["POST"])
def test_connection(router: str) -> list[dict]:
	"""``[{"ok", "text"}]``: what is right and wrong with a router, in plain words."""
	frappe.get_doc("MikroTik Settings", router).check_permission("write")
	return routers.test_connection(router)


@frappe.whitelist(methods=["POST"])
def check(router: str) -> None:
	"""Bring status, usage and accounts of a router up to date now, in the background."""
	frappe.get_doc("MikroTik Settings", router).check_permission("read")
	routers.enqueue_check(router)
