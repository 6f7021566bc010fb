"""Vouchers at ERPNext's point of sale, deferred: the close of the day brings them into the ledger, to the cent."""

import frappe
from frappe.desk.query_report import run

from mikrotik_integration.services import deferred
from mikrotik_integration.tests.test_pos import PosTestCase
from mikrotik_integration.tests.test_voucher_books import VoucherBooksTestCase, vat_in_the_price


class TestCloseOfTheDay(PosTestCase, VoucherBooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.account = self.defer()
		self.vat = vat_in_the_price()

	def sell(self, pieces: int = 1, **values):
		return super().sell(pieces, taxes_and_charges=self.vat, **values)

	def give_back(self, invoice, pieces: int):
		return PosTestCase.give_back(self, invoice, pieces)

	def assert_vouchers_owe_what_the_ledger_does(self) -> None:
		self.assertEqual(-self.ledger(self.account), self.owed_in_vouchers(self.account))

	def test_the_vouchers_owe_what_the_merged_invoices_do_and_nothing_is_left(self):
		sales = [self.sell(7), self.sell(3), self.sell(5)]
		self.give_back(sales[0], 2)
		self.use(self.vouchers_of(sales[1])[0])
		deferred.recognise()
		self.assertEqual(0, self.ledger(self.account))  # its sale is not in the ledger yet
		self.close_the_day()
		self.assertLess(self.ledger(self.account), -180)
		self.assert_vouchers_owe_what_the_ledger_does()
		deferred.recognise()
		self.assert_vouchers_owe_what_the_ledger_does()
		for sale in sales:
			for voucher in self.vouchers_of(sale):
				if voucher.status == "Pending":
					self.expire(voucher)
		deferred.recognise()
		self.assertEqual((0, 0), (self.ledger(self.account), self.owed_in_vouchers(self.account)))

	def test_a_return_on_the_next_day_its_close_undone_and_done_again(self):
		sale = self.sell(3)
		self.close_the_day()
		self.opening = self.open_the_till()
		self.give_back(sale, 1)
		again = self.close_the_day()
		self.assert_vouchers_owe_what_the_ledger_does()
		self.undo(again)
		self.opening.reload()
		self.close_the_day()
		self.assert_vouchers_owe_what_the_ledger_does()
		self.assertEqual(1, sum(voucher.status == "Void" for voucher in self.vouchers_of(sale)))
		self.assertEqual(2, sum(voucher.status == "Pending" for voucher in self.vouchers_of(sale)))

	def test_a_close_that_is_undone(self):
		sale = self.sell(3)
		self.give_back(sale, 1)
		self.undo(self.close_the_day())
		self.assertEqual(0, self.ledger(self.account))
		self.assertEqual(2, sum(voucher.status == "Pending" for voucher in self.vouchers_of(sale)))

	def undo(self, closing) -> None:
		closing.reload()
		closing.cancel()
		frappe.db.commit()
		self.work()

	def test_its_revenue_is_of_the_kiosks_router(self):
		self.give_back(self.sell(5), 2)
		self.close_the_day()
		rows = run("Internet Revenue", filters={"router": self.router.name, "group_by": "Router"})["result"]
		(row,) = (row for row in rows if isinstance(row, dict))
		self.assertEqual((self.router.name, 3, 51.73), (row["label"], row["vouchers"], round(row["net"], 2)))
