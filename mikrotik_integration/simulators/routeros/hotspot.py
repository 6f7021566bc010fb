"""Hotspot customers: who is let in, what ends a session, where its usage goes."""

from __future__ import annotations

from collections.abc import Callable

from . import cookies, values
from .errors import LoginRefused
from .job import Job
from .router import Router
from .sessions import HOTSPOT, Session
from .table import Row

USERS = "/ip/hotspot/user"
SERVER = "hotspot1"


def login(router: Router, user: str, password: str, mac: str, address: str | None) -> Session:
	"""Lets a device in by name and password. Raises LoginRefused in the portal's words."""
	return admit(router, user, lambda kept: kept == password, mac, address, "http-pap")


def admit(
	router: Router, user: str, proves: Callable[[str], bool], mac: str, address: str | None, login_by: str
) -> Session:
	"""Lets a device in that proves by whatever means to know the user's password. Raises LoginRefused."""
	row = _known(router, user, mac)
	if not proves(row.get("password", "")):
		raise LoginRefused("invalid username or password")
	return _enter(router, row, mac, address, login_by)


def server_profile(router: Router) -> Row:
	"""The profile of the hotspot server."""
	server = router.table("/ip/hotspot").find(SERVER) or {}
	return router.table("/ip/hotspot/profile").find(server.get("profile", "default")) or {}


def allows(router: Router, method: str) -> bool:
	"""Whether the server lets devices in by this method (`http-pap`, `mac-cookie`, ...)."""
	return method in server_profile(router).get("login-by", "").split(",")


def come_back(router: Router, mac: str, address: str | None) -> Session:
	"""Lets a device in by its cookie while the user exists and is enabled. Raises LoginRefused."""
	cookie = cookies.of_mac(router, mac) if allows(router, "mac-cookie") else None
	if cookie is None:
		raise LoginRefused(f"you are not logged in (ip {address or '?'}, mac {mac})")
	return _enter(router, _known(router, cookie["user"], mac), mac, address, "mac-cookie")


def come_back_by_browser(router: Router, mac: str, secret: str, address: str | None) -> Session:
	"""Lets a device in by the cookie that its browser sends. Raises LoginRefused."""
	cookie = cookies.of_browser(router, mac, secret) if allows(router, "cookie") else None
	if cookie is None:
		raise LoginRefused(f"you are not logged in (ip {address or '?'}, mac {mac})")
	return _enter(router, _known(router, cookie["user"], mac), mac, address, "cookie")


def user_row(router: Router, user: str) -> Row | None:
	"""The user of this name on the hotspot server."""
	table = router.table(USERS)
	return table.find(user, SERVER) or table.find(user, "all")


def used(router: Router, row: Row) -> tuple[float, int, int]:
	"""Seconds, upload and download of a user, sessions under way included where they count together."""
	now = router.clock.now()
	of_name = [] if router.behaviour.caps_fixed_at_login else router.sessions.of_hotspot_user(row["name"])
	live = [session for session in of_name if not session.is_radius]
	seconds = (values.parse_duration(row["uptime"]) or 0) + sum(session.uptime(now) for session in live)
	upload = int(row["bytes-in"]) + sum(session.upload for session in live)
	download = int(row["bytes-out"]) + sum(session.download for session in live)
	return seconds, upload, download


def caps(router: Router, session: Session) -> tuple[Row, tuple[float, int, int]] | None:
	"""The caps that this session is under, and what counts towards them; None where there are none."""
	if router.behaviour.caps_fixed_at_login:
		alone = (session.uptime(router.clock.now()), session.upload, session.download)
		return (session.limits, alone) if session.limits else None
	row = user_row(router, session.user)
	return None if row is None else (row, used(router, row))


def enforce(router: Router, session: Session) -> str | None:
	"""Cuts the session's usage at the user's lifetime caps; the reason to end it, if there is one."""
	found = caps(router, session)
	if found is None:
		return None
	row, (seconds, upload, download) = found
	over_s = _over(seconds, _seconds(row, "limit-uptime"))
	over_up = _over(upload, _bytes(row, "limit-bytes-in"))
	over_down = _over(download, _bytes(row, "limit-bytes-out"))
	over_all = _over(upload + download, _bytes(row, "limit-bytes-total"))
	session.extra_s -= over_s or 0
	_take_back(session, int(over_up or 0), int(over_down or 0))
	_take_back(session, 0, int(max((over_all or 0) - (over_up or 0) - (over_down or 0), 0)))
	if over_s is not None:
		return "uptime limit reached"
	return None if (over_up, over_down, over_all) == (None, None, None) else "traffic limit reached"


def time_left(router: Router, session: Session) -> float | None:
	"""Seconds until the user's lifetime cap, None where there is none."""
	found = caps(router, session)
	cap = _seconds(found[0], "limit-uptime") if found else 0
	return max(cap - found[1][0], 0) if found and cap else None


def _known(router: Router, user: str, mac: str) -> Row:
	row = user_row(router, user)
	if row is None or row["disabled"] == "true":
		raise LoginRefused("invalid username or password")
	shaped = values.parse_mac(row["name"])
	if shaped is not None and shaped != mac:
		raise LoginRefused(f"invalid username ({user}): this MAC address is not yours")
	if row.get("mac-address", mac) not in (mac, "00:00:00:00:00:00"):
		raise LoginRefused(f"user {user} is not allowed to log in from this MAC address")
	return row


def _enter(router: Router, row: Row, mac: str, address: str | None, login_by: str) -> Session:
	if "hotspot" in router.behaviour.device_mode_forbids:
		raise LoginRefused("hotspot is not allowed by device-mode")
	profile = router.table("/ip/hotspot/user/profile").find(row["profile"])
	if profile is None:
		raise LoginRefused("internal error (no such profile)")
	_check_caps(router, row)
	_check_room(router, row, profile)
	own = router.sessions.addresses.get(address or router.hosts.get(mac, ""))
	if own is not None:
		raise LoginRefused("you are already logged in")
	session = Session(
		service=HOTSPOT,
		user=row["name"],
		mac=mac,
		address=_address(router, row, profile, address or router.hosts.get(mac)),
		started=router.clock.now(),
		number=router.sessions.next_number(),
		profile=dict(profile),
		label=router.sessions.label(HOTSPOT, row["name"]),
		login_by=login_by,
		server=SERVER,
		limits=_left(router, row),
	)
	router.sessions.add(session)
	router.hosts[mac] = session.address
	_keep_cookie(router, session)
	router.log("hotspot,info,debug", f"{session.user} ({session.address}): logged in")
	router.begin(event(session, "on-login"))
	return session


def event(session: Session, name: str, **more: str) -> Job:
	"""The script of the session's profile for an event (`on-login`, `on-logout`)."""
	known = {
		"user": session.user,
		"username": session.user,
		"address": session.address,
		"mac-address": session.mac,
		"interface": session.server,
		"login-by": session.login_by,
	}
	what = f"{name} of {session.user}"
	return Job(what, session.profile.get(name, ""), {**known, **more})


def _check_caps(router: Router, row: Row) -> None:
	seconds, upload, download = used(router, row)
	if _over(seconds, _seconds(row, "limit-uptime")) is not None:
		raise LoginRefused(f"user {row['name']} has reached uptime limit")
	caps = (
		(upload, "limit-bytes-in"),
		(download, "limit-bytes-out"),
		(upload + download, "limit-bytes-total"),
	)
	if any(_over(amount, _bytes(row, name)) is not None for amount, name in caps):
		raise LoginRefused(f"user {row['name']} has reached traffic limit")


def _left(router: Router, row: Row) -> Row:
	"""What a login leaves of the user's caps, for a router that fixes them then."""
	seconds, upload, download = used(router, row)
	left: Row = {}
	if cap := _seconds(row, "limit-uptime"):
		left["limit-uptime"] = f"{int(cap - seconds)}s"
	amounts = (("in", upload), ("out", download), ("total", upload + download))
	for name, amount in ((f"limit-bytes-{way}", amount) for way, amount in amounts):
		if limit := _bytes(row, name):
			left[name] = str(limit - amount)
	return left


def _check_room(router: Router, row: Row, profile: Row) -> None:
	limit = router.behaviour.session_limit
	if limit is not None and len(router.sessions.hotspot()) >= limit:
		raise LoginRefused(f"session limit reached ({limit})")
	shared = profile["shared-users"]
	if shared != "unlimited" and len(router.sessions.of_hotspot_user(row["name"])) >= int(shared):
		raise LoginRefused(f"no more sessions are allowed for user {row['name']}")


def _address(router: Router, row: Row, profile: Row, wanted: str | None) -> str:
	fixed = row.get("address", "0.0.0.0")
	if fixed != "0.0.0.0":
		return fixed
	pool = profile.get("address-pool", "none")
	if pool != "none":
		return router.free_address(pool)
	server = router.table("/ip/hotspot").find(SERVER) or {}
	return wanted or router.free_address(server.get("address-pool", "none"))


def _keep_cookie(router: Router, session: Session) -> None:
	if session.profile["add-mac-cookie"] != "true" or not allows(router, "mac-cookie"):
		return
	lifetime = values.parse_duration(session.profile["mac-cookie-timeout"]) or 0
	cookies.keep_mac(router, session.user, session.mac, lifetime)


def _over(amount: float, cap: int) -> float | None:
	"""By how much a cap is passed; None below it, or where there is none."""
	return amount - cap if cap and amount >= cap else None


def _seconds(row: Row, name: str) -> int:
	return values.parse_duration(row.get(name, "0")) or 0


def _bytes(row: Row, name: str) -> int:
	return int(row.get(name) or 0)


def _take_back(session: Session, upload: int, download: int) -> None:
	"""Undoes bytes that the router did not let through; what is too much of one way is taken of the other."""
	taken = min(download, session.download)
	session.download -= taken
	session.upload -= min(upload + download - taken, session.upload)
