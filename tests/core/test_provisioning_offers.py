"""What a router has is read, and what it lacks is said before anybody pays for it."""

from __future__ import annotations

import json

import pytest
from routeros_factories import a_simulator, connect_to

from mikrotik_integration.core.provisioning.desired import Service
from mikrotik_integration.core.provisioning.offers import Offers, read_offers, why_not


def offers_of(simulator) -> Offers:
	with connect_to(simulator) as router:
		return read_offers(router)


def test_pools_profiles_and_servers_that_are_on_are_read():
	with a_simulator() as simulator:
		simulator.add("/interface/pppoe-server/server", {"service-name": "home", "interface": "ether1"})
		simulator.add(
			"/interface/pppoe-server/server",
			{"service-name": "off", "interface": "ether1", "disabled": "yes"},
		)
		simulator.run("/interface/l2tp-server/server/set", enabled="yes")
		offers = offers_of(simulator)
	assert "ppp-pool" in (offers.pools or ())
	assert "default" in (offers.hotspot_profiles or ())
	assert offers.servers[Service.PPPOE] == ("home",)
	assert offers.servers[Service.L2TP] == ("on",)
	assert offers.servers[Service.PPTP] == ()
	assert len(offers.servers[Service.HOTSPOT] or ()) == 1
	assert Offers.from_dict(json.loads(json.dumps(offers.as_dict()))) == offers


def test_what_the_router_does_not_tell_is_not_known_and_not_held_against_it():
	with a_simulator() as simulator:
		simulator.behave(missing_menus=("/ip/hotspot", "/ip/pool"))
		offers = offers_of(simulator)
	assert offers.pools is None
	assert offers.servers[Service.HOTSPOT] is None
	assert why_not(offers, Service.HOTSPOT, ["nowhere"]) is None
	assert why_not(Offers.from_dict({}), Service.PPPOE, ["nowhere"]) is None


@pytest.mark.parametrize(
	("service", "addresses", "words"),
	[
		(Service.HOTSPOT, ["guests", ""], None),
		(Service.HOTSPOT, ["gone"], "no address pool 'gone'"),
		(Service.HOTSPOT, ["10.1.2.3"], None),
		(Service.PPPOE, ["guests"], "no PPPoE server"),
	],
)
def test_what_is_missing_is_named(service, addresses, words):
	offers = Offers(pools=("guests",), servers={Service.HOTSPOT: ("hs1",), Service.PPPOE: ()})
	found = why_not(offers, service, addresses)
	assert (found is None) if words is None else (words in (found or ""))
