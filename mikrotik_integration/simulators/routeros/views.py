"""Rows that the router makes itself, each time they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from . import cookies, counters, files, hotspot, scheduler, values
from .router import Router
from .sessions import BYTES_PER_PACKET, HOTSPOT, Session
from .table import Row

_MEMORY_BYTES = 1073741824
_DEVICE_MODE_FEATURES = (
	*("scheduler", "socks", "fetch", "pptp", "l2tp", "bandwidth-test", "traffic-gen", "sniffer", "ipsec"),
	*("romon", "proxy", "hotspot", "smb", "email", "zerotier", "container"),
)


def hotspot_active(router: Router) -> Iterable[Row]:
	"""/ip/hotspot/active"""
	return [_active(router, session) for session in router.sessions.hotspot()]


def _active(router: Router, session: Session) -> Row:
	row = {
		".id": session.row_id,
		"server": session.server,
		"user": session.user,
		"address": session.address,
		"mac-address": session.mac,
		"login-by": session.login_by,
		"uptime": router.duration(session.uptime(router.clock.now())),
		"idle-time": router.duration(session.idle_s(router.clock.now())),
		**_timeout(session, "idle-timeout"),
		"keepalive-timeout": session.profile["keepalive-timeout"],
		**{name: str(count) for name, count in counters.of_session(session).items()},
		"radius": _flag(session.is_radius),
	}
	left = None if session.is_radius else hotspot.time_left(router, session)
	if left is not None:
		row["session-time-left"] = router.duration(left)
	return row


def _timeout(session: Session, name: str) -> Row:
	"""A timeout of the session's profile, if it has one."""
	found = session.profile.get(name, "none")
	return {} if found == "none" else {name: found}


def hotspot_host(router: Router) -> Iterable[Row]:
	"""/ip/hotspot/host"""
	online = {session.mac for session in router.sessions.hotspot()}
	for number, (mac, address) in enumerate(router.hosts.items(), 1):
		yield {
			".id": f"*{number:X}",
			"mac-address": mac,
			"address": address,
			"to-address": address,
			"server": hotspot.SERVER,
			"authorized": _flag(mac in online),
			"bypassed": "false",
			"dynamic": "true",
		}


def ppp_active(router: Router) -> Iterable[Row]:
	"""/ppp/active"""
	now = router.clock.now()
	for session in router.sessions.ppp():
		yield {
			".id": session.row_id,
			"name": session.user,
			"service": session.service,
			"caller-id": session.mac,
			"address": session.address,
			"uptime": router.duration(session.uptime(now)),
			"encoding": "",
			"session-id": f"0x{0x81000000 + session.number:x}",
			**session.limits,
			"radius": _flag(session.is_radius),
		}


def interfaces(router: Router) -> Iterable[Row]:
	"""The dynamic rows of /interface: rx is what comes from the client."""
	for session in router.sessions.ppp():
		yield {
			".id": f"*F{session.number:05X}",
			"name": session.label,
			"type": f"{session.service}-in",
			"mtu": "1480",
			"actual-mtu": "1480",
			"rx-byte": str(session.upload),
			"tx-byte": str(session.download),
			"rx-packet": str(session.upload // BYTES_PER_PACKET),
			"tx-packet": str(session.download // BYTES_PER_PACKET),
			"rx-drop": "0",
			"tx-drop": "0",
			"dynamic": "true",
			"running": "true",
			"disabled": "false",
		}


def queues(router: Router) -> Iterable[Row]:
	"""The dynamic rows of /queue/simple: the rate-limit that the session began with, upload/download."""
	for session in router.sessions:
		limit = session.profile.get("rate-limit", "").split()
		rates = values.parse_rates(limit[0]) if limit else None
		if rates is not None:
			target = f"{session.address}/32" if session.service == HOTSPOT else session.label
			yield {
				".id": f"*E{session.number:05X}",
				"name": session.label,
				"target": target,
				"parent": session.profile.get("parent-queue", "none"),
				"max-limit": f"{rates[0]}/{rates[1]}",
				"bytes": f"{session.upload}/{session.download}",
				"dynamic": "true",
				"disabled": "false",
			}


def pool_used(router: Router) -> Iterable[Row]:
	"""/ip/pool/used"""
	for number, session in enumerate(router.sessions, 1):
		pool = session.profile.get("address-pool") or session.profile.get("remote-address") or "hs-pool"
		yield {".id": f"*{number:X}", "pool": pool, "address": session.address, "owner": session.user}


def resource(router: Router) -> Iterable[Row]:
	"""/system/resource"""
	busy = min(len(list(router.sessions)) // 20, 95)
	return [
		{
			"uptime": router.duration(router.clock.now() - router.booted),
			"version": f"{router.behaviour.version} (stable)",
			"free-memory": str(_MEMORY_BYTES * 3 // 4),
			"total-memory": str(_MEMORY_BYTES),
			"cpu": "QEMU",
			"cpu-count": "2",
			"cpu-load": str(1 + busy),
			"free-hdd-space": "91000000",
			"total-hdd-space": "128000000",
			"architecture-name": "x86_64",
			"board-name": router.behaviour.board_name,
			"platform": "MikroTik",
		}
	]


def clock(router: Router) -> Iterable[Row]:
	"""/system/clock"""
	wall = router.clock.wall()
	date = f"{wall:%Y-%m-%d}" if router.behaviour.at_least("7.10") else f"{wall:%b/%d/%Y}".lower()
	now = {"date": date, "time": f"{wall:%H:%M:%S}", "gmt-offset": "+00:00", "dst-active": "false"}
	return [{**router.table("/system/clock").only(), **now}]


def license_(router: Router) -> Iterable[Row]:
	"""/system/license: boards have a level by number and a software id, machines without a board other words."""
	level, own_id = router.behaviour.licence_level, router.table("/system/license").only()["system-id"]
	if level.isdigit():
		return [{"software-id": f"{own_id[:4]}-{own_id[4:8]}", "nlevel": level, "features": ""}]
	return [{"system-id": own_id, "level": level}]


def device_mode(router: Router) -> Iterable[Row]:
	"""/system/device-mode"""
	forbidden = router.behaviour.device_mode_forbids
	mode = "home" if forbidden else "advanced"
	return [{"mode": mode, **{name: _flag(name not in forbidden) for name in _DEVICE_MODE_FEATURES}}]


def packages(router: Router) -> Iterable[Row]:
	"""/system/package"""
	return [{".id": "*1", "name": "routeros", "version": router.behaviour.version, "disabled": "false"}]


def api_users(router: Router) -> Iterable[Row]:
	"""/user/active"""
	return list(router.api_logins.values())


def _flag(value: bool) -> str:
	return "true" if value else "false"


INSTEAD: dict[str, Callable[[Router], Iterable[Row]]] = {
	"/ip/hotspot/active": hotspot_active,
	"/ip/hotspot/host": hotspot_host,
	"/ip/pool/used": pool_used,
	"/ppp/active": ppp_active,
	"/system/clock": clock,
	"/system/device-mode": device_mode,
	"/system/license": license_,
	"/system/package": packages,
	"/system/resource": resource,
	"/user/active": api_users,
}
"""Menus that hold nothing else."""

BESIDES: dict[str, Callable[[Router], Iterable[Row]]] = {"/interface": interfaces, "/queue/simple": queues}
"""Menus with configured rows as well."""


def rows(router: Router, menu: str) -> list[Row]:
	"""All rows of a menu as `print` finds them."""
	if menu in INSTEAD:
		return list(INSTEAD[menu](router))
	if menu == scheduler.SCHEDULER:
		return list(scheduler.rows(router))
	if menu == files.FILES:
		return files.shown(router)
	if menu == cookies.COOKIES:
		cookies.refresh(router)
	configured = list(router.table(menu).rows.values())
	return configured + list(BESIDES[menu](router)) if menu in BESIDES else configured
