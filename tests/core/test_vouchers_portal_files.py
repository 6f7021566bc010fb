from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routeros_factories import a_simulator

from mikrotik_integration.core.provisioning.marks import bears_site_mark
from mikrotik_integration.core.vouchers import codes
from mikrotik_integration.core.vouchers.portal_files import MAX_BYTES, NAMES, portal_files

SITE = "https://erp.example.com"
HTML = [name for name in NAMES if name.endswith(".html")]
VARIABLE = re.compile(r"\$\(([^)]*)\)")
# What the router itself made; everything else may hold what somebody sent.
SAFE_AS_IT_IS = {"link-login-only", "link-logout", "remain-bytes-total", "remain-bytes-total-nice"}
HOSTILE = "\"><script>alert(1)</script>'&$(password)@SCRIPT@ é"


def the_files(**values) -> dict[str, str]:
	return portal_files(
		**({"site_id": "site1", "base": SITE, "portal_name": "shop", "title": "Mama's Wi-Fi"} | values)
	)


class Page(HTMLParser):
	"""The elements of a page with their attributes, its text, and its scripts."""

	def __init__(self, text: str) -> None:
		super().__init__()
		self.elements: list[tuple[str, dict[str, str | None]]] = []
		self.scripts: list[str] = []
		self.texts: list[str] = []
		self._in = ""
		self.feed(text)

	def handle_starttag(self, tag, attrs):
		self.elements.append((tag, dict(attrs)))
		self._in = tag

	def handle_endtag(self, tag):
		self._in = ""

	def handle_data(self, data):
		(self.scripts if self._in == "script" else self.texts).append(data)

	def all(self, tag: str) -> list[dict[str, str | None]]:
		return [attributes for name, attributes in self.elements if name == tag]


def test_there_is_every_file_that_a_hotspot_asks_for():
	assert {
		"login.html",
		"alogin.html",
		"rlogin.html",
		"redirect.html",
		"status.html",
		"logout.html",
		"error.html",
	} <= set(the_files())


@pytest.mark.parametrize("name", HTML)
def test_every_page_is_ours_by_its_mark(name):
	assert "<!-- erpnext:site1 -->" in the_files()[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_bears_the_mark_by_which_it_is_found_again(name):
	assert bears_site_mark(the_files()[name].replace("<!--", "#"), "site1")


def api_of(device) -> dict:
	with urlopen(f"{device.url}/api", timeout=10) as answer:
		return json.loads(answer.read())


@pytest.mark.parametrize("limits", [{}, {"limit_uptime": "1h", "limit_bytes_total": "5000"}])
def test_phones_that_ask_the_captive_portal_api_get_an_answer(limits):
	"""RFC 8908: `captive` is required, `user-portal-url` leads to the login, what is left is told if there is a limit."""
	with a_simulator() as simulator:
		simulator.add("/file", name="ours", type="directory")
		for name, text in the_files().items():
			simulator.add("/file", {"name": f"ours/{name}", "contents": text})
		simulator.run("/ip/hotspot/profile/set", numbers="hsprof1", html_directory_override="ours")
		simulator.add("/ip/hotspot/user", name="ann", password="pw", **limits)
		device = simulator.plug_in()
		before = api_of(device)
		simulator.customer.login("ann", "pw", mac=device.mac, address=device.address)
		after = api_of(device)
	assert before["captive"] is True and before["user-portal-url"].endswith("/login")
	assert before["venue-info-url"] == f"{SITE}/hotspot/shop"
	assert after["captive"] is False
	assert after.get("seconds-remaining") == (3600 if limits else None)


def test_old_routers_can_read_and_write_every_file():
	for text in the_files(title="W" * 60).values():
		assert text.isascii() and len(text) <= MAX_BYTES
	with pytest.raises(ValueError, match="too long"):
		the_files(title="W" * 2000)


@pytest.mark.parametrize("title", ["Mama's Wi-Fi", HOSTILE])
def test_no_placeholder_is_left(title):
	for text in the_files(title=title).values():
		assert not re.search(r"@[A-Z_]+@", text)


def test_login_leads_to_the_portal_with_what_it_needs():
	link = next(a["href"] for a in Page(the_files()["login.html"]).all("a") if a.get("id") == "portal")
	parts = urlsplit(link)
	assert (parts.scheme, parts.netloc, parts.path) == ("https", "erp.example.com", "/hotspot/shop")
	assert parse_qs(parts.query) == {
		"mac": ["$(mac-esc)"],
		"ip": ["$(ip-esc)"],
		"link-login-only": ["$(link-login-only-esc)"],
		"link-orig": ["$(link-orig-esc)"],
	}


def test_the_voucher_form_works_without_script():
	page = Page(the_files()["login.html"])
	(form,) = page.all("form")
	assert (form["method"], form["action"]) == ("post", "$(link-login-only)")
	fields = {field["name"]: field for field in page.all("input")}
	assert set(fields) == {"username", "password"}
	assert all(field.get("type", "text") == "text" and "style" not in field for field in fields.values())
	assert page.all("button") == [{}]


def test_login_speaks_english_and_swahili():
	text = " ".join(Page(the_files()["login.html"]).texts)
	assert "Voucher code" in text and "Nambari ya vocha" in text
	assert "Buy Wi-Fi" in text and "Nunua Wi-Fi" in text


def test_nobody_is_sent_away_without_script_while_typing():
	assert not [meta for meta in Page(the_files()["login.html"]).all("meta") if "http-equiv" in meta]


@pytest.mark.parametrize("name", HTML)
def test_what_somebody_sent_is_shown_escaped_only(name):
	for variable in VARIABLE.findall(the_files(title=HOSTILE)[name]):
		word = variable.split(" ")[0]
		if word in ("if", "endif"):
			continue
		is_location = name in ("redirect.html", "rlogin.html") and variable == "link-redirect"
		assert variable.endswith("-esc") or variable in SAFE_AS_IT_IS or is_location


def test_a_page_after_login_sends_nobody_where_the_request_says():
	for name in ("login.html", "alogin.html", "status.html", "logout.html", "error.html"):
		text = the_files()[name]
		assert "link-redirect" not in text
		assert "$(link-orig)" not in text


def test_the_header_of_a_redirect_comes_first_as_routeros_wants_it():
	for name in ("redirect.html", "rlogin.html"):
		first, second, *_ = the_files()[name].splitlines()
		assert first.startswith("$(if http-status == 302)") and first.endswith("$(endif)")
		assert second == '$(if http-header == "Location")$(link-redirect)$(endif)'


@pytest.mark.parametrize("name", HTML)
def test_every_condition_is_closed(name):
	words = [variable.split(" ")[0] for variable in VARIABLE.findall(the_files()[name])]
	assert words.count("if") == words.count("endif")


@given(st.text(max_size=60))
def test_no_title_changes_a_page_or_its_scripts(title):
	plain, named = the_files(title="Wi-Fi"), the_files(title=title)
	for name in HTML:
		assert Page(named[name]).elements == Page(plain[name]).elements
		assert Page(named[name]).scripts == Page(plain[name]).scripts
		assert VARIABLE.findall(named[name]) == VARIABLE.findall(plain[name])


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=60))
def test_a_title_is_shown_as_it_is(title):
	shown = " ".join(title.split())
	assert shown in "".join(Page(the_files(title=title)["logout.html"]).texts)


@pytest.mark.parametrize("name", HTML)
def test_no_variable_and_no_choice_is_in_a_script(name):
	scripts = Page(the_files(title=HOSTILE, portal_name="evil", exact_codes=True)[name]).scripts
	assert scripts == Page(the_files()[name]).scripts
	assert not any("$(" in script for script in scripts)
	assert not [
		tag for tag, values in Page(the_files()[name]).elements if any(key.startswith("on") for key in values)
	]


@pytest.mark.parametrize(
	"values",
	[
		{"base": "javascript:alert(1)"},
		{"base": 'https://a"onclick='},
		{"portal_name": '"><script>'},
		{"portal_name": "$(mac)"},
		{"site_id": "a b"},
		{"site_id": ""},
	],
)
def test_an_address_or_name_that_cannot_be_is_refused(values):
	with pytest.raises(ValueError, match=r"address|portal|site id"):
		the_files(**values)


def test_a_site_id_cannot_end_the_comment_that_it_is_in():
	assert "--><script>" not in the_files(site_id="--><script>")["login.html"]


RUN = """
const typed = JSON.parse(process.argv[2]), exact = process.argv[3];
const field = {value: typed}, again = {value: ""}, style = {};
const form = {elements: {username: field, password: again}, getAttribute: () => exact};
global.document = {forms: {voucher: form}, activeElement: null,
	getElementById: id => id === "error" ? (process.argv[4] ? global.error : null) : id === "again" ? {style} : {href: "https://erp.example.com/hotspot/shop?mac=1"}};
global.error = {textContent: process.argv[4]};
global.location = {hash: process.argv[5] || ""};
global.window = {fetch: true};
global.fetch = () => process.argv[6] === "down" ? Promise.reject() : Promise.resolve();
eval(require("fs").readFileSync(0, "utf8"));
field.value = typed;
form.onsubmit();
const sent = [field.value, again.value, style.display, global.error.textContent];
field.value = "";
setTimeout(() => console.log(JSON.stringify([...sent, global.location.href || null, global.location.hash])), 5);
"""
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node is not here")


def run_script(tmp_path, typed="", exact="no", error="", fragment="", portal="up") -> list[str]:
	(script,) = Page(the_files()["login.html"]).scripts
	(tmp_path / "run.js").write_text(RUN)
	done = subprocess.run(
		["node", str(tmp_path / "run.js"), json.dumps(typed), exact, error, fragment, portal],
		input=script,
		capture_output=True,
		text=True,
		check=True,
	)
	return json.loads(done.stdout)


@needs_node
@pytest.mark.parametrize("typed", ["FHJK-mnpt z", " fhjk mnpt-2 ", "kar-fhjk-mnpt-u", "5sSgGqQ9bB8"])
def test_the_script_reads_a_code_as_the_server_does(tmp_path, typed):
	sent, again, display, *_ = run_script(tmp_path, typed)
	assert sent == again == codes.normalise(typed)
	assert display == "none"


@needs_node
@pytest.mark.parametrize(("typed", "exact"), [(" Wifi_100 ", "no"), ("short", "no"), ("ABCD-2345-X", "yes")])
def test_the_script_leaves_a_code_made_elsewhere_as_it_is(tmp_path, typed, exact):
	assert run_script(tmp_path, typed, exact)[:2] == [typed.strip()] * 2


@needs_node
def test_the_script_shows_an_error_in_words_and_stays(tmp_path):
	_, _, _, shown, went, _ = run_script(tmp_path, error="user+%3Cb%3E+has+reached+limit")
	assert shown == "user <b> has reached limit"
	assert went is None


@needs_node
@pytest.mark.parametrize(
	("fragment", "portal", "expected"),
	[
		("", "up", ["https://erp.example.com/hotspot/shop?mac=1", "voucher"]),
		("", "down", [None, ""]),
		("#voucher", "up", [None, "#voucher"]),
	],
)
def test_the_script_goes_to_the_portal_once_if_it_can_be_reached(tmp_path, fragment, portal, expected):
	assert run_script(tmp_path, fragment=fragment, portal=portal)[4:] == expected


def test_the_status_page_says_nothing_of_the_time_that_all_devices_may_be_on_together():
	"""A voucher of 7 days for two devices has a cap of 14 days on the router."""
	assert "session-time-left" not in the_files()["status.html"]


AMOUNT = """
const attributes = {"data-bytes": process.argv[2], "data-per-mb": process.argv[3]};
const left = {textContent: "1.9 MiB", getAttribute: name => attributes[name]};
global.document = {getElementById: id => id === "left" && process.argv[2] ? left : null};
eval(require("fs").readFileSync(0, "utf8"));
console.log(left.textContent);
"""


@needs_node
@pytest.mark.parametrize(
	("left", "bytes_per_mb", "shown"),
	[
		("500000000", 1_000_000, "500 MB"),
		("1999999999", 1_000_000, "1.99 GB"),
		("1073741824", 1 << 20, "1 GB"),
		("1000000000", 1 << 20, "953 MB"),
		("", 1_000_000, "1.9 MiB"),
	],
)
def test_the_status_page_says_what_data_is_left_in_the_portals_unit(tmp_path, left, bytes_per_mb, shown):
	page = Page(the_files(bytes_per_mb=bytes_per_mb)["status.html"])
	(span,) = [values for values in page.all("span") if values.get("id") == "left"]
	assert span == {"id": "left", "data-bytes": "$(remain-bytes-total)", "data-per-mb": str(bytes_per_mb)}
	(tmp_path / "run.js").write_text(AMOUNT)
	done = subprocess.run(
		["node", str(tmp_path / "run.js"), left, str(bytes_per_mb)],
		input=page.scripts[0],
		capture_output=True,
		text=True,
		check=True,
	)
	assert done.stdout.strip() == shown
