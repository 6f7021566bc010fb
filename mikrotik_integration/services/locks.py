"""Locks that hold across machines, because they live in the site's database."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import frappe


def lock_row(doctype: str, name: str) -> bool:
	"""Lock one document until the transaction ends; False if there is none.

	What is read afterwards is as new as the lock only if this was the first read of the transaction. Otherwise load
	the document with ``for_update=True``: that reads it as it is now.
	"""
	table = frappe.qb.DocType(doctype)
	return bool(frappe.qb.from_(table).select(table.name).where(table.name == name).for_update().run())


def one_at_a_time(doctype: str) -> None:
	"""Whoever decides about several documents of a DocType waits here for others who do, until their transaction ends.

	Take it before anything is read or locked: what is read afterwards is then as new as the lock.
	"""
	lock_row("DocType", doctype)


@contextmanager
def seeing_commits() -> Iterator[None]:
	"""Begin a transaction in which each statement sees what others have committed by then, and in which looking for
	what is not there locks nothing: in MariaDB's usual one, two who lock the same gap and then write into it wait for
	each other until one of them fails. Commits what went before; it lasts until the next commit."""
	frappe.db.sql("set session transaction isolation level read committed")
	try:
		frappe.db.commit()  # nosemgrep: begins the transaction
		yield
	finally:
		frappe.db.sql("set session transaction isolation level repeatable read")


@contextmanager
def router_lock(router: str, wait_seconds: int) -> Iterator[bool]:
	"""Hold the right to talk to a router; yields False if another worker still has it after ``wait_seconds``.

	MariaDB's GET_LOCK belongs to the connection: it survives commits and is freed when the worker dies.
	"""
	digest = hashlib.sha256(f"{frappe.local.site}|{router}".encode()).hexdigest()[:40]
	key = f"mikrotik|{digest}"
	held = frappe.db.sql("select get_lock(%s, %s)", (key, wait_seconds))[0][0] == 1
	try:
		yield held
	finally:
		if held:
			frappe.db.sql("select release_lock(%s)", key)
