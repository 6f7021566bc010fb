from __future__ import annotations

import pytest
from routeros_factories import SITE, a_simulator, connect_to

from mikrotik_integration.core.hotspot.walled_garden import (
	MENU,
	GardenOutcome,
	Opening,
	opening_of,
	reconcile_walled_garden,
)
from mikrotik_integration.simulators.routeros import Behaviour

PORTAL = Opening("erp.example.com", 443)
OURS = f"erpnext:{SITE}:portal the portal, before login"


@pytest.fixture
def simulator():
	with a_simulator() as simulator:
		yield simulator


def reconcile(simulator, *openings: Opening) -> GardenOutcome:
	with connect_to(simulator) as router:
		return reconcile_walled_garden(router, SITE, openings)


def rows_of(simulator) -> list[dict[str, str]]:
	return [row for row in simulator.rows(MENU) if row.get("dynamic") != "true"]


def without_ids(rows) -> list[dict[str, str]]:
	return [{key: value for key, value in row.items() if key != ".id"} for row in rows]


def test_only_the_portal_s_host_and_port_are_opened(simulator):
	assert reconcile(simulator, PORTAL) == GardenOutcome(added=1, removed=0)
	(row,) = rows_of(simulator)
	for column, expected in {
		"dst-host": "erp.example.com",
		"dst-port": "443",
		"protocol": "tcp",
		"action": "accept",
		"comment": OURS,
	}.items():
		assert row[column] == expected


def test_doing_it_again_changes_nothing(simulator):
	reconcile(simulator, PORTAL)
	before = rows_of(simulator)
	assert reconcile(simulator, PORTAL) == GardenOutcome(0, 0)
	assert rows_of(simulator) == before


def test_what_is_not_wanted_any_more_goes(simulator):
	reconcile(simulator, PORTAL, Opening("old.example.com", 80))
	assert reconcile(simulator, PORTAL).removed == 1
	assert [row["dst-host"] for row in rows_of(simulator)] == ["erp.example.com"]
	assert reconcile(simulator).in_sync and rows_of(simulator) == []


@pytest.mark.parametrize(
	"spoilt",
	[
		{"dst-host": "*"},
		{"action": "drop"},
		{"disabled": "yes"},
		{"dst-port": "1-65535"},
		{"src-address": "10.5.50.7"},
		{"server": "hotspot1"},
		{"protocol": "udp"},
	],
)
def test_an_entry_that_somebody_changed_is_made_anew(simulator, spoilt):
	reconcile(simulator, PORTAL)
	good = without_ids(rows_of(simulator))
	simulator.run(f"{MENU}/set", {".id": rows_of(simulator)[0][".id"], **spoilt})
	assert reconcile(simulator, PORTAL) == GardenOutcome(1, 1)
	assert without_ids(rows_of(simulator)) == good


def test_two_entries_of_ours_for_the_same_become_one(simulator):
	reconcile(simulator, PORTAL)
	simulator.add(
		MENU, {"dst-host": "erp.example.com", "dst-port": "443", "protocol": "tcp", "comment": OURS}
	)
	assert reconcile(simulator, PORTAL) == GardenOutcome(0, 1)


def test_foreign_entries_are_left_alone(simulator):
	for comment in ("", "erpnext:other:portal", f"erpnext:{SITE}:HV-1", "portal"):
		simulator.add(
			MENU, {"dst-host": "erp.example.com", "dst-port": "443", "protocol": "tcp", "comment": comment}
		)
	before = rows_of(simulator)
	reconcile(simulator, PORTAL)
	reconcile(simulator)
	assert rows_of(simulator) == before


@pytest.mark.parametrize(
	"refusal",
	[{"action": "reject"}, {"action": "drop", "dst-port": "443"}, {"action": "reject", "dst-host": "*"}],
)
@pytest.mark.parametrize("was_there", [True, False])
def test_the_portal_stands_before_what_shuts_everybody_out(simulator, refusal, was_there):
	"""The first entry that fits decides; those of others keep their order and their words."""
	simulator.add(MENU, {"dst-host": "bank.example", "comment": "first"})
	refused = simulator.add(MENU, {**refusal, "comment": "shut"})
	if was_there:
		reconcile(simulator, PORTAL)
		simulator.run(f"{MENU}/move", {"numbers": rows_of(simulator)[1][".id"]})
		assert [row["comment"] for row in rows_of(simulator)] == ["first", "shut", OURS]
	assert reconcile(simulator, PORTAL).in_sync
	assert [row["comment"] for row in rows_of(simulator)] == ["first", OURS, "shut"]
	assert rows_of(simulator)[2][".id"] == refused
	assert reconcile(simulator, PORTAL) == GardenOutcome(0, 0)


@pytest.mark.parametrize(
	"other",
	[
		{"action": "reject", "src-address": "10.5.50.9"},
		{"action": "drop", "src-address-list": "banned"},
		{"action": "reject", "disabled": "yes"},
	],
)
def test_the_portal_does_not_open_for_single_clients_that_somebody_shut_out(simulator, other):
	simulator.add(MENU, {**other, "comment": "other"})
	reconcile(simulator, PORTAL)
	assert [row["comment"] for row in rows_of(simulator)] == ["other", OURS]


def test_one_server_can_be_opened_alone(simulator):
	reconcile(simulator, Opening("10.1.2.3", 8000, "hotspot1"))
	(row,) = rows_of(simulator)
	assert (row["dst-address"], row["dst-port"], row["server"]) == ("10.1.2.3", "8000", "hotspot1")
	assert reconcile(simulator, Opening("10.1.2.3", 8000, "hotspot1")) == GardenOutcome(0, 0)


def test_a_refusal_is_said_in_words():
	with a_simulator(behaviour=Behaviour(policies=("api", "read"))) as simulator:
		outcome = reconcile(simulator, PORTAL)
	assert not outcome.in_sync
	assert "permission" in outcome.problems[0]
	assert "not open before login" in outcome.problems[1]


@pytest.mark.parametrize(
	("url", "expected"),
	[
		("https://erp.example.com/hotspot/shop", PORTAL),
		("http://erp.example.com", Opening("erp.example.com", 80)),
		("http://10.1.2.3:8000/", Opening("10.1.2.3", 8000)),
	],
)
def test_the_opening_that_a_portal_needs(url, expected):
	assert opening_of(url) == expected


@pytest.mark.parametrize(
	"url", ["", "erp.example.com", "ftp://a", "https://", "https://*", "https://*.a", "http://a:99999"]
)
def test_an_address_that_would_open_more_is_refused(url):
	with pytest.raises(ValueError):
		opening_of(url)
