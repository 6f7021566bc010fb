"""What each router should hold for a subscription, written down as Router Accounts.

Nothing here talks to a router: ``services.provisioning`` makes the routers agree. An account's generation goes up
whenever what is wanted of it changes; it is in sync when that generation was applied and read back.
"""

from typing import Any

import frappe
from frappe.utils import now_datetime
from frappe.utils.password import encrypt, get_decrypted_password, set_encrypted_password

from mikrotik_integration.core.routeros.values import parse_rate, rate_limit
from mikrotik_integration.core.subscriptions.lifecycle import Access
from mikrotik_integration.exceptions import LoginTaken
from mikrotik_integration.services import jobs, lifecycle

ENABLED, DISABLED, ABSENT = "Enabled", "Disabled", "Absent"
PPP_SERVICES = ("pppoe", "l2tp", "pptp", "openvpn")


def account_key(router: str, service: str, username: str) -> str:
	"""One row of a router's user table. PPP services share one table; names count whatever their case."""
	table = "hotspot" if service == "hotspot" else "ppp"
	return f"{router}|{table}|{username.casefold()}"


def sync_subscription(subscription) -> None:
	"""Make the Router Accounts say what this subscription is entitled to now."""
	current = []
	if wanted_state := _wanted_state(subscription):
		current = [_hold(subscription, wanted_state)]
	give_up_others(subscription, keep=current)
	show_pending(subscription)


def show_pending(owner) -> None:
	"""Until the routers were seen to agree, nobody may read that they do."""
	if owner.router_status != "Pending" and _is_pending(owner):
		owner.db_set("router_status", "Pending", update_modified=False)


def _is_pending(owner) -> bool:
	account = frappe.qb.DocType("Router Account")
	return bool(
		frappe.qb.from_(account)
		.select(account.name)
		.where(account.reference_doctype == owner.doctype)
		.where(account.reference_name == owner.name)
		.where(account.generation != account.applied_generation)
		.limit(1)
		.run()
	)


def release(owner) -> None:
	"""The subscription or voucher goes away: its accounts must, too."""
	give_up_others(owner, keep=[])


def profile_of(connection_type, device_limit: int) -> dict[str, Any]:
	"""The router profile for a Connection Type and a number of devices at once (0 for any number)."""
	prefix = "" if device_limit == 1 else f"{device_limit or 'any'}dev-"
	return {
		"profile_name": f"{prefix}{connection_type.profile_name}",
		"rate_limit": rate_limit_of(connection_type),
		"device_limit": device_limit,
		"address_pool": connection_type.address_pool or "",
		"local_address": connection_type.local_address or "",
	}


def rate_limit_of(connection_type) -> str:
	"""RouterOS's rate-limit of a Connection Type: upload/download first, as RouterOS's rx/tx."""
	rates = {
		field: parse_rate(connection_type.get(field)) if connection_type.get(field) else 0
		for field in (
			"speed_limit_rx",
			"speed_limit_tx",
			"burst_limit_rx",
			"burst_limit_tx",
			"burst_threshold_rx",
			"burst_threshold_tx",
		)
	}
	return rate_limit(
		rates["speed_limit_rx"],
		rates["speed_limit_tx"],
		rates["burst_limit_rx"],
		rates["burst_limit_tx"],
		rates["burst_threshold_rx"],
		rates["burst_threshold_tx"],
		connection_type.burst_time_rx or 0,
		connection_type.burst_time_tx or 0,
	)


def _wanted_state(subscription) -> str | None:
	"""None: nothing was ever paid or credited, so no router need know of it."""
	if subscription.terminated_at or not subscription.expiry_date:
		return None
	return DISABLED if lifecycle.access(subscription) is Access.NONE else ENABLED


def _hold(subscription, state: str) -> str:
	plan = frappe.get_cached_doc("Internet Plan", subscription.internet_plan)
	slow = lifecycle.access(subscription) is Access.SLOW
	connection_type = frappe.get_cached_doc(
		"Connection Type", plan.slow_connection_type if slow else subscription.connection_type
	)
	wanted = {
		"mikrotik_settings": subscription.mikrotik_settings,
		"service": connection_type.service_name,
		"username": subscription.username,
		"reference_doctype": subscription.doctype,
		"reference_name": subscription.name,
		"desired_state": state,
		"fixed_address": subscription.fixed_address or "",
		"mac_address": subscription.mac_address or "",
		"limit_bytes_total": 0,
		"limit_uptime_seconds": 0,
		**profile_of(connection_type, plan.device_limit),
	}
	return hold(wanted, subscription.get_password("password"))


def owner_of_login(username: str, subscription: str) -> tuple[str, str] | None:
	"""Who else has this login, on whatever router and in whatever case: DocType and name of another subscription or
	of a voucher."""
	others = {
		"Customer Subscription": {"username": username, "name": ("!=", subscription)},
		"Hotspot Voucher": {"code": username},
	}
	for doctype, filters in others.items():
		if name := frappe.db.get_value(doctype, filters):
			return doctype, name
	return None


def hold(wanted: dict[str, Any], password: str) -> str:
	"""Write down what a router should hold for one login; returns the Router Account's name.

	A login that was given up earlier and is wanted again keeps its Router Account. Does nothing if nothing changed.
	Raises LoginTaken if another subscription or voucher has it.
	"""
	key = account_key(wanted["mikrotik_settings"], wanted["service"], wanted["username"])
	present = frappe.db.get_value("Router Account", {"account_key": key}, ["name", *wanted], as_dict=True)
	if not present:
		return _make(wanted, key, password)
	name = present.pop("name")
	if _owner(present) != _owner(wanted):
		_check_given_up(name)
	changed = {field: value for field, value in wanted.items() if (present[field] or "") != (value or "")}
	has_new_password = get_decrypted_password("Router Account", name, raise_exception=False) != password
	if has_new_password:
		set_encrypted_password("Router Account", name, password)
	if changed or has_new_password:
		_want(name, changed, has_new_password)
	return name


def _owner(account: dict[str, Any]) -> tuple[str, str]:
	return account["reference_doctype"], account["reference_name"]


def _check_given_up(name: str) -> None:
	"""A login passes to another owner only when its last one has given it up; locked, so that it has one next owner."""
	fields = ("username", "desired_state", "reference_doctype", "reference_name")
	account = frappe.db.get_value("Router Account", name, fields, as_dict=True, for_update=True)
	if account and account.desired_state != ABSENT:
		raise LoginTaken(account.username, *_owner(account))


def _make(wanted: dict[str, Any], key: str, password: str) -> str:
	account = frappe.get_doc({"doctype": "Router Account", "account_key": key, "generation": 1, **wanted})
	account.password = password
	return account.insert(ignore_permissions=True).name


def insert_many(wanted: list[tuple[dict[str, Any], str]]) -> None:
	"""Router Accounts for many new logins (what is wanted, password), which must all name the same fields. One that
	was there before is brought up to date by itself."""
	keys = {
		account_key(values["mikrotik_settings"], values["service"], values["username"]): (values, password)
		for values, password in wanted
	}
	for key in _present(list(keys)):
		hold(*keys.pop(key))
	if not keys:
		return
	now, user = now_datetime(), frappe.session.user
	rows = [
		{
			"name": frappe.generate_hash(length=10),
			"account_key": key,
			"generation": 1,
			"applied_generation": 0,
			"creation": now,
			"modified": now,
			"owner": user,
			"modified_by": user,
			**values,
		}
		for key, (values, _password) in keys.items()
	]
	secrets = [
		("Router Account", row["name"], "password", encrypt(password), 1)
		for row, (_values, password) in zip(rows, keys.values(), strict=True)
	]
	frappe.db.bulk_insert("Router Account", list(rows[0]), [list(row.values()) for row in rows])
	frappe.qb.into(frappe.qb.Table("__Auth")).columns(
		"doctype", "name", "fieldname", "password", "encrypted"
	).insert(*secrets).run()


def _present(keys: list[str]) -> list[str]:
	return [
		key
		for start in range(0, len(keys), 1000)
		for key in frappe.get_all(
			"Router Account",
			{"account_key": ("in", keys[start : start + 1000])},
			pluck="account_key",
			order_by="account_key",
			limit=0,
		)
	]


def _want(name: str, changed: dict[str, Any], has_new_password: bool = False) -> None:
	"""A router that does not show passwords is told one only since it changed: telling it ends the session."""
	account = frappe.qb.DocType("Router Account")
	update = frappe.qb.update(account).where(account.name == name)
	if has_new_password:
		update = update.set(account.secret_generation, account.generation + 1)
	for field, value in changed.items():
		update = update.set(account[field], value)
	update.set(account.generation, account.generation + 1).set(account.last_error, "").set(
		account.modified, now_datetime()
	).run()


def give_up_others(owner, keep: list[str]) -> None:
	"""No router is to hold any other login of this subscription or voucher."""
	others = frappe.get_all(
		"Router Account",
		filters={
			"reference_doctype": owner.doctype,
			"reference_name": owner.name,
			"desired_state": ("!=", ABSENT),
		},
		pluck="name",
		order_by="creation",
	)
	for name in others:
		if name not in keep:
			_want(name, {"desired_state": ABSENT})


def enqueue_refresh(filters: dict[str, Any]) -> None:
	"""Have a worker work out again what these subscriptions want of their routers."""
	jobs.enqueue(
		"mikrotik_integration.services.accounts.refresh_subscriptions", queue="long", filters=filters
	)


def refresh_subscriptions(filters: dict[str, Any]) -> None:
	"""Background job after a plan or connection type changed: what its subscriptions want of their routers."""
	for name in frappe.get_all("Customer Subscription", filters=filters, pluck="name", order_by="creation"):
		lifecycle.refresh(name)
		# one subscription a transaction, so that none holds up the others
		frappe.db.commit()  # nosemgrep


def remove_forgotten() -> None:
	"""Router Accounts that were seen gone from their router and belong to nothing any more."""
	account = frappe.qb.DocType("Router Account")
	gone = (
		frappe.qb.from_(account)
		.select(account.name)
		.where((account.desired_state == ABSENT) & (account.generation == account.applied_generation))
	).run(pluck=True)
	for name in gone:
		frappe.delete_doc(
			"Router Account", name, ignore_permissions=True, force=True, delete_permanently=True
		)
