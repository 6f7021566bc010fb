"""The hotspot's server profile: which pages it shows, and how it lets people log in.

It is the operator's own. It is changed by these functions only, one profile that was chosen, one column at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..foreign_text import ip_address, plain_text
from ..routeros.client import Command, Router
from ..routeros.errors import RouterError

MENU = "/ip/hotspot/profile"
SERVERS = "/ip/hotspot"
PAP, HTTPS = "http-pap", "https"

_COLUMNS = (
	".id",
	"name",
	"login-by",
	"dns-name",
	"hotspot-address",
	"html-directory-override",
	"ssl-certificate",
)


class NotSet(RouterError):
	"""The profile is not there, or does not hold what was set."""


@dataclass(frozen=True)
class HotspotProfile:
	"""A server profile as it is, in texts fit for a one-line field. `pages`: the directory that stands in for the router's own pages, if any.
	`servers`: the hotspot servers that use it, switched on."""

	row_id: str
	name: str
	login_by: tuple[str, ...]
	dns_name: str
	address: str
	pages: str
	certificate: str
	servers: tuple[str, ...]

	def takes_links(self, https: bool) -> bool:
		"""Whether a link with name and password logs in: http-pap for http, https with a certificate for https."""
		return (HTTPS in self.login_by and bool(self.certificate)) if https else PAP in self.login_by


def read_profiles(router: Router) -> list[HotspotProfile]:
	"""All server profiles. Raises ConnectionLost, and the Trap of a menu that may not be read."""
	servers = router.rows(SERVERS, ("name", "profile", "disabled"))
	return [
		HotspotProfile(
			row_id=row.get(".id", ""),
			name=plain_text(row.get("name")),
			login_by=tuple(word for word in plain_text(row.get("login-by")).split(",") if word),
			dns_name=plain_text(row.get("dns-name")),
			address=ip_address(row.get("hotspot-address")),
			pages=plain_text(row.get("html-directory-override")),
			certificate=plain_text(row.get("ssl-certificate", "none")).replace("none", ""),
			servers=tuple(
				plain_text(server.get("name"))
				for server in servers
				if server.get("profile", "default") == row.get("name") and server.get("disabled") != "true"
			),
		)
		for row in router.rows(MENU, _COLUMNS)
	]


def allow_login_links(router: Router, name: str, https: bool = False) -> bool:
	"""Adds http-pap (or https) to the ways in which this profile lets people log in; True if it was not there.

	Nothing else of the profile changes. Raises NotSet, and the router's Trap."""
	profile = _chosen(router, name)
	if https and not profile.certificate:
		raise NotSet(
			f"The hotspot profile {name!r} has no certificate (ssl-certificate): login by https needs one"
		)
	if profile.takes_links(https):
		return False
	_set(router, profile, "login-by", ",".join((*profile.login_by, HTTPS if https else PAP)))
	if not _chosen(router, name).takes_links(https):
		raise NotSet(f"The hotspot profile {name!r} does not take login links after they were allowed")
	return True


def use_pages(router: Router, name: str, directory: str) -> str:
	"""Lets this profile show the pages of this directory, the router's own for ``; the directory it showed before.

	To be called once they were read back. Raises NotSet, and the router's Trap."""
	profile = _chosen(router, name)
	if profile.pages.strip("/") != directory:
		_set(router, profile, "html-directory-override", directory)
		if _chosen(router, name).pages.strip("/") != directory:
			raise NotSet(f"The hotspot profile {name!r} does not show the pages in {directory!r}")
	return profile.pages


def _chosen(router: Router, name: str) -> HotspotProfile:
	found = [profile for profile in read_profiles(router) if profile.name == name]
	if len(found) != 1:
		raise NotSet(f"The router has no hotspot profile {name!r}")
	return found[0]


def _set(router: Router, profile: HotspotProfile, column: str, value: str) -> None:
	if not profile.row_id:
		raise NotSet(
			f"The router shows the hotspot profile {profile.name!r} without its .id: it cannot be changed"
		)
	(reply,) = router.run([Command(f"{MENU}/set", ((".id", profile.row_id), (column, value)))])
	if reply.error:
		raise reply.error
