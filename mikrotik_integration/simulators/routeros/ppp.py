"""PPPoE, L2TP, PPTP, OpenVPN and SSTP customers."""

from __future__ import annotations

from . import values
from .errors import LoginRefused
from .job import Job
from .router import Router
from .sessions import Session
from .table import Row

SECRETS = "/ppp/secret"
SERVICES = ("pppoe", "l2tp", "pptp", "ovpn", "sstp")


def login(router: Router, service: str, user: str, password: str, mac: str, address: str | None) -> Session:
	"""Lets a client in. Its own address counts only where the router has none for it. Raises LoginRefused."""
	secret = _known(router, service, user, password, mac)
	profile = router.table("/ppp/profile").find(secret["profile"])
	if profile is None:
		raise LoginRefused(f"user {user} authentication failed")
	_check_room(router, secret["name"], profile)
	session = Session(
		service=service,
		user=secret["name"],
		mac=mac,
		address=_address(router, secret, profile, address),
		started=router.clock.now(),
		number=router.sessions.next_number(),
		profile=dict(profile),
		label=router.sessions.label(service, secret["name"]),
		limits={name: secret[name] for name in ("limit-bytes-in", "limit-bytes-out")},
		password=password,
	)
	router.sessions.add(session)
	secret["last-caller-id"] = mac
	router.log("ppp,info,account", f"{session.user} logged in, {session.address} from {mac}")
	router.begin(event(session, "on-up"))
	return session


def event(session: Session, name: str) -> Job:
	"""The script of the session's profile for an event (`on-up`, `on-down`)."""
	known = {
		"user": session.user,
		"remote-address": session.address,
		"local-address": session.profile.get("local-address", ""),
		"caller-id": session.mac,
		"interface": session.label,
	}
	return Job(f"{name} of {session.user}", session.profile.get(name, ""), known)


def enforce(session: Session) -> str | None:
	"""Cuts the session's usage at its own caps; the reason to end it, if there is one."""
	caps = int(session.limits["limit-bytes-in"] or 0), int(session.limits["limit-bytes-out"] or 0)
	reached = (caps[0] and session.upload >= caps[0]) or (caps[1] and session.download >= caps[1])
	session.upload = min(session.upload, caps[0]) if caps[0] else session.upload
	session.download = min(session.download, caps[1]) if caps[1] else session.download
	return "traffic limit reached" if reached else None


def logged_out(router: Router, session: Session, reason: str) -> None:
	"""Notes the end of a session on its secret, if that is still there."""
	secret = router.table(SECRETS).find(session.user)
	if secret is not None:
		secret["last-logged-out"] = f"{router.clock.wall():%Y-%m-%d %H:%M:%S}"
		secret["last-disconnect-reason"] = reason.replace(" ", "-")


def _known(router: Router, service: str, user: str, password: str, mac: str) -> Row:
	secret = router.table(SECRETS).find(user)
	fits = (
		secret is not None
		and secret["disabled"] != "true"
		and secret["service"] in ("any", service)
		and secret["password"] == password
		and secret["caller-id"] in ("", mac)
	)
	if secret is None or not fits:
		raise LoginRefused(f"user {user} authentication failed")
	return secret


def _check_room(router: Router, user: str, profile: Row) -> None:
	limit = router.behaviour.session_limit
	if limit is not None and len(router.sessions.ppp()) >= limit:
		raise LoginRefused(f"session limit reached ({limit})")
	if _setting(router, profile, "only-one") == "yes" and router.sessions.of_ppp_user(user):
		raise LoginRefused(f"user {user} is already active")


def _setting(router: Router, profile: Row, name: str) -> str:
	"""A profile's value, or the default profile's where it says so."""
	if profile[name] != "default":
		return profile[name]
	default = router.table("/ppp/profile").find("default") or {}
	return default.get(name, "default")


def _address(router: Router, secret: Row, profile: Row, offered: str | None) -> str:
	wanted = secret.get("remote-address") or profile.get("remote-address") or offered
	if not wanted:
		raise LoginRefused("could not determine remote address")
	if not values.is_ip(wanted):
		return router.free_address(wanted)
	if wanted in router.sessions.addresses:
		raise LoginRefused(f"remote address {wanted} is in use")
	return wanted
