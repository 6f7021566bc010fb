from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mikrotik_integration.core.vouchers import codes
from mikrotik_integration.core.vouchers.imports import (
	MAX_LINES,
	Line,
	Problem,
	Row,
	decode,
	read_csv,
	read_router_users,
)

PACKAGES = {"1 Day": "PLAN-1", "silver": "PLAN-2"}


def lines_of(text: str, **values) -> list[Line]:
	return read_csv(text, **({"packages": PACKAGES, "default_package": "PLAN-0"} | values))


def only(text: str, **values) -> Row | Problem:
	((_, found),) = lines_of(text, **values)
	return found


def test_a_full_line_becomes_a_row():
	text = "code,password,package,limit-uptime,limit-bytes-total,mac-address,comment\nabc12,abc12,1 day,1d2h,1500000000,aabbccddeeff, room  7 \n"
	assert lines_of(text) == [
		(2, Row("abc12", "PLAN-1", 93_600, 1_500_000_000, "AA:BB:CC:DD:EE:FF", "room 7"))
	]


@pytest.mark.parametrize(
	"text",
	[
		"\ufeffCode;Profile\r\nabc12;silver\r\n",
		"sep=;\ncode;plan\nabc12;Silver",
		"user name\tpackage\nx\ty".replace("user name", "username").replace("x\ty", "abc12\tSILVER"),
		'"code","package"\n"abc12","silver"',
		'code,package\n="abc12",silver',
		"code,package\n'abc12,silver",
		"code , package , price\n abc12 , silver , 50",
		"code,package\n\n\nabc12,silver\n,\n;\n",
		"code,package\rabc12,silver\r",
	],
)
def test_what_spreadsheets_make_of_a_file_is_read(text):
	assert only(text) == Row("abc12", "PLAN-2")


def test_a_bare_list_of_codes_is_read_with_the_default_package():
	assert lines_of("abc12\nABD12\n") == [(1, Row("abc12", "PLAN-0")), (2, Row("ABD12", "PLAN-0"))]


@pytest.mark.parametrize(
	("line", "words"),
	[
		(",silver", "no code"),
		("a b,silver", "letters a to z"),
		("käthe,silver", "letters a to z"),
		("=cmd|x,silver", "letters a to z"),
		("@sum,silver", "letters a to z"),
		("-1,silver", "letters a to z"),
		("<b>,silver", "letters a to z"),
		("aa:bb:cc:dd:ee:ff,silver", "MAC"),
		("AABBCCDDEEFF,silver", "MAC"),
		("T-AABBCCDDEEFF,silver", "trial"),
		("x" * 65 + ",silver", "at most 64"),
		("1.23457E+11,silver", "spreadsheet"),
		("abc12,gold", "no package 'gold'"),
		("abc12,silver,1 day", "no time"),
		("abc12,silver,-5", "no time"),
		("abc12,silver,99999999999999", "hundred years"),
		("abc12,silver,,1.5G", "no amount"),
		("abc12,silver,,1.5E+09", "no amount"),
		("abc12,silver,,-1", "no amount"),
		('abc12,silver,,"1,000"', "no amount"),
		("abc12,silver,,9999999999999999", "no amount"),
		("abc12,silver,,,secret", "password"),
		("abc12,silver,,,,not a mac", "MAC"),
		("abc12,silver,,,,,one,two", "more columns"),
	],
)
def test_what_is_wrong_in_a_line_is_said_in_words(line, words):
	header = "code,package,limit-uptime,limit-bytes-total,password,mac,price\n"
	found = only(header + line)
	assert isinstance(found, Problem)
	assert words in found.text


def test_a_line_without_package_needs_a_default():
	assert only("abc12", default_package="") == Problem("No package is named", "abc12")


def test_the_same_code_twice_is_a_problem_whatever_its_case():
	first, second = lines_of("code\nabc12\nABC12")
	assert isinstance(first[1], Row)
	assert second == (3, Problem("The same code is in line 2; upper and lower case do not count", "ABC12"))


def test_a_broken_line_does_not_take_its_code_from_a_good_one():
	broken, good = lines_of("code,package\nabc12,gold\nabc12,silver")
	assert isinstance(broken[1], Problem) and isinstance(good[1], Row)


def test_a_second_import_adds_none():
	text = "code\n" + "\n".join(codes.make_many(50))
	first = [found for _, found in lines_of(text) if isinstance(found, Row)]
	again = lines_of(text, known=[row.code.upper() for row in first])
	assert len(first) == 50
	assert {found.text for _, found in again if isinstance(found, Problem)} == {"This code is here already"}
	assert not [found for _, found in again if isinstance(found, Row)]


@pytest.mark.parametrize("text", ["package,price\nsilver,50", "code,username\na,b"])
def test_a_file_whose_columns_are_not_named_is_one_problem(text):
	((number, found),) = lines_of(text)
	assert number == 1 and isinstance(found, Problem)


def test_a_quote_that_is_not_closed_spoils_its_own_line_only():
	found = lines_of('code,comment\nabc12,"5 inch\nabc13,ok')
	assert [number for number, _ in found] == [2, 3]
	assert found[1][1] == Row("abc13", "PLAN-0", comment="ok")


def test_a_file_that_is_far_too_long_is_refused():
	((_, found),) = lines_of("a\n" * (MAX_LINES + 1))
	assert isinstance(found, Problem)


def test_five_thousand_lines_with_two_hundred_broken_ones():
	made = codes.make_many(4800)
	lines = ["code,package", *(f"{code},silver" for code in made)]
	for place in range(200):
		lines.insert(1 + 24 * place, f"bad code {place},silver")
	found = lines_of("\n".join(lines))
	assert sum(isinstance(one, Row) for _, one in found) == 4800
	assert [number for number, one in found if isinstance(one, Problem)] == [
		2 + 24 * place for place in range(200)
	]


def test_an_empty_file_has_no_lines():
	assert lines_of("") == lines_of("\ufeff\r\n \n") == []


messy = st.text(st.sampled_from("abc12,;\t\"'=\n\r\x00 \u2028é:-"), max_size=80)


@given(st.text() | messy | messy.map(lambda text: "code,package,limit-uptime\n" + text))
def test_any_text_becomes_rows_and_problems_with_their_line_numbers(text):
	found = lines_of(text)
	numbers = [number for number, _ in found]
	assert numbers == sorted(set(numbers))
	for _, one in found:
		assert isinstance(one, Row | Problem)
		assert codes.is_login_name(one.code) if isinstance(one, Row) else one.text


@given(messy)
def test_every_line_that_is_not_blank_is_a_row_or_a_problem(text):
	lines = ["code,comment", *text.replace("\r", "\n").split("\n")]
	expected = {number for number, line in enumerate(lines, 1) if line.strip(" \t,;\"'\x00")} - {1}
	assert {number for number, _ in lines_of("\n".join(lines))} == expected


@given(st.text() | messy)
def test_no_code_is_taken_in_twice(text):
	taken = [found.code.casefold() for _, found in lines_of(text) if isinstance(found, Row)]
	assert len(taken) == len(set(taken))


@given(st.binary())
def test_any_file_can_be_decoded(data):
	assert isinstance(decode(data), str)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_decoded_as_it_was_written(encoding):
	assert decode("code;Käthe".encode(encoding)) == "code;Käthe"


def a_user(**values: str) -> dict[str, str]:
	row = {"name": "abc12", "profile": "silver", "disabled": "false", "default": "false"}
	return row | {name.replace("_", "-"): value for name, value in values.items()}


def users_of(*rows: dict[str, str]) -> list[Line]:
	return read_router_users(rows, "site1", PACKAGES)


def test_a_router_s_user_is_taken_in_with_what_it_has_used():
	row = a_user(
		limit_uptime="1d",
		limit_bytes_total="100",
		uptime="1h",
		bytes_in="30",
		bytes_out="12",
		disabled="true",
	)
	assert users_of(row) == [(1, Row("abc12", "PLAN-2", 86_400, 100, "", "", 3600, 42, True))]


def test_the_router_s_own_rows_are_left_out():
	assert users_of(a_user(name="default-trial", default="true"), a_user(dynamic="true")) == []


@pytest.mark.parametrize("comment", ["erpnext:site1:HV-1", "erpnext:other:HV-1 Ann"])
def test_a_user_that_erpnext_made_is_not_taken_in_again(comment):
	((_, found),) = users_of(a_user(comment=comment))
	assert isinstance(found, Problem)


@pytest.mark.parametrize("password", ["", "********", "abc12"])
def test_a_password_that_is_not_shown_is_no_problem(password):
	((_, found),) = users_of(a_user(password=password))
	assert isinstance(found, Row)


@pytest.mark.parametrize(
	"values",
	[
		{"profile": "gold"},
		{"uptime": "soon"},
		{"bytes_in": "x"},
		{"bytes_in": "-5"},
		{"name": "a b"},
		{"password": "other"},
	],
)
def test_a_user_that_cannot_be_taken_in_is_a_problem(values):
	((_, found),) = users_of(a_user(**values))
	assert isinstance(found, Problem)


@given(
	st.lists(
		st.dictionaries(
			st.sampled_from(["name", "profile", "uptime", "bytes-in", "comment", "mac-address"]),
			st.text(max_size=9),
		)
	)
)
def test_any_rows_of_a_router_are_read(rows):
	assert [number for number, _ in users_of(*rows)] == list(range(1, len(rows) + 1))
