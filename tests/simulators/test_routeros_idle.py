"""Sessions that move no bytes end at the idle-timeout of their profile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mikrotik_integration.simulators.routeros import CustomerSession, RouterSimulator

Online = Callable[..., CustomerSession]


@pytest.fixture(params=["hotspot", "pppoe"])
def online(request, router: RouterSimulator) -> Online:
	"""Brings ann online under a profile with these settings."""

	def begin(**profile: str) -> CustomerSession:
		if request.param == "hotspot":
			router.add("/ip/hotspot/user/profile", name="p", **profile)
			router.add("/ip/hotspot/user", name="ann", password="pw", profile="p")
		else:
			router.add("/ppp/profile", name="p", **profile)
			router.add("/ppp/secret", name="ann", password="pw", profile="p", remote_address="10.9.0.2")
		return router.customer.login("ann", "pw", service=request.param)

	return begin


def test_an_idle_session_ends_when_its_time_has_come(router: RouterSimulator, online: Online) -> None:
	session = online(idle_timeout="5m")
	router.advance(299)
	assert session.is_live
	router.advance(1000)
	assert (session.ended, session.usage.seconds) == ("idle timeout", 300)


def test_bytes_keep_a_session_alive(router: RouterSimulator, online: Online) -> None:
	session = online(idle_timeout="5m")
	for _ in range(4):
		session.move(download=1, seconds=200)
		router.advance(200)
	assert session.is_live
	router.advance(100)
	assert (session.ended, session.usage.seconds) == ("idle timeout", 1700)


def test_time_without_bytes_of_one_session_alone_makes_it_idle(online: Online) -> None:
	session = online(idle_timeout="5m")
	assert session.move(seconds=301).seconds == 300
	assert session.ended == "idle timeout"


@pytest.mark.parametrize("settings", [{}, {"idle_timeout": "0s"}])
def test_without_an_idle_timeout_a_session_may_be_idle_for_ever(
	router: RouterSimulator, online, settings
) -> None:
	session = online(**settings)
	router.advance(86400)
	assert session.is_live


@pytest.mark.parametrize(("idle", "session", "reason"), [("5m", "10m", "idle"), ("10m", "5m", "session")])
def test_the_first_of_two_timeouts_ends_a_session(router, online, idle, session, reason) -> None:
	online_now = online(idle_timeout=idle, session_timeout=session)
	router.advance(3600)
	assert (online_now.ended, online_now.usage.seconds) == (f"{reason} timeout", 300)


def test_hotspot_active_tells_how_long_a_session_has_been_idle(router: RouterSimulator) -> None:
	router.add("/ip/hotspot/user/profile", name="p", idle_timeout="5m")
	router.add("/ip/hotspot/user", name="ann", profile="p")
	router.customer.login("ann", "").move(download=1, seconds=60)
	router.advance(90)
	[row] = router.rows("/ip/hotspot/active")
	assert [row[name] for name in ("uptime", "idle-time", "idle-timeout")] == ["2m30s", "1m30s", "5m"]
