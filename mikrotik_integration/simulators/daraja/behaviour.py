"""How the simulated M-PESA and its customers behave. All of it may be changed while the simulator runs."""

from dataclasses import dataclass
from enum import Enum

from mikrotik_integration.simulators.daraja.shapes import MALFORMATIONS


class Decision(str, Enum):
	"""What a customer does with the prompt on the phone (or what becomes of the prompt)."""

	ACCEPT = "accept"
	CANCEL = "cancel"
	NO_ANSWER = "no answer"  # until the prompt goes away
	WRONG_PIN = "wrong pin"
	INSUFFICIENT = "insufficient"
	EXPIRED = "expired"
	PUSH_ERROR = "push error"
	PUSH_ERROR_9999 = "push error 9999"
	NEVER = "never"  # no callback ever comes, and every query says "being processed"


# ResultCode and ResultDesc as Safaricom words them
RESULTS = {
	Decision.ACCEPT: (0, "The service request is processed successfully."),
	Decision.CANCEL: (1032, "Request cancelled by user."),
	Decision.NO_ANSWER: (1037, "DS timeout user cannot be reached."),
	Decision.WRONG_PIN: (2001, "The initiator information is invalid."),
	Decision.INSUFFICIENT: (1, "The balance is insufficient for the transaction."),
	Decision.EXPIRED: (1019, "Transaction has expired."),
	Decision.PUSH_ERROR: (1025, "An error occurred while sending a push request."),
	Decision.PUSH_ERROR_9999: (9999, "An error occurred while sending a push request."),
}
PHONE_BUSY = (
	1001,
	"Unable to lock subscriber, a transaction is already in process for the current subscriber.",
)


class Twin(str, Enum):
	"""Whether a completed push is also told as C2B, where the shortcode has registered URLs."""

	AFTER = "after"  # the push's own callback
	BEFORE = "before"
	NONE = "none"


class Msisdn(str, Enum):
	"""How a C2B confirmation names the payer."""

	AS_REGISTERED = "as registered"  # hashed for URLs registered by v1, masked by v2
	PLAIN = "plain"
	HASHED = "hashed"
	MASKED = "masked"


@dataclass(frozen=True)
class Behaviour:
	"""Switches of the whole simulator; times in seconds.

	accept_after_s: how long a customer takes to decide, unless scripted
	prompt_lifetime_s: who decides later than this has not answered
	seen_after_s: a decision is not known to queries for so long
	token_lifetime_s: of an OAuth token
	busy_at_once: a second prompt for a phone is refused at once (HTTP 500) instead of by callback (1001)
	pushes_in_nairobi_time, queries_in_nairobi_time: whether a Timestamp of another zone is refused.
		frappe_mpsa_payments writes its server's time into both, this project Nairobi's into its own queries
	pending_as_result: queries say "still processing" as ResultCode 4999 instead of as an error
	c2b_twin, c2b_twin_gap_s: how a completed push is told as C2B, and how far from its own callback
	c2b_names_push: ThirdPartyTransID of that C2B holds the MerchantRequestID
	validates_c2b: the shortcode has external validation: a pay bill asks the ValidationURL first
	urls_fixed: registered URLs cannot be registered again (as in production)
	result_after_s: how long asynchronous results (status, B2C, balance) take
	questions_time_out: they go to QueueTimeOutURL and bring no result
	hides_payer: Transaction Status masks the payer's number
	b2c_result_code: 0, or the failure of every payout
	"""

	accept_after_s: float = 3.0
	prompt_lifetime_s: float = 60.0
	seen_after_s: float = 0.0
	token_lifetime_s: float = 3599.0
	busy_at_once: bool = False
	pushes_in_nairobi_time: bool = False
	queries_in_nairobi_time: bool = True
	pending_as_result: bool = False
	c2b_twin: Twin = Twin.AFTER
	c2b_twin_gap_s: float = 0.5
	c2b_names_push: bool = False
	msisdn: Msisdn = Msisdn.AS_REGISTERED
	validates_c2b: bool = False
	urls_fixed: bool = False
	result_after_s: float = 0.2
	questions_time_out: bool = False
	hides_payer: bool = False
	b2c_result_code: int = 0


@dataclass(frozen=True)
class Fate:
	"""What happens to a callback on its way.

	lost: it never arrives
	delay_s: it is late by so much
	copies, apart_s: it arrives so often; 0 apart is at the same moment
	malformed: one of shapes.MALFORMATIONS
	held: it waits until it is released
	"""

	lost: bool = False
	delay_s: float = 0.0
	copies: int = 1
	apart_s: float = 0.0
	malformed: str | None = None
	held: bool = False

	def __post_init__(self) -> None:
		if self.malformed not in (None, *MALFORMATIONS):
			raise ValueError(f"{self.malformed!r} is none of {sorted(MALFORMATIONS)}")


class Trouble(str, Enum):
	"""What may be wrong with Daraja itself."""

	SERVER_ERROR = "server error"  # HTTP 500 with a JSON error
	SPIKE_ARREST = "spike arrest"  # HTTP 429: asked too often
	HTML = "html"  # the firewall's page, HTTP 403
	GARBAGE = "garbage"  # HTTP 200 with half a JSON document
	EMPTY = "empty"  # HTTP 200 with nothing
	DROP = "drop"  # the connection ends without an answer
	LOSE_ANSWER = "lose answer"  # done as asked, but the connection ends without an answer
	LATE_ANSWER = "late answer"  # done as asked, but answered only after `seconds`: callbacks overtake it
	INVALID_TOKEN = "invalid token"  # a good token is refused
	SLOW = "slow"  # done and answered only after `seconds`


@dataclass(frozen=True)
class Fault:
	"""The next `times` requests whose path begins with `path` meet this trouble."""

	path: str
	trouble: Trouble
	times: int = 1
	seconds: float = 0.0
