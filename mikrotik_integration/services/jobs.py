"""Background jobs: every one runs as the same user, whoever's request queued it.

Frappe runs a job as the user whose request queued it. A callback of M-PESA is a guest's request, and a guest may book
nothing; an ISP Manager may assign a payment, but not submit a Sales Invoice. Who may ask for something is checked where
it is asked for; what has to happen then does not depend on who asked.
"""

from functools import partial
from typing import Any

import frappe

from mikrotik_integration.services import locks

USER = "Administrator"


def enqueue(
	method: str,
	queue: str = "short",
	timeout: int | None = None,
	job_id: str | None = None,
	**arguments: Any,
) -> None:
	"""Queue ``method(**arguments)`` after the commit. With a ``job_id``, only if no such job waits or runs."""
	frappe.enqueue(
		"mikrotik_integration.services.jobs.run",
		queue=queue,
		timeout=timeout,
		job_id=job_id,
		deduplicate=bool(job_id),
		enqueue_after_commit=True,
		function=method,
		arguments=arguments,
	)


def run(function: str, arguments: dict[str, Any]) -> Any:
	"""What a worker calls. Our jobs can be begun again: one that got into another's way is."""
	frappe.set_user(USER)
	return locks.afresh(partial(frappe.get_attr(function), **arguments))
