"""A RouterOS router on a socket: the binary API, and how the router behaves behind it.

with RouterSimulator(user="api", password="x") as router:
	session = router.customer.login("ann", "pw")
	session.move(upload=1000, download=9000, seconds=60)
	session.hang_up()
"""

from .behaviour import Behaviour, HiddenSecret, Numbering, ResetBy
from .certificates import Certificate
from .command import Command
from .customers import Customers, CustomerSession, Moved
from .errors import LoginRefused, SessionEnded, Trapped
from .faults import Faults
from .server import RouterSimulator
from .web import Device

__all__ = [
	"Behaviour",
	"Certificate",
	"Command",
	"CustomerSession",
	"Customers",
	"Device",
	"Faults",
	"HiddenSecret",
	"LoginRefused",
	"Moved",
	"Numbering",
	"ResetBy",
	"RouterSimulator",
	"SessionEnded",
	"Trapped",
]
