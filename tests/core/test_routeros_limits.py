"""What a hostile router, or no router at all, can neither take from this server nor be told by it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.routeros import client, sentences, wire
from mikrotik_integration.core.routeros.client import Command, Endpoint, connect
from mikrotik_integration.core.routeros.errors import (
	BadValue,
	ConnectionLost,
	LoginFailed,
	TlsFailed,
	TooMuch,
	Unreachable,
)
from mikrotik_integration.core.routeros.transport import Tls
from mikrotik_integration.core.routeros.wire import encode

DONE = encode("!done")
CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]


@contextmanager
def a_router(talk: Callable[[socket.socket], None], logs_in: bool = True, **limits: float):
	"""Answers the login, then does `talk`; what it was sent is in the list."""
	listener = socket.create_server(("127.0.0.1", 0))
	heard: list[bytes] = []

	def serve() -> None:
		try:
			connection, _ = listener.accept()
			with connection:
				heard.append(connection.recv(65536))
				if logs_in:
					connection.sendall(DONE)
					heard.append(connection.recv(65536))
				talk(connection)
		except OSError:
			pass

	thread = threading.Thread(target=serve, daemon=True)
	thread.start()
	values = {"connect_timeout_s": 5, "deadline_s": 60} | limits
	try:
		yield Endpoint("127.0.0.1", "api", "secret", listener.getsockname()[1], **values), heard
	finally:
		listener.close()
		thread.join(10)


def row(tag: int = 0, **values: str) -> bytes:
	return encode("!re", *(f"={key}={value}" for key, value in values.items()), f".tag={tag}")


def done(tag: int = 0) -> bytes:
	return encode("!done", f".tag={tag}")


def ask(endpoint: Endpoint, *commands: Command):
	with connect(endpoint) as router:
		return router.run(commands or [Command("/x/print", proplist=("name",))])


# memory


def test_a_big_real_router_is_read_whole():
	rows = b"".join(row(name=f"{number:01000}") for number in range(50_000))
	with a_router(lambda line: line.sendall(rows + done())) as (endpoint, _):
		(reply,) = ask(endpoint)
	assert len(reply.rows) == 50_000


def test_endless_rows_are_cut_off():
	some = row(name="x") * 1000

	def talk(line: socket.socket) -> None:
		while True:
			line.sendall(some)

	with a_router(talk) as (endpoint, _), pytest.raises(TooMuch, match="no router's table"):
		ask(endpoint)


def test_endless_letters_are_cut_off(monkeypatch):
	monkeypatch.setattr(sentences, "MOST_LETTERS_A_REPLY", 10_000)
	rows = row(name="x" * 1000) * 11 + done()
	with (
		a_router(lambda line: line.sendall(rows)) as (endpoint, _),
		pytest.raises(TooMuch, match="no router"),
	):
		ask(endpoint)


def test_endless_traps_and_a_batch_of_large_replies_are_cut_off(monkeypatch):
	monkeypatch.setattr(client, "MOST_BYTES_A_BATCH", 10_000)
	trap = encode("!trap", f"=message={'x' * 1000}", ".tag=0")
	with a_router(lambda line: line.sendall(trap * 11 + done())) as (endpoint, _), pytest.raises(TooMuch):
		ask(endpoint)


def test_many_small_words_are_cut_off_by_the_memory_that_they_take(monkeypatch):
	monkeypatch.setattr(client, "MOST_BYTES_A_BATCH", 100_000)
	rows = row(name="x") * 1000 + done()
	with a_router(lambda line: line.sendall(rows)) as (endpoint, _), pytest.raises(TooMuch):
		ask(endpoint)


def test_letters_of_four_bytes_are_cut_off_by_the_memory_that_they_take(monkeypatch):
	monkeypatch.setattr(client, "MOST_BYTES_A_BATCH", 100_000)
	rows = row(name="😀" * 10_000) * 3 + done()
	with a_router(lambda line: line.sendall(rows)) as (endpoint, _), pytest.raises(TooMuch):
		ask(endpoint)


def test_a_connection_that_never_ends_is_cut_off(monkeypatch):
	monkeypatch.setattr(wire, "MOST_BYTES_A_CONNECTION", 10_000)
	with a_router(lambda line: line.sendall(b"\x00" * 20_000)) as (endpoint, _), pytest.raises(TooMuch):
		ask(endpoint)


def test_only_what_was_asked_for_is_kept():
	answer = row(name="ann", **{f"x{number}": "y" for number in range(500)}) + done()
	with a_router(lambda line: line.sendall(answer)) as (endpoint, _):
		(reply,) = ask(endpoint)
	assert reply.rows == ({"name": "ann"},)


@pytest.mark.parametrize("word", [b"\x02=x", b"\xc1\x00\x00" + b"y" * 65_536])
def test_a_sentence_without_end_is_cut_off(word):
	def talk(line: socket.socket) -> None:
		while True:
			line.sendall(word * 100)

	with a_router(talk) as (endpoint, _), pytest.raises(ConnectionLost, match="a sentence of more than"):
		ask(endpoint)


@pytest.mark.parametrize("flood", [row(name="x"), b"\x00", b"\x02=x"])
def test_who_has_not_logged_us_in_may_say_next_to_nothing(flood):
	with (
		a_router(lambda line: line.sendall(flood * 5_000), logs_in=False) as (endpoint, _),
		pytest.raises(TooMuch, match="4,096 bytes"),
	):
		connect(endpoint)


# time


def test_a_silent_router_is_given_up_however_long_the_batch():
	def talk(line: socket.socket) -> None:
		time.sleep(3)

	with a_router(talk, deadline_s=0.2) as (endpoint, _), pytest.raises(ConnectionLost, match="fell silent"):
		ask(endpoint, *[Command("/x/print")] * 10_000)


def test_each_finished_reply_extends_the_deadline():
	def talk(line: socket.socket) -> None:
		for number in range(6):
			time.sleep(0.2)
			line.sendall(done(number))

	with a_router(talk, deadline_s=1) as (endpoint, _):
		assert len(ask(endpoint, *[Command("/x/print")] * 6)) == 6


def test_what_trickles_in_without_finishing_a_reply_extends_nothing():
	def talk(line: socket.socket) -> None:
		for _ in range(40):
			time.sleep(0.1)
			line.sendall(row(name="x"))

	with a_router(talk, deadline_s=0.3) as (endpoint, _), pytest.raises(ConnectionLost, match="too slow"):
		ask(endpoint)


def test_a_router_that_finishes_a_reply_now_and_then_does_not_last_for_ever():
	def talk(line: socket.socket) -> None:
		for number in range(40):
			time.sleep(0.1)
			line.sendall(done(number))

	with a_router(talk, lifetime_s=0.5) as (endpoint, _), pytest.raises(ConnectionLost, match="too slow"):
		ask(endpoint, *[Command("/x/print")] * 40)


# words to a router


@pytest.mark.parametrize("letter", CONTROLS)
@pytest.mark.parametrize("field", ["username", "password"])
def test_no_login_with_a_control_character_is_sent_anywhere(letter, field):
	values = {"username": "api", "password": "secret"} | {field: f"x{letter}FLUSHALL"}
	with socket.create_server(("127.0.0.1", 0)) as redis:
		redis.settimeout(0)
		with pytest.raises(LoginFailed, match="control characters") as caught:
			connect(Endpoint("127.0.0.1", port=redis.getsockname()[1], **values))
		with pytest.raises(BlockingIOError):
			redis.accept()
	assert "FLUSHALL" not in str(caught.value)


@pytest.mark.parametrize("letter", CONTROLS)
@pytest.mark.parametrize(
	"command",
	[
		lambda letter: Command(f"/x/{letter}set"),
		lambda letter: Command("/x/set", ((f"a{letter}", "b"),)),
		lambda letter: Command("/x/set", (("password", f"b{letter}"),)),
		lambda letter: Command("/x/set", (("comment", f"b{letter}"),)),
		lambda letter: Command("/x/print", queries=(f"?name={letter}",)),
		lambda letter: Command("/x/print", proplist=(f"a{letter}",)),
	],
)
def test_a_word_with_a_control_character_is_refused_and_not_sent(letter, command):
	with a_router(lambda line: line.sendall(done(1))) as (endpoint, heard):
		refused, good = ask(endpoint, command(letter), Command("/y/print"))
	assert isinstance(refused.error, BadValue)
	assert "control characters" in str(refused.error)
	assert good.error is None
	assert heard[1] == encode("/y/print", ".tag=1")


def test_files_and_scripts_may_hold_lines_and_nothing_else_of_the_kind():
	def words(key: str, value: str) -> list[str]:
		return list(Command("/file/add", ((key, value),)).words())

	for key in ("contents", "source", "on-login", "on-logout"):
		assert words(key, "one\r\n\ttwo") == ["/file/add", f"={key}=one\r\n\ttwo"]
		for letter in set(CONTROLS) - set("\t\r\n"):
			with pytest.raises(sentences.Unsendable):
				words(key, f"one{letter}two")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_every_other_text_may_be_sent(text):
	assert sentences.sendable(text) == text


def test_an_address_or_certificate_that_is_none_is_said_in_words_of_our_own():
	with pytest.raises(Unreachable, match="control characters"):
		connect(Endpoint("127.0.0.1\x00.example", "api", "secret"))
	with (
		a_router(lambda line: None) as (endpoint, _),
		pytest.raises(TlsFailed, match="PEM"),
	):
		connect(Endpoint("127.0.0.1", "api", "secret", endpoint.port, tls=Tls("kein Zertifikat: é")))


# words from a router

HTML = "<img src=x onerror=alert(1)>\x1b[31m\u202e"


def test_what_a_router_says_is_plain_in_every_error():
	trap = encode("!trap", f"=message={HTML}", f"=category={'1' * 5000}", ".tag=0") + done()
	with a_router(lambda line: line.sendall(trap)) as (endpoint, _):
		(reply,) = ask(endpoint)
	fatal = encode("!fatal", HTML)
	with a_router(lambda line: line.sendall(fatal)) as (endpoint, _), pytest.raises(ConnectionLost) as lost:
		ask(endpoint)
	with (
		a_router(lambda line: line.sendall(fatal), logs_in=False) as (endpoint, _),
		pytest.raises(LoginFailed) as refused,
	):
		connect(endpoint)
	for text in (str(reply.error), str(lost.value), str(refused.value)):
		assert "onerror" in text
		assert not set("<>\x1b\u202e") & set(text)


@pytest.mark.parametrize("tag", ["1" * 5000, "\u0660", "-1", ""])
def test_a_tag_that_is_no_number_is_a_lost_connection(tag):
	answer = encode("!done", f".tag={tag}")
	with a_router(lambda line: line.sendall(answer)) as (endpoint, _), pytest.raises(ConnectionLost):
		ask(endpoint)
