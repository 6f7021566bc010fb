"""Make routers hold what the Router Accounts say, and write down what was seen.

What is wanted is read, the transaction ended, the router talked to, the result written: no transaction is ever open
across router I/O. One worker at a time talks to a router, so that an older wish can never overtake a newer one.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import frappe
from frappe import _
from frappe.utils import now_datetime
from frappe.utils.password import decrypt

from mikrotik_integration.core.provisioning.desired import DesiredAccount, DesiredProfile, Presence, Service
from mikrotik_integration.core.provisioning.devices import end_devices
from mikrotik_integration.core.provisioning.offers import Offers, read_offers
from mikrotik_integration.core.provisioning.reconcile import (
	Outcome,
	reconcile_all,
	reconcile_some,
)
from mikrotik_integration.core.routeros.errors import RouterError
from mikrotik_integration.core.usage.sessions import SessionReading
from mikrotik_integration.core.usage.snapshot import Snapshot, read_snapshot
from mikrotik_integration.exceptions import ChangedMeanwhile
from mikrotik_integration.services import (
	api_log,
	foreign_text,
	jobs,
	mass_removals,
	portal_setup,
	realtime,
	router_guard,
	routers,
	settings,
	usage,
)
from mikrotik_integration.services.bulk import update_rows
from mikrotik_integration.services.locks import router_lock

SUBSCRIPTION, VOUCHER = "Customer Subscription", "Hotspot Voucher"
WAIT_SECONDS = 45
CHECKS, PUSHES = "default", "short"  # the queues that they usually wait in
SLOW_S = 15
A_FEW, A_FEW_TAKE_S = 50, 60
PUSH_TIMEOUT_S = 600
FIELDS = [
	"name",
	"service",
	"username",
	"desired_state",
	"generation",
	"applied_generation",
	"secret_generation",
	"profile_name",
	"rate_limit",
	"device_limit",
	"address_pool",
	"local_address",
	"fixed_address",
	"mac_address",
	"limit_bytes_total",
	"limit_uptime_seconds",
	"reference_doctype",
	"reference_name",
]


def push_owner(reference_doctype: str, reference_name: str) -> None:
	"""Bring the accounts of one owner onto their routers now, as far as these are there."""
	push_owners(reference_doctype, [reference_name])


def push_owners(reference_doctype: str, reference_names: list[str]) -> None:
	"""The same for many owners, each router told once: the only one now, several in jobs of their own, so that none
	holds up the others; and one that has held a worker up waits where it holds up nobody."""
	account = frappe.qb.DocType("Router Account")
	waiting = (
		frappe.qb.from_(account)
		.select(account.mikrotik_settings)
		.distinct()
		.where(
			(account.reference_doctype == reference_doctype) & account.reference_name.isin(reference_names)
		)
		.where(account.generation != account.applied_generation)
	).run(pluck=True)
	for router in waiting:
		if len(waiting) > 1 or routers.queue(router, PUSHES) != PUSHES:
			enqueue_push(router, reference_names)
		else:
			push_router(router, reference_names)


def enqueue_push(router: str, owners: list[str] | None = None) -> None:
	"""``push_router`` in the background, after the commit."""
	jobs.enqueue(
		"mikrotik_integration.services.provisioning.push_router",
		queue=routers.queue(router, PUSHES),
		timeout=PUSH_TIMEOUT_S,
		router=router,
		owners=owners,
	)


def push_router(router: str, owners: list[str] | None = None) -> None:
	"""Bring what is not in sync on this router (or only these owners' accounts) into sync.

	A router that failed is left to its checks, unless somebody waits for access. If it turns out to be back, the rest
	that waited for it follows at once.
	"""
	if not routers.may_be_tried(router, somebody_waits=_somebody_waits(router, owners)):
		return
	was_away = routers.is_away(router)
	with router_lock(router, WAIT_SECONDS) as held:
		if held:
			# what is wanted must be read after the lock was obtained
			frappe.db.commit()  # nosemgrep
			if accounts := _pending(router, owners):
				_reconcile(router, accounts, whole=False)
		else:
			routers.held_us_up(router, PUSHES)
	if was_away and not routers.is_away(router):
		routers.enqueue_check(router)


def _somebody_waits(router: str, owners: list[str] | None) -> bool:
	return any(account.desired_state == Presence.ENABLED.value for account in _pending(router, owners))


def check_router(router: str) -> None:
	"""Background job, every two minutes: usage, status, and the whole router brought into sync."""
	with router_lock(router, 0) as held:
		if held:
			# what is wanted must be read after the lock was obtained
			frappe.db.commit()  # nosemgrep
			_reconcile(router, _all(router), whole=True)


def _pending(router: str, owners: list[str] | None) -> list[frappe._dict]:
	account = frappe.qb.DocType("Router Account")
	query = (
		frappe.qb.from_(account)
		.select(*(account[field] for field in FIELDS))
		.where((account.mikrotik_settings == router) & (account.generation != account.applied_generation))
		.orderby(account.creation)
	)
	if owners:
		query = query.where(account.reference_name.isin(owners))
	if mass_removals.waits(router):
		query = query.where(account.desired_state == Presence.ENABLED.value)
	return query.run(as_dict=True)


def _all(router: str) -> list[frappe._dict]:
	return frappe.get_all(
		"Router Account", filters={"mikrotik_settings": router}, fields=FIELDS, order_by="creation", limit=0
	)


def _reconcile(router: str, accounts: list[frappe._dict], whole: bool) -> None:
	"""One pass. What breaks it off must be seen on the router, and the router left alone for a while."""
	begun = time.monotonic()
	try:
		_pass_over(router, accounts, whole)
	except (ChangedMeanwhile, frappe.QueryDeadlockError):
		raise  # the job begins again: services.locks.afresh
	except Exception:
		frappe.db.rollback()
		_write_failure(
			router, accounts, _("The check broke off with an error of this site: see Error Log"), None
		)
		raise
	finally:
		if time.monotonic() - begun > SLOW_S:
			routers.held_us_up(router, CHECKS if whole else PUSHES)


def _pass_over(router: str, accounts: list[frappe._dict], whole: bool) -> None:
	wanted = _desired(accounts)
	mark = settings.site_id()
	allowed = mass_removals.allowed(router)
	snapshot: Snapshot | None = None
	offers: Offers | None = None
	portal_is_gone: bool | None = None
	try:
		with router_guard.line(router, at_most_s=_time_for(router, accounts, whole)) as connection:
			if whole or _someone_leaves(accounts):
				snapshot = read_snapshot(connection, mark)
			if whole:
				offers, portal_is_gone = read_offers(connection), portal_setup.is_gone(router, connection)
				outcome = reconcile_all(connection, mark, wanted, allowed)
			else:
				outcome = reconcile_some(connection, mark, wanted)
			if outcome.held:
				giving = [one for one in wanted if _gives(one, outcome)]
				outcome = _with(outcome, reconcile_some(connection, mark, giving))
	except router_guard.Stopped as stop:
		_show_waiting(accounts, _("Waiting for a decision about the router: {0}").format(stop))
		# what was seen must outlive whatever comes next
		frappe.db.commit()
		return
	except RouterError as error:
		_write_failure(router, accounts, foreign_text.text(error), snapshot)
		return
	if whole:
		mass_removals.write(router, outcome.held)
		portal_setup.follow(router, portal_is_gone)
	_write_outcome(router, accounts, outcome, snapshot, offers, whole)


def _time_for(router: str, accounts: Sequence[frappe._dict], whole: bool) -> float:
	"""How long a pass may take. A few logins are waited for less long than a check, for other payments wait meanwhile;
	unless the router is known to be slow: then the pass runs where it holds up nobody else."""
	is_short = not whole and len(accounts) <= A_FEW and routers.queue(router, PUSHES) == PUSHES
	return A_FEW_TAKE_S if is_short else routers.LIFETIME_S


def _gives(account: DesiredAccount, outcome: Outcome) -> bool:
	"""Who has paid is brought onto the router though what it would lose waits for a person."""
	return account.presence is Presence.ENABLED and not outcome.accounts[account.account_id].in_sync


def _with(outcome: Outcome, given: Outcome) -> Outcome:
	return replace(
		outcome,
		accounts=outcome.accounts | given.accounts,
		operations=outcome.operations + given.operations,
	)


def _someone_leaves(accounts: Sequence[frappe._dict]) -> bool:
	"""Whoever is cut off takes the counters of the session along: they are read before."""
	return any(account.desired_state != Presence.ENABLED.value for account in accounts)


def _desired(accounts: list[frappe._dict]) -> list[DesiredAccount]:
	passwords = _passwords([account.name for account in accounts])
	return [_desired_account(account, passwords.get(account.name, "")) for account in accounts]


def _passwords(names: list[str]) -> dict[str, str]:
	"""Passwords of many accounts with one query, where get_password would take one each."""
	auth = frappe.qb.Table("__Auth")
	rows = (
		frappe.qb.from_(auth)
		.select(auth.name, auth.password)
		.where(
			(auth.doctype == "Router Account")
			& (auth.fieldname == "password")
			& auth.name.isin(names or [""])
		)
	).run()
	return {name: decrypt(encrypted) for name, encrypted in rows}


def _desired_account(account: frappe._dict, password: str) -> DesiredAccount:
	return DesiredAccount(
		account_id=account.name,
		service=Service(account.service),
		username=account.username,
		password=password,
		presence=Presence(account.desired_state),
		profile=DesiredProfile(
			name=account.profile_name,
			rate_limit=account.rate_limit or "",
			device_limit=account.device_limit,
			address_pool=account.address_pool or "",
			local_address=account.local_address or "",
		),
		limit_bytes_total=account.limit_bytes_total or 0,
		limit_uptime_s=account.limit_uptime_seconds or 0,
		fixed_address=account.fixed_address or "",
		mac_address=account.mac_address or "",
		remark=account.reference_name or "",
		push_secret=account.applied_generation < account.secret_generation,
		is_news=account.generation != account.applied_generation,
		is_code=account.reference_doctype == VOUCHER,
	)


def _write_failure(router: str, accounts: list[frappe._dict], error: str, snapshot: Snapshot | None) -> None:
	if snapshot:
		usage.record(router, snapshot)
	routers.seen_failing(router, error)
	api_log.log_event(router, "connect", ok=False, result=error)
	_show_waiting(accounts, error)
	# what was seen must outlive whatever comes next
	frappe.db.commit()  # nosemgrep


def _show_waiting(accounts: list[frappe._dict], because: str) -> None:
	waiting = [account for account in accounts if account.generation != account.applied_generation]
	_tell_owners(waiting, {account.name: ("Pending", because) for account in waiting})


def _write_outcome(
	router: str,
	accounts: list[frappe._dict],
	outcome: Outcome,
	snapshot: Snapshot | None,
	offers: Offers | None,
	whole: bool,
) -> None:
	refused = usage.record(router, snapshot) if snapshot else []
	api_log.log_operations(router, outcome.operations)
	applied = [account for account in accounts if outcome.accounts[account.name].in_sync]
	failed = [account for account in accounts if not outcome.accounts[account.name].in_sync]
	now = now_datetime()
	update_rows(
		"Router Account",
		{
			account.name: {"applied_generation": account.generation, "last_error": "", "last_applied": now}
			for account in applied
			if account.generation != account.applied_generation
		},
	)
	update_rows(
		"Router Account",
		{
			account.name: {"last_error": foreign_text.text(outcome.accounts[account.name].error)}
			for account in failed
		},
	)
	if not outcome.held:
		_unsync(failed)
	routers.seen_answering(router, snapshot, outcome if whole else None, offers)
	_tell_owners(accounts, {name: _owner_status(result) for name, result in outcome.accounts.items()})
	# what was seen must outlive whatever comes next
	frappe.db.commit()  # nosemgrep
	_end_refused(router, refused)


def _end_refused(router: str, sessions: list[SessionReading]) -> None:
	"""Devices beyond a voucher's number lose their session. Those that come back do so until the next reading."""
	if not sessions:
		return
	try:
		with router_guard.line(router) as connection:
			results = end_devices(connection, sessions)
	except RouterError as error:
		api_log.log_event(router, "end-devices", ok=False, result=str(error))
	else:
		api_log.log_operations(router, results)
	# keeps the log
	frappe.db.commit()  # nosemgrep


def _unsync(failed: list[frappe._dict]) -> None:
	"""An account that was in sync and no longer is must be shown, and tried again, as pending."""
	update_rows(
		"Router Account",
		{
			account.name: {"applied_generation": account.generation - 1}
			for account in failed
			if account.generation == account.applied_generation
		},
	)


def _owner_status(result) -> tuple[str, str]:
	return ("In Sync", "") if result.in_sync else ("Error", foreign_text.text(result.error))


def _tell_owners(accounts: list[frappe._dict], states: dict[str, tuple[str, str]]) -> None:
	"""Show on each subscription and voucher where its accounts are: one that is not in sync outweighs those that are."""
	worst: dict[str, dict[str, tuple[str, str]]] = {SUBSCRIPTION: {}, VOUCHER: {}}
	for account in accounts:
		if account.name not in states:
			continue
		state, of_doctype = states[account.name], worst[account.reference_doctype]
		if account.reference_name not in of_doctype or of_doctype[account.reference_name][0] == "In Sync":
			of_doctype[account.reference_name] = state
	for doctype, of_doctype in worst.items():
		changed = _changed_owners(doctype, of_doctype)
		update_rows(
			doctype,
			{
				name: {"router_status": status, "router_error": error}
				for name, (status, error) in changed.items()
			},
		)
		if doctype == SUBSCRIPTION:
			for name in changed:
				realtime.subscription_changed(name)


def _changed_owners(doctype: str, worst: dict[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
	if not worst:
		return {}
	present = frappe.get_all(
		doctype,
		filters={"name": ("in", list(worst))},
		fields=["name", "router_status", "router_error"],
		order_by="name",
		limit=0,
	)
	return {
		row.name: worst[row.name]
		for row in present
		if (row.router_status, row.router_error or "") != worst[row.name]
	}
