"""When sessions end: by the customer, by the router, by a limit, by the power."""

from __future__ import annotations

from . import counters, files, hotspot, ppp, radius, values
from .errors import LoginRefused
from .router import Router
from .sessions import HOTSPOT, Session


def end(router: Router, session: Session, reason: str) -> None:
	"""Ends a session, with its usage kept where the router keeps it."""
	if session.ended is not None:
		return
	session.extra_s = session.uptime(router.clock.now())
	session.started = router.clock.now()
	session.ended = reason
	router.sessions.discard(session)
	if session.is_radius:
		return
	if session.service == HOTSPOT:
		counters.flush(router, session)
		router.log("hotspot,info,debug", f"{session.user} ({session.address}): logged out: {reason}")
		router.begin(hotspot.event(session, "on-logout", cause=reason))
	else:
		ppp.logged_out(router, session, reason)
		router.log("ppp,info,account", f"{session.user} logged out, {reason}")
		router.begin(ppp.event(session, "on-down"))


def end_by_router(router: Router, session: Session, reason: str) -> None:
	"""Ends a session against the customer's will; the device may try again at once."""
	end(router, session, reason)
	if router.behaviour.devices_come_back:
		come_back(router, session)


def come_back(router: Router, session: Session) -> Session | None:
	"""The device of an ended session tries to get in again, as devices do by themselves."""
	try:
		if session.is_radius:
			return radius.login(router, session.service, session.user, session.mac, session.address)
		if session.service == HOTSPOT:
			return hotspot.come_back(router, session.mac, session.address)
		return ppp.login(
			router, session.service, session.user, session.password, session.mac, session.address
		)
	except LoginRefused as refused:
		router.log("info", f"{session.user}: login failed: {refused}")
		return None


def enforce(router: Router, session: Session) -> None:
	"""Ends the session if a limit is reached, with exactly what the limit allowed."""
	if session.is_radius or session.ended is not None:
		return
	reason = hotspot.enforce(router, session) if session.service == HOTSPOT else ppp.enforce(session)
	reason = _enforce_timeouts(router, session) or reason
	if reason or _is_away(router, session):
		end(router, session, reason or "keepalive timeout")


def _enforce_timeouts(router: Router, session: Session) -> str | None:
	"""Cuts the session at the first of its profile's timeouts; which of them it was."""
	now = router.clock.now()
	ends: dict[str, float | None] = {
		"session timeout": values.parse_duration(session.profile.get("session-timeout", "0")) or None,
		"idle timeout": values.parse_duration(session.profile.get("idle-timeout", "0")) or None,
	}
	if ends["idle timeout"] is not None:
		ends["idle timeout"] += session.uptime(now) - session.idle_s(now)
	due = {reason: at for reason, at in ends.items() if at is not None and session.uptime(now) >= at}
	if not due:
		return None
	reason = min(due, key=lambda name: due[name])
	session.extra_s -= session.uptime(now) - due[reason]
	return reason


def enforce_all(router: Router) -> None:
	"""Ends all sessions whose time has come."""
	for session in router.sessions:
		enforce(router, session)


def reboot(router: Router, lose_live: bool) -> None:
	"""Restarts the router; usage of the sessions under way is written to the users' counters, or lost."""
	under_way = list(router.sessions)
	for session in under_way:
		if lose_live:
			session.ended = "power cut"
		else:
			end(router, session, "reboot")
	if lose_live:
		counters.lose_unsaved(router)
	files.restart(router, power_cut=lose_live)
	router.forget_live()
	if router.behaviour.devices_come_back:
		for session in under_way:
			come_back(router, session)


def _is_away(router: Router, session: Session) -> bool:
	"""Whether the device of a hotspot session is out of reach for longer than its profile allows."""
	since = router.absent.get(session.mac) if session.service == HOTSPOT else None
	patience = values.parse_duration(session.profile.get("keepalive-timeout", "none"))
	return since is not None and patience is not None and router.clock.now() - since >= patience
