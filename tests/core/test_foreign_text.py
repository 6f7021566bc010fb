"""What is left of a stranger's text."""

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.foreign_text import ip_address, mac_address, plain_text, version

ANYTHING = st.one_of(
	st.text(st.characters()),
	st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zs", "Zl", "Zp"])),
	st.text("<>&;ltgampLTGAMP#x36 0\x00\u202e"),
)


@pytest.mark.parametrize(
	("foreign", "plain"),
	[
		(None, ""),
		(12, "12"),
		("ann's Wi-Fi & café", "ann's Wi-Fi & café"),
		("one\r\n two\tthree\x00four\x85five", "one two three four five"),
		("\u202eevil\u202c \u2066x\u2069\ufeff", "evil x"),
		("a\ud800b", "a\ufffdb"),
		('"<img src=x onerror=alert(1)>"', '"\u2039img src=x onerror=alert(1)\u203a"'),
		("&lt;b&gt; &#60;b&#x3e; &LTb &amp;lt;", "& lt;b& gt; & #60;b& #x3e; & LTb & amp;lt;"),
		("AT&T", "AT&T"),
	],
)
def test_foreign_text_becomes_one_plain_line(foreign, plain):
	assert plain_text(foreign) == plain


def test_what_is_too_long_is_cut_off_visibly():
	assert plain_text("x" * 200, 10) == "xxxxxxxxx…"
	assert plain_text("x" * 10, 10) == "x" * 10
	assert plain_text(" " * 100_000 + "x", 10) == "…"


@given(ANYTHING, st.integers(1, 40))
def test_whatever_comes_it_is_short_on_one_line_storable_and_no_html(text, limit):
	plain = plain_text(text, limit)
	assert len(plain) <= limit
	assert not {unicodedata.category(letter) for letter in plain} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
	plain.encode()
	for _ in range(3):
		assert not {"<", ">"} & set(plain)
		plain = html.unescape(plain)


@given(ANYTHING, st.integers(1, 40))
def test_a_plain_text_stays_as_it_is(text, limit):
	assert plain_text(plain_text(text, limit), limit) == plain_text(text, limit)


@pytest.mark.parametrize(
	("foreign", "mac"),
	[
		("aa:bb:cc:dd:ee:0f", "AA:BB:CC:DD:EE:0F"),
		(" AABBCCDDEE0F ", "AA:BB:CC:DD:EE:0F"),
		("<b>aa:bb:cc:dd:ee:0f", ""),
		("aa:bb:cc:dd:ee", ""),
		("", ""),
		(None, ""),
	],
)
def test_a_mac_address_is_one_or_nothing(foreign, mac):
	assert mac_address(foreign) == mac


@pytest.mark.parametrize(
	("foreign", "address"),
	[
		("10.5.50.2", "10.5.50.2"),
		(" fe80::1%<script> ", "fe80::1"),
		("FE80::0:1", "fe80::1"),
		("10.5.50.2/24", ""),
		("<b>", ""),
		(None, ""),
	],
)
def test_an_ip_address_is_one_or_nothing(foreign, address):
	assert ip_address(foreign) == address


def test_a_version_holds_only_what_versions_hold():
	assert version("7.16.2 (stable)") == "7.16.2 (stable)"
	assert version("7.1<script>rc2\x00") == "7.1scriptrc2"
	assert len(version("7" * 500)) <= 40
