"""Sessions of customers whom a RADIUS server let in: no row of this router explains them."""

from __future__ import annotations

from .router import Router
from .sessions import HOTSPOT, Session

_PROFILES = {True: "/ip/hotspot/user/profile", False: "/ppp/profile"}


def login(router: Router, service: str, user: str, mac: str, address: str | None) -> Session:
	"""Lets a device in without asking the router's own rows."""
	profile = router.table(_PROFILES[service == HOTSPOT]).find("default") or {}
	session = Session(
		service=service,
		user=user,
		mac=mac,
		address=address or router.free_address("hs-pool"),
		started=router.clock.now(),
		number=router.sessions.next_number(),
		profile={"keepalive-timeout": "2m", **profile},
		label=router.sessions.label(service, user),
		login_by="http-pap" if service == HOTSPOT else "",
		server="hotspot1" if service == HOTSPOT else "",
		limits={} if service == HOTSPOT else {"limit-bytes-in": "0", "limit-bytes-out": "0"},
		is_radius=True,
	)
	router.sessions.add(session)
	if service == HOTSPOT:
		router.hosts[mac] = session.address
	return session
