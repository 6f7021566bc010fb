"""Certificates for the TLS port, made on the spot."""

from __future__ import annotations

import hashlib
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_ANONYMOUS_CIPHERS = "ADH:@SECLEVEL=0"
_ANONYMOUS_GROUP = Path(__file__).with_name("data") / "ffdhe2048.pem"


@dataclass(frozen=True)
class Certificate:
	"""A self-signed certificate with its key; both empty for a router that has none and does anonymous DH."""

	pem: str
	key_pem: str = field(repr=False)

	@classmethod
	def make(cls, *names: str, expired: bool = False) -> Certificate:
		"""For these host names and addresses (127.0.0.1 and localhost if none are given)."""
		key = ec.generate_private_key(ec.SECP256R1())
		begins, ends = _expired() if expired else _valid()
		subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "RouterOS simulator")])
		builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
		certificate = (
			builder.not_valid_before(begins)
			.not_valid_after(ends)
			.add_extension(_alternative_names(names or ("127.0.0.1", "localhost")), critical=False)
			.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
			.sign(key, hashes.SHA256())
		)
		encoding = serialization.Encoding.PEM
		private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
		return cls(certificate.public_bytes(encoding).decode(), private.decode())

	@classmethod
	def none(cls) -> Certificate:
		"""A TLS port without certificate, as `/ip/service api-ssl` is before one is set."""
		return cls("", "")

	@classmethod
	def load(cls, path: Path) -> Certificate:
		"""From a file that `save` wrote."""
		key, mark, pem = path.read_text().partition("-----BEGIN CERTIFICATE-----")
		return cls(mark + pem, key)

	def save(self, path: Path) -> None:
		"""Key and certificate into one file that only its owner may read."""
		path.touch(mode=0o600)
		path.write_text(self.key_pem + self.pem)

	@property
	def fingerprint_sha256(self) -> str:
		"""SHA-256 of the certificate, 64 hex digits."""
		return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.pem)).hexdigest()

	def server_context(self) -> ssl.SSLContext:
		"""What the TLS port works with."""
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		if not self.pem:
			context.set_ciphers(_ANONYMOUS_CIPHERS)
			context.load_dh_params(str(_ANONYMOUS_GROUP))
			context.maximum_version = ssl.TLSVersion.TLSv1_2
			return context
		with tempfile.TemporaryDirectory() as directory:
			chain = Path(directory) / "chain.pem"
			self.save(chain)
			context.load_cert_chain(chain)
		return context


def _valid() -> tuple[datetime, datetime]:
	now = datetime.now(timezone.utc)
	return now - timedelta(days=1), now + timedelta(days=365)


def _expired() -> tuple[datetime, datetime]:
	now = datetime.now(timezone.utc)
	return now - timedelta(days=30), now - timedelta(days=1)


def _alternative_names(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
	return x509.SubjectAlternativeName([_general_name(name) for name in names])


def _general_name(name: str) -> x509.GeneralName:
	try:
		return x509.IPAddress(ipaddress.ip_address(name))
	except ValueError:
		return x509.DNSName(name)
