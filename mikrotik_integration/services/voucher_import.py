"""Codes that were made on a router or elsewhere become vouchers: from a file, or from the router's own users.

What is wrong with which line is told before anything is done. The import itself reads everything again, leaves out
what is wrong, and can be repeated: what is here already is not taken in twice.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import frappe
from frappe import _
from frappe.utils import now_datetime

from mikrotik_integration.core.routeros.errors import RouterError
from mikrotik_integration.core.vouchers import imports
from mikrotik_integration.core.vouchers.imports import Line, Problem, Row
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import (
	accounts,
	batches,
	foreign_text,
	jobs,
	settings,
	voucher_packages,
	voucher_takeover,
	vouchers,
)
from mikrotik_integration.services.batches import BATCH
from mikrotik_integration.services.locks import router_lock
from mikrotik_integration.services.voucher_takeover import Users

MOST_PROBLEMS_SHOWN = 1000
MOST_IN_BATCH = 10_000
CHUNK = 1000
WAIT_SECONDS = 120


@dataclass(frozen=True)
class Source:
	"""Where codes come from: the text of a file, or, without one, the router itself. ``package`` is that of codes
	which name none."""

	router: str
	text: str | None = None
	package: str = ""
	file_name: str = ""


def preview(source: Source) -> dict:
	"""``{"good", "bad", "used", "packages": [{"package", "count"}], "problems": [{"line", "code", "text"}]}``.

	At most a thousand problems are listed. Raises VoucherError if the router cannot be read."""
	lines = read(source, _users(source))
	rows = [row for _number, row in lines if isinstance(row, Row)]
	problems = [(number, found) for number, found in lines if isinstance(found, Problem)]
	return {
		"good": len(rows),
		"bad": len(problems),
		"used": sum(1 for row in rows if row.used_bytes or row.used_seconds),
		"packages": [
			{"package": package, "count": count}
			for package, count in sorted(Counter(row.package for row in rows).items())
		],
		"problems": [
			{"line": number, "code": problem.code, "text": problem.text}
			for number, problem in problems[:MOST_PROBLEMS_SHOWN]
		],
	}


def _users(source: Source) -> Users:
	"""The router's users. A file can be taken in without them, a router cannot."""
	try:
		return voucher_takeover.users(source.router)
	except RouterError as error:
		if source.text is None:
			raise VoucherError(
				_("The users of {0} cannot be read: {1}").format(source.router, error)
			) from error
		return Users(error=str(error))


def read(source: Source, users: Users) -> list[Line]:
	"""Each line with its number: what is to be taken in, or what is wrong with it."""
	lines = _parse(source, users, ())
	taken = vouchers.taken_codes([row.code for _number, row in lines if isinstance(row, Row)])
	if taken:
		lines = _parse(source, users, taken)
	return [(number, _checked(_with_usage(found, users))) for number, found in lines]


def _parse(source: Source, users: Users, known) -> list[Line]:
	packages = {name: name for name in _packages()}
	if source.text is not None:
		return imports.read_csv(source.text, packages, source.package, known)
	by_profile = _packages_by_profile()
	if source.package:
		by_profile = {user.get("profile", ""): source.package for user in users.rows} | by_profile
	return imports.read_router_users(
		users.rows, settings.site_id(), by_profile | packages, source.package, known
	)


def _packages() -> list[str]:
	return frappe.get_all("Internet Plan", {"sold_as_voucher": 1}, pluck="name", order_by="name", limit=0)


def _packages_by_profile() -> dict[str, str]:
	"""The only package that has a profile, by the profile's name."""
	found = defaultdict(list)
	for name in _packages():
		plan = frappe.get_cached_doc("Internet Plan", name)
		connection_type = frappe.get_cached_doc("Connection Type", plan.connection_type)
		found[accounts.profile_of(connection_type, plan.device_limit or 0)["profile_name"]].append(name)
	return {profile: names[0] for profile, names in found.items() if len(names) == 1}


def _with_usage(found: Row | Problem, users: Users) -> Row | Problem:
	"""A code of a file that is on the router, too, keeps what the router has counted for it."""
	if isinstance(found, Problem) or not (user := users.find(found.code)):
		return found
	uploaded, downloaded, seconds = voucher_takeover.counters(user)
	return replace(
		found,
		used_bytes=uploaded + downloaded,
		used_seconds=seconds,
		is_disabled=user.get("disabled") == "true",
		mac_address=found.mac_address or voucher_takeover.mac_of(user),
	)


def _checked(found: Row | Problem) -> Row | Problem:
	"""Enabling what somebody has disabled would give service for nothing."""
	if isinstance(found, Row) and found.is_disabled:
		return Problem("The user is disabled on the router; enable it there, or delete it", found.code)
	return found


# --- taking in ---


def enqueue(source: Source, sold_elsewhere: bool) -> None:
	"""Take in what is good, in the background. The user hears of it by ``hotspot_voucher_import``."""
	if source.package:
		voucher_packages.check(source.package, for_sale=False)
	voucher_packages.router_for_sale(source.router)
	jobs.enqueue(
		"mikrotik_integration.services.voucher_import.run",
		queue="long",
		timeout=3600,
		source=vars(source),
		sold_elsewhere=sold_elsewhere,
		asked_by=frappe.session.user,
	)


def run(source: dict, sold_elsewhere: bool, asked_by: str) -> dict:
	"""Background job: ``{"imported", "problems", "batches", "warning"}``. ``asked_by`` hears of it. No other worker
	talks to the router meanwhile, so that none takes a code for a stranger's that is about to be ours."""
	wanted = Source(**source)
	try:
		with router_lock(wanted.router, WAIT_SECONDS) as held:
			if not held:
				raise VoucherError(_("The router {0} is busy. Try again").format(wanted.router))
			result = _take_in(wanted, sold_elsewhere, asked_by)
	except Exception as error:
		frappe.db.rollback()
		_tell(asked_by, state="failed", because=str(error))
		raise
	for name in result["batches"]:
		batches.enqueue_push(name)
	_tell(asked_by, state="done", **result)
	return result


def _take_in(source: Source, sold_elsewhere: bool, asked_by: str) -> dict:
	users = _users(source)
	# what is here already must be read after the lock was obtained
	frappe.db.commit()  # nosemgrep
	lines = read(source, users)
	rows = [row for _number, row in lines if isinstance(row, Row)]
	by_package = defaultdict(list)
	for row in rows:
		by_package[row.package].append(row)
	made, done = [], 0
	for package, of_package in sorted(by_package.items()):
		for start in range(0, len(of_package), MOST_IN_BATCH):
			part = of_package[start : start + MOST_IN_BATCH]
			name = _make_batch(source, package, len(part))
			_fill(name, part, users, sold_elsewhere)
			made.append(name)
			done += len(part)
			_tell(asked_by, state="running", done=done, total=len(rows))
	warning = _take_over(source.router, made, users)
	return {"imported": len(rows), "problems": len(lines) - len(rows), "batches": made, "warning": warning}


def _take_over(router: str, names: list[str], users: Users) -> str:
	"""Mark the router's rows as ours; returns what stands in the way, if anything."""
	error = users.error
	if not error:
		try:
			error = voucher_takeover.take_over(router, users)
		except RouterError as broken:
			error = str(broken)
	if error:
		error = _(
			"Codes that are on {0} already could not be taken over: {1}. Import them again from the router itself"
		).format(router, error)
		for name in names:
			frappe.db.set_value(BATCH, name, "error", foreign_text.text(error, 500))
	# must stand before another worker may talk to the router
	frappe.db.commit()  # nosemgrep
	return error


def _make_batch(source: Source, package: str, quantity: int) -> str:
	where = (
		_("the file {0}").format(foreign_text.line(source.file_name))
		if source.text is not None
		else _("the router itself")
	)
	batch = frappe.get_doc(
		{
			"doctype": BATCH,
			"internet_plan": package,
			"mikrotik_settings": source.router,
			"quantity": quantity,
			"origin": "Imported",
			"status": "Making",
			"notes": _("Imported from {0}").format(where),
		}
	)
	batch.flags.ignore_validate = True  # codes of a package that is no longer sold are valid all the same
	return batch.insert(ignore_permissions=True).name


def _fill(batch: str, rows: list[Row], users: Users, sold_elsewhere: bool) -> None:
	document = frappe.get_doc(BATCH, batch)
	plan = voucher_packages.check(document.internet_plan, for_sale=False)
	router = voucher_packages.router_for_sale(document.mikrotik_settings)
	shared = {**voucher_packages.values_of(plan, router), **_sale(plan.name, sold_elsewhere), "batch": batch}
	for start in range(0, len(rows), CHUNK):
		chunk = rows[start : start + CHUNK]
		made = [frappe._dict({**shared, **_own(row, shared)}) for row in chunk]
		batches.insert_rows(made)
		voucher_takeover.hold(made, {row.code: row for row in chunk}, users)
	frappe.db.set_value(BATCH, batch, {"status": "Made", "made": len(rows)})
	# a batch is finished
	frappe.db.commit()  # nosemgrep


def _sale(plan: str, sold_elsewhere: bool) -> dict:
	"""Sold elsewhere: the money is not in these books."""
	return {
		"sold_on": now_datetime() if sold_elsewhere else None,
		"sold_through": "Elsewhere" if sold_elsewhere else None,
		"use_before": voucher_packages.use_before(plan) if sold_elsewhere else None,
	}


def _own(row: Row, shared: dict) -> dict:
	"""What the code itself says comes before its package. Whoever used it before is not cut off: its validity runs
	from now. In use, it was sold by whoever it was."""
	is_used = bool(row.used_bytes or row.used_seconds)
	sold = {"sold_on": shared["sold_on"] or now_datetime(), "sold_through": "Elsewhere"} if is_used else {}
	return {
		"code": row.code,
		"quota_seconds": row.limit_uptime_s or shared["quota_seconds"],
		"quota_bytes": row.limit_bytes_total or shared["quota_bytes"],
		"used_bytes": row.used_bytes,
		"used_seconds": row.used_seconds,
		"first_login": now_datetime() if is_used else None,
		**sold,
	}


def _tell(user: str, **news) -> None:
	frappe.publish_realtime("hotspot_voucher_import", news, user=user)
