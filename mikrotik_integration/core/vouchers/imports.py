"""Codes made elsewhere: from a CSV file, or from a router's own hotspot users. Each line is a row or a problem.

Nothing is guessed: a limit in no plain unit, or a code that a spreadsheet has shortened, is a problem, not a row.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..provisioning.marks import account_of
from ..provisioning.names import check_username, normalise_mac
from ..routeros.values import parse_bool, parse_duration, parse_number

MAX_LINES = 100_000
MAX_COMMENT = 140

_COLUMNS = {
	"code": ("code", "username", "user", "name", "voucher", "login"),
	"password": ("password", "pass"),
	"package": ("package", "plan", "profile"),
	"limit-uptime": ("limit-uptime", "uptime-limit", "time-limit"),
	"limit-bytes-total": ("limit-bytes-total", "bytes-limit", "data-limit"),
	"mac-address": ("mac-address", "mac"),
	"comment": ("comment", "remark", "note"),
}
_LINE_END = re.compile(r"\r\n|\r|\n")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+?[0-9]+")
_EXCEL_TEXT = re.compile(r'="(.*)"')
_PLAIN_NUMBER = re.compile(r"[0-9]{1,15}")
_MOST_SECONDS = 100 * 365 * 86_400
_NO_MAC = ("", "00:00:00:00:00:00")
_OTHER_SITE = re.compile(r"erpnext:[^\s:]+:")


@dataclass(frozen=True)
class Row:
	"""One code to be taken in. Limits are 0 for none; `used_*` is what a router has counted for it so far.

	`is_disabled`: on its router nobody could come in with it."""

	code: str
	package: str
	limit_uptime_s: int = 0
	limit_bytes_total: int = 0
	mac_address: str = ""
	comment: str = ""
	used_seconds: int = 0
	used_bytes: int = 0
	is_disabled: bool = False


@dataclass(frozen=True)
class Problem:
	"""Why a line is not taken in, in plain words, and the code in it as far as it could be read."""

	text: str
	code: str = ""


Line = tuple[int, Row | Problem]


def decode(data: bytes) -> str:
	"""The text of a file as spreadsheets write them: UTF-8 with or without BOM, UTF-16 with one, else Windows's."""
	if data.startswith((b"\xff\xfe", b"\xfe\xff")):
		return data.decode("utf-16", "replace")
	try:
		return data.decode("utf-8-sig")
	except UnicodeDecodeError:
		return data.decode("cp1252", "replace")


def read_csv(
	text: str, packages: Mapping[str, str], default_package: str = "", known: Iterable[str] = ()
) -> list[Line]:
	"""Every line that is not blank, with its number in the file. Never raises.

	The first line names the columns (code, password, package, limit-uptime, limit-bytes-total, mac-address, comment;
	others are ignored), or the file is a list of codes. Separated by comma, semicolon or tab. `packages`: what may be
	written, and the package meant by it. `known`: codes that are here already, whatever their case."""
	lines = _lines(text)
	if len(lines) > MAX_LINES:
		return [(1, Problem(f"The file has more than {MAX_LINES} lines; divide it"))]
	if not lines:
		return []
	separator = _separator(lines)
	try:
		columns, lines = _columns(lines, separator)
	except ValueError as error:
		return [(lines[0][0], Problem(str(error)))]
	check = _Checker(packages, default_package, known)
	return [(number, check.line(number, _cells(line, separator), columns)) for number, line in lines]


def read_router_users(
	rows: Iterable[Mapping[str, str]],
	site_id: str,
	packages: Mapping[str, str],
	default_package: str = "",
	known: Iterable[str] = (),
) -> list[Line]:
	"""The same from rows of `/ip/hotspot/user`, numbered from 1. The router's own default rows are left out.

	`packages` by the name of the user's profile. Never raises."""
	check = _Checker(packages, default_package, known)
	users = (row for row in rows if row.get("default") != "true" and row.get("dynamic") != "true")
	return [(number, check.user(number, row, site_id)) for number, row in enumerate(users, 1)]


class _Checker:
	"""Remembers the codes that it has seen."""

	def __init__(self, packages: Mapping[str, str], default_package: str, known: Iterable[str]) -> None:
		self._packages = {word.strip().casefold(): package for word, package in packages.items()}
		self._default_package = default_package
		self._known = {code.casefold() for code in known}
		self._line_of: dict[str, int] = {}

	def line(self, number: int, cells: Sequence[str] | None, columns: Sequence[str]) -> Row | Problem:
		if cells is None:
			return Problem("The line cannot be read as columns")
		if any(cells[len(columns) :]):
			return Problem("The line has more columns than the first one", cells[0])
		values = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
		return self._checked(number, values, lambda: {})

	def user(self, number: int, row: Mapping[str, str], site_id: str) -> Row | Problem:
		comment = row.get("comment", "")
		if account_of(comment, site_id) or _OTHER_SITE.match(comment):
			return Problem("The user was made by ERPNext, here or elsewhere", row.get("name", ""))
		values = {column: row.get(column, "") for column in _COLUMNS} | {
			"code": row.get("name", ""),
			"package": row.get("profile", ""),
		}
		return self._checked(number, values, lambda: _counted(row))

	def _checked(
		self, number: int, values: Mapping[str, str], counted: Callable[[], dict[str, int | bool]]
	) -> Row | Problem:
		code = values.get("code", "")
		try:
			_check_code(code)
			_check_password(values.get("password", ""), code)
			row = Row(
				code=code,
				package=self._package(values.get("package", "")),
				limit_uptime_s=_seconds(values.get("limit-uptime", "")),
				limit_bytes_total=_bytes(values.get("limit-bytes-total", "")),
				mac_address=_mac(values.get("mac-address", "")),
				comment=" ".join(values.get("comment", "").split())[:MAX_COMMENT],
			)
			row = Row(**(vars(row) | counted()))
			self._check_new(number, code)
		except ValueError as error:
			return Problem(str(error), code)
		return row

	def _package(self, word: str) -> str:
		package = self._packages.get(word.casefold(), "" if word else self._default_package)
		if not package:
			raise ValueError(f"There is no package {word!r}" if word else "No package is named")
		return package

	def _check_new(self, number: int, code: str) -> None:
		folded = code.casefold()
		if folded in self._known:
			raise ValueError("This code is here already")
		first = self._line_of.setdefault(folded, number)
		if first != number:
			raise ValueError(f"The same code is in line {first}; upper and lower case do not count")


def _lines(text: str) -> list[tuple[int, str]]:
	"""Numbered from 1, without blank ones. A quote that is not closed spoils its own line only."""
	lines = enumerate(_LINE_END.split(text.removeprefix("\ufeff")), 1)
	return [(number, line) for number, line in lines if line.strip(" \t,;\"'\x00")]


def _separator(lines: list[tuple[int, str]]) -> str:
	"""From Excel's `sep=` line, which is taken away, or the most frequent one in the first line."""
	first = lines[0][1].strip().casefold()
	if first.startswith("sep=") and first[4:] in (",", ";", "|") and len(lines) > 1:
		del lines[0]
		return first[4:]
	return max(";\t,", key=first.count) if any(mark in first for mark in ";\t,") else ","


def _columns(lines: list[tuple[int, str]], separator: str) -> tuple[list[str], list[tuple[int, str]]]:
	"""What the columns are, and the lines below. Raises ValueError."""
	cells = _cells(lines[0][1], separator) or []
	columns = [_column(cell) for cell in cells]
	if "code" not in columns:
		if len(cells) == 1:
			return ["code"], lines
		raise ValueError("The first line must name the columns, and one of them must be called code")
	named = [column for column in columns if column]
	if len(named) != len(set(named)):
		raise ValueError("Two columns have the same name")
	return columns, lines[1:]


def _column(cell: str) -> str:
	word = re.sub(r"[\s_-]+", "-", cell.strip().casefold())
	return next((column for column, words in _COLUMNS.items() if word in words), "")


def _cells(line: str, separator: str) -> list[str] | None:
	"""None for a line that cannot be read."""
	try:
		found: Iterator[list[str]] = csv.reader([line], delimiter=separator, skipinitialspace=True)
		return [_bare(cell) for cell in next(found)]
	except csv.Error:
		return None


def _bare(cell: str) -> str:
	"""Without what spreadsheets put around a text that looks like a number: `="0012"`, `'0012`."""
	cell = cell.strip()
	excel = _EXCEL_TEXT.fullmatch(cell)
	return excel[1].strip() if excel else cell.removeprefix("'")


def _check_code(code: str) -> None:
	if not code:
		raise ValueError("There is no code")
	if _SHORTENED.fullmatch(code) and "+" in code:
		raise ValueError("A spreadsheet has shortened this code to a number; format the column as text")
	check_username(code)


def _check_password(password: str, code: str) -> None:
	hidden = not password.strip("*")
	if not hidden and password != code:
		raise ValueError("The password is another than the code; a voucher logs in with its code alone")


def _seconds(text: str) -> int:
	try:
		seconds = parse_duration(text)
	except ValueError:
		raise ValueError(f"{text!r} is no time. Write it like 1d2h, 01:30:00, or in seconds") from None
	if seconds > _MOST_SECONDS:
		raise ValueError(f"{text!r} is longer than a hundred years")
	return seconds


def _bytes(text: str) -> int:
	if text and not _PLAIN_NUMBER.fullmatch(text):
		raise ValueError(f"{text!r} is no amount of data. Write it in bytes, like 1500000000")
	return int(text or 0)


def _mac(text: str) -> str:
	return "" if text in _NO_MAC else normalise_mac(text)


def _counted(row: Mapping[str, str]) -> dict[str, int | bool]:
	"""What a router knows of its user. Raises ValueError."""
	uploaded, downloaded = parse_number(row.get("bytes-in")), parse_number(row.get("bytes-out"))
	if min(uploaded, downloaded) < 0:
		raise ValueError("The router shows a usage below zero")
	return {
		"used_seconds": parse_duration(row.get("uptime")),
		"used_bytes": uploaded + downloaded,
		"is_disabled": parse_bool(row.get("disabled")),
	}
