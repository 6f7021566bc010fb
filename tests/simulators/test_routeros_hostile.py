"""Broken and hostile routers, hostile clients, and commands that tell what changes."""

from __future__ import annotations

import json

import pytest

from mikrotik_integration.simulators.routeros import Behaviour, RouterSimulator
from mikrotik_integration.simulators.routeros.control import Control, ControlPort
from mikrotik_integration.simulators.routeros.wire import encode_length, encode_sentence

MEBIBYTE = 1024 * 1024


def _ask(wire, *words: str) -> list[list[str]]:
	return [reply for reply in wire.ask(*words) if reply[0] != "!done"]


# what a router says


ODD = [
	("/ip/hotspot/active/print", "bytes-in", "1 234"),
	("/ip/hotspot/active/print", "uptime", "?"),
	("/system/resource/print", "cpu-load", "3%"),
	("/system/resource/print", "free-memory", "1.2GiB"),
]


@pytest.mark.parametrize(("path", "name", "text"), ODD)
def test_a_number_may_be_spelt_oddly(router: RouterSimulator, wire, path: str, name: str, text: str) -> None:
	router.add("/ip/hotspot/user", name="ann", password="pw")
	router.customer.login("ann", "pw")
	router.set_faults(odd_spellings={name: text})
	assert _ask(wire, path, f"=.proplist={name}") == [["!re", f"={name}={text}"]]


def test_only_the_rows_of_one_user_may_be_spelt_oddly(router: RouterSimulator, wire) -> None:
	for name in ("ann", "ben"):
		router.add("/ip/hotspot/user", name=name)
	router.set_faults(odd_spellings={"bytes-in": "1 234"}, odd_rows_of="ann")
	replies = _ask(
		wire, "/ip/hotspot/user/print", "=.proplist=name,bytes-in", "?name=ann", "?name=ben", "?#|"
	)
	assert replies == [["!re", "=name=ann", "=bytes-in=1 234"], ["!re", "=name=ben", "=bytes-in=0"]]


def test_rows_may_come_without_id(router: RouterSimulator, wire) -> None:
	router.set_faults(rows_without_id="/ip/pool")
	assert _ask(wire, "/ip/pool/print", "=.proplist=.id,name") == [["!re", "=name=hs-pool"]]
	assert _ask(wire, "/queue/type/print", "=.proplist=.id", "?name=default") == [["!re", "=.id=*0"]]


@pytest.mark.parametrize("path", ["/ppp/active/print", "/login"])
def test_rows_may_have_no_end(router: RouterSimulator, dial, path: str) -> None:
	client = dial(router) if path == "/login" else dial(router).login()
	router.set_faults(endless_rows=path)
	client.send(path, ".tag=7")
	seen = sum(len(client.what_came()) for _ in range(5000))
	assert seen > MEBIBYTE


def test_rows_without_end_may_come_slowly(router: RouterSimulator, wire) -> None:
	router.set_faults(endless_rows="/ppp", trickle_bytes_per_s=2000)
	wire.send("/ppp/active/print")
	assert [wire.sentence() for _ in range(3)] == [
		["!re", f"=.id=*{number}", f"=name=endless-{number}"] for number in range(3)
	]


def test_a_router_goes_on_with_others_while_rows_have_no_end(router: RouterSimulator, wire, dial) -> None:
	router.set_faults(endless_rows="/ppp")
	wire.send("/ppp/active/print")
	assert wire.sentence()[0] == "!re"
	assert _ask(dial(router).login(), "/ip/pool/print", "=.proplist=name") == [["!re", "=name=hs-pool"]]


@pytest.mark.parametrize(
	"text",
	[
		"<img src=x onerror=alert(1)>",
		"one\r\ntwo\x00\x1b[31mthree\u202e",
		json.dumps({"message": "<b>x</b>"}),
		"x" * MEBIBYTE,
	],
	ids=["html", "control characters", "json", "very long"],
)
def test_a_trap_may_say_anything(router: RouterSimulator, wire, text: str) -> None:
	router.set_faults(trap_message=text, refuse_commands="/ppp")
	wire.send("/ppp/secret/add", "=name=ann")
	assert wire.sentence() == ["!trap", f"=message={text}"]
	assert router.rows("/ppp/secret") == []


def test_tags_and_categories_may_have_thousands_of_digits(router: RouterSimulator, wire) -> None:
	router.set_faults(tag_digits=5000, category_digits=6000, refuse_commands="/ppp")
	wire.send("/ppp/secret/print", ".tag=1")
	trap, done = wire.sentence(), wire.sentence()
	assert trap == ["!trap", f".tag={'9' * 5000}", f"=category={'9' * 6000}", "=message=failure: refused"]
	assert done == ["!done", f".tag={'9' * 5000}"]


def test_all_of_it_can_be_ordered_from_outside(router: RouterSimulator, wire) -> None:
	with ControlPort(router) as port, Control(port.port) as control:
		control.do("faults", odd_spellings={"name": "?"}, rows_without_id="/", trap_message="<b>")
		assert _ask(wire, "/ip/pool/print", "=.proplist=.id,name") == [["!re", "=name=?"]]
		assert _ask(wire, "/nowhere/print") == [["!trap", "=message=<b>"]]
		control.do("faults", odd_spellings={}, rows_without_id=None, trap_message=None)
	assert _ask(wire, "/ip/pool/print", "=.proplist=name") == [["!re", "=name=hs-pool"]]


# what a client may send before it is logged in


def _ends_with(wire, word: str) -> None:
	assert wire.sentence() == ["!fatal", word]
	assert wire.at_end()


def test_a_long_word_before_login_ends_the_connection_before_it_has_come(
	router: RouterSimulator, dial
) -> None:
	client = dial(router)
	client.send_bytes(encode_length(8 * MEBIBYTE))
	_ends_with(client, "word too long")


def test_much_before_login_ends_the_connection(make_router, dial) -> None:
	client = dial(make_router(Behaviour(login_bytes=1000)))
	client.send_bytes(encode_sentence(["/login", *["=name=" + "x" * 100] * 20]))
	_ends_with(client, "too much before login")


def test_a_sentence_that_never_ends_ends_the_connection(make_router, dial) -> None:
	client = dial(make_router(Behaviour(login_bytes=1000)))
	client.send_bytes(b"\x01x" * 600)
	_ends_with(client, "too much before login")


def test_who_does_not_log_in_is_sent_away(make_router, dial) -> None:
	_ends_with(dial(make_router(Behaviour(login_timeout_s=0.1))), "login timeout")


def test_who_is_logged_in_may_send_more_and_stay(make_router, dial) -> None:
	behaviour = Behaviour(login_word_bytes=100, login_bytes=500, login_timeout_s=0.1)
	client = dial(make_router(behaviour)).login()
	client.send_bytes(encode_sentence(["/system/script/add", "=name=s", "=source=" + "x" * 10_000]))
	assert client.until_done()[0][0] == "!done"
	assert client.ask("/system/identity/print")[0][0] == "!re"


# listen


def test_listen_tells_what_is_new_has_changed_and_went(router: RouterSimulator, wire) -> None:
	before = router.add("/ip/hotspot/user", name="before")
	wire.send("/ip/hotspot/user/listen", "=.proplist=.id,name,comment,.dead", ".tag=l")
	assert wire.ask("/ip/pool/print", "=.proplist=name", ".tag=p")[0][0] == "!re"
	row_id = router.add("/ip/hotspot/user", name="ann")
	assert wire.sentence() == ["!re", ".tag=l", f"=.id={row_id}", "=name=ann"]
	router.run("/ip/hotspot/user/set", {".id": row_id, "comment": "late"})
	assert wire.sentence() == ["!re", ".tag=l", f"=.id={row_id}", "=name=ann", "=comment=late"]
	router.run("/ip/hotspot/user/remove", {".id": before})
	assert wire.sentence() == ["!re", ".tag=l", f"=.id={before}", "=.dead=true"]


def test_listen_ends_when_it_is_cancelled(router: RouterSimulator, wire) -> None:
	wire.send("/ppp/active/listen", ".tag=l")
	wire.send("/cancel", "=tag=l", ".tag=c")
	assert wire.until_done() == [
		["!trap", ".tag=l", "=category=2", "=message=interrupted"],
		["!done", ".tag=l"],
	]
	assert wire.until_done() == [["!done", ".tag=c"]]
	router.add("/ppp/secret", name="ann", password="pw", remote_address="10.0.0.9")
	router.customer.login("ann", "pw", service="pppoe")
	assert wire.ask("/ip/pool/print", "=.proplist=name") == [["!re", "=name=hs-pool"], ["!done"]]


def test_listen_does_not_tell_that_time_goes_by(router: RouterSimulator, wire) -> None:
	for name in ("ann", "ben"):
		router.add("/ip/hotspot/user", name=name)
	session = router.customer.login("ann", "")
	wire.send("/ip/hotspot/active/listen", "=.proplist=user", ".tag=l")
	assert wire.ask("/ip/pool/print", "=.proplist=name", ".tag=p")[0][0] == "!re"
	session.move(download=1000, seconds=60)
	router.customer.login("ben", "")
	assert wire.sentence() == ["!re", ".tag=l", "=user=ben"]


def test_print_with_follow_tells_what_there_is_and_then_what_changes(router: RouterSimulator, wire) -> None:
	wire.send("/ip/pool/print", "=follow=", "=.proplist=name", ".tag=f")
	assert wire.sentence() == ["!re", ".tag=f", "=name=hs-pool"]
	router.add("/ip/pool", name="other", ranges="10.9.0.2-10.9.0.9")
	assert wire.sentence() == ["!re", ".tag=f", "=name=other"]


def test_listen_needs_the_policy_to_read_and_a_menu_to_listen_to(make_router, dial) -> None:
	wire = dial(make_router(Behaviour(policies=("api", "write")))).login()
	assert _ask(wire, "/ip/pool/listen") == [["!trap", "=message=not enough permissions (9)"]]
	assert _ask(wire, "/tool/listen") == [["!trap", "=message=no such command"]]


# users and their groups


GROUPS = [
	("read", "/ip/pool/print", True),
	("read", "/ppp/secret/add", False),
	("read", "/user/group/add", False),
	("write", "/ppp/secret/add", True),
	("write", "/user/group/add", False),
	("write", "/file/add", False),
	("full", "/user/group/add", True),
	("full", "/file/add", True),
]


@pytest.mark.parametrize(("group", "path", "allowed"), GROUPS)
def test_the_usual_groups_allow_what_they_usually_do(
	router: RouterSimulator, dial, group: str, path: str, allowed: bool
) -> None:
	router.add("/user", name="boss", group=group, password="pw")
	words = [] if path.endswith("print") else ["=name=x"]
	replies = dial(router).login("boss", "pw").ask(path, *words)
	assert (["!trap", "=message=not enough permissions (9)"] not in replies) is allowed


def test_the_api_user_may_be_put_into_another_group(router: RouterSimulator, dial) -> None:
	router.run("/user/set", {".id": "api", "group": "read"})
	wire = dial(router).login()
	assert _ask(wire, "/ppp/secret/add", "=name=x") == [["!trap", "=message=not enough permissions (9)"]]
