"""Changes to a router as data, so that something else than our connection may carry them out one day."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..routeros.client import Command
from .columns import Ends
from .menus import PASSWORD

MASK = "********"
FIRST, LAST = 0, 1


@dataclass(frozen=True)
class Operation:
	"""One change. Those of one plan with a lower `turn` are finished before the others begin.

	`subject`: the login or profile name it is about. `frees`: a login name that its account no longer holds after this.
	`ends`: what has to end for `user`, or for all users of `profile`, so that the change takes effect."""

	access: str
	path: str
	args: tuple[tuple[str, str], ...] = field(repr=False)
	account_id: str | None = None
	subject: str = ""
	turn: int = FIRST
	frees: str = ""
	user: str = ""
	profile: str = ""
	ends: Ends = Ends.NOTHING

	def command(self) -> Command:
		return Command(self.path, self.args)

	def masked_args(self) -> dict[str, str]:
		"""The arguments, fit for a log."""
		about = {} if any(name == "name" for name, _ in self.args) else {"user": self.subject}
		return {name: MASK if name == PASSWORD else value for name, value in self.args} | about

	@property
	def pushes_password(self) -> bool:
		return any(name == PASSWORD for name, _ in self.args)


@dataclass(frozen=True)
class OperationResult:
	"""What was asked of a router and whether it was done. Secrets are masked."""

	path: str
	args: dict[str, str]
	ok: bool
	message: str
	account_id: str | None


@dataclass(frozen=True)
class Memory:
	"""What one pass must remember from its own changes because no state of the router shows it.

	Names stand with their access, those to be swept casefolded; `readable` are accesses whose passwords were seen to be shown."""

	freed: frozenset[tuple[str, str]] = frozenset()
	sweep_cookies: frozenset[tuple[str, str]] = frozenset()
	sweep_sessions: frozenset[tuple[str, str]] = frozenset()
	sweep_profiles: frozenset[tuple[str, str]] = frozenset()
	pushed: frozenset[str] = frozenset()
	readable: frozenset[str] = frozenset()

	def after(self, done: list[Operation]) -> Memory:
		"""This memory and what these operations, which were carried out, leave to be ended."""
		users = {(op.access, op.user.casefold()): op.ends for op in done if op.user}
		return replace(
			self,
			freed=self.freed | {(op.access, op.frees) for op in done if op.frees},
			sweep_cookies=self.sweep_cookies | {key for key, ends in users.items() if ends is Ends.LOGINS},
			sweep_sessions=self.sweep_sessions | {key for key, ends in users.items() if ends},
			sweep_profiles=self.sweep_profiles | {(op.access, op.profile) for op in done if op.profile},
			pushed=self.pushed | {op.account_id for op in done if op.pushes_password and op.account_id},
		)
