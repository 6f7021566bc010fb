"""The hotspot's web server: who is shown which page, who gets in, who is let through."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus

from .. import cookies, hotspot, lifetimes, values
from ..errors import LoginRefused
from ..router import Router
from . import garden
from .challenges import Challenge, Challenges, is_response
from .messages import COOKIE_NAME, Reply, Request, plain
from .visit import Visit

_NO_RESPONSE = "web browser did not send challenge response (try again, enable JavaScript)"
_YES = ("on", "true", "yes")


class Servlet:
	"""Answers requests of devices. The caller holds the router's lock."""

	def __init__(self) -> None:
		self._challenges = Challenges()
		self._pages: dict[str, Callable[[Visit], Reply]] = {
			"/": self._front_page,
			"/login": self._login,
			"/status": self._status,
			"/logout": self._logout,
			"/api": _api,
		}

	def answer(self, router: Router, mac: str, request: Request) -> Reply | None:
		"""The hotspot's reply; None where the request is let through to where it was meant to go."""
		visit = Visit(router, mac, request, self._challenges)
		if garden.binding(router, mac, visit.address) == "blocked":
			return plain(HTTPStatus.FORBIDDEN, "blocked")
		if visit.session is None and request.path != "/logout":
			_come_back(visit)
		own = self._own(visit)
		if own is not None:
			return own
		return None if self._may_pass(visit) else _to_login(visit)

	def may_connect(self, router: Router, mac: str, request: Request) -> bool:
		"""Whether an encrypted connection is let through; a device that is not logged in is refused."""
		return self._may_pass(Visit(router, mac, request, self._challenges))

	def _own(self, visit: Visit) -> Reply | None:
		"""A page of the hotspot itself, if that is what was asked for."""
		page = self._pages.get(visit.request.path)
		if visit.request.is_own_port:
			return page(visit) if page else visit.file()
		names = (visit.profile.get("dns-name"), visit.profile.get("hotspot-address"))
		if visit.request.hostname.casefold() not in names:
			return None
		return page(visit) if page else visit.file() or plain(HTTPStatus.NOT_FOUND)

	def _may_pass(self, visit: Visit) -> bool:
		is_known = visit.session is not None
		is_bypassed = garden.binding(visit.router, visit.mac, visit.address) == "bypassed"
		return is_known or is_bypassed or garden.is_open(visit.router, visit.address, visit.request)

	def _front_page(self, visit: Visit) -> Reply:
		if visit.session is not None:
			return visit.show("rstatus.html", link_redirect=visit.link("status"))
		return visit.show("rlogin.html", link_redirect=visit.link("login"))

	def _login(self, visit: Visit) -> Reply:
		headers: tuple[tuple[str, str], ...] = ()
		if visit.session is None:
			if "username" not in visit.request.params:
				return visit.login_page()
			try:
				self._let_in(visit)
			except LoginRefused as refused:
				return visit.login_page(str(refused))
			headers = _cookie_for_browser(visit)
		reply = visit.show("alogin.html", link_redirect=visit.destination() or visit.link("status"))
		return replace(reply, headers=(*reply.headers, *headers))

	def _let_in(self, visit: Visit) -> None:
		"""Logs the device in. Raises LoginRefused."""
		user, password = (visit.request.params.get(name, "") for name in ("username", "password"))
		challenge = self._challenges.take(visit.mac, visit.router.clock, visit.router.booted)
		proof = _proof(visit, password, challenge)
		if proof is None:
			raise LoginRefused(_NO_RESPONSE)
		method, proves = proof
		try:
			hotspot.admit(visit.router, user, proves, visit.mac, visit.address, method)
		except LoginRefused as refused:
			visit.router.log("hotspot,info,debug", f"{user} ({visit.address}): login failed: {refused}")
			raise

	def _status(self, visit: Visit) -> Reply:
		if visit.session is None:
			return visit.show("fstatus.html", link_redirect=visit.link("login"))
		return visit.show("status.html")

	def _logout(self, visit: Visit) -> Reply:
		session = visit.session
		if session is None:
			return visit.show("flogout.html", link_redirect=visit.link("login"))
		reply = visit.show("logout.html")
		lifetimes.end(visit.router, session, "user request")
		if visit.router.behaviour.logout_forgets_cookie:
			cookies.forget_mac(visit.router, visit.mac)
		if visit.request.params.get("erase-cookie") in _YES:
			cookies.forget_all(visit.router, visit.mac)
		return reply


def _api(visit: Visit) -> Reply:
	"""The captive portal API of RFC 8908."""
	text = visit.find("api.json")
	if text is None:
		return plain(HTTPStatus.NOT_FOUND)
	return visit.fill_in(text, {}, "application/captive+json")


def _to_login(visit: Visit) -> Reply:
	"""What a device gets instead of the page it wanted."""
	link = visit.link("login", visit.request.url)
	return visit.show("rlogin.html", link_redirect=link, link_login=link, link_orig=visit.request.url)


def _come_back(visit: Visit) -> None:
	"""A device with a MAC cookie is in before it has asked for anything; with a browser's, when it asks."""
	with suppress(LoginRefused):
		hotspot.come_back(visit.router, visit.mac, visit.address)
		return
	with suppress(LoginRefused):
		hotspot.come_back_by_browser(visit.router, visit.mac, visit.request.cookie, visit.address)


def _cookie_for_browser(visit: Visit) -> tuple[tuple[str, str], ...]:
	"""The header that makes the browser keep the login, if the profile says so."""
	session = visit.session
	if session is None or not hotspot.allows(visit.router, "cookie"):
		return ()
	lifetime = values.parse_duration(visit.profile.get("http-cookie-lifetime", "3d")) or 0
	secret = cookies.keep_browser(visit.router, session.user, visit.mac, lifetime)
	return (("Set-Cookie", f"{COOKIE_NAME}={secret}; Max-Age={lifetime}; Path=/"),)


def _proof(visit: Visit, given: str, challenge: Challenge | None) -> tuple[str, Callable[[str], bool]] | None:
	"""The method and what it takes to prove; None where only an answer to a challenge would do."""
	router = visit.router
	if visit.request.scheme == "https" and hotspot.allows(router, "https"):
		return "https", lambda kept: kept == given
	plain_too = hotspot.allows(router, "http-pap")
	if hotspot.allows(router, "http-chap") and challenge is not None and is_response(given):
		return "http-chap", lambda kept: challenge.is_met_by(given, kept) or (plain_too and kept == given)
	return ("http-pap", lambda kept: kept == given) if plain_too else None
