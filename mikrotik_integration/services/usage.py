"""Counters of a router become bytes and seconds of accounts, set-based and in one transaction.

The counters read last and what was counted from them are written together, so that no byte is counted twice.
"""

from dataclasses import astuple, dataclass
from datetime import timedelta

import frappe
from frappe.utils import now_datetime, today
from pypika.terms import CustomFunction, PseudoColumn

from mikrotik_integration.core.usage.counters import CounterState, Delta, advance
from mikrotik_integration.core.usage.snapshot import AccountReading, SessionReading, Snapshot
from mikrotik_integration.services import foreign_text, lifecycle, realtime, settings, voucher_usage
from mikrotik_integration.services.bulk import update_rows
from mikrotik_integration.services.locks import by_itself, seeing_commits

SUBSCRIPTION = "Customer Subscription"
# More than that many sessions of nobody are kept as one: a router may make up as many as it likes.
MOST_UNKNOWN_A_DAY = 5000
LARGEST_SUM = 2**62 - 1  # two of them fit into a column
LEAST = CustomFunction("LEAST", ["one", "other"])
SECONDS_BETWEEN = CustomFunction("TIMESTAMPDIFF", ["unit", "begin", "end"])


@dataclass(frozen=True)
class Counted:
	"""What one snapshot added to one account."""

	account: frappe._dict
	reading: AccountReading
	state: CounterState
	delta: Delta


def record(router: str, snapshot: Snapshot) -> list[SessionReading]:
	"""Count what moved since the last snapshot of this router; returns the sessions of devices that have to go.

	Begins a transaction, which the caller commits, the router locked: devices that come on several routers of a group
	are judged one after the other.
	"""
	with seeing_commits():
		counted = _count(_accounts(router), snapshot)
		_write_accounts(router, counted)
		_write_records(router, counted)
		_write_unknown(router, snapshot.unknown)
		_write_subscriptions(router, counted)
		_enforce_quotas(counted)
		return voucher_usage.record(router, counted)


def _accounts(router: str) -> dict[str, frappe._dict]:
	rows = frappe.get_all(
		"Router Account",
		filters={"mikrotik_settings": router},
		fields=[
			"name",
			"username",
			"service",
			"reference_doctype",
			"reference_name",
			"counter_state",
			"is_online",
			"last_login",
		],
		order_by="creation",
		limit=0,
	)
	return {row.name: row for row in rows}


def _count(accounts: dict[str, frappe._dict], snapshot: Snapshot) -> list[Counted]:
	counted = []
	for reading in snapshot.accounts:
		account = accounts.get(reading.account_id or "")
		if not account:
			continue
		previous = CounterState.from_json(account.counter_state) if account.counter_state else None
		state, delta = advance(previous, reading)
		counted.append(Counted(account, reading, state, delta))
	return counted


def _write_accounts(router: str, counted: list[Counted]) -> None:
	now = now_datetime()
	online = [one for one in counted if one.reading.sessions]
	update_rows("Router Account", {one.account.name: _online_values(one, now) for one in online})
	changed = [one for one in counted if not one.reading.sessions and _has_changed(one)]
	update_rows(
		"Router Account",
		{one.account.name: {"counter_state": one.state.to_json(), "is_online": 0} for one in changed},
	)
	_mark_offline("Router Account", router, [one.account.name for one in online])


def _has_changed(one: Counted) -> bool:
	return bool(one.account.is_online) or one.state.to_json() != (one.account.counter_state or "")


def _online_values(one: Counted, now) -> dict:
	session = max(one.reading.sessions, key=lambda session: -session.uptime_s)
	return {
		"counter_state": one.state.to_json(),
		"is_online": 1,
		"last_seen": now,
		"last_login": now - timedelta(seconds=session.uptime_s),
		"session_address": foreign_text.line(session.address),
		"session_mac": foreign_text.line(session.mac),
	}


def _mark_offline(doctype: str, router: str, online: list[str]) -> None:
	table = frappe.qb.DocType(doctype)
	query = frappe.qb.update(table).set(table.is_online, 0)
	query = query.where((table.mikrotik_settings == router) & (table.is_online == 1))
	if online:
		query = query.where(table.name.notin(online))
	query.run()


def _write_records(router: str, counted: list[Counted]) -> None:
	_upsert_records(
		[
			(
				f"{today()}|{one.account.name}",
				router,
				one.account.username,
				one.account.name,
				one.account.reference_name if one.account.reference_doctype == SUBSCRIPTION else None,
				one.delta,
			)
			for one in counted
			if one.delta.bytes_in or one.delta.bytes_out or one.delta.seconds
		]
	)


def _write_unknown(router: str, sessions: tuple[SessionReading, ...]) -> None:
	"""Bytes of sessions that no account explains stay visible: the largest reading of each session and day."""
	totals: dict[str, Delta] = {}
	for session in sessions:
		totals[_unknown_name(router, session)] = Delta(session.bytes_in, session.bytes_out, session.uptime_s)
	users = {_unknown_name(router, session): foreign_text.line(session.user) for session in sessions}
	known = _unknown_today(router)
	too_many = [name for name in totals if name not in known][max(MOST_UNKNOWN_A_DAY - len(known), 0) :]
	rest = [totals.pop(name) for name in too_many]
	rows = [(name, router, users[name], None, None, delta) for name, delta in totals.items()]
	if rest:
		together = Delta(
			sum(delta.bytes_in for delta in rest),
			sum(delta.bytes_out for delta in rest),
			sum(delta.seconds for delta in rest),
		)
		rows.append((_unknown_rest(router), router, "", None, None, together))
	_upsert_records(rows, add=False)


def _unknown_today(router: str) -> set[str]:
	"""The records of sessions of nobody that there are."""
	record = frappe.qb.DocType("Usage Record")
	of_nobody = (record.mikrotik_settings == router) & record.router_account.isnull()
	query = frappe.qb.from_(record).select(record.name).where((record.date == today()) & of_nobody)
	return set(query.where(record.name != _unknown_rest(router)).run(pluck=True))


def _unknown_rest(router: str) -> str:
	return foreign_text.line(f"{today()}|{router}|+")


def _unknown_name(router: str, session: SessionReading) -> str:
	return foreign_text.line(f"{today()}|{router}|{session.service.value}|{session.user}|{session.key}")


def nobody_online(router: str) -> None:
	"""The router is left alone from now on: nobody is said to be online there."""
	for doctype in ("Router Account", SUBSCRIPTION):
		_mark_offline(doctype, router, [])


def _upsert_records(rows: list[tuple], add: bool = True) -> None:
	if not rows:
		return
	now = now_datetime()
	columns = "name, creation, modified, owner, modified_by, date, mikrotik_settings, username, router_account, subscription, bytes_in, bytes_out, seconds"
	placeholders = "(" + ", ".join(["%s"] * 13) + ")"
	if add:
		update = ", ".join(
			f"{field} = least({field} + values({field}), {LARGEST_SUM})"
			for field in ("bytes_in", "bytes_out", "seconds")
		)
	else:
		update = ", ".join(
			f"{field} = greatest({field}, values({field}))" for field in ("bytes_in", "bytes_out", "seconds")
		)
	for start in range(0, len(rows), 1000):
		chunk = rows[start : start + 1000]
		values = []
		for name, router, username, account, subscription, delta in chunk:
			values += [
				name,
				now,
				now,
				"Administrator",
				"Administrator",
				today(),
				router,
				username,
				account,
				subscription,
			]
			values += [min(number, LARGEST_SUM) for number in astuple(delta)]
		# frappe.qb takes twice as long for a thousand rows; every value is a parameter, the columns are this module's own
		frappe.db.sql(  # nosemgrep
			f"insert into `tabUsage Record` ({columns}) values {', '.join([placeholders] * len(chunk))}"
			f" on duplicate key update {update}, modified = values(modified)",
			values,
		)


def _write_subscriptions(router: str, counted: list[Counted]) -> None:
	mine = [one for one in counted if one.account.reference_doctype == SUBSCRIPTION]
	online = [one for one in mine if one.reading.sessions]
	_announce_changes(mine)
	_mark_offline(SUBSCRIPTION, router, [one.account.reference_name for one in online])
	update_rows(
		SUBSCRIPTION,
		{
			one.account.reference_name: {
				key: value
				for key, value in _online_values(one, now_datetime()).items()
				if key in ("is_online", "last_seen", "last_login")
			}
			for one in online
		},
	)
	moved = {
		one.account.reference_name: {
			"used_bytes": one.delta.bytes_in + one.delta.bytes_out,
			"used_seconds": one.delta.seconds,
			"data_used_mb": (one.delta.bytes_in + one.delta.bytes_out) / settings.bytes_per_mb(),
		}
		for one in mine
		if one.delta.bytes_in or one.delta.bytes_out or one.delta.seconds
	}
	update_rows(SUBSCRIPTION, moved, add=("used_bytes", "used_seconds", "data_used_mb"))


def _announce_changes(mine: list[Counted]) -> None:
	for one in mine:
		if bool(one.account.is_online) != bool(one.reading.sessions):
			realtime.subscription_changed(one.account.reference_name)


def _enforce_quotas(counted: list[Counted]) -> None:
	"""Subscriptions whose quota was used up by what was just counted lose or slow their access."""
	moved = [
		one.account.reference_name
		for one in counted
		if one.account.reference_doctype == SUBSCRIPTION
		and (one.delta.bytes_in or one.delta.bytes_out or one.delta.seconds)
	]
	for name in _at_quota(moved):
		by_itself(lifecycle.refresh, name)


def _at_quota(names: list[str]) -> list[str]:
	if not names:
		return []
	subscription = frappe.qb.DocType(SUBSCRIPTION)
	plan = frappe.qb.DocType("Internet Plan")
	validity = plan.validity_days * 86400 + plan.validity_hours * 3600
	length = SECONDS_BETWEEN(PseudoColumn("second"), subscription.period_start, subscription.period_end)
	quotas = LEAST(1 + subscription.extra_quotas, length / validity)  # as core.subscriptions.standing.quota
	by_bytes = (plan.data_quota_mb > 0) & (
		subscription.used_bytes >= plan.data_quota_mb * settings.bytes_per_mb() * quotas
	)
	by_time = (plan.time_quota_minutes > 0) & (
		subscription.used_seconds >= plan.time_quota_minutes * 60 * quotas
	)
	return (
		frappe.qb.from_(subscription)
		.join(plan)
		.on(plan.name == subscription.internet_plan)
		.select(subscription.name)
		.where(subscription.name.isin(names) & (subscription.quota_state != "Used Up") & (by_bytes | by_time))
	).run(pluck=True)
