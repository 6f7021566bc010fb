"""How this router plays what versions, settings and nobody's documents leave open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

ALL_POLICIES = (
	*("local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox"),
	*("password", "web", "sniff", "sensitive", "api", "romon", "rest-api"),
)


class HiddenSecret(str, Enum):
	"""What `print` shows of a password that may not be read."""

	OMITTED = "omitted"
	MASKED = "masked"
	EMPTY = "empty"


class ResetBy(str, Enum):
	"""Which argument `reset-counters` understands: reports differ."""

	BOTH = "both"
	ID = ".id"
	NUMBERS = "numbers"


class Numbering(str, Enum):
	"""What a reboot does to the `.id`s of configured rows."""

	KEPT = "kept"
	NEW = "new"


@dataclass(frozen=True)
class Behaviour:
	"""One router's character. The defaults are the less pleasant of two plays, where both are seen."""

	version: str = "7.16"
	"""From 7.18 `!empty` stands for no rows; before 7.10 dates are `feb/05/2024`; before 6.43 login is md5."""
	identity: str = "MikroTik"
	board_name: str = "CHR"
	policies: tuple[str, ...] = ALL_POLICIES
	"""What the API user's group allows."""
	passwords_readable: bool = True
	"""False: passwords are not shown, whatever is asked and whatever the policies."""
	passwords_need_asking: bool = True
	"""Whether, where `print` takes `show-sensitive` (from 7.21), passwords are hidden from who does not give it.

	False: the API shows them as it did before. Nobody's documents say which; `hidden_secret` says how they are hidden."""
	hidden_secret: HiddenSecret = HiddenSecret.OMITTED
	names_case_sensitive: bool = True
	"""Whether `Ann` and `ann` are two customers. Fixed from the start, as are identity and running_clock."""
	disabling_ends_hotspot_sessions: bool = False
	removing_ends_hotspot_sessions: bool = False
	caps_fixed_at_login: bool = False
	"""What `limit-uptime` and `limit-bytes-*` hold for somebody who is online.

	False: all sessions of the user together, by what the row says now. True: each session by itself gets what the
	row's counters leave at its login, and keeps that (manual of RouterOS 2.9, HotSpot Users: a user of 100 MB who has
	downloaded 30 MB has 70 MB at the next login, and "if a user is currently logged in, then the statistics will not
	show current total values"; `/ip/hotspot/active` shows limits of its own, HotSpot Active in the manual of 7)."""
	removal_forgets_mac_cookie: bool = False
	"""True: who is removed from `/ip/hotspot/active` loses the MAC cookie, as the manual has it (HotSpot, MAC Cookie:
	"admin-reset - ... user is removed from hotspot active menu"). The browser's cookie stays either way."""
	devices_come_back: bool = False
	"""A device whose session the router ends is back at once: hotspot by cookie, ppp by dialling again."""
	reset_counters_by: ResetBy = ResetBy.BOTH
	empty_limit_clears: bool = False
	"""True: `limit-uptime=""` clears the limit. False: it is a bad value, as some routers answer."""
	clock_durations: bool = False
	"""True: durations read as `1d01:22:53`. False: as `1d1h22m53s`."""
	numbered_traps: bool = False
	"""True: `no such item (4)`."""
	trap_categories: bool = False
	"""True: traps carry their category where the manual gives one."""
	interleave_replies: bool = False
	"""True: replies to tagged commands that are under way together come mixed."""
	login_word_bytes: int = 4096
	"""The longest word that is taken of who is not logged in; then `!fatal`, and the connection ends."""
	login_bytes: int = 65536
	"""How much is taken in all of who is not logged in."""
	login_timeout_s: float = 60
	"""How long who is connected may take to log in."""
	licence_level: str = "p-unlimited"
	"""`4`, `5`, `6` on boards; `free`, `p1`, `p-unlimited` on a CHR."""
	device_mode_forbids: tuple[str, ...] = ()
	"""Features that `/system/device-mode` switches off, such as `hotspot`, `scheduler`, `fetch`."""
	session_limit: int | None = None
	"""What the licence allows of hotspot and of ppp sessions: 200 (L4), 500 (L5), None (L6)."""
	running_clock: bool = False
	"""True: time runs by itself, as on a real router. False: only `advance` and `move` let it go by."""
	reboot_loses_live: bool = True
	"""What `/system/reboot` over the API does to the usage of sessions under way."""
	counters_saved_every_s: float = 0
	"""How often the counters of hotspot users are saved; a power cut takes what came after. 0: at once."""
	reboot_numbering: Numbering = Numbering.NEW
	file_contents_bytes: int = 60_000
	"""How much `contents` of a file may be set or shown: 60 KB by the manual (Files), 4095 on old versions."""
	files_need_directory: bool = True
	"""False: a file in a directory that is not there makes it."""
	files_cached_s: float = 0
	"""A power cut empties files written in the last so many seconds (the manual: up to 40 on some boards)."""
	has_flash_directory: bool = False
	"""True: hotspot files are in `flash/hotspot`, and what is not under `flash` is gone after a reboot."""
	hotspot_escapes_html: bool = False
	"""Whether `$(username)` and the like come as `&lt;` in the hotspot's pages, or as they were sent."""
	logout_forgets_cookie: bool = True
	"""False: who logs out on the hotspot's page keeps the MAC cookie, and is back at the next request.

	The browser's cookie stays either way, unless logged out with `erase-cookie=true` (the manual)."""
	missing_menus: tuple[str, ...] = ()
	"""Menus (with all below) that this router does not have, such as `/ip/hotspot` without its package."""

	@property
	def version_number(self) -> tuple[int, ...]:
		"""The version, to be compared."""
		return _number(self.version)

	def at_least(self, version: str) -> bool:
		"""Whether this router is of the version or newer."""
		return self.version_number >= _number(version)


def _number(version: str) -> tuple[int, ...]:
	"""`7.19.2` and `7.19rc1` in numbers; a release candidate counts as its release."""
	return tuple(int(part) for part in re.split("rc|beta", version)[0].split(".")[:3])
