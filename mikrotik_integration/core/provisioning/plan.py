"""The difference between what a router holds and what it should, as operations. Pure.

It is made in stages. Only the first stage that has something to do is carried out, then the router is read
again: so nothing is given before what must go is gone, no row refers to a profile that was not seen, and
no session is ended on the word of an old reading. A router is in order when no stage has anything to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..foreign_text import plain_text
from ..routeros.reading import Row
from .codes import masked
from .columns import Change, Ends, difference, fresh
from .desired import DesiredProfile, Presence
from .marks import account_comment, bears_site_mark, pending_of, site_mark
from .menus import COMMENT, PASSWORD, Access
from .operations import LAST, Operation
from .view import Item, View, is_disabled, is_shown

Stage = Callable[[View], Iterable[Operation]]


def take_rows(view: View) -> Iterator[Operation]:
	"""Rows that nobody should use any more: disabled while somebody is online with them, then removed."""
	unwanted = _unwanted_names(view)
	for item in view.items:
		for row in item.surplus:
			yield from _dismiss(view, item, row, unwanted)
		if item.row and item.account.presence is not Presence.ENABLED and not is_disabled(item.row):
			yield _disable(view, item, item.row)


def end_unwanted_cookies(view: View) -> Iterator[Operation]:
	"""Cookies, with which a device comes back without a password, of those who may not be online."""
	yield from _removals(view, view.access.cookie_menu, "user", view.unwanted(view.state.cookies, "user"))


def end_unwanted_sessions(view: View) -> Iterator[Operation]:
	"""Sessions of those who may not be online."""
	user = view.access.session_user
	yield from _removals(view, view.access.session_menu, user, view.unwanted(view.state.sessions, user))


def make_profiles(view: View) -> Iterator[Operation]:
	"""Profiles that accounts need: made when missing, corrected when ours, used as they are when not."""
	present = _profiles(view)
	for profile in wanted_profiles(view).values():
		row = present.get(profile.name)
		if row is None:
			yield _add_profile(view, profile)
		elif _is_our_profile(view, row):
			yield from _correct_profile(view.access, profile, row)


def clear_names(view: View) -> Iterator[Operation]:
	"""Accounts that exchange names cannot be renamed one by one: a row whose new name is in use is made anew."""
	profiles = _profiles(view)
	moving = [item for item in _held(view) if item.row and item.account.profile.name in profiles]
	names = {item.row.get("name", "").casefold() for item in moving if item.row}
	for item in moving:
		present = item.row.get("name", "").casefold() if item.row else ""
		wanted = item.account.username.casefold()
		if item.row and present != wanted and wanted in names:
			yield _remove(view, item, item.row)
			names.discard(present)


def make_rows(view: View) -> Iterator[Operation]:
	"""Accounts whose profile is there under its exact name: added, or corrected."""
	profiles = _profiles(view)
	online, cookies = view.online_names(), view.cookie_names()
	for item in _held(view):
		if item.account.profile.name not in profiles:
			continue
		if item.row is None:
			yield _add_row(view, item)
		else:
			name = item.row.get("name", "").casefold()
			in_use = Ends.SESSIONS if name in online else Ends.LOGINS if name in cookies else None
			yield from _correct_row(view, item, item.row, in_use)


def sweep_cookies(view: View) -> Iterator[Operation]:
	"""Cookies that were given for an earlier password, name or device."""
	names = _pending_names(view, Ends.LOGINS)
	yield from _sweeps(view, view.access.cookie_menu, "user", view.state.cookies, names)


def sweep_sessions(view: View) -> Iterator[Operation]:
	"""Sessions that must begin anew for a change to take effect."""
	names = _pending_names(view, Ends.SESSIONS)
	yield from _sweeps(view, view.access.session_menu, view.access.session_user, view.state.sessions, names)


def restart_users(view: View) -> Iterator[Operation]:
	"""Sessions of everybody whose profile was changed in this pass, asked about or not."""
	names = _users_of_restarted_profiles(view)
	yield from _sweeps(view, view.access.session_menu, view.access.session_user, view.state.sessions, names)


# What the state calls for, in the order of application. `restart_users` comes last: only the pass knows of it.
STATE_STAGES: tuple[Stage, ...] = (
	take_rows,
	end_unwanted_cookies,
	end_unwanted_sessions,
	make_profiles,
	clear_names,
	make_rows,
	sweep_cookies,
	sweep_sessions,
)


def wanted_profiles(view: View) -> dict[str, DesiredProfile]:
	"""By name. The accounts have been made to agree."""
	return {item.account.profile.name: item.account.profile for item in _held(view)}


def lacks_profile(view: View) -> set[str]:
	"""Accounts that cannot be made because the profile they need is not on the router."""
	profiles = _profiles(view)
	return {item.account.account_id for item in _held(view) if item.account.profile.name not in profiles}


def warnings(view: View) -> Iterator[str]:
	"""What the operator should know though nothing is wrong with an account."""
	wanted = wanted_profiles(view)
	for name, row in _profiles(view).items():
		if name in wanted and not _is_our_profile(view, row):
			yield (
				f"The {view.access.name} profile {name!r} was not made by this system: "
				"it is used as it is, whatever its speed"
			)
	twice = {name.casefold() for name in view.foreign - view.bystanders}
	for item in view.items:
		name = item.row.get("name", "") if item.row else ""
		if name and name.casefold() in twice:
			shown = masked(name) if item.account.is_code else plain_text(name)
			yield f"The {view.access.name} user {shown!r} is on the router twice, once not made by this system"
	state, access = view.state, view.access
	tables = (
		(access.account_menu, state.accounts),
		(access.profile_menu, state.profiles),
		(access.session_menu, state.sessions),
		(access.cookie_menu, state.cookies),
	)
	for menu, rows in tables:
		if count := sum(not row.get(".id") for row in rows):
			yield f"{menu}: {count} rows come without .id and cannot be changed"


def _held(view: View) -> Iterator[Item]:
	return (item for item in view.items if item.is_held)


def _profiles(view: View) -> dict[str, Row]:
	return {row.get("name", ""): row for row in view.state.profiles}


def _is_our_profile(view: View, row: Row) -> bool:
	return bears_site_mark(row.get(view.access.profile_mark), view.site_id)


def _unwanted_names(view: View) -> set[str]:
	user = view.access.session_user
	sessions = {row.get(user, "") for row in view.unwanted(view.state.sessions, user)}
	cookies = {row.get("user", "") for row in view.unwanted(view.state.cookies, "user")}
	return {name.casefold() for name in sessions | cookies}


def _dismiss(view: View, item: Item, row: Row, unwanted: set[str]) -> Iterator[Operation]:
	"""While somebody is online with the row it stays, disabled: a pass cut off here is taken up by the next,
	and what the session used does not go to another row of that name."""
	if row.get("name", "").casefold() not in unwanted:
		yield _remove(view, item, row)
	elif not is_disabled(row):
		yield _disable(view, item, row)


def _on_row(view: View, verb: str, item: Item, row: Row, *args: tuple[str, str]) -> Operation:
	return Operation(
		view.access.name,
		f"{view.access.account_menu}/{verb}",
		((".id", row.get(".id", "")), *args),
		account_id=item.account.account_id,
		subject=row.get("name", ""),
		is_code=item.account.is_code,
	)


def _disable(view: View, item: Item, row: Row) -> Operation:
	return _on_row(view, "set", item, row, ("disabled", "yes"))


def _remove(view: View, item: Item, row: Row) -> Operation:
	return replace(_on_row(view, "remove", item, row), frees=True)


def _add_row(view: View, item: Item) -> Operation:
	account = item.account
	values = fresh(view.access.account_columns, account)
	values[COMMENT] = account_comment(view.site_id, account.account_id, account.remark)
	return Operation(
		view.access.name,
		f"{view.access.account_menu}/add",
		tuple(values.items()),
		account_id=account.account_id,
		subject=account.username,
		turn=LAST,
		is_code=account.is_code,
	)


def _correct_row(view: View, item: Item, row: Row, in_use: Ends | None) -> Iterator[Operation]:
	"""`in_use`: the least change that has to end something, None if nobody is in."""
	account = item.account
	found = difference(view.access.account_columns, account, row)
	values, ends = dict(found.values), found.ends
	if _password_differs(view, item, row):
		values[PASSWORD] = account.password
		ends = Ends.LOGINS
	pending = max(ends, _pending(view, row))
	if in_use is None or pending < in_use:
		pending = Ends.NOTHING
	comment = account_comment(view.site_id, account.account_id, account.remark, pending)
	if row.get(COMMENT, "") != comment:
		values[COMMENT] = comment
	about = replace(_on_row(view, "", item, row), frees="name" in values, ends=ends)
	yield from _changes(about, view.access.account_menu, row, Change(values, found.unset, ends))


def _pending(view: View, row: Row) -> Ends:
	"""What still has to end for a row: what its comment or this pass says, until this pass has done it."""
	swept = (f"{view.access.session_menu}/remove", row.get("name", "").casefold())
	if swept in view.memory.swept:
		return Ends.NOTHING
	changed = (ends for ends in Ends if (view.access.name, row.get(".id", ""), ends) in view.memory.changed)
	return max(pending_of(row.get(COMMENT)), *changed, Ends.NOTHING)


def _pending_names(view: View, ends: Ends) -> set[str]:
	rows = [item.row for item in view.items if item.row]
	return {row.get("name", "").casefold() for row in rows if _pending(view, row) >= ends}


def _password_differs(view: View, item: Item, row: Row) -> bool:
	"""A password that cannot be read is set when it is known to have changed, and once."""
	shown, account = row.get(PASSWORD), item.account
	if is_shown(shown) or view.passwords_readable:
		return (shown or "") != account.password
	return account.push_secret and account.account_id not in view.memory.pushed


def _add_profile(view: View, profile: DesiredProfile) -> Operation:
	values = fresh(view.access.profile_columns, profile)
	mark = site_mark(view.site_id)
	values[view.access.profile_mark] = mark if view.access.profile_mark == COMMENT else f"# {mark}"
	return Operation(
		view.access.name, f"{view.access.profile_menu}/add", tuple(values.items()), subject=profile.name
	)


def _correct_profile(access: Access, profile: DesiredProfile, row: Row) -> Iterator[Operation]:
	found = difference(access.profile_columns, profile, row)
	about = Operation(access.name, "", (), subject=profile.name, restarts_users=bool(found.ends))
	yield from _changes(about, access.profile_menu, row, found)


def _changes(about: Operation, menu: str, row: Row, found: Change) -> Iterator[Operation]:
	row_id = (".id", row.get(".id", ""))
	if found.values:
		yield replace(about, path=f"{menu}/set", args=(row_id, *found.values.items()))
	for column in found.unset:
		yield replace(about, path=f"{menu}/unset", args=(row_id, ("value-name", column)))


def _users_of_restarted_profiles(view: View) -> set[str]:
	mark = site_mark(view.site_id)
	return {
		row.get("name", "").casefold()
		for row in view.state.accounts
		if (view.access.name, row.get("profile", "")) in view.memory.restarted_profiles
		and row.get(COMMENT, "").startswith(f"{mark}:")
	}


def _sweeps(
	view: View, menu: str | None, user_column: str, rows: Iterable[Row], names: set[str]
) -> Iterator[Operation]:
	"""Once for each name: whoever comes back after that has what was changed."""
	left = {name for name in names if (f"{menu}/remove", name) not in view.memory.swept}
	found = (row for row in rows if row.get(user_column, "").casefold() in left)
	ours = [row for row in found if view.may_be_swept(row, row.get(user_column, ""))]
	return (replace(removal, sweeps=True) for removal in _removals(view, menu, user_column, ours))


def _removals(view: View, menu: str | None, user_column: str, rows: Iterable[Row]) -> Iterator[Operation]:
	"""Session ids are not stable: these operations are good only right after the reading they come from."""
	for row in rows:
		user = row.get(user_column, "")
		yield Operation(
			view.access.name,
			f"{menu}/remove",
			((".id", row.get(".id", "")),),
			account_id=view.holder(user),
			subject=user,
			is_code=view.is_code(user),
		)
