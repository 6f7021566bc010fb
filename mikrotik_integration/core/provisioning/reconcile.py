"""Making a router hold what it should: read, plan, change, read back, until nothing is left to do.

Whether an account is in sync is never concluded from what was sent, only from what was read afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from ..errors import InvalidValue
from ..foreign_text import plain_text
from ..routeros.client import Router
from ..routeros.reading import Row
from . import plan
from .desired import DesiredAccount, DesiredProfile, Presence, Service
from .marks import account_of, check_word
from .menus import ACCESSES, HOTSPOT, Access, access_of
from .operations import Memory, Operation, OperationResult
from .outcome import (
	AccountResult,
	Outcome,
	UnmanagedRow,
	left_to_do,
	results_of,
	unfinished,
	waiting_for_profile,
)
from .passes import Pass, remember, views_of
from .removals import MassRemoval, owned_rows, takes_too_much
from .state import RouterState, read_state
from .view import View, is_disabled

__all__ = ["AccountResult", "OperationResult", "Outcome", "UnmanagedRow", "reconcile_all", "reconcile_some"]


def reconcile_all(
	router: Router, site_id: str, accounts: Sequence[DesiredAccount], allowed_removals: int = 0
) -> Outcome:
	"""Brings a whole router in order. Rows with this site's mark that no account explains are removed.

	If that would take too much away (`removals.takes_too_much`; `allowed_removals` is its `allowed`), nothing is changed
	at all, `Outcome.held` says what would be, and accounts with something left to do are not in sync. These must then
	not become news, or the next pass would take them away. `reconcile_some` may go on for who pays meanwhile.

	Raises ConnectionLost, and the Trap of a menu that may not be read. Then some changes may have been made."""
	_check(site_id, accounts)
	state = read_state(router, None)
	every = [*_agreeing(accounts), *_strays(state, site_id, accounts, None)]
	views = views_of(state, site_id, every, remember(Memory(), state))
	operations = {view.access.name: list(left_to_do(view)) for view in views}
	held = takes_too_much(chain(*operations.values()), owned_rows(state, site_id), accounts, allowed_removals)
	work = Pass(router, site_id, [] if held else _troubled(views, every, operations))
	work.converge(state)
	results = {**results_of(views, work.refusals), **results_of(work.views, work.refusals)}
	if held:
		results = {key: replace(one, error=one.error and str(held)) for key, one in results.items()}
	return _outcome(accounts, work, results, views, tuple(_unmanaged(state, site_id)), held)


def reconcile_some(router: Router, site_id: str, accounts: Sequence[DesiredAccount]) -> Outcome:
	"""Brings only these accounts in order, in few round trips. Rows of theirs are looked for by name and comment:
	one whose name and comment were both changed, and a namesake in mixed case, is found by `reconcile_all` only.

	Raises like reconcile_all."""
	_check(site_id, accounts)
	work = Pass(router, site_id, _agreeing(accounts))
	state = work.read()
	work.accounts += _strays(state, site_id, accounts, {account.account_id for account in accounts})
	work.converge(state)
	return _outcome(accounts, work, results_of(work.views, work.refusals), (), ())


def _outcome(
	accounts: Sequence[DesiredAccount],
	work: Pass,
	results: Mapping[str, AccountResult],
	first_views: Sequence[View],
	unmanaged: tuple[UnmanagedRow, ...],
	held: MassRemoval | None = None,
) -> Outcome:
	warnings = [text for view in (*first_views, *work.views) for text in plan.warnings(view)]
	return Outcome(
		accounts={account.account_id: results[account.account_id] for account in accounts},
		operations=tuple(work.results),
		unmanaged=unmanaged,
		warnings=tuple(dict.fromkeys([*([str(held)] if held else []), *_disagreements(accounts), *warnings])),
		held=held,
	)


def _check(site_id: str, accounts: Sequence[DesiredAccount]) -> None:
	check_word(site_id, "The site id")
	for account in accounts:
		check_word(account.account_id, "The account id")
	if len({account.account_id for account in accounts}) != len(accounts):
		raise InvalidValue("An account is given twice")


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
	"""What a hotspot's login is for is not known: its name may be a voucher's code."""
	service: Service = next(iter(access.services))
	return DesiredAccount(
		account_id,
		service,
		row.get("name", ""),
		"",
		Presence.ABSENT,
		DesiredProfile(""),
		is_code=access is HOTSPOT,
	)


def _agreeing(accounts: Sequence[DesiredAccount]) -> list[DesiredAccount]:
	"""The accounts, all with one idea of each profile: that of the first one that is to be enabled."""
	agreed = {key: ideas[0] for key, ideas in _ideas(accounts).items()}
	return [replace(account, profile=agreed[_profile_key(account)]) for account in accounts]


def _disagreements(accounts: Sequence[DesiredAccount]) -> list[str]:
	return [
		f"Accounts disagree about the {access} profile {name!r}: what one of them says is done"
		for (access, name), ideas in _ideas(accounts).items()
		if len(ideas) > 1
	]


def _ideas(accounts: Sequence[DesiredAccount]) -> dict[tuple[str, str], list[DesiredProfile]]:
	"""What the profiles should be, by access and name; only those of enabled accounts where there are any."""
	ranked = sorted(accounts, key=lambda account: (_rank(account), account.account_id))
	ideas: defaultdict[tuple[str, str], list[DesiredProfile]] = defaultdict(list)
	for account in ranked:
		known = ideas[_profile_key(account)]
		if account.profile not in known and (not known or account.presence is Presence.ENABLED):
			known.append(account.profile)
	return ideas


def _rank(account: DesiredAccount) -> int:
	return (Presence.ENABLED, Presence.DISABLED, Presence.ABSENT).index(account.presence)


def _profile_key(account: DesiredAccount) -> tuple[str, str]:
	return access_of(account.service).name, account.profile.name


def _troubled(
	views: Iterable[View], every: Sequence[DesiredAccount], left: Mapping[str, Sequence[Operation]]
) -> list[DesiredAccount]:
	"""The accounts that need something done, with all that have to do with their names or are the same account."""
	involved: set[str] = set()
	for view in views:
		operations = left[view.access.name]
		ids = unfinished(view, operations) | set(waiting_for_profile(view, operations))
		involved |= _with_namesakes(view, ids)
	return [account for account in every if account.account_id in involved]


def _with_namesakes(view: View, ids: set[str]) -> set[str]:
	bearers: defaultdict[str, list[str]] = defaultdict(list)
	names: defaultdict[str, set[str]] = defaultdict(set)
	for item in view.items:
		names[item.account.account_id] |= item.names
		for name in item.names:
			bearers[name].append(item.account.account_id)
	found, waiting = set(ids), list(ids)
	while waiting:
		for name in names[waiting.pop()]:
			new = set(bearers.pop(name, ())) - found
			found |= new
			waiting += new
	return found


def _unmanaged(state: RouterState, site_id: str) -> Iterator[UnmanagedRow]:
	for access in ACCESSES:
		for row in state[access.name].accounts:
			if account_of(row.get("comment"), site_id) is None and row.get("default") != "true":
				yield UnmanagedRow(
					access.account_menu,
					plain_text(row.get("name")),
					plain_text(row.get("profile")),
					is_disabled(row),
				)
