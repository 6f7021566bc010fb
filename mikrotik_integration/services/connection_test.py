"""The button *Test Connection*: what is right and wrong with a router, in plain words."""

import frappe
from frappe import _

from mikrotik_integration.core.provisioning import check
from mikrotik_integration.core.provisioning.check import Finding
from mikrotik_integration.core.provisioning.offers import read_offers
from mikrotik_integration.core.routeros.errors import RouterError
from mikrotik_integration.services import api_log, router_guard, routers


def run(router: str) -> list[dict]:
	"""``[{"ok", "text"}]``. Changes nothing on the router; notes which box it is, and what it has."""
	where = routers.endpoint(router)
	# no transaction may stay open while a router is talked to
	frappe.db.commit()  # nosemgrep
	findings = check.check_router(where)
	if reason := _examine(router):
		findings.append(Finding(False, reason))
	problems = [finding for finding in findings if not finding.ok]
	api_log.log_event(
		router,
		"test connection",
		ok=not problems,
		result="\n".join(finding.text for finding in problems) or _("Everything is fine"),
	)
	return [{"ok": finding.ok, "text": finding.text} for finding in findings]


def _examine(router: str) -> str | None:
	"""Why nothing would be changed on this router. What keeps it from being read was found before."""
	try:
		with router_guard.line(router, only_look=True) as connection:
			offers = read_offers(connection)
	except router_guard.Stopped as stop:
		return str(stop)
	except RouterError:
		return None
	routers.write(router, {"offers": frappe.as_json(offers.as_dict())})
	return None
