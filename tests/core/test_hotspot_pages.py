from __future__ import annotations

import pytest
from routeros_factories import SITE, a_simulator, connect_to

from mikrotik_integration.core.hotspot.pages import PagesOutcome, install_pages
from mikrotik_integration.core.vouchers.portal_files import NAMES, portal_files
from mikrotik_integration.simulators.routeros import Behaviour

FILES = portal_files(SITE, "https://erp.example.com", "shop", "Mama's Wi-Fi")
POLICIES = ("api", "read", "write", "ftp")


def install(simulator, files=FILES, directory="hotspot-erpnext") -> PagesOutcome:
	with connect_to(simulator) as router:
		return install_pages(router, SITE, directory, files)


def contents(simulator) -> dict[str, str]:
	return {row["name"]: row.get("contents", "") for row in simulator.rows("/file")}


@pytest.mark.parametrize(
	("behaviour", "place"),
	[
		(Behaviour(policies=POLICIES), "hotspot-erpnext"),
		(Behaviour(policies=POLICIES, files_need_directory=False), "hotspot-erpnext"),
		(Behaviour(policies=POLICIES, file_contents_bytes=4095), "hotspot-erpnext"),
		(Behaviour(policies=POLICIES, has_flash_directory=True), "flash/hotspot-erpnext"),
	],
)
def test_every_file_is_on_the_router_as_it_should_be(behaviour, place):
	with a_simulator(behaviour=behaviour) as simulator:
		outcome = install(simulator)
		held = contents(simulator)
	assert outcome == PagesOutcome(place, tuple(f"{place}/{name}" for name in NAMES))
	assert {name: held[f"{place}/{name}"] for name in NAMES} == FILES


def test_installing_again_writes_nothing_and_a_change_writes_what_changed():
	with a_simulator(behaviour=Behaviour(policies=POLICIES)) as simulator:
		install(simulator)
		assert install(simulator).written == ()
		simulator.run(
			"/file/set", {".id": file_id(simulator, "login.html"), "contents": "<!-- erpnext:site1 -->"}
		)
		assert install(simulator).written == ("hotspot-erpnext/login.html",)


def file_id(simulator, name: str) -> str:
	return next(row[".id"] for row in simulator.rows("/file") if row["name"] == f"hotspot-erpnext/{name}")


@pytest.mark.parametrize("text", ["somebody's", "<!-- erpnext:other -->", "x" * 70_000])
def test_a_file_that_is_not_ours_is_not_overwritten(text):
	with a_simulator(behaviour=Behaviour(policies=POLICIES, file_contents_bytes=100_000)) as simulator:
		simulator.add("/file", name="hotspot-erpnext", type="directory")
		simulator.add("/file", {"name": "hotspot-erpnext/login.html", "contents": text})
		simulator.behave(file_contents_bytes=60_000)
		outcome = install(simulator)
		simulator.behave(file_contents_bytes=100_000)
		held = contents(simulator)
	assert not outcome.in_sync
	assert "login.html is not this site's" in outcome.problems[0]
	assert held["hotspot-erpnext/login.html"] == text


def test_what_a_power_cut_emptied_is_written_again():
	with a_simulator(behaviour=Behaviour(policies=POLICIES, files_cached_s=40)) as simulator:
		install(simulator)
		simulator.reboot(lose_live=True)
		assert len(install(simulator).written) == len(NAMES)
		assert contents(simulator)["hotspot-erpnext/login.html"] == FILES["login.html"]


def test_the_router_s_own_pages_are_left_alone():
	with a_simulator(behaviour=Behaviour(policies=POLICIES)) as simulator:
		before = contents(simulator)
		install(simulator)
		after = contents(simulator)
	assert {name: after[name] for name in before} == before


def test_a_missing_permission_is_said_in_words():
	with a_simulator(behaviour=Behaviour(policies=("api", "read", "write"))) as simulator:
		outcome = install(simulator)
	assert len(outcome.problems) == len(NAMES)
	assert "policy ftp" in outcome.problems[0]


@pytest.mark.parametrize(
	("version", "words"), [("6.49.10", "no such command"), ("7.8", "no such command"), ("7.14.3", "type")]
)
def test_a_version_that_makes_no_directories_is_said_with_what_to_do(version, words):
	with a_simulator(behaviour=Behaviour(version=version)) as simulator:
		outcome = install(simulator)
	assert outcome.written == () and len(outcome.problems) == len(NAMES)
	assert "from 7.15 on" in outcome.problems[0] and "by hand" in outcome.problems[0]
	assert words in outcome.problems[0]


@pytest.mark.parametrize("version", ["6.49.10", "7.8", "7.14.3"])
def test_pages_that_were_put_there_by_hand_are_kept_up_to_date_on_old_versions(version):
	with a_simulator(behaviour=Behaviour(policies=POLICIES)) as simulator:
		install(simulator, {name: f"{text} " for name, text in FILES.items()})
		simulator.behave(version=version)
		assert install(simulator).in_sync
		install(simulator, FILES | {"login.html": FILES["login.html"].replace("Mama", "Baba")})
		assert "Baba" in contents(simulator)["hotspot-erpnext/login.html"]


def test_a_version_that_makes_the_directory_of_a_file_needs_nobody():
	behaviour = Behaviour(version="7.12.2", policies=POLICIES, files_need_directory=False)
	with a_simulator(behaviour=behaviour) as simulator:
		assert install(simulator).in_sync


@pytest.mark.parametrize("directory", ["", "hotspot", "flash", "../x", "a/b", "/a", ".", "a b"])
def test_a_directory_that_is_not_our_own_is_refused(directory):
	with a_simulator() as simulator, pytest.raises(ValueError, match="plain name"):
		install(simulator, directory=directory)
