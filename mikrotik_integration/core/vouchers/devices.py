"""Which devices may use a voucher. They are told apart by their MACs, and share its time and data. Pure.

A router's `shared-users` limits how many are on at the same time; here is decided which ones they may be at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from ..provisioning.names import normalise_mac
from ..usage.sessions import SessionReading

# The second least significant bit of the first byte says that an address was not given by a manufacturer (IEEE
# 802c); phones do so for each network, some of them anew after a while.
_MADE_UP = frozenset("26AE")
# Of a voucher for any number of devices. Further ones come in, but are not kept: a router may make up any number.
MOST_KEPT = 1000


class Verdict(Enum):
	"""Known: one of the voucher's devices, or one more of so many that it is not kept. Admitted: there is room for it.
	Refused: there is none, or the device was replaced by another, or its address cannot be read."""

	KNOWN = "Known"
	ADMITTED = "Admitted"
	REFUSED = "Refused"


class NotReplaced(ValueError):
	"""A device cannot be replaced; `str()` says why, for its holder."""


@dataclass(frozen=True)
class Device:
	"""A device that used the voucher. A replaced one has given its place to another."""

	mac: str
	replaced: bool = False


@dataclass(frozen=True)
class Decision:
	"""`admitted`: addresses to be kept as devices from now on, in the order in which they came.
	`refused`: sessions to be ended, with the cookies of their devices."""

	admitted: tuple[str, ...] = ()
	refused: tuple[SessionReading, ...] = ()


def judge(devices: Iterable[Device], device_limit: int, mac: str) -> Verdict:
	"""What to do with one more login from this address. A `device_limit` of 0 is any number of devices.

	For devices that come at the same time the caller must ask for one after the other, under a lock."""
	return _judge(*_split(devices), device_limit, _readable(mac))


def decide(devices: Iterable[Device], device_limit: int, sessions: Iterable[SessionReading]) -> Decision:
	"""What to do with the sessions of one voucher, on whatever routers. Whoever has been on longest came first."""
	here, gone = (set(addresses) for addresses in _split(devices))
	admitted: list[str] = []
	refused: list[SessionReading] = []
	for session in sorted(sessions, key=lambda session: (-session.uptime_s, session.mac, session.key)):
		verdict = _judge(here, gone, device_limit, _readable(session.mac))
		if verdict is Verdict.REFUSED:
			refused.append(session)
		elif verdict is Verdict.ADMITTED:
			admitted.append(normalise_mac(session.mac))
			here.add(admitted[-1])
	return Decision(tuple(admitted), tuple(refused))


def replace_device(
	devices: Sequence[Device],
	old_mac: str,
	new_mac: str,
	most_replacements: int | None,
) -> tuple[Device, ...]:
	"""The devices after `new_mac` has taken the place of `old_mac`. `most_replacements` None is for staff, who may
	also give a replaced device its place back. Raises NotReplaced, and ValueError for what is no MAC address."""
	old, new = normalise_mac(old_mac), normalise_mac(new_mac)
	here, gone = _split(devices)
	if old not in here:
		raise NotReplaced("This device does not use the voucher")
	if new in here:
		raise NotReplaced("The new device uses the voucher already")
	if most_replacements is not None and new in gone:
		raise NotReplaced("This device was replaced before; only the shop can bring it back")
	if most_replacements is not None and len(gone) >= most_replacements:
		raise NotReplaced("No more devices of this voucher can be replaced; ask at the shop")
	kept = [Device(mac, mac in gone or mac == old) for mac in dict.fromkeys((*here, *gone)) if mac != new]
	return (*kept, Device(new))


def free_places(devices: Iterable[Device], device_limit: int) -> int | None:
	"""How many devices more may come; None for any number."""
	here, _ = _split(devices)
	return max(0, device_limit - len(here)) if device_limit else None


def is_randomised(mac: str) -> bool:
	"""Whether the phone made this address up, so that it may come with another one next time: worth a hint to
	switch "private address" off for this network. False for what is no MAC address."""
	address = _readable(mac)
	return address is not None and address[1] in _MADE_UP


def _judge(here: Collection[str], gone: Collection[str], device_limit: int, address: str | None) -> Verdict:
	if address is None:
		return Verdict.REFUSED
	if address in here:
		return Verdict.KNOWN
	if address in gone or not _has_room(here, device_limit):
		return Verdict.REFUSED
	return Verdict.KNOWN if len(here) >= MOST_KEPT and not device_limit else Verdict.ADMITTED


def _split(devices: Iterable[Device]) -> tuple[list[str], list[str]]:
	"""The addresses of devices that have a place, and of those that gave theirs away."""
	here: list[str] = []
	gone: list[str] = []
	for device in devices:
		(gone if device.replaced else here).append(normalise_mac(device.mac))
	return list(dict.fromkeys(here)), [mac for mac in dict.fromkeys(gone) if mac not in here]


def _has_room(here: Collection[str], device_limit: int) -> bool:
	return device_limit == 0 or len(here) < device_limit


def _readable(mac: str) -> str | None:
	try:
		return normalise_mac(mac)
	except ValueError:
		return None
