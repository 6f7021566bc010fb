"""From any router state one pass reaches the desired state, a second does nothing, foreign rows are untouched,
nobody unpaid has a session."""

from __future__ import annotations

import string
from collections.abc import Sequence

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from routeros_factories import SITE, an_account
from routeros_model import (
	HOTSPOT_ACTIVE,
	HOTSPOT_COOKIE,
	HOTSPOT_PROFILE,
	HOTSPOT_USER,
	PPP_ACTIVE,
	PPP_PROFILE,
	PROFILE_OF,
	SECRET,
	ModelRouter,
	Row,
)

from mikrotik_integration.core.provisioning.desired import DesiredAccount, DesiredProfile, Presence, Service
from mikrotik_integration.core.provisioning.menus import access_of
from mikrotik_integration.core.provisioning.reconcile import Outcome, reconcile_all, reconcile_some

ALLOWED = 1000  # what keeps a pass from taking away too much has tests of its own: test_provisioning_removals

NAMES = ["ann", "Ann", "ANN", "bob", "Bob", "joe=x", "z 'q\" ☂", "02:AA:00:00:00:01"]
IDS = ["acc-1", "acc-2", "acc-3", "acc-4", "acc-gone"]
PROFILES = ["100", "100Megas", "silver", "default"]
OURS = "erpnext:site1"
COMMENTS = [
	*(f"{OURS}:{account_id}" for account_id in IDS),
	f"{OURS}:acc-1 with a remark",
	f"{OURS}:acc-1 [restart]",
	f"{OURS}:acc-2 [relogin] with a remark",
	"",
	"by hand",
	OURS,
	f"{OURS}:",
	f"{OURS}:a:b",
	"erpnext:site2:acc-1",
	f"see {OURS}:acc-1",
]

names = st.sampled_from(NAMES)
comments = st.sampled_from(COMMENTS)


@st.composite
def profile_rows(draw, mark: str, values: st.SearchStrategy[Row]) -> list[Row]:
	marks = st.sampled_from(
		["", f"# {OURS}", f"{OURS}", f":log info x\n# {OURS}", "# erpnext:site2", f"# {OURS}x"]
	)
	chosen = draw(st.sets(st.sampled_from(PROFILES)))
	return [{"name": name, mark: draw(marks), **draw(values)} for name in sorted(chosen)]


hotspot_profile_values = st.fixed_dictionaries(
	{"rate-limit": st.sampled_from(["", "2M/5M", "2000000/5000000", "1k"])},
	optional={"shared-users": st.sampled_from(["1", "unlimited", "3"]), "address-pool": st.just("pool1")},
)
ppp_profile_values = st.fixed_dictionaries(
	{"rate-limit": st.sampled_from(["", "2M/5M", "9M"])},
	optional={"only-one": st.sampled_from(["yes", "no", "default"]), "remote-address": st.just("pool1")},
)
common = {"name": names, "comment": comments, "disabled": st.sampled_from(["true", "false"])}
passwords = st.sampled_from(["pw", "old"])
users = st.fixed_dictionaries(
	{**common, "password": passwords, "profile": st.sampled_from(PROFILES)},
	optional={
		"server": st.sampled_from(["all", "hs1"]),
		"limit-uptime": st.sampled_from(["0s", "1h", "01:00:00", "1d"]),
		"limit-bytes-total": st.sampled_from(["0", "1000"]),
		"limit-bytes-in": st.just("5"),
		"address": st.sampled_from(["0.0.0.0", "10.0.0.5"]),
		"mac-address": st.sampled_from(["00:00:00:00:00:00", "02:AA:00:00:00:01"]),
	},
)
secrets = st.fixed_dictionaries(
	{**common, "password": passwords, "profile": st.sampled_from(PROFILES)},
	optional={
		"service": st.sampled_from(["any", "pppoe", "ovpn", "l2tp"]),
		"remote-address": st.just("10.0.0.5"),
		"caller-id": st.just("02:AA:00:00:00:01"),
	},
)
online_names = st.sampled_from([*NAMES, "stranger"])
hotspot_sessions = st.fixed_dictionaries({"user": online_names, "radius": st.sampled_from(["false", "true"])})
ppp_sessions = st.fixed_dictionaries({"name": online_names}, optional={"radius": st.just("true")})
profiles = st.builds(
	DesiredProfile,
	name=st.sampled_from(["100", "silver"]),
	rate_limit=st.just("2M/5M"),
	device_limit=st.just(1),
	address_pool=st.sampled_from(["", "pool1"]),
)


@st.composite
def models(draw) -> ModelRouter:
	model = ModelRouter(draw(st.booleans()), draw(st.booleans()))
	rows = {
		HOTSPOT_PROFILE: profile_rows("on-login", hotspot_profile_values),
		PPP_PROFILE: profile_rows("comment", ppp_profile_values),
		HOTSPOT_USER: st.lists(users, max_size=5),
		SECRET: st.lists(secrets, max_size=5),
		HOTSPOT_ACTIVE: st.lists(hotspot_sessions, max_size=5),
		HOTSPOT_COOKIE: st.lists(st.fixed_dictionaries({"user": online_names}), max_size=3),
		PPP_ACTIVE: st.lists(ppp_sessions, max_size=4),
	}
	for menu, strategy in rows.items():
		seen = set()
		for row in draw(strategy):
			key = model._key(row)
			if menu not in PROFILE_OF or key not in seen:
				model.insert(menu, row)
			seen.add(key)
	return model


@st.composite
def wishes(draw, unique: bool = True) -> list[DesiredAccount]:
	chosen = draw(st.lists(st.sampled_from(IDS[:4]), unique=True, min_size=1))
	key = (lambda name: name.casefold()) if unique else None
	called = draw(st.lists(names, min_size=len(chosen), max_size=len(chosen), unique_by=key))
	return [
		an_account(
			name,
			account_id=account_id,
			service=draw(st.sampled_from(list(Service))),
			presence=draw(st.sampled_from(list(Presence))),
			profile=draw(profiles),
			limit_bytes_total=draw(st.sampled_from([0, 1000])),
			limit_uptime_s=draw(st.sampled_from([0, 3600])),
			fixed_address=draw(st.sampled_from(["", "10.0.0.5"])),
			mac_address=draw(st.sampled_from(["", "02:aa:00:00:00:01"])),
			remark=draw(st.sampled_from(["", "with a  remark"])),
			push_secret=draw(st.booleans()),
		)
		for account_id, name in zip(chosen, called, strict=True)
	]


def menu_of(account: DesiredAccount) -> str:
	return access_of(account.service).account_menu


def is_marked(row: Row) -> bool:
	first = row.get("comment", "").split(" ")[0]
	account_id = first.removeprefix(f"{OURS}:")
	return first.startswith(f"{OURS}:") and account_id != "" and ":" not in account_id


def marked(state: dict[str, list[Row]], account_id: str, menu: str) -> list[Row]:
	return [row for row in state[menu] if row["comment"].split(" ")[0] == f"{OURS}:{account_id}"]


def foreign_rows(state: dict[str, list[Row]]) -> list[Row]:
	accounts = [row for menu in (HOTSPOT_USER, SECRET) for row in state[menu] if not is_marked(row)]
	lines = {
		id(row): [line.lstrip("# ") for line in row.get(mark, "").splitlines()]
		for menu, mark in ((HOTSPOT_PROFILE, "on-login"), (PPP_PROFILE, "comment"))
		for row in state[menu]
	}
	shared = [row for menu in PROFILE_OF.values() for row in state[menu] if OURS not in lines[id(row)]]
	return accounts + shared


def folded(rows: Sequence[Row]) -> set[str]:
	return {row["name"].casefold() for row in rows}


def check_account(
	model: ModelRouter, account: DesiredAccount, state: dict[str, list[Row]], new_secret: bool
) -> None:
	"""What in_sync promises."""
	for menu in {HOTSPOT_USER, SECRET} - {menu_of(account)}:
		assert marked(state, account.account_id, menu) == []
	rows = marked(state, account.account_id, menu_of(account))
	if account.presence is Presence.ABSENT:
		assert rows == []
	elif account.presence is Presence.DISABLED:
		assert [row["disabled"] for row in rows] in ([], ["true"])
	else:
		(row,) = rows
		assert (row["name"], row["disabled"]) == (account.username, "false")
		assert row["profile"] == account.profile.name
		assert row["comment"] == " ".join(f"{OURS}:{account.account_id} {account.remark}".split())
		if model.passwords_readable or new_secret:
			assert row["password"] == account.password
		check_limits(account, row)


def check_limits(account: DesiredAccount, row: Row) -> None:
	none = {"", "0", "0s", "0.0.0.0", "00:00:00:00:00:00"}
	if account.service is Service.HOTSPOT:
		assert (row.get("limit-bytes-total", "0") == "1000") is bool(account.limit_bytes_total)
		assert (row.get("limit-uptime", "") in ("1h", "01:00:00")) is bool(account.limit_uptime_s)
		assert (row.get("address", "") not in none) is bool(account.fixed_address)
		assert (row.get("mac-address", "") not in none) is bool(account.mac_address)
	else:
		word = {"openvpn": "ovpn"}.get(account.service.value, account.service.value)
		assert row["service"] == word
		assert (row.get("remote-address", "") not in none) is bool(account.fixed_address)
	assert row.get("limit-bytes-in", "0") == "0"


def check_sessions(
	before: dict[str, list[Row]], after: dict[str, list[Row]], accounts: Sequence[DesiredAccount]
) -> None:
	"""Nobody unpaid is online; nobody who is not ours was disturbed."""
	for menu, user, table in (
		(HOTSPOT_ACTIVE, "user", HOTSPOT_USER),
		(HOTSPOT_COOKIE, "user", HOTSPOT_USER),
		(PPP_ACTIVE, "name", SECRET),
	):
		foreign = folded([row for row in before[table] if not is_marked(row)])
		here = [account for account in accounts if menu_of(account) == table]
		enabled = [account for account in here if account.presence is Presence.ENABLED]
		paid = {account.username.casefold() for account in enabled}
		# Whoever paid and cannot get a new name stays online under the old one.
		paid |= folded([row for account in enabled for row in marked(after, account.account_id, table)])
		ours = {a.username.casefold() for a in here} | folded(
			[row for row in before[table] if is_marked(row)]
		)
		for row in after[menu]:
			if row.get("radius") != "true":
				name = row[user].casefold()
				assert name in paid or name in foreign or name not in ours, row
		for row in before[menu]:
			exact = row[user] in {r["name"] for r in before[table] if not is_marked(r)}
			if row.get("radius") == "true" or exact or row[user].casefold() not in ours:
				assert row in after[menu], row


def reasons(state: dict[str, list[Row]], accounts: Sequence[DesiredAccount]) -> bool:
	"""Whether a name that is wanted is somebody else's."""
	for menu in PROFILE_OF:
		here = [a for a in accounts if menu_of(a) == menu and a.presence is not Presence.ABSENT]
		wanted = [account.username.casefold() for account in here]
		foreign = folded([row for row in state[menu] if not is_marked(row)])
		if len(set(wanted)) < len(wanted) or foreign & set(wanted):
			return True
	return False


def check_pass(
	model: ModelRouter, accounts: list[DesiredAccount], before: dict[str, list[Row]], outcome: Outcome
):
	after = model.snapshot()
	assert foreign_rows(after) == foreign_rows(before)
	for account in accounts:
		result = outcome.accounts[account.account_id]
		assert result.in_sync is (result.error is None)
		if result.in_sync:
			check_account(model, account, after, account.push_secret)
	return after


@settings(
	max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(models(), wishes())
def test_one_pass_over_the_router_reaches_the_desired_state_and_a_second_does_nothing(model, accounts):
	before = model.snapshot()
	outcome = reconcile_all(model, SITE, accounts, ALLOWED)
	after = check_pass(model, accounts, before, outcome)
	known = {account.account_id for account in accounts}
	for menu in PROFILE_OF:
		assert all(
			row["comment"].split(" ")[0].split(":")[2] in known for row in after[menu] if is_marked(row)
		)
	check_sessions(before, after, accounts)
	if reasons(before, accounts):
		event("names collide")
	else:
		assert [result.error for result in outcome.accounts.values() if result.error] == []
	if model.passwords_readable or not any(account.push_secret for account in accounts):
		again = reconcile_all(model, SITE, accounts, ALLOWED)
		assert again.operations == ()
		assert again.accounts == outcome.accounts
		assert model.snapshot() == after


@settings(
	max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(models(), wishes(unique=False))
def test_accounts_that_want_the_same_name_do_not_disturb_each_other_forever(model, accounts):
	before = model.snapshot()
	outcome = reconcile_all(model, SITE, accounts, ALLOWED)
	after = check_pass(model, accounts, before, outcome)
	check_sessions(before, after, accounts)
	settled = [account for account in accounts if not account.push_secret]
	if len(settled) == len(accounts):
		assert reconcile_all(model, SITE, accounts, ALLOWED).operations == ()


@settings(
	max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(models(), wishes(), st.integers(0, 3))
def test_a_pass_over_some_accounts_keeps_its_promises_and_touches_nothing_else(model, accounts, how_many):
	before = model.snapshot()
	some = accounts[: how_many + 1]
	assume(all(can_be_found(before, account) for account in some))
	outcome = reconcile_some(model, SITE, some)
	check_pass(model, some, before, outcome)
	asked = {account.account_id for account in some}
	others = [
		row for menu in PROFILE_OF for row in before[menu] if is_marked(row) and _id_of(row) not in asked
	]
	after = model.snapshot()
	assert all(row in after[HOTSPOT_USER] or row in after[SECRET] for row in others)
	assert reconcile_all(model, SITE, accounts, ALLOWED) is not None
	if model.passwords_readable or not any(account.push_secret for account in accounts):
		assert reconcile_all(model, SITE, accounts, ALLOWED).operations == ()


def can_be_found(state: dict[str, list[Row]], account: DesiredAccount) -> bool:
	"""A row is looked for by name in its menu, and by comment in any."""
	comment = " ".join(f"{OURS}:{account.account_id} {account.remark}".split())
	return all(
		row["comment"] == comment or (menu == menu_of(account) and row["name"] == account.username)
		for menu in PROFILE_OF
		for row in marked(state, account.account_id, menu)
	)


def _id_of(row: Row) -> str:
	return row["comment"].split(" ")[0].split(":")[2]


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=255))
def test_any_name_that_can_be_written_works(name):
	model = ModelRouter()
	account = an_account(name, account_id="acc-1")
	for reconcile in (reconcile_some, reconcile_all):
		assert reconcile(model, SITE, [account]).accounts["acc-1"].error is None
	assert [row["name"] for row in model.menus[HOTSPOT_USER]] == [name]


@given(st.text(string.ascii_letters, max_size=3))
def test_a_name_that_cannot_be_written_is_an_error_of_its_account_alone(text):
	model = ModelRouter()
	bad, good = an_account(f"{text}\ud800", account_id="acc-1"), an_account("bob", account_id="acc-2")
	for reconcile in (reconcile_some, reconcile_all):
		results = reconcile(model, SITE, [bad, good]).accounts
		assert "cannot be sent" in (results["acc-1"].error or "")
		assert results["acc-2"].in_sync
