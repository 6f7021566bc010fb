"""Bytes that no well-behaved router sends, and those that only few do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mikrotik_integration.core.routeros.client import Command, Endpoint, connect
from mikrotik_integration.core.routeros.errors import ConnectionLost, LoginFailed, RouterError, Trap
from mikrotik_integration.core.routeros.wire import Wire, encode

LOGGED_IN = encode("!done")


@contextmanager
def a_router_that_says(*answers: bytes):
	"""Accepts one connection; after each sentence that comes in it sends the next answer, and at last hangs up."""
	listener = socket.create_server(("127.0.0.1", 0))

	def talk() -> None:
		connection, _ = listener.accept()
		with connection:
			for answer in answers:
				if not connection.recv(65536):
					return
				connection.sendall(answer)
			connection.shutdown(socket.SHUT_WR)
			while connection.recv(65536):
				pass

	thread = threading.Thread(target=talk, daemon=True)
	thread.start()
	try:
		yield Endpoint(
			"127.0.0.1", "api", "secret", listener.getsockname()[1], connect_timeout_s=5, deadline_s=5
		)
	finally:
		listener.close()
		thread.join(5)


def ask(answer: bytes):
	with a_router_that_says(LOGGED_IN, answer) as endpoint, connect(endpoint) as router:
		return router.run([Command("/x/print")])[0]


def received(chunks: Iterable[bytes]) -> list[list[str]]:
	ours, theirs = socket.socketpair()
	with ours, theirs:
		wire, sentences = Wire(ours), []
		for chunk in chunks:
			theirs.sendall(chunk)
			sentences += wire.receive(deadline=time.monotonic() + 60)
		return sentences


@settings(deadline=None)
@given(
	st.lists(
		st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300), min_size=1),
		min_size=1,
	),
	st.lists(st.integers(1, 400)),
)
def test_sentences_are_the_same_however_they_are_cut_into_packets(sentences, sizes):
	data = b"".join(encode(*words) for words in sentences)
	chunks = []
	for size in [*sizes, len(data) or 1]:
		chunks, data = ([*chunks, data[:size]], data[size:]) if data else (chunks, data)
	assert received(chunks) == sentences


def test_empty_sentences_are_ignored():
	assert received([b"\x00\x00" + encode("!done") + b"\x00"]) == [["!done"]]


def test_bytes_that_are_no_utf8_stay_visible():
	reply = ask(b"\x03!re\x06=n=a\xe9b\x07.tag=0\x00".replace(b"\x07", b"\x06") + encode("!done", ".tag=0"))
	assert reply.rows == ({"n": "a\\xe9b"},)


def test_a_value_may_hold_equal_signs():
	reply = ask(encode("!re", "=name=a=b=c", "=empty=", ".tag=0") + encode("!done", ".tag=0"))
	assert reply.rows == ({"name": "a=b=c", "empty": ""},)


def test_a_trap_waits_for_its_end():
	reply = ask(encode("!trap", "=category=1", "=message=odd", ".tag=0") + encode("!done", ".tag=0"))
	assert isinstance(reply.error, Trap)
	assert (reply.error.message, reply.error.category) == ("odd", 1)


def test_the_first_of_several_traps_counts():
	traps = encode("!trap", "=message=one", ".tag=0") + encode("!trap", "=message=two", ".tag=0")
	assert ask(traps + encode("!done", ".tag=0")).error.message == "one"


@pytest.mark.parametrize(
	"answer",
	[
		b"",
		b"\x05!do",
		encode("!re", "=a=b", ".tag=0"),
		encode("!fatal", "session terminated on request"),
		encode("!done", ".tag=77"),
		encode("!done"),
		encode("!re", "=a=b", ".tag=x"),
		b"\xf8\x00\x00\x00\x00",
		b"\xf0\x00\x00\x00\x05hello\x00",
		b"\xef\xff\xff\xff",
		b"HTTP/1.1 400 Bad Request\r\n\r\n",
	],
)
def test_a_broken_reply_is_a_lost_connection(answer):
	with pytest.raises(ConnectionLost):
		ask(answer)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_a_router_error(answer):
	for answers in ((answer,), (LOGGED_IN, answer)):
		try:
			with a_router_that_says(*answers) as endpoint, connect(endpoint) as router:
				router.run([Command("/x/print")])
		except RouterError:
			pass


@pytest.mark.parametrize(
	("answer", "kind"),
	[
		(encode("!fatal", "too many sessions"), LoginFailed),
		(encode("!trap", "=message=cannot log in") + encode("!done"), LoginFailed),
		(encode("!trap", "=message=not allowed (9)") + encode("!done"), LoginFailed),
		(encode("!done", "=ret=no hex"), LoginFailed),
		(encode("220 ftp.example ready"), ConnectionLost),
		(b"", ConnectionLost),
	],
)
def test_who_is_not_let_in_is_told_why(answer, kind):
	with a_router_that_says(answer) as endpoint, pytest.raises(kind):
		connect(endpoint)
