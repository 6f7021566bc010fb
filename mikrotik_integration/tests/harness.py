"""What a test needs around it: the site's web server in this process, its job queue, both simulators."""

import os
import shutil
import threading
import unittest
from collections.abc import Iterator
from contextlib import contextmanager

import frappe
from frappe.utils.background_jobs import get_queue
from werkzeug.serving import make_server

from mikrotik_integration.services import inbox_queue
from mikrotik_integration.simulators.routeros import RouterSimulator

QUEUES = ("short", "default", "long")
API_USER, API_PASSWORD = "erpnext", "sérénade=1"


class WebServer:
	"""Frappe's own WSGI application for one site, on a free port of this machine."""

	def __init__(self, site: str) -> None:
		import frappe.app

		frappe.app._site = site
		frappe.app._sites_path = frappe.local.sites_path
		self._server = make_server("127.0.0.1", 0, frappe.app.application, threaded=True)
		self.url = f"http://127.0.0.1:{self._server.server_port}"
		self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
		self._thread.start()

	def close(self) -> None:
		self._server.shutdown()
		self._thread.join(10)


def clear_jobs() -> None:
	"""Forget what earlier tests left in this site's queues and in its inbox; other sites' jobs stay."""
	for job in _jobs():
		job.delete()
	inbox_queue.begun()
	frappe.db.sql("update `tabSubscription Payment` set next_ask = null")
	frappe.db.commit()
	frappe.cache().delete_keys("mikrotik_integration|asked|")


def run_jobs(limit: int = 500) -> int:
	"""Run this site's queued jobs here, oldest first, as a worker would, each as the user whose request queued it;
	returns how many."""
	done, user = 0, frappe.session.user
	while done < limit and (jobs := sorted(_jobs(), key=lambda job: job.enqueued_at)):
		job = jobs[0]
		job.delete()
		done += 1
		frappe.db.commit()
		frappe.set_user(job.kwargs["user"])
		try:
			frappe.get_attr(job.kwargs["method"])(**job.kwargs["kwargs"])
			frappe.db.commit()
		except Exception:
			frappe.db.rollback()
			raise
		finally:
			frappe.set_user(user)
	return done


def jobs_waiting(function: str) -> int:
	"""How many jobs of this site are queued that run this function of ours."""
	return len([job for job in _jobs() if job.kwargs["kwargs"].get("function") == function])


def _jobs() -> list:
	return [
		job
		for queue in QUEUES
		for job in get_queue(queue).jobs
		if job.kwargs.get("site") == frappe.local.site and isinstance(job.kwargs.get("method"), str)
	]


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
	"""Environment variables for as long as the block runs."""
	before = {name: os.environ.get(name) for name in values}
	os.environ.update(values)
	try:
		yield
	finally:
		for name, value in before.items():
			if value is None:
				os.environ.pop(name, None)
			else:
				os.environ[name] = value


def new_router(**options) -> RouterSimulator:
	return RouterSimulator(user=API_USER, password=API_PASSWORD, **options)


def needs_wkhtmltopdf(test: unittest.TestCase) -> None:
	"""Debian 14 has it no more."""
	if not shutil.which("wkhtmltopdf"):
		test.skipTest("wkhtmltopdf is missing: Frappe makes this PDF with it")
