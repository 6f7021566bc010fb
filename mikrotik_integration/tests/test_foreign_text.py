"""Text of strangers and of staff is text wherever it is kept, shown, printed or exported."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import frappe
import openpyxl

from mikrotik_integration.demo_company import SHORTCODE
from mikrotik_integration.mikrotik_integration.report import scope
from mikrotik_integration.patches import text_fields as text_fields_patch
from mikrotik_integration.services import provisioning, subscriptions
from mikrotik_integration.services.vouchers import VOUCHER
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.harness import needs_wkhtmltopdf
from mikrotik_integration.tests.test_forms_browser import BrowserTestCase
from mikrotik_integration.tests.visitors import CONFIRMATION, Visitor, a_portal_user, a_user, confirmation

MODULE = "MikroTik Integration"
TEXT = ("Data", "Small Text", "Text", "Read Only")
# Frappe's own filter leaves alone what looks like JSON
SCRIPT = '"<img src=x onerror=localStorage.xss=location>"'
FORMULA = "=1+1"


def own_doctypes(**filters) -> list[str]:
	return frappe.get_all(
		"DocType", {"module": MODULE, "istable": 0, **filters}, pluck="name", order_by="name"
	)


def text_fields(doctype: str) -> list[str]:
	return [field.fieldname for field in frappe.get_meta(doctype).fields if field.fieldtype in TEXT]


@contextmanager
def a_wire_tapper(words: bytes):
	"""Whoever answers in the router's place: every sentence gets a trap with these words."""
	with socket.create_server(("127.0.0.1", 0)) as server:

		def answer() -> None:
			while True:
				try:
					line, _address = server.accept()
				except OSError:
					return
				with line:
					line.recv(4096)
					message = b"=message=" + words
					line.sendall(b"\x05!trap" + bytes([len(message)]) + message + b"\0\x05!done\0")
					line.recv(4096)

		threading.Thread(target=answer, daemon=True).start()
		yield server.getsockname()


class PlantedTestCase(ServiceTestCase):
	"""Everybody who can write text into this site without being trusted has written ``self.words``."""

	words = SCRIPT

	def plant(self) -> None:
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.by_a_guest()
		self.by_a_router()
		self.by_a_wire_tapper()
		self.by_staff()
		frappe.db.commit()

	def by_a_guest(self) -> None:
		guest, receipt = Visitor(self.web.url), f"S{frappe.generate_hash(length=9)}".upper()
		for account in (self.subscription.name, self.words):
			body = confirmation(receipt, account, 1500, SHORTCODE)
			body |= dict.fromkeys(
				("FirstName", "MiddleName", "LastName", "TransactionType", "InvoiceNumber"), self.words
			)
			guest.call(CONFIRMATION, **body)
		self.work()
		self.payment = frappe.get_doc("Subscription Payment", receipt)
		self.register = frappe.get_doc(
			{
				"doctype": "Mpesa C2B Payment Register",
				"transid": receipt,
				"transamount": 1500,
				"businessshortcode": SHORTCODE,
				**dict.fromkeys(
					(
						"billrefnumber",
						"firstname",
						"middlename",
						"lastname",
						"transactiontype",
						"invoicenumber",
					),
					self.words,
				),
			}
		).insert(ignore_permissions=True)

	def by_a_router(self) -> None:
		self.sim.run("/system/identity/set", name=self.words)
		self.sim.run("/ip/hotspot/user/add", name=self.words, password="x", comment=self.words)
		session = self.sim.customer.login(self.words, "x")
		session.move(upload=1000, download=1000, seconds=10)
		self.check_router(self.router)

	def by_a_wire_tapper(self) -> None:
		with a_wire_tapper(self.words.encode()) as (host, port):
			self.tapped = factories.a_router(self.sim, ip_address=host, api_port=port)
			self.waiting = factories.a_subscription(self.tapped)
			self.pay(self.waiting)
			self.work()
			provisioning.check_router(self.tapped.name)

	def by_staff(self) -> None:
		customer = frappe.get_doc("Customer", self.subscription.customer)
		customer.customer_name = self.words
		customer.save()
		subscription = frappe.get_doc("Customer Subscription", self.waiting.name)
		subscriptions.act(subscription.name, "hold", self.words)
		self.plan = factories.a_plan(description=self.words)
		self.cheap = factories.a_subscription(self.router, self.plan, customer=customer.name)


class TestWhereTextEnters(PlantedTestCase):
	def kept(self) -> dict[tuple[str, str, str], str]:
		"""Every text of every document of ours."""
		return {
			(doctype, row.name, field): value
			for doctype in own_doctypes(issingle=0)
			for row in frappe.get_all(doctype, fields=["name", *text_fields(doctype)], limit=0)
			for field, value in row.items()
			if value
		}

	def test_no_html_is_kept(self):
		before = set(self.kept())
		self.plant()
		new = {place: value for place, value in self.kept().items() if place not in before}
		self.assertEqual({}, {place: value for place, value in new.items() if {"<", ">"} & set(value)})
		planted = {place[0] for place, value in new.items() if "‹img" in value}
		self.assertLessEqual(
			{
				*("Subscription Payment", "MikroTik Settings", "MikroTik API Log", "Customer Subscription"),
				*("Usage Record", "Internet Plan"),
			},
			planted,
		)
		self.assertNotIn("<", json.dumps(self.register.as_dict(), default=str))
		self.assertIn("‹img", self.payment.review_reason)

	def test_no_formula_is_kept(self):
		self.words = FORMULA
		before = set(self.kept())
		self.plant()
		new = {place: value for place, value in self.kept().items() if place not in before}
		self.assertEqual(
			{}, {place: value for place, value in new.items() if value.startswith(tuple("=+-@"))}
		)
		self.assertIn("'=1+1", new.values())

	def test_a_name_that_is_a_formula_is_refused(self):
		for name in ("=1+1", "@SUM(A1)", "-x", "<b>"):
			with self.subTest(name), self.assertRaises(frappe.ValidationError):
				factories.a_plan(plan_name=name)

	def test_a_phone_typed_with_a_plus_is_found(self):
		router = factories.a_router(self.sim)
		subscription = factories.a_subscription(router)
		receipt = f"S{frappe.generate_hash(length=9)}".upper()
		body = confirmation(receipt, f"+{subscription.phone_number}", 1500, SHORTCODE)
		Visitor(self.web.url).call(CONFIRMATION, **body)
		self.work()
		found = frappe.db.get_value("Subscription Payment", receipt, "subscription")
		self.assertEqual(subscription.name, found)


class TestOldText(ServiceTestCase):
	def test_what_was_kept_before_is_made_plain_with_the_update(self):
		subscription = factories.a_subscription(factories.a_router(self.sim))
		name = subscription.name
		frappe.db.set_value("Customer Subscription", name, {"status_reason": SCRIPT, "hold_reason": FORMULA})
		text_fields_patch.execute()
		subscription.reload()
		self.assertNotIn("<", subscription.status_reason)
		self.assertEqual("'=1+1", subscription.hold_reason)


class TestWhereTextIsExported(PlantedTestCase):
	def test_reports_export_no_formula(self):
		router = factories.a_router(self.sim)
		subscription = factories.a_subscription(router)
		payment = self.pay(subscription)
		values = {"status": "Needs Review", "review_reason": FORMULA}
		frappe.db.set_value("Subscription Payment", payment, values)
		frappe.db.commit()
		accountant = Visitor(self.web.url, a_user("Accounts Manager"))
		answer = accountant.call(
			"frappe.desk.query_report.export_query",
			report_name="Payments and Ledger",
			file_format_type="Excel",
			filters="{}",
			visible_idx="[]",  # every row, however many this site has
		)
		self.assertEqual(200, answer.status_code, answer.text[:500])
		cells = [cell for row in openpyxl.load_workbook(BytesIO(answer.content)).active for cell in row]
		self.assertIn("'=1+1", [cell.value for cell in cells])
		self.assertEqual([], [cell.value for cell in cells if cell.data_type == "f"])

	def test_words_in_reports_are_plain_and_numbers_stay(self):
		(row,) = scope.plain([{"text": SCRIPT, "number": -1.5, "none": None}])
		self.assertNotIn("<", row["text"])
		self.assertEqual((-1.5, None), (row["number"], row["none"]))


class TestWhereTextIsShown(BrowserTestCase, PlantedTestCase):
	"""Texts that were kept as HTML, before this app was careful or by whoever writes to the database, are shown as
	text too."""

	def setUp(self) -> None:
		ServiceTestCase.setUp(self)
		self.browser.errors.clear()
		self.plant()
		self.voucher = self.a_voucher()
		for doctype, name in self.documents().items():
			self.soil(doctype, name)
		frappe.db.commit()

	def a_voucher(self) -> str:
		package = factories.a_package()
		frappe.db.commit()
		seller = Visitor(self.web.url, a_user("ISP Manager"))
		sale = seller.api("vouchers.sell_for_cash", package=package.name, router=self.router.name).json()
		self.work()
		return sale["message"]["name"]

	def documents(self) -> dict[str, str]:
		account = frappe.db.get_value("Router Account", {"reference_name": self.voucher})
		return {
			"Customer Subscription": self.waiting.name,
			"Subscription Payment": self.payment.name,
			"Mpesa C2B Payment Register": self.register.name,
			"MikroTik Settings": self.tapped.name,
			"MikroTik API Log": frappe.get_last_doc("MikroTik API Log").name,
			"Router Account": account,
			"Usage Record": frappe.get_last_doc("Usage Record").name,
			"Internet Plan": self.plan.name,
			"Connection Type": self.plan.connection_type,
			VOUCHER: self.voucher,
		}

	def soil(self, doctype: str, name: str) -> None:
		"""HTML in each text field that may be of any kind."""
		meta = frappe.get_meta(doctype)
		free = [
			field.fieldname
			for field in meta.fields
			if field.fieldtype in TEXT
			and not field.unique
			and (field.length or 140) > len(SCRIPT)
			and field.fieldname not in ("code", "username", "profile_name")
		]
		frappe.db.set_value(doctype, name, dict.fromkeys(free, SCRIPT), update_modified=False)

	def pages(self) -> dict[str, str]:
		slug = frappe.scrub
		pages = {"internet-service": ".widget", "hotspot-till": ".page-body"}
		for doctype, name in self.documents().items():
			path = slug(doctype).replace("_", "-")
			pages[f"{path}/{name}"] = ".form-layout"
			pages[path] = ".list-row"
			pages[f"{path}/view/report"] = ".dt-row-0"
		for report in frappe.get_all("Report", {"module": MODULE, "is_standard": "Yes"}, pluck="name"):
			pages[f"query-report/{report}"] = ".report-summary, .datatable, .no-report-area"
		return pages

	def look_at(self, address: str, element: str) -> None:
		with self.subTest(address):
			self.browser.open(f"{self.base}{address}", element)
			self.browser.run("new Promise((done) => setTimeout(done, 400))")
			ran = self.browser.run(
				"(() => { const ran = localStorage.xss; delete localStorage.xss; return ran; })()"
			)
			self.assertIsNone(ran)

	def test_no_page_runs_it(self):
		self.log_in(a_user("ISP Administrator", "Accounts Manager", "System Manager"))
		for page, element in self.pages().items():
			self.look_at(f"/app/{page}", element)
		for doctype, name in self.documents().items():
			if doctype in ("Customer Subscription", VOUCHER):
				self.look_at(f"/printview?doctype={doctype}&name={name}", ".print-format")
		self.log_in(a_portal_user(self.waiting.customer))
		self.look_at("/my-internet", ".my-internet")


class TestPrinting(PlantedTestCase):
	"""The program that makes PDFs fetches nothing that somebody else wrote."""

	def test_a_pdf_fetches_nothing(self):
		needs_wkhtmltopdf(self)
		with a_listener() as (address, asked):
			self.words = f'"<img src={address}/img><iframe src={address}/frame></iframe>"'
			self.plant()
			self.addCleanup(setattr, frappe.local.conf, "host_name", frappe.local.conf.host_name)
			frappe.local.conf.host_name = address  # where Frappe's own styles come from
			for doctype, name in (
				("Customer Subscription", self.waiting.name),
				("Customer Subscription", self.cheap.name),
				("Subscription Payment", self.payment.name),
				("MikroTik Settings", self.tapped.name),
				("Internet Plan", self.plan.name),
			):
				with self.subTest(f"{doctype} {name}"):
					pdf = frappe.get_print(doctype, name, as_pdf=True, no_letterhead=1)
					self.assertTrue(pdf.startswith(b"%PDF"))
		self.assertEqual([], [path for path in asked if not path.startswith("/assets/")])


@contextmanager
def a_listener():
	"""A web server of this machine, with what it was asked for."""
	asked: list[str] = []

	class Ear(BaseHTTPRequestHandler):
		def do_GET(self) -> None:
			asked.append(self.path)
			self.send_response(200)
			self.send_header("Content-Type", "text/css")
			self.end_headers()

		def log_message(self, *_arguments) -> None:
			pass

	with HTTPServer(("127.0.0.1", 0), Ear) as server:
		threading.Thread(target=server.serve_forever, daemon=True).start()
		try:
			yield f"http://127.0.0.1:{server.server_port}", asked
		finally:
			server.shutdown()
