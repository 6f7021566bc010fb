"""One access of a router seen from what is wanted: which row is whose, who may be online, what stands in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from ..routeros.reading import Row, flag
from ..routeros.sentences import is_sendable as may_be_sent
from .desired import DesiredAccount, Presence
from .marks import account_of
from .menus import HOTSPOT, Access
from .operations import Memory
from .state import MenuState


class Verdict(Enum):
	"""What to do with a session or cookie."""

	FOREIGN = "none of ours"
	ENTITLED = "may stay"
	UNWANTED = "must end"


@dataclass(frozen=True)
class Item:
	"""An account, the row that is to hold it, rows of its that must go, and what keeps it from being held."""

	account: DesiredAccount
	row: Row | None
	surplus: tuple[Row, ...]
	problem: str | None = None

	@property
	def is_held(self) -> bool:
		"""Whether a row for it is to be on the router, as far as that depends on us."""
		if self.problem or self.account.presence is Presence.ABSENT:
			return False
		return self.row is not None or self.account.presence is Presence.ENABLED

	@property
	def names(self) -> frozenset[str]:
		"""What it is or was called, casefolded."""
		return frozenset(
			name.casefold() for name in (self.account.username, *(row.get("name", "") for row in self.rows))
		)

	@property
	def rows(self) -> tuple[Row, ...]:
		return (*((self.row,) if self.row else ()), *self.surplus)


@dataclass(frozen=True)
class View:
	"""Built once for each reading; everything that plans changes asks it.

	`foreign` are the names of all rows that are not to be changed, `bystanders` those among them that are this
	site's but were not asked about, `open_names` the casefolded names that are no codes."""

	access: Access
	site_id: str
	state: MenuState
	memory: Memory
	items: tuple[Item, ...]
	foreign: frozenset[str]
	foreign_folded: frozenset[str]
	bystanders: frozenset[str]
	entitled: dict[str, bool]
	entitled_folded: dict[str, bool]
	holders: dict[str, str]
	open_names: frozenset[str]
	passwords_readable: bool

	def verdict(self, row: Row, user: str) -> Verdict:
		"""Whether this session or cookie may stay. The exact name decides before one in another case does."""
		if flag(row, "radius") or user in self.foreign:
			return Verdict.FOREIGN
		if user in self.entitled:
			return _verdict(self.entitled[user])
		folded = user.casefold()
		if folded in self.foreign_folded or folded not in self.entitled_folded:
			return Verdict.FOREIGN
		return _verdict(self.entitled_folded[folded])

	def may_be_swept(self, row: Row, user: str) -> bool:
		"""Whether this session or cookie is one of this site's, also of an account not asked about."""
		if user in self.bystanders:
			return not flag(row, "radius")
		return self.verdict(row, user) is not Verdict.FOREIGN

	def unwanted(self, rows: Iterable[Row], user_column: str) -> list[Row]:
		return [row for row in rows if self.verdict(row, row.get(user_column, "")) is Verdict.UNWANTED]

	def is_code(self, user: str) -> bool:
		"""Whether this login's name may be a voucher's code, that is, whether nothing says what else it is."""
		return self.access is HOTSPOT and user.casefold() not in self.open_names

	def holder(self, user: str) -> str | None:
		"""The account of this name."""
		return self.holders.get(user.casefold())

	def cookie_names(self) -> frozenset[str]:
		"""Casefolded names with which a device can come in without a password, foreign ones left out."""
		return self._names_of(self.state.cookies, "user")

	def online_names(self) -> frozenset[str]:
		"""Casefolded names under which somebody is online, foreign ones left out."""
		return self._names_of(self.state.sessions, self.access.session_user)

	def _names_of(self, rows: Iterable[Row], user_column: str) -> frozenset[str]:
		users = ((row, row.get(user_column, "")) for row in rows)
		return frozenset(
			user.casefold() for row, user in users if self.verdict(row, user) is not Verdict.FOREIGN
		)


def is_disabled(row: Row) -> bool:
	return flag(row, "disabled")


def is_shown(secret: str | None) -> bool:
	"""Whether the router showed this password, rather than nothing or asterisks."""
	return bool(secret) and set(secret or "") != {"*"}


def build_view(
	access: Access, site_id: str, state: MenuState, accounts: Sequence[DesiredAccount], memory: Memory
) -> View:
	"""Accounts of other accesses must have been left out."""
	ours, strangers = _owners(state, site_id, {account.account_id for account in accounts})
	losers = _losers(accounts, ours)
	items = [_item(account, ours.get(account.account_id, []), losers) for account in accounts]
	foreign = {row.get("name", "") for row in strangers}
	others = {row.get("name", "") for row in strangers if account_of(row.get("comment"), site_id) is None}
	items = _with_problems(items, foreign, state)
	entitled = _entitled(items, {name for key, name in memory.freed if key == access.name})
	return View(
		access=access,
		site_id=site_id,
		state=state,
		memory=memory,
		items=tuple(items),
		foreign=frozenset(foreign),
		foreign_folded=frozenset(name.casefold() for name in foreign),
		bystanders=frozenset(foreign - others),
		entitled=entitled,
		entitled_folded=_entitled_folded(items, entitled),
		holders=_holders(items),
		open_names=frozenset(name for item in items if not item.account.is_code for name in item.names),
		passwords_readable=access.name in memory.readable or shows_passwords(state),
	)


def is_sendable(account: DesiredAccount) -> bool:
	"""Whether all its texts may be sent to a router."""
	profile = account.profile
	texts = (account.username, account.password, account.remark, account.fixed_address, account.mac_address)
	shared = (profile.name, profile.rate_limit, profile.address_pool, profile.local_address)
	return all(may_be_sent(text) for text in (*texts, *shared))


def shows_passwords(state: MenuState) -> bool:
	return any(is_shown(row.get("password")) for row in state.accounts)


def _owners(state: MenuState, site_id: str, wanted: set[str]) -> tuple[dict[str, list[Row]], list[Row]]:
	"""The rows of each wanted account, and all other rows: foreign ones and those of accounts not asked about."""
	ours: defaultdict[str, list[Row]] = defaultdict(list)
	strangers: list[Row] = []
	for row in state.accounts:
		account_id = account_of(row.get("comment"), site_id)
		if account_id in wanted:
			ours[account_id or ""].append(row)
		else:
			strangers.append(row)
	return ours, strangers


def _item(account: DesiredAccount, rows: list[Row], losers: dict[str, str]) -> Item:
	rows = sorted(rows, key=lambda row: _distance(row, account.username))
	winner = losers.get(account.account_id)
	if account.presence is Presence.ABSENT or winner is not None:
		problem = None
		if winner is not None and account.presence is Presence.ENABLED:
			problem = f"Another account ({winner}) has the name {account.username!r} on this router"
		return Item(account, None, tuple(rows), problem)
	return Item(account, rows[0] if rows else None, tuple(rows[1:]))


def _losers(accounts: Sequence[DesiredAccount], ours: dict[str, list[Row]]) -> dict[str, str]:
	"""Accounts whose name, whatever its case, another account has with more right; with that account's id."""
	claims: defaultdict[str, list[DesiredAccount]] = defaultdict(list)
	for account in accounts:
		if account.presence is not Presence.ABSENT:
			claims[account.username.casefold()].append(account)
	losers: dict[str, str] = {}
	for claimants in claims.values():
		first, *others = sorted(claimants, key=lambda account: _claim(account, ours))
		losers.update({other.account_id: first.account_id for other in others})
	return losers


def _claim(account: DesiredAccount, ours: dict[str, list[Row]]) -> tuple[bool, int, str]:
	rows = ours.get(account.account_id, [])
	nearest = min((_distance(row, account.username) for row in rows), default=2)
	return account.presence is not Presence.ENABLED, nearest, account.account_id


def _distance(row: Row, username: str) -> int:
	name = row.get("name", "")
	return 0 if name == username else 1 if name.casefold() == username.casefold() else 2


def _with_problems(items: list[Item], foreign: set[str], state: MenuState) -> list[Item]:
	"""A row that must stay where it is blocks its name for others, whose rows may then block further ones."""
	blocked = {name.casefold() for name in foreign}
	places: defaultdict[str, list[int]] = defaultdict(list)
	for place, item in enumerate(items):
		places[item.account.username.casefold()].append(place)
	checked, waiting = list(items), list(range(len(items)))
	while waiting:
		place = waiting.pop()
		item = checked[place]
		item = checked[place] = replace(item, problem=item.problem or _problem(item, blocked, state))
		stuck = item.row.get("name", "").casefold() if item.problem and item.row is not None else None
		if stuck is not None and stuck not in blocked:
			blocked.add(stuck)
			waiting += places[stuck]
	return checked


def _problem(item: Item, blocked: set[str], state: MenuState) -> str | None:
	account = item.account
	if account.presence is Presence.ABSENT or (item.row is None and account.presence is Presence.DISABLED):
		# Nothing is to be made, so nothing can be wrong, except that somebody else may be called the same.
		return _name_taken(item, blocked) if account.presence is Presence.DISABLED else None
	if state.missing:
		return str(state.missing)
	if not account.username:
		return "The account has no user name"
	if not account.profile.name:
		return "No router profile is named for the account"
	if not is_sendable(account):
		return "The account holds characters that cannot be sent to a router"
	if min(account.limit_bytes_total, account.limit_uptime_s) < 0:
		return "A limit is below zero"
	return _name_taken(item, blocked)


def _name_taken(item: Item, blocked: set[str]) -> str | None:
	holds_it = item.row is not None and item.row.get("name") == item.account.username
	if item.account.username.casefold() not in blocked or holds_it:
		return None
	return (
		f"The router already has a row named {item.account.username!r} that does not belong to this account: "
		"rename or remove it, or choose another user name"
	)


def _entitled(items: list[Item], freed: set[str]) -> dict[str, bool]:
	"""Whether whoever is online under exactly this name may be: names of rows, and of rows to be made.
	As long as a row that must go has the name, whoever is online came in with that one."""
	entitled = dict.fromkeys(freed, False)
	going = {row.get("name", "") for item in items for row in item.surplus}
	for item in items:
		may = item.account.presence is Presence.ENABLED
		for row in item.rows:
			_allow(entitled, row.get("name", ""), may and row is item.row)
		if may and item.is_held and item.account.username not in going:
			_allow(entitled, item.account.username, True)
	return entitled


def _entitled_folded(items: list[Item], entitled: dict[str, bool]) -> dict[str, bool]:
	"""The same whatever the case, also for accounts that have no row."""
	folded: dict[str, bool] = {}
	for name, may in entitled.items():
		_allow(folded, name.casefold(), may)
	for item in items:
		_allow(folded, item.account.username.casefold(), False)
	return folded


def _allow(names: dict[str, bool], name: str, may: bool) -> None:
	names[name] = names.get(name, False) or may


def _holders(items: list[Item]) -> dict[str, str]:
	"""By casefolded name, with those that are to have the name last, so that they are found."""
	ranked = sorted(items, key=lambda item: item.account.presence is Presence.ENABLED)
	return {name: item.account.account_id for item in ranked for name in item.names}


def _verdict(entitled: bool) -> Verdict:
	return Verdict.ENTITLED if entitled else Verdict.UNWANTED
