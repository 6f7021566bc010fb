"""Reports of vouchers: what they add up to, and whom they show it to."""

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return
from frappe.desk.query_report import run
from frappe.utils import add_days, add_to_date, flt, formatdate, getdate, now_datetime, today

from mikrotik_integration.services import (
	batches,
	daily_invoices,
	deferred,
	till,
	voucher_books,
	voucher_sales,
	vouchers,
)
from mikrotik_integration.services.vouchers import VOUCHER
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import a_user, a_user_of_one_router, limit_to_router

SALES, UNUSED = "Voucher Sales", "Unused Vouchers"


class VoucherReportTestCase(ServiceTestCase):
	"""One router; every report is limited to it, so that other tests' vouchers do not count."""

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.package = factories.a_package(use_within_days=10)
		frappe.db.commit()

	def as_settings(self, **values) -> None:
		before = {field: frappe.db.get_single_value("ISP Settings", field) for field in values}
		self._set(values)
		self.addCleanup(self._set, before)

	@staticmethod
	def _set(values: dict) -> None:
		frappe.db.rollback()
		frappe.db.set_single_value("ISP Settings", values)
		frappe.db.commit()
		frappe.clear_document_cache("ISP Settings", "ISP Settings")

	def report(self, name: str, **filters) -> dict:
		return run(name, filters={"router": self.router.name, **filters})

	def rows(self, name: str, **filters) -> list[dict]:
		return [row for row in self.report(name, **filters)["result"] if isinstance(row, dict)]

	def sell(self, package=None) -> str:
		return till.sell_for_cash((package or self.package).name, self.router.name)

	def a_batch(self, quantity: int, package=None, **values):
		batch = frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": (package or self.package).name,
				"mikrotik_settings": self.router.name,
				"quantity": quantity,
				**values,
			}
		).insert()
		batches.make(batch.name)
		return batch

	@staticmethod
	def change(name: str, **facts) -> None:
		"""What happened to a voucher; what it is follows."""
		voucher = vouchers.locked(name)
		voucher.update(facts)
		voucher.save()

	@staticmethod
	def summary(report: dict) -> dict:
		return {entry["label"]: entry["value"] for entry in report["report_summary"]}


class TestVoucherSales(VoucherReportTestCase):
	def test_money_agrees_with_the_invoices(self):
		dear = factories.a_package(price=50)
		names = [self.sell(), self.sell(), self.sell(dear)]
		customer = factories.a_customer().name
		batch = self.a_batch(4)
		invoices = [frappe.db.get_value(VOUCHER, name, "sale_name") for name in names]
		invoices.append(batches.sell(batch.name, customer))
		total = sum(frappe.db.get_value("Sales Invoice", name, "base_grand_total") for name in invoices)
		report = self.report(SALES)
		summary = self.summary(report)
		self.assertEqual(2 * 20 + 50 + 4 * 20, total)
		self.assertEqual((total, 7, 0), (summary["Money"], summary["Vouchers Sold"], summary["Difference"]))
		self.assertEqual([total], report["chart"]["data"]["datasets"][0]["values"])
		(day,) = report["result"]
		self.assertEqual((formatdate(today()), total, 0), (day["label"], day["invoiced"], day["to_invoice"]))

	def test_the_groups_add_up_to_the_same(self):
		self.sell()
		self.sell(factories.a_package(price=50))
		for group in ("Day", "Package", "Router", "Seller", "Way", "Mode of Payment"):
			with self.subTest(group):
				rows = self.rows(SALES, group_by=group)
				self.assertEqual(70, sum(row["money"] for row in rows))
				self.assertEqual(2, sum(row["sold"] for row in rows))

	def test_sales_that_wait_for_the_days_invoice_are_no_difference(self):
		self.as_settings(voucher_booking="One Invoice per Router and Day")
		self.sell()
		self.sell()
		(row,) = self.rows(SALES)
		self.assertEqual(
			(40, 0, 40, 0), tuple(row[key] for key in ("money", "invoiced", "to_invoice", "difference"))
		)
		daily_invoices.make(self.router.name, getdate())
		(row,) = self.rows(SALES)
		self.assertEqual(
			(40, 40, 0, 0), tuple(row[key] for key in ("money", "invoiced", "to_invoice", "difference"))
		)

	def test_what_was_returned_brought_no_money(self):
		name = self.sell()
		self.sell()
		make_sales_return(frappe.db.get_value(VOUCHER, name, "sale_name")).insert().submit()
		(row,) = self.rows(SALES)
		self.assertEqual((2, 1, 20, 0), (row["sold"], row["voided"], row["money"], row["difference"]))

	def test_what_was_sold_elsewhere_is_counted_and_brought_no_money(self):
		batch = self.a_batch(2)
		for name in frappe.get_all(VOUCHER, {"batch": batch.name}, pluck="name"):
			voucher_sales.mark_sold(name, sold_through="Elsewhere")
		(row,) = self.rows(SALES, group_by="Way")
		self.assertEqual(("Elsewhere", 2, 0), (row["label"], row["sold"], row["money"]))

	def test_used_and_unused_are_told_apart(self):
		used, expired, _unused = self.sell(), self.sell(), self.sell()
		self.change(used, first_login=now_datetime())
		self.change(expired, use_before=add_to_date(now_datetime(), hours=-1))
		(row,) = self.rows(SALES)
		self.assertEqual((1, 1, 1), (row["used"], row["unused"], row["expired"]))

	def test_an_invoice_that_says_another_amount_is_a_difference(self):
		frappe.db.set_value(VOUCHER, self.sell(), "price", 25)
		(row,) = self.rows(SALES)
		self.assertEqual((25, 20, 5), (row["money"], row["invoiced"], row["difference"]))

	def test_what_is_void_and_was_not_credited_is_still_paid_for(self):
		voucher_sales.void(self.sell(), "lost")
		(row,) = self.rows(SALES)
		self.assertEqual(
			(1, 20, 20, 0), tuple(row[key] for key in ("voided", "money", "invoiced", "difference"))
		)

	def test_a_cancelled_sale_brought_no_money(self):
		invoice = frappe.get_doc("Sales Invoice", frappe.db.get_value(VOUCHER, self.sell(), "sale_name"))
		invoice.cancel()
		(row,) = self.rows(SALES)
		self.assertEqual(
			(1, 0, 0, 0), tuple(row[key] for key in ("voided", "money", "invoiced", "difference"))
		)

	def test_a_discount_on_the_whole_sale_is_no_difference(self):
		line = voucher_books.Line(self.package.name, 3, self.package.price)
		invoice = voucher_books.new_invoice(
			voucher_books.walk_in_customer(), self.router.name, [line], "with a discount"
		)
		invoice.update({"is_pos": 1, "apply_discount_on": "Grand Total", "discount_amount": 6})
		invoice.append("payments", {"mode_of_payment": "Cash", "amount": 54})
		invoice.insert().submit()
		(row,) = self.rows(SALES)
		self.assertEqual((54, 54, 0), (row["money"], row["invoiced"], row["difference"]))

	def test_only_what_was_chosen(self):
		dear = factories.a_package(price=50)
		self.sell()
		self.sell(dear)
		self.assertEqual([50], [row["money"] for row in self.rows(SALES, package=dear.name)])
		self.assertEqual([70], [row["money"] for row in self.rows(SALES, seller="Administrator", way="Till")])
		self.assertEqual([], self.rows(SALES, seller="Guest"))
		self.assertEqual([], self.rows(SALES, to_date=add_days(today(), -1)))

	def test_an_unknown_group_is_refused(self):
		with self.assertRaises(frappe.ValidationError):
			self.report(SALES, group_by="code")


class TestUnusedVouchers(VoucherReportTestCase):
	def test_vouchers_near_and_past_their_date_stand_in_its_order(self):
		near, past = self.sell(), self.sell()
		self.change(past, use_before=add_to_date(now_datetime(), days=-2))
		rows = self.rows(UNUSED)
		self.assertEqual(
			[(past, "Past Its Date", -2), (near, "Near Its Date", 10)],
			[(row["voucher"], row["state"], row["days_left"]) for row in rows],
		)

	def test_what_was_used_or_taken_back_is_not_there(self):
		used, void = self.sell(), self.sell()
		self.change(used, first_login=now_datetime())
		voucher_sales.void(void, "lost")
		self.assertEqual([], self.rows(UNUSED))

	def test_a_voucher_without_a_last_day_is_unused_all_the_same_and_stands_last(self):
		endless = factories.a_package()
		forever, near = self.sell(endless), self.sell()
		self.a_batch(1, package=endless)
		report = self.report(UNUSED)
		rows = [row for row in report["result"] if isinstance(row, dict)]
		self.assertEqual((near, "Near Its Date"), (rows[0]["voucher"], rows[0]["state"]))
		self.assertEqual({"No Last Day", "For Sale"}, {row["state"] for row in rows[1:]})
		self.assertEqual([None, None], [row["days_left"] for row in rows[1:]])
		self.assertEqual((3, 2), tuple(self.summary(report)[key] for key in ("Unused", "Without a Last Day")))
		(row,) = self.rows(UNUSED, state="No Last Day")
		self.assertEqual(forever, row["voucher"])

	def test_what_was_deferred_is_written_off_when_the_date_is_past(self):
		account = self.liability()
		self.as_settings(deferred_account=account)
		name = self.sell()
		amount = flt(frappe.db.get_value(VOUCHER, name, "deferred_amount"))
		self.assertEqual(20, amount)
		self.assertEqual(20, self.summary(self.report(UNUSED))["Deferred"])
		self.change(name, use_before=add_to_date(now_datetime(), hours=-1))
		self.assertEqual(20, self.summary(self.report(UNUSED))["To Be Written Off"])
		deferred.recognise()
		(row,) = self.rows(UNUSED)
		self.assertEqual(("Written Off", 0, 20), (row["state"], row["deferred"], row["written_off"]))
		self.assertEqual(1, frappe.db.get_value("Journal Entry", row["recognised_in"], "docstatus"))

	def test_cards_that_should_be_sold_in_time_are_for_managers(self):
		self.a_batch(2, use_before=add_days(today(), 5))
		self.assertEqual(["For Sale"] * 2, [row["state"] for row in self.rows(UNUSED)])
		frappe.set_user(a_user_of_one_router(self.router.name, "ISP Staff"))
		self.assertEqual([], self.rows(UNUSED))

	def test_no_code_is_in_the_report(self):
		code = frappe.db.get_value(VOUCHER, self.sell(), "code")
		self.assertNotIn(code, frappe.as_json(self.report(UNUSED)))
		self.assertNotIn(code, frappe.as_json(self.report(SALES)))

	def test_only_the_state_that_was_chosen(self):
		self.sell()
		self.assertEqual(1, len(self.rows(UNUSED, state="Near Its Date")))
		self.assertEqual([], self.rows(UNUSED, state="Past Its Date"))

	@staticmethod
	def liability() -> str:
		company = frappe.db.get_single_value("ISP Settings", "company")
		parent = frappe.db.get_value(
			"Account", {"company": company, "root_type": "Liability", "is_group": 1}, order_by="lft desc"
		)
		name = f"Vouchers not used {frappe.generate_hash(length=5)}"
		account = {"doctype": "Account", "account_name": name, "company": company, "parent_account": parent}
		name = frappe.get_doc(account).insert().name
		frappe.db.commit()
		return name


class TestWhoMaySee(VoucherReportTestCase):
	def test_the_shop_sees_no_money_and_accountants_see_all(self):
		sees = {
			"ISP Staff": {UNUSED},
			"ISP Manager": {UNUSED, SALES},
			"ISP Administrator": {UNUSED, SALES},
			"Accounts User": {UNUSED, SALES},
			"Customer": set(),
		}
		for role, allowed in sees.items():
			for name in (SALES, UNUSED):
				with self.subTest(role=role, report=name):
					self.assertEqual(name in allowed, self.may_run(name, a_user(role)))

	def test_staff_limited_to_one_router_see_nothing_of_another(self):
		self.sell()
		frappe.db.commit()
		other = factories.a_router(self.another_router())
		user = a_user("ISP Manager")
		limit_to_router(user, other.name)
		frappe.set_user(user)
		for name in (SALES, UNUSED):
			with self.subTest(name):
				self.assertEqual([], run(name, filters={})["result"])
				with self.assertRaises(frappe.PermissionError):
					run(name, filters={"router": self.router.name})

	def may_run(self, name: str, user: str) -> bool:
		frappe.set_user(user)
		try:
			run(name, filters={"router": self.router.name})
		except frappe.PermissionError:
			return False
		finally:
			frappe.set_user("Administrator")
		return True
