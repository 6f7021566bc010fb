"""A certificate authority of the simulator's own, for *.safaricom.co.ke."""

import ssl
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DOMAIN = "safaricom.co.ke"
_LIFETIME = timedelta(days=30)
_SIGNING = x509.KeyUsage(
	digital_signature=False,
	content_commitment=False,
	key_encipherment=False,
	data_encipherment=False,
	key_agreement=False,
	key_cert_sign=True,
	crl_sign=True,
	encipher_only=False,
	decipher_only=False,
)


class Authority:
	"""Made anew each time; its private key never leaves the process."""

	def __init__(self) -> None:
		self._key = ec.generate_private_key(ec.SECP256R1())
		name = _name("Daraja simulator CA")
		key_id = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
		self._certificate = (
			_builder(name, name, self._key.public_key())
			.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
			.add_extension(_SIGNING, critical=True)
			.add_extension(key_id, critical=False)
			.add_extension(x509.NameConstraints([x509.DNSName(DOMAIN)], None), critical=True)
			.sign(self._key, hashes.SHA256())
		)

	@property
	def pem(self) -> bytes:
		"""What clients must trust; good for Safaricom's domain only."""
		return self._certificate.public_bytes(Encoding.PEM)

	def server_context(self) -> ssl.SSLContext:
		"""TLS as *.safaricom.co.ke."""
		key = ec.generate_private_key(ec.SECP256R1())
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		with tempfile.TemporaryDirectory() as directory:
			chain = Path(directory, "chain.pem")
			chain.touch(mode=0o600)
			chain.write_bytes(self._leaf(key) + _private_pem(key))
			context.load_cert_chain(chain)
		return context

	def _leaf(self, key: ec.EllipticCurvePrivateKey) -> bytes:
		names = x509.SubjectAlternativeName([x509.DNSName(DOMAIN), x509.DNSName(f"*.{DOMAIN}")])
		issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
		certificate = (
			_builder(_name(f"*.{DOMAIN}"), self._certificate.subject, key.public_key())
			.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
			.add_extension(names, critical=False)
			.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
			.add_extension(issuer_id, critical=False)
			.sign(self._key, hashes.SHA256())
		)
		return certificate.public_bytes(Encoding.PEM)


def _builder(
	subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
	begin = datetime.now(timezone.utc) - timedelta(hours=1)
	return (
		x509.CertificateBuilder()
		.subject_name(subject)
		.issuer_name(issuer)
		.public_key(key)
		.serial_number(x509.random_serial_number())
		.not_valid_before(begin)
		.not_valid_after(begin + _LIFETIME)
	)


def _name(common: str) -> x509.Name:
	return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
	return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
