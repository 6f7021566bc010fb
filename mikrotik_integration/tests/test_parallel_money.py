"""Whatever changes money, eight times at the same moment: the books say what they would say one after the other.

Each of the eight has a connection of its own and has read something before the others act, as a request has that
looked up its session and permissions. A function or document that changes money and is in no test here fails the last
one.
"""

import importlib
import pkgutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Any

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return
from frappe.utils import get_datetime, today

from mikrotik_integration import api, hooks
from mikrotik_integration import demo_company as site
from mikrotik_integration.api import subscriptions as subscriptions_api
from mikrotik_integration.api import vouchers as vouchers_api
from mikrotik_integration.mikrotik_integration import doctype as doctypes
from mikrotik_integration.overrides import mpesa_callbacks
from mikrotik_integration.services import inbox_booking, jobs, payments, voucher_sales
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.test_pay_and_go_online import register_urls
from mikrotik_integration.tests.test_voucher_books import VOUCHER
from mikrotik_integration.tests.test_voucher_books_mpesa import ENTRY, PAYMENT, PURCHASE, MpesaBooksTestCase

EIGHT = 8
SUBSCRIPTION, INVOICE = "Customer Subscription", "Sales Invoice"
covered: set[str] = set()

# functions that change something, and why eight of them at once cannot make money wrong
HARMLESS = {
	"api.hotspot.buy": "a prompt; what is paid comes in by the inbox",
	"api.hotspot.purchase": "has Daraja asked earlier",
	"api.hotspot.resume": "sends a code again, counted",
	"api.hotspot.redeem": "devices of a voucher; test_voucher_crowd has it in parallel",
	"api.hotspot.status": "only looks",
	"api.hotspot.replace_device": "devices of a voucher, under its lock",
	"api.payments.request_payment": "a prompt; each one that is paid is a payment of its own",
	"api.payments.transaction_status_result": "believed once: the token of its question is used up under the lock",
	"api.routers.test_connection": "routers only",
	"api.routers.check": "routers only",
	"api.routers.install_login_page": "routers only",
	"api.subscriptions.create": "each is a subscription of its own; nothing is paid",
	"api.subscriptions.get_password": "only looks",
	"api.voucher_batches.sheets": "only prints",
	"api.voucher_batches.export": "only prints",
	"api.voucher_batches.preview_import": "only looks",
	"api.voucher_batches.start_import": "a job that has the router's import to itself; codes are unique",
	"api.vouchers.sell_for_mpesa": "a prompt; what is paid comes in by the inbox",
	"api.vouchers.replace_device": "devices of a voucher, under its lock",
	"ISPSettings.this_site_is_right": "routers only",
	"MikroTikSettings.allow_removals": "routers only",
	"MikroTikSettings.confirm_box": "routers only",
	"MikroTikSettings.this_site_is_right": "routers only",
	"MikroTikSettings.test_connection": "routers only",
	"MikroTikSettings.check_now": "routers only",
	"MikroTikSettings.install_login_page": "routers only",
	"MikroTikSettings.missing_for_portal": "only looks",
	"SubscriptionPayment.ask_now": "has Daraja asked again",
}


def covers(*names: str) -> Callable:
	covered.update(names)
	return lambda test: test


class ParallelTestCase(MpesaBooksTestCase):
	"""``snapshot_isolation``: MariaDB's innodb_snapshot_isolation, off until 11.6.2, on since."""

	snapshot_isolation = 0

	def eight_at_once(self, prepare: Callable[[int], Callable[[], Any]]) -> list[Any]:
		"""What each of eight got: an answer, or the exception by which it was refused. ``prepare`` reads what a
		request reads first, and returns what is then done at the same moment."""
		frappe.db.commit()
		start = threading.Barrier(EIGHT)
		run = partial(
			_alone, frappe.local.site, frappe.local.sites_path, self.snapshot_isolation, prepare, start
		)
		with ThreadPoolExecutor(EIGHT) as crowd:
			results = list(crowd.map(run, range(EIGHT)))
		frappe.db.rollback()
		return results

	def refused(self, results: list[Any]) -> list[Exception]:
		"""Those that were refused, each in words for the person in front of the desk."""
		refusals = [result for result in results if isinstance(result, Exception)]
		for refusal in refusals:
			self.assertIsInstance(refusal, frappe.ValidationError)
			self.assertNotIsInstance(refusal, frappe.TimestampMismatchError)
		return refusals

	def assert_one(self, results: list[Any]) -> None:
		self.assertEqual(EIGHT - 1, len(self.refused(results)))

	def assert_all(self, results: list[Any]) -> None:
		self.assertEqual([], self.refused(results))

	def submit_all(self, doctype: str, drafts: list[str]) -> list[Any]:
		return self.eight_at_once(lambda n: frappe.get_doc(doctype, drafts[n]).submit)

	def submitted(self, doctype: str, **filters) -> int:
		return frappe.db.count(doctype, {"docstatus": 1, **filters})

	def an_entry(self, **values):
		"""A draft Payment Entry in cash."""
		receivable = frappe.get_cached_value("Company", site.COMPANY, "default_receivable_account")
		cash = frappe.get_cached_value("Company", site.COMPANY, "default_cash_account")
		back = values.get("payment_type") == "Pay"
		return frappe.get_doc(
			{
				"doctype": ENTRY,
				"payment_type": "Receive",
				"company": site.COMPANY,
				"mode_of_payment": "Cash",
				"party_type": "Customer",
				"paid_from": cash if back else receivable,
				"paid_to": receivable if back else cash,
				"received_amount": values["paid_amount"],
				"source_exchange_rate": 1,
				"target_exchange_rate": 1,
				"reference_date": today(),
				**values,
			}
		).insert()


def _alone(
	site_name: str, sites_path: str, isolation: int, prepare, start: threading.Barrier, number: int
) -> Any:
	"""In a thread, and so on a database connection of its own."""
	frappe.init(site=site_name, sites_path=sites_path)
	frappe.connect()
	frappe.db.sql("set session innodb_snapshot_isolation = %s", isolation)
	try:
		frappe.set_user("Administrator")
		act = prepare(number)
		start.wait(60)
		result = act()
		frappe.db.commit()
		return result
	except Exception as error:
		frappe.db.rollback()
		return error
	finally:
		frappe.destroy()


class TestVouchers(ParallelTestCase):
	@covers("Payment Entry")
	def test_one_purchase_is_paid_back_once(self):
		purchase = self.buy()
		voucher_sales.void(self.voucher_of(purchase).name, "no signal")
		drafts = [
			self.an_entry(
				payment_type="Pay", party=self.guest, paid_amount=20, hotspot_purchase=purchase
			).name
			for _n in range(EIGHT)
		]
		self.assert_one(self.submit_all(ENTRY, drafts))
		self.assertEqual(([20], "Refunded"), (self.entries("Pay"), self.status(purchase)))

	@covers("Sales Invoice")
	def test_one_voucher_is_credited_once(self):
		sale = self.till_sale()
		(voucher,) = self.vouchers_of(sale)
		notes = [make_sales_return(sale.name).insert().name for _n in range(EIGHT)]
		self.assert_one(self.submit_all(INVOICE, notes))
		self.assertEqual(1, self.submitted(INVOICE, return_against=sale.name))
		voucher.reload()
		self.assertEqual("Void", voucher.status)
		self.assert_guests_owe(0)

	@covers("HotspotVoucher.void")
	def test_a_voucher_that_is_voided_is_owed_back_once(self):
		purchase = self.buy()
		voucher = self.voucher_of(purchase).name
		self.assert_all(self.eight_at_once(lambda _n: partial(frappe.get_doc(VOUCHER, voucher).void, "lost")))
		reason = frappe.db.get_value(PURCHASE, purchase, "status_reason")
		self.assertEqual(("Refund Due", True), (self.status(purchase), "20 has to be paid back" in reason))

	def test_voided_and_paid_back_at_once_nothing_is_owed_afterwards(self):
		purchase = self.buy()
		voucher = self.voucher_of(purchase).name
		voucher_sales.void(voucher, "no signal")
		draft = self.an_entry(payment_type="Pay", party=self.guest, paid_amount=20, hotspot_purchase=purchase)

		def prepare(number: int) -> Callable:
			if number:
				return partial(frappe.get_doc(VOUCHER, voucher).void, "no signal")
			return frappe.get_doc(ENTRY, draft.name).submit

		self.assertLessEqual(len(self.refused(self.eight_at_once(prepare))), 1)
		back = sum(self.entries("Pay"))
		self.assertEqual("Refunded" if back == 20 else "Refund Due", self.status(purchase))

	@covers("HotspotVoucherBatch.sell")
	def test_a_batch_is_sold_once(self):
		batch = frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": self.package.name,
				"mikrotik_settings": self.router.name,
				"quantity": 5,
			}
		).insert()
		frappe.db.commit()
		self.work()
		customers = [factories.a_customer().name for _n in range(EIGHT)]
		results = self.eight_at_once(
			lambda n: partial(frappe.get_doc("Hotspot Voucher Batch", batch.name).sell, customers[n])
		)
		self.assert_one(results)
		self.assertEqual(1, self.submitted(INVOICE, customer=("in", customers)))
		self.assertEqual(100, sum(self.receivable_of(customer) for customer in customers))

	@covers("api.vouchers.sell_for_cash")
	def test_eight_sales_are_eight_vouchers_and_the_money_of_eight(self):
		sell = partial(vouchers_api.sell_for_cash, self.package.name, self.router.name)
		self.assert_all(self.eight_at_once(lambda _n: sell))
		sold = {"mikrotik_settings": self.router.name, "sold_on": ("is", "set")}
		codes = frappe.get_all(VOUCHER, sold, ["code", "sale_name"], order_by="name")
		self.assertEqual((8, 8), (len({row.code for row in codes}), len({row.sale_name for row in codes})))
		taken = frappe.get_all(INVOICE, {"customer": self.guest, "docstatus": 1}, pluck="paid_amount")
		self.assertEqual(160, sum(taken))

	@covers("POS Invoice")
	def test_eight_sales_from_a_pool_of_five_are_five(self):
		package = factories.a_package(codes_from="Pool")
		frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": package.name,
				"mikrotik_settings": self.router.name,
				"quantity": 5,
			}
		).insert()
		frappe.db.commit()
		self.work()
		sell = partial(vouchers_api.sell_for_cash, package.name, self.router.name)
		self.assertEqual(3, len(self.refused(self.eight_at_once(lambda _n: sell))))
		self.assertEqual(5, self.submitted(INVOICE, customer=self.guest))
		self.assertEqual(5, frappe.db.count(VOUCHER, {"internet_plan": package.name, "status": "Pending"}))

	def test_a_purchase_is_delivered_once(self):
		payment = self.payment_of(self.start())
		payments.confirm(payment.name, "seen in the M-PESA portal")
		frappe.db.commit()
		self.eight_at_once(lambda _n: partial(inbox_booking.apply, payment.name))
		payment.reload()
		self.assertEqual(("Applied", [20]), (payment.status, self.entries()))
		self.assertEqual(1, frappe.db.count(VOUCHER, {"mikrotik_settings": self.router.name}))
		self.assert_guests_owe(0)


class SubscriptionTestCase(ParallelTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.subscription = factories.a_subscription(self.router)

	def call(self, function: Callable, **values) -> list[Any]:
		return self.eight_at_once(lambda _n: partial(function, self.subscription.name, **values))

	def make_active(self) -> None:
		factories.a_desk_payment(self.subscription.customer, 1500, subscription=self.subscription.name)
		self.work()
		self.subscription.reload()
		self.assertEqual("Active", self.subscription.status)

	def an_invoice(self) -> str:
		name = subscriptions_api.invoice(self.subscription.name)["sales_invoice"]
		frappe.db.commit()
		self.work()
		return name

	def assert_paid_once(self) -> None:
		self.work()
		self.subscription.reload()
		self.assertEqual(1, self.submitted(INVOICE, customer_subscription=self.subscription.name))
		days = (get_datetime(self.subscription.expiry_date) - frappe.utils.now_datetime()).days
		self.assertEqual(("Active", 29), (self.subscription.status, days))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))


class TestSubscriptions(SubscriptionTestCase):
	@covers("api.subscriptions.invoice")
	def test_a_double_click_on_make_invoice_makes_one(self):
		results = self.call(subscriptions_api.invoice)
		self.assert_all(results)
		self.assertEqual(1, len({result["sales_invoice"] for result in results}))
		self.assertEqual(1, self.submitted(INVOICE, customer_subscription=self.subscription.name))

	def test_an_invoice_of_a_subscription_is_credited_once(self):
		invoice = self.an_invoice()
		notes = [make_sales_return(invoice).insert().name for _n in range(EIGHT)]
		self.assert_one(self.submit_all(INVOICE, notes))
		self.assertEqual(Decimal(0), self.receivable_of(self.subscription.customer))

	@covers("Journal Entry")
	def test_an_invoice_is_paid_by_one_journal_entry(self):
		invoice = self.an_invoice()
		drafts = [self.a_journal(invoice) for _n in range(EIGHT)]
		self.assert_one(self.submit_all("Journal Entry", drafts))
		self.settle()
		self.assert_paid_once()

	def test_an_invoice_is_paid_by_one_payment_entry(self):
		invoice = self.an_invoice()
		drafts = [self.a_payment_of(invoice) for _n in range(EIGHT)]
		self.assert_one(self.submit_all(ENTRY, drafts))
		self.assert_paid_once()

	def test_half_of_it_twice_at_once_pays_an_invoice_or_one_is_refused(self):
		invoice = self.an_invoice()
		drafts = [self.a_payment_of(invoice, 750) for _n in range(EIGHT)]
		paid = 750 * (EIGHT - len(self.refused(self.submit_all(ENTRY, drafts))))
		due = frappe.db.get_value(INVOICE, invoice, "outstanding_amount")
		self.assertEqual(
			(1500 - paid, Decimal(1500 - paid)), (due, self.receivable_of(self.subscription.customer))
		)

	def test_a_payment_is_applied_once(self):
		payment = self.pay(self.subscription)
		payments.confirm(payment, "seen in the M-PESA portal")
		frappe.db.commit()
		self.eight_at_once(lambda _n: partial(inbox_booking.apply, payment))
		self.assert_paid_once()

	def test_an_advance_is_used_once(self):
		invoice = self.an_invoice()
		factories.a_desk_payment(self.subscription.customer, 1500, subscription=self.subscription.name)
		settle = {"function": "mikrotik_integration.services.payments.settle"}
		arguments = {"subscription_name": self.subscription.name}
		self.refused(self.eight_at_once(lambda _n: partial(jobs.run, arguments=arguments, **settle)))
		self.assertEqual(0, frappe.db.get_value(INVOICE, invoice, "outstanding_amount"))
		self.assert_paid_once()

	@covers("api.subscriptions.activate")
	def test_a_free_plan_begins_once(self):
		self.subscription.price = 0
		self.subscription.save()
		self.assert_one(self.call(subscriptions_api.activate))
		self.subscription.reload()
		days = (get_datetime(self.subscription.expiry_date) - frappe.utils.now_datetime()).days
		self.assertEqual(("Active", 29), (self.subscription.status, days))

	@covers(
		"api.subscriptions.pause",
		"api.subscriptions.resume",
		"api.subscriptions.suspend",
		"api.subscriptions.lift_suspension",
		"api.subscriptions.terminate",
	)
	def test_what_is_paid_stays_the_same_whatever_is_done_to_a_subscription_eight_times(self):
		self.make_active()
		for function in ("pause", "resume", "suspend", "lift_suspension"):
			with self.subTest(function):
				self.refused(self.call(getattr(subscriptions_api, function)))
		self.subscription.reload()
		days = (get_datetime(self.subscription.expiry_date) - frappe.utils.now_datetime()).days
		self.assertEqual(("Active", 29), (self.subscription.status, days))
		self.refused(self.call(subscriptions_api.terminate))
		self.assertTrue(frappe.db.get_value(SUBSCRIPTION, self.subscription.name, "terminated_at"))

	@covers("api.subscriptions.change")
	def test_eight_changes_are_eight_changes(self):
		self.make_active()
		phones = [factories.a_phone() for _n in range(EIGHT)]
		results = self.eight_at_once(
			lambda n: partial(subscriptions_api.change, self.subscription.name, phone_number=phones[n])
		)
		self.assert_all(results)
		self.subscription.reload()
		self.assertIn(self.subscription.phone_number, phones)

	def settle(self) -> None:
		payments.settle(self.subscription.name)
		frappe.db.commit()

	def a_payment_of(self, invoice: str, amount: float = 1500) -> str:
		reference = {"reference_doctype": INVOICE, "reference_name": invoice, "allocated_amount": amount}
		return self.an_entry(
			party=self.subscription.customer, paid_amount=amount, references=[reference]
		).name

	def a_journal(self, invoice: str) -> str:
		receivable = {
			"account": frappe.get_cached_value("Company", site.COMPANY, "default_receivable_account"),
			"party_type": "Customer",
			"party": self.subscription.customer,
			"credit_in_account_currency": 1500,
			"reference_type": INVOICE,
			"reference_name": invoice,
		}
		cash = frappe.get_cached_value("Company", site.COMPANY, "default_cash_account")
		journal = {"doctype": "Journal Entry", "company": site.COMPANY, "posting_date": today()}
		rows = [receivable, {"account": cash, "debit_in_account_currency": 1500}]
		return frappe.get_doc({**journal, "accounts": rows}).insert().name


class TestInbox(SubscriptionTestCase):
	@covers("SubscriptionPayment.confirm")
	def test_a_payment_that_is_confirmed_eight_times_is_one(self):
		self.daraja.customer(self.subscription.phone_number).always(Decision.NEVER)
		payment = self.pay(self.subscription)
		self.refused(self.method(payment, "confirm", "seen in the M-PESA portal"))
		self.assert_paid_once()

	@covers("SubscriptionPayment.assign")
	def test_a_payment_that_is_assigned_to_eight_subscriptions_is_one_of_theirs(self):
		payment = self.to_nobody()
		others = [factories.a_subscription(self.router) for _n in range(EIGHT)]
		results = self.eight_at_once(
			lambda n: partial(frappe.get_doc(PAYMENT, payment).assign, others[n].name)
		)
		self.assert_one(results)
		self.work()
		paid = frappe.get_all(ENTRY, {"party": ("in", [one.customer for one in others])}, pluck="paid_amount")
		self.assertEqual([1500], paid)

	@covers("SubscriptionPayment.not_a_duplicate")
	def test_a_payment_that_is_no_duplicate_is_one(self):
		payment = self.to_nobody()
		values = {"status": "Duplicate", "subscription": self.subscription.name, "next_ask": None}
		frappe.db.set_value(PAYMENT, payment, values)
		self.assert_one(self.method(payment, "not_a_duplicate"))
		self.assert_paid_once()

	@covers("SubscriptionPayment.close")
	def test_a_payment_is_closed_or_booked_but_not_both(self):
		payment = self.to_nobody()
		acts = (("close", "Not Ours", "a neighbour's"), ("assign", self.subscription.name))
		self.assert_one(
			self.eight_at_once(
				lambda n: partial(getattr(frappe.get_doc(PAYMENT, payment), acts[n % 2][0]), *acts[n % 2][1:])
			)
		)
		self.work()
		closed = frappe.db.get_value(PAYMENT, payment, "status") == "Closed"
		booked = frappe.db.count(ENTRY, {"party": self.subscription.customer, "docstatus": 1})
		self.assertEqual(0 if closed else 1, booked)

	@covers("SubscriptionPayment.reopen")
	def test_a_payment_is_opened_again_once(self):
		payment = self.to_nobody()
		frappe.get_doc(PAYMENT, payment).close("Not Ours", "a neighbour's")
		self.assert_one(self.method(payment, "reopen", "it is ours"))
		self.assertEqual("Needs Review", frappe.db.get_value(PAYMENT, payment, "status"))

	@covers("SubscriptionPayment.set_receipt")
	def test_one_receipt_is_written_down_for_one_payment(self):
		pushes = [self.pay(factories.a_subscription(self.router)) for _n in range(EIGHT)]
		self.work()
		frappe.db.set_value(PAYMENT, {"name": ("in", pushes)}, "receipt", None)
		receipt = f"S{frappe.generate_hash(length=8).upper()}7"
		self.assert_one(
			self.eight_at_once(lambda n: partial(frappe.get_doc(PAYMENT, pushes[n]).set_receipt, receipt))
		)
		self.assertEqual(1, frappe.db.count(PAYMENT, {"receipt": receipt}))

	def test_a_confirmation_that_comes_eight_times_is_accepted_each_time_and_is_one_payment(self):
		receipt = f"S{frappe.generate_hash(length=8).upper()}7"
		body = visitors.confirmation(receipt, self.subscription.name, 1500, site.SHORTCODE)

		def request(_number):
			frappe.db.exists(PAYMENT, receipt)
			return partial(mpesa_callbacks.confirmation, **body)

		self.assert_all(self.eight_at_once(request))
		self.assertEqual(1, frappe.db.count(PAYMENT, {"payment_id": receipt}))

	def test_one_receipt_at_the_desk_is_one_payment(self):
		others = [factories.a_subscription(self.router) for _n in range(EIGHT)]
		receipt = f"S{frappe.generate_hash(length=8).upper()}7"
		typed = [receipt, f" {receipt}", f"{receipt}....", f"MPESA {receipt}", receipt.lower()]
		drafts = [
			self.an_entry(
				party=one.customer,
				paid_amount=1500,
				customer_subscription=one.name,
				mode_of_payment=site.MODE_OF_PAYMENT,
				paid_to=f"M-PESA - {site.ABBR}",
				reference_no=typed[number % len(typed)],
			).name
			for number, one in enumerate(others)
		]
		results = self.submit_all(ENTRY, drafts)
		self.assert_one(results)
		for refusal in self.refused(results):
			self.assertIn(receipt, str(refusal))
		self.work()
		active = [one.name for one in others if self.status_of(one) == "Active"]
		self.assertEqual(1, len(active))

	def method(self, payment: str, method: str, *arguments) -> list[Any]:
		return self.eight_at_once(
			lambda _n: partial(getattr(frappe.get_doc(PAYMENT, payment), method), *arguments)
		)

	def to_nobody(self) -> str:
		"""A verified payment whose account number is nobody's."""
		register_urls(self)
		receipt = self.daraja.pay_bill(factories.a_phone(), 1500, "99999999").receipt
		for _round in range(3):
			self.daraja.settle()
			self.work()
		self.assertEqual(1, frappe.db.get_value(PAYMENT, receipt, "verified"))
		return receipt


class TestVouchersOnMariaDB11(TestVouchers):
	snapshot_isolation = 1


class TestSubscriptionsOnMariaDB11(TestSubscriptions):
	snapshot_isolation = 1


class TestInboxOnMariaDB11(TestInbox):
	snapshot_isolation = 1


class TestEverythingIsHere(ParallelTestCase):
	def test_what_changes_something_is_tried_in_parallel_or_known_to_be_harmless(self):
		self.assertEqual(
			set(), changing() - covered - set(HARMLESS), "try it eight times at once, in this file"
		)
		self.assertEqual(set(), (covered | set(HARMLESS)) - changing(), "this is no longer there")


def changing() -> set[str]:
	"""Our functions and methods that a POST may call, and ERPNext's documents on whose submission we act."""
	found = {f"api.{name}" for name in _posts(_modules(api))}
	for controller in _modules(doctypes):
		found |= {
			f"{value.__name__}.{name}"
			for value in vars(controller).values()
			if isinstance(value, type) and value.__module__ == controller.__name__
			for name, method in vars(value).items()
			if _may_post(method)
		}
	ours = {"Mpesa Express Request"}  # a prompt
	return found | {name for name, events in hooks.doc_events.items() if "before_validate" in events} - ours


def _posts(modules) -> set[str]:
	return {
		f"{module.__name__.rpartition('.')[2]}.{name}"
		for module in modules
		for name, value in vars(module).items()
		if _may_post(value)
	}


def _modules(package):
	for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
		module = importlib.import_module(info.name)
		if not info.ispkg:
			yield module


def _may_post(value) -> bool:
	try:
		methods = frappe.allowed_http_methods_for_whitelisted_func.get(value)
	except TypeError:  # what has no hash is no function
		return False
	return methods == ["POST"]
