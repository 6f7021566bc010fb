"""A pass that would take too much away waits for a person: what it would take, who was told, and the answer.

What is too much: ``core.provisioning.removals``. Until the answer this router is only given to: who pays gets on.
"""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import cint, get_datetime, now_datetime

from mikrotik_integration.core.provisioning.removals import MassRemoval
from mikrotik_integration.exceptions import RouterDecisionNeeded
from mikrotik_integration.services import api_log, notices, routers

ROUTER = "MikroTik Settings"
GOOD_FOR = timedelta(minutes=30)
NOBODYS_ANSWER = {"removals_allowed": 0, "removals_allowed_until": None}


def allowed(router: str) -> int:
	"""From how many logins a person has agreed to take something now."""
	answer = frappe.db.get_value(ROUTER, router, ["removals_allowed", "removals_allowed_until"], as_dict=True)
	if not answer or not answer.removals_allowed_until:
		return 0
	return (
		cint(answer.removals_allowed) if get_datetime(answer.removals_allowed_until) > now_datetime() else 0
	)


def waits(router: str) -> bool:
	"""Whether a pass over this router waits for an answer."""
	return bool(frappe.db.get_value(ROUTER, router, "held_logins")) and not allowed(router)


def write(router: str, held: MassRemoval | None) -> None:
	"""What a pass over the whole router was held back from, or that it was not. In the caller's transaction."""
	before = cint(frappe.db.get_value(ROUTER, router, "held_logins"))
	if not held:
		if before or allowed(router):
			routers.write(router, {"held_logins": 0, "held_removals": "", **NOBODYS_ANSWER})
		return
	routers.write(router, {"held_logins": held.logins, "held_removals": _words(held), **NOBODYS_ANSWER})
	if held.logins != before:
		api_log.log_event(router, "mass removal held", ok=False, result=_words(held))
		notices.tell_managers(router, "removals", _("{0} waits for a decision: {1}").format(router, held))


def _words(held: MassRemoval) -> str:
	names = ", ".join(_shown(name) for name in held.sample)
	more = " …" if held.logins > len(held.sample) else ""
	return f"{held}.\n{names}{more}"


def _shown(name: str) -> str:
	"""What is not known as a subscriber's login may be the code of a voucher, which lets anybody in."""
	return name if frappe.db.exists("Customer Subscription", {"username": name}) else f"…{name[-3:]}"


def allow(router: str) -> None:
	"""Do it: the next pass may take something from as many logins as were shown. The caller has checked that the user
	is a manager."""
	logins = cint(frappe.db.get_value(ROUTER, router, "held_logins", for_update=True))
	if not logins:
		raise RouterDecisionNeeded(_("Nothing waits for a decision here any more"))
	values = {"removals_allowed": logins, "removals_allowed_until": now_datetime() + GOOD_FOR}
	frappe.db.set_value(ROUTER, router, values, update_modified=False)
	api_log.log_event(router, "mass removal allowed", ok=True, result=_("{0} logins").format(logins))
	routers.enqueue_check(router)
