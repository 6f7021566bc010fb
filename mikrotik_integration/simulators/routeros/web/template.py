"""Pages with `$(variables)`, as the hotspot's servlet fills them in.

Source: https://help.mikrotik.com/docs/spaces/ROS/pages/87162881/Hotspot+customisation. `$(if x)`, `$(if x == y)`,
`$(if x != y)`, `$(elif ...)`, `$(else)`, `$(endif)`, with or without quotes; `-esc` is for use in addresses.
`$(if http-status == 302)Words$(endif)` and `$(if http-header == "Location")...$(endif)` do not ask but set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

_TOKEN = re.compile(
	r"\$\((?:(?P<test>if|elif)\s+(?P<condition>[^)]*)|(?P<word>else|endif)|(?P<name>[\w.-]+))\)"
)
_CONDITION = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?:(?P<sign>==|!=)\s*(?P<value>.*?))?\s*")
_SETTERS = ("http-status", "http-header")
_ESCAPED = "-esc"


@dataclass
class Page:
	"""A page filled in, with the status and the headers that it asked for."""

	text: str = ""
	status: int = 200
	reason: str = "OK"
	headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Block:
	"""What is between an if and its endif, or the page as a whole."""

	is_reached: bool = True
	"""Whether the block around it is shown."""
	is_shown: bool = True
	was_shown: bool = False
	"""Whether a branch before was the right one."""
	sets: tuple[str, str] | None = None
	parts: list[str] = field(default_factory=list)

	def add(self, text: str) -> None:
		if self.is_shown:
			self.parts.append(text)

	def turn(self, is_right: bool) -> None:
		"""Goes on to the next branch."""
		self.was_shown = self.was_shown or self.is_shown
		self.is_shown = self.is_reached and is_right and not self.was_shown


def render(text: str, variables: Mapping[str, str]) -> Page:
	"""The page with its variables filled in; unknown ones are empty."""
	page, blocks, position = Page(), [_Block()], 0
	for token in _TOKEN.finditer(text):
		blocks[-1].add(text[position : token.start()])
		position = token.end()
		_step(token, blocks, page, variables)
	blocks[-1].add(text[position:])
	while len(blocks) > 1:
		_close(blocks, page)
	page.text = "".join(blocks[0].parts)
	return page


def value(name: str, variables: Mapping[str, str]) -> str:
	"""What stands for `$(name)`; `name-esc` is percent-encoded, with `+` for blanks."""
	if name not in variables and name.endswith(_ESCAPED):
		return quote_plus(variables.get(name.removesuffix(_ESCAPED), "").encode("utf-8", "surrogateescape"))
	return variables.get(name, "")


def _step(token: re.Match[str], blocks: list[_Block], page: Page, variables: Mapping[str, str]) -> None:
	if token["name"] is not None:
		blocks[-1].add(value(token["name"], variables))
	elif token["test"] == "if":
		_open(token["condition"], blocks, variables)
	elif len(blocks) == 1:
		return
	elif token["test"] == "elif":
		blocks[-1].turn(_holds(token["condition"], variables))
	elif token["word"] == "else":
		blocks[-1].turn(True)
	else:
		_close(blocks, page)


def _open(condition: str, blocks: list[_Block], variables: Mapping[str, str]) -> None:
	name, _, wanted = _parsed(condition)
	reached = blocks[-1].is_shown
	if name in _SETTERS:
		blocks.append(_Block(reached, reached, sets=(name, wanted)))
	else:
		blocks.append(_Block(reached, reached and _holds(condition, variables)))


def _close(blocks: list[_Block], page: Page) -> None:
	block = blocks.pop()
	text = "".join(block.parts)
	if block.sets is None:
		blocks[-1].parts.append(text)
	elif block.is_reached:
		_set(page, *block.sets, text)


def _set(page: Page, name: str, wanted: str, text: str) -> None:
	text = " ".join(text.split())
	if name == "http-header":
		page.headers = [header for header in page.headers if header[0] != wanted] + [(wanted, text)]
	elif wanted.isdigit():
		page.status, page.reason = int(wanted), text


def _holds(condition: str, variables: Mapping[str, str]) -> bool:
	name, sign, wanted = _parsed(condition)
	found = value(name, variables)
	if sign == "==":
		return found == wanted
	return found != wanted


def _parsed(condition: str) -> tuple[str, str, str]:
	"""Name, sign and value; a name alone asks whether it is not empty."""
	match = _CONDITION.fullmatch(condition)
	if match is None:
		return "", "!=", ""
	wanted = match["value"] or ""
	if len(wanted) > 1 and wanted[0] == wanted[-1] and wanted[0] in "\"'":
		wanted = wanted[1:-1]
	return match["name"], match["sign"] or "!=", wanted
