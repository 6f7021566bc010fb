"""What may be wrong with the line, the router or its rights."""

import socket
import ssl

import pytest
from librouteros.exceptions import ConnectionClosed, TrapError

from mikrotik_integration.simulators.routeros import Behaviour, Certificate, Faults, RouterSimulator


def add(number: int) -> bytes:
	"""A tagged command that makes one ppp secret."""
	words = [b"/ppp/secret/add", b"=name=u%d" % number, b".tag=%d" % number]
	return b"".join(bytes([len(word)]) + word for word in words) + b"\x00"


def names(router: RouterSimulator) -> list[str]:
	return [row["name"] for row in router.rows("/ppp/secret")]


def silent(connection: socket.socket) -> bool:
	"""Whether nothing more comes for a moment, and the connection stays open."""
	connection.settimeout(0.2)
	try:
		return connection.recv(1) is None
	except TimeoutError:
		return True


def test_far_and_slow_routers_answer_the_same(make_router, dial) -> None:
	router = make_router(faults=Faults(latency_ms=20, service_ms=1))
	wire = dial(router).login()
	wire.send_bytes(b"".join(add(number) for number in range(50)))
	replies = [wire.until_done() for _ in range(50)]
	assert replies == [[["!done", f".tag={number}", f"=ret=*{number + 1:X}"]] for number in range(50)]


def test_commands_wait_for_one_processor_without_losing_time() -> None:
	simulator = RouterSimulator(faults=Faults(service_ms=2))
	done = [simulator.work(begin=10.0) for _ in range(1000)]
	assert done[-1] == pytest.approx(12.0)


def test_a_refused_port_opens_again(router: RouterSimulator, connect) -> None:
	router.set_faults(refuse_connections=True)
	with pytest.raises(ConnectionRefusedError):
		connect(router)
	router.set_faults(refuse_connections=False)
	assert len(tuple(connect(router).path("/ip/service"))) == 8


def test_open_connections_survive_a_refused_port(router: RouterSimulator, api) -> None:
	router.set_faults(refuse_connections=True)
	assert tuple(api("/system/identity/print")) == ({"name": "MikroTik"},)


def test_a_router_may_accept_and_never_answer(make_router, dial) -> None:
	wire = dial(make_router(faults=Faults(never_answer=True)))
	wire.send("/login", "=name=api", "=password=secret")
	assert silent(wire.socket)


@pytest.mark.parametrize("reset", [False, True])
def test_the_connection_drops_after_so_many_sentences_and_the_last_command_was_done(
	router, wire, reset: bool
) -> None:
	router.set_faults(drop_after_sentences=2, drop_with_reset=reset)
	wire.send_bytes(add(0))
	assert wire.sentence()[0] == "!done"
	wire.send_bytes(add(1) + add(2) + add(3))
	assert wire.sentence()[0] == "!done"
	with pytest.raises((ConnectionError, OSError)):
		wire.sentence()
	assert "u1" in names(router)


def test_an_answer_may_be_lost_altogether(router: RouterSimulator, wire) -> None:
	router.set_faults(drop_after_sentences=0)
	wire.send_bytes(add(0))
	assert wire.at_end()
	assert names(router) == ["u0"]


def test_a_reply_may_stop_in_the_middle(router: RouterSimulator, wire) -> None:
	router.set_faults(stall_after_sentences=1)
	wire.send("/ip/service/print", "=.proplist=name")
	assert wire.sentence() == ["!re", "=name=telnet"]
	half = wire.what_came()
	assert b"\x03!re\x09=name=ftp\x00".startswith(half)
	assert 0 < len(half) < 14
	assert silent(wire.socket)


def test_a_trickle_brings_the_whole_reply(router: RouterSimulator, wire) -> None:
	router.set_faults(trickle_bytes_per_s=5000)
	assert len(wire.ask("/ip/service/print", "=.proplist=name")) == 9


def test_a_reboot_drops_connections_and_keeps_the_configuration(
	router: RouterSimulator, api, connect
) -> None:
	api.path("/ppp/secret").add(name="ann")
	router.reboot()
	with pytest.raises((ConnectionClosed, ConnectionError)):
		tuple(api.path("/ppp/secret"))
	assert [row["name"] for row in connect(router).path("/ppp/secret")] == ["ann"]


def test_a_reboot_over_the_api_drops_connections(router: RouterSimulator, api) -> None:
	router.advance(100)
	with pytest.raises((ConnectionClosed, ConnectionError)):
		for _ in range(2):
			tuple(api("/system/reboot"))
	assert router.rows("/system/resource")[0]["uptime"] == "0s"


def test_a_router_is_away_while_it_reboots(router: RouterSimulator, connect) -> None:
	router.reboot(down_s=60)
	with pytest.raises(ConnectionRefusedError):
		connect(router)


def test_the_service_takes_only_so_many_sessions(router: RouterSimulator, connect) -> None:
	[service] = [row for row in router.rows("/ip/service") if row["name"] == "api"]
	router.run("/ip/service/set", {".id": service[".id"], "max-sessions": "1"})
	connect(router)
	with pytest.raises((ConnectionClosed, ConnectionError)):
		connect(router)


SHUT = [{"address": "192.0.2.0/24"}, {"disabled": "yes"}]


@pytest.mark.parametrize("shut", SHUT)
def test_the_service_may_be_closed_to_an_address_or_to_all(router, connect, shut: dict[str, str]) -> None:
	[service] = [row for row in router.rows("/ip/service") if row["name"] == "api"]
	router.run("/ip/service/set", {".id": service[".id"], **shut})
	with pytest.raises((ConnectionClosed, ConnectionError)):
		connect(router)


def test_connections_are_listed_while_they_last(router: RouterSimulator, api) -> None:
	assert [row["name"] for row in router.rows("/user/active")] == ["api"]


def test_commands_are_remembered_in_their_order(router: RouterSimulator, api) -> None:
	api.path("/ppp/secret").add(name="ann")
	tuple(api.rawCmd("/ppp/secret/print", "?name=ann", "=.proplist=name"))
	assert [(command.path, command.queries) for command in router.commands] == [
		("/login", ()),
		("/ppp/secret/add", ()),
		("/ppp/secret/print", ("name=ann",)),
	]


def trusting(certificate: Certificate) -> ssl.SSLContext:
	return ssl.create_default_context(cadata=certificate.pem)


def test_tls_is_served_with_a_certificate_that_can_be_checked(make_router, connect) -> None:
	certificate = Certificate.make()
	router = make_router(certificate=certificate, faults=Faults(latency_ms=10))

	def wrap(raw: socket.socket) -> ssl.SSLSocket:
		return trusting(certificate).wrap_socket(raw, server_hostname="127.0.0.1")

	assert len(tuple(connect(router, ssl_wrapper=wrap).path("/ip/service"))) == 8


BAD = [
	(Certificate.make(expired=True), "127.0.0.1", "expired"),
	(Certificate.make("router.example"), "127.0.0.1", "IP address mismatch"),
]


@pytest.mark.parametrize(("certificate", "name", "words"), BAD)
def test_bad_certificates_are_served_as_they_are(make_router, certificate, name: str, words: str) -> None:
	router = make_router(certificate=certificate)
	raw = socket.create_connection((router.host, router.port))
	with raw, pytest.raises(ssl.SSLCertVerificationError, match=words):
		trusting(certificate).wrap_socket(raw, server_hostname=name)


def test_tls_without_certificate_is_anonymous_only(make_router) -> None:
	router = make_router(certificate=Certificate.none())
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
	with socket.create_connection((router.host, router.port)) as raw, pytest.raises(ssl.SSLError):
		context.wrap_socket(raw)
	context.set_ciphers("ADH:@SECLEVEL=0")
	context.maximum_version = ssl.TLSVersion.TLSv1_2
	with context.wrap_socket(socket.create_connection((router.host, router.port))) as secured:
		assert secured.cipher()[0].startswith("ADH-")


def test_the_fingerprint_is_that_of_the_certificate_served(make_router) -> None:
	certificate = Certificate.make()
	router = make_router(certificate=certificate)
	served = ssl.get_server_certificate((router.host, router.port))
	assert Certificate(served, "").fingerprint_sha256 == certificate.fingerprint_sha256


def test_never_answering_includes_the_tls_handshake(make_router) -> None:
	router = make_router(certificate=Certificate.make(), faults=Faults(never_answer=True))
	raw = socket.create_connection((router.host, router.port), timeout=0.2)
	with raw, pytest.raises(TimeoutError):
		ssl._create_unverified_context().wrap_socket(raw)


def test_faults_may_change_while_commands_are_under_way(router: RouterSimulator, wire) -> None:
	router.set_faults(service_ms=1)
	wire.send_bytes(b"".join(add(number) for number in range(20)))
	router.set_faults(service_ms=0, latency_ms=5)
	assert [wire.until_done()[-1][0] for _ in range(20)] == ["!done"] * 20


def test_many_connections_are_served_together(router: RouterSimulator, connect) -> None:
	apis = [connect(router) for _ in range(15)]
	assert sorted(
		api.path("/ppp/secret").add(name=f"u{number}") for number, api in enumerate(apis)
	) == sorted(f"*{number:X}" for number in range(1, 16))


def test_a_second_add_of_one_name_is_trapped_on_whichever_connection(router, connect) -> None:
	first, second = connect(router), connect(router)
	first.path("/ppp/secret").add(name="ann")
	with pytest.raises(TrapError, match="already exists"):
		second.path("/ppp/secret").add(name="ann")


def test_behaviour_may_change_at_run_time(router: RouterSimulator, wire) -> None:
	router.behave(version="7.18")
	assert wire.ask("/ppp/secret/print") == [["!empty"], ["!done"]]
	assert Behaviour().version == "7.16"


def test_packets_may_vanish(router: RouterSimulator, wire, connect) -> None:
	router.set_faults(swallow_connections=True)
	with pytest.raises(TimeoutError):
		socket.create_connection((router.host, router.port), timeout=0.3)
	wire.send("/system/identity/print")
	assert silent(wire.socket)
	router.set_faults(swallow_connections=False)
	assert len(tuple(connect(router).path("/ip/service"))) == 8


def test_a_router_that_is_switched_off_and_on_keeps_port_and_rows(router: RouterSimulator, connect) -> None:
	router.add("/ppp/secret", name="ann")
	port = router.port
	router.stop()
	with pytest.raises(ConnectionRefusedError):
		connect(router)
	router.start()
	assert router.port == port
	assert [row["name"] for row in connect(router).path("/ppp/secret")] == ["ann"]


def test_rights_may_be_taken_at_run_time(router: RouterSimulator, connect) -> None:
	router.behave(policies=("api", "read"), missing_menus=("/ip/hotspot",))
	api = connect(router)
	with pytest.raises(TrapError, match="not enough permissions"):
		api.path("/ppp/secret").add(name="ann")
	with pytest.raises(TrapError, match="no such command"):
		tuple(api.path("/ip/hotspot/user"))
