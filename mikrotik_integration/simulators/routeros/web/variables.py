"""What `$(...)` stands for on the hotspot's pages.

Source of the names: https://help.mikrotik.com/docs/spaces/ROS/pages/87162881/Hotspot+customisation. There: time left is
"" where there is no limit, and in seconds "0".
"""

from __future__ import annotations

import html
from urllib.parse import quote_plus

from .. import counters, hotspot, values
from ..router import Router
from ..sessions import Session
from ..table import Row

_NO_LIMITS = {
	**dict.fromkeys(("session-time-left", "session-timeout", "remain-bytes-total"), ""),
	**dict.fromkeys(("session-time-left-secs", "session-timeout-secs"), "0"),
}
_UNITS = ("B", "KiB", "MiB", "GiB")


def of_server(router: Router, scheme: str, host: str) -> Row:
	"""The hotspot itself, and its addresses as this device sees them."""
	base = f"{scheme}://{host}"
	return {
		"hostname": host,
		"identity": router.table("/system/identity").only()["name"],
		"server-name": hotspot.SERVER,
		"server-address": f"{hotspot.server_profile(router).get('hotspot-address', '')}:80",
		"interface-name": (router.table("/ip/hotspot").find(hotspot.SERVER) or {}).get("interface", ""),
		"plain-passwd": _yes(hotspot.allows(router, "http-pap")),
		"ssl-login": _yes(scheme == "https"),
		"link-login-only": f"{base}/login",
		"link-logout": f"{base}/logout",
		"link-status": f"{base}/status",
		**dict.fromkeys(("error", "error-orig", "chap-id", "chap-challenge", "link-redirect"), ""),
	}


def of_client(router: Router, mac: str, address: str, session: Session | None) -> Row:
	"""The device, and its session if it has one."""
	found = {
		"mac": mac,
		"ip": address,
		"logged-in": _yes(session is not None),
		"trial": "no",
		"domain": "",
		**_NO_LIMITS,
	}
	return found if session is None else {**found, **_of_session(router, session)}


def escaped(variables: Row) -> Row:
	"""The variables with `<` and the like replaced; the `-esc` forms are made of what they were."""
	in_urls = {
		f"{name}-esc": quote_plus(text.encode("utf-8", "surrogateescape")) for name, text in variables.items()
	}
	return {**{name: html.escape(text) for name, text in variables.items()}, **in_urls}


def _of_session(router: Router, session: Session) -> Row:
	uptime = session.uptime(router.clock.now())
	refresh = session.profile.get("status-autorefresh", "none")
	found = {
		"username": session.user,
		"ip": session.address,
		"login-by": session.login_by,
		"uptime": router.duration(uptime),
		"uptime-secs": str(int(uptime)),
		"session-id": f"{session.number:08x}",
		"refresh-timeout": "" if refresh == "none" else refresh,
		"refresh-timeout-secs": str(values.parse_duration(refresh) or 0),
		**_left(router, session),
	}
	for name, count in counters.of_session(session).items():
		found[name] = str(count)
		if name.startswith("bytes"):
			found[f"{name}-nice"] = _nice(count)
	return found


def _left(router: Router, session: Session) -> Row:
	"""What the user's limits leave: time, and bytes in all."""
	found = dict(_NO_LIMITS)
	caps = None if session.is_radius else hotspot.caps(router, session)
	if caps is None:
		return found
	row, (_, upload, download) = caps
	seconds = hotspot.time_left(router, session)
	if seconds is not None:
		found["session-time-left"] = found["session-timeout"] = router.duration(seconds)
		found["session-time-left-secs"] = found["session-timeout-secs"] = str(int(seconds))
	cap = int(row.get("limit-bytes-total") or 0)
	if cap:
		found["remain-bytes-total"] = str(max(cap - upload - download, 0))
		found["remain-bytes-total-nice"] = _nice(max(cap - upload - download, 0))
	return found


def _nice(count: int) -> str:
	amount, unit = float(count), 0
	while amount >= 1024 and unit < len(_UNITS) - 1:
		amount, unit = amount / 1024, unit + 1
	return f"{amount:.1f} {_UNITS[unit]}" if unit else f"{count} B"


def _yes(is_so: bool) -> str:
	return "yes" if is_so else "no"
