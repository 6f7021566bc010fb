"""The audit trail of what was asked of routers. Secrets were masked before they got here."""

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.core.provisioning.reconcile import OperationResult
from mikrotik_integration.services import foreign_text

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


def log_operations(router: str, operations: tuple[OperationResult, ...]) -> None:
	"""One row for each change that was asked of a router."""
	_insert(
		[
			(router, operation.path, operation.ok, operation.account_id, operation.args, operation.message)
			for operation in operations
		]
	)


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
