from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.vouchers import codes
from mikrotik_integration.core.vouchers.links import code_in, login_link, portal_link, portal_url, wifi_join

SITE = "https://erp.example.com"
any_code = st.text(min_size=1, max_size=64).filter(codes.is_login_name)
ssids = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)
passwords = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=8, max_size=63)


@given(any_code, st.booleans())
def test_the_code_is_found_in_its_login_link(code, https):
	assert code_in(login_link("wifi.shop.lan", https, code)) == code


@given(any_code)
def test_the_code_is_found_in_its_portal_link(code):
	assert code_in(portal_link(SITE, "shop-1", code)) == code


@given(any_code.filter(lambda code: "://" not in code and not code.upper().startswith("WIFI:")))
def test_a_bare_code_is_found(code):
	assert code_in(f" {code}\n") == code


def test_a_login_link_is_what_routeros_expects():
	expected = "http://wifi.shop.lan:8080/login?username=fhjk&password=fhjk"
	assert login_link("wifi.shop.lan:8080", False, "fhjk") == expected


@given(any_code)
def test_a_code_cannot_add_parameters_to_its_link(code):
	parts = urlsplit(login_link("10.5.50.1", True, code))
	assert parts.netloc == "10.5.50.1" and parts.path == "/login" and not parts.fragment
	assert parse_qs(parts.query) == {"username": [code], "password": [code]}
	assert "+" not in parts.query


@pytest.mark.parametrize(
	"address",
	[
		"",
		"evil.com/x",
		"a@evil.com",
		"http://a",
		"a b",
		"a?b",
		"a#b",
		"a:b",
		"a:123456",
		"-a",
		"a\n",
		'"><script>',
		"a" * 254,
	],
)
def test_an_address_that_leads_elsewhere_is_refused(address):
	with pytest.raises(ValueError, match="login page"):
		login_link(address, False, "x")


@pytest.mark.parametrize(
	("base", "name"),
	[
		("javascript:alert(1)", "a"),
		("https://a@evil.com", "a"),
		("https://", "a"),
		("erp.example.com", "a"),
		("https://erp.example.com/x", "a"),
		(SITE, ""),
		(SITE, "../x"),
		(SITE, "a?b"),
		(SITE, "<b>"),
		(SITE, "$(mac)"),
	],
)
def test_a_portal_that_is_none_is_refused(base, name):
	with pytest.raises(ValueError, match=r"address of a site|name of a portal"):
		portal_url(base, name)


def test_the_portal_of_a_router():
	assert portal_url(SITE + "/", "shop-1") == "https://erp.example.com/hotspot/shop-1"


@pytest.mark.parametrize(
	"text",
	[
		"",
		"  ",
		"WIFI:T:WPA;S:shop;P:12345678;;",
		"javascript:alert(1)//://?username=a",
		"ftp://a/login?username=a",
		"http://a/login",
		"http://a/login?username=",
		"http://a/login?username=a&username=b",
		"http://a/login?username=a&code=b",
		"http://a/login?username=%FF",
		"http://a/login?username=aa:bb:cc:dd:ee:ff",
		"http://[a/login?username=a",
		"http://a/login?" + "x=1&" * 21 + "username=a",
		"x" * 5000,
		"http://a/?username=" + "x" * 65,
		"a\x00b",
		"one\ntwo",
	],
)
def test_no_code_is_found_where_there_is_none(text):
	assert code_in(text) is None


@given(st.text() | st.text().map(lambda rest: "http://" + rest))
def test_scanning_any_text_never_fails(text):
	code = code_in(text)
	assert code is None or codes.is_login_name(code)


def parsed(join: str) -> dict[str, str]:
	"""As phones read it: split at what is not escaped."""
	assert join.startswith("WIFI:") and join.endswith(";;")
	fields = re.findall(r"([A-Z]):((?:\\.|[^\\;])*);", join[5:-1])
	return {name: re.sub(r"\\(.)", r"\1", value) for name, value in fields}


@given(ssids, passwords)
def test_a_phone_reads_name_and_password_of_the_wifi_as_they_are(ssid, password):
	assert parsed(wifi_join(ssid, password)) == {"T": "WPA", "S": ssid, "P": password}


@pytest.mark.parametrize(
	("ssid", "password", "expected"),
	[
		("shop", "", "WIFI:T:nopass;S:shop;;"),
		('a;b:c,d"e\\f', "12345678", 'WIFI:T:WPA;S:a\\;b\\:c\\,d\\"e\\\\f;P:12345678;;'),
	],
)
def test_a_wifi_join_is_escaped(ssid, password, expected):
	assert wifi_join(ssid, password) == expected


@pytest.mark.parametrize(
	("ssid", "password"), [("", ""), ("é" * 17, ""), ("a\nb", ""), ("a", "short"), ("a", "x" * 64)]
)
def test_a_wifi_that_cannot_be_is_refused(ssid, password):
	with pytest.raises(ValueError, match="Wi-Fi"):
		wifi_join(ssid, password)
