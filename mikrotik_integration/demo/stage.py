"""What the demonstration's stories share: the people in them, and the patience to wait for what they do."""

import json
import re
import socket
import time
from collections.abc import Callable

import frappe
import requests

ROUTER = "Kilimani"
PATIENCE_S = 60


class Router:
	"""The simulated router's control port: it plays the customers' devices."""

	def __init__(self, port: int) -> None:
		self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
		self._lines = self._socket.makefile("rb")

	def do(self, what: str, **values) -> dict:
		self._socket.sendall(json.dumps({"do": what, **values}).encode() + b"\n")
		return json.loads(self._lines.readline())


class Desk:
	"""An employee's browser: logs in, and asks the site over HTTP."""

	def __init__(self, url: str, user: str, password: str) -> None:
		self._url = url.rstrip("/")
		self._session = requests.Session()
		self.ask("login", usr=user, pwd=password)
		self._session.headers["X-Frappe-CSRF-Token"] = self._csrf_token()

	def _csrf_token(self) -> str:
		page = self._session.get(f"{self._url}/app", timeout=60).text
		found = re.search(r'csrf_token = "([^"]+)"', page)
		return found[1] if found else ""

	def ask(self, method: str, **values):
		answer = self._session.post(f"{self._url}/api/method/{method}", json=values, timeout=60)
		answer.raise_for_status()
		return answer.json().get("message")


def ensure_router(host: str, port: int, user: str, password: str, **values) -> None:
	"""The one router of the demonstration, reached where it listens this time."""
	values |= {"ip_address": host, "api_port": port, "api_username": user, "api_password": password}
	if not frappe.db.exists("MikroTik Settings", ROUTER):
		insert("MikroTik Settings", router_name=ROUTER, **values)
		return
	router = frappe.get_doc("MikroTik Settings", ROUTER)
	router.update(values)
	router.save()


def ensure(doctype: str, name: str, **values) -> None:
	if not frappe.db.exists(doctype, name):
		insert(doctype, **values)


def insert(doctype: str, **values) -> str:
	return frappe.get_doc({"doctype": doctype, **values}).insert().name


def wait(until: Callable[[], object], what: str):
	"""What ``until`` returns as soon as it is true. Raises TimeoutError."""
	end = time.monotonic() + PATIENCE_S
	while not (value := until()):
		if time.monotonic() > end:
			raise TimeoutError(f"Waited {PATIENCE_S} s for {what}. Are the workers of this bench running?")
		frappe.db.rollback()
		time.sleep(0.2)
	return value


def say(text: str) -> None:
	print(text, flush=True)
