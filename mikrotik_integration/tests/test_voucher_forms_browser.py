"""Managers at the desk: batches, the import, a voucher's form, packages, reports."""

import base64
import json

import frappe
from frappe.utils import now_datetime

from mikrotik_integration.services import till
from mikrotik_integration.services.vouchers import VOUCHER
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_forms_browser import BrowserTestCase
from mikrotik_integration.tests.visitors import a_user

BATCH = "Hotspot Voucher Batch"


class VoucherFormTestCase(BrowserTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.package = factories.a_package(data_quota_mb=500, device_limit=2)
		frappe.db.set_value("MikroTik Settings", self.router.name, "hotspot_address", "wifi.shop.lan")
		frappe.db.commit()
		self.log_in(a_user("ISP Manager", "Accounts User"))

	def see(self, selector: str, words: str) -> None:
		self.browser.wait(
			f"[...document.querySelectorAll({json.dumps(selector)})]"
			f".some((one) => one.innerText.includes({json.dumps(words)}))"
		)

	def fill(self, fieldname: str, value: str) -> None:
		"""A field of the open dialog."""
		self.browser.wait(f"!!window.cur_dialog?.fields_dict[{json.dumps(fieldname)}]")
		self.browser.run(f"cur_dialog.set_value({json.dumps(fieldname)}, {json.dumps(value)})")

	def buttons(self) -> str:
		return self.browser.wait(
			"[...document.querySelectorAll('.page-actions .btn')].map((one) => one.innerText).join('|')"
		)


class TestBatchForm(VoucherFormTestCase):
	def a_batch(self, quantity: int):
		batch = frappe.get_doc(
			{
				"doctype": BATCH,
				"internet_plan": self.package.name,
				"mikrotik_settings": self.router.name,
				"quantity": quantity,
			}
		).insert()
		frappe.db.commit()
		return batch

	def open(self, batch) -> None:
		self.browser.open(f"{self.base}/app/hotspot-voucher-batch/{batch.name}", ".form-layout")

	def test_progress_is_shown_until_the_vouchers_are_made(self):
		batch = self.a_batch(30)
		self.open(batch)
		self.see(".progress-area", "0 of 30 vouchers made")
		self.work()
		self.see("[data-fieldname=summary]", "Available: 30")
		self.see(".page-actions", "Print Sheets")

	def test_sheets_are_offered_in_parts(self):
		batch = self.a_batch(3)
		self.work()
		self.open(batch)
		self.browser.click(".page-actions button", "Print Sheets")
		self.see(".modal.show", "Of 3; at most 1000 at once")

	def test_a_batch_is_sold_to_a_customer(self):
		batch = self.a_batch(3)
		self.work()
		customer = factories.a_customer().name
		frappe.db.commit()
		self.open(batch)
		self.browser.click(".page-actions button", "Sell Batch")
		self.fill("customer", customer)
		self.browser.click(".modal.show .btn-modal-primary", "Sell")
		self.see("[data-fieldname=summary]", "Pending: 3")
		frappe.db.rollback()
		self.assertTrue(frappe.db.get_value(BATCH, batch.name, "sales_invoice"))


class TestImportDialog(VoucherFormTestCase):
	def open(self, source: str) -> None:
		self.browser.open(f"{self.base}/app/hotspot-voucher-batch", ".page-actions")
		self.browser.click(".page-actions button", "Import Codes")
		self.fill("from", source)
		self.fill("router", self.router.name)

	def choose_file(self, text: str) -> None:
		content = base64.b64encode(text.encode()).decode()
		self.browser.run(
			"(() => { const box = new DataTransfer();"
			f" box.items.add(new File([atob({json.dumps(content)})], 'codes.csv'));"
			" document.querySelector('.modal.show input[type=file]').files = box.files; })()"
		)

	def test_what_is_wrong_is_shown_before_anything_is_taken_in(self):
		prefix = frappe.generate_hash(length=8)
		self.open("A file (CSV)")
		self.choose_file(f"code,package\n{prefix}1,{self.package.name}\n{prefix}2,<b>none</b>\n")
		self.browser.click(".modal.show .btn-modal-primary", "Look")
		self.see(".modal.show .import-counts", "1 codes can be taken in")
		self.see(".modal.show td", "<b>none</b>")
		self.assertFalse(frappe.db.exists(VOUCHER, {"code": f"{prefix}1"}))
		self.browser.click(".modal.show .btn-modal-primary", "Import 1 Codes")
		self.browser.wait("!document.querySelector('.modal.show')")
		self.work()
		self.assertEqual("Pending", frappe.db.get_value(VOUCHER, {"code": f"{prefix}1"}, "status"))

	def test_codes_come_from_the_router_itself(self):
		self.sim.run("/ip/hotspot/user/add", name="byhand23", password="byhand23")
		self.open("The router's own hotspot users")
		self.fill("package", self.package.name)
		self.browser.click(".modal.show .btn-modal-primary", "Look")
		self.see(".modal.show .import-counts", "1 codes can be taken in")


class TestVoucherForm(VoucherFormTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.voucher = till.sell_for_cash(self.package.name, self.router.name)
		frappe.db.commit()
		self.work()

	def open(self) -> None:
		self.browser.open(f"{self.base}/app/hotspot-voucher/{self.voucher}", ".voucher-state")

	def test_what_is_left_is_said(self):
		voucher = frappe.get_doc(VOUCHER, self.voucher)
		voucher.update({"first_login": now_datetime(), "used_bytes": 100_000_000, "used_seconds": 600})
		voucher.save()
		frappe.db.commit()
		self.open()
		for words in ("In use until", "400 of 500 MB left", "50 of 60 minutes online left"):
			self.see(".voucher-state", words)
		self.assertNotIn("Void", self.buttons())

	def test_the_code_is_shown_large_with_its_qr(self):
		self.open()
		self.browser.click(".page-actions button", "Code and QR")
		code = frappe.db.get_value(VOUCHER, self.voucher, "code")
		self.see(".modal.show .voucher-code", code[:4])
		self.assertGreater(
			self.browser.wait("document.querySelector('.voucher-code img')?.naturalWidth"), 100
		)

	def test_a_manager_takes_it_back_with_a_reason(self):
		self.open()
		self.browser.click(".page-actions button", "Void")
		self.fill("reason", "sold by mistake")
		self.browser.click(".modal.show .btn-modal-primary", "Void")
		self.see(".voucher-state", "Void: sold by mistake")
		frappe.db.rollback()
		self.assertEqual("Void", frappe.db.get_value(VOUCHER, self.voucher, "status"))


class TestPages(VoucherFormTestCase):
	def test_lists_reports_and_workspace_open_without_an_error(self):
		till.sell_for_cash(self.package.name, self.router.name)
		frappe.db.commit()
		pages = {
			f"internet-plan/{self.package.name}": ".form-message",
			"hotspot-voucher": ".list-row .indicator-pill",
			"hotspot-voucher-batch": ".page-actions",
			"hotspot-purchase": ".page-head",
			"query-report/Voucher Sales": ".report-summary",
			"query-report/Unused Vouchers": ".page-form",
			"internet-service": ".number-widget-box",
		}
		for page, element in pages.items():
			with self.subTest(page):
				self.browser.open(f"{self.base}/app/{page}", element)

	def test_a_package_says_what_it_sells(self):
		self.browser.open(f"{self.base}/app/internet-plan/{self.package.name}", ".form-message")
		self.see(".form-message", "1 days from the first login")
		self.see(".form-message", "2 devices")
