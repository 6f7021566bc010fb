"""What "Test connection" finds."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from routeros_factories import a_simulator, endpoint_of

from mikrotik_integration.core.provisioning.check import check_router
from mikrotik_integration.core.routeros.client import Tls
from mikrotik_integration.simulators.routeros import Behaviour, Certificate, Faults


def problems(simulator, **values) -> list[str]:
	return [finding.text for finding in check_router(endpoint_of(simulator, **values)) if not finding.ok]


def test_a_healthy_router_has_no_problems():
	with a_simulator(behaviour=Behaviour(running_clock=True)) as simulator:
		assert problems(simulator) == []


def test_what_is_right_is_said_too():
	with a_simulator() as simulator:
		said = " ".join(finding.text for finding in check_router(endpoint_of(simulator)) if finding.ok)
	for words in (
		"Logged in",
		"'MikroTik'",
		"7.16",
		"CHR",
		"make changes",
		"has Hotspot",
		"has PPP",
		"FastTrack",
	):
		assert words in said


def test_nothing_is_changed():
	with a_simulator() as simulator:
		simulator.add("/ppp/secret", name="boss", password="x")
		before = [simulator.rows(menu) for menu in ("/ppp/secret", "/ip/hotspot/user", "/ip/firewall/filter")]
		check_router(endpoint_of(simulator))
		assert before == [
			simulator.rows(menu) for menu in ("/ppp/secret", "/ip/hotspot/user", "/ip/firewall/filter")
		]


@pytest.mark.parametrize(
	("policies", "words"),
	[(("api", "read"), "policy write"), (("api", "write"), "policy read"), (("read", "write"), "policy api")],
)
def test_a_missing_policy_is_named(policies, words):
	with a_simulator(behaviour=Behaviour(policies=policies)) as simulator:
		assert any(words in text for text in problems(simulator))


@pytest.mark.parametrize(("menu", "words"), [("/ip/hotspot", "no Hotspot"), ("/ppp", "no PPP")])
def test_a_missing_menu_is_named(menu, words):
	with a_simulator(behaviour=Behaviour(missing_menus=(menu,))) as simulator:
		assert any(words in text for text in problems(simulator))


@pytest.mark.parametrize(("disabled", "found"), [("no", True), ("yes", False)])
def test_fasttrack_is_a_problem_while_its_rule_is_on(disabled, found):
	with a_simulator() as simulator:
		simulator.add(
			"/ip/firewall/filter", action="fasttrack-connection", chain="forward", disabled=disabled
		)
		assert any("FastTrack is on" in text for text in problems(simulator)) is found


@pytest.mark.parametrize(
	("level", "ok", "words"),
	[
		("3", True, "at most 1 hotspot and 200 PPPoE"),
		("4", True, "at most 200 hotspot and 200 PPPoE"),
		("free", False, "1 Mbit/s"),
	],
)
def test_what_the_licence_allows_is_said(level, ok, words):
	with a_simulator(behaviour=Behaviour(licence_level=level)) as simulator:
		findings = [one for one in check_router(endpoint_of(simulator)) if words in one.text]
	assert [one.ok for one in findings] == [ok]


@pytest.mark.parametrize(("days", "found"), [(2, True), (0, False)])
def test_a_wrong_clock_is_a_problem(days, found):
	with a_simulator(behaviour=Behaviour(running_clock=True)) as simulator:
		now = datetime.now(timezone.utc) + timedelta(days=days)
		texts = [finding.text for finding in check_router(endpoint_of(simulator), now) if not finding.ok]
	assert any("clock is wrong" in text for text in texts) is found


@pytest.mark.parametrize(
	("faults", "values", "words"),
	[
		(Faults(refuse_connections=True), {}, "refused"),
		(Faults(never_answer=True), {"connect_timeout_s": 0.2}, "did not answer"),
		(Faults(drop_after_sentences=3), {}, "broke off"),
		(Faults(), {"password": "wrong"}, "Wrong user name or password"),
		(Faults(), {"host": "no-such-host.invalid"}, "is not known"),
	],
)
def test_a_router_that_cannot_be_used_is_one_finding(faults, values, words):
	with a_simulator(faults=faults) as simulator:
		(text,) = problems(simulator, **values)
	assert words in text


def test_tls_is_reported():
	certificate = Certificate.make()
	with a_simulator(certificate=certificate, behaviour=Behaviour(running_clock=True)) as simulator:
		pinned = endpoint_of(simulator, tls=Tls(fingerprint_sha256=certificate.fingerprint_sha256))
		findings = check_router(pinned)
		assert all(finding.ok for finding in findings)
		assert any("pinned fingerprint" in finding.text for finding in findings)
