"""What one pass found and did, and how that follows from what was read last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from . import plan
from .codes import hide
from .operations import Operation, OperationResult
from .removals import MassRemoval
from .view import View


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
	"""A row that this site did not make, left as it is. Texts fit for a one-line field."""

	menu: str
	name: str
	profile: str
	disabled: bool


@dataclass(frozen=True)
class Outcome:
	"""What one pass found and did. `unmanaged` only of a pass over a whole router. `held`: what the pass would have
	taken away, if it was too much to be done unasked; then nothing was done."""

	accounts: dict[str, AccountResult]
	operations: tuple[OperationResult, ...]
	unmanaged: tuple[UnmanagedRow, ...]
	warnings: tuple[str, ...]
	held: MassRemoval | None = None


@dataclass
class Refusals:
	"""The router's reasons, by account and by (access, profile); for accounts that had to reconnect and did not."""

	accounts: dict[str, str] = field(default_factory=dict)
	profiles: dict[tuple[str, str], str] = field(default_factory=dict)

	def note(self, operation: Operation, reason: str) -> None:
		if operation.account_id is None:
			self.profiles[operation.access, operation.subject] = reason
		else:
			self.accounts[operation.account_id] = reason


def results_of(views: Iterable[View], refusals: Refusals) -> dict[str, AccountResult]:
	"""By account: in sync where nothing is left to do."""
	results: dict[str, AccountResult] = {}
	for view in views:
		operations = list(left_to_do(view))
		waiting, profiles = unfinished(view, operations), waiting_for_profile(view, operations)
		online = view.online_names()
		for item in view.items:
			account_id = item.account.account_id
			error = item.problem or _error(view, account_id, account_id in waiting, profiles, refusals)
			if error and item.account.is_code:
				error = hide(error, {item.account.username, *(row.get("name", "") for row in item.rows)})
			name = item.account.username.casefold()
			is_online = name in online and view.holder(name) == account_id
			result = AccountResult(account_id, error is None, error, is_online)
			results[account_id] = _both(result, results.get(account_id))
	return results


def left_to_do(view: View) -> Iterator[Operation]:
	"""What the state that was read calls for."""
	return (operation for stage in plan.STATE_STAGES for operation in stage(view))


def unfinished(view: View, operations: Iterable[Operation]) -> set[str]:
	"""Accounts for which something is left to do, be it that a row waits for its session to end."""
	ids = {operation.account_id for operation in operations if operation.account_id}
	return ids | {item.account.account_id for item in view.items if item.surplus}


def waiting_for_profile(view: View, operations: Iterable[Operation]) -> dict[str, str]:
	"""Accounts whose profile is missing or wrong, with the profile's name."""
	wrong = {operation.subject for operation in operations if operation.account_id is None}
	lacking = plan.lacks_profile(view)
	return {
		item.account.account_id: item.account.profile.name
		for item in view.items
		if item.is_held and (item.account.account_id in lacking or item.account.profile.name in wrong)
	}


def _error(
	view: View, account_id: str, waiting: bool, profiles: Mapping[str, str], refusals: Refusals
) -> str | None:
	if name := profiles.get(account_id):
		reason = refusals.profiles.get((view.access.name, name), "the router did not keep it")
		return f"Profile {name!r}: {reason}"
	if waiting:
		return refusals.accounts.get(
			account_id, "The router was told, but does not hold the account as it should"
		)
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
