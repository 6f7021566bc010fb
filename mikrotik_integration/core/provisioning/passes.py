"""One pass over some accounts: stage after stage is carried out and read back until nothing is left to do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..routeros.client import Router
from ..routeros.errors import (
	AlreadyExists,
	BadValue,
	LicenceLimit,
	NoSuchCommand,
	NoSuchItem,
	NotPermitted,
	Trap,
)
from ..routeros.sentences import is_sendable as may_be_sent
from . import plan
from .desired import DesiredAccount
from .marks import account_comment
from .menus import ACCESSES, access_of
from .operations import NO_ID, Memory, Operation, OperationResult
from .outcome import Refusals
from .state import RouterState, Scope, read_state
from .view import View, build_view, is_sendable, shows_passwords

_MOST_ROUNDS = 24
_MOST_TRIES = 2
# Ten for each of 10,000 customers. What is left then is left to the next pass.
MOST_OPERATIONS = 100_000
_MOST_NAMES_ASKED_FOR = 400
_LONGEST_NAME_ASKED_FOR = 1_000
_HOPELESS = (BadValue, NotPermitted, NoSuchCommand, LicenceLimit)


class Pass:
	"""`accounts` are those it is about, `views` what was seen last, `results` what was done so far."""

	def __init__(self, router: Router, site_id: str, accounts: Sequence[DesiredAccount]) -> None:
		self.accounts = list(accounts)
		self.views: list[View] = []
		self.results: list[OperationResult] = []
		self.refusals = Refusals()
		self._router = router
		self._site_id = site_id
		self._memory = Memory()
		self._tries: Counter[Operation] = Counter()
		self._names: defaultdict[str, set[str]] = defaultdict(set)
		self._read_all = False

	def read(self) -> RouterState:
		"""What the accounts need; everything if they are many, or if somebody else turned out to be involved."""
		return read_state(self._router, None if self._read_all else self._scopes())

	def converge(self, state: RouterState) -> None:
		"""Goes on until nothing is left that is worth trying. Raises ConnectionLost."""
		self._see(state)
		for _ in range(_MOST_ROUNDS):
			operations = self._next_operations() if self.accounts else []
			if not operations or len(self.results) > MOST_OPERATIONS:
				return
			self._apply(operations)
			self._see(self.read())

	def _see(self, state: RouterState) -> None:
		self._memory = remember(self._memory, state)
		self.views = views_of(state, self._site_id, self.accounts, self._memory)
		for view in self.views:
			self._names[view.access.name] |= _names_involved(view)

	def _scopes(self) -> dict[str, Scope] | None:
		sendable = [account for account in self.accounts if is_sendable(account)]
		comments = {account_comment(self._site_id, a.account_id, a.remark) for a in sendable}
		scopes = {}
		for access in ACCESSES:
			wanted = [a.username for a in sendable if access_of(a.service) is access]
			spelt = {spelling for name in wanted for spelling in (name, name.lower(), name.upper())}
			names = (self._names[access.name] | spelt) - {""}
			if max(len(names), len(comments)) > _MOST_NAMES_ASKED_FOR or not all(
				_can_be_asked_for(name) for name in names
			):
				return None
			scopes[access.name] = Scope(frozenset(names), frozenset(comments))
		return scopes

	def _next_operations(self) -> list[Operation]:
		for stage in (*plan.STATE_STAGES, plan.restart_users):
			operations = [operation for view in self.views for operation in stage(view)]
			worth_trying = [operation for operation in operations if self._may_be_tried(operation)]
			if worth_trying:
				return worth_trying
		return []

	def _may_be_tried(self, operation: Operation) -> bool:
		if operation.lacks_id:
			self.refusals.note(operation, NO_ID)
			return False
		return self._tries[operation] < _MOST_TRIES

	def _apply(self, operations: Sequence[Operation]) -> None:
		for turn in sorted({operation.turn for operation in operations}):
			batch = [operation for operation in operations if operation.turn == turn]
			replies = self._router.run([operation.command() for operation in batch])
			done: list[Operation] = []
			failed: list[Operation] = []
			for operation, reply in zip(batch, replies, strict=True):
				(done if self._note(operation, reply.error) else failed).append(operation)
			self._memory = self._memory.after(done, failed)
			# Users of a profile that were not asked about have to be found, too.
			self._read_all = self._read_all or any(operation.restarts_users for operation in done)

	def _note(self, operation: Operation, error: Trap | None) -> bool:
		"""Records one result; whether the operation counts as done."""
		gone = isinstance(error, NoSuchItem) and operation.path.endswith("/remove")
		done = error is None or gone
		message = "" if error is None else "was already gone" if gone else operation.hidden(str(error))
		self.results.append(
			OperationResult(operation.path, operation.masked_args(), done, message, operation.account_id)
		)
		self._tries[operation] += _MOST_TRIES if isinstance(error, _HOPELESS) else 1
		# Whoever has the name was not among what we asked for, perhaps because of upper and lower case.
		self._read_all = self._read_all or isinstance(error, AlreadyExists)
		if not done:
			self.refusals.note(operation, message)
		return done


def remember(memory: Memory, state: RouterState) -> Memory:
	"""The memory, with what this reading shows of passwords."""
	return replace(
		memory, readable=memory.readable | {name for name, menu in state.items() if shows_passwords(menu)}
	)


def views_of(
	state: RouterState, site_id: str, accounts: Iterable[DesiredAccount], memory: Memory
) -> list[View]:
	"""One view for each access."""
	by_access: defaultdict[str, list[DesiredAccount]] = defaultdict(list)
	for account in accounts:
		by_access[access_of(account.service).name].append(account)
	return [
		build_view(access, site_id, state[access.name], by_access[access.name], memory) for access in ACCESSES
	]


def _can_be_asked_for(name: str) -> bool:
	"""Whether a name, which may be the router's own, can be sent in a question."""
	return len(name) <= _LONGEST_NAME_ASKED_FOR and may_be_sent(name)


def _names_involved(view: View) -> set[str]:
	"""Names of the accounts and their rows, and those on the router that differ only in case."""
	ours = {item.account.username for item in view.items if is_sendable(item.account)}
	ours |= {row.get("name", "") for item in view.items for row in item.rows}
	folded = {name.casefold() for name in ours}
	user = view.access.session_user
	seen = {
		*(row.get("name", "") for row in view.state.accounts),
		*(row.get(user, "") for row in view.state.sessions),
		*(row.get("user", "") for row in view.state.cookies),
	}
	return ours | {name for name in seen if name.casefold() in folded}
