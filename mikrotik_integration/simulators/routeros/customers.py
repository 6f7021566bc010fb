"""Customers as a test or a demonstration plays them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from . import hotspot, lifetimes, ppp, radius
from .errors import LoginRefused, SessionEnded
from .router import Router
from .sessions import HOTSPOT, Session
from .values import parse_mac

_OTHER_NAMES = {"openvpn": "ovpn"}


class Moved(NamedTuple):
	"""Bytes that the router let through, and seconds that the session lasted, before a limit cut it."""

	upload: int
	download: int
	seconds: float


class CustomerSession:
	"""A device that is or was online."""

	def __init__(self, router: Router, session: Session) -> None:
		self._router = router
		self._session = session
		self.number = session.number
		self.service = session.service
		self.user = session.user
		self.mac = session.mac
		self.address = session.address

	@property
	def is_live(self) -> bool:
		"""Whether the device is still online."""
		return self._session.ended is None

	@property
	def ended(self) -> str | None:
		"""Why the session is over."""
		return self._session.ended

	@property
	def usage(self) -> Moved:
		"""What the session has used in all, as the router counts it."""
		with self._router.lock:
			uptime = self._session.extra_s
			if self.is_live:
				uptime = self._session.uptime(self._router.clock.now())
			return Moved(self._session.upload, self._session.download, uptime)

	def move(self, upload: int = 0, download: int = 0, seconds: float = 0) -> Moved:
		"""Bytes sent and received, seconds gone by for this session alone; what of it came through.

		At a limit the session ends, with exactly what the limit allowed. A session that moves no bytes is idle.
		Raises SessionEnded if it is over.
		"""
		with self._router.lock:
			if self._session.ended is not None:
				raise SessionEnded(self._session.ended)
			before = self.usage
			self._session.upload += upload
			self._session.download += download
			self._session.extra_s += seconds
			if upload or download:
				self._session.note_traffic(self._router.clock.now())
			lifetimes.enforce(self._router, self._session)
			after = self.usage
			return Moved(
				after.upload - before.upload,
				after.download - before.download,
				after.seconds - before.seconds,
			)

	def hang_up(self) -> None:
		"""The customer logs out. Nothing happens if the session is over."""
		with self._router.lock:
			lifetimes.end(self._router, self._session, "user request")


class Customers:
	"""What customers do: appear, log in, come back."""

	def __init__(self, router: Callable[[], Router]) -> None:
		self._current = router
		self._numbers = count(1)

	def login(
		self,
		user: str,
		password: str,
		*,
		service: str = HOTSPOT,
		mac: str | None = None,
		address: str | None = None,
	) -> CustomerSession:
		"""Logs a device in by any service (`hotspot`, `pppoe`, `l2tp`, `pptp`, `ovpn`, `sstp`).

		Without `mac` it is a new device. Raises LoginRefused in the router's words.
		"""
		router = self._current()
		service = _OTHER_NAMES.get(service, service)
		mac = self._mac(mac)
		with router.lock:
			if service == HOTSPOT:
				session = hotspot.login(router, user, password, mac, address)
			elif service in ppp.SERVICES:
				session = ppp.login(router, service, user, password, mac, address)
			else:
				raise LoginRefused(f"no such service: {service}")
			return CustomerSession(router, session)

	def login_by_radius(
		self, user: str, *, service: str = HOTSPOT, mac: str | None = None, address: str | None = None
	) -> CustomerSession:
		"""A device that a RADIUS server lets in, whatever the router's own rows say."""
		router = self._current()
		with router.lock:
			session = radius.login(router, _OTHER_NAMES.get(service, service), user, self._mac(mac), address)
			return CustomerSession(router, session)

	def come_back(self, mac: str, address: str | None = None) -> CustomerSession:
		"""A device opens the hotspot with its cookie and no password. Raises LoginRefused."""
		router = self._current()
		with router.lock:
			return CustomerSession(router, hotspot.come_back(router, self._mac(mac), address))

	def appear(self, mac: str | None = None, address: str | None = None) -> tuple[str, str]:
		"""A device joins the Wi-Fi without logging in; its MAC and address, as in /ip/hotspot/host."""
		router = self._current()
		with router.lock:
			found = self._mac(mac)
			router.hosts[found] = address or router.free_address("hs-pool")
			return found, router.hosts[found]

	def sessions(self, user: str | None = None) -> list[CustomerSession]:
		"""Who is online."""
		router = self._current()
		with router.lock:
			live = [session for session in router.sessions if user in (None, session.user)]
			return [CustomerSession(router, session) for session in live]

	def _mac(self, mac: str | None) -> str:
		if mac is None:
			number = next(self._numbers)
			return "02:AA:" + ":".join(f"{number >> shift & 255:02X}" for shift in (24, 16, 8, 0))
		found = parse_mac(mac)
		if found is None:
			raise LoginRefused(f"{mac} is no MAC address")
		return found
