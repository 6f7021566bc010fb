"""Whatever text stands in whatever column: core goes on with the rest, and what it raises is its own."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routeros_factories import SITE, an_account
from routeros_model import (
	HOTSPOT_ACTIVE,
	HOTSPOT_COOKIE,
	HOTSPOT_PROFILE,
	HOTSPOT_USER,
	MENUS,
	PPP_ACTIVE,
	PPP_PROFILE,
	SECRET,
	ModelRouter,
	Row,
)

from mikrotik_integration.core.errors import CoreError
from mikrotik_integration.core.hotspot.pages import install_pages
from mikrotik_integration.core.hotspot.profiles import allow_login_links, read_profiles, use_pages
from mikrotik_integration.core.hotspot.walled_garden import Opening, reconcile_walled_garden
from mikrotik_integration.core.provisioning import adoption, check, passes
from mikrotik_integration.core.provisioning.desired import Presence, Service
from mikrotik_integration.core.provisioning.devices import end_devices
from mikrotik_integration.core.provisioning.reconcile import reconcile_all, reconcile_some
from mikrotik_integration.core.routeros.client import Command, Reply
from mikrotik_integration.core.routeros.errors import trap
from mikrotik_integration.core.routeros.reading import MOST_WARNINGS, Reader, in_words
from mikrotik_integration.core.usage.counters import advance
from mikrotik_integration.core.usage.snapshot import read_snapshot

SYSTEM = ("/system/resource", "/system/identity", "/interface")
ODD = [
	"1 234",
	"3%",
	"?",
	"1.2GiB",
	"-5",
	"1e9",
	"9" * 5000,
	"9" * 20,
	"\u0661\u0662",
	"1w2x",
	"99999999999w",
	"<b>&lt;",
	"\x00\r\n\x1b",
	"\u202e",
	"+99:99",
	"2026-01-01",
	"feb/30/2024",
	"10:00:00+03:00",
	"erpnext:site1:acc-ann",
	"erpnext:site1:x [restart]",
	"# erpnext:site1",
	"ann",
	"ANN",
	"silver",
	"yes",
	"10.5.50.2",
	"02:aa:00:00:00:01",
]
odd_texts = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
COLUMNS = [
	".id",
	"name",
	"user",
	"comment",
	"on-login",
	"password",
	"profile",
	"disabled",
	"dynamic",
	"default",
	"server",
	"radius",
	"service",
	"caller-id",
	"uptime",
	"bytes-in",
	"bytes-out",
	"limit-uptime",
	"limit-bytes-total",
	"limit-bytes-in",
	"limit-bytes-out",
	"rx-byte",
	"tx-byte",
	"session-id",
	"address",
	"mac-address",
	"rate-limit",
	"shared-users",
	"address-pool",
	"only-one",
	"remote-address",
	"local-address",
	"version",
	"board-name",
	"cpu-load",
	"free-memory",
	"total-memory",
	"date",
	"time",
	"gmt-offset",
	"mode",
	"hotspot",
	"nlevel",
	"level",
	"action",
	"protocol",
	"dst-host",
	"dst-address",
	"dst-port",
	"src-address",
	"type",
	"size",
	"contents",
	"login-by",
	"dns-name",
	"hotspot-address",
	"html-directory-override",
	"ssl-certificate",
]
odd_rows = st.lists(st.dictionaries(st.sampled_from(COLUMNS), odd_texts, max_size=20), max_size=5)
refusals = st.sampled_from(
	[None, None, "failure: already have user", "no such item", "invalid value", "\x00<b>"]
)


class HostileRouter:
	"""Shows the same rows in every menu, and does nothing of what it is told."""

	def __init__(self, rows: list[Row], refusal: str | None) -> None:
		self._rows, self._refusal = rows, refusal

	def run(self, commands: Sequence[Command]) -> list[Reply]:
		return [self._reply(command) for command in commands]

	def rows(self, menu: str, proplist: Sequence[str], *queries: str) -> list[Row]:
		return list(self._reply(Command(f"{menu}/print", queries=queries, proplist=tuple(proplist))).rows)

	def _reply(self, command: Command) -> Reply:
		if not command.path.endswith("/print"):
			return Reply(error=trap(self._refusal) if self._refusal else None)
		return Reply(tuple({key: row[key] for key in command.proplist if key in row} for row in self._rows))

	def __enter__(self):
		return self

	def __exit__(self, *_: object) -> None:
		pass


@settings(max_examples=300, deadline=None)
@given(odd_rows, refusals, st.sampled_from(list(Service)), st.sampled_from(list(Presence)))
def test_no_row_whatever_raises_anything_but_core_errors(rows, refusal, service, presence):
	router = HostileRouter(rows, refusal)
	accounts = [an_account(service=service, presence=presence), an_account("bob", presence=presence)]
	now = datetime(2026, 11, 22, tzinfo=timezone.utc)

	snapshot = read_snapshot(router, SITE)
	for reading in snapshot.accounts:
		state, _ = advance(None, reading)
		assert advance(state, reading)[1].seconds == 0
	for outcome in (reconcile_all(router, SITE, accounts), reconcile_some(router, SITE, accounts)):
		assert set(outcome.accounts) == {"acc-ann", "acc-bob"}
	end_devices(router, snapshot.unknown)
	for row in adoption.adoptable(adoption.read_users(router), SITE):
		assert row[".id"]
		assert min(adoption.counters(row)) >= 0
	for profile in read_profiles(router):
		for change in (
			lambda name: allow_login_links(router, name),
			lambda name: use_pages(router, name, "x"),
		):
			with contextlib.suppress(CoreError):
				change(profile.name)
	reconcile_walled_garden(router, SITE, [Opening("erp.example.com", 443)])
	install_pages(router, SITE, "hotspot-erpnext", {"login.html": "<!-- erpnext:site1 -->"})
	for finding in check._look(router, now):
		assert not set("<>\x00\x1b\u202e") & set(finding.text)


class WholeRouter(ModelRouter):
	"""A model router with what a snapshot reads, too. Rows may have come about in any way."""

	def __init__(self) -> None:
		super().__init__()
		self.menus |= {menu: [] for menu in SYSTEM}

	def hostile(self, menu: str, row: Row, with_id: bool) -> None:
		self.insert(menu, row)
		if not with_id:
			del self.menus[menu][-1][".id"]


@st.composite
def hostile_rows(draw) -> tuple[str, Row, bool]:
	menu = draw(st.sampled_from([*MENUS, *SYSTEM]))
	columns = [column for column in COLUMNS if column != ".id"]
	# Names and marks are not those of the accounts below: those rows are theirs, and read.
	strange = odd_texts.filter(lambda text: text.casefold() not in ("ann", "silver") and "acc-" not in text)
	row = draw(st.dictionaries(st.sampled_from(columns), strange, max_size=12))
	return menu, {"name": draw(strange), **row, "profile": "default"}, draw(st.booleans())


@settings(max_examples=200, deadline=None)
@given(st.lists(hostile_rows(), max_size=5), st.sampled_from(["1 234", "?", "9" * 5000, ""]))
def test_accounts_that_can_be_read_are_cut_off_and_provisioned_beside_rows_that_cannot(rows, counter):
	router = WholeRouter()
	for menu in (HOTSPOT_PROFILE, PPP_PROFILE):
		router.insert(menu, {"name": "default"})
	old, gone, ppp = (
		an_account("old"),
		an_account("gone"),
		an_account("tunnel", service=Service.L2TP),
	)
	assert all(one.in_sync for one in reconcile_all(router, SITE, [old, gone, ppp]).accounts.values())
	for menu, user in ((HOTSPOT_ACTIVE, "user"), (HOTSPOT_COOKIE, "user"), (PPP_ACTIVE, "name")):
		for name in ("tunnel",) if menu == PPP_ACTIVE else ("old", "gone"):
			router.insert(menu, {user: name, "uptime": counter, "bytes-in": counter})
	for row in (*router.menus[HOTSPOT_USER], *router.menus[SECRET]):
		row |= {"uptime": counter, "bytes-in": counter}
	for menu, row, with_id in rows:
		router.hostile(menu, row, with_id)
	wanted = [
		an_account("old", presence=Presence.DISABLED),
		an_account("gone", presence=Presence.ABSENT),
		an_account("tunnel", service=Service.L2TP, presence=Presence.DISABLED),
		an_account("new"),
	]

	read_snapshot(router, SITE)
	outcome = reconcile_all(router, SITE, wanted)

	assert {key: one.error for key, one in outcome.accounts.items()} == dict.fromkeys(outcome.accounts)
	users = {row.get("name"): row for row in router.menus[HOTSPOT_USER]}
	assert users["old"]["disabled"] == "true"
	assert users["new"]["disabled"] == "false"
	assert "gone" not in users
	assert next(row for row in router.menus[SECRET] if row["name"] == "tunnel")["disabled"] == "true"
	online = {
		row.get("user", row.get("name"))
		for menu in (HOTSPOT_ACTIVE, HOTSPOT_COOKIE, PPP_ACTIVE)
		for row in router.menus[menu]
	}
	assert not {"old", "gone", "tunnel"} & online


class HydraRouter(WholeRouter):
	"""For each session that is ended there is another one."""

	def run(self, commands: Sequence[Command]) -> list[Reply]:
		replies = super().run(commands)
		for command in commands:
			if command.path == f"{HOTSPOT_ACTIVE}/remove":
				self.insert(HOTSPOT_ACTIVE, {"user": "old"})
		return replies


@pytest.mark.parametrize("reconcile", [reconcile_all, reconcile_some])
def test_a_router_with_work_without_end_ends_the_pass_and_is_told(monkeypatch, reconcile):
	monkeypatch.setattr(passes, "MOST_OPERATIONS", 20)
	router = HydraRouter()
	router.insert(HOTSPOT_PROFILE, {"name": "default"})
	assert reconcile(router, SITE, [an_account("old")]).accounts["acc-old"].in_sync
	for _session in range(10):
		router.insert(HOTSPOT_ACTIVE, {"user": "old"})
	outcome = reconcile(router, SITE, [an_account("old", presence=Presence.DISABLED)])
	assert 20 < len(outcome.operations) <= 31
	assert outcome.accounts["acc-old"].error


@pytest.mark.parametrize("menu", [HOTSPOT_USER, HOTSPOT_ACTIVE, HOTSPOT_COOKIE])
@pytest.mark.parametrize("reconcile", [reconcile_all, reconcile_some])
def test_who_cannot_be_cut_off_because_a_row_has_no_id_is_not_said_to_be(menu, reconcile):
	router = ModelRouter()
	reconcile_all(router, SITE, [an_account("ann")])
	router.insert(menu, {"user": "ann", "name": "ann", "comment": "erpnext:site1:acc-ann"})
	del router.menus[menu][-1][".id"]
	outcome = reconcile(router, SITE, [an_account("ann", presence=Presence.ABSENT)])
	assert not outcome.accounts["acc-ann"].in_sync
	assert "without its .id" in (outcome.accounts["acc-ann"].error or "")
	assert any(f"{menu}: 1 rows come without .id" in warning for warning in outcome.warnings)


def test_two_rows_without_id_are_two_rows():
	router = ModelRouter()
	for name in ("one", "two"):
		router.insert(HOTSPOT_USER, {"name": name, "comment": "by hand"})
		del router.menus[HOTSPOT_USER][-1][".id"]
	assert [row.name for row in reconcile_all(router, SITE, []).unmanaged] == ["one", "two"]


def test_a_row_whose_name_cannot_be_asked_for_is_found_and_taken():
	router = ModelRouter()
	router.insert(HOTSPOT_USER, {"name": "an\nn", "comment": "erpnext:site1:acc-ann", "disabled": "false"})
	outcome = reconcile_some(router, SITE, [an_account("ann", presence=Presence.ABSENT)])
	assert outcome.accounts["acc-ann"].in_sync
	assert router.menus[HOTSPOT_USER] == []


@pytest.mark.parametrize(
	"account", [{"username": "an\nn"}, {"password": "p\r\nFLUSHALL"}, {"remark": "\x00"}]
)
def test_an_account_with_a_control_character_is_an_error_of_its_own(account):
	router = ModelRouter()
	results = reconcile_all(router, SITE, [an_account("ann", **account), an_account("bob")]).accounts
	assert "cannot be sent" in (results["acc-ann"].error or "")
	assert results["acc-bob"].in_sync


def test_what_cannot_be_read_is_told_without_end_to_the_list():
	reader = Reader("/ip/hotspot/user")
	assert reader.number({".id": "*5", "bytes-in": "1 234", "name": "secret-code"}, "bytes-in") is None
	assert in_words([reader]) == (
		"/ip/hotspot/user: bytes-in of row *5 cannot be read ('1 234') and was left out",
	)
	for _ in range(100):
		reader.seconds({"uptime": "?"}, "uptime")
	words = in_words([reader])
	assert len(words) == MOST_WARNINGS + 1
	assert words[-1] == "81 more values cannot be read"


@pytest.mark.parametrize(
	("column", "text"),
	[("cpu-load", "3%"), ("uptime", "?"), ("free-memory", "1.2GiB"), ("total-memory", "9" * 5000)],
)
def test_an_odd_status_is_left_out_and_told(column, text):
	router = WholeRouter()
	router.insert("/system/resource", {"version": "7.16 (stable)", "board-name": "<b>hAP\x00", column: text})
	router.insert("/system/identity", {"name": "Kilimani\r\n<script>"})
	snapshot = read_snapshot(router, SITE)
	status = snapshot.status
	known = [status.cpu_load, status.uptime_s, status.free_memory_bytes, status.total_memory_bytes]
	assert sorted(known, key=str) == [0, 0, 0, None]
	assert (status.version, status.board) == ("7.16 (stable)", "\u2039b\u203ahAP")
	assert status.identity == "Kilimani \u2039script\u203a"
	assert [column in warning for warning in snapshot.warnings] == [True]


def test_that_sessions_are_not_counted_because_their_interface_has_another_name_is_told():
	router = WholeRouter()
	router.insert(PPP_PROFILE, {"name": "default"})
	assert reconcile_all(router, SITE, [an_account(service=Service.L2TP)]).accounts["acc-ann"].in_sync
	router.insert(PPP_ACTIVE, {"name": "ann", "service": "l2tp", "uptime": "1m", "session-id": "0x1"})
	router.insert("/interface", {"name": "binding-of-ann", "rx-byte": "5", "tx-byte": "5"})
	(warning,) = read_snapshot(router, SITE).warnings
	assert "1 sessions have no interface" in warning
	router.insert("/interface", {"name": "<l2tp-ann>", "rx-byte": "5", "tx-byte": "5"})
	assert read_snapshot(router, SITE).warnings == ()
