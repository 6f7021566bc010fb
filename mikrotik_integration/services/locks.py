"""Locks that hold across machines, because they live in the site's database.

MariaDB shows a transaction the site as it was at its first read, also after it waited for a lock. A request has read
its session and permissions before our code is called: whoever then waits for a lock and decides, decides by old facts,
and pays the same refund a second time. So whatever checks and then acts on money does it in one of two ways:

- Our own functions, methods and jobs call ``alone``: a new transaction that begins with the lock.
- Inside ERPNext's submission of a document, which must not be committed halfway, ``take`` refuses if somebody else has
  acted on the same money since this transaction began to read. See ``overrides.turns``.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import frappe
from frappe.query_builder import CustomFunction
from frappe.utils import now_datetime

from mikrotik_integration.exceptions import ChangedMeanwhile

TURN = "Money Turn"
TRIES = 5
LONGEST_TRANSACTION = timedelta(days=1)
GetLock = CustomFunction("get_lock", ["name", "seconds"])
ReleaseLock = CustomFunction("release_lock", ["name"])
T = TypeVar("T")


def alone(doctype: str, name: str, act: Callable[..., T], *arguments: Any) -> T:
	"""``act(*arguments)`` while nobody else acts on this document, in a transaction that begins with its lock: what
	is read in it is as new as the lock. Commits what went before, like ``afresh``."""

	def with_lock() -> T:
		lock_row(doctype, name)
		return act(*arguments)

	return afresh(with_lock)


def afresh(act: Callable[..., T], *arguments: Any) -> T:
	"""``act(*arguments)`` in a new transaction, and again in another one if it got into somebody else's way. Commits
	what went before: only for the outermost code, which has written nothing yet. Raises ChangedMeanwhile.

	Each statement sees what others have committed by then: in MariaDB's usual way, a number series or a pool of codes
	that somebody else used since our first read is refused from MariaDB 11.8 on (error 1020).
	"""
	messages = len(frappe.local.message_log)
	with seeing_commits():
		for attempt in range(TRIES):
			try:
				if attempt:
					one_at_a_time(TURN)  # those who got into each other's way queue up
				return act(*arguments)
			except (ChangedMeanwhile, frappe.QueryDeadlockError):
				frappe.db.rollback()
				del frappe.local.message_log[messages:]
	raise ChangedMeanwhile


def by_itself(act: Callable[[str], object], name: str) -> None:
	"""``act(name)``, which makes a document follow its usage, in the caller's transaction. One that fails is taken back
	and logged: it holds up no other document of this transaction."""
	frappe.db.savepoint("by_itself")
	try:
		act(name)
	except (ChangedMeanwhile, frappe.QueryDeadlockError):
		raise  # the whole transaction is gone: see afresh
	except Exception:
		traceback = frappe.get_traceback()
		frappe.db.rollback(save_point="by_itself")
		frappe.log_error(f"{name} could not follow its usage", traceback)


def take(doctype: str, name: str) -> None:
	"""From here to the end of the transaction nobody else acts on the money of this document, and all that was read
	before is still so. Raises ChangedMeanwhile if it is not: somebody else took it since our first read.

	Take it before the document that is being submitted is written: who waits here must hold nothing that the other
	one reads.
	"""
	key = f"{doctype}|{name}"
	seen = _turns(key)
	try:
		lock_row(doctype, name)
		_count_turn(key)
	except frappe.QueryDeadlockError as error:  # MariaDB 11.8 says it by itself: error 1020
		raise ChangedMeanwhile from error
	if _turns(key) != seen + 1:
		raise ChangedMeanwhile


def _turns(key: str) -> int:
	return frappe.db.get_value(TURN, key, "turns") or 0


def _count_turn(key: str) -> None:
	"""Waits for whoever counted before us and has not finished."""
	turn, now = frappe.qb.DocType(TURN), now_datetime()
	(
		frappe.qb.into(turn)
		.columns("name", "creation", "modified", "turns")
		.insert(key, now, now, 1)
		.on_duplicate_key_update(turn.turns, turn.turns + 1)
		.on_duplicate_key_update(turn.modified, now)
	).run()


def forget_turns() -> None:
	"""Daily: those that no open transaction can have seen. Commits."""
	old = {"modified": ("<", now_datetime() - LONGEST_TRANSACTION)}
	names = frappe.get_all(TURN, old, pluck="name", order_by="name", limit=0)
	frappe.db.delete(TURN, {"name": ("in", names or [""])})  # by name: a search would lock all it passes over
	# nobody may wait for this
	frappe.db.commit()  # nosemgrep


def lock_row(doctype: str, name: str) -> bool:
	"""Lock one document until the transaction ends; False if there is none.

	What is read afterwards is as new as the lock only if this was the first read of the transaction: see ``alone``.
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
	# a setting of the connection: no query, so frappe.qb has none
	frappe.db.sql("set session transaction isolation level read committed")  # nosemgrep
	try:
		# begins the transaction
		frappe.db.commit()  # nosemgrep
		yield
	finally:
		# a setting of the connection, too
		frappe.db.sql("set session transaction isolation level repeatable read")  # nosemgrep


@contextmanager
def router_lock(router: str, wait_seconds: int) -> Iterator[bool]:
	"""Hold the right to talk to a router; yields False if another worker still has it after ``wait_seconds``.

	MariaDB's GET_LOCK belongs to the connection: it survives commits and is freed when the worker dies.
	"""
	digest = hashlib.sha256(f"{frappe.local.site}|{router}".encode()).hexdigest()[:40]
	key = f"mikrotik|{digest}"
	held = frappe.qb.select(GetLock(key, wait_seconds)).run()[0][0] == 1
	try:
		yield held
	finally:
		if held:
			frappe.qb.select(ReleaseLock(key)).run()
