"""The client against a simulated router, over a socket."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from routeros_factories import PASSWORD, a_simulator, connect_to, endpoint_of

from mikrotik_integration.core.routeros.client import WINDOW_BYTES, Command, Tls, connect
from mikrotik_integration.core.routeros.errors import (
	AlreadyExists,
	BadValue,
	ConnectionLost,
	LoginFailed,
	NoSuchCommand,
	NoSuchItem,
	NotPermitted,
	RouterError,
	TlsFailed,
	Unreachable,
)
from mikrotik_integration.simulators.routeros import Behaviour, Certificate, Faults, RouterSimulator

USERS = "/ip/hotspot/user"


@pytest.fixture(scope="module")
def shared() -> Iterator[RouterSimulator]:
	with a_simulator() as simulator:
		yield simulator


@pytest.fixture
def router() -> Iterator[RouterSimulator]:
	with a_simulator() as simulator:
		yield simulator


def add(name: str, **values: str) -> Command:
	return Command(f"{USERS}/add", (("name", name), *values.items()))


def names(simulator: RouterSimulator) -> set[str]:
	return {row["name"] for row in simulator.rows(USERS)} - {"default-trial"}


def test_replies_come_in_the_order_of_the_commands_however_the_router_mixes_them():
	with (
		a_simulator(behaviour=Behaviour(interleave_replies=True)) as simulator,
		connect_to(simulator) as client,
	):
		client.run([add(f"u{number}") for number in range(500)])
		questions = [
			Command(f"{USERS}/print", queries=(f"?name=u{n}",), proplist=("name",)) for n in range(500)
		]
		assert [reply.rows for reply in client.run(questions)] == [({"name": f"u{n}"},) for n in range(500)]


def test_an_added_row_is_known_by_its_id(router):
	with connect_to(router) as client:
		(reply,) = client.run([add("ann")])
	assert reply.ret in {row[".id"] for row in router.rows(USERS)}


def test_one_refused_command_does_not_touch_the_others(router):
	with connect_to(router) as client:
		replies = client.run([add("ann"), add("ann"), add("bob")])
	assert [type(reply.error) for reply in replies] == [type(None), AlreadyExists, type(None)]
	assert names(router) == {"ann", "bob"}


@pytest.mark.parametrize("version", ["6.40", "6.49", "7.16", "7.20"])
def test_an_empty_answer_is_no_rows_in_every_version(version):
	with a_simulator(behaviour=Behaviour(version=version)) as simulator, connect_to(simulator) as client:
		assert client.rows(USERS, ["name"], "?name=nobody") == []


def test_an_old_router_asks_for_the_challenge():
	with a_simulator(behaviour=Behaviour(version="6.40")) as simulator:
		with connect_to(simulator) as client:
			assert client.rows("/system/identity", ["name"]) == [{"name": "MikroTik"}]
		with pytest.raises(LoginFailed, match="password"):
			connect_to(simulator, password="wrong")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=255))
def test_every_text_comes_back_as_it_was_sent(shared, text):
	with connect_to(shared) as client:
		(reply,) = client.run([add("x", comment=text)])
		(row,) = client.rows(USERS, ["comment", ".id"], "?name=x")
		client.run([Command(f"{USERS}/remove", ((".id", row[".id"]),))])
	assert (reply.error, row.get("comment", "")) == (None, text)


@pytest.mark.parametrize("size", [127, 128, 0x3FFF, 0x4000, 70_000])
def test_words_of_every_length_pass(router, size):
	with connect_to(router) as client:
		client.run([add("x", comment="c" * size)])
		assert client.rows(USERS, ["comment"], "?name=x") == [{"comment": "c" * size}]


def test_a_batch_larger_than_the_window_and_all_buffers_passes(router):
	with connect_to(router) as client:
		replies = client.run([add(f"u{n}", comment="c" * (WINDOW_BYTES // 3)) for n in range(60)])
	assert [reply.error for reply in replies] == [None] * 60


def test_values_stay_texts(router):
	with connect_to(router) as client:
		client.run([add("123"), add("yes"), add("00")])
		assert {row["name"] for row in client.rows(USERS, ["name"])} >= {"123", "yes", "00"}


def test_a_text_that_cannot_be_sent_is_refused_alone(router):
	with connect_to(router) as client:
		replies = client.run([add("bad\ud800"), add("good")])
	assert [type(reply.error) for reply in replies] == [BadValue, type(None)]
	assert names(router) == {"good"}


def test_no_commands_are_no_work(router):
	with connect_to(router) as client:
		assert client.run([]) == []


@pytest.mark.parametrize("numbered", [True, False])
def test_refusals_are_known_by_their_words(numbered):
	behaviour = Behaviour(numbered_traps=numbered, policies=("api", "read", "write"))
	commands = {
		Command("/ip/nonsense/print"): NoSuchCommand,
		Command(f"{USERS}/sing"): NoSuchCommand,
		Command(f"{USERS}/remove", ((".id", "*FFFF"),)): NoSuchItem,
		add("u", profile="nothing-like-it"): BadValue,
		add("u", nonsense="1"): BadValue,
		add("u", address="nowhere"): BadValue,
	}
	with a_simulator(behaviour=behaviour) as simulator, connect_to(simulator) as client:
		replies = client.run(list(commands))
	assert [type(reply.error) for reply in replies] == list(commands.values())


def test_a_missing_policy_is_named(router):
	router.run("/user/group/set", numbers="api", policy="api,read")
	with connect_to(router) as client:
		(reply,) = client.run([add("ann")])
	assert isinstance(reply.error, NotPermitted)
	assert "policies api, read and write" in str(reply.error)


# getting in


def test_a_wrong_password_is_said_and_not_repeated(router):
	with pytest.raises(LoginFailed, match="Wrong user name or password") as caught:
		connect_to(router, password="hunter2")
	assert "hunter2" not in str(caught.value)


def test_a_missing_api_policy_is_a_failed_login():
	with (
		a_simulator(behaviour=Behaviour(policies=("read", "write"))) as simulator,
		pytest.raises(LoginFailed),
	):
		connect_to(simulator)


def test_a_closed_port_is_unreachable():
	faults = Faults(refuse_connections=True)
	with a_simulator(faults=faults) as simulator, pytest.raises(Unreachable, match="refused"):
		connect_to(simulator)


@pytest.mark.parametrize(
	("host", "words"),
	[
		("no-such-host.invalid", "is not known"),
		("", "No address"),
		("   ", "No address"),
		("a" * 300, "is not known"),
		("10.0.0.1:8728", "is not known"),
	],
)
def test_a_wrong_address_is_unreachable(host, words):
	with a_simulator() as simulator, pytest.raises(Unreachable, match=words):
		connect(endpoint_of(simulator, host=host))


def test_a_port_that_is_none_is_unreachable(router):
	with pytest.raises(Unreachable, match="not a port number"):
		connect_to(router, port=87280)


def test_a_router_that_never_answers_is_given_up():
	faults = Faults(never_answer=True)
	with a_simulator(faults=faults) as simulator, pytest.raises(RouterError, match="did not answer"):
		connect_to(simulator, connect_timeout_s=0.3)


def test_an_address_that_may_not_connect_is_told_where_to_look(router):
	router.run("/ip/service/set", numbers="api", address="192.0.2.0/24")
	with pytest.raises(ConnectionLost, match="/ip service"):
		connect_to(router)


# broken connections


@pytest.mark.parametrize("reset", [True, False])
def test_a_connection_that_breaks_in_a_batch_is_lost(reset):
	faults = Faults(drop_after_sentences=5, drop_with_reset=reset)
	with a_simulator(faults=faults) as simulator, connect_to(simulator) as client:
		with pytest.raises(ConnectionLost, match="of 20 replies"):
			client.run([add(f"u{n}") for n in range(20)])
		with pytest.raises(ConnectionLost, match="already closed"):
			client.run([add("more")])


def test_a_router_that_stops_in_the_middle_of_a_reply_is_given_up():
	with (
		a_simulator(faults=Faults(stall_after_sentences=3)) as simulator,
		connect_to(simulator, deadline_s=0.3) as client,
		pytest.raises(ConnectionLost, match="fell silent"),
	):
		client.run([add(f"u{n}") for n in range(5)])


def test_a_router_that_trickles_is_given_up():
	with a_simulator() as simulator:
		simulator.add(USERS, name="x", comment="c" * 5000)
		simulator.set_faults(trickle_bytes_per_s=1000)
		with connect_to(simulator, deadline_s=0.3) as client, pytest.raises(ConnectionLost):
			client.rows(USERS, ["comment"])


def test_a_reboot_is_a_lost_connection(router):
	with connect_to(router) as client:
		router.reboot()
		with pytest.raises(ConnectionLost):
			client.rows(USERS, ["name"])


# TLS


def test_a_certificate_of_a_known_authority_is_good():
	certificate = Certificate.make()
	with (
		a_simulator(certificate=certificate) as simulator,
		connect_to(simulator, tls=Tls(certificate.pem)) as client,
	):
		assert client.rows("/system/identity", ["name"])


@pytest.mark.parametrize("expired", [True, False])
@pytest.mark.parametrize("with_colons", [True, False])
def test_a_pinned_certificate_is_good_whatever_else_it_is(expired, with_colons):
	certificate = Certificate.make("another.name", expired=expired)
	digits = certificate.fingerprint_sha256
	pinned = ":".join(digits[at : at + 2] for at in range(0, 64, 2)).upper() if with_colons else digits
	tls = Tls(fingerprint_sha256=pinned)
	with a_simulator(certificate=certificate) as simulator, connect_to(simulator, tls=tls) as client:
		assert client.rows("/system/identity", ["name"])


def test_the_name_in_the_certificate_may_be_given():
	certificate = Certificate.make("router.example")
	tls = Tls(certificate.pem, server_name="router.example")
	with a_simulator(certificate=certificate) as simulator, connect_to(simulator, tls=tls) as client:
		assert client.rows("/system/identity", ["name"])


def _expired() -> tuple[Certificate, Tls, str]:
	certificate = Certificate.make(expired=True)
	return certificate, Tls(certificate.pem), "expired"


def _untrusted() -> tuple[Certificate, Tls, str]:
	return Certificate.make(), Tls(), "not trusted"


def _other_authority() -> tuple[Certificate, Tls, str]:
	return Certificate.make(), Tls(Certificate.make().pem), "not trusted"


def _other_name() -> tuple[Certificate, Tls, str]:
	certificate = Certificate.make("another.name")
	return certificate, Tls(certificate.pem), "another name"


def _other_fingerprint() -> tuple[Certificate, Tls, str]:
	return Certificate.make(), Tls(fingerprint_sha256="ab" * 32), "another certificate than the pinned"


def _no_fingerprint() -> tuple[Certificate, Tls, str]:
	return Certificate.make(), Tls(fingerprint_sha256="abc"), "64 hex digits"


def _both_and_expired() -> tuple[Certificate, Tls, str]:
	certificate = Certificate.make(expired=True)
	return certificate, Tls(certificate.pem, certificate.fingerprint_sha256), "expired"


def _no_certificate() -> tuple[Certificate, Tls, str]:
	return Certificate.none(), Tls(), "no certificate|has it a certificate"


def _no_pem() -> tuple[Certificate, Tls, str]:
	return Certificate.make(), Tls(ca_pem="not PEM"), "PEM"


@pytest.mark.parametrize(
	"case",
	[
		_expired,
		_untrusted,
		_other_authority,
		_other_name,
		_other_fingerprint,
		_no_fingerprint,
		_both_and_expired,
		_no_certificate,
		_no_pem,
	],
)
def test_a_connection_that_is_not_private_is_refused_in_plain_words(case):
	certificate, tls, words = case()
	with a_simulator(certificate=certificate) as simulator, pytest.raises(TlsFailed, match=words):
		connect_to(simulator, tls=tls)


def test_a_port_without_tls_is_told_from_one_with(router):
	with pytest.raises(TlsFailed, match="api-ssl"):
		connect_to(router, tls=Tls(), connect_timeout_s=1)


def test_a_port_with_tls_does_not_take_a_plain_login():
	with (
		a_simulator(certificate=Certificate.make()) as simulator,
		pytest.raises(RouterError, match=r"8728|port"),
	):
		connect_to(simulator, connect_timeout_s=1)


# secrets


def test_no_password_is_in_a_log_or_a_representation(router, caplog):
	caplog.set_level(logging.DEBUG)
	with connect_to(router) as client:
		client.run([add("ann", password="open-sesame")])
	assert PASSWORD not in caplog.text
	assert "open-sesame" not in caplog.text
	assert PASSWORD not in repr(endpoint_of(router))
