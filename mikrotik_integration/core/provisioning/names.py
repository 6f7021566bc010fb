"""Names and addresses that a router takes, checked before they get there."""

import ipaddress
import re
import unicodedata

from ..errors import InvalidValue

LONGEST_NAME = 64
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_OF_DEVICES = re.compile(r"(?:\d+|any)dev-.*")
_MAC = re.compile(r"([0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")


def check_username(name: str) -> None:
	"""Raises InvalidValue, in plain words, for a login name that some router would refuse or misread,
	or that is more than a name somewhere: in a page, a link, a spreadsheet."""
	_check_name(name, "user name")
	if _MAC.fullmatch(name):
		raise InvalidValue(
			"A user name must not look like a MAC address: hotspots refuse such names for other devices"
		)
	if name.upper().startswith("T-") and _MAC.fullmatch(name[2:]):
		raise InvalidValue("User names of this form are what a hotspot gives to trial users")
	if not _USERNAME.fullmatch(name):
		raise InvalidValue(
			"A user name is made of letters a to z, digits and . _ @ - and begins with a letter or digit"
		)


def check_profile_name(name: str) -> None:
	"""Raises InvalidValue, in plain words, for a profile name that some router would refuse or misread."""
	_check_name(name, "profile name")
	if name == "default" or name.startswith("default-"):
		raise InvalidValue("The router's own default profiles are left alone; choose another profile name")
	if _OF_DEVICES.fullmatch(name):
		raise InvalidValue(
			"Profile names like 2dev-silver are made for plans with more devices; choose another one"
		)


def normalise_mac(text: str) -> str:
	"""AA:BB:CC:DD:EE:FF, as RouterOS shows it. Raises InvalidValue."""
	if not _MAC.fullmatch(text.strip()):
		raise InvalidValue(f"{text} is not a MAC address. Write it like AA:BB:CC:DD:EE:FF")
	digits = re.sub(r"[^0-9A-F]", "", text.upper())
	return ":".join(digits[start : start + 2] for start in range(0, 12, 2))


def normalise_address(text: str) -> str:
	"""An IPv4 address. Raises InvalidValue."""
	try:
		return str(ipaddress.IPv4Address(text.strip()))
	except ValueError:
		raise InvalidValue(f"{text} is not an IPv4 address. Write it like 10.5.0.20") from None


def _check_name(name: str, what: str) -> None:
	if not name or name != name.strip():
		raise InvalidValue(f"A {what} must not be empty and must not begin or end with a space")
	if len(name) > LONGEST_NAME:
		raise InvalidValue(f"A {what} has at most {LONGEST_NAME} letters; this one has {len(name)}")
	if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in name):
		raise InvalidValue(f"A {what} must not hold control characters or invisible letters")
