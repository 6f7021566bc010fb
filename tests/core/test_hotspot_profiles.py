from __future__ import annotations

import pytest
from routeros_factories import a_simulator, connect_to

from mikrotik_integration.core.hotspot.profiles import NotSet, allow_login_links, read_profiles, use_pages
from mikrotik_integration.core.routeros.errors import NotPermitted
from mikrotik_integration.simulators.routeros import Behaviour

MENU = "/ip/hotspot/profile"


@pytest.fixture
def simulator():
	with a_simulator() as simulator:
		yield simulator


def profile(simulator, name: str) -> dict[str, str]:
	return next(row for row in simulator.rows(MENU) if row["name"] == name)


def test_profiles_are_shown_with_the_servers_that_use_them(simulator):
	with connect_to(simulator) as router:
		found = {one.name: one for one in read_profiles(router)}
	assert found["hsprof1"].servers == ("hotspot1",)
	assert found["hsprof1"].dns_name == "login.example"
	assert found["hsprof1"].takes_links(https=False) and not found["hsprof1"].takes_links(https=True)
	assert found["default"].servers == ()


def test_links_are_allowed_on_the_chosen_profile_only(simulator):
	simulator.add(MENU, {"name": "shop", "login-by": "cookie,http-chap", "dns-name": "wifi.shop.lan"})
	before = simulator.rows(MENU)
	with connect_to(simulator) as router:
		assert allow_login_links(router, "shop") is True
		assert allow_login_links(router, "shop") is False
	changed = [row for row in simulator.rows(MENU) if row not in before]
	assert [row["name"] for row in changed] == ["shop"]
	assert set(profile(simulator, "shop")["login-by"].split(",")) == {"cookie", "http-chap", "http-pap"}
	assert {key for key in changed[0] if changed[0][key] != before[-1].get(key)} == {"login-by"}


def test_login_by_https_needs_a_certificate(simulator):
	with connect_to(simulator) as router, pytest.raises(NotSet, match="certificate"):
		allow_login_links(router, "hsprof1", https=True)
	assert "https" not in profile(simulator, "hsprof1")["login-by"]


@pytest.mark.parametrize("name", ["", "hsprof", "HSPROF1", "gone"])
def test_a_profile_that_nobody_chose_is_never_changed(simulator, name):
	before = simulator.rows(MENU)
	with connect_to(simulator) as router:
		for change in (
			lambda: allow_login_links(router, name),
			lambda: use_pages(router, name, "hotspot-erpnext"),
		):
			with pytest.raises(NotSet, match="no hotspot profile"):
				change()
	assert simulator.rows(MENU) == before


def test_pages_are_shown_and_taken_back(simulator):
	with connect_to(simulator) as router:
		assert use_pages(router, "hsprof1", "hotspot-erpnext") == ""
		assert profile(simulator, "hsprof1")["html-directory-override"] == "hotspot-erpnext"
		assert use_pages(router, "hsprof1", "") == "hotspot-erpnext"
	assert profile(simulator, "hsprof1")["html-directory-override"] == ""
	assert profile(simulator, "default")["html-directory-override"] == ""


def test_a_refusal_is_raised():
	with (
		a_simulator(behaviour=Behaviour(policies=("api", "read"))) as simulator,
		connect_to(simulator) as router,
		pytest.raises(NotPermitted),
	):
		use_pages(router, "hsprof1", "x")
