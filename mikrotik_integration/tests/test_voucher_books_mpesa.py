"""Vouchers bought with M-PESA, in the ledger: undone, voided, paid back, too little, too much, twice told, killed."""

import os
import subprocess
import sys
import textwrap
import time

import frappe
from frappe.desk.query_report import run
from frappe.utils import add_days, flt, formatdate, now_datetime, today

from mikrotik_integration import demo_company as site
from mikrotik_integration.exceptions import PaymentNotPossible
from mikrotik_integration.services import (
	inbox_queue,
	inbox_worker,
	payments,
	purchases,
	till,
	voucher_sales,
)
from mikrotik_integration.simulators.daraja import Decision, Fate, Kind, Twin
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_killed_worker import SIGKILLED, WORKER
from mikrotik_integration.tests.test_pay_and_go_online import register_urls
from mikrotik_integration.tests.test_voucher_books import DAY_BY_DAY, VOUCHER, VoucherBooksTestCase

PURCHASE, PAYMENT, ENTRY = "Hotspot Purchase", "Subscription Payment", "Payment Entry"


class MpesaBooksTestCase(VoucherBooksTestCase):
	def start(self, decision: Decision = Decision.ACCEPT, held: bool = False) -> str:
		phone = factories.a_phone()
		self.daraja.customer(phone).always(decision)
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		purchase = purchases.start(self.package.name, self.router.name, phone, factories.a_mac()).purchase
		frappe.db.commit()
		if not held:
			self.deliver_callbacks()
		return purchase

	def deliver_callbacks(self) -> None:
		self.daraja.courier.always(Fate(), Kind.STK)
		self.daraja.courier.release()
		self.daraja.settle()

	def buy(self) -> str:
		purchase = self.start()
		self.work()
		return purchase

	def status(self, purchase: str) -> str:
		return frappe.db.get_value(PURCHASE, purchase, "status")

	def payment_of(self, purchase: str):
		return frappe.get_doc(PAYMENT, {"hotspot_purchase": purchase})

	def voucher_of(self, purchase: str):
		return frappe.get_doc(VOUCHER, frappe.db.get_value(PURCHASE, purchase, "hotspot_voucher"))

	def pay_back(self, purchase: str, amount: float):
		"""A Payment Entry of type Pay, as the desk makes it after it sent the money."""
		entry = frappe.get_doc(
			{
				"doctype": ENTRY,
				"payment_type": "Pay",
				"company": site.COMPANY,
				"mode_of_payment": site.MODE_OF_PAYMENT,
				"party_type": "Customer",
				"party": self.guest,
				"paid_from": f"M-PESA - {site.ABBR}",
				"paid_to": frappe.get_cached_value("Company", site.COMPANY, "default_receivable_account"),
				"paid_amount": amount,
				"received_amount": amount,
				"source_exchange_rate": 1,
				"target_exchange_rate": 1,
				"reference_no": factories.unique("B2C"),
				"reference_date": today(),
				"hotspot_purchase": purchase,
			}
		).insert()
		entry.submit()
		frappe.db.commit()
		return entry

	def entries(self, kind: str = "Receive") -> list[float]:
		return frappe.get_all(
			ENTRY,
			{"party": self.guest, "docstatus": 1, "payment_type": kind},
			pluck="paid_amount",
			order_by="creation",
		)

	def settle_all(self) -> None:
		"""M-PESA's answers come over HTTP, each when it pleases."""
		undecided = {"mikrotik_settings": self.router.name, "status": ("in", ("Received", "Verified"))}
		for _round in range(20):
			self.work()
			self.daraja.settle()
			self.work()
			if not frappe.db.exists(PAYMENT, undecided):
				return
			time.sleep(0.1)


class TestUndone(MpesaBooksTestCase):
	def test_a_cancelled_invoice_makes_its_money_owed_back_until_it_is_paid_back(self):
		purchase = self.buy()
		frappe.get_doc("Sales Invoice", self.payment_of(purchase).sales_invoice).cancel()
		frappe.db.commit()
		self.assertEqual(("Void", "Refund Due"), (self.voucher_of(purchase).status, self.status(purchase)))
		self.assert_guests_owe(-20)
		back = self.pay_back(purchase, 20)
		self.assertEqual("Refunded", self.status(purchase))
		self.assert_guests_owe(0)
		back.cancel()
		self.assertEqual("Refund Due", self.status(purchase))
		self.assert_guests_owe(-20)

	def test_a_voided_voucher_is_credited_and_paid_back(self):
		purchase = self.buy()
		voucher = self.voucher_of(purchase)
		voucher_sales.void(voucher.name, "no signal there")
		self.assertEqual("Refund Due", self.status(purchase))
		self.give_back(frappe.get_doc("Sales Invoice", voucher.sale_name), 1)
		self.assert_guests_owe(-20)
		self.pay_back(purchase, 20)
		self.assertEqual("Refunded", self.status(purchase))
		self.assert_guests_owe(0)

	def test_a_credit_note_makes_its_money_owed_back(self):
		purchase = self.buy()
		note = self.give_back(frappe.get_doc("Sales Invoice", self.voucher_of(purchase).sale_name), 1)
		self.assertEqual("Refund Due", self.status(purchase))
		note.reload()
		note.cancel()
		self.assertEqual(("Paid", "Pending"), (self.status(purchase), self.voucher_of(purchase).status))

	def test_no_more_is_paid_back_than_is_owed(self):
		purchase = self.buy()
		with self.assertRaises(frappe.ValidationError):
			self.pay_back(purchase, 20)  # it has its voucher
		frappe.db.rollback()
		voucher_sales.void(self.voucher_of(purchase).name, "no signal")
		frappe.db.commit()
		with self.assertRaises(frappe.ValidationError):
			self.pay_back(purchase, 21)
		frappe.db.rollback()
		self.pay_back(purchase, 15)
		self.assertEqual("Refund Due", self.status(purchase))
		self.pay_back(purchase, 5)
		self.assertEqual("Refunded", self.status(purchase))
		with self.assertRaises(frappe.ValidationError):
			self.pay_back(purchase, 20)

	def test_a_payment_entry_that_is_amended_brings_the_voucher_back(self):
		purchase = self.buy()
		payment = self.payment_of(purchase)
		entry = frappe.get_doc(ENTRY, payment.payment_entry)
		entry.cancel()
		self.assertEqual(("Void", "Refunded"), (self.voucher_of(purchase).status, self.status(purchase)))
		amended = frappe.copy_doc(entry)
		amended.amended_from = entry.name
		amended.insert().submit()
		frappe.db.commit()
		payment.reload()
		self.assertEqual(("Applied", amended.name), (payment.status, payment.payment_entry))
		self.assertEqual(("Pending", "Paid"), (self.voucher_of(purchase).status, self.status(purchase)))
		self.assert_guests_owe(0)

	def test_its_invoice_is_not_amended_because_that_sells_nothing(self):
		purchase = self.buy()
		invoice = frappe.get_doc("Sales Invoice", self.payment_of(purchase).sales_invoice)
		invoice.cancel()
		amended = frappe.copy_doc(invoice)
		amended.amended_from = invoice.name
		with self.assertRaises(frappe.ValidationError):
			amended.insert()


class TestDay(MpesaBooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.use_settings(voucher_booking=DAY_BY_DAY)

	def test_money_is_an_advance_until_the_days_invoice(self):
		for _sale in range(3):
			self.buy()
		self.assert_guests_owe(-60)
		invoice = self.a_day_invoice()
		self.assertEqual((60, 0), (invoice.grand_total, invoice.outstanding_amount))
		self.assert_guests_owe(0)
		invoice.cancel()
		frappe.db.commit()
		self.assert_guests_owe(-60)
		self.assertEqual(0, self.a_day_invoice().outstanding_amount)
		self.assertEqual([20, 20, 20], self.entries())
		self.assert_guests_owe(0)

	def test_voided_before_the_invoice_its_money_is_owed_back(self):
		purchase, _other = self.buy(), self.buy()
		voucher_sales.void(self.voucher_of(purchase).name, "no signal")
		frappe.db.commit()
		self.assertEqual("Refund Due", self.status(purchase))
		self.assertEqual(20, self.a_day_invoice().grand_total)
		self.assert_guests_owe(-20)
		self.pay_back(purchase, 20)
		self.assert_guests_owe(0)

	def test_an_advance_that_was_used_elsewhere_does_not_hold_up_the_day(self):
		used_elsewhere = self.payment_of(self.buy()).payment_entry
		self.buy()
		invoice = self.till_sale(submit=False)
		invoice.update({"is_pos": 0, "payments": []})
		invoice.append("advances", self.advance(used_elsewhere, 15))
		invoice.save().submit()
		day = self.a_day_invoice()
		self.assertEqual((40, 15), (day.grand_total, day.outstanding_amount))

	def advance(self, entry: str, amount: float) -> dict:
		return {
			"reference_type": ENTRY,
			"reference_name": entry,
			"advance_amount": 20,
			"allocated_amount": amount,
			"ref_exchange_rate": 1,
		}

	def test_used_and_then_its_payment_cancelled_it_is_invoiced_and_owed(self):
		purchase = self.buy()
		self.use(self.voucher_of(purchase))
		frappe.get_doc(ENTRY, self.payment_of(purchase).payment_entry).cancel()
		frappe.db.commit()
		self.assertEqual(20, self.a_day_invoice().outstanding_amount)


class TestAmounts(MpesaBooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		register_urls(self)

	def pay_bill(self, purchase: str, amount: int) -> None:
		self.daraja.pay_bill(frappe.db.get_value(PURCHASE, purchase, "phone_number"), amount, purchase)
		self.settle_all()

	def end_prompt(self, purchase: str) -> None:
		purchases.give_up(purchase, "Nobody answered")
		frappe.db.commit()

	def test_too_little_is_owed_back_and_booked_with_its_way_back(self):
		purchase = self.start(Decision.NEVER)
		self.pay_bill(purchase, 5)
		self.assertEqual("Waiting", self.status(purchase))  # the prompt may still be paid
		self.end_prompt(purchase)
		self.assertEqual(("Refund Due", []), (self.status(purchase), self.entries()))
		because = frappe.db.get_value(PAYMENT, {"hotspot_purchase": purchase, "amount": 5}, "review_reason")
		self.assertIn("KES 5 was paid for a voucher of KES 20", because)
		self.pay_back(purchase, 5)
		self.assertEqual("Refunded", self.status(purchase))
		self.assertEqual(([5], [5]), (self.entries(), self.entries("Pay")))
		self.assertEqual(
			["Applied"],
			frappe.get_all(
				PAYMENT, {"receipt": ("is", "set"), "amount": 5, "hotspot_purchase": purchase}, pluck="status"
			),
		)
		self.assert_guests_owe(0)

	def test_too_little_does_not_spoil_the_full_payment_after_it(self):
		purchase = self.start(Decision.NEVER)
		self.pay_bill(purchase, 5)
		self.end_prompt(purchase)
		self.pay_bill(purchase, 20)
		self.assertEqual(("Paid", [20]), (self.status(purchase), self.entries()))
		self.pay_back(purchase, 5)
		self.assertEqual("Paid", self.status(purchase))
		self.assert_guests_owe(0)

	def test_too_much_sells_one_and_the_rest_is_owed_back(self):
		purchase = self.start(Decision.NEVER)
		self.pay_bill(purchase, 50)
		self.assertEqual(("Paid", [50]), (self.status(purchase), self.entries()))
		self.assertIn("30", frappe.db.get_value(PURCHASE, purchase, "status_reason"))
		self.assert_guests_owe(-30)
		with self.assertRaises(frappe.ValidationError):
			self.pay_back(purchase, 31)
		frappe.db.rollback()
		self.pay_back(purchase, 30)
		self.assertEqual("Paid", self.status(purchase))
		self.assertFalse(frappe.db.get_value(PURCHASE, purchase, "status_reason"))
		self.assert_guests_owe(0)

	def test_last_months_price_buys_nothing_once_it_has_risen(self):
		old, older = self.start(Decision.NEVER), self.start(Decision.NEVER)
		for purchase in (old, older):
			self.end_prompt(purchase)
			frappe.db.set_value(PURCHASE, purchase, "creation", add_days(now_datetime(), -30))
		frappe.db.commit()
		self.pay_bill(old, 20)
		self.assertEqual("Paid", self.status(old))
		frappe.get_doc("Internet Plan", self.package.name).update({"price": 50}).save()
		frappe.db.commit()
		self.pay_bill(older, 20)
		self.assertEqual(("Refund Due", [20]), (self.status(older), self.entries()))

	def test_paid_twice_the_second_is_owed_back(self):
		purchase = self.buy()
		self.pay_bill(purchase, 25)
		self.assertEqual(("Paid", [20]), (self.status(purchase), self.entries()))
		self.pay_back(purchase, 25)
		self.assertEqual(([20, 25], [25]), (self.entries(), self.entries("Pay")))
		self.assertEqual("Paid", self.status(purchase))
		self.assert_guests_owe(0)

	def test_money_of_a_purchase_that_goes_to_a_subscription_is_no_longer_owed(self):
		purchase = self.start(Decision.NEVER)
		self.pay_bill(purchase, 5)
		self.end_prompt(purchase)
		subscription = factories.a_subscription(self.router)
		name = frappe.db.get_value(PAYMENT, {"hotspot_purchase": purchase, "amount": 5})
		payments.assign(name, subscription.name)
		frappe.db.commit()
		self.work()
		self.assertEqual("Failed", self.status(purchase))
		self.assertEqual("Applied", frappe.db.get_value(PAYMENT, name, "status"))

	def test_a_prompt_and_its_pay_bill_are_one_payment_in_either_order(self):
		self.addCleanup(self.daraja.change, c2b_twin=Twin.NONE)
		for number, twin in enumerate((Twin.AFTER, Twin.BEFORE), 1):
			with self.subTest(twin):
				self.daraja.change(c2b_twin=twin)
				purchase = self.start()
				self.settle_all()
				self.assertEqual("Paid", self.status(purchase))
				self.assertEqual([20] * number, self.entries())
				self.assert_guests_owe(0)

	def test_booked_at_the_desk_before_its_confirmation_it_is_booked_once(self):
		for booking in ("Each Sale", DAY_BY_DAY):
			with self.subTest(booking):
				self.use_settings(voucher_booking=booking)
				before = len(self.entries())
				purchase = self.start(held=True)
				self.daraja.settle()
				receipt = self.daraja.payments()[-1].receipt
				entry = self.book_by_hand(receipt)
				self.deliver_callbacks()
				self.settle_all()
				payment = self.payment_of(purchase)
				self.assertEqual(("Paid", entry.name), (self.status(purchase), payment.payment_entry))
				self.assertEqual(before + 1, len(self.entries()))
				if booking == DAY_BY_DAY:
					self.assertEqual(0, self.a_day_invoice().outstanding_amount)
				else:
					due = frappe.db.get_value("Sales Invoice", payment.sales_invoice, "outstanding_amount")
					self.assertEqual(0, due)
				self.assert_guests_owe(0)

	def test_sold_out_and_confirmed_by_hand_when_there_are_codes_again_it_is_sold(self):
		purchase = self.start(Decision.NEVER)
		self.end_prompt(purchase)
		self.package.codes_from = "Pool"
		self.package.save()
		frappe.db.commit()
		self.pay_bill(purchase, 20)
		self.assertEqual(("Refund Due", []), (self.status(purchase), self.entries()))
		self.package.reload()
		self.package.codes_from = "Made When Sold"
		self.package.save()
		name = frappe.db.get_value(PAYMENT, {"hotspot_purchase": purchase, "source": "Pay Bill"})
		payments.confirm(name, "there are codes again")
		frappe.db.commit()
		self.work()
		self.assertEqual(("Paid", [20]), (self.status(purchase), self.entries()))
		self.assert_guests_owe(0)

	def test_a_receipt_that_is_booked_is_not_booked_again_at_the_desk(self):
		receipt = self.payment_of(self.buy()).receipt
		with self.assertRaises(frappe.ValidationError):
			self.book_by_hand(receipt)

	def book_by_hand(self, receipt: str):
		entry = frappe.get_doc(
			{
				"doctype": ENTRY,
				"payment_type": "Receive",
				"company": site.COMPANY,
				"mode_of_payment": site.MODE_OF_PAYMENT,
				"party_type": "Customer",
				"party": self.guest,
				"paid_from": frappe.get_cached_value("Company", site.COMPANY, "default_receivable_account"),
				"paid_to": f"M-PESA - {site.ABBR}",
				"paid_amount": 20,
				"received_amount": 20,
				"source_exchange_rate": 1,
				"target_exchange_rate": 1,
				"reference_no": receipt,
				"reference_date": today(),
			}
		).insert()
		entry.submit()
		frappe.db.commit()
		return entry

	def test_a_free_package_is_not_sold_for_nothing_by_a_prompt(self):
		self.package = factories.a_package(price=0)
		with self.assertRaises(PaymentNotPossible):
			self.start()
		frappe.db.rollback()
		self.assertEqual(
			["Failed"], frappe.get_all(PURCHASE, {"internet_plan": self.package.name}, pluck="status")
		)
		self.assertEqual(0, frappe.db.count(VOUCHER, {"internet_plan": self.package.name}))


class TestAgreement(MpesaBooksTestCase):
	"""M-PESA = Subscription Payments = Payment Entries = ledger, with subscriptions and vouchers side by side."""

	def setUp(self) -> None:
		super().setUp()
		register_urls(self)

	def rows(self, report: str, **filters) -> list[dict]:  # of a report, not of a router
		result = run(report, filters={"router": self.router.name, **filters})["result"]
		return [row for row in result if isinstance(row, dict)]

	def test_all_four_agree(self):
		mpesa = self.ledger(f"M-PESA - {site.ABBR}")
		self.buy()
		self.use_settings(voucher_booking=DAY_BY_DAY)
		voided, late = self.buy(), self.start(Decision.NEVER)
		self.daraja.pay_bill(factories.a_phone(), 50, late)
		subscription = factories.a_subscription(self.router)
		self.pay(subscription)
		self.settle_all()
		till.sell_for_cash(self.package.name, self.router.name)
		voucher_sales.void(self.voucher_of(voided).name, "no signal")
		frappe.db.commit()
		self.a_day_invoice()
		charged = sum(payment.amount for payment in self.daraja.payments())
		self.assertEqual(20 + 20 + 50 + 1500, charged)
		(day,) = (row for row in self.rows("Payments and Ledger") if row["label"] == formatdate(today()))
		self.assertEqual([charged] * 3, [day["applied"], day["booked"], day["ledger"]])
		self.assertEqual((0, 4, 4), (day["difference"], day["payments"], day["entries"]))
		self.assertEqual(flt(mpesa + charged, 2), self.ledger(f"M-PESA - {site.ABBR}"))
		self.pay_back(voided, 20)
		self.pay_back(late, 30)
		self.assert_guests_owe(0)
		(day,) = (row for row in self.rows("Payments and Ledger") if row["label"] == formatdate(today()))
		self.assertEqual((0, charged), (day["difference"], day["ledger"]))

	def test_revenue_has_vouchers_in_it_less_what_was_credited(self):
		self.buy()
		purchase = self.buy()
		self.give_back(frappe.get_doc("Sales Invoice", self.voucher_of(purchase).sale_name), 1)
		till.sell_for_cash(self.package.name, self.router.name)
		subscription = factories.a_subscription(self.router)
		self.pay(subscription)
		self.work()
		by_plan = {row["label"]: row for row in self.rows("Internet Revenue", group_by="Plan")}
		row = by_plan[self.package.item]
		self.assertEqual((40, 20, 2), (row["net"], row["credited"], row["vouchers"]))
		for group in ("Router", "Day", "Month"):
			rows = self.rows("Internet Revenue", group_by=group)
			self.assertEqual(1540, sum(row["net"] for row in rows))
		rows = self.rows("Internet Revenue", group_by="Plan", plan=self.package.name)
		self.assertEqual([40], [row["net"] for row in rows])


class TestKilled(MpesaBooksTestCase):
	"""The worker dies in the middle of the delivery: the next one completes it, once."""

	def test_killed_after_the_voucher(self):
		self.assert_completes_once("mikrotik_integration.services.purchase_money", "_voucher_for")

	def test_killed_after_the_payment_entry(self):
		self.assert_completes_once("mikrotik_integration.services.payment_entries", "book")

	def test_killed_after_the_purchase_was_closed(self):
		self.assert_completes_once("mikrotik_integration.services.purchase_money", "_close")

	def assert_completes_once(self, module: str, function: str) -> None:
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		purchase = self.start()
		payment = self.payment_of(purchase).name
		self.run_and_kill(module, function, payment)
		inbox_queue.enqueue(payment)
		frappe.db.commit()
		inbox_worker.run()
		frappe.db.rollback()
		self.work()
		self.assertEqual(("Paid", [20]), (self.status(purchase), self.entries()))
		self.assertEqual(1, frappe.db.count(VOUCHER, {"internet_plan": self.package.name}))
		self.assertEqual(1, frappe.db.count("Sales Invoice", {"customer": self.guest}))
		self.assert_guests_owe(0)

	def run_and_kill(self, module: str, function: str, payment: str) -> None:
		code = textwrap.dedent(WORKER).format(
			site=frappe.local.site,
			sites_path=os.path.abspath(frappe.local.sites_path),
			module=module,
			function=function,
			payment=payment,
		)
		done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
		self.assertEqual(SIGKILLED, done.returncode, done.stderr)
		frappe.db.rollback()
