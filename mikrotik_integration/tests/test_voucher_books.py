"""Vouchers in the ledger: tax, deferred revenue, days, undoing. Every story ends with the ledger to the cent."""

from datetime import date, datetime
from decimal import Decimal

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return
from frappe.utils import add_days, add_to_date, flt, get_datetime, getdate, now_datetime, today
from frappe.utils.background_jobs import get_queue

from mikrotik_integration import demo_company as site
from mikrotik_integration.exceptions import SubscriptionError, VoucherError
from mikrotik_integration.services import (
	daily_invoices,
	deferred,
	periods,
	provisioning,
	purchases,
	till,
	voucher_books,
	voucher_sales,
	vouchers,
)
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_vouchers import VoucherTestCase
from mikrotik_integration.tests.visitors import a_user

VOUCHER = "Hotspot Voucher"
DAY_BY_DAY = "One Invoice per Router and Day"


def an_account(title: str, root_type: str, account_type: str = "") -> str:
	"""An account of the company that no other test books on."""
	parent = frappe.db.get_value(
		"Account",
		{"company": site.COMPANY, "root_type": root_type, "is_group": 1, "parent_account": ("is", "set")},
		order_by="lft desc",
	)
	return (
		frappe.get_doc(
			{
				"doctype": "Account",
				"account_name": factories.unique(title),
				"company": site.COMPANY,
				"parent_account": parent,
				"account_type": account_type,
				"account_currency": "KES",
			}
		)
		.insert()
		.name
	)


def vat_in_the_price() -> str:
	"""A tax template: 16 % that are part of the price."""
	row = {
		"charge_type": "On Net Total",
		"account_head": an_account("VAT", "Liability", "Tax"),
		"description": "VAT 16%",
		"rate": 16,
		"included_in_print_rate": 1,
	}
	title = factories.unique("VAT")
	template = {"doctype": "Sales Taxes and Charges Template", "title": title, "company": site.COMPANY}
	return frappe.get_doc({**template, "taxes": [row]}).insert().name


class VoucherBooksTestCase(VoucherTestCase):
	"""A walk-in customer of this test's own, so that what guests owe is what this test did."""

	def setUp(self) -> None:
		super().setUp()
		self.guest = factories.a_customer().name
		self.use_settings(voucher_customer=self.guest)

	def defer(self) -> str:
		account = an_account("Deferred", "Liability")
		self.use_settings(deferred_account=account)
		return account

	def owed_in_vouchers(self, account: str) -> float:
		"""What the vouchers say is still to be earned of an account."""
		rows = frappe.get_all(
			VOUCHER,
			{"deferred_account": account, "recognised_in": ("is", "not set")},
			pluck="deferred_amount",
			limit=0,
		)
		return flt(sum(rows), 2)

	def assert_guests_owe(self, amount) -> None:
		self.assertEqual(Decimal(str(amount)), self.receivable_of(self.guest))

	def use(self, voucher) -> None:
		frappe.db.set_value(VOUCHER, voucher.name, "first_login", now_datetime())
		frappe.get_doc(VOUCHER, voucher.name).save()

	def expire(self, voucher) -> None:
		frappe.db.set_value(VOUCHER, voucher.name, "use_before", add_to_date(now_datetime(), days=-1))
		frappe.get_doc(VOUCHER, voucher.name).save()

	def give_back(self, invoice, pieces: int):
		note = make_sales_return(invoice.name)
		note.items[0].qty = -pieces
		if note.payments:
			note.payments[0].amount = -pieces * note.items[0].rate
		note.insert().submit()
		frappe.db.commit()
		return note

	def cash_sales(self, *moments: datetime, price: float = 20) -> list[str]:
		"""Vouchers that a till sold for cash at these moments, not invoiced yet."""
		names = voucher_sales.sell(
			self.package, self.router, len(moments), sold_through="Till", mode_of_payment="Cash", price=price
		)
		for name, moment in zip(names, moments, strict=True):
			frappe.db.set_value(VOUCHER, name, "sold_on", moment)
		frappe.db.commit()
		return names

	def a_day_invoice(self, day: date | None = None):
		name = daily_invoices.make(self.router.name, day or getdate())
		frappe.db.commit()
		return frappe.get_doc("Sales Invoice", name)

	def cash_entries(self) -> list[float]:
		return frappe.get_all(
			"Payment Entry",
			{"party": self.guest, "docstatus": 1, "mode_of_payment": "Cash"},
			pluck="paid_amount",
			order_by="posting_date",
		)


class TestDeferredToTheCent(VoucherBooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.account = self.defer()
		self.use_settings(taxes_and_charges=vat_in_the_price(), breakage_account=None)

	def assert_vouchers_owe_what_the_ledger_does(self) -> None:
		self.assertEqual(flt(-self.ledger(self.account), 2), self.owed_in_vouchers(self.account))

	def test_the_pieces_of_a_sale_add_up(self):
		for price, pieces in ((100, 3), (20, 7), (0.05, 3), (99.99, 11)):
			with self.subTest(price=price, pieces=pieces):
				self.till_sale(pieces=pieces, package=factories.a_package(price=price))
				self.assert_vouchers_owe_what_the_ledger_does()

	def test_a_box_of_ten_is_ten_vouchers_of_a_tenth(self):
		item = frappe.get_doc("Item", self.package.item)
		item.append("uoms", {"uom": "Box", "conversion_factor": 10})
		item.save()
		invoice = self.till_sale(submit=False)
		invoice.items[0].update({"uom": "Box", "conversion_factor": 10})
		invoice.save().submit()
		sold = self.vouchers_of(invoice)
		self.assertEqual((10, {2.0}), (len(sold), {voucher.price for voucher in sold}))
		self.assert_vouchers_owe_what_the_ledger_does()

	def test_a_batch_adds_up_and_its_return_too(self):
		batch = self.a_batch(7)
		invoice = frappe.get_doc("Sales Invoice", batch.sell(self.guest))
		self.assert_vouchers_owe_what_the_ledger_does()
		self.give_back(invoice, 3)
		self.assert_vouchers_owe_what_the_ledger_does()

	def test_a_day_adds_up(self):
		self.use_settings(voucher_booking=DAY_BY_DAY)
		self.cash_sales(*[now_datetime()] * 7)
		self.a_day_invoice()
		self.assert_vouchers_owe_what_the_ledger_does()

	def test_used_returned_and_expired_leave_nothing(self):
		invoice = self.till_sale(pieces=7)
		used, *others = self.vouchers_of(invoice)
		self.use(used)
		deferred.recognise()
		self.give_back(invoice, 3)
		self.assert_vouchers_owe_what_the_ledger_does()
		for voucher in others:
			if frappe.db.get_value(VOUCHER, voucher.name, "status") == "Pending":
				self.expire(voucher)
		deferred.recognise()
		self.assertEqual((0, 0), (self.ledger(self.account), self.owed_in_vouchers(self.account)))

	def test_the_last_cent_of_a_return_is_not_left_behind(self):
		"""Of 7 x 20 with 16 % VAT the parts are 17.24 and 17.25; what comes back is credited as 2 x 17.24."""
		invoice = self.till_sale(pieces=7)
		sold = self.vouchers_of(invoice)
		for voucher in sold[:5]:
			self.use(voucher)
		deferred.recognise()
		self.give_back(invoice, 2)
		deferred.recognise()
		self.assertEqual((0, 0), (self.ledger(self.account), self.owed_in_vouchers(self.account)))

	def test_a_credit_note_that_is_cancelled_brings_the_vouchers_back(self):
		invoice = self.till_sale(pieces=3)
		note = self.give_back(invoice, 2)
		note.reload()
		note.cancel()
		frappe.db.commit()
		self.assertEqual({"Pending"}, {voucher.status for voucher in self.vouchers_of(invoice)})
		self.assert_vouchers_owe_what_the_ledger_does()
		self.work()
		self.assertTrue(all(self.rows(voucher.code) for voucher in self.vouchers_of(invoice)))

	def test_expired_vouchers_are_written_off_once_where_the_settings_say_and_by_router(self):
		breakage = an_account("Breakage", "Income")
		self.use_settings(breakage_account=breakage)
		invoice = self.till_sale(pieces=3)
		owed = -self.ledger(self.account)
		for voucher in self.vouchers_of(invoice):
			self.expire(voucher)
		for _day in range(2):
			deferred.recognise()
		self.assertEqual((0, -owed), (self.ledger(self.account), self.ledger(breakage)))
		entry = frappe.db.get_value(VOUCHER, {"sale_name": invoice.name}, "recognised_in")
		self.assertIn(f"{self.router.name} 3", frappe.db.get_value("Journal Entry", entry, "user_remark"))

	def test_a_sale_whose_revenue_was_made_income_is_not_undone_before_that_is(self):
		invoice = self.till_sale()
		(voucher,) = self.vouchers_of(invoice)
		self.expire(voucher)
		deferred.recognise()
		frappe.db.commit()
		for undo in (lambda: frappe.get_doc("Sales Invoice", invoice.name).cancel(), self.returner(invoice)):
			with self.assertRaises(VoucherError):
				undo()
			frappe.db.rollback()
		voucher.reload()
		frappe.get_doc("Journal Entry", voucher.recognised_in).cancel()
		frappe.get_doc("Sales Invoice", invoice.name).cancel()
		deferred.recognise()
		self.assertEqual((0, 0), (self.ledger(self.account), self.owed_in_vouchers(self.account)))

	def returner(self, invoice):
		return lambda: self.give_back(invoice, 1)

	def test_a_write_off_that_was_cancelled_is_made_again_and_not_amended(self):
		invoice = self.till_sale(pieces=2)
		for voucher in self.vouchers_of(invoice):
			self.expire(voucher)
		deferred.recognise()
		entry = frappe.get_doc(
			"Journal Entry", frappe.db.get_value(VOUCHER, {"sale_name": invoice.name}, "recognised_in")
		)
		entry.cancel()
		amended = frappe.copy_doc(entry)
		amended.amended_from = entry.name
		with self.assertRaises(frappe.ValidationError):
			amended.insert().submit()
		frappe.clear_last_message()
		deferred.recognise()
		self.assertEqual(0, self.ledger(self.account))

	def test_an_invoice_that_sells_no_vouchers_defers_nothing(self):
		line = voucher_books.Line(self.package.name, 2, 20)
		invoice = voucher_books.new_invoice(self.guest, self.router.name, [line], "by hand")
		by_hand = frappe.get_doc(invoice.as_dict()).insert()
		by_hand.submit()
		self.assertEqual([], self.vouchers_of(by_hand))
		self.assertEqual(0, self.ledger(self.account))

	def test_a_return_goes_where_the_sale_went(self):
		self.use_settings(deferred_account=None)
		invoice = self.till_sale()
		self.use_settings(deferred_account=self.account)
		self.give_back(invoice, 1)
		self.assertEqual(0, self.ledger(self.account))
		deferring = self.till_sale()
		self.use_settings(deferred_account=None)
		self.give_back(deferring, 1)
		self.assertEqual(0, self.ledger(self.account))

	def test_what_was_voided_is_owed_until_it_is_credited(self):
		invoice = self.till_sale(pieces=2)
		voided, other = self.vouchers_of(invoice)
		voucher_sales.void(voided.name, "printed badly")
		self.expire(voided)
		deferred.recognise()
		self.assert_vouchers_owe_what_the_ledger_does()
		self.give_back(invoice, 1)
		self.assertEqual("Pending", frappe.db.get_value(VOUCHER, other.name, "status"))
		self.assert_vouchers_owe_what_the_ledger_does()
		self.use(other)
		deferred.recognise()
		self.assertEqual(0, self.ledger(self.account))

	def a_batch(self, quantity: int):
		self.package = factories.a_package(codes_from="Pool")
		batch = frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": self.package.name,
				"mikrotik_settings": self.router.name,
				"quantity": quantity,
			}
		).insert()
		frappe.db.commit()
		self.work()
		batch.reload()
		return batch


class TestUndoing(VoucherBooksTestCase):
	def test_a_batch_on_credit_is_owed_and_cancelled_it_is_not(self):
		batch = TestDeferredToTheCent.a_batch(self, 30)
		invoice = frappe.get_doc("Sales Invoice", batch.sell(self.guest))
		frappe.db.commit()
		self.assert_guests_owe(600)
		self.work()
		invoice.cancel()
		frappe.db.commit()
		self.assertEqual(1, len([job for job in self.jobs() if job.endswith("push_owners")]))
		self.assert_guests_owe(0)
		self.assertEqual({"Void"}, {voucher.status for voucher in self.vouchers_of(invoice)})

	def jobs(self) -> list[str]:
		return [
			job.kwargs["kwargs"].get("function", "")
			for queue in ("short", "default", "long")
			for job in get_queue(queue).jobs
			if job.kwargs.get("site") == frappe.local.site
		]

	def test_a_voided_voucher_can_be_credited_and_takes_no_other_with_it(self):
		invoice = self.till_sale(pieces=2)
		kept, voided = self.vouchers_of(invoice)
		voucher_sales.void(voided.name, "lost")
		self.give_back(invoice, 1)
		self.assertEqual("Pending", frappe.db.get_value(VOUCHER, kept.name, "status"))
		self.give_back(invoice, 1)
		self.assertEqual("Void", frappe.db.get_value(VOUCHER, kept.name, "status"))
		with self.assertRaises(frappe.ValidationError):
			self.give_back(invoice, 1)

	def test_an_amended_sale_at_the_till_sells_new_vouchers(self):
		invoice = self.till_sale(pieces=2)
		invoice.reload()
		invoice.cancel()
		amended = frappe.copy_doc(invoice)
		amended.amended_from = invoice.name
		amended.insert().submit()
		self.assertEqual({"Void"}, {voucher.status for voucher in self.vouchers_of(invoice)})
		self.assertEqual(["Pending"] * 2, [voucher.status for voucher in self.vouchers_of(amended)])
		self.assert_guests_owe(0)

	def test_the_price_on_a_voucher_is_what_was_paid_for_it(self):
		for values, price in (
			({"additional_discount_percentage": 10}, 18),
			({"apply_discount_on": "Net Total", "discount_amount": 5}, 17.5),
		):
			with self.subTest(values):
				invoice = self.till_sale(pieces=2, submit=False)
				invoice.update(values)
				invoice.payments[0].amount = 2 * price
				invoice.save().submit()
				self.assertEqual([price] * 2, [voucher.price for voucher in self.vouchers_of(invoice)])

	def test_a_sale_in_another_currency_is_kept_in_the_companys(self):
		frappe.db.set_single_value(
			"Accounts Settings", "allow_multi_currency_invoices_against_single_party_account", 1
		)
		invoice = self.till_sale(submit=False)
		invoice.update({"currency": "USD", "conversion_rate": 130})
		invoice.items[0].rate = invoice.items[0].price_list_rate = 0.5
		invoice.payments[0].amount = 0.5
		invoice.save().submit()
		(voucher,) = self.vouchers_of(invoice)
		self.assertEqual((65, "KES"), (voucher.price, voucher.currency))

	def test_the_mode_of_payment_is_the_one_with_the_money(self):
		invoice = self.till_sale(submit=False)
		invoice.payments[0].amount = 0
		invoice.append("payments", {"mode_of_payment": site.MODE_OF_PAYMENT, "amount": 20})
		invoice.save().submit()
		self.assertEqual(site.MODE_OF_PAYMENT, self.vouchers_of(invoice)[0].mode_of_payment)


class TestDays(VoucherBooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.use_settings(voucher_booking=DAY_BY_DAY)
		daily_invoices.make_due()  # what other tests have left
		self.guest = factories.a_customer().name
		self.use_settings(voucher_customer=self.guest)

	def test_days_that_were_missed_are_each_invoiced_on_their_own_date(self):
		midnight = get_datetime(add_days(today(), -2))
		self.cash_sales(
			add_to_date(midnight, seconds=-1),
			midnight,
			add_to_date(midnight, days=1, seconds=-1),
			add_to_date(midnight, days=1),
			now_datetime(),
		)
		for _again in range(2):
			daily_invoices.make_due()
		found = frappe.get_all(
			"Sales Invoice",
			{"customer": self.guest, "docstatus": 1},
			["posting_date", "grand_total", "outstanding_amount"],
			order_by="posting_date",
		)
		days = [getdate(add_days(today(), back)) for back in (-3, -2, -1)]
		self.assertEqual(
			list(zip(days, (20, 40, 20), (0, 0, 0), strict=True)),
			[(row.posting_date, row.grand_total, row.outstanding_amount) for row in found],
		)
		self.assertEqual([20, 40, 20], self.cash_entries())
		self.assert_guests_owe(0)

	def test_a_closed_period_holds_up_its_own_days_only(self):
		closed, open_day = add_days(today(), -9), add_days(today(), -2)
		self.cash_sales(get_datetime(closed), get_datetime(open_day))
		period = self.close(closed)
		daily_invoices.make_due()
		self.assertEqual([getdate(open_day)], self.invoiced_days())
		frappe.db.delete("Closed Document", {"parent": period})
		daily_invoices.make_due()
		self.assertEqual([getdate(closed), getdate(open_day)], self.invoiced_days())
		self.assert_guests_owe(0)

	def close(self, day: str, doctype: str = "Sales Invoice") -> str:
		period = frappe.get_doc(
			{
				"doctype": "Accounting Period",
				"period_name": factories.unique("Closed"),
				"company": site.COMPANY,
				"start_date": day,
				"end_date": day,
				"closed_documents": [{"document_type": doctype, "closed": 1}],
			}
		).insert()
		self.addCleanup(lambda: (frappe.delete_doc("Accounting Period", period.name), frappe.db.commit()))
		frappe.db.commit()
		return period.name

	def test_a_day_that_cannot_be_invoiced_is_a_task_of_the_accountants_until_it_is(self):
		people = {a_user("Accounts Manager"), a_user("ISP Manager")}
		stranger = a_user("Accounts User")
		closed = add_days(today(), -9)
		self.cash_sales(get_datetime(closed))
		period = self.close(closed)
		for _night in range(2):
			daily_invoices.make_due()
		self.assertEqual(1, self.card())
		tasks = self.tasks()
		told = [task.allocated_to for task in tasks]
		self.assertLessEqual(people, set(told))
		self.assertEqual((len(set(told)), False), (len(told), stranger in told))
		self.assertTrue(all(closed in task.description and "closed" in task.description for task in tasks))
		frappe.db.delete("Closed Document", {"parent": period})
		daily_invoices.make_due()
		self.assertEqual(([], 0), (self.tasks(), self.card()))

	def tasks(self) -> list:
		return frappe.get_all(
			"ToDo",
			{"reference_name": self.router.name, "status": "Open"},
			["allocated_to", "description"],
			order_by="creation",
		)

	def card(self) -> int:
		"""What the workspace counts, of this router."""
		filters = frappe.parse_json(
			frappe.db.get_value("Number Card", "Vouchers Not Invoiced", "filters_json")
		)
		own = [[VOUCHER, "sold_on", "<", today()], [VOUCHER, "mikrotik_settings", "=", self.router.name]]
		return len(frappe.get_all(VOUCHER, filters + own, order_by="name", limit=0))

	def test_the_till_sells_nothing_on_a_day_whose_books_are_closed(self):
		for doctype in ("Sales Invoice", "Payment Entry"):
			with self.subTest(doctype):
				period = self.close(today(), doctype)
				self.assert_sells_nothing("closed Accounting Period")
				frappe.delete_doc("Accounting Period", period)
				frappe.db.commit()
		till.sell_for_cash(self.package.name, self.router.name)

	def test_the_till_sells_nothing_while_the_accounts_are_frozen(self):
		if frappe.get_meta("Company").has_field("accounts_frozen_till_date"):
			frozen = ("Company", site.COMPANY, "accounts_frozen_till_date")
		else:
			frozen = ("Accounts Settings", None, "acc_frozen_upto")
		self.addCleanup(self.set_value, *frozen, None)
		self.set_value(*frozen, today())
		self.assert_sells_nothing("frozen")

	def set_value(self, doctype: str, name: str | None, field: str, value: str | None) -> None:
		if name:
			frappe.db.set_value(doctype, name, field, value)
		else:
			frappe.db.set_single_value(doctype, field, value)
		frappe.clear_document_cache(doctype, name or doctype)
		frappe.db.commit()

	def assert_sells_nothing(self, words: str) -> None:
		before = frappe.db.count(VOUCHER)
		with self.assertRaisesRegex(VoucherError, words):
			till.sell_for_cash(self.package.name, self.router.name)
		with self.assertRaisesRegex(VoucherError, words):
			till.sell_for_mpesa(self.package.name, self.router.name, factories.a_phone())
		with self.assertRaisesRegex(VoucherError, "at present"):
			purchases.start(self.package.name, self.router.name, factories.a_phone())
		frappe.db.rollback()
		self.assertEqual(before, frappe.db.count(VOUCHER))

	def invoiced_days(self) -> list[date]:
		return frappe.get_all(
			"Sales Invoice",
			{"customer": self.guest, "docstatus": 1},
			pluck="posting_date",
			order_by="posting_date",
		)

	def test_a_days_invoice_that_is_cancelled_is_made_again_with_the_money_counted_once(self):
		cash = self.ledger(self.cash_account())
		first, _second, _third = self.cash_sales(*[now_datetime()] * 3)
		invoice = self.a_day_invoice()
		self.assertEqual(cash + 60, self.ledger(self.cash_account()))
		invoice.cancel()
		frappe.db.commit()
		self.assertEqual(cash, self.ledger(self.cash_account()))
		voucher_sales.void(first, "sold by mistake")
		again = self.a_day_invoice()
		self.assertEqual((40, 0), (again.grand_total, again.outstanding_amount))
		self.assertEqual([40], self.cash_entries())
		self.assertEqual(cash + 40, self.ledger(self.cash_account()))
		self.assert_guests_owe(0)

	def cash_account(self) -> str:
		return frappe.get_cached_value("Company", site.COMPANY, "default_cash_account")

	def test_a_days_invoice_is_not_amended(self):
		self.cash_sales(now_datetime())
		invoice = self.a_day_invoice()
		invoice.cancel()
		amended = frappe.copy_doc(invoice)
		amended.amended_from = invoice.name
		with self.assertRaises(frappe.ValidationError):
			amended.insert()

	def test_a_voucher_voided_before_the_invoice_is_not_on_it(self):
		first, _second = self.cash_sales(now_datetime(), now_datetime())
		voucher_sales.void(first, "changed their mind, money given back")
		self.assertEqual(20, self.a_day_invoice().grand_total)
		self.assertEqual([20], self.cash_entries())

	def test_a_credit_note_on_a_day_takes_back_only_what_was_voided(self):
		names = self.cash_sales(*[now_datetime()] * 3)
		invoice = self.a_day_invoice()
		with self.assertRaises(VoucherError):
			self.give_back(invoice, 1)
		frappe.db.rollback()
		voucher_sales.void(names[0], "did not work")
		self.give_back(invoice, 1)
		states = [frappe.db.get_value(VOUCHER, name, "status") for name in names]
		self.assertEqual(["Void", "Pending", "Pending"], states)
		self.assert_guests_owe(-20)

	def test_a_card_from_a_pool_costs_what_the_package_costs_now(self):
		batch = TestDeferredToTheCent.a_batch(self, 1)
		self.package.price = 25
		self.package.save()
		name = till.sell_for_cash(self.package.name, self.router.name)
		voucher = frappe.get_doc(VOUCHER, name)
		self.assertEqual((25, batch.name), (voucher.price, voucher.batch))
		self.assertEqual(25, self.a_day_invoice().grand_total)

	def test_a_free_voucher_gets_no_document(self):
		self.package = factories.a_package(price=0)
		voucher = frappe.get_doc(VOUCHER, till.sell_for_cash(self.package.name, self.router.name))
		self.assertEqual(("Pending", 0, None), (voucher.status, voucher.price, voucher.sale_name))
		self.assertIsNone(daily_invoices.make(self.router.name, getdate()))

	def test_a_free_voucher_for_a_named_customer_gets_one_too(self):
		package = factories.a_package(price=0)
		name = till.sell_for_cash(package.name, self.router.name, customer=self.guest)
		self.assertEqual("Pending", frappe.db.get_value(VOUCHER, name, "status"))
		self.assert_guests_owe(0)


class TestItems(VoucherBooksTestCase):
	def test_a_package_has_an_item_of_its_own(self):
		for values in ({"sold_as_voucher": 1, "time_quota_minutes": 60}, {}):
			with self.subTest(values), self.assertRaises(frappe.ValidationError):
				factories.a_plan(item=self.package.item, **values)
		plan = factories.a_plan()
		with self.assertRaises(frappe.ValidationError):
			factories.a_package(item=plan.item)
		other = factories.a_plan(item=plan.item)
		other.sold_as_voucher = 1
		with self.assertRaises(frappe.ValidationError):
			other.save()

	def test_a_voucher_on_a_subscriptions_invoice_buys_it_no_time(self):
		subscription = factories.a_subscription(self.router)
		line = voucher_books.Line(self.package.name, 1, 20)
		invoice = voucher_books.new_invoice(subscription.customer, self.router.name, [line], "by hand")
		invoice.customer_subscription = subscription.name
		invoice.insert().submit()
		row = frappe.db.get_value("Sales Invoice", invoice.name, periods.INVOICE_FIELDS, as_dict=True)
		self.assertIsNone(periods.time_sold(row, subscription))

	def test_a_subscription_is_not_on_a_package(self):
		with self.assertRaises((frappe.ValidationError, SubscriptionError)):
			factories.a_subscription(self.router, self.package)

	def test_the_deferred_account_is_a_liability_that_needs_no_party(self):
		settings = frappe.get_doc("ISP Settings")
		income = an_account("Income", "Income")
		receivable = frappe.get_cached_value("Company", site.COMPANY, "default_receivable_account")
		payable = frappe.get_cached_value("Company", site.COMPANY, "default_payable_account")
		for field, account in (
			("deferred_account", income),
			("deferred_account", receivable),
			("deferred_account", payable),
			("breakage_account", payable),
		):
			with self.subTest(field=field, account=account), self.assertRaises(frappe.ValidationError):
				settings.reload()
				settings.set(field, account)
				settings.validate()
		settings.reload()
		settings.update({"deferred_account": an_account("Deferred", "Liability"), "breakage_account": income})
		settings.validate()


class TestTime(VoucherBooksTestCase):
	def test_a_voucher_that_expired_unused_is_reported_on_its_form_and_off_the_router(self):
		voucher = self.sell_one()
		self.expire(voucher)
		provisioning.push_router(self.router.name)
		frappe.db.rollback()
		voucher.reload()
		self.assertEqual("Expired", voucher.status)
		self.assertEqual([], vouchers.due())
