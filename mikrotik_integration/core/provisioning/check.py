"""What the button "Test connection" says: every finding in plain words, nothing on the router changed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ..foreign_text import plain_text, version
from ..routeros.client import Command, Endpoint, Reply, Router, connect
from ..routeros.errors import NoSuchCommand, NotPermitted, RouterError
from ..routeros.values import parse_router_date
from .menus import ACCESSES, PPP

Row = Mapping[str, str]

# Such a row does not exist, and setting nothing would not change it if it did: only the refusal is of interest.
_NOBODY = (".id", "*FFFFFFFE")
_LARGEST_CLOCK_ERROR = timedelta(minutes=5)
_LARGEST_ZONE = timedelta(hours=14)
# Hotspot and PPPoE users at once (https://mikrotikdocs.fyi/license, after MikroTik's table of licence levels).
LICENCE_LIMITS = {"1": (1, 1), "3": (1, 200), "4": (200, 200), "5": (500, 500)}
_FREE_CHR = "free"
_OFFSET_S = re.compile(r"-?[0-9]{1,5}")
_OFFSET = re.compile(r"([+-])([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?")


@dataclass(frozen=True)
class Finding:
	"""`ok` False: something to be put right, or at least to be known."""

	ok: bool
	text: str


def check_router(endpoint: Endpoint, now: datetime | None = None) -> list[Finding]:
	"""Connects, looks, and says what was found. Never raises a RouterError: it becomes a finding.

	`now` is the right time, aware of its zone; the present by default."""
	try:
		with connect(endpoint) as router:
			return [_privacy(endpoint), *_look(router, now or datetime.now(timezone.utc))]
	except RouterError as error:
		return [Finding(False, str(error))]


def _look(router: Router, now: datetime) -> list[Finding]:
	replies = router.run([command for command, _ in _QUESTIONS])
	findings = [Finding(True, "Logged in to the router's API")]
	for (_, judge), reply in zip(_QUESTIONS, replies, strict=True):
		findings += judge(reply, now)
	return findings


def _privacy(endpoint: Endpoint) -> Finding:
	if endpoint.tls is None:
		return Finding(
			_is_own_network(endpoint.host),
			"The connection is not encrypted: the router's and all customers' passwords can be read on the way. "
			"Good only inside your own network or a VPN; else use TLS (api-ssl)",
		)
	checked = "by its pinned fingerprint" if endpoint.tls.fingerprint_sha256 else "by its authority"
	return Finding(True, f"The connection is encrypted and the router's certificate was checked {checked}")


def _is_own_network(host: str) -> bool:
	try:
		return ipaddress.ip_address(host.strip()).is_private
	except ValueError:
		return False


def _print(menu: str, *proplist: str, queries: tuple[str, ...] = ()) -> Command:
	return Command(f"{menu}/print", queries=queries, proplist=proplist)


def _identity(reply: Reply, now: datetime) -> Iterator[Finding]:
	if isinstance(reply.error, NotPermitted):
		yield Finding(
			False, "The API user may not read: give its group the policy read (write does not imply it)"
		)
	elif reply.error:
		yield Finding(False, f"The router does not tell its name. {reply.error}")
	else:
		yield Finding(True, f"It is {plain_text(_first(reply).get('name'))!r}")


def _version(reply: Reply, now: datetime) -> Iterator[Finding]:
	row = _first(reply)
	if row:
		yield Finding(
			True, f"RouterOS {version(row.get('version', '?'))} on {plain_text(row.get('board-name', '?'))}"
		)


def _may_write(reply: Reply, now: datetime) -> Iterator[Finding]:
	if isinstance(reply.error, NotPermitted):
		yield Finding(False, "The API user may not change anything: give its group the policy write")
	else:
		yield Finding(True, "The API user may make changes")


def _menu(name: str) -> Callable[[Reply, datetime], Iterator[Finding]]:
	def judge(reply: Reply, now: datetime) -> Iterator[Finding]:
		if isinstance(reply.error, NoSuchCommand):
			yield Finding(
				False, f"The router has no {name}: its package is missing, or device-mode forbids it"
			)
		elif reply.error:
			yield Finding(False, f"The menu for {name} cannot be read. {reply.error}")
		else:
			yield Finding(True, f"The router has {name}")

	return judge


def _fasttrack(reply: Reply, now: datetime) -> Iterator[Finding]:
	if any(row.get("disabled", "false") not in ("true", "yes") for row in reply.rows):
		yield Finding(
			False,
			"FastTrack is on (/ip/firewall/filter, action fasttrack-connection): traffic passes by the queues, "
			"so customers' speed limits do not hold. Disable the rule, or except the customers' addresses from it",
		)
	elif not reply.error:
		yield Finding(True, "FastTrack does not defeat the speed limits")


def _clock(reply: Reply, now: datetime) -> Iterator[Finding]:
	row = _first(reply)
	try:
		local = parse_router_date(f"{row.get('date', '')} {row.get('time', '')}")
	except ValueError:
		return
	offset = _offset(row.get("gmt-offset"))
	right = (now.astimezone(timezone.utc) + (offset or timedelta())).replace(tzinfo=None)
	wrong_by = abs(local - right)
	if wrong_by > (_LARGEST_CLOCK_ERROR if offset is not None else _LARGEST_ZONE):
		yield Finding(
			False, f"The router's clock is wrong: it says {local}, right is {right:%Y-%m-%d %H:%M:%S}"
		)
	else:
		yield Finding(True, "The router's clock is right")


def _device_mode(reply: Reply, now: datetime) -> Iterator[Finding]:
	row = _first(reply)
	if row.get("hotspot") in ("false", "no"):
		yield Finding(
			False,
			f"device-mode {plain_text(row.get('mode'))!r} switches the hotspot off: "
			"/system/device-mode/update hotspot=yes, and confirm at the router",
		)


def _licence(reply: Reply, now: datetime) -> Iterator[Finding]:
	row = _first(reply)
	level = row.get("nlevel", row.get("level", ""))
	if level == _FREE_CHR:
		yield Finding(False, "The CHR has the free licence: 1 Mbit/s for each interface, whatever was sold")
	if level in LICENCE_LIMITS:
		hotspot, pppoe = LICENCE_LIMITS[level]
		yield Finding(
			True, f"Licence level {level}: at most {hotspot} hotspot and {pppoe} PPPoE users at once"
		)


Judge = Callable[[Reply, datetime], Iterator[Finding]]

_QUESTIONS: Sequence[tuple[Command, Judge]] = (
	(_print("/system/identity", "name"), _identity),
	(_print("/system/resource", "version", "board-name"), _version),
	(Command(f"{PPP.account_menu}/set", (_NOBODY,)), _may_write),
	*(
		(
			_print(access.account_menu, ".id", queries=("?name=",)),
			_menu("Hotspot" if access.cookie_menu else "PPP (PPPoE, L2TP, PPTP, OpenVPN)"),
		)
		for access in ACCESSES
	),
	(_print("/ip/firewall/filter", "disabled", queries=("?action=fasttrack-connection",)), _fasttrack),
	(_print("/system/clock", "date", "time", "gmt-offset"), _clock),
	(_print("/system/device-mode", "mode", "hotspot"), _device_mode),
	(_print("/system/license", "nlevel", "level"), _licence),
)


def _first(reply: Reply) -> Row:
	return next(iter(reply.rows), {})


def _offset(text: str | None) -> timedelta | None:
	"""`+03:00` or seconds; None if the router does not say."""
	if found := _OFFSET.fullmatch(text or ""):
		size = timedelta(hours=int(found[2]), minutes=int(found[3]))
		return -size if found[1] == "-" else size
	return timedelta(seconds=int(text or "")) if _OFFSET_S.fullmatch(text or "") else None
