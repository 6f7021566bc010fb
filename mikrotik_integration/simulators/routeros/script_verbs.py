"""Verbs of /system/scheduler and /system/script."""

from __future__ import annotations

from . import verbs
from .command import DONE, Answer
from .errors import Trapped, not_permitted
from .job import Job
from .scheduler import SCHEDULER, SCRIPTS, STARTUP, date_text, parsed_date, policies
from .values import parse_duration
from .verbs import Call, Verb


def add(call: Call) -> Answer:
	"""/system/scheduler/add: without a start it starts now."""
	_check(call)
	answer = verbs.add(call)
	row = call.table.get(answer.ret or "")
	wall = call.router.clock.wall()
	row.setdefault("start-time", f"{wall:%H:%M:%S}")
	row.setdefault("start-date", date_text(call.router, wall))
	call.router.scheduled_since[row[".id"]] = call.router.clock.now()
	return answer


def change(call: Call) -> Answer:
	"""/system/scheduler/set"""
	_check(call)
	return verbs.change(call)


def add_script(call: Call) -> Answer:
	"""/system/script/add"""
	_check_policies(call)
	return verbs.add(call)


def change_script(call: Call) -> Answer:
	"""/system/script/set"""
	_check_policies(call)
	return verbs.change(call)


def run(call: Call) -> Answer:
	"""/system/script/run"""
	row = call.target(call.args.get("number", call.args.get(".id", "")))
	allowed = policies(row["policy"])
	if row["dont-require-permissions"] != "true" and not allowed <= call.policies:
		raise not_permitted()
	row["run-count"] = str(int(row["run-count"]) + 1)
	call.router.run_now(Job(row["name"], row["source"], policies=allowed))
	return DONE


def _check(call: Call) -> None:
	_check_policies(call)
	given = call.args
	if "start-date" in given and parsed_date(given["start-date"]) is None:
		raise Trapped("invalid value for argument start-date", category=1)
	time = given.get("start-time", STARTUP)
	if time != STARTUP and parse_duration(time) is None:
		raise Trapped("invalid time value for argument start-time", category=1)


def _check_policies(call: Call) -> None:
	"""A script cannot be given policies that its maker lacks."""
	if "policy" in call.args and not policies(call.args["policy"]) <= call.policies:
		raise not_permitted()


SCRIPT_VERBS: dict[tuple[str, str], tuple[Verb, str]] = {
	(SCHEDULER, "add"): (add, "write"),
	(SCHEDULER, "set"): (change, "write"),
	(SCRIPTS, "add"): (add_script, "write"),
	(SCRIPTS, "set"): (change_script, "write"),
	(SCRIPTS, "run"): (run, "read"),
}
