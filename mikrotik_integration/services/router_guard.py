"""One box, one document; and one site that decides about it.

A document whose box turns out to be another document's, or another box than before, is a mistake until a person says
what it is. A router that was changed last by somebody else with our mark shows that this site is a restored backup, or
has a copy that runs beside it. Then nothing at all is changed until a person decides: service that has expired may wait
a minute, a customer who has paid may not be cut off by a ghost. Why: docs/decisions/2026-11-24-one-box-one-site.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import frappe
from frappe import _
from frappe.query_builder.functions import Max
from frappe.utils import now_datetime

from mikrotik_integration.core.provisioning import fence
from mikrotik_integration.core.provisioning.fence import Count, CountedRouter, Sight
from mikrotik_integration.core.routeros.client import Router, connect
from mikrotik_integration.core.routeros.errors import RouterError
from mikrotik_integration.exceptions import RouterDecisionNeeded
from mikrotik_integration.services import api_log, notices, routers, settings

ROUTER = "MikroTik Settings"
SAME_BOX, OTHER_BOX, AHEAD, COPY = "Same Box", "Other Box", "Changed by Another Site", "Copy of the Site"
FIELDS = ("enabled", "router_identity", "count_number", "count_token", "counted_for", "stopped")
TO_BE_COUNTED = "?"


class Stopped(RouterError):
	"""The router is left as it is until a person decides. ``kind``: which of the questions above it is."""

	def __init__(self, kind: str, reason: str, sight: Sight | None = None) -> None:
		super().__init__(reason)
		self.kind = kind
		self.sight = sight


@contextmanager
def line(
	router: str, only_look: bool = False, at_most_s: float = routers.LIFETIME_S
) -> Iterator[CountedRouter]:
	"""A connection to a router that may be changed; the pass is counted there before its first change, and also if
	this site has decided something since the last time. ``only_look``: not for that. ``at_most_s``: how long it lasts.

	Ends the transaction that is open: none may be while a router is talked to. Raises Stopped, which is then written
	down, and what ``connect`` raises.
	"""
	where = routers.endpoint(router)
	where = replace(where, lifetime_s=min(where.lifetime_s, at_most_s))
	try:
		_check_home()
		# no transaction may stay open while a router is talked to
		frappe.db.commit()
		with connect(where) as connection:
			sight = fence.look(connection, settings.site_id())
			state = _admit(router, sight)
			counted = CountedRouter(connection, lambda: _count(router, connection, sight))
			if not only_look and (state.counted_for or "") != _decided(router):
				counted.count()
			# no transaction may stay open while a router is talked to
			frappe.db.commit()
			yield counted
	except Stopped as stop:
		_write_stop(router, stop)
		raise


def _check_home() -> None:
	home, here = settings.isp_settings().site_home, settings.home()
	if home and home != here:
		raise Stopped(
			COPY,
			_(
				"This site is {0}, a copy of {1}, or it was moved. Nothing is changed on any router until an "
				"ISP Administrator says in ISP Settings that this is the right one"
			).format(here, home),
		)


def _admit(router: str, sight: Sight) -> frappe._dict:
	state = frappe.db.get_value(ROUTER, router, FIELDS, as_dict=True)
	if not state:
		raise RouterError(_("{0} was deleted").format(router))
	if sight.identity and sight.identity != state.router_identity:
		_check_box(router, state, sight)
	if fence.is_ahead(sight.count, _own_count(state)):
		raise Stopped(
			AHEAD,
			_(
				"Another site with the mark of this one has changed this router last: this site was restored from "
				"a backup, or a copy of it is running. Nothing was changed"
			),
			sight,
		)
	return state


def _check_box(router: str, state: frappe._dict, sight: Sight) -> None:
	if other := _document_of(router, sight.identity):
		raise Stopped(SAME_BOX, _("This is the same box as {0}; nothing was changed").format(other), sight)
	if state.router_identity:
		raise Stopped(
			OTHER_BOX,
			_(
				"Another box answers than before ({0}, it was {1}); nothing was changed. Is it the replacement, or "
				"has the address gone to somebody else?"
			).format(sight.identity, state.router_identity),
			sight,
		)
	_take_identity(router, sight)


def _document_of(router: str, identity: str) -> str | None:
	return frappe.db.exists(ROUTER, {"router_identity": identity, "name": ("!=", router)})


def _take_identity(router: str, sight: Sight) -> None:
	"""Of two documents that see a box at the same moment for the first time one gets it: the key is unique."""
	try:
		frappe.db.set_value(ROUTER, router, "router_identity", sight.identity, update_modified=False)
	except Exception as error:
		frappe.db.rollback()
		if not frappe.db.is_unique_key_violation(error):
			raise
		other = _document_of(router, sight.identity)
		raise Stopped(
			SAME_BOX, _("This is the same box as {0}; nothing was changed").format(other), sight
		) from error


def _own_count(state: frappe._dict) -> Count:
	return Count(state.count_number or 0, state.count_token or "")


def _decided(router: str) -> str:
	"""When this site last decided something about customers of this router: a period that was paid changes nothing on
	the router, and a site that does not know of it must find out all the same."""
	subscription = frappe.qb.DocType("Customer Subscription")
	(last,) = (
		frappe.qb.from_(subscription)
		.select(Max(subscription.modified))
		.where(subscription.mikrotik_settings == router)
	).run()[0]
	return str(last or "")


def _count(router: str, connection: Router, sight: Sight) -> None:
	"""Here first, then on the router: cut off in between, this site is ahead, never the router."""
	own = _own_count(frappe.db.get_value(ROUTER, router, FIELDS, as_dict=True))
	count = own.next()
	values = {"count_number": count.number, "count_token": count.token, "counted_for": _decided(router)}
	frappe.db.set_value(ROUTER, router, values, update_modified=False)
	# must stand before the router is changed
	frappe.db.commit()  # nosemgrep
	fence.write(connection, settings.site_id(), sight, count)


def _write_stop(router: str, stop: Stopped) -> None:
	before = frappe.db.get_value(ROUTER, router, "stopped")
	found = stop.sight.count if stop.sight and stop.sight.count else fence.NEVER
	routers.seen_stopped(
		router,
		stop.kind,
		str(stop),
		{
			"found_identity": stop.sight.identity if stop.sight else "",
			"found_number": found.number,
			"found_token": found.token,
			**({"last_seen": now_datetime()} if stop.sight else {}),
		},
	)
	if before != stop.kind:
		api_log.log_event(router, "stopped", ok=False, result=str(stop))
		notices.tell_managers(router, stop.kind, _("{0} waits for a decision: {1}").format(router, stop))
	# what was seen must outlive whatever comes next
	frappe.db.commit()  # nosemgrep


# --- what a person decides ---


def confirm_box(router: str) -> None:
	"""The box that answers now is this document's. The caller has checked that the user is a manager."""
	state = _waiting(router, SAME_BOX, OTHER_BOX)
	if other := _document_of(router, state.found_identity):
		if frappe.db.get_value(ROUTER, other, "enabled"):
			raise RouterDecisionNeeded(
				_("This is the same box as {0}. Switch {0} off or delete it first").format(other)
			)
		frappe.db.set_value(ROUTER, other, "router_identity", None, update_modified=False)
	_go_on(router, state, {"router_identity": state.found_identity})
	api_log.log_event(router, "replacement confirmed", ok=True, result=state.found_identity)


def go_on(router: str) -> None:
	"""This site is right about the router, whoever has changed it meanwhile. The caller has checked that the user is
	an administrator. Whoever was there before finds the router ahead, and stops."""
	state = _waiting(router, AHEAD)
	_go_on(router, state, {})
	result = _("It was changed {0} times, {1} of them known here").format(
		state.found_number, state.count_number
	)
	api_log.log_event(router, "this site is right", ok=True, result=result)


def confirm_home() -> None:
	"""This site, as it is called now, is the one that enforces. The caller has checked the user's role."""
	home, here = settings.isp_settings().site_home, settings.home()
	frappe.db.set_single_value("ISP Settings", "site_home", here)
	for router in frappe.get_all(ROUTER, {"enabled": 1}, pluck="name", order_by="name"):
		api_log.log_event(router, "this site is right", ok=True, result=f"{home} -> {here}")
		routers.enqueue_check(router)


def _waiting(router: str, *kinds: str) -> frappe._dict:
	fields = [*FIELDS, "found_identity", "found_number", "found_token"]
	state = frappe.db.get_value(ROUTER, router, fields, as_dict=True, for_update=True)
	if state.stopped not in kinds:
		raise RouterDecisionNeeded(_("Nothing waits for a decision here any more"))
	return state


def _go_on(router: str, state: frappe._dict, values: dict) -> None:
	"""From the count that was seen on: one that was made since stops this site again."""
	found, own = Count(state.found_number or 0, state.found_token or ""), _own_count(state)
	if fence.is_ahead(found, own):
		values = {"count_number": found.number, "count_token": found.token} | values
	values |= {"stopped": "", "stopped_because": "", "counted_for": TO_BE_COUNTED}
	frappe.db.set_value(ROUTER, router, values, update_modified=False)
	routers.enqueue_check(router)
