"""The hotspot's web pages, as devices on the Wi-Fi see them."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import quote, urlencode

import pytest
from librouteros.exceptions import TrapError

from mikrotik_integration.simulators.routeros import Behaviour, Device, Faults, LoginRefused, RouterSimulator
from mikrotik_integration.simulators.routeros.web.template import render

ACTIVE, FILE, PROFILE = "/ip/hotspot/active", "/file", "/ip/hotspot/profile"
MAC = "02:00:00:00:00:42"
TIMEOUT_S = 10


class Answer(NamedTuple):
	status: int
	location: str
	text: str
	headers: dict[str, str]


def get(
	device: Device,
	path: str,
	host: str | None = None,
	form: dict[str, str] | None = None,
	headers: dict[str, str] | None = None,
) -> Answer:
	"""What the device gets; with `host`, for a name that it believes to ask."""
	context = ssl._create_unverified_context() if device.url.startswith("https") else None
	kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
	more = {"context": context} if context else {}
	return ask(kind("127.0.0.1", device.port, timeout=TIMEOUT_S, **more), path, host, form, headers)


def ask(
	connection: http.client.HTTPConnection,
	path: str,
	host: str | None = None,
	form: dict[str, str] | None = None,
	headers: dict[str, str] | None = None,
) -> Answer:
	headers = {**(headers or {}), **({"Host": host} if host else {})}
	if form is not None:
		headers["Content-Type"] = "application/x-www-form-urlencoded"
	connection.request("GET" if form is None else "POST", path, form and urlencode(form), headers)
	response = connection.getresponse()
	text = response.read().decode()
	connection.close()
	found = dict(response.getheaders())
	return Answer(response.status, found.get("Location", ""), text, found)


def login(device: Device, user: str = "ann", password: str = "pw", **more: str) -> Answer:
	return get(device, "/login?" + urlencode({"username": user, "password": password, **more}))


def online(router: RouterSimulator) -> list[tuple[str, str, str]]:
	return [(row["user"], row["mac-address"], row["login-by"]) for row in router.rows(ACTIVE)]


def put(router: RouterSimulator, name: str, contents: str) -> None:
	router.run(f"{FILE}/set", {".id": f"hotspot/{name}", "contents": contents})


def configure(router: RouterSimulator, **changes: str) -> None:
	router.run(f"{PROFILE}/set", numbers="hsprof1", **changes)


@pytest.fixture
def device(router: RouterSimulator) -> Device:
	router.add("/ip/hotspot/user", name="ann", password="pw")
	return router.plug_in(MAC)


# pages and variables


def test_a_page_has_what_the_router_knows_of_the_device(router: RouterSimulator, device: Device) -> None:
	put(
		router,
		"login.html",
		"$(mac) $(mac-esc) $(ip) $(username) $(link-login-only) $(link-orig-esc) $(nothing)|",
	)
	page = get(device, "/login?dst=http%3A%2F%2Fx.example%2Fa%3Fb%3D1%202").text
	base = f"http://127.0.0.1:{device.port}"
	orig = "http%3A%2F%2Fx.example%2Fa%3Fb%3D1+2"
	assert page == f"{MAC} {MAC.replace(':', '%3A')} {device.address}  {base}/login {orig} |"


def test_links_have_the_hotspots_name_where_the_device_asked_for_a_name(router, device: Device) -> None:
	put(router, "login.html", "$(link-login-only) $(link-login) $(link-status) $(link-logout) $(hostname)")
	configure(router, dns_name="wifi.shop.lan")
	page = get(device, "/login", "wifi.shop.lan").text
	assert page == " ".join(
		f"http://wifi.shop.lan/{name}" for name in ("login", "login", "status", "logout")
	) + (" wifi.shop.lan")


CONDITIONS = [
	("$(if a)yes$(else)no$(endif)", "yes"),
	("$(if none)yes$(else)no$(endif)", "no"),
	("$(if a == x)1$(elif a == 'b c')2$(elif a)3$(else)4$(endif)5", "25"),
	('$(if a != "b c")1$(else)2$(endif)', "2"),
	("$(if none)$(if a)1$(endif)2$(else)$(if a)3$(endif)4$(endif)", "34"),
	("$(a) $(a-esc) $(none) $5 $() $(if a)open", "b c b+c  $5 $() open"),
	("$(endif)$(else)x", "x"),
]


@pytest.mark.parametrize(("text", "expected"), CONDITIONS)
def test_conditions_choose_what_is_shown(text: str, expected: str) -> None:
	assert render(text, {"a": "b c"}).text == expected


def test_a_page_sets_its_status_and_headers() -> None:
	page = render(
		'$(if http-status == 302)Go$(endif)$(if http-header == "Location")$(to)$(endif)x', {"to": "/y"}
	)
	assert (page.status, page.reason, page.headers, page.text) == (302, "Go", [("Location", "/y")], "x")


HTML = "<script>alert(1)</script>"


@pytest.mark.parametrize(
	("escapes", "shown"), [(False, HTML), (True, "&lt;script&gt;alert(1)&lt;/script&gt;")]
)
def test_html_in_a_parameter_may_reach_the_page(make_router, escapes: bool, shown: str) -> None:
	router = make_router(Behaviour(hotspot_escapes_html=escapes))
	put(router, "login.html", "$(username)|$(whatever)|$(error)|$(username-esc)")
	device = router.plug_in()
	page = login(device, HTML, "x", whatever=HTML).text
	assert page == f"{shown}|{shown}|invalid username or password|{quote(HTML, safe='')}"


def test_files_beside_the_pages_are_served_and_only_texts_are_filled_in(router, device: Device) -> None:
	router.add(FILE, name="hotspot/a.js", contents="$(mac)")
	router.add(FILE, name="hotspot/a.html", contents="$(mac)")
	assert [get(device, path).text for path in ("/a.js", "/a.html")] == ["$(mac)", MAC]
	assert get(device, "/css/style.css").headers["Content-Type"] == "text/css"
	assert get(device, "/../../etc/passwd", "login.example").status == 404


def test_pages_come_from_where_the_profile_says(router: RouterSimulator, device: Device) -> None:
	configure(router, html_directory_override="mine")
	assert "<form" in get(device, "/login").text
	router.add(FILE, name="mine", type="directory")
	router.add(FILE, name="mine/login.html", contents="mine")
	assert get(device, "/login").text == "mine"
	router.add(FILE, name="mine/sw", type="directory")
	router.add(FILE, name="mine/sw/login.html", contents="yangu")
	assert get(device, "/login?target=sw").text == "yangu"


def test_the_captive_portal_api_tells_whether_to_log_in(device: Device) -> None:
	assert json.loads(get(device, "/api").text)["captive"] is True
	login(device)
	answer = get(device, "/api")
	assert (json.loads(answer.text)["captive"], answer.headers["Content-Type"]) == (
		False,
		"application/captive+json",
	)


# logging in and out


def test_a_link_logs_in_and_leads_on(router: RouterSimulator, device: Device) -> None:
	answer = login(device, dst="http://x.example/")
	assert online(router) == [("ann", MAC, "http-pap")]
	assert 'url=http://x.example/"' in answer.text
	assert f"{device.url}/status" in get(device, "/login").text


def test_without_alogin_a_login_is_a_redirect(router: RouterSimulator, device: Device) -> None:
	router.run(f"{FILE}/remove", numbers="hotspot/alogin.html")
	assert login(device, dst="http://x.example/")[:2] == (302, "http://x.example/")


def test_a_form_logs_in(router: RouterSimulator, device: Device) -> None:
	get(device, "/login", form={"username": "ann", "password": "pw"})
	assert online(router) == [("ann", MAC, "http-pap")]


def response(page: str, password: str = "pw") -> str:
	"""What the script of a login page makes of the challenge in it."""
	[first, second] = re.findall(r"'((?:\\\d{3})+)'", page)
	number, secret = (bytes(int(octal, 8) for octal in text.split("\\")[1:]) for text in (first, second))
	return hashlib.md5(number + password.encode() + secret).hexdigest()


def test_chap_is_an_answer_to_the_last_page_and_good_once(router: RouterSimulator, device: Device) -> None:
	configure(router, login_by="cookie,http-chap")
	old = response(get(device, "/login").text)
	new = response(get(device, "/login").text)
	for useless in (old, new):
		assert "invalid username or password" in login(device, password=useless).text
	login(device, password=response(get(device, "/login").text))
	assert online(router) == [("ann", MAC, "http-chap")]


@pytest.mark.parametrize("forgets", ["an hour", "a restart"])
def test_a_challenge_does_not_live_for_ever(router: RouterSimulator, device: Device, forgets: str) -> None:
	configure(router, login_by="http-chap")
	answer = response(get(device, "/login").text)
	router.advance(3601)
	if forgets == "a restart":
		answer = response(get(device, "/login").text)
		router.advance(1)
		router.reboot()
	assert "did not send challenge response" in login(device, password=answer).text
	assert online(router) == []


def test_a_plain_password_is_refused_unless_the_profile_allows_it(router, device: Device) -> None:
	configure(router, login_by="cookie,http-chap")
	assert "did not send challenge response" in login(device).text
	configure(router, login_by="http-pap")
	assert "hexMD5" not in get(device, "/login").text
	login(device)
	assert online(router) == [("ann", MAC, "http-pap")]


def test_over_https_a_plain_password_needs_https(router: RouterSimulator, device: Device) -> None:
	configure(router, login_by="http-chap,https")
	assert "did not send challenge response" in login(device).text
	safe = router.plug_in("02:00:00:00:00:43", https=True)
	login(safe)
	assert online(router) == [("ann", safe.mac, "https")]


def test_refusals_are_in_the_words_of_the_field(router: RouterSimulator, device: Device) -> None:
	router.add("/ip/hotspot/user", name="used", password="pw", limit_uptime="1s")
	router.customer.login("used", "pw", mac="02:00:00:00:00:50").move(seconds=5)
	router.customer.login("ann", "pw", mac="02:00:00:00:00:51")
	words = {
		("ann", "wrong"): "invalid username or password",
		("nobody", "pw"): "invalid username or password",
		("used", "pw"): "user used has reached uptime limit",
		("ann", "pw"): "no more sessions are allowed for user ann",
	}
	assert {pair: said for pair, said in words.items() if said not in login(device, *pair).text} == {}
	assert [mac for _, mac, _ in online(router)] == ["02:00:00:00:00:51"]


DESTINATIONS = [
	("7.16", "javascript:alert(1)", "javascript:alert(1)"),
	("7.19.1", "javascript:alert(1)", "javascript:alert(1)"),
	("7.19.2", "javascript:alert(1)", "{status}"),
	("7.20", "https://evil.example/", "https://evil.example/"),
	("7.20", "", "{status}"),
]


@pytest.mark.parametrize(("version", "dst", "expected"), DESTINATIONS)
def test_where_a_login_leads(make_router, version: str, dst: str, expected: str) -> None:
	router = make_router(Behaviour(version=version))
	router.add("/ip/hotspot/user", name="ann", password="pw")
	put(router, "alogin.html", "$(link-redirect)")
	device = router.plug_in()
	assert login(device, dst=dst).text == expected.format(status=f"{device.url}/status")


def test_the_status_page_and_logging_out(router: RouterSimulator, device: Device) -> None:
	assert get(device, "/status")[:2] == (302, f"{device.url}/login")
	assert get(device, "/logout")[:2] == (302, f"{device.url}/login")
	login(device)
	[session] = router.customer.sessions()
	session.move(upload=1000, download=3 << 20, seconds=3700)
	put(router, "status.html", "$(username) $(bytes-in) $(bytes-out-nice) $(uptime) $(uptime-secs)")
	assert get(device, "/status").text == "ann 1000 3.0 MiB 1h1m40s 3700"
	assert "ann is logged out" in get(device, "/logout").text
	assert (online(router), session.ended) == ([], "user request")
	assert [row["bytes-in"] for row in router.rows("/ip/hotspot/user") if row["name"] == "ann"] == ["1000"]


@pytest.mark.parametrize(
	("forgets", "path", "back"), [(True, "", 0), (False, "", 1), (False, "?erase-cookie=true", 0)]
)
def test_a_cookie_may_outlive_a_logout(make_router, forgets: bool, path: str, back: int) -> None:
	router = make_router(Behaviour(logout_forgets_cookie=forgets))
	router.add("/ip/hotspot/user", name="ann", password="pw")
	device = router.plug_in()
	login(device)
	get(device, f"/logout{path}")
	get(device, "/login")
	assert len(online(router)) == back


def test_a_device_with_a_cookie_is_in_without_a_password(router: RouterSimulator, device: Device) -> None:
	login(device)
	router.run(f"{ACTIVE}/remove", numbers=router.rows(ACTIVE)[0][".id"])
	get(device, "/anything")
	assert online(router) == [("ann", MAC, "mac-cookie")]
	configure(router, login_by="http-pap")
	router.run(f"{ACTIVE}/remove", numbers=router.rows(ACTIVE)[0][".id"])
	get(device, "/anything")
	assert online(router) == []


def cookie_of(answer: Answer) -> dict[str, str]:
	return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


def test_a_browser_with_its_cookie_is_in_again_after_a_logout(
	router: RouterSimulator, device: Device
) -> None:
	kept = cookie_of(login(device))
	get(device, "/logout")
	get(device, "/login")
	assert online(router) == []
	get(device, "/login", headers=kept)
	assert online(router) == [("ann", MAC, "cookie")]
	get(device, "/logout?erase-cookie=true")
	get(device, "/login", headers=kept)
	assert (online(router), router.rows("/ip/hotspot/cookie")) == ([], [])


def test_a_browsers_cookie_is_of_no_use_on_another_device(router: RouterSimulator, device: Device) -> None:
	kept = cookie_of(login(device))
	get(device, "/logout")
	get(router.plug_in(), "/login", headers=kept)
	assert online(router) == []


def test_a_browsers_cookie_ends_when_its_row_is_removed_or_the_method_is(router, device: Device) -> None:
	kept = cookie_of(login(device))
	get(device, "/logout")
	configure(router, login_by="http-pap")
	get(device, "/login", headers=kept)
	assert "Set-Cookie" not in login(device).headers
	get(device, "/logout")
	configure(router, login_by="cookie,http-pap")
	[row] = router.rows("/ip/hotspot/cookie")
	assert (row["user"], row["mac-cookie"], row["expires-in"]) == ("ann", "false", "3d")
	router.run("/ip/hotspot/cookie/remove", numbers=row[".id"])
	get(device, "/login", headers=kept)
	assert online(router) == []


# the way to the rest of the world


def test_any_address_leads_to_the_login_page(device: Device) -> None:
	wanted = f"{device.url}/generate_204"
	link = f"{device.url}/login?dst={quote(wanted, safe='')}"
	assert get(device, "/generate_204")[:2] == (302, link)
	login(device)
	assert get(device, "/generate_204").status == 204


def test_a_name_leads_to_the_hotspots_name(router: RouterSimulator, device: Device) -> None:
	configure(router, dns_name="wifi.shop.lan")
	answer = get(device, "http://news.example/today?x=1")
	dst = quote("http://news.example/today?x=1", safe="")
	assert answer[:2] == (302, f"http://wifi.shop.lan/login?dst={dst}")
	assert "<form" in get(device, "http://wifi.shop.lan/login").text
	assert get(device, "http://wifi.shop.lan/login?username=ann&password=pw").status == 200
	assert "http://news.example/today?x=1" in get(device, "http://news.example/today?x=1").text


GARDENS = [
	("/ip", {"dst-host": "portal.example", "action": "accept"}, True),
	("/ip", {"dst-host": "*.example", "action": "accept"}, True),
	("/ip", {"dst-host": "example", "action": "accept"}, False),
	("/ip", {"dst-host": "portal.example", "action": "reject"}, False),
	("/ip", {"dst-host": "portal.example", "disabled": "yes"}, False),
	("/ip", {"dst-address": "127.0.0.0/8"}, True),
	("/ip", {"dst-host": "portal.example", "dst-port": "1"}, False),
	("", {"dst-host": "portal.example", "path": "/open*"}, True),
	("", {"dst-host": "portal.example", "path": "/other*"}, False),
	("", {"dst-host": "portal.example", "action": "deny"}, False),
]


@pytest.mark.parametrize(("menu", "row", "is_open"), GARDENS)
def test_the_walled_garden_lets_some_through(
	router, device: Device, web_server, menu: str, row: dict[str, str], is_open: bool
) -> None:
	port = web_server({"/open": b"of {host}"})
	router.add("/ip/dns/static", name="portal.example", address="127.0.0.1")
	router.add(f"/ip/hotspot/walled-garden{menu}", row)
	answer = get(device, f"http://portal.example:{port}/open")
	link = "http://login.example/login?dst=" + quote(f"http://portal.example:{port}/open", safe="")
	assert answer[:3] == (200, "", f"of portal.example:{port}") if is_open else answer[:2] == (302, link)


def test_a_way_that_leads_back_to_the_hotspot_ends(router: RouterSimulator, device: Device) -> None:
	router.add("/ip/dns/static", name="portal.example", address="127.0.0.1")
	router.add("/ip/hotspot/walled-garden/ip", {"dst-host": "portal.example"})
	assert get(device, f"http://portal.example:{device.port}/open").status == 508


def test_walled_garden_rows_are_kept_apart_by_their_comments(api) -> None:
	path = api.path("/ip/hotspot/walled-garden/ip")
	row = {"dst-host": "portal.example", "action": "accept"}
	ids = [path.add(**row, comment="mark"), path.add(**row)]
	assert [(found[".id"], found.get("comment")) for found in path] == [(ids[0], "mark"), (ids[1], None)]
	path.remove(ids[0])
	assert [found[".id"] for found in path] == [ids[1]]
	with pytest.raises(TrapError, match="action"):
		path.add(**{"dst-host": "x", "action": "allow"})


@pytest.mark.parametrize(("kind", "is_through"), [("bypassed", True), ("blocked", False)])
def test_a_binding_decides_before_a_login(router, device: Device, kind: str, is_through: bool) -> None:
	router.add("/ip/hotspot/ip-binding", mac_address=MAC, type=kind)
	assert (get(device, "http://news.example/").status == 200) is is_through


def connects(device: Device, host: str) -> bytes:
	with socket.create_connection(("127.0.0.1", device.port), timeout=TIMEOUT_S) as way:
		way.sendall(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
		return way.recv(12)


def test_an_encrypted_connection_is_refused_before_the_login(router: RouterSimulator, device: Device) -> None:
	target = f"localhost:{router.plug_in().port}"
	assert connects(device, target) == b""
	login(device)
	assert connects(device, target) == b"HTTP/1.0 200"


# who is who


def test_each_address_at_the_shared_port_is_a_device_of_its_own(make_router) -> None:
	router = make_router(hotspot_port=0)
	router.add("/ip/hotspot/user", name="ann", password="pw")
	for number in (7, 8, 7):
		source = (f"127.0.0.{number}", 0)
		way = http.client.HTTPConnection("127.0.0.1", router.hotspot.port, TIMEOUT_S, source_address=source)
		ask(way, "/login?username=ann&password=pw")
	assert online(router) == [("ann", "06:00:7F:00:00:07", "http-pap")]
	assert [row["mac-address"][-2:] for row in router.rows("/ip/hotspot/host")] == ["07", "08"]


def test_a_device_is_seen_again_after_a_restart(router: RouterSimulator, device: Device) -> None:
	login(device)
	router.reboot()
	get(device, "/login")
	seen = [(row["mac-address"], row["address"]) for row in router.rows("/ip/hotspot/host")]
	assert seen == [(MAC, device.address)]


def test_a_device_for_which_no_address_is_left_gets_no_page(make_router) -> None:
	router = make_router(hotspot_port=0)
	router.run("/ip/pool/set", numbers="hs-pool", ranges="10.7.0.2")
	router.add("/ip/hotspot/user", name="ann", password="pw")
	router.customer.login("ann", "pw")
	with pytest.raises(http.client.RemoteDisconnected):
		ask(http.client.HTTPConnection("127.0.0.1", router.hotspot.port, timeout=TIMEOUT_S), "/login")


def test_a_device_that_is_gone_stays_online_until_the_keepalive(
	router: RouterSimulator, device: Device
) -> None:
	login(device)
	router.hotspot.unplug(MAC)
	router.advance(100)
	assert len(online(router)) == 1
	router.advance(21)
	assert online(router) == []


def test_a_router_that_starts_again_has_the_same_ports(router: RouterSimulator, device: Device) -> None:
	router.stop()
	with pytest.raises(OSError):
		get(device, "/login")
	router.start()
	assert get(device, "/login").status == 200


# many at once


def by_web(router: RouterSimulator, connect: Callable) -> Callable[[], bool]:
	device = router.plug_in()
	return lambda: "Go on" in login(device).text


def by_customer(router: RouterSimulator, connect: Callable) -> Callable[[], bool]:
	def act() -> bool:
		try:
			return router.customer.login("ann", "pw").is_live
		except LoginRefused:
			return False

	return act


def by_api(router: RouterSimulator, connect: Callable) -> Callable[[], bool]:
	api, (mac, address) = connect(router), router.customer.appear()

	def act() -> bool:
		try:
			tuple(
				api(f"{ACTIVE}/login", **{"user": "ann", "password": "pw", "mac-address": mac, "ip": address})
			)
		except TrapError as trap:
			assert trap.message == "no more sessions are allowed for user ann"
			return False
		return True

	return act


@pytest.mark.parametrize("ways", [(by_web,), (by_web, by_customer, by_api)])
def test_twenty_at_once_on_a_voucher_for_three_are_three(router: RouterSimulator, connect, ways) -> None:
	router.add("/ip/hotspot/user/profile", name="three", shared_users="3")
	router.add("/ip/hotspot/user", name="ann", password="pw", profile="three")
	acts = [ways[number % len(ways)](router, connect) for number in range(20)]
	ready = threading.Barrier(len(acts))

	def act_together(act: Callable[[], bool]) -> bool:
		ready.wait(TIMEOUT_S)
		return act()

	with ThreadPoolExecutor(len(acts)) as pool:
		told = list(pool.map(act_together, acts))
	assert (sum(told), len(online(router))) == (3, 3)


# what may be wrong


def test_a_lost_reply_was_a_login_all_the_same(router: RouterSimulator, device: Device) -> None:
	router.set_faults(lose_web_replies="/login")
	with pytest.raises(http.client.RemoteDisconnected):
		login(device)
	assert online(router) == [("ann", MAC, "http-pap")]
	assert get(device, "/status").status == 200


def test_a_lost_request_was_none(router: RouterSimulator, device: Device) -> None:
	router.set_faults(lose_web_requests="/login")
	with pytest.raises(http.client.RemoteDisconnected):
		login(device)
	assert online(router) == []


def test_pages_may_take_their_time(make_router) -> None:
	router = make_router(faults=Faults(web_delay_ms=300))
	device = router.plug_in()
	with pytest.raises(TimeoutError):
		ask(http.client.HTTPConnection("127.0.0.1", device.port, timeout=0.1), "/login")


def test_nobody_is_answered_while_the_router_restarts(router: RouterSimulator, device: Device) -> None:
	router.reboot(down_s=5)
	with pytest.raises(http.client.RemoteDisconnected):
		get(device, "/login")
