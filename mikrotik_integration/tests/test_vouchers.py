"""Hotspot vouchers: from the sale to the router to the last byte, and in the books."""

from datetime import timedelta

import frappe
from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return
from frappe.utils import add_to_date, flt, get_datetime, now_datetime, today

from mikrotik_integration import demo_company as site
from mikrotik_integration.exceptions import SoldOut, VoucherError
from mikrotik_integration.services import (
	clock,
	daily_invoices,
	deferred,
	inbox_worker,
	provisioning,
	purchase_view,
	purchases,
	redemption,
	voucher_books,
	voucher_sales,
)
from mikrotik_integration.simulators.daraja import Decision, Fate, Kind
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

MEGABYTE = 1_000_000
USERS = "/ip/hotspot/user"


class VoucherTestCase(ServiceTestCase):
	"""One router whose hotspot sells packages."""

	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim, hotspot_address="wifi.example.lan")
		self.package = factories.a_package()
		frappe.db.commit()

	def use_settings(self, **values) -> None:
		before = {field: frappe.db.get_single_value("ISP Settings", field) for field in values}
		frappe.db.set_single_value("ISP Settings", values)
		frappe.db.commit()
		frappe.clear_document_cache("ISP Settings", "ISP Settings")
		self.addCleanup(self._restore, before)

	def _restore(self, before: dict) -> None:
		frappe.db.rollback()
		frappe.db.set_single_value("ISP Settings", before)
		frappe.db.commit()
		frappe.clear_document_cache("ISP Settings", "ISP Settings")

	def till_sale(self, pieces: int = 1, package=None, submit: bool = True, **values):
		"""A Sales Invoice with "is POS", as ERPNext's till makes one."""
		package = package or self.package
		line = voucher_books.Line(package.name, pieces, package.price)
		invoice = voucher_books.new_invoice(
			voucher_books.walk_in_customer(), self.router.name, [line], "till"
		)
		invoice.update({"is_pos": 1, **values})
		invoice.append("payments", {"mode_of_payment": "Cash", "amount": pieces * package.price})
		invoice.insert()
		if submit:
			invoice.submit()
			frappe.db.commit()
		return invoice

	def vouchers_of(self, invoice) -> list:
		return [
			frappe.get_doc("Hotspot Voucher", row.name)
			for row in voucher_sales.of_sale(invoice.doctype, invoice.name)
		]

	def sell_one(self, package=None, **values):
		(voucher,) = self.vouchers_of(self.till_sale(package=package, **values))
		self.work()
		voucher.reload()
		return voucher

	def rows(self, code: str, sim=None) -> list[dict]:
		return [row for row in (sim or self.sim).rows(USERS) if row["name"] == code]

	def log_in(self, voucher, sim=None, mac: str | None = None):
		return (sim or self.sim).customer.login(voucher.code, voucher.code, mac=mac)

	def look_at_router(self, router=None) -> None:
		provisioning.check_router((router or self.router).name)
		frappe.db.rollback()

	def ledger(self, account: str) -> float:
		rows = frappe.get_all(
			"GL Entry", {"account": account, "is_cancelled": 0}, ["debit", "credit"], limit=0
		)
		return flt(sum(row.debit - row.credit for row in rows), 2)


class TestSaleAtTheTill(VoucherTestCase):
	def test_a_sale_makes_a_voucher_that_the_router_takes(self):
		voucher = self.sell_one()
		self.assertEqual(("Pending", "In Sync"), (voucher.status, voucher.router_status))
		self.assertEqual(
			("Administrator", "Point of Sale", 20), (voucher.sold_by, voucher.sold_through, voucher.price)
		)
		(row,) = self.rows(voucher.code)
		self.assertEqual(("1h", "false"), (row["limit-uptime"], row["disabled"]))
		self.assertTrue(self.log_in(voucher).is_live)

	def test_no_row_of_the_router_log_has_the_code_in_full(self):
		voucher = self.sell_one()
		self.sim.run(f"{USERS}/set", {".id": self.rows(voucher.code)[0][".id"], "name": voucher.code.upper()})
		self.look_at_router()
		self.log_in(voucher)
		frappe.db.delete("Router Account", {"reference_name": voucher.name})
		frappe.db.commit()
		self.look_at_router()
		self.assertEqual([], self.rows(voucher.code))
		log = frappe.get_all(
			"MikroTik API Log",
			{"router": self.router.name},
			["operation", "username", "parameters", "result"],
			limit=0,
		)
		self.assertIn(f"{USERS}/remove", {row.operation for row in log})
		self.assertNotIn(voucher.code.casefold(), str(log).casefold())

	def test_each_piece_is_a_voucher_of_its_own(self):
		vouchers = self.vouchers_of(self.till_sale(pieces=5))
		self.assertEqual(5, len({voucher.code.casefold() for voucher in vouchers}))

	def test_a_draft_and_a_part_of_a_piece_sell_nothing(self):
		self.assertEqual([], self.vouchers_of(self.till_sale(submit=False)))
		with self.assertRaises(frappe.ValidationError):
			self.till_sale(pieces=1.5)

	def test_a_cancelled_sale_voids_what_was_not_used(self):
		invoice = self.till_sale()
		(voucher,) = self.vouchers_of(invoice)
		self.work()
		invoice.cancel()
		frappe.db.commit()
		self.work()
		voucher.reload()
		self.assertEqual("Void", voucher.status)
		self.assertEqual([], self.rows(voucher.code))

	def test_a_sale_whose_voucher_was_used_is_not_cancelled(self):
		invoice = self.till_sale()
		(voucher,) = self.vouchers_of(invoice)
		self.work()
		self.log_in(voucher)
		self.look_at_router()
		invoice.reload()
		with self.assertRaises(VoucherError):
			invoice.cancel()
		frappe.db.rollback()
		voucher.reload()
		self.assertEqual("Active", voucher.status)

	def test_a_return_voids_as_many_as_come_back(self):
		invoice = self.till_sale(pieces=3)
		note = make_sales_return(invoice.name)
		note.items[0].qty = -2
		note.payments[0].amount = -40
		note.insert().submit()
		frappe.db.commit()
		states = sorted(voucher.status for voucher in self.vouchers_of(invoice))
		self.assertEqual(["Pending", "Void", "Void"], states)
		again = make_sales_return(invoice.name)
		again.items[0].qty = -1
		again.payments[0].amount = -20
		again.insert().submit()
		self.assertEqual({"Void"}, {voucher.status for voucher in self.vouchers_of(invoice)})


class TestUse(VoucherTestCase):
	def test_the_first_login_begins_the_validity(self):
		voucher = self.sell_one()
		self.log_in(voucher)
		self.look_at_router()
		voucher.reload()
		self.assertEqual("Active", voucher.status)
		self.assertEqual(
			get_datetime(voucher.first_login) + timedelta(days=1), get_datetime(voucher.expires_on)
		)

	def test_data_that_is_used_up_ends_it_on_the_router_too(self):
		package = factories.a_package(time_quota_minutes=0, data_quota_mb=100)
		voucher = self.sell_one(package)
		session = self.log_in(voucher)
		session.move(upload=10 * MEGABYTE, download=50 * MEGABYTE)
		self.look_at_router()
		voucher.reload()
		self.assertEqual(("Active", 60 * MEGABYTE), (voucher.status, voucher.used_bytes))
		session.move(upload=0, download=40 * MEGABYTE)
		self.look_at_router()
		self.work()
		self.look_at_router()
		voucher.reload()
		self.assertEqual("Used", voucher.status)
		self.assertEqual([], self.rows(voucher.code))
		self.assertEqual([], self.sim.customer.sessions(voucher.code))

	def test_one_and_a_half_gigabytes_are_as_the_settings_say(self):
		for size, limit in (("1000000", 1_500_000_000), ("1048576", 1_572_864_000)):
			with self.subTest(size):
				self.use_settings(bytes_per_mb=size)
				voucher = self.sell_one(factories.a_package(time_quota_minutes=0, data_quota_mb=1500))
				self.assertEqual(str(limit), self.rows(voucher.code)[0]["limit-bytes-total"])

	def test_unused_past_its_date_it_expires(self):
		voucher = self.sell_one(factories.a_package(use_within_days=1))
		frappe.db.set_value(
			"Hotspot Voucher",
			voucher.name,
			{"use_before": add_to_date(now_datetime(), minutes=-1), "next_change": now_datetime()},
		)
		frappe.db.commit()
		clock.advance_due_subscriptions()
		frappe.db.commit()
		self.work()
		voucher.reload()
		self.assertEqual("Expired", voucher.status)
		self.assertEqual([], self.rows(voucher.code))

	def test_a_router_that_forgot_it_gives_only_what_is_left(self):
		voucher = self.sell_one(factories.a_package(time_quota_minutes=0, data_quota_mb=100))
		session = self.log_in(voucher)
		session.move(upload=0, download=70 * MEGABYTE)
		self.look_at_router()
		(row,) = self.rows(voucher.code)
		session.hang_up()
		self.sim.run(f"{USERS}/remove", {".id": row[".id"]})
		self.look_at_router()
		self.look_at_router()
		frappe.get_doc("Hotspot Voucher", voucher.name).save()
		frappe.db.commit()
		provisioning.push_router(self.router.name)
		frappe.db.rollback()
		self.assertEqual(str(30 * MEGABYTE), self.rows(voucher.code)[0]["limit-bytes-total"])

	def test_it_works_on_every_router_of_a_group_and_shares_its_data(self):
		group = (
			frappe.get_doc({"doctype": "Router Group", "group_name": factories.unique("Town")}).insert().name
		)
		frappe.db.set_value("MikroTik Settings", self.router.name, "router_group", group)
		other_sim = self.another_router()
		other = factories.a_router(other_sim, router_group=group)
		package = factories.a_package(valid_in_group=1, time_quota_minutes=0, data_quota_mb=100)
		voucher = self.sell_one(package)
		self.assertTrue(self.rows(voucher.code) and self.rows(voucher.code, other_sim))
		session = self.log_in(voucher, other_sim)
		session.move(upload=0, download=60 * MEGABYTE)
		self.look_at_router(other)
		provisioning.push_router(self.router.name)
		frappe.db.rollback()
		self.assertEqual(str(40 * MEGABYTE), self.rows(voucher.code)[0]["limit-bytes-total"])
		self.assertEqual(str(100 * MEGABYTE), self.rows(voucher.code, other_sim)[0]["limit-bytes-total"])


class TestMpesa(VoucherTestCase):
	"""A guest buys on the captive portal, or at the till with M-PESA."""

	def setUp(self) -> None:
		super().setUp()
		self.phone = factories.a_phone()
		self.mac = factories.a_mac()

	def buy(self, decision: Decision = Decision.ACCEPT, package=None, phone: str | None = None):
		phone = phone or self.phone
		self.daraja.customer(phone).always(decision)
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		started = purchases.start((package or self.package).name, self.router.name, phone, self.mac)
		self.daraja.courier.always(Fate(), Kind.STK)
		self.daraja.courier.release()
		self.daraja.settle()
		return started

	def test_paid_it_is_a_code_that_logs_in(self):
		started = self.buy()
		self.assertEqual("waiting", purchase_view.state(started.token)["state"])
		self.work()
		state = purchase_view.state(started.token)
		self.assertEqual(("paid", True), (state["state"], state["ready"]))
		self.assertEqual("http://wifi.example.lan/login", state["login"]["url"])
		code = state["login"]["username"]
		self.assertTrue(self.sim.customer.login(code, code).is_live)

	def test_money_invoice_and_ledger_are_one(self):
		started = self.buy()
		self.work()
		payment = frappe.get_doc("Subscription Payment", {"hotspot_purchase": started.purchase})
		self.assertEqual(("Applied", 20), (payment.status, payment.amount))
		entry = frappe.get_doc("Payment Entry", payment.payment_entry)
		self.assertEqual((20, 0), (entry.paid_amount, entry.unallocated_amount))
		invoice = frappe.get_doc("Sales Invoice", payment.sales_invoice)
		self.assertEqual((20, 0), (invoice.grand_total, invoice.outstanding_amount))
		voucher = frappe.get_doc("Hotspot Voucher", {"subscription_payment": payment.name})
		self.assertEqual(invoice.name, voucher.sale_name)

	def test_refused_it_gives_nothing(self):
		started = self.buy(Decision.CANCEL)
		self.assertEqual("waiting", purchase_view.state(started.token)["state"])
		frappe.db.commit()
		self.work()
		self.assertEqual("failed", purchase_view.state(started.token)["state"])
		self.assertEqual(0, frappe.db.count("Hotspot Voucher", {"phone_number": self.phone}))

	def test_the_word_of_a_callback_gives_nothing(self):
		self.daraja.customer(self.phone).always(Decision.NEVER)
		started = purchases.start(self.package.name, self.router.name, self.phone)
		request = frappe.get_doc("Mpesa Express Request", {"reference_name": started.purchase})
		request.db_set({"status": "Completed", "result_code": "0", "transaction_id": "FORGED1"})
		frappe.get_doc("Hotspot Purchase", started.purchase).on_payment_authorized("Completed")
		frappe.db.commit()
		self.work()
		self.assertEqual("waiting", purchase_view.state(started.token)["state"])

	def test_another_browser_with_the_same_phone_and_device_gets_to_it(self):
		started = self.buy()
		self.work()
		self.assertEqual(started.token, purchase_view.resume(self.router.name, self.phone, self.mac.lower()))

	def test_another_device_with_the_same_phone_does_not(self):
		self.buy()
		self.work()
		for mac in ("", factories.a_mac(), "nonsense"):
			self.assertIsNone(purchase_view.resume(self.router.name, self.phone, mac))

	def test_a_code_that_no_gateway_takes_is_not_called_sent(self):
		self.use_settings(send_sms=1)
		started = self.buy()
		self.work()
		purchase = frappe.get_doc("Hotspot Purchase", started.purchase)
		self.assertEqual("Waiting", purchase.sms_status)
		self.assertIn("SMS Settings", purchase.sms_error)

	def test_a_token_cannot_be_made_up(self):
		started = self.buy()
		for token in (started.purchase, f"{started.purchase}.", f"{started.purchase}.{'0' * 40}", "", "é.x"):
			self.assertIsNone(purchase_view.state(token))

	def test_paid_after_it_was_given_up_it_is_sold_all_the_same(self):
		self.daraja.customer(self.phone).always(Decision.ACCEPT)
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		started = purchases.start(self.package.name, self.router.name, self.phone)
		purchases.give_up(started.purchase, "closed")
		frappe.db.commit()
		self.daraja.courier.always(Fate(), Kind.STK)
		self.daraja.courier.release()
		self.daraja.settle()
		self.work()
		self.assertEqual("paid", purchase_view.state(started.token)["state"])

	def test_too_little_by_pay_bill_is_owed_back(self):
		self.daraja.customer(self.phone).always(Decision.NEVER)
		started = purchases.start(self.package.name, self.router.name, self.phone)
		payment = frappe.get_doc("Subscription Payment", {"hotspot_purchase": started.purchase})
		payment.db_set({"amount": 5, "verified": 1, "status": "Verified", "next_ask": now_datetime()})
		frappe.db.commit()
		self.work_due()
		payment.reload()
		self.assertEqual("Needs Review", payment.status)
		self.assertEqual("refund", purchase_view.state(started.token)["state"])

	def test_a_cancelled_payment_entry_takes_an_unused_voucher_back(self):
		started = self.buy()
		self.work()
		payment = frappe.get_doc("Subscription Payment", {"hotspot_purchase": started.purchase})
		frappe.get_doc("Payment Entry", payment.payment_entry).cancel()
		frappe.db.commit()
		self.work()
		voucher = frappe.get_doc("Hotspot Voucher", {"subscription_payment": payment.name})
		self.assertEqual("Void", voucher.status)
		self.assertEqual([], self.rows(voucher.code))

	def work_due(self) -> None:
		inbox_worker.run()
		frappe.db.rollback()


class TestPool(TestMpesa):
	"""Codes that were made before are sold once each."""

	def setUp(self) -> None:
		super().setUp()
		self.package = factories.a_package(codes_from="Pool")
		self.batch = self.a_batch(20)

	def a_batch(self, quantity: int):
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

	def for_sale(self) -> int:
		return frappe.db.count(
			"Hotspot Voucher",
			{"batch": self.batch.name, "status": "Available", "reserved_for": ("is", "not set")},
		)

	def test_a_code_that_was_not_sold_lets_nobody_in(self):
		code = frappe.db.get_value("Hotspot Voucher", {"batch": self.batch.name}, "code")
		self.look_at_router()
		self.assertEqual([], self.rows(code))
		self.assertEqual("refused", redemption.redeem(self.router.name, code)["state"])

	def test_a_prompt_reserves_a_code_and_a_refusal_frees_it(self):
		self.daraja.customer(self.phone).always(Decision.NEVER)
		purchases.start(self.package.name, self.router.name, self.phone)
		self.assertEqual(19, self.for_sale())
		started = self.buy(Decision.CANCEL, phone=factories.a_phone())
		purchase_view.state(started.token)
		frappe.db.commit()
		self.work()
		self.assertEqual(19, self.for_sale())

	def test_sold_out_nobody_is_asked_for_money(self):
		self.till_sale(pieces=20, package=self.package)
		with self.assertRaises(SoldOut):
			purchases.start(self.package.name, self.router.name, self.phone)
		self.assertEqual(0, frappe.db.count("Mpesa Express Request", {"phone_number": self.phone}))
		frappe.db.rollback()
		with self.assertRaises(SoldOut):
			self.till_sale(package=self.package)

	def test_paid_when_none_is_left_it_is_owed_back(self):
		self.daraja.customer(self.phone).always(Decision.ACCEPT)
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		started = purchases.start(self.package.name, self.router.name, self.phone)
		purchases.give_up(started.purchase, "closed")
		frappe.db.commit()
		self.till_sale(pieces=20, package=self.package)
		self.daraja.courier.always(Fate(), Kind.STK)
		self.daraja.courier.release()
		self.daraja.settle()
		self.work()
		self.assertEqual("refund", purchase_view.state(started.token)["state"])
		payment = frappe.get_doc("Subscription Payment", {"hotspot_purchase": started.purchase})
		self.assertEqual(("Needs Review", 1), (payment.status, payment.verified))

	def test_a_batch_is_sold_on_one_invoice_and_works(self):
		customer = factories.a_customer().name
		name = self.batch.sell(customer)
		frappe.db.commit()
		self.work()
		invoice = frappe.get_doc("Sales Invoice", name)
		self.assertEqual((400, customer), (invoice.grand_total, invoice.customer))
		self.batch.reload()
		self.assertEqual(20, self.batch.on_router)
		voucher = frappe.get_doc("Hotspot Voucher", {"batch": self.batch.name})
		self.assertTrue(self.log_in(voucher).is_live)


class TestDevices(VoucherTestCase):
	"""A voucher has so many devices."""

	def setUp(self) -> None:
		super().setUp()
		self.package = factories.a_package(device_limit=2)
		self.voucher = self.sell_one()
		self.voucher.db_set("phone_number", "254712345678")
		frappe.db.commit()

	def mac(self, number: int) -> str:
		return f"AA:BB:CC:00:01:{number:02X}"

	def redeem(self, number: int) -> dict:
		answer = redemption.redeem(self.router.name, self.voucher.code, self.mac(number))
		frappe.db.commit()
		return answer

	def test_one_more_than_it_has_is_refused(self):
		self.assertEqual(["ok", "ok", "refused", "ok"], [self.redeem(n)["state"] for n in (1, 2, 3, 1)])

	def test_a_device_that_went_past_the_portal_is_cut_off(self):
		self.redeem(1)
		self.redeem(2)
		stranger = self.log_in(self.voucher, mac=self.mac(3))
		self.look_at_router()
		self.assertFalse(stranger.is_live)
		self.assertEqual(
			[], [row for row in self.sim.rows("/ip/hotspot/cookie") if row["mac-address"] == self.mac(3)]
		)

	def test_the_holder_replaces_a_device_so_many_times(self):
		self.redeem(1)
		self.redeem(2)
		for number in (3, 4):
			answer = redemption.replace_by_holder(
				self.router.name, self.voucher.code, "0712345678", 0, self.mac(number)
			)
			frappe.db.commit()
			self.assertEqual("ok", answer["state"])
		with self.assertRaises(VoucherError):
			redemption.replace_by_holder(self.router.name, self.voucher.code, "0712345678", 0, self.mac(5))
		frappe.db.rollback()
		redemption.replace_by_staff(self.voucher.name, self.mac(4), self.mac(5))
		self.assertEqual("ok", self.redeem(5)["state"])

	def test_only_who_knows_the_phone_replaces(self):
		self.redeem(1)
		self.redeem(2)
		with self.assertRaises(VoucherError):
			redemption.replace_by_holder(self.router.name, self.voucher.code, "0799999999", 0, self.mac(3))

	def test_a_code_of_another_router_is_unknown_here(self):
		other = factories.a_router(self.another_router())
		self.assertEqual("refused", redemption.redeem(other.name, self.voucher.code, self.mac(1))["state"])


class TestBooks(VoucherTestCase):
	def test_a_day_of_small_sales_is_one_invoice_and_all_money_is_on_it(self):
		self.use_settings(voucher_booking="One Invoice per Router and Day")
		phone = factories.a_phone()
		self.daraja.customer(phone).always(Decision.ACCEPT)
		purchases.start(self.package.name, self.router.name, phone)
		self.daraja.settle()
		self.work()
		voucher_sales.sell(
			self.package,
			self.router,
			2,
			sold_through="Till",
			mode_of_payment="Cash",
			price=20,
			sold_by="Administrator",
		)
		frappe.db.commit()
		name = daily_invoices.make(self.router.name, get_datetime(today()).date())
		invoice = frappe.get_doc("Sales Invoice", name)
		self.assertEqual((60, 0), (invoice.grand_total, invoice.outstanding_amount))
		self.assertIsNone(daily_invoices.make(self.router.name, get_datetime(today()).date()))
		vouchers = voucher_sales.of_sale("Sales Invoice", name)
		self.assertEqual(3, len(vouchers))

	def test_deferred_revenue_is_income_when_used_or_expired(self):
		account = self.a_liability()
		self.use_settings(deferred_account=account)
		invoice = self.till_sale(pieces=2)
		used, unused = self.vouchers_of(invoice)
		self.assertEqual((-40, 20), (self.ledger(account), used.deferred_amount))
		self.work()
		self.log_in(used)
		self.look_at_router()
		deferred.recognise()
		self.assertEqual(-20, self.ledger(account))
		frappe.db.set_value(
			"Hotspot Voucher", unused.name, "use_before", add_to_date(now_datetime(), days=-1)
		)
		frappe.get_doc("Hotspot Voucher", unused.name).save()
		deferred.recognise()
		self.assertEqual(0, self.ledger(account))
		entry = frappe.db.get_value("Hotspot Voucher", unused.name, "recognised_in")
		frappe.get_doc("Journal Entry", entry).cancel()
		self.assertEqual(-20, self.ledger(account))
		deferred.recognise()
		self.assertEqual(0, self.ledger(account))

	def a_liability(self) -> str:
		parent = frappe.db.get_value(
			"Account",
			{
				"company": site.COMPANY,
				"root_type": "Liability",
				"is_group": 1,
				"parent_account": ("is", "set"),
			},
		)
		return (
			frappe.get_doc(
				{
					"doctype": "Account",
					"account_name": factories.unique("Deferred"),
					"company": site.COMPANY,
					"parent_account": parent,
					"account_currency": "KES",
				}
			)
			.insert()
			.name
		)
