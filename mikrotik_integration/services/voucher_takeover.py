"""Hotspot users that a router had before: what it counted for them is kept, and their rows become ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import frappe

from mikrotik_integration.core.provisioning import adoption
from mikrotik_integration.core.provisioning.desired import Presence
from mikrotik_integration.core.provisioning.names import normalise_mac
from mikrotik_integration.core.usage.counters import CounterState
from mikrotik_integration.core.vouchers import standing
from mikrotik_integration.core.vouchers.imports import Row
from mikrotik_integration.services import accounts, router_guard, settings, voucher_usage, vouchers
from mikrotik_integration.services.bulk import update_rows

NO_MAC = "00:00:00:00:00:00"
counters = adoption.counters


@dataclass(frozen=True)
class Users:
	"""The hotspot users of a router that are not ours; or why they are not known."""

	rows: Sequence[Mapping[str, str]] = field(default_factory=tuple)
	error: str = ""

	def find(self, code: str) -> Mapping[str, str] | None:
		"""The user of this name; the exact one before one in another case."""
		return self._exact.get(code) or self._folded.get(code.casefold())

	@cached_property
	def _exact(self) -> dict[str, Mapping[str, str]]:
		return {row.get("name", ""): row for row in self._foreign}

	@cached_property
	def _folded(self) -> dict[str, Mapping[str, str]]:
		return {row.get("name", "").casefold(): row for row in self._foreign}

	@cached_property
	def _foreign(self) -> list[Mapping[str, str]]:
		return adoption.adoptable(self.rows, settings.site_id())


def users(router: str) -> Users:
	"""Read from the router. Raises RouterError."""
	with router_guard.line(router, only_look=True) as connection:
		return Users(tuple(adoption.read_users(connection)))


def mac_of(user: Mapping[str, str]) -> str:
	"""The only device that a user is for; empty if it is for any."""
	try:
		mac = normalise_mac(user.get("mac-address", ""))
	except ValueError:
		return ""
	return "" if mac == NO_MAC else mac


def hold(made: Sequence[frappe._dict], imported: Mapping[str, Row], users: Users) -> None:
	"""Router Accounts of new vouchers: of those that were sold, and of cards that the router has, so that it lets
	nobody in with them until they are sold. Their counters go on from what the router's row shows."""
	wanted = []
	for voucher in made:
		user = users.find(voucher.code)
		if voucher.sold_on or user:
			wanted += _accounts_of(voucher, user)
		if mac := imported[voucher.code].mac_address:
			voucher_usage.add_device(voucher.name, mac, voucher.mikrotik_settings)
	if not wanted:
		return
	accounts.insert_many(wanted)
	held = [voucher for voucher in made if voucher.sold_on or users.find(voucher.code)]
	update_rows(vouchers.VOUCHER, {voucher.name: {"router_status": "Pending"} for voucher in held})
	_remember_counters(held, users)


def _accounts_of(voucher: frappe._dict, user: Mapping[str, str] | None) -> list[tuple[dict, str]]:
	facts = vouchers.facts_of(voucher)
	presence = standing.presence(facts, frappe.utils.now_datetime())
	if presence is Presence.ABSENT and not user:
		return []
	home = vouchers.account_values(voucher, facts, voucher.mikrotik_settings, presence)
	if user:
		uploaded, downloaded, seconds = counters(user)
		limits = standing.router_limits(facts, uploaded + downloaded, seconds)
		home |= {"limit_bytes_total": limits.bytes_total, "limit_uptime_seconds": limits.uptime_s}
	others = [
		vouchers.account_values(voucher, facts, router, presence)
		for router in vouchers.routers_of(voucher)
		if router != voucher.mikrotik_settings and voucher.sold_on
	]
	return [(values, voucher.code) for values in (home, *others)]


def _remember_counters(made: Sequence[frappe._dict], users: Users) -> None:
	"""What the row shows now was counted with the import: the next reading counts what comes on top."""
	states = {}
	for voucher in made:
		if user := users.find(voucher.code):
			key = accounts.account_key(voucher.mikrotik_settings, "hotspot", voucher.code)
			states[key] = CounterState(row=counters(user), row_id=user[".id"]).to_json()
	rows = frappe.get_all(
		"Router Account",
		{"account_key": ("in", list(states) or [""])},
		["name", "account_key"],
		order_by="name",
		limit=0,
	)
	update_rows("Router Account", {row.name: {"counter_state": states[row.account_key]} for row in rows})


def take_over(router: str, users: Users) -> str:
	"""Mark the rows of all vouchers of this router as ours; returns the router's refusal, if there was one. Raises
	RouterError."""
	rows = frappe.get_all(
		"Router Account",
		{"mikrotik_settings": router, "service": "hotspot", "reference_doctype": vouchers.VOUCHER},
		["name", "username", "reference_name"],
		order_by="name",
		limit=0,
	)
	owners = {
		user[".id"]: (row.name, row.reference_name) for row in rows if (user := users.find(row.username))
	}
	if not owners:
		return ""
	with router_guard.line(router) as connection:
		refusals = adoption.adopt(connection, settings.site_id(), owners)
	return next(iter(refusals.values()), "")
