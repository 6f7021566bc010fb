"""The audit trail of what was asked of routers. Secrets were masked before they got here."""

from collections import Counter
from collections.abc import Iterable, Iterator

import frappe
from frappe import _
from frappe.utils import now_datetime

from mikrotik_integration.core.provisioning.reconcile import OperationResult
from mikrotik_integration.services import foreign_text

# So many changes of one kind to one login are rows of their own, and so many that failed in one pass: a router that
# shows thousands of sessions, or refuses everything, fills no disk.
MOST_ALIKE, MOST_FAILED = 20, 200
COLUMNS = (
	"name",
	"creation",
	"modified",
	"owner",
	"modified_by",
	"router",
	"operation",
	"status",
	"timestamp",
	"router_account",
	"username",
	"user",
	"parameters",
	"result",
)


def log_operations(router: str, operations: Iterable[OperationResult]) -> None:
	"""One row for each change that was asked of a router; of too many alike, one row that says how many more."""
	_insert([(router, *row) for row in _rows(operations)])


def _rows(operations: Iterable[OperationResult]) -> Iterator[tuple]:
	alike, failed = Counter(), 0
	left_out: dict[tuple, list[OperationResult]] = {}
	for operation in operations:
		who = operation.account_id or operation.args.get("user") or operation.args.get("name")
		kind = (operation.path, who, operation.ok)
		alike[kind] += 1
		failed += not operation.ok
		if alike[kind] > MOST_ALIKE:
			left_out.setdefault(kind, []).append(operation)
		elif not operation.ok and failed > MOST_FAILED:
			left_out.setdefault((operation.path, None, False), []).append(operation)
		else:
			yield operation.path, operation.ok, operation.account_id, operation.args, operation.message
	for (path, _who, ok), others in left_out.items():
		last = others[-1]
		more = _("and {0} more like it: {1}").format(len(others), last.message or path)
		yield path, ok, last.account_id, last.args, more


def log_event(router: str, what: str, ok: bool, result: str) -> None:
	"""One row for something else worth keeping: a router that cannot be reached, a connection test."""
	_insert([(router, what, ok, None, {}, result)])


def _insert(rows: list[tuple]) -> None:
	if not rows:
		return
	now, user = now_datetime(), frappe.session.user
	values = [
		(
			frappe.generate_hash(length=12),
			now,
			now,
			user,
			user,
			router,
			operation[:140],
			"Success" if ok else "Failed",
			now,
			account,
			foreign_text.line(args.get("name") or args.get("user")),
			user,
			frappe.as_json(args) if args else "",
			foreign_text.text(result),
		)
		for router, operation, ok, account, args, result in rows
	]
	frappe.db.bulk_insert("MikroTik API Log", COLUMNS, values, chunk_size=1000)
