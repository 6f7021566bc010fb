"""A simulated M-PESA that speaks Daraja: `with DarajaSimulator() as sim:` or `python -m` on this package."""

from mikrotik_integration.simulators.daraja.behaviour import (
	Behaviour,
	Decision,
	Fate,
	Fault,
	Msisdn,
	Trouble,
	Twin,
)
from mikrotik_integration.simulators.daraja.checks import Merchant
from mikrotik_integration.simulators.daraja.courier import Kind, Progress
from mikrotik_integration.simulators.daraja.ledger import Channel, RealPayment
from mikrotik_integration.simulators.daraja.mpesa import NoPrompt, PaymentRefused
from mikrotik_integration.simulators.daraja.simulator import DarajaSimulator

__all__ = [
	"Behaviour",
	"Channel",
	"DarajaSimulator",
	"Decision",
	"Fate",
	"Fault",
	"Kind",
	"Merchant",
	"Msisdn",
	"NoPrompt",
	"PaymentRefused",
	"Progress",
	"RealPayment",
	"Trouble",
	"Twin",
]
