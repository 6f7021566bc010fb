"""/file, /tool/fetch and the hotspot's default files."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import pytest
from librouteros.exceptions import TrapError

from mikrotik_integration.simulators.routeros import Behaviour, Certificate, RouterSimulator, Trapped

FILE = "/file"


def file(router: RouterSimulator, name: str) -> dict[str, str]:
	[row] = [row for row in router.rows(FILE) if row["name"] == name]
	return row


def names(router: RouterSimulator) -> set[str]:
	return {row["name"] for row in router.rows(FILE)}


def trap(act: Callable[[], object]) -> str:
	with pytest.raises(TrapError) as refusal:
		act()
	return refusal.value.message


def test_a_new_router_holds_the_hotspots_files(router: RouterSimulator) -> None:
	expected = {"login", "alogin", "rlogin", "redirect", "status", "logout", "error"}
	assert {f"hotspot/{name}.html" for name in expected} <= names(router)
	row = file(router, "hotspot/login.html")
	assert (row["type"], int(row["size"])) == (".html file", len(row["contents"].encode()))
	assert file(router, "hotspot")["type"] == "directory"


def test_a_file_is_added_changed_renamed_and_removed(router: RouterSimulator, api) -> None:
	path = api.path(FILE)
	row_id = path.add(name="/hotspot/new.html", contents="Karibu – ‹b›")
	assert file(router, "hotspot/new.html")["contents"] == "Karibu – ‹b›"
	assert file(router, "hotspot/new.html")["size"] == str(len("Karibu – ‹b›".encode()))
	path.update(**{".id": row_id, "contents": "changed"})
	path.update(**{".id": row_id, "name": "hotspot/other.txt"})
	row = file(router, "hotspot/other.txt")
	assert (row[".id"], row["type"], row["contents"]) == (row_id, ".txt file", "changed")
	path.remove(row_id)
	assert "hotspot/other.txt" not in names(router)


def test_a_directory_goes_with_all_that_is_in_it(router: RouterSimulator, api) -> None:
	path = api.path(FILE)
	path.add(name="shop/img", type="directory")
	path.add(name="shop/img/a.txt", contents="a")
	path.update(**{".id": file(router, "shop")[".id"], "name": "store"})
	assert {"store", "store/img", "store/img/a.txt"} <= names(router)
	path.remove(file(router, "store")[".id"])
	assert not {name for name in names(router) if name.startswith("store")}


REFUSED = [
	({"name": "hotspot/login.html"}, "failure: file already exists"),
	({"name": "nowhere/login.html"}, "failure: no such directory"),
	({"name": "x.txt", "contents": "x" * 60_001}, "failure: new contents too long"),
	({"name": "x.txt", "nonsense": "x"}, "unknown parameter nonsense"),
	({"contents": "x"}, "missing value(s) of argument(s) name"),
]


@pytest.mark.parametrize(("given", "words"), REFUSED)
def test_a_file_that_cannot_be_made_is_refused(api, given: dict[str, str], words: str) -> None:
	assert trap(lambda: api.path(FILE).add(**given)) == words


def test_contents_are_as_long_as_the_router_allows(make_router, connect) -> None:
	router = make_router(Behaviour(file_contents_bytes=4095))
	path = connect(router).path(FILE)
	row_id = path.add(name="x.txt", contents="x" * 4095)
	assert (
		trap(lambda: path.update(**{".id": row_id, "contents": "x" * 4096}))
		== "failure: new contents too long"
	)
	assert len(file(router, "x.txt")["contents"]) == 4095


@pytest.mark.parametrize(
	("version", "given", "words"),
	[
		("6.49", {"name": "x.txt"}, "no such command"),
		("7.8", {"name": "x.txt"}, "no such command"),
		("7.14.3", {"name": "x", "type": "directory"}, "unknown parameter type"),
	],
)
def test_files_and_directories_cannot_be_made_on_old_versions(make_router, connect, version, given, words):
	api = connect(make_router(Behaviour(version=version)))
	assert trap(lambda: api.path(FILE).add(**given)) == words


def test_a_missing_directory_may_be_made_by_the_way(make_router) -> None:
	router = make_router(Behaviour(files_need_directory=False))
	router.add(FILE, name="a/b/c.txt", contents="c")
	assert {"a", "a/b", "a/b/c.txt"} <= names(router)


@pytest.mark.parametrize("policies", [("api", "read", "write"), ("api", "read", "ftp")])
def test_files_are_changed_only_with_ftp_and_write(make_router, connect, policies: tuple[str, ...]) -> None:
	api = connect(make_router(Behaviour(policies=policies)))
	assert trap(lambda: api.path(FILE).add(name="x.txt")) == "not enough permissions (9)"
	assert "hotspot" in [row["name"] for row in api.path(FILE)]


def test_a_file_too_long_to_be_shown_is_read_in_pieces(make_router, connect) -> None:
	api = connect(make_router(Behaviour(file_contents_bytes=200_000)))
	api.path(FILE).add(name="long.txt", contents="abcdefghij" * 10_000)
	pieces = [
		api(f"{FILE}/read", **{"file": "long.txt", "offset": at, "chunk-size": 32768})
		for at in range(0, 100_000, 32768)
	]
	assert "".join(row["data"] for piece in pieces for row in piece) == "abcdefghij" * 10_000
	too_much = {"file": "long.txt", "chunk-size": 32769}
	assert "out of range" in trap(lambda: tuple(api(f"{FILE}/read", **too_much)))


def test_the_default_files_come_back(router: RouterSimulator) -> None:
	before = file(router, "hotspot/login.html")["contents"]
	router.run(f"{FILE}/set", {".id": "hotspot/login.html", "contents": "mine"})
	router.run(f"{FILE}/remove", numbers="hotspot/status.html")
	router.run("/ip/hotspot/reset-html", numbers="hotspot1")
	assert file(router, "hotspot/login.html")["contents"] == before
	assert "hotspot/status.html" in names(router)


def test_files_survive_a_reboot_only_in_flash_where_there_is_one(make_router) -> None:
	router = make_router(Behaviour(has_flash_directory=True))
	router.add(FILE, name="lost.txt", contents="x")
	router.add(FILE, name="flash/kept.txt", contents="x")
	router.reboot()
	assert ("lost.txt" in names(router), "flash/kept.txt" in names(router)) == (False, True)
	assert {row["html-directory"] for row in router.rows("/ip/hotspot/profile")} == {"flash/hotspot"}


@pytest.mark.parametrize(
	("lose_live", "waits_s", "size"), [(True, 10, "0"), (True, 50, "3"), (False, 10, "3")]
)
def test_a_power_cut_empties_files_just_written(
	make_router, lose_live: bool, waits_s: int, size: str
) -> None:
	router = make_router(Behaviour(files_cached_s=40))
	router.add(FILE, name="x.txt", contents="abc")
	router.advance(waits_s)
	router.reboot(lose_live=lose_live)
	assert (file(router, "x.txt")["size"], len(file(router, "x.txt")["contents"])) == (size, int(size))


def test_files_are_kept_in_the_state_file(make_router, tmp_path) -> None:
	state = tmp_path / "router.json"
	router = make_router(state=state)
	router.run(f"{FILE}/set", {".id": "hotspot/login.html", "contents": "mine \udcff"})
	router.stop()
	assert make_router(state=state).router.table(FILE).find("hotspot/login.html")["contents"] == "mine \udcff"


def test_a_file_is_fetched_from_this_machine(router: RouterSimulator, api, web_server) -> None:
	port = web_server({"/login.html": "Karibu – {host}".encode()})
	url = f"http://127.0.0.1:{port}/login.html"
	told = tuple(api("/tool/fetch", **{"url": url, "dst-path": "hotspot/login.html"}))
	assert told[-1]["status"] == "finished"
	assert file(router, "hotspot/login.html")["contents"] == f"Karibu – 127.0.0.1:{port}"


def test_names_are_looked_up_in_the_routers_own_list(router: RouterSimulator, web_server) -> None:
	router.add("/ip/dns/static", name="portal.example", address="127.0.0.1")
	port = web_server({"/": b"{host}"})
	url = f"http://portal.example:{port}/"
	assert router.run("/tool/fetch", url=url, output="user")[0]["data"] == f"portal.example:{port}"


def test_other_commands_are_done_while_a_fetch_waits(router: RouterSimulator, wire, web_server) -> None:
	begun, may_go_on = threading.Event(), threading.Event()

	class Slow(dict):
		def get(self, path: str) -> bytes:
			begun.set()
			may_go_on.wait(5)
			return b"late"

	port = web_server(Slow())
	wire.send("/tool/fetch", f"=url=http://127.0.0.1:{port}/x", "=dst-path=x.txt", ".tag=1")
	assert begun.wait(5)
	assert wire.ask("/system/identity/print", ".tag=2")[-1] == ["!done", ".tag=2"]
	may_go_on.set()
	assert wire.until_done()[-1] == ["!done", ".tag=1"]
	assert file(router, "x.txt")["contents"] == "late"


def test_what_cannot_be_fetched_is_a_trap_and_no_file(router: RouterSimulator, api, web_server) -> None:
	port = web_server({})
	missing = f"http://127.0.0.1:{port}/none.html"
	expected = f"failure: closing connection: <404 Not Found> 127.0.0.1:{port} (4)"
	assert trap(lambda: tuple(api("/tool/fetch", url=missing))) == expected
	with socket.create_server(("127.0.0.1", 0)) as closed:
		nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/none.html"
	assert trap(lambda: tuple(api("/tool/fetch", url=nobody))) == "failure: connection failed"
	assert "could not resolve" in trap(lambda: tuple(api("/tool/fetch", url="http://example.com/x")))
	assert "none.html" not in names(router)


@pytest.mark.parametrize(
	("policies", "words"), [(("api", "read", "write"), "permissions"), (("api", "test"), "permissions")]
)
def test_a_fetch_needs_test_and_to_keep_a_file_ftp(make_router, connect, policies, words: str) -> None:
	api = connect(make_router(Behaviour(policies=policies)))
	assert words in trap(lambda: tuple(api("/tool/fetch", url="http://127.0.0.1:9/x")))


def test_a_certificate_is_checked_only_when_asked_for(router: RouterSimulator, web_server) -> None:
	port = web_server({"/x.txt": b"x"}, Certificate.make())
	url = f"https://127.0.0.1:{port}/x.txt"
	router.run("/tool/fetch", url=url)
	with pytest.raises(Trapped, match="no trusted CA"):
		router.run("/tool/fetch", url=url, check_certificate="yes")
	assert file(router, "x.txt")["contents"] == "x"
