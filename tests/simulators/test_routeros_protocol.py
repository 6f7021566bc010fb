"""The binary API as the manual describes it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librouteros.protocol import encode_sentence as librouteros_sentence

from mikrotik_integration.simulators.routeros import Behaviour, RouterSimulator
from mikrotik_integration.simulators.routeros.wire import SentenceReader, encode_length, encode_sentence

LENGTHS = {
	0: b"\x00",
	0x7F: b"\x7f",
	0x80: b"\x80\x80",
	0x3FFF: b"\xbf\xff",
	0x4000: b"\xc0\x40\x00",
	0x1FFFFF: b"\xdf\xff\xff",
	0x200000: b"\xe0\x20\x00\x00",
	0xFFFFFFF: b"\xef\xff\xff\xff",
	0x10000000: b"\xf0\x10\x00\x00\x00",
}
WORDS = st.lists(st.text(min_size=1, max_size=300).filter(lambda word: "\ud800" not in word), min_size=1)


@pytest.mark.parametrize(("length", "encoded"), LENGTHS.items())
def test_each_size_class_of_word_lengths_is_encoded_as_in_the_manual(length: int, encoded: bytes) -> None:
	assert encode_length(length) == encoded


@given(st.lists(WORDS, max_size=5), st.integers(1, 50))
def test_sentences_survive_however_the_stream_is_cut(sentences: list[list[str]], size: int) -> None:
	stream = b"".join(librouteros_sentence(*words, encoding="utf-8") for words in sentences)
	reader = SentenceReader()
	read = [
		words for start in range(0, len(stream), size) for words in reader.feed(stream[start : start + size])
	]
	assert read == sentences


@given(WORDS)
def test_sentences_are_written_as_librouteros_writes_them(words: list[str]) -> None:
	assert encode_sentence(words) == librouteros_sentence(*words, encoding="utf-8")


@pytest.mark.parametrize("size", [127, 128, 0x3FFF, 0x4000, 0x200000])
def test_values_of_every_size_class_come_back_whole(api, size: int) -> None:
	comment = "x" * size
	api.path("/ip/hotspot/user").add(name="ann", comment=comment)
	rows = tuple(api.rawCmd("/ip/hotspot/user/print", "?name=ann", "=.proplist=comment"))
	assert rows == ({"comment": comment},)


def test_a_word_may_be_sent_in_the_five_byte_form(wire) -> None:
	word = b"/system/identity/print"
	wire.send_bytes(b"\xf0" + len(word).to_bytes(4, "big") + word + b"\x00")
	assert wire.until_done()[-1] == ["!done"]


@pytest.mark.parametrize("first", [0xF8, 0xFF])
def test_a_reserved_control_byte_ends_the_connection(wire, first: int) -> None:
	wire.send_bytes(bytes([first]))
	assert wire.at_end()


def test_empty_sentences_are_ignored(wire) -> None:
	wire.send_bytes(b"\x00\x00\x00")
	assert wire.ask("/system/identity/print") == [["!re", "=name=MikroTik"], ["!done"]]


def test_bytes_that_are_no_utf8_come_back_as_they_were_sent(wire) -> None:
	words = [b"/ip/hotspot/user/add", b"=name=caf\xe9"]
	wire.send_bytes(b"".join(bytes([len(word)]) + word for word in words) + b"\x00")
	assert wire.until_done() == [["!done", "=ret=*1"]]
	wire.send("/ip/hotspot/user/print", "=.proplist=name")
	wire.until_bytes(b"=name=caf\xe9")


def test_tags_come_back_on_every_reply_to_a_command(wire) -> None:
	wire.send("/ip/hotspot/user/print", ".tag=a 1", "=.proplist=name")
	wire.send("/nonsense/print", ".tag=b")
	assert wire.until_done() == [["!re", ".tag=a 1", "=name=default-trial"], ["!done", ".tag=a 1"]]
	assert wire.until_done() == [["!trap", ".tag=b", "=message=no such command prefix"], ["!done", ".tag=b"]]


def test_replies_to_commands_under_way_together_may_come_mixed(make_router, dial) -> None:
	wire = dial(make_router(Behaviour(interleave_replies=True))).login()
	sentences = ["/ip/service/print", "/ip/hotspot/profile/print"]
	wire.send_bytes(b"".join(encode_sentence([path, f".tag={path}"]) for path in sentences))
	first = [*wire.until_done(), *wire.until_done()]
	order = [reply[1] for reply in first if reply[0] == "!re"]
	assert sorted(order) != order
	assert len(order) == 10


def test_a_command_that_goes_on_can_be_cancelled(wire) -> None:
	wire.send("/system/script/print", "=follow=", ".tag=f")
	wire.send("/cancel", "=tag=f", ".tag=c")
	assert wire.until_done() == [
		["!trap", ".tag=f", "=category=2", "=message=interrupted"],
		["!done", ".tag=f"],
	]
	assert wire.until_done() == [["!done", ".tag=c"]]


def test_a_command_that_waits_for_the_processor_can_be_cancelled(router: RouterSimulator, wire) -> None:
	router.set_faults(service_ms=60_000)
	wire.send("/ip/hotspot/user/add", "=name=ann", ".tag=1")
	wire.send("/cancel", "=tag=1")
	assert wire.until_done()[0] == ["!trap", ".tag=1", "=category=2", "=message=interrupted"]
	assert [row["name"] for row in router.rows("/ip/hotspot/user")] == ["default-trial"]


def test_quit_ends_the_connection_with_a_bare_word(wire) -> None:
	wire.send("/quit")
	assert wire.sentence() == ["!fatal", "session terminated on request"]
	assert wire.at_end()


def test_nothing_is_done_before_login(router: RouterSimulator, dial) -> None:
	wire = dial(router)
	wire.send("/ip/hotspot/user/add", "=name=ann")
	assert wire.sentence() == ["!fatal", "not logged in"]
	assert [row["name"] for row in router.rows("/ip/hotspot/user")] == ["default-trial"]


@pytest.mark.parametrize(("version", "expected"), [("7.17", [["!done"]]), ("7.18", [["!empty"], ["!done"]])])
def test_no_rows_are_empty_from_7_18_on(make_router, dial, version: str, expected: list[list[str]]) -> None:
	wire = dial(make_router(Behaviour(version=version))).login()
	assert wire.ask("/ppp/secret/print") == expected


def test_routers_before_6_43_answer_a_login_with_a_challenge(make_router, dial) -> None:
	wire = dial(make_router(Behaviour(version="6.42")))
	[[done, ret]] = wire.ask("/login", "=name=api", "=password=secret")
	digest = hashlib.md5(b"\x00secret" + bytes.fromhex(ret.removeprefix("=ret="))).hexdigest()
	assert done == "!done"
	assert wire.ask("/login", "=name=api", f"=response=00{digest}") == [["!done"]]


def test_a_challenge_serves_once(make_router, dial) -> None:
	wire = dial(make_router(Behaviour(version="6.42")))
	[[_, ret]] = wire.ask("/login")
	digest = hashlib.md5(b"\x00secret" + bytes.fromhex(ret.removeprefix("=ret="))).hexdigest()
	refused = [["!trap", "=message=cannot log in"], ["!done"]]
	assert wire.ask("/login", "=name=api", "=response=00" + "0" * 32) == refused
	assert wire.ask("/login", "=name=api", f"=response=00{digest}") == refused


def test_librouteros_logs_in_with_the_challenge(make_router, connect) -> None:
	from librouteros.login import token

	api = connect(make_router(Behaviour(version="6.42")), login_method=token)
	assert tuple(api("/system/identity/print")) == ({"name": "MikroTik"},)


def test_a_wrong_password_is_refused_and_may_be_corrected(router: RouterSimulator, dial) -> None:
	wire = dial(router)
	refused = [["!trap", "=message=invalid user name or password (6)"], ["!done"]]
	assert wire.ask("/login", "=name=api", "=password=wrong") == refused
	assert wire.ask("/login", "=name=nobody", "=password=secret") == refused
	wire.login()


def test_traps_carry_categories_only_on_routers_that_send_them(make_router, dial) -> None:
	wire = dial(make_router(Behaviour(trap_categories=True))).login()
	trap = ["!trap", "=category=0", "=message=no such command prefix"]
	assert wire.ask("/nonsense/print") == [trap, ["!done"]]
