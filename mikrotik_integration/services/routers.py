"""Routers: how to reach them, whether to try, what was last seen of them."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import cint, get_datetime, now_datetime

from mikrotik_integration.core.foreign_text import version
from mikrotik_integration.core.provisioning.offers import Offers
from mikrotik_integration.core.provisioning.reconcile import Outcome
from mikrotik_integration.core.routeros.client import Endpoint, Tls
from mikrotik_integration.core.usage.snapshot import RouterStatus, Snapshot
from mikrotik_integration.services import foreign_text, jobs, realtime, router_addresses

CONNECT_TIMEOUT_S = 5
DEADLINE_S = 90
LIFETIME_S = 480
CHECK_TIMEOUT_S = 600
LIFETIME_IN_A_REQUEST_S = 40  # two of them, and the wait for a lock, before a web server gives the request up
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(
	minutes=3
)  # less than two rounds of checks: at most four minutes until the next one
PAUSE_WHILE_SOMEBODY_WAITS = timedelta(seconds=15)
MEGABYTE = 1024 * 1024
# What fits into a form, whatever the router holds
MOST_WARNINGS, MOST_UNMANAGED = 100, 5000
SLOW_FOR_S = 3600


def endpoint(router: str) -> Endpoint:
	"""How to reach a router, its password included."""
	return endpoint_of(frappe.get_doc("MikroTik Settings", router))


def endpoint_of(router) -> Endpoint:
	return Endpoint(
		host=router.ip_address,
		port=cint(router.api_port),
		username=router.api_username,
		password=router.get_password("api_password", raise_exception=False) or "",
		tls=_tls(router),
		connect_timeout_s=CONNECT_TIMEOUT_S,
		deadline_s=DEADLINE_S,
		lifetime_s=LIFETIME_IN_A_REQUEST_S if getattr(frappe.local, "request", None) else LIFETIME_S,
		refuses=router_addresses.refusal,
	)


def _tls(router) -> Tls | None:
	if not router.use_tls:
		return None
	return Tls(ca_pem=router.ca_certificate or None, fingerprint_sha256=router.tls_fingerprint or None)


def may_be_tried(router: str, somebody_waits: bool = False) -> bool:
	"""False for a router that is switched off here, or failed and has its pause.

	The pause is short if ``somebody_waits`` for access: whoever pays at a hotspot comes through its router, so it is back.
	"""
	state = frappe.db.get_value(
		"MikroTik Settings", router, ["enabled", "next_attempt", "failures"], as_dict=True
	)
	if not state or not state.enabled:
		return False
	if not state.next_attempt:
		return True
	due = get_datetime(state.next_attempt)
	if somebody_waits:
		due += PAUSE_WHILE_SOMEBODY_WAITS - _pause(cint(state.failures))
	return due <= now_datetime()


def _pause(failures: int) -> timedelta:
	return min(FIRST_PAUSE * 2 ** min(max(failures - 1, 0), 10), LONGEST_PAUSE)


def is_away(router: str) -> bool:
	"""Whether the last attempt to reach it failed."""
	return frappe.db.get_value("MikroTik Settings", router, "status") == "Offline"


def enqueue_checks(ignore_pauses: bool = False) -> None:
	"""One job for each router whose pause is over."""
	for router in frappe.get_all("MikroTik Settings", filters={"enabled": 1}, pluck="name", order_by="name"):
		if ignore_pauses or may_be_tried(router):
			enqueue_check(router)


def held_us_up(router: str, usual: str) -> None:
	"""It let a worker of this queue wait: for a while such jobs go where those wait that take long, and hold up nobody
	else. A check may take long where what is paid for does not."""
	frappe.cache().set_value(_slow_key(router, usual), 1, expires_in_sec=SLOW_FOR_S)


def queue(router: str, usual: str) -> str:
	"""Where a job that talks to this router waits."""
	return "long" if frappe.cache().get_value(_slow_key(router, usual), expires=True) else usual


def _slow_key(router: str, usual: str) -> str:
	return f"mikrotik_slow|{router}|{usual}"


def enqueue_check(router: str) -> None:
	jobs.enqueue(
		"mikrotik_integration.services.provisioning.check_router",
		queue=queue(router, "default"),
		timeout=CHECK_TIMEOUT_S,
		job_id=f"mikrotik-check|{router}",
		router=router,
	)


def seen_failing(router: str, error: str) -> None:
	"""The router did not answer: leave it alone for a while, longer each time."""
	failures = cint(frappe.db.get_value("MikroTik Settings", router, "failures")) + 1
	write(
		router,
		{
			"status": "Offline",
			"last_error": foreign_text.text(error),
			"failures": failures,
			"next_attempt": now_datetime() + _pause(failures),
			"pending_accounts": _pending_accounts(router),
		},
	)


def seen_stopped(router: str, kind: str, reason: str, found: dict) -> None:
	"""The router answered, or was not even asked, and nothing was changed: a person has to decide first."""
	write(
		router,
		{
			"stopped": kind,
			"stopped_because": reason,
			"failures": 0,
			"next_attempt": None,
			"pending_accounts": _pending_accounts(router),
			**found,
		},
	)


def seen_answering(
	router: str, snapshot: Snapshot | None, outcome: Outcome | None, offers: Offers | None = None
) -> None:
	"""The router answered; ``snapshot`` if it was read, ``outcome`` and ``offers`` if all of it was looked at."""
	values = {
		"status": "Online",
		"last_seen": now_datetime(),
		"last_error": "",
		"failures": 0,
		"next_attempt": None,
		"stopped": "",
		"stopped_because": "",
		"pending_accounts": _pending_accounts(router),
	}
	if offers:
		values["offers"] = frappe.as_json(offers.as_dict())
	if snapshot:
		values |= _status_values(snapshot.status)
	if outcome:
		values["warnings"] = _lines([*outcome.warnings, *(snapshot.warnings if snapshot else ())])
		values["unmanaged_accounts"] = frappe.as_json(
			[vars(row) for row in outcome.unmanaged[:MOST_UNMANAGED]]
		)
	write(router, values)


def _lines(warnings: list[str]) -> str:
	lines = [foreign_text.line(warning) for warning in warnings]
	more = [_("{0} more").format(len(lines) - MOST_WARNINGS)] if len(lines) > MOST_WARNINGS else []
	return "\n".join([*lines[:MOST_WARNINGS], *more])


def _status_values(status: RouterStatus) -> dict:
	values = {
		"identity": foreign_text.line(status.identity),
		"routeros_version": version(status.version),
		"board_name": foreign_text.line(status.board),
		"uptime_seconds": status.uptime_s,
		"cpu_load": status.cpu_load,
		"free_memory_mb": _megabytes(status.free_memory_bytes),
		"total_memory_mb": _megabytes(status.total_memory_bytes),
		"hotspot_users": status.hotspot_online,
		"ppp_users": status.ppp_online,
		"online_users": status.hotspot_online + status.ppp_online,
	}
	# What could not be read stays as it was seen last.
	return {field: value for field, value in values.items() if value is not None}


def _megabytes(size_bytes: int | None) -> float | None:
	return None if size_bytes is None else size_bytes / MEGABYTE


def _pending_accounts(router: str) -> int:
	account = frappe.qb.DocType("Router Account")
	return len(
		frappe.qb.from_(account)
		.select(account.name)
		.where((account.mikrotik_settings == router) & (account.generation != account.applied_generation))
		.run()
	)


def write(router: str, values: dict) -> None:
	"""What was seen of a router, for open forms, too. In the caller's transaction."""
	frappe.db.set_value("MikroTik Settings", router, values, update_modified=False)
	realtime.router_changed(router, values)
