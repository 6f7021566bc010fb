"""The whole simulator as one object."""

import os
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from mikrotik_integration.simulators.daraja.api import Api
from mikrotik_integration.simulators.daraja.authority import Authority
from mikrotik_integration.simulators.daraja.behaviour import Behaviour, Decision
from mikrotik_integration.simulators.daraja.checks import PHONE, Merchant
from mikrotik_integration.simulators.daraja.clockwork import Clockwork
from mikrotik_integration.simulators.daraja.control import Control
from mikrotik_integration.simulators.daraja.courier import Courier
from mikrotik_integration.simulators.daraja.faults import Faults, Record
from mikrotik_integration.simulators.daraja.ledger import Channel, Ledger, RealPayment
from mikrotik_integration.simulators.daraja.mpesa import Mpesa, Prompt, Script
from mikrotik_integration.simulators.daraja.questions import Questions
from mikrotik_integration.simulators.daraja.server import Server


class Customer:
	"""One phone, as 254..., and who holds it."""

	def __init__(self, mpesa: Mpesa, phone: str, shortcode: str) -> None:
		if not PHONE.fullmatch(phone):
			raise ValueError(f"{phone!r} is not written as 2547XXXXXXXX or 2541XXXXXXXX")
		self.phone = phone
		self._mpesa = mpesa
		self._shortcode = shortcode

	def always(self, decision: Decision, after_s: float | None = None) -> None:
		"""Do this with every prompt from now on; after the usual time if no other is given."""
		self._mpesa.script(self.phone, Script(decision, after_s))

	def next(self, decision: Decision, after_s: float | None = None) -> None:
		"""Do this with the next prompt; repeated calls script the ones after it."""
		self._mpesa.script_next(self.phone, Script(decision, after_s))

	def decide(self, decision: Decision) -> Prompt:
		"""Do this with the open prompt now. Raises NoPrompt."""
		return self._mpesa.decide_now(self.phone, decision)

	def pay_bill(self, amount: int, account: str, shortcode: str | None = None) -> RealPayment:
		"""Pay from the phone's menu, whole shillings. Raises PaymentRefused."""
		return self._mpesa.pay_bill(self.phone, amount, account, shortcode or self._shortcode)


class DarajaSimulator:
	"""Listens from `start` (or `with`) to `close`, on loopback; port 0 is any free port.

	routes: host name -> port on loopback: callbacks for that host are posted there, also those for https
	ca_file: where the CA certificate is written; a temporary file if None
	"""

	def __init__(
		self,
		port: int = 0,
		merchant: Merchant | None = None,
		behaviour: Behaviour | None = None,
		ca_file: str | Path | None = None,
		routes: Mapping[str, int] | None = None,
	) -> None:
		self.merchant = merchant or Merchant()
		self.ledger = Ledger()
		self.faults = Faults()
		self.record = Record()
		self._clockwork = Clockwork()
		self.courier = Courier(self._clockwork, routes or {})
		self.mpesa = Mpesa(behaviour or Behaviour(), self._clockwork, self.courier, self.ledger)
		self._questions = Questions(self.mpesa, self.courier, self.ledger)
		self._api = Api(self.merchant, self.mpesa, self._questions)
		self._authority = Authority()
		self._own_directory = None if ca_file else tempfile.TemporaryDirectory(prefix="daraja-ca-")
		self.ca_file = Path(ca_file or Path(self._directory(), "ca.pem")).absolute()
		self._server = Server(port, self._api, Control(self), self._authority, self.faults, self.record)
		self._thread = threading.Thread(
			target=self._server.serve_forever, args=(0.05,), name="daraja-server", daemon=True
		)

	def start(self) -> "DarajaSimulator":
		self.ca_file.write_bytes(self._authority.pem)
		self._thread.start()
		return self

	def close(self) -> None:
		if self._thread.is_alive():
			self._server.shutdown()
		self._server.server_close()
		self._clockwork.forget()
		self._clockwork.close()
		if self._own_directory:
			self._own_directory.cleanup()

	def __enter__(self) -> "DarajaSimulator":
		return self.start()

	def __exit__(
		self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
	) -> None:
		self.close()

	@property
	def port(self) -> int:
		return self._server.server_port

	@property
	def base_url(self) -> str:
		"""For clients whose base address can be chosen."""
		return f"http://127.0.0.1:{self.port}"

	@property
	def proxy_url(self) -> str:
		"""For clients whose base address is a constant."""
		return self.base_url

	@property
	def refused_hosts(self) -> list[str]:
		"""host:port of whatever else was asked of the proxy."""
		return list(self._server.refused_hosts)

	def environment(self) -> dict[str, str]:
		"""Variables that lead a child process which uses requests here."""
		return {
			"HTTPS_PROXY": self.proxy_url,
			"https_proxy": self.proxy_url,
			"NO_PROXY": "127.0.0.1,localhost",
			"no_proxy": "127.0.0.1,localhost",
			"REQUESTS_CA_BUNDLE": os.fspath(self.ca_file),
		}

	@property
	def behaviour(self) -> Behaviour:
		return self.mpesa.behaviour

	def change(self, **fields: Any) -> None:
		"""Change these fields of the behaviour from now on."""
		self.mpesa.behaviour = replace(self.mpesa.behaviour, **fields)

	def customer(self, phone: str) -> Customer:
		"""`phone` as 254..."""
		return Customer(self.mpesa, phone, self.merchant.shortcode)

	def everybody(self, decision: Decision, after_s: float | None = None) -> None:
		"""What customers do who are not scripted themselves."""
		self.mpesa.everybody = Script(decision, after_s)

	def pay_bill(self, phone: str, amount: int, account: str, shortcode: str | None = None) -> RealPayment:
		"""A customer pays from the phone's menu, whole shillings. Raises PaymentRefused."""
		return self.customer(phone).pay_bill(amount, account, shortcode)

	def payments(self, *channels: Channel) -> list[RealPayment]:
		"""What M-PESA really took (and paid out), in order: compare the books with this."""
		return self.ledger.payments(*channels)

	def settle(self, timeout_s: float = 30) -> bool:
		"""Wait until every customer has decided and every callback is delivered or given up."""
		return self._clockwork.settle(timeout_s)

	def expire_tokens(self) -> None:
		self._api.tokens.expire_all()

	def reset(self) -> None:
		"""Forget all that happened, and scripts, fates and faults; behaviour and tokens stay."""
		self._clockwork.forget()
		for part in (self.mpesa, self.courier, self.ledger, self._questions, self.faults, self.record):
			part.clear()

	def _directory(self) -> str:
		return self._own_directory.name if self._own_directory else ""
