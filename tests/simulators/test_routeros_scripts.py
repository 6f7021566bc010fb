"""Scripts and the scheduler, so far that the expiry scripts of hotspot managers work."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from librouteros.exceptions import TrapError

from mikrotik_integration.simulators.routeros import Behaviour, RouterSimulator

USERS, SCHEDULER = "/ip/hotspot/user", "/system/scheduler"
HOUR, DAY = 3600, 86400

# In the manner of Mikhmon v3: the first login writes the end into the user's comment, found by way of a scheduler entry.
ON_LOGIN = """
:local today [/system clock get date]
:local note [/ip hotspot user get [/ip hotspot user find where name="$user"] comment]
:local kind [:pic $note 0 2]
:if ($kind = "vc" or $kind = "up" or $note = "") do={
	/sys sch add name="$user" disable=no start-date=$today interval="30d"
	:delay 2s
	:local end [/sys sch get [/sys sch find where name="$user"] next-run]
	:local size [len $end]
	:if ($size = 15) do={
		:local day [:pic $end 0 6]; :local hour [:pic $end 7 16]; :local year [:pick $today 7 11]
		/ip hotspot user set comment="$day/$year $hour" [find where name="$user"]
	}
	:if ($size = 8) do={/ip hotspot user set comment="$today $end" [find where name="$user"];}
	:if ($size > 15) do={/ip hotspot user set comment=$end [find where name="$user"];}
	/sys sch remove [find where name="$user"]
	:local mac $"mac-address"
	/ip hotspot user set mac-address=$mac [find where name=$user]
	:log info ("first login of $user from " . $mac)
}
"""

# And a scheduler entry goes through the users of a profile and takes away those whose end has come.
SWEEP_OLD_DATES = """
:local asdate do={
	:local names ("jan","feb","mar","apr","may","jun","jul","aug","sep","oct","nov","dec")
	:local month ([:find $names [:pick $d 0 3]] + 1)
	:if ([:len $month] = 1) do={:set month "0$month"}
	:return [:tonum ("$[:pick $d 7 11]$month$[:pick $d 4 6]")]
}
:local astime do={:return ([:pick $t 0 2] * 60 + [:pick $t 3 5])}
:local today [$asdate d=[/system clock get date]]
:local now [$astime t=[/system clock get time]]
:foreach i in=[/ip hotspot user find where profile="gold"] do={
	:local note [/ip hotspot user get $i comment]
	:local name [/ip hotspot user get $i name]
	:if ([:pic $note 3] = "/" and [:pic $note 6] = "/") do={
		:local day [$asdate d=$note]
		:local minute [$astime t=[:pic $note 12 20]]
		:if (($day < $today) or ($day = $today and $minute <= $now)) do={
			ACTION
			[/ip hotspot active remove [find where user=$name]]
		}
	}
}
"""

SWEEP_ISO_DATES = """
:local today [/system clock get date]; :local now [/system clock get time]
:foreach i in=[/ip/hotspot/user find profile=gold] do={
	:local note [/ip/hotspot/user get $i comment]
	:local name [/ip/hotspot/user get $i name]
	:if ([:pick $note 4] = "-" && [:pick $note 7] = "-") do={
		:if ($note <= "$today $now") do={
			ACTION
			:do {/ip/hotspot/active remove [find user=$name]} on-error={:log warning "nobody to end"}
		}
	}
}
"""
SWEEPS = {"7.9": SWEEP_OLD_DATES, "7.21.5": SWEEP_ISO_DATES}


@pytest.fixture(params=SWEEPS)
def managed(request, make_router) -> RouterSimulator:
	"""A router with the scripts of a hotspot manager."""
	router = make_router(Behaviour(version=request.param))
	router.add("/ip/hotspot/user/profile", name="gold", on_login=ON_LOGIN)
	router.add(USERS, name="ann", password="pw", profile="gold", comment="vc-101")
	return router


def _sweep(router: RouterSimulator, action: str, interval: str = "2m") -> None:
	source = SWEEPS[router.router.behaviour.version].replace("ACTION", action)
	router.add(SCHEDULER, name="gold", interval=interval, on_event=source)


def _row(router: RouterSimulator, menu: str, name: str) -> dict[str, str] | None:
	return next((row for row in router.rows(menu) if row.get("name") == name), None)


def _errors(router: RouterSimulator) -> list[str]:
	return [row["message"] for row in router.rows("/log") if row["topics"] == "script,error"]


def test_the_first_login_writes_the_end_into_the_comment(managed: RouterSimulator) -> None:
	session = managed.customer.login("ann", "pw")
	end = managed.router.clock.wall() + timedelta(days=30)
	row = _row(managed, USERS, "ann")
	pattern = "%b/%d/%Y %H:%M:%S" if managed.router.behaviour.version == "7.9" else "%Y-%m-%d %H:%M:%S"
	assert _errors(managed) == []
	assert abs(datetime.strptime(row["comment"], pattern) - end) <= timedelta(seconds=1)
	assert row["mac-address"] == session.mac
	assert managed.rows(SCHEDULER) == []
	assert f"first login of ann from {session.mac}" in [row["message"] for row in managed.rows("/log")]


def test_a_later_login_leaves_the_comment_as_it_is(managed: RouterSimulator) -> None:
	session = managed.customer.login("ann", "pw")
	before = _row(managed, USERS, "ann")["comment"]
	session.hang_up()
	managed.advance(DAY)
	managed.customer.login("ann", "pw", mac=session.mac)
	assert _row(managed, USERS, "ann")["comment"] == before


def test_the_sweep_removes_a_user_at_the_end_with_the_live_session(managed: RouterSimulator) -> None:
	_sweep(managed, "[/ip hotspot user remove $i]", interval="10m")
	session = managed.customer.login("ann", "pw")
	managed.advance(29 * DAY)
	assert _row(managed, USERS, "ann") is not None
	assert session.is_live
	managed.advance(DAY + 11 * 60)
	assert _row(managed, USERS, "ann") is None
	assert (session.ended, _errors(managed)) == ("admin reset", [])


def test_the_sweep_may_leave_the_user_with_a_second_of_time(managed: RouterSimulator) -> None:
	_sweep(managed, "/ip hotspot user set limit-uptime=1s $i", interval="1h")
	session = managed.customer.login("ann", "pw")
	managed.advance(31 * DAY)
	assert _row(managed, USERS, "ann")["limit-uptime"] == "1s"
	assert (session.is_live, _errors(managed)) == (False, [])


def test_the_sweep_takes_rows_of_others_whose_comment_looks_like_a_date(managed: RouterSimulator) -> None:
	old = "jan/05/2020 10:00:00" if managed.router.behaviour.version == "7.9" else "2020-01-05 10:00:00"
	managed.add(USERS, name="ours", profile="gold", comment=old)
	managed.add(USERS, name="safe", profile="gold", comment="isp:1:safe")
	_sweep(managed, "/ip hotspot user remove $i")
	managed.advance(121)
	assert (_row(managed, USERS, "ours"), _row(managed, USERS, "safe")["comment"]) == (None, "isp:1:safe")


# the scheduler


def _counter(router: RouterSimulator, **row: str) -> None:
	router.add("/system/script", name="count", source=':log info "ran"', policy="read,write")
	router.add(SCHEDULER, name="s", on_event="count", **row)


def _runs(router: RouterSimulator) -> int:
	return sum(row["message"] == "ran" for row in router.rows("/log"))


@pytest.mark.parametrize(
	("row", "expected"),
	[
		({"interval": "1h"}, 24),
		({"interval": "0s"}, 0),
		({"interval": "1h", "disabled": "yes"}, 0),
		({"interval": "1w"}, 0),
		({"interval": "12h", "start_date": "2020-01-01", "start_time": "00:00:00"}, 2),
		({"interval": "1h", "start_date": "2099-01-01", "start_time": "00:00:00"}, 0),
	],
)
def test_an_entry_runs_at_its_interval_from_its_start(router: RouterSimulator, row, expected: int) -> None:
	_counter(router, **row)
	router.advance(DAY)
	assert (_runs(router), router.rows(SCHEDULER)[0]["run-count"]) == (expected, str(expected))


def test_an_entry_without_interval_runs_once_at_its_start(router: RouterSimulator) -> None:
	start = router.router.clock.wall() + timedelta(hours=2)
	_counter(router, start_date=f"{start:%Y-%m-%d}", start_time=f"{start:%H:%M:%S}")
	router.advance(DAY)
	router.advance(DAY)
	assert _runs(router) == 1


def test_an_entry_may_run_at_each_startup(router: RouterSimulator) -> None:
	_counter(router, start_time="startup")
	router.advance(HOUR)
	router.reboot()
	router.advance(HOUR)
	router.advance(HOUR)
	assert (_runs(router), router.rows(SCHEDULER)[0]["run-count"]) == (1, "1")


def test_device_mode_may_forbid_the_scheduler(router: RouterSimulator) -> None:
	_counter(router, interval="1h")
	router.behave(device_mode_forbids=("scheduler",))
	router.advance(DAY)
	assert _runs(router) == 0


def test_events_see_the_time_that_is_theirs(router: RouterSimulator) -> None:
	router.add(SCHEDULER, name="s", interval="1h", on_event="/log info [/system clock get time]")
	first = router.router.clock.wall()
	router.advance(3 * HOUR)
	expected = [f"{first + timedelta(hours=hours):%H:%M}" for hours in (1, 2, 3)]
	assert [row["message"][:5] for row in router.rows("/log") if row["topics"] == "script,info"] == expected


# the language


EXPRESSIONS = [
	("1 + 2 * 3", "7"),
	("(1 + 2) * 3 % 5", "4"),
	("-5 + 2", "-3"),
	('"a" . 1 . "b"', "a1b"),
	('[:pick "abcdef" 1 3]', "bc"),
	('[:pick "abcdef" 2]', "c"),
	('[:find "abc" "c"]', "2"),
	('[:len "abc"]', "3"),
	("[:len (1,2,3)]", "3"),
	('[:typeof [:find "abc" "x"]]', "nothing"),
	("[:pick (10,20,30) 1]", "20"),
	("{1;2;3}", "1;2;3"),
	('[:tonum "12"] + 1', "13"),
	("1d2h + 1h", "1d03:00:00"),
	('"abc" ~ "^a.c\\$"', "true"),
	('!("a" = "b")', "true"),
	('not ("a" = "a")', "false"),
	("1 < 2 and 2 < 1", "false"),
	("1 < 2 || 2 < 1", "true"),
	('"10" > 9', "true"),
	('"\\41\\"\\$\\\\"', 'A"$\\'),
	('"1 and $[:len "xy"] and $(3 + 4)"', "1 and 2 and 7"),
	('"$nobody"', ""),
	("2 in (1,2)", "true"),
	("9223372036854775807 + 1", "-9223372036854775808"),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS)
def test_expressions(router: RouterSimulator, expression: str, expected: str) -> None:
	router.add("/system/script", name="s", source=f":local x ({expression})\n:log info message=$x")
	router.run("/system/script/run", number="s")
	assert router.rows("/log")[-1].get("message", "") == expected


SCRIPTS = [
	(":local a 1; { :local a 2 }; :log info $a", "1"),
	(":local a 1; { :set a 2 }; :log info $a", "2"),
	(":global g 7; :local f do={:global g; :return ($g + $n)}; :log info [$f n=1]", "8"),
	(":local s 0; :for i from=1 to=4 do={:set s ($s + $i)}; :log info $s", "10"),
	(":local n 0; :while ($n < 5) do={:set n ($n + 1)}; :log info $n", "5"),
	(':local s ""; :foreach x in=(3,2,1) do={:set s "$s$x"}; :log info $s', "321"),
	(':do {/ppp secret remove "nobody"} on-error={:log info "caught"}', "caught"),
	(":if (1 = 2) do={:log info yes} else={:log info no}", "no"),
	("/ip pool\n:log info [get hs-pool ranges]", "10.5.50.2-10.5.255.254"),
	("/log info [:len [/ip service find where disabled=no]]", "8"),
	("/log info [/ip service print count-only where port>8000 and port<9000]", "3"),
	(
		'# a comment\n\n/ppp secret add name=x \\\n\tcomment="y z"; /log info [/ppp secret get x comment]',
		"y z",
	),
	(
		'/ppp secret add name=x; /ppp secret disable [find name="x"]; /log info [/ppp secret get x disabled]',
		"true",
	),
]


@pytest.mark.parametrize(("source", "expected"), SCRIPTS)
def test_commands(router: RouterSimulator, source: str, expected: str) -> None:
	router.add("/system/script", name="s", source=source)
	router.run("/system/script/run", number="s")
	assert router.rows("/log")[-1]["message"] == expected


BROKEN = [
	("/ip nonsense add", "bad command name nonsense (line 1 column 5)"),
	("/ppp secret add name=x nonsense=1", "expected end of command (line 1 column 24)"),
	(":nonsense 1", "bad command name nonsense"),
	(":parse 1", "bad command name parse"),
	(":local x (1 +", "syntax error"),
	(':log info "open', "syntax error"),
	(":if (1 = 1) do={", "syntax error"),
	("(" * 500, "syntax error"),
	(":local a " + "(" * 500, "nested too deep"),
	("{" * 5000, "nested too deep"),
	(":while (true) do={}", "script runs too long"),
	(":local x (" + "!" * 5000 + "true)", "nested too deep"),
	(':local s "x"; :while (true) do={:set s ($s . $s)}', "out of memory"),
	(':local s "x"; :while (true) do={:set s "$s$s"}', "out of memory"),
	(":local a (1,2); :while (true) do={:set a ($a , $a)}", "out of memory"),
	(":local f do={}; :local x (1 / 0)", "division by zero"),
	(':if ("maybe") do={}', "conditional not boolean"),
	(":set unknown 1", "no such variable unknown"),
	("/ppp secret get nobody name", "no such item"),
	('/ppp secret remove "nobody"', "no such item"),
	(':error "of mine"', "of mine"),
	("$nobody a=1", "no such function nobody"),
	('/tool fetch url="http://localhost/"', "not supported"),
]


@pytest.mark.parametrize(("source", "message"), BROKEN)
def test_what_is_wrong_makes_the_script_fail_with_a_row_in_the_log(router, source: str, message: str) -> None:
	router.add(SCHEDULER, name="s", interval="1h", on_event=source, policy="read,write,test,ftp")
	router.advance(HOUR)
	[error] = _errors(router)
	assert error.startswith("executing script from scheduler (s) failed, please check it manually: ")
	assert message in error
	assert router.rows(SCHEDULER)[0]["run-count"] == "1"


def test_a_menu_that_is_missing_makes_the_whole_script_unreadable(make_router) -> None:
	router = make_router(Behaviour(missing_menus=("/ip/hotspot",)))
	source = "/log info first\n:do {/ip hotspot user remove [find]} on-error={}"
	router.add(SCHEDULER, name="s", interval="1h", on_event=source)
	router.advance(HOUR)
	assert [row["topics"] for row in router.rows("/log")] == ["script,error"]


def test_functions_that_call_themselves_for_ever_fail(router: RouterSimulator) -> None:
	source = ":global f do={:global f; [$f]}\n[$f]"
	router.add(SCHEDULER, name="s", interval="1h", on_event=source)
	router.advance(HOUR)
	assert len(_errors(router)) == 1


def test_scripts_that_set_each_other_off_come_to_an_end(make_router) -> None:
	router = make_router(Behaviour(devices_come_back=True))
	again = "/ip hotspot active remove [find where user=$user]"
	router.add("/ip/hotspot/user/profile", name="p", on_login=again)
	router.add(USERS, name="ann", password="pw", profile="p")
	router.customer.login("ann", "pw")
	assert [message for message in _errors(router) if "without end" in message]


def test_ppp_scripts_know_who_comes_and_goes(router: RouterSimulator) -> None:
	down = ':log info ("down " . $user . " " . $interface)'
	router.add("/ppp/profile", name="p", on_up=':log info ("up $user " . $"remote-address")', on_down=down)
	router.add("/ppp/secret", name="ann", password="pw", profile="p", remote_address="10.9.0.2")
	router.customer.login("ann", "pw", service="pppoe").hang_up()
	assert [row["message"] for row in router.rows("/log") if row["topics"] == "script,info"] == [
		"up ann 10.9.0.2",
		"down ann <pppoe-ann>",
	]


# who may what


def test_a_script_may_not_do_what_its_policies_do_not_allow(router: RouterSimulator) -> None:
	router.add(SCHEDULER, name="s", interval="1h", on_event="/ppp secret add name=x", policy="read")
	router.advance(HOUR)
	assert "not enough permissions (9)" in _errors(router)[0]
	assert router.rows("/ppp/secret") == []


def test_nobody_gives_a_script_policies_of_which_he_has_none(make_router, connect) -> None:
	api = connect(make_router(Behaviour(policies=("api", "read", "write"))))
	for menu in ("/system/script", SCHEDULER):
		with pytest.raises(TrapError, match="not enough permissions"):
			list(api.rawCmd(f"{menu}/add", "=name=s", "=policy=read,write,reboot"))
		list(api.rawCmd(f"{menu}/add", "=name=s", "=policy=read,write"))


def test_a_script_that_may_more_than_its_caller_is_not_run(make_router, connect) -> None:
	router = make_router(Behaviour(policies=("api", "read", "write")))
	router.add("/system/script", name="s", source="/system reboot", policy="reboot")
	with pytest.raises(TrapError, match="not enough permissions"):
		list(connect(router).rawCmd("/system/script/run", "=number=s"))


def test_a_failing_script_is_a_trap_to_who_runs_it(router: RouterSimulator, connect) -> None:
	router.add("/system/script", name="s", source=":error broken")
	with pytest.raises(TrapError, match="broken"):
		list(connect(router).rawCmd("/system/script/run", "=number=s"))
