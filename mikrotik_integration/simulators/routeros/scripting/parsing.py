"""Reads a script. A menu, a command or an argument that this router lacks makes the whole script unreadable."""

from __future__ import annotations

import re
from collections.abc import Collection

from ..schema import Schema
from ..values import parse_duration
from .nodes import (
	Array,
	Block,
	Call,
	Command,
	Keep,
	Literal,
	Node,
	Not,
	Operation,
	Property,
	Text,
	Variable,
)
from .values import ScriptFailed, Time, Value

OWN_COMMANDS = (
	*("local", "global", "set", "put", "if", "foreach", "for", "while", "do", "return", "error"),
	*("pick", "len", "find", "tonum", "tostr", "toarray", "totime", "tobool", "typeof", "delay", "nothing"),
)
"""Commands of the language itself."""
_LOG = ("debug", "error", "info", "warning")
_CODE = ("do", "else", "on-error", "while")
_BLANK = re.compile(r"(?:[ \t\r]|\\\r?\n)+")
_BLANKS = re.compile(r"(?:[ \t\r\n]|\\\r?\n)+")
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"[A-Za-z0-9]+")
_ARGUMENT = re.compile(r"([A-Za-z][A-Za-z0-9.-]*)=(?!=)")
_PATH_WORD = re.compile(r"[A-Za-z][A-Za-z0-9-]*(?![A-Za-z0-9.-]*=)")
_BARE = re.compile(r"""[^\s;{}\[\]()"$=]+""")
_OPERAND = re.compile(r"\.id|\d+(?:\.\d+){3}(?:/\d+)?|[\w*:@-]*[\w*@]|\*")
_RIGHT_OF_WHERE = re.compile(r"""[^\s;{}\[\]()"$=]+""")
_OPERATORS = (("||", "or"), ("&&", "and"), ("<=", ">=", "!=", "<", ">", "=", "~", "in"), (",",), (".",))
_ARITHMETIC = (("+", "-"), ("*", "/", "%"))
_LEVELS = (*_OPERATORS, *_ARITHMETIC)
_COMPARING = 2
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "_": " ", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_HEX = re.compile(r"[0-9A-F]{2}")
_DEEPEST = 60


def parse(source: str, schema: Schema) -> Block:
	"""The script, ready to be run. Raises ScriptFailed."""
	reader = _Reader(source, schema)
	return reader.block("", end="")


class _Reader:
	def __init__(self, source: str, schema: Schema) -> None:
		self._source = source
		self._schema = schema
		self._at = 0
		self._depth = 0

	# commands

	def block(self, menu: str, end: str) -> Block:
		"""Commands up to the bracket that ends them."""
		self._deeper()
		commands: list[Node] = []
		while True:
			self._skip(_BLANKS)
			if self._take(";"):
				continue
			if self._match(_COMMENT):
				continue
			if not end and self._at == len(self._source):
				break
			if end and self._take(end):
				break
			command, menu = self._command(menu, end)
			commands += [command] if command else []
			self._skip(_BLANK)
			if not (self._peek() in ("", ";", "\n", "#") or (end and self._peek() == end)):
				raise self._wrong("expected end of command")
		self._depth -= 1
		return Block(tuple(commands))

	def _command(self, menu: str, end: str) -> tuple[Node | None, str]:
		"""One command, and the menu that the next one is in."""
		if self._take("{"):
			return self.block(menu, "}"), menu
		if self._take("["):
			return self._substitution(menu), menu
		if self._peek() == "$":
			return self._call(menu), menu
		if self._take(":"):
			return self._own(self._word(), menu), menu
		if self._peek() == "/":
			return self._in_menu(self._path("", absolute=True), menu)
		word = self._glance(_PATH_WORD)
		if word is None:
			raise self._wrong("syntax error")
		path = self._path(menu, absolute=False)
		if path is None:
			return self._own(self._word(), menu), menu
		return self._in_menu(path, menu)

	def _in_menu(self, path: tuple[str, str] | None, menu: str) -> tuple[Node | None, str]:
		assert path is not None
		found, verb = path
		if not verb:
			return None, found
		return self._menu_command(found, verb), menu

	def _path(self, menu: str, absolute: bool) -> tuple[str, str] | None:
		"""The menu and the verb that the next words name; None where they name nothing in this menu."""
		start = self._at
		at = "" if absolute else menu
		while True:
			self._skip(_BLANK)
			self._take("/")
			self._skip(_BLANK)
			begin = self._at
			word = self._match(_PATH_WORD)
			if word is None:
				return at, ""
			inner = _choose(word, self._schema.below(at))
			if inner is not None:
				at = f"{at}/{inner}"
				continue
			verb = _choose(word, self._schema.verbs(at)) if at else None
			if verb is not None:
				return at, verb
			if not absolute and at == menu:
				self._at = start
				return None
			self._at = begin
			raise self._wrong(f"bad command name {word}")

	def _menu_command(self, menu: str, verb: str, context: str | None = None) -> Command:
		takes = self._schema.takes(menu, verb)
		context = menu if context is None else context
		named: dict[str, Node] = {}
		given: list[Node] = []
		while not self._is_over():
			if verb in ("find", "print") and (where := self._where(menu, verb)) is not None:
				return Command(menu, verb, named, tuple(given), where)
			begin = self._at
			name = self._argument_name()
			if name is not None:
				chosen = _choose(name, takes)
				if chosen is None:
					self._at = begin
					raise self._wrong("expected end of command")
				named[chosen] = self._atom(context, as_written=True)
				continue
			word = self._glance(_BARE)
			if verb == "print" and word is not None and (flag := _choose(word, takes)) is not None:
				self._match(_BARE)
				named[flag] = Literal("")
				continue
			given.append(self._atom(context, as_written=True))
		return Command(menu, verb, named, tuple(given))

	def _where(self, menu: str, verb: str) -> Node | None:
		"""The condition of a find or a print, all that follows `where`; a find needs not say the word."""
		begin = self._at
		word = self._glance(_PATH_WORD)
		if word == "where":
			self._match(_PATH_WORD)
		elif verb == "print":
			return None
		conditions: list[Node] = []
		while not self._is_over():
			conditions.append(self._expression(0, menu, in_where=True))
		if not conditions:
			self._at = begin
			return Literal(True)
		found = conditions[0]
		for condition in conditions[1:]:
			found = Operation("and", found, condition)
		return found

	def _own(self, word: str, menu: str) -> Command:
		if word == "log":
			self._skip(_BLANK)
			level = _choose(self._word(), _LOG)
			if level is None:
				raise self._wrong("bad command name")
			return self._menu_command("/log", level, context=menu)
		verb = _choose(word, OWN_COMMANDS)
		if verb is None:
			raise self._wrong(f"bad command name {word}")
		named: dict[str, Node] = {}
		given: list[Node] = []
		while not self._is_over():
			name = self._argument_name()
			if name is None:
				is_name = not given and verb in ("local", "global", "set", "foreach", "for")
				given.append(self._variable_name() if is_name else self._positional(verb, menu))
			elif name in _CODE and self._take("{"):
				named[name] = Keep(self.block(menu, "}"))
			else:
				named[name] = self._atom(menu)
		return Command("", verb, named, tuple(given))

	def _positional(self, verb: str, menu: str) -> Node:
		if verb == "do" and self._take("{"):
			return Keep(self.block(menu, "}"))
		return self._atom(menu)

	def _variable_name(self) -> Node:
		if self._take('"'):
			return self._text("")
		return Literal(self._word())

	def _call(self, menu: str) -> Call:
		name = self._variable()
		named: dict[str, Node] = {}
		while not self._is_over():
			argument = self._argument_name()
			if argument is None:
				raise self._wrong("expected end of command")
			named[argument] = self._atom(menu)
		return Call(name, named)

	def _substitution(self, menu: str) -> Node:
		inner = self.block(menu, "]")
		return inner.commands[0] if len(inner.commands) == 1 else inner

	# values

	def _atom(self, menu: str, as_written: bool = False) -> Node:
		"""A value as it stands among the arguments of a command."""
		if self._take('"'):
			return self._text(menu)
		if self._peek() == "$":
			return Variable(self._variable())
		if self._take("("):
			return self._grouped(menu, in_where=False)
		if self._take("["):
			return self._substitution(menu)
		if self._take("{"):
			return self._array(menu)
		word = self._match(_BARE)
		if word is None:
			if self._is_over() or self._peek() in " \t":
				return Literal("")
			raise self._wrong("syntax error")
		return Literal(word if as_written else _literal(word))

	def _array(self, menu: str) -> Node:
		parts: list[Node] = []
		self._skip(_BLANKS)
		while not self._take("}"):
			parts.append(self._expression(0, menu, in_where=False))
			self._skip(_BLANKS)
			self._take(";")
			self._skip(_BLANKS)
			self._check_more()
		return Array(tuple(parts))

	def _grouped(self, menu: str, in_where: bool) -> Node:
		self._deeper()
		found = self._expression(0, menu, in_where)
		self._skip(_BLANKS)
		if not self._take(")"):
			raise self._wrong("syntax error")
		self._depth -= 1
		return found

	def _expression(self, level: int, menu: str, in_where: bool, is_right: bool = False) -> Node:
		if level == len(_LEVELS):
			return self._operand(menu, in_where, is_right)
		left = self._expression(level + 1, menu, in_where, is_right)
		while (sign := self._operator(_LEVELS[level], in_where)) is not None:
			compares = level == _COMPARING
			right = self._expression(level + 1, menu, in_where, is_right or (compares and in_where))
			left = Operation(sign, left, right)
		return left

	def _operator(self, signs: tuple[str, ...], in_where: bool) -> str | None:
		begin = self._at
		self._skip(_BLANK if in_where else _BLANKS)
		for sign in signs:
			if self._source.startswith(sign, self._at):
				after = self._source[self._at + len(sign) : self._at + len(sign) + 1]
				if sign.isalpha() and (after.isalnum() or after in "-="):
					continue
				self._at += len(sign)
				return sign
		self._at = begin
		return None

	def _operand(self, menu: str, in_where: bool, is_right: bool) -> Node:
		self._skip(_BLANK if in_where else _BLANKS)
		if self._take("!"):
			return Not(self._operand(menu, in_where, is_right))
		if self._word_is("not"):
			return Not(self._expression(_COMPARING, menu, in_where, is_right))
		if self._take("-"):
			return Operation("-", Literal(0), self._operand(menu, in_where, is_right))
		if self._take("("):
			return self._grouped(menu, in_where)
		if self._peek() in '"$[{':
			return self._atom(menu)
		word = self._match(_RIGHT_OF_WHERE if is_right else _OPERAND)
		if word is None:
			raise self._wrong("syntax error")
		if in_where and not is_right and (word[0].isalpha() or word == ".id"):
			return Property(word)
		return Literal(word if is_right else _literal(word))

	def _text(self, menu: str) -> Node:
		"""A text after its first quotation mark."""
		parts: list[Node] = []
		plain = ""
		while not self._take('"'):
			self._check_more()
			if self._take("\\"):
				plain += self._escaped()
			elif self._peek() == "$" and self._next() not in ('"', " ", "") and self._opens_value():
				parts += [Literal(plain), self._inserted(menu)]
				plain = ""
			else:
				plain += self._peek()
				self._at += 1
		parts.append(Literal(plain))
		return parts[0] if len(parts) == 1 else Text(tuple(parts))

	def _inserted(self, menu: str) -> Node:
		if self._next() == "(":
			self._at += 2
			return self._grouped(menu, in_where=False)
		if self._next() == "[":
			self._at += 2
			return self._substitution(menu)
		return Variable(self._variable())

	def _opens_value(self) -> bool:
		return self._next().isalnum() or self._next() in "(["

	def _escaped(self) -> str:
		if found := _HEX.match(self._source, self._at):
			self._at = found.end()
			return chr(int(found[0], 16))
		letter = self._peek()
		self._at += 1
		if letter == "\n":
			self._skip(_BLANK)
			return ""
		return _ESCAPES.get(letter, letter)

	def _variable(self) -> str:
		self._at += 1
		if self._take('"'):
			end = self._source.find('"', self._at)
			if end < 0:
				raise self._wrong("syntax error")
			name, self._at = self._source[self._at : end], end + 1
			return name
		return self._word()

	# letters

	def _argument_name(self) -> str | None:
		found = _ARGUMENT.match(self._source, self._at)
		if found is None:
			return None
		self._at = found.end()
		return found[1]

	def _is_over(self) -> bool:
		"""Whether the command has no more arguments."""
		self._skip(_BLANK)
		return self._peek() in ("", ";", "\n", "}", "]", ")")

	def _word(self) -> str:
		word = self._match(_NAME)
		if word is None:
			raise self._wrong("syntax error")
		return word

	def _word_is(self, word: str) -> bool:
		found = re.compile(rf"{word}(?![\w=-])").match(self._source, self._at)
		self._at = found.end() if found else self._at
		return found is not None

	def _match(self, pattern: re.Pattern[str]) -> str | None:
		found = pattern.match(self._source, self._at)
		if found is None:
			return None
		self._at = found.end()
		return found[0]

	def _glance(self, pattern: re.Pattern[str]) -> str | None:
		found = pattern.match(self._source, self._at)
		return found[0] if found else None

	def _skip(self, pattern: re.Pattern[str]) -> None:
		self._match(pattern)

	def _take(self, letters: str) -> bool:
		if not self._source.startswith(letters, self._at):
			return False
		self._at += len(letters)
		return True

	def _peek(self) -> str:
		return self._source[self._at : self._at + 1]

	def _next(self) -> str:
		return self._source[self._at + 1 : self._at + 2]

	def _check_more(self) -> None:
		if self._at >= len(self._source):
			raise self._wrong("syntax error")

	def _deeper(self) -> None:
		self._depth += 1
		if self._depth > _DEEPEST:
			raise self._wrong("script is nested too deep")

	def _wrong(self, why: str) -> ScriptFailed:
		before = self._source[: self._at]
		line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
		return ScriptFailed(f"{why} (line {line} column {column})")


def _choose(word: str, names: Collection[str]) -> str | None:
	"""The name that is the word, or the only one that begins with it."""
	if word in names:
		return word
	found = [name for name in names if name.startswith(word)]
	return found[0] if len(found) == 1 else None


def _literal(word: str) -> Value:
	if word in ("true", "false"):
		return word == "true"
	if word.isascii() and word.isdigit() and len(word) < 20:
		return int(word)
	seconds = parse_duration(word)
	return word if seconds is None else Time(seconds)
