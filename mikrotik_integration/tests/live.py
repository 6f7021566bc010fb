"""The site as it runs in production: its web server and its workers as processes of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import frappe
import requests

PATIENCE_S = 90


class LiveSite:
	"""Web server and workers of one site; they end with the ``with`` block.

	``environment`` leads them to the simulated Daraja.
	"""

	def __init__(
		self, site: str, environment: dict[str, str], workers: int = 1, port: int | None = None
	) -> None:
		self.site = site
		self.port = port or free_port()
		self.url = f"http://127.0.0.1:{self.port}"
		self._environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
		# in production a module is compiled once, not by each job
		self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
		self._workers = workers
		self._admin_password = (
			frappe.conf.admin_password or "admin"
		)  # threads have no frappe.local of their own
		self._processes: list[subprocess.Popen] = []

	def __enter__(self) -> "LiveSite":
		self._start("--site", self.site, "serve", "--port", str(self.port), "--noreload")
		for _number in range(self._workers):
			self.start_worker()
		wait_for(self._answers, "the web server")
		return self

	def __exit__(self, *_exception) -> None:
		for process in self._processes:
			process.terminate()
		for process in self._processes:
			try:
				process.wait(20)
			except subprocess.TimeoutExpired:
				process.kill()

	def start_worker(self) -> subprocess.Popen:
		return self._start("worker", "--queue", "short,default,long", "--quiet")

	def session(self, user: str = "Administrator", password: str | None = None) -> requests.Session:
		"""A logged-in browser without a face."""
		session = requests.Session()
		login = {"usr": user, "pwd": password or self._admin_password}
		session.post(f"{self.url}/api/method/login", json=login, timeout=60).raise_for_status()
		return session

	def call(self, session: requests.Session, method: str, **values):
		"""The answer of a whitelisted function."""
		answer = session.post(f"{self.url}/api/method/{method}", json=values, timeout=120)
		assert answer.ok, f"{method}: {answer.status_code} {answer.text[-2000:]}"
		return answer.json().get("message")

	def _start(self, *arguments: str) -> subprocess.Popen:
		command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", *arguments]
		process = subprocess.Popen(
			command,
			cwd=frappe.local.sites_path,
			env=self._environment,
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
		)
		self._processes.append(process)
		return process

	def _answers(self) -> bool:
		try:
			return requests.get(f"{self.url}/api/method/ping", timeout=5).ok
		except requests.RequestException:
			return False


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE_S):
	"""What ``condition`` returns as soon as it is true. Raises TimeoutError."""
	end = time.monotonic() + seconds
	while not (value := condition()):
		if time.monotonic() > end:
			raise TimeoutError(f"Waited {seconds} s for {what}")
		time.sleep(0.05)
	return value


def fresh(doctype: str, name: str, fields):
	"""Values as they are now, not as they were when this process's transaction began."""
	frappe.db.rollback()
	return frappe.db.get_value(doctype, name, fields, as_dict=isinstance(fields, list))


def free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]
