"""What a person sees: the desk and the customer's page in a real browser, headless.

Needs Chromium and the desk's built assets; without them these tests say so and are skipped. The browser is driven
over its debugging pipe, so nothing has to be installed for it.
"""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import frappe
import frappe.app
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.serving import make_server

from mikrotik_integration.services import payments
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import PASSWORD, a_portal_user, a_user

PATIENCE_S = 45
DESK, PHONE = (1280, 900), (360, 740)
# frappe-charts draws once more after its page was left
NOT_OURS = ("removeChild",)


def chromium() -> str | None:
	return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def why_not() -> str | None:
	"""What is missing for these tests; None if nothing is."""
	if not chromium():
		return "Chromium is not installed"
	if not list(Path(frappe.local.sites_path, "assets/frappe/dist/js").glob("desk.bundle.*.js")):
		return "the desk's assets are not built: bench build"
	return None


class Browser:
	"""One headless Chromium with one page, and a profile of its own. ``flags``: more of its command line."""

	def __init__(self, *flags: str) -> None:
		self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
		to_browser, self._write = os.pipe()
		self._read, from_browser = os.pipe()
		self._process = subprocess.Popen(
			[
				"bash",
				"-c",
				f'exec "$@" 3<&{to_browser} 4>&{from_browser}',
				"bash",
				chromium(),
				"--headless",
				"--no-sandbox",
				"--disable-gpu",
				"--disable-background-networking",
				"--disable-dev-shm-usage",
				# a person has clicked before the desk plays its sound; a driver has not
				"--autoplay-policy=no-user-gesture-required",
				"--remote-debugging-pipe",
				f"--user-data-dir={self._profile.name}",
				*flags,
				"about:blank",
			],
			pass_fds=(to_browser, from_browser),
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
		)
		os.close(to_browser)
		os.close(from_browser)
		self._serial = itertools.count(1)
		self._buffer = b""
		self._session: str | None = None
		self.errors: list[str] = []
		target = self.send("Target.createTarget", url="about:blank")["targetId"]
		self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
		for domain in ("Page", "Runtime"):
			self.send(f"{domain}.enable")

	def close(self) -> None:
		self._process.terminate()
		self._process.wait(20)
		os.close(self._write)
		os.close(self._read)
		self._profile.cleanup()

	def send(self, method: str, **parameters) -> dict:
		number = next(self._serial)
		message = {"id": number, "method": method, "params": parameters}
		if self._session:
			message["sessionId"] = self._session
		os.write(self._write, json.dumps(message).encode() + b"\0")
		while (answer := self._receive()).get("id") != number:
			self._note(answer)
		if "error" in answer:
			raise RuntimeError(f"{method}: {answer['error']['message']}")
		return answer["result"]

	def _receive(self) -> dict:
		while b"\0" not in self._buffer:
			part = os.read(self._read, 1 << 20)
			if not part:
				raise RuntimeError("the browser is gone")
			self._buffer += part
		message, _, self._buffer = self._buffer.partition(b"\0")
		return json.loads(message)

	def _note(self, event: dict) -> None:
		if event.get("method") == "Runtime.exceptionThrown":
			details = event["params"]["exceptionDetails"]
			text = details.get("exception", {}).get("description") or details["text"]
			if not any(known in text for known in NOT_OURS):
				self.errors.append(text)

	def run(self, script: str):
		"""The value of a JavaScript expression, awaited if it is a promise."""
		result = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
		if "exceptionDetails" in result:
			raise RuntimeError(result["exceptionDetails"]["exception"].get("description"))
		return result["result"].get("value")

	def wait(self, script: str):
		"""Wait until the expression is true; returns its value."""
		until = time.monotonic() + PATIENCE_S
		while time.monotonic() < until:
			with contextlib.suppress(RuntimeError):  # the page is being left
				if value := self.run(script):
					return value
			time.sleep(0.2)
		raise AssertionError(
			f"never came true: {script}\n{self.run('document.body.innerText.slice(0, 1500)')}"
		)

	def size(self, width: int, height: int) -> None:
		self.send(
			"Emulation.setDeviceMetricsOverride",
			width=width,
			height=height,
			deviceScaleFactor=1,
			mobile=width < 500,
		)

	def open(self, address: str, until: str) -> None:
		"""Go there, and wait for an element."""
		self.send("Page.navigate", url=address)
		self.wait(f"document.readyState === 'complete' && !!document.querySelector({json.dumps(until)})")

	def text(self, selector: str) -> str:
		return self.wait(f"document.querySelector({json.dumps(selector)})?.innerText")

	def click(self, selector: str, words: str = "") -> None:
		"""The first visible element of that kind with these words."""
		found = (
			f"[...document.querySelectorAll({json.dumps(selector)})]"
			f".find((one) => one.offsetParent && one.textContent.includes({json.dumps(words)}))"
		)
		self.wait(f"!!{found}")
		self.run(f"{found}.click()")


class BrowserTestCase(ServiceTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if reason := why_not():
			raise unittest.SkipTest(reason)
		cls.base = cls.serve()
		cls.browser = Browser()
		cls.addClassCleanup(cls.browser.close)

	@classmethod
	def serve(cls) -> str:
		"""The site with its assets, as the web server of a bench serves them."""
		assets = {
			"/assets/mikrotik_integration": frappe.get_app_path("mikrotik_integration", "public"),
			"/assets": os.path.join(frappe.local.sites_path, "assets"),
		}
		server = make_server(
			"127.0.0.1", 0, SharedDataMiddleware(frappe.app.application, assets), threaded=True
		)
		threading.Thread(target=server.serve_forever, daemon=True).start()
		cls.addClassCleanup(server.shutdown)
		return f"http://127.0.0.1:{server.server_port}"

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.browser.size(*DESK)
		self.browser.errors.clear()

	def tearDown(self) -> None:
		self.assertEqual([], self.browser.errors)
		super().tearDown()

	def log_in(self, user: str, password: str = PASSWORD) -> None:
		"""As someone else, or anew. The page before is left first: a late answer to it would bring its session back."""
		self.browser.open("about:blank", "body")
		self.browser.send("Network.clearBrowserCookies")
		self.browser.open(f"{self.base}/login", "body")
		credentials = json.dumps({"usr": user, "pwd": password})
		status = self.browser.run(
			"fetch('/api/method/login', {method: 'POST', headers: {'Content-Type': 'application/json'},"
			f" body: {json.dumps(credentials)}}}).then((answer) => answer.status)"
		)
		self.assertEqual(200, status)

	def open_subscription(self) -> None:
		self.browser.open(
			f"{self.base}/app/customer-subscription/{self.subscription.name}", ".subscription-state"
		)


class TestSubscriptionForm(BrowserTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		cls.user = a_user("ISP Manager", "Accounts User")

	def setUp(self) -> None:
		super().setUp()
		self.log_in(self.user)
		self.open_subscription()

	def ask_for_payment(self) -> None:
		self.browser.click("button", "Ask for M-PESA Payment")
		self.browser.click(".modal.show .btn-modal-primary", "Send Prompt")
		self.progress("Enter the M-PESA PIN")

	def progress(self, words: str) -> None:
		self.browser.wait(
			f"document.querySelector('.modal.show [role=status]')?.innerText.includes({json.dumps(words)})"
		)

	def test_an_employee_asks_for_money_and_sees_the_customer_go_online(self):
		self.assertIn("Not paid yet", self.browser.text(".subscription-state"))
		self.ask_for_payment()
		self.daraja.settle()
		self.work()
		self.progress("Paid. M-PESA receipt")
		self.browser.wait("document.querySelector('.subscription-state').innerText.includes('Active until')")
		self.assertIn("On the router", self.browser.text(".subscription-state"))

	def test_a_cancelled_prompt_is_told_in_mpesas_words(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.CANCEL)
		self.ask_for_payment()
		self.daraja.settle()
		payments.poke(self.subscription)
		frappe.db.commit()
		self.work()
		self.progress("Request cancelled by user")

	def test_time_that_goes_by_does_not_make_a_payment_fail(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		self.ask_for_payment()
		self.browser.run("(() => { const now = Date.now; Date.now = () => now() + 3600e3; })()")
		self.progress("do not pay twice")
		self.assertNotIn("ailed", self.browser.text(".modal.show"))

	def test_the_buttons_are_those_that_the_state_allows(self):
		actions = "[...document.querySelectorAll('.inner-group-button[data-label=Actions] .dropdown-item')].map((one) => one.textContent.trim())"
		self.assertEqual({"Make Invoice", "Terminate"}, set(self.browser.wait(actions)))
		self.pay(self.subscription)
		self.work()
		self.open_subscription()
		self.assertEqual({"Make Invoice", "Pause", "Suspend", "Terminate"}, set(self.browser.wait(actions)))

	def test_usage_is_drawn_by_day(self):
		self.pay(self.subscription)
		self.work()
		session = self.sim.customer.login(
			self.subscription.username, self.subscription.get_password("password")
		)
		session.move(upload=1_000_000_000, download=3_000_000_000, seconds=60)
		self.check_router(self.router)
		self.open_subscription()
		self.browser.click(".inner-group-button[data-label=View] button")
		self.browser.click(".dropdown-item", "Usage by Day")
		self.browser.wait("!!document.querySelector('.modal.show svg.frappe-chart')")
		self.assertIn("Upload 1 GB, download 3 GB", self.browser.text(".modal.show .modal-body"))


class TestRouterForm(BrowserTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		cls.user = a_user("ISP Administrator")

	def setUp(self) -> None:
		super().setUp()
		self.log_in(self.user)

	def findings(self) -> str:
		self.browser.open(f"{self.base}/app/mikrotik-settings/{self.router.name}", ".form-message")
		self.browser.click("button", "Test Connection")
		self.browser.wait("!!document.querySelector('.modal.show .msgprint li')")
		return self.browser.text(".modal.show")

	def test_a_router_that_is_right_gets_ticks(self):
		words = self.findings()
		self.assertIn("is ready", words)
		self.assertNotIn("✗", words)

	def test_a_closed_port_is_said_in_plain_words(self):
		self.sim.stop()
		words = self.findings()
		self.assertIn("✗", words)
		self.assertIn("refused the connection", words)

	def test_logins_made_by_hand_stand_in_a_table(self):
		self.sim.run("/ip/hotspot/user/add", name="<b>by hand</b>", password="x")
		self.check_router(self.router)
		self.browser.open(f"{self.base}/app/mikrotik-settings/{self.router.name}", ".form-message")
		table = self.browser.wait(
			"document.querySelector('[data-fieldname=unmanaged_accounts_table] table')?.innerText"
		)
		self.assertIn("‹b›by hand‹/b›", table)


class TestEveryPage(BrowserTestCase):
	def test_forms_lists_reports_and_workspace_open_without_an_error(self):
		payment = self.pay(self.subscription)
		self.work()
		self.log_in(a_user("ISP Administrator", "Accounts Manager", "System Manager"))
		plan = frappe.get_doc("Internet Plan", self.subscription.internet_plan)
		account = frappe.db.get_value("Router Account", {"reference_name": self.subscription.name})
		pages = {
			f"internet-plan/{plan.name}": ".form-message",
			f"connection-type/{plan.connection_type}": ".form-message",
			f"subscription-payment/{payment}": ".form-message",
			f"router-account/{account}": ".form-message",
			"isp-settings": ".form-layout",
			"customer-subscription/new": ".form-layout",
			"customer-subscription": ".list-row .indicator-pill",
			"subscription-payment": ".list-row .indicator-pill",
			"mikrotik-settings": ".list-row .indicator-pill",
			"internet-plan": ".list-row .indicator-pill",
			"router-account": ".list-row .indicator-pill",
			"mikrotik-api-log": ".list-row .indicator-pill",
			"query-report/Payments and Ledger": ".report-summary",
			"query-report/Internet Revenue": ".report-summary",
			"query-report/Router Health": ".report-summary",
			"query-report/Data Usage": ".report-summary",
			"query-report/Subscriptions Ending": ".report-summary",
			"internet-service": ".number-widget-box",
		}
		for page, element in pages.items():
			with self.subTest(page):
				self.browser.open(f"{self.base}/app/{page}", element)


class TestCustomersPage(BrowserTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.browser.size(*PHONE)
		self.log_in(a_portal_user(self.subscription.customer))
		self.browser.open(f"{self.base}/my-internet", ".my-internet-pay")

	def progress(self, words: str) -> None:
		self.browser.wait(
			f"document.querySelector('.my-internet-progress').innerText.includes({json.dumps(words)})"
		)

	def test_a_customer_pays_on_a_phone_and_sees_it_without_reloading(self):
		self.browser.click(".my-internet-pay button")
		self.progress("Enter the M-PESA PIN")
		self.daraja.settle()
		self.work()
		self.progress("Paid. M-PESA receipt")
		self.browser.wait("document.querySelector('.my-internet').innerText.includes('Paid until')")

	def test_nothing_is_wider_than_a_small_phone(self):
		self.assertEqual(PHONE[0], self.browser.run("document.documentElement.scrollWidth"))

	def test_a_payment_goes_on_being_followed_when_the_page_was_closed(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		self.browser.click(".my-internet-pay button")
		self.progress("Enter the M-PESA PIN")
		self.browser.open(f"{self.base}/my-internet", ".my-internet-pay")
		self.progress("Enter the M-PESA PIN")
		self.assertTrue(self.browser.run("document.querySelector('.my-internet-pay button').disabled"))
