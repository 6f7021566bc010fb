"""The hotspot's own pages, which lead to the portal and work without it.

Which files a hotspot asks for, and its variables: https://help.mikrotik.com/docs/spaces/ROS/pages/87162881. There:
"if variables are to be used in link directly, then they must be escaped accordingly", by `-esc`, with every variable.
What is left is said in the portal's words: the router's "nice" bytes are in MiB, and its `session-time-left` is what its
cap on the uptime leaves, which is as long as all devices together may be on, not the time until the voucher ends: only
the portal knows that. The router escapes nothing by itself, and `link-orig`, `username` and `error` hold what anybody sent: they are written
in their `-esc` form only, and no variable is ever written into a script. `redirect.html` and `rlogin.html` set the
status and header of the answer as the vendor's own do, because phones detect a captive portal by it.

`api.json` is the captive portal API (RFC 8908), to which the router's DHCP server by itself sends the phones of a
hotspot with a name and a certificate; a directory of pages without it would leave them with an error
(https://help.mikrotik.com/docs/spaces/ROS/pages/56459266). JSON has no comments: its mark is in an `if` that is never
true.

The captive mini-browser of iOS keeps no storage, no cookies between sessions and opens no second window
(https://io.sivert.pw/blog/captive-network-assistant/): the pages need none of these. Many routers read and write at
most 4095 bytes of a file over the API, so each is smaller.
"""

from __future__ import annotations

import html
import unicodedata
from pathlib import Path

from ..provisioning.marks import check_word, site_mark
from . import codes
from .links import portal_url

NAMES = (
	"login.html",
	"alogin.html",
	"rlogin.html",
	"redirect.html",
	"status.html",
	"logout.html",
	"error.html",
	"errors.txt",
	"api.json",
)
MAX_BYTES = 4095

_PAGES = Path(__file__).with_name("pages")
_INVISIBLE = ("Cc", "Cs", "Cn")
_QUERY = "&".join(f"{name}=$({name}-esc)" for name in ("mac", "ip", "link-login-only", "link-orig"))


def portal_files(
	site_id: str,
	base: str,
	portal_name: str,
	title: str,
	exact_codes: bool = False,
	bytes_per_mb: int = 1_000_000,
) -> dict[str, str]:
	"""The files by name, all ASCII. `base` is the site's address (`https://erp.example.com`), `title` the shop's name.

	`exact_codes`: codes made elsewhere are in use, so what is typed is sent as it stands; else look-alikes and grouping
	are undone. `bytes_per_mb`: 1,000,000 or 1,048,576, what an MB is here. Raises ValueError for an address or name that cannot be, and for a title that is too long."""
	check_word(site_id, "The site id")
	values = {
		"MARK": _text(site_mark(site_id)),
		"TITLE": _text(title),
		"STYLE": _page("style.css").replace("\n", ""),
		"VENUE": portal_url(base, portal_name),
		"PORTAL": html.escape(f"{portal_url(base, portal_name)}?{_QUERY}"),
		"EXACT": "yes" if exact_codes else "no",
		"SCRIPT": _script(),
		"AMOUNT": _packed("status.js"),
		"BYTES_PER_MB": str(bytes_per_mb),
	}
	files = {name: _filled(_page(name), values) for name in NAMES}
	if max(len(text) for text in files.values()) > MAX_BYTES:
		raise ValueError("The title is too long for the hotspot's pages")
	return files


def _script() -> str:
	"""The same for every router: nothing that anybody can choose is in it."""
	values = {
		"LOOK_ALIKES": "".join(codes.LOOK_ALIKES),
		"REAL": "".join(codes.LOOK_ALIKES.values()),
		"LETTERS": codes.PREFIX_LETTERS,
		"SHORTEST": str(codes.MIN_LENGTH),
		"LONGEST": str(codes.MAX_LENGTH + codes.MAX_PREFIX_LENGTH),
	}
	return _filled(_packed("login.js"), values)


def _text(text: str) -> str:
	"""Text in HTML, in ASCII, in which a router sees no variable either."""
	line = " ".join(text.split())
	visible = "".join(letter for letter in line if unicodedata.category(letter) not in _INVISIBLE)
	escaped = html.escape(visible).replace("$", "&#36;").replace("@", "&#64;")
	return escaped.encode("ascii", "xmlcharrefreplace").decode()


def _packed(name: str) -> str:
	return "".join(line.strip() + "\n" for line in _page(name).splitlines()).strip()


def _filled(page: str, values: dict[str, str]) -> str:
	for name, value in values.items():
		page = page.replace(f"@{name}@", value)
	return page


def _page(name: str) -> str:
	return (_PAGES / name).read_text(encoding="ascii")
