"""Each version of RouterOS has its own menus, verbs and arguments."""

from __future__ import annotations

import librouteros
import pytest
from librouteros.exceptions import TrapError

from mikrotik_integration.simulators.routeros import (
	Behaviour,
	HiddenSecret,
	LoginRefused,
	RouterSimulator,
	tree,
)

ROWS_WITH_PASSWORD = [("/ip/hotspot/user", {"name": "ann"}), ("/ppp/secret", {"name": "ann"})]


@pytest.mark.parametrize("step", tree.steps(), ids=lambda step: ".".join(map(str, step.version)))
def test_the_tree_of_a_release_is_the_one_that_was_read_off_a_router(step: tree.Step) -> None:
	assert tree.digest(tree.tree(step.version)) == step.digest


@pytest.mark.parametrize("step", tree.steps()[1:], ids=lambda step: ".".join(map(str, step.version)))
def test_a_step_can_be_taken_forth_and_back_and_is_about_what_was_or_was_not_there(step: tree.Step) -> None:
	after = tree.tree(step.version)
	before = step.before(after)
	assert step.after(before) == after
	assert before != after
	for change in step.changes:
		came, went = (after, before) if change.sign == "+" else (before, after)
		assert change.facts(went) <= came | went
		assert not change.facts(went) & went


def test_releases_come_in_order() -> None:
	versions = [step.version for step in tree.steps()]
	assert versions == sorted(set(versions))


@pytest.mark.parametrize(
	("version", "like"), [("7.11", "7.10.2"), ("7.16.2", "7.16"), ("7.21.5", "7.21.4"), ("7.99", "7.24")]
)
def test_a_version_between_two_known_ones_has_the_tree_of_the_older(version: str, like: str) -> None:
	assert _tree(version) == _tree(like)


def _tree(version: str) -> frozenset[tree.Fact]:
	return tree.tree(Behaviour(version=version).version_number)


WORDS = [
	("/ip/hotspot/user/print", "show-sensitive", "7.20.8", "7.21"),
	("/ppp/secret/print", "show-sensitive", "7.20.8", "7.21"),
	("/ip/hotspot/profile/print", "show-sensitive", "7.23.3", "7.24"),
	("/ip/hotspot/user/print", "order-by", "7.23", "7.24"),
	("/tool/fetch", "http-max-redirect-count", "7.17.1", "7.18"),
	("/ip/service/set", "max-sessions", "7.15.3", "7.16"),
	("/file/add", "type", "7.14.3", "7.15"),
	("/system/script/run", "use-script-permissions", "7.14.3", "7.15"),
]


@pytest.mark.parametrize(("path", "word", "without", "since"), WORDS)
def test_a_word_is_unknown_before_its_version(
	make_router, path: str, word: str, without: str, since: str
) -> None:
	menu, _, verb = path.rpartition("/")
	old, new = (make_router(Behaviour(version=version)).router.schema for version in (without, since))
	assert (word in old.takes(menu, verb), word in new.takes(menu, verb)) == (False, True)


@pytest.mark.parametrize(
	("version", "verbs"),
	[
		("7.20.8", {"add", "comment", "find", "get", "login", "print", "remove", "reset", "set"}),
		("7.21", {"find", "get", "login", "print", "remove"}),
		("7.24", {"find", "get", "login", "print", "remove"}),
	],
)
def test_hotspot_active_lost_verbs(version: str, verbs: set[str]) -> None:
	assert set(tree.verbs(Behaviour(version=version).version_number)["/ip/hotspot/active"]) == verbs


def test_a_router_that_is_upgraded_takes_other_words(router: RouterSimulator, connect) -> None:
	api = connect(router)
	with pytest.raises(TrapError, match="unknown parameter show-sensitive"):
		list(api.rawCmd("/ppp/secret/print", "=show-sensitive="))
	router.behave(version="7.21.5")
	assert list(api.rawCmd("/ppp/secret/print", "=show-sensitive=")) == []


# passwords from 7.21 on


@pytest.fixture(params=ROWS_WITH_PASSWORD, ids=lambda given: given[0])
def ask(request, make_router, connect):
	"""Makes a router with a row that has a password; what print shows of it."""
	menu, row = request.param

	def make(behaviour: Behaviour, *words: str) -> str | None:
		router = make_router(behaviour)
		router.add(menu, {**row, "password": "pw"})
		[found] = connect(router).rawCmd(f"{menu}/print", *words, "?name=ann")
		return found.get("password")

	return make


@pytest.mark.parametrize(
	("play", "shown"),
	[(HiddenSecret.OMITTED, None), (HiddenSecret.MASKED, "*****"), (HiddenSecret.EMPTY, "")],
)
def test_passwords_are_hidden_from_who_does_not_ask_for_them(
	ask, play: HiddenSecret, shown: str | None
) -> None:
	assert ask(Behaviour(version="7.21.5", hidden_secret=play)) == shown


def test_passwords_are_shown_to_who_asks_for_them(ask) -> None:
	assert ask(Behaviour(version="7.21.5"), "=show-sensitive=") == "pw"


def test_asking_does_not_take_the_place_of_the_policy(ask) -> None:
	assert ask(Behaviour(version="7.21.5", policies=("api", "read")), "=show-sensitive=") is None


def test_the_api_may_show_passwords_unasked_as_it_did_before(ask) -> None:
	assert ask(Behaviour(version="7.21.5", passwords_need_asking=False)) == "pw"


def test_passwords_were_shown_unasked_before(ask) -> None:
	assert ask(Behaviour(version="7.20.8")) == "pw"


# taking values away


def test_a_word_with_an_exclamation_mark_takes_a_value_away(router: RouterSimulator, connect) -> None:
	api = connect(router)
	row_id = router.add("/ppp/profile", name="p", rate_limit="1M/1M", comment="kept")
	list(api.rawCmd("/ppp/profile/set", f"=.id={row_id}", "=!rate-limit=", "=dns-server=10.0.0.1"))
	row = next(row for row in router.rows("/ppp/profile") if row["name"] == "p")
	assert (row.get("rate-limit"), row["dns-server"], row["comment"]) == (None, "10.0.0.1", "kept")


def test_a_word_with_an_exclamation_mark_is_no_value_of_a_new_row(router: RouterSimulator, connect) -> None:
	list(connect(router).rawCmd("/ip/hotspot/user/add", "=name=ann", "=!limit-uptime="))
	[row] = [row for row in router.rows("/ip/hotspot/user") if row["name"] == "ann"]
	assert "limit-uptime" not in row


@pytest.mark.parametrize(
	("path", "word"),
	[
		("/ip/hotspot/user/set", "=!nonsense="),
		("/ip/hotspot/user/set", "=!profile="),
		("/ip/hotspot/user/set", "=!.id="),
		("/ip/hotspot/user/disable", "=!numbers="),
		("/ip/hotspot/user/print", "=!.proplist="),
	],
)
def test_what_cannot_be_taken_away_is_an_unknown_parameter(
	router: RouterSimulator, connect, path, word
) -> None:
	row_id = router.add("/ip/hotspot/user", name="ann", limit_uptime="1h")
	before = router.rows("/ip/hotspot/user")
	words = [] if path.endswith("print") else [f"=.id={row_id}"]
	with pytest.raises(librouteros.exceptions.TrapError, match="unknown parameter !"):
		list(connect(router).rawCmd(path, *words, word))
	assert router.rows("/ip/hotspot/user") == before


@pytest.mark.parametrize(
	("menu", "name", "message"),
	[
		("/ppp/secret", "nonsense", "input does not match any value of value-name"),
		("/ppp/secret", "password", "input does not match any value of value-name"),
		("/ppp/secret", "", "input does not match any value of value-name"),
		("/ppp/secret", "remote", "ambiguous value of value-name"),
		("/ppp/secret", None, "missing value"),
		("/ip/hotspot/user/profile", "rate-limit", "input does not match any value of value-name"),
		("/ip/hotspot/user", "limit-uptime", "no such command"),
		("/ip/pool", "next-pool", "no such command"),
	],
)
def test_unset_refuses_nonsense(router: RouterSimulator, connect, menu, name, message) -> None:
	more = {"ranges": "10.0.0.1"} if menu == "/ip/pool" else {}
	row_id = router.add(menu, {"name": "ann", **more})
	before = router.rows(menu)
	words = [] if name is None else [f"=value-name={name}"]
	with pytest.raises(TrapError, match=message):
		list(connect(router).rawCmd(f"{menu}/unset", f"=.id={row_id}", *words))
	assert router.rows(menu) == before


# what "Test Connection" reads


def test_the_clock_tells_its_distance_from_greenwich(api) -> None:
	[row] = api.rawCmd("/system/clock/print", "=.proplist=gmt-offset,date,time")
	assert row["gmt-offset"] == "+00:00"


def test_a_board_has_a_licence_level_by_number_and_a_software_id(router: RouterSimulator, connect) -> None:
	router.behave(licence_level="4")
	[row] = connect(router).rawCmd("/system/license/print")
	assert row["nlevel"] == 4
	assert "level" not in row


def test_each_machine_has_a_system_id_of_its_own_and_keeps_it(make_router, tmp_path) -> None:
	kept = tmp_path / "state.json"
	first, other = make_router(state=kept), make_router()
	[own], [of_other] = (router.rows("/system/license") for router in (first, other))
	assert own["system-id"] != of_other["system-id"]
	first.add("/ppp/secret", name="ann")
	first.stop()
	assert make_router(state=kept).rows("/system/license") == [own]


def test_device_mode_says_what_it_forbids_and_forbids_it(router: RouterSimulator, connect) -> None:
	router.add("/ip/hotspot/user", name="ann", password="pw")
	assert [row["hotspot"] for row in router.rows("/system/device-mode")] == ["true"]
	router.behave(device_mode_forbids=("hotspot", "fetch"))
	assert [(row["mode"], row["hotspot"]) for row in router.rows("/system/device-mode")] == [
		("home", "false")
	]
	with pytest.raises(LoginRefused, match="device-mode"):
		router.customer.login("ann", "pw")
	with pytest.raises(TrapError, match="device-mode"):
		list(connect(router).rawCmd("/tool/fetch", "=url=http://localhost/", "=output=user"))
