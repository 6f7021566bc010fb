"""Making a router hold what it should: read, plan, change, read back, until nothing is left to do.

Whether an account is in sync is never concluded from what was sent, only from what was read afterwards.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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
from . import plan
from .desired import DesiredAccount, DesiredProfile, Presence, Service
from .marks import account_comment, account_of, check_word
from .menus import ACCESSES, Access, access_of
from .operations import Memory, Operation, OperationResult
from .state import RouterState, Row, Scope, read_state
from .view import View, build_view, is_disabled, is_sendable, shows_passwords

__all__ = ["AccountResult", "OperationResult", "Outcome", "UnmanagedRow", "reconcile_all", "reconcile_some"]

_MOST_ROUNDS = 16
_MOST_TRIES = 2
_MOST_NAMES_ASKED_FOR = 400
_HOPELESS = (BadValue, NotPermitted, NoSuchCommand, LicenceLimit)


@dataclass(frozen=True)
class AccountResult:
	"""`in_sync`: the router was read and holds the account as desired, with nobody online who must not be.
	`error` says in plain words why not."""

	account_id: str
	in_sync: bool
	error: str | None
	online: bool


@dataclass(frozen=True)
class UnmanagedRow:
	"""A row that this site did not make, left as it is."""

	menu: str
	name: str
	profile: str
	disabled: bool


@dataclass(frozen=True)
class Outcome:
	"""What one pass found and did. `unmanaged` only of a pass over a whole router."""

	accounts: dict[str, AccountResult]
	operations: tuple[OperationResult, ...]
	unmanaged: tuple[UnmanagedRow, ...]
	warnings: tuple[str, ...]


def reconcile_all(router: Router, site_id: str, accounts: Sequence[DesiredAccount]) -> Outcome:
	"""Brings a whole router in order. Rows with this site's mark that no account explains are removed.

	Raises ConnectionLost, and the Trap of a menu that may not be read. Then some changes may have been made."""
	_check(site_id, accounts)
	state = read_state(router, None)
	every = [*accounts, *_strays(state, site_id, accounts, None)]
	memory = _remember(Memory(), state)
	disagreeing = _views(state, site_id, every, memory)
	every = _agreeing(disagreeing, every)
	views = _views(state, site_id, every, memory)
	work = _Pass(router, site_id, _troubled(views, every))
	work.converge(state)
	return work.outcome(accounts, _results(views, work), _unmanaged(state, site_id), disagreeing)


def reconcile_some(router: Router, site_id: str, accounts: Sequence[DesiredAccount]) -> Outcome:
	"""Brings only these accounts in order, in few round trips. Rows of theirs are looked for by name and comment:
	one whose name and comment were both changed, and a namesake in mixed case, is found by `reconcile_all` only.

	Raises like reconcile_all."""
	_check(site_id, accounts)
	work = _Pass(router, site_id, list(accounts))
	state = work.read()
	work.accounts += _strays(state, site_id, accounts, {account.account_id for account in accounts})
	work.converge(state)
	return work.outcome(accounts, {}, (), work.views)


class _Pass:
	"""One run over some accounts: what was done, what is remembered, what was seen last."""

	def __init__(self, router: Router, site_id: str, accounts: list[DesiredAccount]) -> None:
		self.router = router
		self.site_id = site_id
		self.accounts = accounts
		self.views: list[View] = []
		self.errors: dict[str, str] = {}
		self.profile_errors: dict[tuple[str, str], str] = {}
		self.unswept: set[str] = set()
		self._memory = Memory()
		self._results: list[OperationResult] = []
		self._tries: Counter[Operation] = Counter()
		self._names: defaultdict[str, set[str]] = defaultdict(set)
		self._read_all = False

	def read(self) -> RouterState:
		"""What the accounts need; everything if they are many, or if somebody else turned out to be involved."""
		return read_state(self.router, None if self._read_all else self._scopes())

	def converge(self, state: RouterState) -> None:
		"""Stage after stage, until nothing is left that is worth trying."""
		self._see(state)
		for _ in range(_MOST_ROUNDS):
			operations = self._next_operations() if self.accounts else []
			if not operations:
				return
			self._apply(operations)
			self._see(self.read())

	def outcome(
		self,
		accounts: Sequence[DesiredAccount],
		settled: Mapping[str, AccountResult],
		unmanaged: Iterable[UnmanagedRow],
		first_views: Iterable[View],
	) -> Outcome:
		results = {**settled, **_results(self.views, self)}
		warnings = [text for view in (*first_views, *self.views) for text in plan.warnings(view)]
		return Outcome(
			accounts={account.account_id: results[account.account_id] for account in accounts},
			operations=tuple(self._results),
			unmanaged=tuple(unmanaged),
			warnings=tuple(dict.fromkeys(warnings)),
		)

	def _see(self, state: RouterState) -> None:
		self._memory = _remember(self._memory, state)
		self.views = _views(state, self.site_id, self.accounts, self._memory)
		for view in self.views:
			self._names[view.access.name] |= _names_involved(view)

	def _scopes(self) -> dict[str, Scope] | None:
		comments = {
			account_comment(self.site_id, account.account_id, account.remark)
			for account in self.accounts
			if is_sendable(account)
		}
		scopes = {}
		for access in ACCESSES:
			wanted = [a.username for a in self.accounts if access_of(a.service) is access and is_sendable(a)]
			spelt = {spelling for name in wanted for spelling in (name, name.lower(), name.upper())}
			names = (self._names[access.name] | spelt) - {""}
			if max(len(names), len(comments)) > _MOST_NAMES_ASKED_FOR:
				return None
			scopes[access.name] = Scope(frozenset(names), frozenset(comments))
		return scopes

	def _next_operations(self) -> list[Operation]:
		for stage in plan.STATE_STAGES:
			if operations := self._worth_trying(stage):
				return operations
		cookies = self._worth_trying(plan.sweep_cookies)
		self._memory = replace(self._memory, sweep_cookies=frozenset())
		if cookies:
			return cookies
		sessions = self._worth_trying(plan.sweep_sessions)
		self._memory = replace(self._memory, sweep_sessions=frozenset(), sweep_profiles=frozenset())
		return sessions

	def _worth_trying(self, stage: plan.Stage) -> list[Operation]:
		operations = (operation for view in self.views for operation in stage(view))
		return [operation for operation in operations if self._tries[operation] < _MOST_TRIES]

	def _apply(self, operations: list[Operation]) -> None:
		for turn in sorted({operation.turn for operation in operations}):
			batch = [operation for operation in operations if operation.turn == turn]
			replies = self.router.run([operation.command() for operation in batch])
			done = [op for op, reply in zip(batch, replies, strict=True) if self._note(op, reply.error)]
			self._memory = self._memory.after(done)
			self._read_all = self._read_all or any(operation.profile for operation in done)

	def _note(self, operation: Operation, error: Trap | None) -> bool:
		"""Records one result; whether the operation may count as done."""
		gone = isinstance(error, NoSuchItem) and operation.path.endswith("/remove")
		done = error is None or gone
		message = "" if error is None else "was already gone" if gone else str(error)
		self._results.append(
			OperationResult(operation.path, operation.masked_args(), done, message, operation.account_id)
		)
		self._tries[operation] += _MOST_TRIES if isinstance(error, _HOPELESS) else 1
		# Whoever has the name was not among what we asked for, perhaps because of upper and lower case.
		self._read_all = self._read_all or isinstance(error, AlreadyExists)
		if error is not None and not done:
			self._keep_error(operation, str(error))
		return done

	def _keep_error(self, operation: Operation, message: str) -> None:
		if operation.account_id is None:
			self.profile_errors[operation.access, operation.subject] = message
			return
		self.errors[operation.account_id] = message
		menus = (menu for access in ACCESSES for menu in (access.session_menu, access.cookie_menu) if menu)
		if operation.path.startswith(tuple(menus)):
			self.unswept.add(operation.account_id)


def _check(site_id: str, accounts: Sequence[DesiredAccount]) -> None:
	check_word(site_id, "The site id")
	for account in accounts:
		check_word(account.account_id, "The account id")
	if len({account.account_id for account in accounts}) != len(accounts):
		raise ValueError("An account is given twice")


def _remember(memory: Memory, state: RouterState) -> Memory:
	return replace(
		memory, readable=memory.readable | {name for name, menu in state.items() if shows_passwords(menu)}
	)


def _views(
	state: RouterState, site_id: str, accounts: Iterable[DesiredAccount], memory: Memory
) -> list[View]:
	by_access: defaultdict[str, list[DesiredAccount]] = defaultdict(list)
	for account in accounts:
		by_access[access_of(account.service).name].append(account)
	return [
		build_view(access, site_id, state[access.name], by_access[access.name], memory) for access in ACCESSES
	]


def _strays(
	state: RouterState, site_id: str, accounts: Sequence[DesiredAccount], only: set[str] | None
) -> list[DesiredAccount]:
	"""Accounts that must go because nothing explains their row where it is, as if they had been asked for."""
	known = {(access_of(account.service).name, account.account_id) for account in accounts}
	strays: dict[tuple[str, str], DesiredAccount] = {}
	for access in ACCESSES:
		for row in state[access.name].accounts:
			account_id = account_of(row.get("comment"), site_id)
			if account_id is None or (access.name, account_id) in known:
				continue
			if only is None or account_id in only:
				strays.setdefault((access.name, account_id), _stray(access, account_id, row))
	return list(strays.values())


def _stray(access: Access, account_id: str, row: Row) -> DesiredAccount:
	service: Service = next(iter(access.services))
	return DesiredAccount(account_id, service, row.get("name", ""), "", Presence.ABSENT, DesiredProfile(""))


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


def _agreeing(views: Iterable[View], accounts: Sequence[DesiredAccount]) -> list[DesiredAccount]:
	"""The accounts, all with one idea of each profile, whichever of them are looked at later."""
	agreed = {view.access.name: plan.wanted_profiles(view) for view in views}
	return [
		replace(
			account,
			profile=agreed[access_of(account.service).name].get(account.profile.name, account.profile),
		)
		for account in accounts
	]


def _pending(view: View) -> Iterator[Operation]:
	return (operation for stage in plan.STATE_STAGES for operation in stage(view))


def _waiting_for_profile(view: View, operations: Iterable[Operation]) -> dict[str, str]:
	"""Accounts whose profile is missing or wrong, with the profile's name."""
	wrong = {operation.subject for operation in operations if operation.account_id is None}
	lacking = plan.lacks_profile(view)
	return {
		item.account.account_id: item.account.profile.name
		for item in view.items
		if item.is_held and (item.account.account_id in lacking or item.account.profile.name in wrong)
	}


def _unfinished(view: View, operations: Iterable[Operation]) -> set[str]:
	"""Accounts for which something is left to do, be it that a row waits for its session to end."""
	ids = {operation.account_id for operation in operations if operation.account_id}
	return ids | {item.account.account_id for item in view.items if item.surplus}


def _troubled(views: Iterable[View], every: Sequence[DesiredAccount]) -> list[DesiredAccount]:
	"""The accounts that need something done, with all that have to do with their names or are the same account."""
	involved: set[str] = set()
	for view in views:
		operations = list(_pending(view))
		ids = _unfinished(view, operations) | set(_waiting_for_profile(view, operations))
		involved |= _with_namesakes(view, ids)
	return [account for account in every if account.account_id in involved]


def _with_namesakes(view: View, ids: set[str]) -> set[str]:
	while True:
		names = {name for item in view.items if item.account.account_id in ids for name in item.names}
		found = {item.account.account_id for item in view.items if not names.isdisjoint(item.names)}
		if found <= ids:
			return ids
		ids = ids | found


def _results(views: Iterable[View], work: _Pass) -> dict[str, AccountResult]:
	results: dict[str, AccountResult] = {}
	for view in views:
		operations = list(_pending(view))
		pending = _unfinished(view, operations)
		profiles = _waiting_for_profile(view, operations)
		online = view.online_names()
		for item in view.items:
			account_id = item.account.account_id
			error = item.problem or _error(view, account_id, account_id in pending, profiles, work)
			result = AccountResult(
				account_id, error is None, error, item.account.username.casefold() in online
			)
			results[account_id] = _both(result, results.get(account_id))
	return results


def _error(
	view: View, account_id: str, pending: bool, profiles: Mapping[str, str], work: _Pass
) -> str | None:
	if name := profiles.get(account_id):
		reason = work.profile_errors.get((view.access.name, name), "the router did not keep it")
		return f"Profile {name!r}: {reason}"
	if pending or account_id in work.unswept:
		return work.errors.get(account_id, "The router was told, but does not hold the account as it should")
	return None


def _both(one: AccountResult, other: AccountResult | None) -> AccountResult:
	"""An account that has rows in two menus is in order when both are."""
	if other is None:
		return one
	return replace(
		one,
		in_sync=one.in_sync and other.in_sync,
		error=one.error or other.error,
		online=one.online or other.online,
	)


def _unmanaged(state: RouterState, site_id: str) -> Iterator[UnmanagedRow]:
	for access in ACCESSES:
		for row in state[access.name].accounts:
			if account_of(row.get("comment"), site_id) is None and row.get("default") != "true":
				yield UnmanagedRow(
					access.account_menu, row.get("name", ""), row.get("profile", ""), is_disabled(row)
				)
