"""Carries one command out."""

from __future__ import annotations

from . import special, verbs
from .command import Answer, Command
from .errors import Trapped, not_permitted
from .router import Router
from .verbs import Call, Verb


def execute(router: Router, command: Command, policies: frozenset[str]) -> Answer:
	"""The answer to a command of a user who is logged in. Raises Trapped. The caller holds the lock."""
	menu, verb = router.schema.find(command.path)
	router.schema.check_arguments(menu, verb, command.args)
	act, policy = _find(menu, verb)
	if policy not in policies:
		raise not_permitted()
	call = Call(router, menu, verb, command, policies)
	follow = special.AFTER.get((menu, verb))
	rows = [dict(row) for row in call.targets()] if follow else []
	answer = act(call)
	if policy != "read":
		router.changes += 1
	if follow:
		follow(call, [call.table.rows.get(row[".id"], row) for row in rows])
	return answer


def _find(menu: str, verb: str) -> tuple[Verb, str]:
	"""What carries out the verb in the menu, and the policy it needs. Raises Trapped."""
	found = special.SPECIAL.get((menu, verb)) or verbs.VERBS.get(verb)
	if found is None:
		raise Trapped("failure: not supported by this simulator")
	act, policy = found
	return act, special.POLICY_OF_MENU.get(menu, policy) if policy == "write" else policy
