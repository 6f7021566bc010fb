"""One request of one device to the hotspot, and the pages that are shown for it.

Which page for what: https://help.mikrotik.com/docs/spaces/ROS/pages/87162881/Hotspot+customisation
("Serving Servlet Pages").
"""

from __future__ import annotations

import mimetypes
from http import HTTPStatus
from urllib.parse import quote_plus, urlsplit

from .. import files, hotspot
from ..router import Router
from ..sessions import Session
from ..table import Row
from . import template, variables
from .challenges import Challenges, in_javascript
from .messages import Reply, Request, plain, redirect

_FILLED_IN = (".html", ".htm", ".txt", ".json")
_NEVER_KEPT = (("Cache-Control", "no-cache"), ("Expires", "0"), ("Pragma", "no-cache"))


class Visit:
	"""Everything about one request. The caller holds the router's lock."""

	def __init__(self, router: Router, mac: str, request: Request, challenges: Challenges) -> None:
		self.router = router
		self.mac = mac
		self.request = request
		self.profile = hotspot.server_profile(router)
		self._challenges = challenges

	@property
	def address(self) -> str:
		"""The device's address."""
		return self.router.hosts[self.mac]

	@property
	def session(self) -> Session | None:
		"""The device's session."""
		found = self.router.sessions.addresses.get(self.address)
		return found if found is not None and found.mac == self.mac else None

	@property
	def host(self) -> str:
		"""The hotspot's name in links: its dns-name, or the device's own port if that is where it asks."""
		if self.request.is_own_port:
			return self.request.host
		return self.profile.get("dns-name") or self.profile.get("hotspot-address", "")

	def link(self, page: str, dst: str = "") -> str:
		"""The address of one of the hotspot's pages."""
		query = f"?dst={quote_plus(dst.encode('utf-8', 'surrogateescape'))}" if dst else ""
		return f"{self.request.scheme}://{self.host}/{page}{query}"

	def destination(self) -> str:
		"""Where the device wanted to go. From 7.19.2 only to http and https addresses."""
		dst = self.request.params.get("dst", "")
		strict = self.router.behaviour.at_least("7.19.2")
		return "" if strict and urlsplit(dst).scheme not in ("http", "https") else dst

	def find(self, name: str) -> str | None:
		"""The text of a page, where the profile says; `target` names a directory of other versions."""
		target = self.request.params.get("target", "")
		tried = [f"{target}/{name}", name] if target else [name]
		return next((text for path in tried if (text := self._read(path)) is not None), None)

	def show(self, *names: str, **more: str) -> Reply:
		"""The first of these pages that there is; else redirect.html, where `link_redirect` is given."""
		given = {name.replace("_", "-"): text for name, text in more.items()}
		for name in (*names, "redirect.html") if given.get("link-redirect") else names:
			text = self.find(name)
			if text is not None:
				return self.fill_in(text, given)
		return redirect(given["link-redirect"]) if given.get("link-redirect") else plain(HTTPStatus.NOT_FOUND)

	def fill_in(self, text: str, more: Row, content_type: str = "text/html") -> Reply:
		"""A page with its variables."""
		known = {**self._variables(), **more}
		if self.router.behaviour.hotspot_escapes_html:
			known = variables.escaped(known)
		page = template.render(text, known)
		return Reply(
			body=page.text.encode("utf-8", "surrogateescape"),
			content_type=content_type,
			status=page.status,
			reason=page.reason,
			headers=(*_NEVER_KEPT, *page.headers),
		)

	def login_page(self, error: str = "") -> Reply:
		"""login.html with a new challenge; after an error flogin.html, if there is one."""
		more = {"error": error, "error_orig": error}
		if hotspot.allows(self.router, "http-chap") and self.request.scheme == "http":
			challenge = self._challenges.make(self.mac, self.router.clock)
			more["chap_id"] = in_javascript(challenge.number)
			more["chap_challenge"] = in_javascript(challenge.secret)
		return self.show(*(["flogin.html"] if error else []), "login.html", **more)

	def file(self) -> Reply | None:
		"""What lies under the path in the hotspot's directory."""
		name = self.request.path.lstrip("/")
		text = self.find(name) if name else None
		if text is None:
			return None
		kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
		if name.endswith(_FILLED_IN):
			return self.fill_in(text, {}, kind)
		return Reply(text.encode("utf-8", "surrogateescape"), kind)

	def _variables(self) -> Row:
		return {
			"username": "",
			**self.request.params,
			**variables.of_server(self.router, self.request.scheme, self.host),
			**variables.of_client(self.router, self.mac, self.address, self.session),
			"link-orig": self.destination(),
			"link-login": self.link("login", self.destination()),
		}

	def _read(self, name: str) -> str | None:
		override = self.profile.get("html-directory-override", "")
		directory = self.profile.get("html-directory", "hotspot")
		if override and files.within(self.router, override):
			directory = override
		return files.text(self.router, f"{directory}/{name}")
