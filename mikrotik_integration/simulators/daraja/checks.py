"""What Daraja checks of a request before it takes it."""

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from mikrotik_integration.simulators.daraja.ledger import NAIROBI, now

Body = Mapping[str, object]
CLOCKS_DIFFER_BY = timedelta(minutes=10)
LARGEST_AMOUNT = 250_000
PHONE = re.compile(r"254[17][0-9]{8}")
_BRAND = re.compile(r"m-?pesa|safaricom", re.IGNORECASE)


class Refused(Exception):
	"""Daraja's error answer: HTTP status, errorCode, errorMessage."""

	def __init__(self, status: int, code: str, message: str) -> None:
		super().__init__(message)
		self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Merchant:
	"""Who may ask what. An empty security credential or initiator means that any is taken."""

	consumer_key: str = "simulated-consumer-key"
	consumer_secret: str = field(default="simulated-consumer-secret", repr=False)
	shortcode: str = "174379"
	passkey: str = field(default="simulated-passkey", repr=False)
	tills: tuple[str, ...] = ()
	initiator: str = ""
	security_credential: str = field(default="", repr=False)

	@property
	def numbers(self) -> tuple[str, ...]:
		"""All that can be paid to."""
		return (self.shortcode, *self.tills)


def bad(name: str) -> Refused:
	return Refused(400, "400.002.02", f"Bad Request - Invalid {name}")


def text(body: Body, name: str) -> str:
	"""Numbers may come as numbers or as text."""
	value = body.get(name)
	if isinstance(value, bool) or not isinstance(value, int | str) or str(value).strip() == "":
		raise bad(name)
	return str(value)


def amount(body: Body, name: str = "Amount") -> int:
	"""Whole shillings; 100, "100" and 100.0 are whole, 100.5 is not."""
	value = body.get(name)
	if isinstance(value, str) and re.fullmatch(r"[0-9]+(?:\.0+)?", value):
		value = float(value)
	if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
		raise bad(name)
	if not 1 <= value <= LARGEST_AMOUNT:
		raise bad(name)
	return int(value)


def phone(body: Body, name: str) -> str:
	number = text(body, name)
	if not PHONE.fullmatch(number):
		raise bad(name)
	return number


def url(body: Body, name: str) -> str:
	value = text(body, name)
	parts = urlsplit(value)
	if parts.scheme not in ("http", "https") or not parts.hostname:
		raise bad(name)
	return value


def unbranded_url(body: Body, name: str) -> str:
	"""C2B URLs may not contain the name of M-PESA or Safaricom."""
	value = url(body, name)
	if _BRAND.search(value):
		raise bad(name)
	return value


def business_shortcode(merchant: Merchant, body: Body) -> str:
	shortcode = text(body, "BusinessShortCode")
	if not re.fullmatch(r"[0-9]{5,7}", shortcode):
		raise bad("BusinessShortCode")
	if shortcode != merchant.shortcode:
		raise Refused(500, "500.001.1001", "Merchant does not exist")
	return shortcode


def password(merchant: Merchant, body: Body, nairobi_time: bool) -> None:
	"""base64 of shortcode, pass key and timestamp; with `nairobi_time` that is about now in Nairobi."""
	timestamp = text(body, "Timestamp")
	try:
		told = datetime.strptime(timestamp, "%Y%m%d%H%M%S").replace(tzinfo=NAIROBI)
	except ValueError:
		raise bad("Timestamp") from None
	if nairobi_time and abs(told - now()) > CLOCKS_DIFFER_BY:
		raise bad("Timestamp")
	expected = base64.b64encode(f"{merchant.shortcode}{merchant.passkey}{timestamp}".encode()).decode()
	if not secrets.compare_digest(text(body, "Password").encode(), expected.encode()):
		raise Refused(500, "500.001.1001", "Wrong credentials")


def initiator_is_known(merchant: Merchant, body: Body, name: str) -> bool:
	"""Whether both are right; Daraja says so in the result only. Both must be there."""
	initiator, credential = text(body, name), text(body, "SecurityCredential")
	return initiator == (merchant.initiator or initiator) and credential == (
		merchant.security_credential or credential
	)
