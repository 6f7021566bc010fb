"""Menus: what exists, what is refused in which words, what is shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from librouteros.exceptions import TrapError

from mikrotik_integration.simulators.routeros import (
	Behaviour,
	Command,
	HiddenSecret,
	Numbering,
	RouterSimulator,
	Trapped,
)
from mikrotik_integration.simulators.routeros.behaviour import ALL_POLICIES
from mikrotik_integration.simulators.routeros.execution import execute

REFUSED = [
	("/nonsense/print", {}, "no such command prefix"),
	("/ip/hotspot/nonsense/print", {}, "no such command or directory (nonsense)"),
	("/ip/hotspot/user/nonsense", {}, "no such command"),
	("/ip/hotspot/user/unset", {}, "no such command"),
	("/ip/hotspot/active/set", {".id": "*1", "comment": "x"}, "no such command"),
	("/ip/hotspot/user/add", {"nam": "x"}, "unknown parameter nam"),
	("/ip/hotspot/user/add", {"uptime": "1h"}, "unknown parameter uptime"),
	("/ip/hotspot/user/profile/add", {"name": "x", "comment": "y"}, "unknown parameter comment"),
	("/ip/hotspot/user/add", {"name": "x", "profile": "none"}, "input does not match any value of profile"),
	("/ip/hotspot/user/add", {"name": "x", "profile": ""}, "input does not match any value of profile"),
	("/ip/hotspot/user/add", {"name": "x", "server": "hs9"}, "input does not match any value of server"),
	(
		"/ip/hotspot/user/add",
		{"name": "x", "disabled": "perhaps"},
		"input does not match any value of disabled",
	),
	("/ip/hotspot/user/add", {"name": "x", "address": "10.0.0.256"}, "invalid value for argument address"),
	(
		"/ip/hotspot/user/add",
		{"name": "x", "mac-address": "aa:bb"},
		"invalid value of mac-address, mac address required",
	),
	("/ip/hotspot/user/add", {"limit-uptime": "soon"}, "invalid time value for argument limit-uptime"),
	("/ip/hotspot/user/add", {"limit-uptime": ""}, "invalid time value for argument limit-uptime"),
	("/ip/hotspot/user/add", {"limit-uptime": "-1"}, "invalid time value for argument limit-uptime"),
	("/ip/hotspot/user/add", {"limit-bytes-total": "1.5G"}, "invalid value for argument limit-bytes-total"),
	("/ip/hotspot/user/add", {"limit-bytes-total": "-1"}, "invalid value for argument limit-bytes-total"),
	(
		"/ip/hotspot/user/profile/add",
		{"name": "x", "rate-limit": "fast"},
		"invalid value for argument rate-limit",
	),
	(
		"/ip/hotspot/user/profile/add",
		{"name": "x", "shared-users": "0"},
		"value of shared-users out of range (1..4294967295)",
	),
	("/ip/hotspot/user/profile/add", {}, "missing value(s) of argument(s) name"),
	("/ppp/secret/add", {"name": "x", "service": "openvpn"}, "input does not match any value of service"),
	(
		"/ppp/secret/add",
		{"name": "x", "service": "p"},
		"ambiguous value of service, more than one possible value matches input",
	),
	(
		"/ppp/secret/add",
		{"name": "x", "remote-address": "10.0.0"},
		"invalid value for argument remote-address",
	),
	("/ppp/profile/add", {"name": "x", "only-one": "maybe"}, "input does not match any value of only-one"),
	("/ip/hotspot/user/set", {"name": "x"}, "missing value(s) of argument(s) numbers"),
	("/ip/hotspot/user/set", {".id": "*99", "name": "x"}, "no such item"),
	("/ip/hotspot/user/remove", {".id": "*99"}, "no such item"),
	("/ip/hotspot/user/remove", {".id": ""}, "no such item"),
	("/ip/hotspot/active/remove", {".id": "*A053202"}, "no such item"),
	("/ip/hotspot/cookie/remove", {".id": "*1"}, "no such item"),
	("/ppp/active/remove", {".id": "*1"}, "no such item"),
	("/ppp/profile/remove", {".id": "*0"}, "failure: can not remove default ppp profile"),
	("/interface/ovpn-server/user/print", {}, "no such command or directory (user)"),
]


@pytest.mark.parametrize(("path", "args", "message"), REFUSED)
def test_a_bad_command_is_refused_in_the_routers_words(api, path, args, message) -> None:
	with pytest.raises(TrapError) as refused:
		tuple(api(path, **args))
	assert refused.value.message == message


TWICE = [
	("/ip/hotspot/user", {"name": "x"}, "failure: already have user with this name for this server"),
	("/ppp/secret", {"name": "x"}, "failure: secret with the same name already exists"),
	("/ppp/profile", {"name": "x"}, "failure: profile with the same name already exists"),
	("/ip/hotspot/ip-binding", {"mac-address": "02:00:00:00:00:09"}, "failure: such client already exists"),
	("/ip/pool", {"name": "x", "ranges": "10.0.0.2-10.0.0.9"}, "failure: pool with such name exists"),
]


@pytest.mark.parametrize(("menu", "row", "message"), TWICE)
def test_a_second_row_of_the_same_key_is_refused(api, menu, row, message) -> None:
	api.path(menu).add(**row)
	with pytest.raises(TrapError) as refused:
		api.path(menu).add(**row)
	assert refused.value.message == message


def test_renaming_onto_another_row_is_refused_and_changes_nothing(api, router: RouterSimulator) -> None:
	users = api.path("/ip/hotspot/user")
	users.add(name="ann", comment="1")
	row_id = users.add(name="bob", comment="2")
	with pytest.raises(TrapError, match="already have user"):
		users.update(**{".id": row_id, "name": "ann", "comment": "3"})
	assert [(row["name"], row["comment"]) for row in router.rows("/ip/hotspot/user")[1:]] == [
		("ann", "1"),
		("bob", "2"),
	]


def test_the_same_name_on_another_hotspot_server_is_another_user(api) -> None:
	users = api.path("/ip/hotspot/user")
	users.add(name="ann")
	assert users.add(name="ann", server="hotspot1") == "*2"


@pytest.mark.parametrize(("sensitive", "names"), [(True, ["Ann", "ann"]), (False, ["Ann"])])
def test_names_differ_by_case_only_where_the_router_says_so(make_router, sensitive, names) -> None:
	router = make_router(Behaviour(names_case_sensitive=sensitive))
	for name in ("Ann", "ann"):
		try:
			router.run("/ppp/secret/add", name=name)
		except Trapped as refused:
			assert refused.message == "failure: secret with the same name already exists"
	assert [row["name"] for row in router.rows("/ppp/secret")] == names


NAMES = [
	"with space",
	"a=b",
	"=",
	'quo"te',
	"back\\slash",
	"€uro 😀",
	"x" * 255,
	"00:11:22:33:44:55",
	"%41",
	"a\nb",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_text_is_a_name_and_is_found_by_it(wire, name: str) -> None:
	encoded = f"=name={name}".encode()
	length = bytes([len(encoded)]) if len(encoded) < 128 else (len(encoded) | 0x8000).to_bytes(2, "big")
	wire.send_bytes(b"\x14/ip/hotspot/user/add" + length + encoded + b"\x00")
	assert wire.until_done() == [["!done", "=ret=*1"]]
	query = f"?name={name}".encode()
	length = bytes([len(query)]) if len(query) < 128 else (len(query) | 0x8000).to_bytes(2, "big")
	wire.send_bytes(b"\x16/ip/hotspot/user/print" + b"\x0f=.proplist=name" + length + query + b"\x00")
	assert wire.until_done() == [["!re", f"=name={name}"], ["!done"]]


def test_a_profile_is_found_by_the_beginning_of_its_name(api, router: RouterSimulator) -> None:
	router.run("/ip/hotspot/user/profile/add", name="100Megas")
	api.path("/ip/hotspot/user").add(name="ann", profile="100")
	assert router.rows("/ip/hotspot/user")[1]["profile"] == "100Megas"


def test_the_exact_name_of_a_profile_wins_over_its_continuations(api, router: RouterSimulator) -> None:
	for name in ("100Megas", "100"):
		router.run("/ip/hotspot/user/profile/add", name=name)
	api.path("/ip/hotspot/user").add(name="ann", profile="100")
	assert router.rows("/ip/hotspot/user")[1]["profile"] == "100"


def test_a_beginning_of_two_names_is_ambiguous(api, router: RouterSimulator) -> None:
	for name in ("100Megas", "100Kilos"):
		router.run("/ip/hotspot/user/profile/add", name=name)
	with pytest.raises(TrapError) as refused:
		api.path("/ip/hotspot/user").add(name="ann", profile="100")
	expected = "ambiguous value of profile, more than one possible value matches input"
	assert refused.value.message == expected


def test_users_follow_the_new_name_of_their_profile_and_keep_an_id_when_it_goes(router) -> None:
	profile = router.add("/ppp/profile", name="gold")
	router.run("/ppp/secret/add", name="ann", profile="gold")
	router.run("/ppp/profile/set", {".id": profile, "name": "silver"})
	assert router.rows("/ppp/secret")[0]["profile"] == "silver"
	router.run("/ppp/profile/remove", {".id": profile})
	assert router.rows("/ppp/secret")[0]["profile"] == profile


def test_values_are_shown_as_the_router_writes_them(router: RouterSimulator) -> None:
	router.run(
		"/ip/hotspot/user/add",
		{
			"name": "ann",
			"disabled": "yes",
			"limit-uptime": "26:00:05",
			"limit-bytes-total": "2G",
			"mac-address": "aa-bb-cc-dd-ee-ff",
		},
	)
	shown = router.rows("/ip/hotspot/user")[1]
	assert {
		name: shown[name] for name in ("disabled", "limit-uptime", "limit-bytes-total", "mac-address")
	} == {
		"disabled": "true",
		"limit-uptime": "1d2h5s",
		"limit-bytes-total": "2147483648",
		"mac-address": "AA:BB:CC:DD:EE:FF",
	}


def test_durations_may_be_written_with_colons(make_router) -> None:
	router = make_router(Behaviour(clock_durations=True))
	router.run("/ip/hotspot/user/add", {"name": "ann", "limit-uptime": "1d2h5s"})
	assert router.rows("/ip/hotspot/user")[1]["limit-uptime"] == "1d02:00:05"


def test_what_is_not_set_is_not_shown(api) -> None:
	api.path("/ip/hotspot/user").add(name="ann")
	(row,) = api.rawCmd("/ip/hotspot/user/print", "?name=ann")
	assert sorted(row) == sorted(
		[
			".id",
			"server",
			"name",
			"profile",
			"uptime",
			"bytes-in",
			"bytes-out",
			"packets-in",
			"packets-out",
			"default",
			"dynamic",
			"disabled",
		]
	)


@pytest.mark.parametrize("clears", [True, False])
def test_an_empty_limit_clears_or_is_refused(make_router, clears: bool) -> None:
	router = make_router(Behaviour(empty_limit_clears=clears))
	row_id = router.add("/ip/hotspot/user", {"name": "ann", "limit-uptime": "1h"})
	try:
		router.run("/ip/hotspot/user/set", {".id": row_id, "limit-uptime": ""})
	except Trapped as refused:
		assert refused.message == "invalid time value for argument limit-uptime"
	assert ("limit-uptime" not in router.rows("/ip/hotspot/user")[1]) is clears


QUERIES = [
	(["?name=b"], "b"),
	(["?=name=b"], "b"),
	(["?comment"], "ab"),
	(["?-comment"], "c"),
	(["?name=a", "?name=b", "?#|"], "ab"),
	(["?name=a", "?name=b"], ""),
	(["?name=a", "?disabled=false"], "a"),
	(["?name=a", "?#!"], "bc"),
	(["?name=a", "?comment=y", "?#!&"], "a"),
	(["?name=a", "?name=b", "?name=c", "?#||"], "abc"),
	(["?name=a", "?name=b", "?#|", "?disabled=true", "?#&"], "b"),
	(["?>limit-bytes-in=5"], "bc"),
	(["?<limit-bytes-in=10"], "a"),
	(["?name=a", "?#.|"], "a"),
	(["?name=a", "?name=b", "?#1"], "a"),
	(["?name=zzz"], ""),
	(["?nonsense=1"], ""),
]


@pytest.mark.parametrize(("queries", "names"), QUERIES)
def test_queries_select_as_in_the_manual(wire, queries: list[str], names: str) -> None:
	for name, more in (
		("a", ["=comment=x", "=limit-bytes-in=5"]),
		("b", ["=comment=y", "=limit-bytes-in=10", "=disabled=yes"]),
		("c", ["=limit-bytes-in=100"]),
	):
		wire.ask("/ppp/secret/add", f"=name={name}", *more)
	rows = wire.ask("/ppp/secret/print", "=.proplist=name", *queries)[:-1]
	assert "".join(row[1].removeprefix("=name=") for row in rows) == names


def test_proplist_gives_what_is_asked_for_and_there(wire) -> None:
	wire.ask("/ppp/secret/add", "=name=ann")
	asked = wire.ask("/ppp/secret/print", "=.proplist=name,comment,disabled,nonsense")
	assert asked == [["!re", "=name=ann", "=disabled=false"], ["!done"]]


def test_rows_can_be_counted(wire) -> None:
	assert wire.ask("/ip/service/print", "=count-only=") == [["!done", "=ret=8"]]


def test_removing_several_rows_is_all_or_nothing(wire, router: RouterSimulator) -> None:
	for name in "abc":
		router.run("/ppp/secret/add", name=name)
	assert wire.ask("/ppp/secret/remove", "=.id=*1,*9") == [["!trap", "=message=no such item"], ["!done"]]
	assert wire.ask("/ppp/secret/remove", "=.id=*1,*3,*1") == [["!done"]]
	assert [row["name"] for row in router.rows("/ppp/secret")] == ["b"]


def test_an_id_is_never_given_twice(router: RouterSimulator) -> None:
	first = router.add("/ppp/secret", name="ann")
	router.run("/ppp/secret/remove", {".id": first})
	second = router.add("/ppp/secret", name="ann")
	assert (first, second) == ("*1", "*2")


@pytest.mark.parametrize(("numbering", "same"), [(Numbering.NEW, False), (Numbering.KEPT, True)])
def test_ids_may_change_at_a_reboot(make_router, numbering: Numbering, same: bool) -> None:
	router = make_router(Behaviour(reboot_numbering=numbering))
	before = router.add("/ppp/secret", name="ann")
	router.reboot()
	[row] = router.rows("/ppp/secret")
	assert (row[".id"] == before) is same
	assert router.run("/ppp/secret/set", {".id": row[".id"], "comment": "found"}) == []


def test_verbs_that_set_one_thing_do_so(router: RouterSimulator) -> None:
	row_id = router.add("/ppp/secret", name="ann", remote_address="10.0.0.9")
	router.run("/ppp/secret/disable", {".id": row_id})
	router.run("/ppp/secret/comment", {".id": row_id, "comment": "late"})
	router.run("/ppp/secret/unset", {".id": row_id, "value-name": "remote-address"})
	[row] = router.rows("/ppp/secret")
	assert (row["disabled"], row["comment"], row.get("remote-address")) == ("true", "late", None)
	router.run("/ppp/secret/enable", {".id": row_id})
	assert router.rows("/ppp/secret")[0]["disabled"] == "false"


POLICIES = {
	"read": ("/ip/hotspot/user/print", {}),
	"write": ("/ip/hotspot/user/add", {"name": "x"}),
	"policy": ("/user/add", {"name": "x", "group": "api"}),
	"reboot": ("/system/reboot", {}),
}


@pytest.mark.parametrize(("given", "needed"), [(set(POLICIES) - {missing}, missing) for missing in POLICIES])
def test_a_missing_policy_is_a_trap(make_router, connect, given: set[str], needed: str) -> None:
	api = connect(make_router(Behaviour(policies=("api", *given))))
	path, args = POLICIES[needed]
	with pytest.raises(TrapError) as refused:
		tuple(api(path, **args))
	assert refused.value.message == "not enough permissions (9)"


def test_write_does_not_imply_read(make_router, connect) -> None:
	api = connect(make_router(Behaviour(policies=("api", "write"))))
	assert api.path("/ppp/secret").add(name="ann") == "*1"
	with pytest.raises(TrapError, match="not enough permissions"):
		tuple(api.path("/ppp/secret"))


def test_a_user_without_the_api_policy_cannot_log_in(make_router, connect) -> None:
	with pytest.raises(TrapError, match="invalid user name or password"):
		connect(make_router(Behaviour(policies=("read", "write"))))


UNREADABLE = [Behaviour(policies=("api", "read", "write")), Behaviour(passwords_readable=False)]
SHOWN = [
	(HiddenSecret.OMITTED, [["!re", "=name=ann"]]),
	(HiddenSecret.MASKED, [["!re", "=name=ann", "=password=*****"]]),
]


@pytest.mark.parametrize("behaviour", UNREADABLE)
@pytest.mark.parametrize(("hidden", "expected"), SHOWN)
def test_passwords_may_be_unreadable(make_router, dial, behaviour, hidden, expected) -> None:
	router = make_router(behaviour)
	router.behave(hidden_secret=hidden)
	router.run("/ppp/secret/add", name="ann", password="pw")
	wire = dial(router).login()
	assert wire.ask("/ppp/secret/print", "=.proplist=name,password")[:-1] == expected
	assert router.rows("/ppp/secret")[0]["password"] == "pw"


def test_a_router_without_hotspot_has_none_of_its_menus(make_router, connect) -> None:
	api = connect(make_router(Behaviour(missing_menus=("/ip/hotspot",))))
	with pytest.raises(TrapError, match="no such command"):
		tuple(api.path("/ip/hotspot/user"))
	assert tuple(api.path("/ppp/secret")) == ()


def test_menus_without_description_keep_texts(api) -> None:
	api.path("/ip/dhcp-server/option").add(name="portal", code="114", value="'https://x/api'")
	(row,) = api.path("/ip/dhcp-server/option")
	assert row == {".id": "*1", "name": "portal", "code": 114, "value": "'https://x/api'"}


def test_singles_are_set_without_an_id(api) -> None:
	tuple(api("/system/identity/set", name="Shop 1"))
	assert tuple(api("/system/identity/print")) == ({"name": "Shop 1"},)


def test_dates_are_written_as_the_version_does(make_router) -> None:
	old, new = make_router(Behaviour(version="7.9")), make_router(Behaviour(version="7.10"))
	[before], [after] = old.rows("/system/clock"), new.rows("/system/clock")
	assert (before["date"][3], before["date"][6]) == ("/", "/")
	assert (after["date"][4], after["date"][7]) == ("-", "-")


def test_every_menu_of_the_argument_tree_can_be_printed(router: RouterSimulator) -> None:
	menus = [menu for menu in router.router.schema.menus() if router.router.schema.takes(menu, "print")]
	assert len(menus) > 100
	assert all(isinstance(router.run(f"{menu}/print"), list) for menu in menus)


def test_two_connections_see_the_same_rows(router: RouterSimulator, connect) -> None:
	first, second = connect(router), connect(router)
	row_id = first.path("/ppp/secret").add(name="ann")
	second.path("/ppp/secret").remove(row_id)
	with pytest.raises(TrapError, match="no such item"):
		first.path("/ppp/secret").remove(row_id)


SCHEMA = RouterSimulator().router.schema
VERBS = [
	(menu, verb) for menu in SCHEMA.menus() for verb in ("print", "add", "set", "remove", "reset", "get", "move", "find")
	if SCHEMA.takes(menu, verb)
]  # fmt: skip
VERBS += [("/ip/hotspot/active", "login"), ("/ip/hotspot/user", "reset-counters"), ("/log", "info")]
TEXTS = st.sampled_from(
	["", "*1", "*0", "*", "*zz", "*1,*2", "*1,*1", "x", "yes", "1", "0", "-1", "10.0.0.1", "1d", "all"]
)


@st.composite
def any_command(draw: st.DrawFn) -> Command:
	menu, verb = draw(st.sampled_from(VERBS))
	names = st.sampled_from(sorted({*SCHEMA.takes(menu, verb), "nonsense"}))
	args = draw(st.dictionaries(names, TEXTS | st.text(max_size=9), max_size=5))
	queries = draw(
		st.lists(
			st.sampled_from(["name=x", "#|", "#!", "#1", "#", ">a=1", "-b", "c", ""]) | st.text(max_size=4),
			max_size=3,
		)
	)
	return Command(f"{menu}/{verb}", args, tuple(queries))


@settings(max_examples=100, deadline=None)
@given(st.lists(any_command(), max_size=8))
def test_whatever_is_sent_is_answered_or_trapped(commands: list[Command]) -> None:
	simulator = RouterSimulator()
	simulator.add("/ip/hotspot/user", name="ann", password="pw")
	simulator.customer.login("ann", "pw")
	for command in commands:
		try:
			execute(simulator.router, command, frozenset(ALL_POLICIES))
		except Trapped as trapped:
			assert trapped.message
