"""Between a Hotspot Voucher document and the pure ``core.vouchers``; and what routers must hold for it."""

from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from mikrotik_integration.core.usage.counters import CounterState
from mikrotik_integration.core.vouchers import codes, standing
from mikrotik_integration.core.vouchers.standing import Facts, Presence, Status
from mikrotik_integration.services import accounts, settings
from mikrotik_integration.services.bulk import update_rows

VOUCHER = "Hotspot Voucher"
MOMENTS = ("sold_on", "voided_on", "first_login", "use_before")
BATCH = 1000


def facts_of(voucher) -> Facts:
	"""What happened to a voucher, of a document or of a row with its fields."""
	return Facts(
		**{field: get_datetime(voucher.get(field)) if voucher.get(field) else None for field in MOMENTS},
		validity=timedelta(seconds=voucher.validity_seconds or 0),
		validity_from_sale=bool(voucher.validity_from_sale),
		quota_bytes=voucher.quota_bytes or 0,
		quota_seconds=voucher.quota_seconds or 0,
		device_limit=voucher.device_limit or 0,
		used_bytes=voucher.used_bytes or 0,
		used_seconds=voucher.used_seconds or 0,
	)


def derive(voucher) -> None:
	"""Set on the document what follows from the facts and the time."""
	facts, now = facts_of(voucher), now_datetime()
	status = standing.status(facts, now)
	voucher.status = status.value
	voucher.status_reason = _reason(voucher, facts, status)
	voucher.expires_on = standing.ends_on(facts)
	voucher.next_change = standing.next_change(facts, now)


def _reason(voucher, facts: Facts, status: Status) -> str:
	if status is Status.VOID:
		return voucher.void_reason or ""
	if status is Status.USED:
		data_gone = 0 < facts.quota_bytes <= facts.used_bytes
		return _("Its data was used up") if data_gone else _("Its time was used up")
	if status is Status.EXPIRED:
		return _("It was not used in time") if standing.is_unused(facts) else _("Its time is over")
	return ""


def sync(voucher) -> None:
	"""Make the Router Accounts say what this voucher gives now, on each router where it is valid."""
	facts = facts_of(voucher)
	presence = standing.presence(facts, now_datetime())
	held = []
	if presence is not Presence.ABSENT and voucher.sold_on:
		held = [_hold(voucher, facts, router, presence) for router in routers_of(voucher)]
	accounts.give_up_others(voucher, keep=held)
	accounts.show_pending(voucher)


def routers_of(voucher) -> list[str]:
	"""Where it is valid: its router, and if it was sold for a group, the group's other routers."""
	others = []
	if voucher.router_group:
		others = frappe.get_all(
			"MikroTik Settings", {"router_group": voucher.router_group}, pluck="name", order_by="name"
		)
	return list(dict.fromkeys([voucher.mikrotik_settings, *others]))


def _hold(voucher, facts: Facts, router: str, presence: Presence) -> str:
	return accounts.hold(account_values(voucher, facts, router, presence), voucher.code)


def account_values(voucher, facts: Facts, router: str, presence: Presence) -> dict:
	"""What a Router Account says of this voucher on this router."""
	connection_type = frappe.get_cached_doc("Connection Type", voucher.connection_type)
	limits = standing.router_limits(facts, *_counted_by_row(router, voucher.code))
	return {
		"mikrotik_settings": router,
		"service": "hotspot",
		"username": voucher.code,
		"reference_doctype": VOUCHER,
		"reference_name": voucher.name,
		"desired_state": presence.value,
		"fixed_address": "",
		"mac_address": "",
		"limit_bytes_total": limits.bytes_total,
		"limit_uptime_seconds": limits.uptime_s,
		**accounts.profile_of(connection_type, voucher.device_limit or 0),
	}


def _counted_by_row(router: str, code: str) -> tuple[int, int]:
	"""Bytes and seconds that the router's present row has itself counted, as read last."""
	key = accounts.account_key(router, "hotspot", code)
	state = frappe.db.get_value("Router Account", {"account_key": key}, "counter_state")
	return CounterState.from_json(state).total() if state else (0, 0)


def release(voucher) -> None:
	accounts.release(voucher)


def locked(name: str):
	"""The voucher as it is now, locked until the transaction ends."""
	voucher = frappe.get_doc(VOUCHER, name, for_update=True)
	voucher.flags.ignore_permissions = True
	return voucher


def refresh(names: list[str]) -> None:
	"""Bring vouchers up to date with the time and their usage. In the caller's transaction."""
	for name in names:
		locked(name).save()


def lower_caps(names: list[str]) -> None:
	"""What was used on one router of a group is taken off the caps on the others. Set-based; they are pushed with the
	next check of each router. Where somebody is online the cap stays: changing it would end the session, and the next
	reading ends it anyway when nothing is left."""
	if not names:
		return
	facts = {row.name: facts_of(row) for row in _rows(names)}
	account = frappe.qb.DocType("Router Account")
	held = (
		frappe.qb.from_(account)
		.select(
			account.name,
			account.reference_name,
			account.counter_state,
			account.limit_bytes_total,
			account.limit_uptime_seconds,
		)
		.where((account.reference_doctype == VOUCHER) & account.reference_name.isin(names))
		.where((account.desired_state == accounts.ENABLED) & (account.is_online == 0))
	).run(as_dict=True)
	lower = {}
	for row in held:
		counted = CounterState.from_json(row.counter_state).total() if row.counter_state else (0, 0)
		limits = standing.router_limits(facts[row.reference_name], *counted)
		if (row.limit_bytes_total, row.limit_uptime_seconds) != tuple(limits):
			lower[row.name] = {
				"limit_bytes_total": limits.bytes_total,
				"limit_uptime_seconds": limits.uptime_s,
				"generation": 1,
			}
	update_rows("Router Account", lower, add=("generation",))


def _rows(names: list[str]) -> list[frappe._dict]:
	voucher = frappe.qb.DocType(VOUCHER)
	return frappe.qb.from_(voucher).select("*").where(voucher.name.isin(names)).run(as_dict=True)


def due() -> list[str]:
	"""Vouchers whose status changes by time alone, and has to now."""
	voucher = frappe.qb.DocType(VOUCHER)
	return (
		frappe.qb.from_(voucher)
		.select(voucher.name)
		.where(voucher.next_change <= now_datetime())
		.orderby(voucher.next_change)
		.limit(BATCH)
	).run(pluck=True)


def new_codes(count: int) -> list[str]:
	"""Codes that no voucher and no other login has, whatever the case. Raises ValueError for bad settings."""
	values = settings.isp_settings()
	length = max(values.code_length or codes.MIN_LENGTH, codes.MIN_LENGTH)
	found: list[str] = []
	while len(found) < count:
		made = codes.make_many(count - len(found), length, values.code_prefix or "")
		taken = taken_codes(made)
		found += [code for code in made if code.casefold() not in taken]
	return found


def taken_codes(wanted: list[str]) -> set[str]:
	"""Which of these are codes or logins already, folded. A subscription has its login before any router knows it."""
	taken: set[str] = set()
	for start in range(0, len(wanted), BATCH):
		chunk = wanted[start : start + BATCH]
		taken.update(frappe.get_all(VOUCHER, {"code": ("in", chunk)}, pluck="code", limit=0, order_by="code"))
		for doctype, filters in (("Router Account", {"service": "hotspot"}), ("Customer Subscription", {})):
			taken.update(
				frappe.get_all(
					doctype,
					{"username": ("in", chunk), **filters},
					pluck="username",
					limit=0,
					order_by="username",
				)
			)
	return {code.casefold() for code in taken}
