"""What can happen to a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Activate:
	"""A postpaid subscription begins; its first period is on credit."""


@dataclass(frozen=True)
class Renew:
	"""A plan that costs nothing goes on for a period, once the one before is over."""


@dataclass(frozen=True)
class PeriodPaid:
	"""Money for some time was confirmed: ``granted`` of it, None for one period of the plan.

	Keep what was granted: a reversal needs it.
	"""

	granted: timedelta | None = None


@dataclass(frozen=True)
class PeriodReversed:
	"""That money was taken back. ``granted`` is the validity that it had granted."""

	granted: timedelta


@dataclass(frozen=True)
class Pause:
	"""Service and clock stop."""


@dataclass(frozen=True)
class Resume:
	"""Service and clock go on where they stopped."""


@dataclass(frozen=True)
class Hold:
	"""Staff stop the service; the clock runs on."""


@dataclass(frozen=True)
class Release:
	"""Staff lift their hold."""


@dataclass(frozen=True)
class DisableCustomer:
	"""The ERPNext customer was disabled."""


@dataclass(frozen=True)
class EnableCustomer:
	"""The ERPNext customer was enabled."""


@dataclass(frozen=True)
class Terminate:
	"""The contract ends, for good."""


Event = (
	Activate
	| Renew
	| PeriodPaid
	| PeriodReversed
	| Pause
	| Resume
	| Hold
	| Release
	| DisableCustomer
	| EnableCustomer
	| Terminate
)
