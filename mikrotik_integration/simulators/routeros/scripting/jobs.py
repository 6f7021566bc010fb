"""Scripts begin here: one after the other, each to its end. What goes wrong is a row in the log."""

from __future__ import annotations

from ..errors import Trapped
from ..job import Job
from ..router import Router
from .parsing import parse
from .running import run
from .values import ScriptFailed

_MOST_IN_A_ROW = 200


def run_jobs(router: Router) -> None:
	"""Runs what waits, and what that sets off. The caller holds the lock."""
	if router.runs_jobs:
		return
	router.runs_jobs = True
	try:
		for _ in range(_MOST_IN_A_ROW):
			if not router.jobs:
				return
			_run(router, router.jobs.popleft())
		router.log("script,error", f"{len(router.jobs)} scripts dropped: they set each other off without end")
		router.jobs.clear()
	finally:
		router.runs_jobs = False


def run_now(router: Router, job: Job) -> None:
	"""Runs a script at once, inside of another one if need be. Raises Trapped."""
	try:
		run(parse(job.source, router.schema), router, job.policies, job.variables)
	except ScriptFailed as failed:
		raise Trapped(str(failed)) from None
	except RecursionError:
		raise Trapped("script is nested too deep") from None
	finally:
		router.changes += 1


def _run(router: Router, job: Job) -> None:
	try:
		run_now(router, job)
	except Trapped as failed:
		router.log("script,error", f"executing script {job.what} failed, please check it manually: {failed}")
