"""What is printed as a QR code, and the code found in what was scanned."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from .codes import is_login_name

MAX_SCANNED = 2048

# A name or an IPv4 address, perhaps with a port: what RouterOS takes as dns-name or hotspot-address.
_ADDRESS = re.compile(r"(?=.{1,253}(?::|$))[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_PORTAL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SPECIAL_IN_WIFI = re.compile(r'([\\;,:"])')
_MOST_FIELDS = 20
_SSID_BYTES = 32
_PASSWORD_LETTERS = range(8, 64)


def login_link(address: str, https: bool, code: str) -> str:
	"""The link that logs in the phone that opens it. Raises ValueError if `address` is not host or host:port.

	The hotspot must have http-pap or https among its ways to log in, login-by of its profile."""
	return f"{login_url(address, https)}?{urlencode({'username': code, 'password': code}, quote_via=quote)}"


def login_url(address: str, https: bool) -> str:
	"""Where the router's own login is. Raises ValueError if `address` is not host or host:port."""
	if not _ADDRESS.fullmatch(address):
		raise ValueError(f"{address!r} is not the address of a login page. Write it like wifi.shop.lan")
	return f"{'https' if https else 'http'}://{address}/login"


def portal_url(base: str, portal_name: str) -> str:
	"""The portal of one router. `base` is the site's address, `https://erp.example.com`. Raises ValueError."""
	parts = urlsplit(base)
	if parts.scheme not in ("http", "https") or not _ADDRESS.fullmatch(parts.netloc) or parts.path.strip("/"):
		raise ValueError(f"{base!r} is not the address of a site. Write it like https://erp.example.com")
	if parts.query or parts.fragment or not _PORTAL_NAME.fullmatch(portal_name):
		raise ValueError("The name of a portal is made of letters, digits, - and _")
	return f"{parts.scheme}://{parts.netloc}/hotspot/{portal_name}"


def portal_link(base: str, portal_name: str, code: str) -> str:
	"""The portal with the code filled in. Raises like `portal_url`."""
	return f"{portal_url(base, portal_name)}?{urlencode({'code': code}, quote_via=quote)}"


def wifi_join(ssid: str, password: str = "") -> str:
	"""The text of a QR code with which phones join a Wi-Fi; an open one without a password.

	Escaped as https://github.com/zxing/zxing/wiki/Barcode-Contents#wi-fi-network-config-android-ios-11 says. Raises
	ValueError, in plain words, for a name or password that no Wi-Fi can have."""
	_check_wifi(ssid, password)
	if not password:
		return f"WIFI:T:nopass;S:{_escape_wifi(ssid)};;"
	return f"WIFI:T:WPA;S:{_escape_wifi(ssid)};P:{_escape_wifi(password)};;"


def code_in(text: str) -> str | None:
	"""The code in what was scanned or pasted, as it stands there: a login link, a portal link, or the code itself.
	None if there is none, or more than one. Never raises; the link's host does not matter, nothing is opened."""
	text = text.strip()
	if not text or len(text) > MAX_SCANNED:
		return None
	code = _code_of_link(text) if "://" in text else text
	if code is None or not is_login_name(code) or code.upper().startswith("WIFI:"):
		return None
	return code


def _code_of_link(text: str) -> str | None:
	try:
		parts = urlsplit(text)
		fields = parse_qs(parts.query, max_num_fields=_MOST_FIELDS, errors="strict")
	except ValueError:
		return None
	found = set(fields.get("username", []) + fields.get("code", []))
	if parts.scheme not in ("http", "https") or len(found) != 1:
		return None
	return found.pop()


def _check_wifi(ssid: str, password: str) -> None:
	if not ssid or len(ssid.encode(errors="replace")) > _SSID_BYTES:
		raise ValueError(f"The name of a Wi-Fi has 1 to {_SSID_BYTES} bytes")
	if password and len(password) not in _PASSWORD_LETTERS:
		raise ValueError("The password of a Wi-Fi has 8 to 63 letters")
	if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in ssid + password):
		raise ValueError("The name or password of the Wi-Fi holds control characters")


def _escape_wifi(text: str) -> str:
	return _SPECIAL_IN_WIFI.sub(r"\\\1", text)
