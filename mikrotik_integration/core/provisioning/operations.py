"""Changes to a router as data, so that something else than our connection may carry them out one day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..foreign_text import plain_text
from ..routeros.client import Command
from .codes import hide
from .columns import Ends
from .menus import PASSWORD

MASK = "********"
NO_ID = "The router shows the row without its .id, so it cannot be changed"
_LONGEST_ARGUMENT = 300
FIRST, LAST = 0, 1


@dataclass(frozen=True)
class Operation:
	"""One change. Those of one plan with a lower `turn` are finished before the others begin.

	`subject`: the login or profile name it is about. `frees`: a login name that its account no longer holds
	after this. `ends`: what must end for this to take effect. `sweeps`: it ends such a thing, to be done once.
	`restarts_users`: whoever uses this profile must reconnect after this. `is_code`: its login's name is a secret."""

	access: str
	path: str
	args: tuple[tuple[str, str], ...] = field(repr=False)
	account_id: str | None = None
	subject: str = ""
	turn: int = FIRST
	frees: bool = False
	ends: Ends = Ends.NOTHING
	sweeps: bool = False
	restarts_users: bool = False
	is_code: bool = False

	def command(self) -> Command:
		return Command(self.path, self.args)

	@property
	def lacks_id(self) -> bool:
		"""Whether the router showed the row without the `.id` by which alone it can be changed."""
		return (".id", "") in self.args

	def masked_args(self) -> dict[str, str]:
		"""The arguments, fit for a log."""
		about = {} if any(name == "name" for name, _ in self.args) else {"user": self.subject}
		args = {name: MASK if name == PASSWORD else value for name, value in self.args} | about
		return {name: plain_text(self.hidden(value), _LONGEST_ARGUMENT) for name, value in args.items()}

	def hidden(self, text: str) -> str:
		"""The text without the name of this login, if that is a secret."""
		return hide(text, {self.subject, dict(self.args).get("name", "")}) if self.is_code else text

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
	"""What one pass must remember of its own changes because no state of the router shows it.

	`freed` and `restarted_profiles` are names with their access, `swept` casefolded names with the path of the
	operation, `changed` the ids of rows with what must end: somebody may have come in since they were read. `readable` are accesses whose passwords were seen to be shown."""

	freed: frozenset[tuple[str, str]] = frozenset()
	swept: frozenset[tuple[str, str]] = frozenset()
	changed: frozenset[tuple[str, str, Ends]] = frozenset()
	restarted_profiles: frozenset[tuple[str, str]] = frozenset()
	pushed: frozenset[str] = frozenset()
	readable: frozenset[str] = frozenset()

	def after(self, done: Sequence[Operation], failed: Sequence[Operation]) -> Memory:
		"""This memory after a batch of operations."""
		not_swept = {_sweep(operation) for operation in failed}
		return replace(
			self,
			freed=self.freed | {(op.access, op.subject) for op in done if op.frees},
			swept=self.swept | ({_sweep(op) for op in done if op.sweeps} - not_swept),
			changed=self.changed | {(op.access, dict(op.args)[".id"], op.ends) for op in done if op.ends},
			restarted_profiles=self.restarted_profiles
			| {(op.access, op.subject) for op in done if op.restarts_users},
			pushed=self.pushed | {op.account_id for op in done if op.pushes_password and op.account_id},
		)


def _sweep(operation: Operation) -> tuple[str, str]:
	return operation.path, operation.subject.casefold()
