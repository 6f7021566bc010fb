"""What is printed: QR codes are read back from the PDF as a phone's camera reads them."""

import os
import threading

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return
from frappe.utils import add_days, now_datetime, today
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from mikrotik_integration.core.vouchers import links
from mikrotik_integration.demo_company import COMPANY
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import till, voucher_books, voucher_cards, voucher_sheets
from mikrotik_integration.services.vouchers import VOUCHER
from mikrotik_integration.tests import factories, test_pos
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.harness import needs_wkhtmltopdf
from mikrotik_integration.tests.test_foreign_text import a_listener
from mikrotik_integration.tests.visitors import Visitor, a_user, a_user_of_one_router

try:
	import pypdfium2
	import zxingcpp
except ImportError as error:
	MISSING = f"These tests read printed QR codes: pip install zxing-cpp pypdfium2 ({error})"
else:
	MISSING = ""

DPI = 200
SSID, PASSWORD = 'Duka; "Savanna"', "karibu;sana"


def scan(pdf: bytes, page: int = 0) -> list[str]:
	"""The texts of all QR codes on a page, as printed."""
	document = pypdfium2.PdfDocument(pdf)
	picture = document[page].render(scale=DPI / 72).to_pil()
	# of other kinds of bar codes, Micro QR too, it finds some in the noise, now and then
	return [
		found.text for found in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
	]


def words(pdf: bytes, page: int = 0) -> str:
	return pypdfium2.PdfDocument(pdf)[page].get_textpage().get_text_range()


def size_mm(pdf: bytes) -> tuple[int, int]:
	width, height = pypdfium2.PdfDocument(pdf)[0].get_size()
	return round(width / 72 * 25.4), round(height / 72 * 25.4)


class PrintTestCase(ServiceTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if MISSING:
			raise AssertionError(MISSING)

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(
			self.sim, hotspot_address="wifi.shop.lan", wifi_name=SSID, wifi_password=PASSWORD
		)
		self.package = factories.a_package(data_quota_mb=1500, device_limit=2)
		frappe.db.commit()

	def a_batch(self, quantity: int, **values):
		batch = frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": self.package.name,
				"mikrotik_settings": self.router.name,
				"quantity": quantity,
				**values,
			}
		).insert()
		frappe.db.commit()
		self.work()
		batch.reload()
		self.assertEqual("Made", batch.status, batch.error)
		return batch

	def codes_of(self, batch) -> list[str]:
		return frappe.get_all(VOUCHER, {"batch": batch.name}, pluck="code", order_by="name", limit=0)

	@staticmethod
	def link(code: str) -> str:
		return links.login_link("wifi.shop.lan", False, code)


class TestSheets(PrintTestCase):
	def test_every_card_of_an_a4_page_logs_in_and_joins_the_wifi(self):
		batch = self.a_batch(24)
		pdf = voucher_sheets.render(batch.name, "A4")
		found = scan(pdf)
		self.assertEqual(
			{self.link(code) for code in self.codes_of(batch)} | {links.wifi_join(SSID, PASSWORD)}, set(found)
		)
		self.assertEqual(48, len(found))
		self.assertEqual(1, len(pypdfium2.PdfDocument(pdf)))
		self.assertEqual((210, 297), size_mm(pdf))

	def test_a_page_holds_24_cards_whatever_is_written_on_them(self):
		long_name = "A very long name of a package that no card has room for, in any language of the world"
		self.package = factories.a_package(
			plan_name=long_name + frappe.generate_hash(length=5), device_limit=0
		)
		batch = self.a_batch(25, use_before=add_days(today(), 30))
		pdf = voucher_sheets.render(batch.name, "A4")
		self.assertEqual(2, len(pypdfium2.PdfDocument(pdf)))
		self.assertEqual((48, 2), (len(scan(pdf)), len(scan(pdf, page=1))))

	def test_thermal_paper_gets_one_voucher_a_cut(self):
		batch = self.a_batch(3, use_before=add_days(today(), 30))
		for layout, width in (("80 mm", 80), ("58 mm", 58)):
			with self.subTest(layout):
				pdf = voucher_sheets.render(batch.name, layout)
				self.assertEqual(3, len(pypdfium2.PdfDocument(pdf)))
				self.assertEqual(width, size_mm(pdf)[0])
				self.assertEqual(2, len(scan(pdf)))
				self.assertEqual(
					{self.link(code) for code in self.codes_of(batch)},
					{text for page in range(3) for text in scan(pdf, page) if text.startswith("http")},
				)

	def test_a_card_says_what_it_gives_in_english_and_swahili(self):
		batch = self.a_batch(1)
		(code,) = self.codes_of(batch)
		text = words(voucher_sheets.render(batch.name, "80 mm"))
		for expected in (
			self.package.name,
			f"{code[:4]}-{code[4:8]}-{code[8:]}",
			"24 hours · 1 hour online · 1.5 GB · 2 devices",
			"saa 24 · saa 1 mtandaoni · GB 1.5 · vifaa 2",
			"Jiunge na Wi-Fi",
			SSID,
			PASSWORD,
		):
			with self.subTest(expected):
				self.assertIn(expected, " ".join(text.split()))

	def test_names_are_text_and_never_markup(self):
		frappe.db.set_value("MikroTik Settings", self.router.name, "wifi_name", "<b onload=x>&amp;")
		batch = self.a_batch(1)
		(card,) = voucher_cards.of_names(frappe.get_all(VOUCHER, {"batch": batch.name}, pluck="name"))
		for layout in voucher_sheets.LAYOUTS.values():
			page = voucher_sheets.html([card], layout)
			self.assertNotIn("<b onload", page)
			self.assertIn("&lt;b onload=x&gt;&amp;amp;", page)

	def test_a_sheet_fetches_nothing_whatever_it_names(self):
		with a_listener() as (address, asked):
			pdf = voucher_sheets.to_pdf(
				f"<img src='{address}/img'><link rel=stylesheet href='{address}/css'><iframe src='{address}/'></iframe>"
				f"<img src='file:///etc/hostname'><style>@import url({address}/import);</style>"
			)
		self.assertTrue(pdf.startswith(b"%PDF"))
		self.assertEqual([], asked)

	def test_without_a_login_page_the_code_itself_is_scanned(self):
		frappe.db.set_value("MikroTik Settings", self.router.name, {"hotspot_address": "", "wifi_name": ""})
		batch = self.a_batch(1)
		self.assertEqual(self.codes_of(batch), scan(voucher_sheets.render(batch.name, "58 mm")))

	def test_a_large_batch_is_printed_in_parts(self):
		batch = self.a_batch(5)
		codes = self.codes_of(batch)
		parts = [voucher_sheets.render(batch.name, "A4", first, 2) for first in (1, 3, 5)]
		found = [{text for text in scan(part) if text.startswith("http")} for part in parts]
		self.assertEqual([2, 2, 1], [len(part) for part in found])
		self.assertEqual({self.link(code) for code in codes}, set.union(*found))
		with self.assertRaises(VoucherError):
			voucher_sheets.render(batch.name, "A4", first=6)

	def test_used_and_void_vouchers_are_not_printed(self):
		batch = self.a_batch(2)
		name = frappe.db.get_value(VOUCHER, {"batch": batch.name}, order_by="name")
		frappe.db.set_value(VOUCHER, name, "status", "Void")
		self.assertEqual(1, voucher_sheets.printable(batch.name))
		self.assertNotIn(
			self.link(frappe.db.get_value(VOUCHER, name, "code")),
			scan(voucher_sheets.render(batch.name, "A4")),
		)

	def test_an_unknown_sheet_is_refused(self):
		with self.assertRaises(VoucherError):
			voucher_sheets.render(self.a_batch(1).name, "A3")

	def test_a_thousand_vouchers_fit_on_42_pages(self):
		pdf = voucher_sheets.render(self.a_batch(1000).name, "A4")
		self.assertEqual(42, len(pypdfium2.PdfDocument(pdf)))


class ReceiptTestCase(PrintTestCase):
	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		frappe.local.conf.host_name = cls.serve_assets()

	@classmethod
	def serve_assets(cls) -> str:
		"""Frappe's style of prints, where its assets are built; else an empty one. wkhtmltopdf gives up without."""
		none = Response("", content_type="text/css")
		assets = SharedDataMiddleware(none, {"/assets": os.path.join(frappe.local.sites_path, "assets")})
		server = make_server("127.0.0.1", 0, assets, threaded=True)
		threading.Thread(target=server.serve_forever, daemon=True).start()
		cls.addClassCleanup(server.shutdown)
		return f"http://127.0.0.1:{server.server_port}"

	def sold_links(self, doctype: str, name: str) -> set[str]:
		codes = frappe.get_all(VOUCHER, {"sale_doctype": doctype, "sale_name": name}, pluck="code")
		return {self.link(code) for code in codes}

	def receipt(self, doctype: str, name: str, print_format: str) -> bytes:
		needs_wkhtmltopdf(self)
		return frappe.get_print(doctype, name, print_format, as_pdf=True, no_letterhead=1)


class TestReceipts(ReceiptTestCase):
	def pos_invoice(self, pieces: int):
		line = voucher_books.Line(self.package.name, pieces, self.package.price)
		invoice = voucher_books.new_invoice(
			voucher_books.walk_in_customer(), self.router.name, [line], "at the till"
		)
		invoice.is_pos = 1
		invoice.append("payments", {"mode_of_payment": "Cash", "amount": pieces * self.package.price})
		invoice.insert()
		invoice.submit()
		return invoice

	def test_a_sales_invoices_receipt_logs_in_with_each_voucher_that_it_sold(self):
		invoice = self.pos_invoice(3)
		pdf = self.receipt("Sales Invoice", invoice.name, "Hotspot Receipt")
		self.assertEqual(80, size_mm(pdf)[0])
		self.assertEqual(1, len(pypdfium2.PdfDocument(pdf)))
		found = scan(pdf)
		self.assertEqual(
			self.sold_links("Sales Invoice", invoice.name) | {links.wifi_join(SSID, PASSWORD)}, set(found)
		)
		text = " ".join(words(pdf).split())
		for expected in (invoice.name, SSID, "60", "Cash"):
			self.assertIn(expected, text)

	def test_a_voucher_that_was_taken_back_is_on_no_receipt(self):
		invoice = self.pos_invoice(1)
		make_sales_return(invoice.name).insert().submit()
		self.assertEqual([], scan(self.receipt("Sales Invoice", invoice.name, "Hotspot Receipt")))

	def test_the_tills_own_print_logs_in_too(self):
		name = till.sell_for_cash(self.package.name, self.router.name)
		pdf = self.receipt(VOUCHER, name, "Hotspot Voucher")
		code, invoice = frappe.db.get_value(VOUCHER, name, ["code", "sale_name"])
		self.assertEqual({self.link(code), links.wifi_join(SSID, PASSWORD)}, set(scan(pdf)))
		self.assertIn(invoice, words(pdf))
		self.assertEqual(1, len(pypdfium2.PdfDocument(pdf)))

	def test_sellers_print_what_they_sold(self):
		seller = Visitor(self.web.url, a_user_of_one_router(self.router.name, "ISP Staff"))
		sale = seller.api(
			"vouchers.sell_for_cash", package=self.package.name, router=self.router.name
		).json()["message"]
		page = seller.http.get(
			f"{self.web.url}/printview",
			params={"doctype": VOUCHER, "name": sale["name"], "format": "Hotspot Voucher"},
			timeout=60,
		)
		self.assertEqual(200, page.status_code)
		self.assertIn(sale["code_shown"], page.text)
		self.assertIn("data:image/png;base64,", page.text)

	def test_a_template_shows_its_reader_no_foreign_codes(self):
		invoice = self.pos_invoice(1)
		voucher = frappe.db.get_value(VOUCHER, {"sale_name": invoice.name})
		batch = self.a_batch(1)
		unsold = frappe.db.get_value(VOUCHER, {"batch": batch.name})
		template = "{{ hotspot_vouchers_sold('Sales Invoice', invoice) }} {{ hotspot_voucher_card(voucher) }}"
		with self.set_user(a_user("Customer")):
			self.assertEqual(
				"[] None", frappe.render_template(template, {"invoice": invoice.name, "voucher": voucher})
			)
		with self.set_user(a_user("ISP Staff")):
			self.assertEqual(
				"None", frappe.render_template("{{ hotspot_voucher_card(name) }}", {"name": unsold})
			)


class TestReceiptOfThePointOfSale(ReceiptTestCase):
	writes = "POS Invoice"

	def sell(self, pieces: int):
		till_of = test_pos.TestPointOfSale
		till_of.choose_mode(self)
		self.profile = till_of.a_profile(self)
		opening = {
			"doctype": "POS Opening Entry",
			"company": COMPANY,
			"pos_profile": self.profile,
			"user": "Administrator",
			"period_start_date": now_datetime(),
			"posting_date": today(),
			"balance_details": [{"mode_of_payment": "Cash", "opening_amount": 0}],
		}
		frappe.get_doc(opening).insert().submit()
		self.addCleanup(till_of.close_openings, self)
		return till_of.sell(self, pieces)

	def test_it_logs_in_with_each_voucher(self):
		invoice = self.sell(2)
		pdf = self.receipt("POS Invoice", invoice.name, "Hotspot POS Receipt")
		self.assertEqual((80, 1), (size_mm(pdf)[0], len(pypdfium2.PdfDocument(pdf))))
		links_found = {text for text in scan(pdf) if text.startswith("http")}
		self.assertEqual(2, len(links_found))
		self.assertEqual(self.sold_links("POS Invoice", invoice.name), links_found)
		self.assertIn(invoice.name, words(pdf))
