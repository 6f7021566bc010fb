"""Attacks on vouchers: for free Internet, for other people's codes and money, and to spoil the service for others."""

import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from unittest.mock import patch

import frappe
import requests
from frappe.utils import add_to_date, now_datetime

from mikrotik_integration import demo_company as site
from mikrotik_integration.core import message_templates
from mikrotik_integration.core.vouchers import codes
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import (
	inbox_worker,
	messages,
	portal,
	prompts,
	provisioning,
	purchase_sms,
	purchase_view,
	purchases,
	same_money,
	verification,
	voucher_books,
	voucher_packages,
	voucher_sales,
	voucher_usage,
)
from mikrotik_integration.simulators.daraja import Decision, Fate, Fault, Kind, Trouble
from mikrotik_integration.simulators.routeros import LoginRefused
from mikrotik_integration.tests import factories, test_pos, visitors
from mikrotik_integration.tests.test_hotspot_portal import PortalTestCase, a_mac
from mikrotik_integration.tests.visitors import Visitor

VOUCHER, PURCHASE, PAYMENT = "Hotspot Voucher", "Hotspot Purchase", "Subscription Payment"


class VoucherAttackTestCase(PortalTestCase):
	def from_anywhere(self) -> dict[str, str]:
		"""Another device at another address, as headers and parameters say."""
		self.address = f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.{secrets.randbelow(250)}"
		return {"mac": a_mac()}

	def a_code(self, code: str, **sale) -> str:
		"""A sold voucher with a code that was made elsewhere."""
		plan = voucher_packages.check(self.package.name)
		voucher_sales._make_sold(plan, voucher_packages.router_for_sale(self.router.name), code, {**sale})
		frappe.db.commit()
		return code

	def a_pool(self, quantity: int):
		"""A package whose codes were made before, and are for sale."""
		package = factories.a_package(codes_from="Pool")
		frappe.get_doc(
			{
				"doctype": "Hotspot Voucher Batch",
				"internet_plan": package.name,
				"mikrotik_settings": self.router.name,
				"quantity": quantity,
			}
		).insert()
		frappe.db.commit()
		self.work()
		return package

	def for_sale(self, package) -> int:
		frappe.db.rollback()
		return frappe.db.count(
			VOUCHER,
			{"internet_plan": package.name, "status": "Available", "reserved_for": ("is", "not set")},
		)

	def purchase_of(self, phone: str):
		frappe.db.rollback()
		return frappe.get_last_doc(PURCHASE, {"phone_number": phone})

	def state(self, token: str) -> str:
		frappe.db.rollback()
		return purchase_view.state(token)["state"]

	def ask_now(self) -> None:
		"""As if the time to ask Daraja about every open payment of this test had come."""
		frappe.db.rollback()
		open_payments = {"mikrotik_settings": self.router.name, "status": ("in", ("Requested", "Received"))}
		frappe.db.set_value(PAYMENT, open_payments, "next_ask", now_datetime())
		frappe.db.commit()
		inbox_worker.ask_again()
		frappe.db.commit()
		for _round in range(3):
			self.daraja.settle()
			self.work()

	def sold_to(self, phone: str) -> int:
		frappe.db.rollback()
		return frappe.db.count(VOUCHER, {"phone_number": phone, "sold_on": ("is", "set")})


class TestGuessing(VoucherAttackTestCase):
	def guess(self, times: int, function: str = "redeem", code: str = "", **values) -> list[int]:
		return [
			self.ask(function, code=code or codes.make(), **{"mac": self.mac, **values}).status_code
			for _number in range(times)
		]

	def test_a_right_guess_after_too_many_wrong_ones_is_answered_like_a_wrong_one(self):
		right = self.sell()
		self.assertEqual([200] * 20 + [429], self.guess(21))
		for function in ("redeem", "status"):
			with self.subTest(function):
				self.assertEqual([429], self.guess(1, function, code=right))
				answers = {self.refusal(function, code=code, mac=self.mac) for code in (right, codes.make())}
				self.assertEqual(1, len(answers))

	def test_status_and_replacing_are_no_other_way_to_guess(self):
		self.guess(7, "status")
		self.guess(7, "replace_device", phone=factories.a_phone(), old=0)
		self.assertIn(429, self.guess(10))

	def test_without_a_mac_an_address_has_so_many_guesses(self):
		self.assertIn(429, self.guess(21, mac=""))
		self.address = "10.251.1.1"
		self.assertEqual([200], self.guess(1, code=self.sell(), mac=""))

	def test_short_codes_made_elsewhere_are_not_guessed_by_changing_macs_and_addresses(self):
		right = self.a_code(str(secrets.randbelow(10**6)).zfill(6))
		with patch.object(prompts, "SHORT_CODES", (30, 600)):
			for _number in range(30):
				self.ask("redeem", code=f"{secrets.randbelow(10**6):06}x", **self.from_anywhere())
			answer = self.ask("redeem", code=right, **self.from_anywhere())
			self.assertEqual(429, answer.status_code)

	def test_nor_is_the_number_after_a_word_that_all_of_them_begin_with(self):
		right = self.a_code(f"kahawa{secrets.randbelow(10**4):04}")
		with patch.object(prompts, "SHORT_CODES", (30, 600)):
			for _number in range(30):
				self.ask("redeem", code=f"kahawa{secrets.randbelow(10**4):04}x", **self.from_anywhere())
			answer = self.ask("redeem", code=right, **self.from_anywhere())
			self.assertEqual(429, answer.status_code)

	def test_a_flood_of_guesses_at_short_codes_does_not_shut_out_a_device_that_uses_a_voucher_here(self):
		right, other = (self.a_code(str(secrets.randbelow(10**6)).zfill(6)) for _number in range(2))
		self.assertEqual("ok", self.told("redeem", code=right, mac=self.mac)["state"])
		with patch.object(prompts, "SHORT_CODES", (5, 600)):
			for _number in range(6):
				self.ask("redeem", code=f"{secrets.randbelow(10**6):06}x", **self.from_anywhere())
			self.assertEqual("ok", self.told("redeem", code=right, mac=self.mac)["state"])
			strangers = {
				self.refusal("redeem", code=code, **self.from_anywhere()) for code in (other, f"{other}x")
			}
			self.assertEqual(1, len(strangers))

	def test_whoever_guesses_keeps_nobody_else_from_their_code(self):
		right = self.sell()
		with patch.object(prompts, "SHORT_CODES", (5, 600)):
			for _number in range(8):
				self.ask("redeem", code=f"{secrets.randbelow(10**6):06}", **self.from_anywhere())
			self.assertEqual("ok", self.told("redeem", code=right, **self.from_anywhere())["state"])

	def test_a_code_for_sale_and_one_of_another_router_look_like_none(self):
		self.package = self.a_pool(1)
		for_sale = frappe.db.get_value(VOUCHER, {"internet_plan": self.package.name}, "code")
		elsewhere = factories.a_router(self.another_router())
		(name,) = voucher_sales.sell(
			factories.a_package(), voucher_packages.router_for_sale(elsewhere.name), 1
		)
		frappe.db.commit()
		other = frappe.db.get_value(VOUCHER, name, "code")
		texts = {self.ask("redeem", code=code, mac=self.mac).text for code in (for_sale, other, codes.make())}
		self.assertEqual(1, len(texts), texts)
		self.assertEqual({"state": "none"}, self.told("status", code=for_sale, mac=self.mac))
		self.assertEqual({"state": "none"}, self.told("status", code=other, mac=self.mac))
		self.assertIn(429, self.guess(20, code=for_sale))

	def test_the_holders_phone_is_not_guessed(self):
		phone = factories.a_phone()
		code = self.sell(phone_number=phone)
		self.told("redeem", code=code, mac=self.mac)
		answers = [
			self.ask(
				"replace_device",
				code=code,
				phone=f"0711{number:06d}",
				old=0,
				**self.from_anywhere(),
			).status_code
			for number in range(12)
		]
		self.assertIn(429, answers)
		answer = self.ask("replace_device", code=code, phone=phone, old=0, **self.from_anywhere())
		self.assertEqual(429, answer.status_code)
		self.assertEqual("ok", self.told("redeem", code=code, mac=self.mac)["state"])


class TestBuying(VoucherAttackTestCase):
	def test_a_package_that_the_portal_does_not_show_is_not_sold_there(self):
		for_staff = factories.a_package(shown_on_portal=0, price=1)
		frappe.db.commit()
		phone = factories.a_phone()
		self.refusal("buy", package=for_staff.name, phone=phone, mac=self.mac)
		self.assertFalse(frappe.db.exists("Mpesa Express Request", {"phone_number": phone}))

	def test_a_phone_rings_a_few_times_an_hour_and_not_all_day(self):
		phone = factories.a_phone()
		self.daraja.customer(phone).always(Decision.CANCEL, 0)
		rang = 0
		for _ten_minutes in range(8):
			key = frappe.cache().make_key(f"mikrotik_integration|prompts|phone|{phone}")
			frappe.cache().delete(key)
			for _number in range(6):
				answer = self.ask("buy", package=self.package.name, phone=phone, **self.from_anywhere())
				rang += answer.ok
		self.assertLessEqual(rang, prompts.A_PHONE_A_DAY[0])

	def test_a_router_sends_so_many_prompts_to_devices_that_nobody_knows(self):
		with patch.object(prompts, "A_ROUTER", (5, 600)):
			answers = [
				self.ask(
					"buy", package=self.package.name, phone=factories.a_phone(), **self.from_anywhere()
				).status_code
				for _number in range(7)
			]
		self.assertEqual([200] * 5 + [429] * 2, answers)

	def test_asking_for_one_phone_again_and_again_costs_nobody_else_a_prompt_and_leaves_nothing(self):
		flooded, rows = factories.a_phone(), {"mikrotik_settings": self.router.name}
		self.daraja.customer(flooded).always(Decision.NEVER)
		with patch.object(prompts, "A_ROUTER", (prompts.A_PHONE[0] + 1, 600)):
			for _number in range(12):
				self.ask("buy", package=self.package.name, phone=flooded, **self.from_anywhere())
				self.ask("buy", package=self.package.name, phone="12345", **self.from_anywhere())
			self.assertEqual(prompts.A_PHONE[0], frappe.db.count(PURCHASE, rows))
			self.assertEqual("waiting", self.buy(**self.from_anywhere())["state"])

	def test_nothing_is_kept_and_nothing_counted_of_a_prompt_that_mpesa_does_not_send(self):
		package = self.a_pool(1)
		phone = factories.a_phone()
		self.daraja.faults.add(Fault("/mpesa/stkpush", Trouble.SERVER_ERROR, times=2))
		with patch.object(prompts, "A_ROUTER", (1, 600)):
			for _number in range(2):
				self.refusal("buy", package=package.name, phone=phone, mac=self.mac)
			frappe.db.rollback()
			self.assertEqual(0, frappe.db.count(PURCHASE, {"phone_number": phone}))
			self.assertEqual(1, self.for_sale(package))
			self.assertEqual("waiting", self.buy(phone, package=package.name)["state"])

	def test_only_the_package_in_the_request_counts(self):
		phone = factories.a_phone()
		answer = self.ask(
			"buy",
			package=self.package.name,
			phone=phone,
			mac=self.mac,
			price=1,
			amount=1,
			sold_by="Administrator",
			hotspot_voucher="x",
			status="Paid",
		)
		self.assertEqual(20, answer.json()["message"]["amount"])
		purchase = self.purchase_of(phone)
		self.assertEqual((20, "Waiting", None), (purchase.price, purchase.status, purchase.sold_by))

	def test_a_name_of_a_purchase_is_no_token_and_no_token_fits_another(self):
		first, second = self.buy()["token"], self.buy(mac=self.other_mac)["token"]
		name, _dot, digest = first.partition(".")
		for forged in (name, f"{name}.", f"{second.partition('.')[0]}.{digest}", first.lower(), first + "0"):
			with self.subTest(forged):
				self.refusal("purchase", token=forged)


class TestResuming(VoucherAttackTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.send_sms(1)
		self.addCleanup(self.send_sms, 0)

	def send_sms(self, wanted: int) -> None:
		frappe.db.set_single_value("ISP Settings", "send_sms", wanted)
		frappe.db.commit()
		frappe.clear_document_cache("ISP Settings", "ISP Settings")

	def test_nobody_makes_us_pay_for_messages_without_end(self):
		phone = factories.a_phone()
		self.buy(phone)
		self.settle()
		name, again = self.purchase_of(phone).name, 0
		for _ten_minutes in range(4):
			frappe.cache().delete(frappe.cache().make_key(f"mikrotik_integration|prompts|resume|{phone}"))
			for _number in range(6):
				frappe.db.set_value(PURCHASE, name, "sms_status", "Sent")
				frappe.db.commit()
				self.ask("resume", phone=phone, **self.from_anywhere())
				again += self.purchase_of(phone).sms_status == "Waiting"
		self.assertLessEqual(again, 3)

	def test_a_neighbours_mac_does_not_find_the_phone_that_goes_with_it(self):
		phone = factories.a_phone()
		self.buy(phone)
		answers = []
		for number in range(25):
			self.from_anywhere()
			answers.append(self.ask("resume", phone=f"0711{number:06d}", mac=self.mac).status_code)
		self.assertIn(429, answers)
		self.assertEqual(429, self.ask("resume", phone=phone, mac=self.mac).status_code)

	def test_a_flood_of_questions_about_a_phone_does_not_keep_its_device_from_what_it_bought(self):
		phone = factories.a_phone()
		token = self.buy(phone)["token"]
		answers = [
			self.ask("resume", phone=phone, **self.from_anywhere()).status_code for _number in range(12)
		]
		self.assertEqual(429, answers[-1])
		self.assertEqual({"state": "found", "token": token}, self.told("resume", phone=phone, mac=self.mac))


class TestPool(VoucherAttackTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.package = self.a_pool(3)

	def empty(self) -> list[str]:
		"""Guests who never answer reserve every code."""
		tokens = []
		for _number in range(3):
			phone = factories.a_phone()
			self.daraja.customer(phone).always(Decision.NEVER)
			tokens.append(self.buy(phone, **self.from_anywhere())["token"])
		self.assertEqual(0, self.for_sale(self.package))
		return tokens

	def test_a_code_is_for_sale_again_at_once_if_no_prompt_goes_out(self):
		self.daraja.faults.add(Fault("/mpesa/stkpush", Trouble.SERVER_ERROR, times=1))
		self.refusal("buy", package=self.package.name, phone=factories.a_phone(), mac=self.mac)
		self.assertEqual(3, self.for_sale(self.package))

	def test_who_never_answers_keeps_no_code_from_others_for_long(self):
		tokens = self.empty()
		self.grow_old()
		self.assertEqual(3, self.for_sale(self.package))
		self.assertEqual({"waiting"}, {self.state(token) for token in tokens})
		self.assertEqual("waiting", self.buy(**self.from_anywhere())["state"])

	def grow_old(self) -> None:
		frappe.db.set_value(
			PURCHASE,
			{"internet_plan": self.package.name},
			"creation",
			add_to_date(now_datetime(), minutes=-11),
			update_modified=False,
		)
		frappe.db.commit()
		purchases.free_reservations()
		frappe.db.commit()

	def test_who_pays_after_all_gets_a_code_or_is_owed_the_money(self):
		phones = [factories.a_phone() for _number in range(2)]
		tokens = [self.buy(phone, **self.from_anywhere())["token"] for phone in phones]
		self.grow_old()
		voucher_sales.sell(
			voucher_packages.check(self.package.name), voucher_packages.router_for_sale(self.router.name), 2
		)
		frappe.db.commit()
		self.settle()
		self.assertEqual(["paid", "refund"], sorted(self.state(token) for token in tokens))


class TestOtherPrompts(VoucherAttackTestCase):
	"""Somebody who saw the account reference of a stranger's prompt makes others for the same purchase."""

	def setUp(self) -> None:
		super().setUp()
		self.phone, self.attacker = factories.a_phone(), factories.a_phone()
		self.daraja.customer(self.phone).always(Decision.NEVER)
		self.token = self.buy(self.phone)["token"]
		self.purchase = self.purchase_of(self.phone)
		self.daraja.courier.always(Fate(), Kind.STK)

	def prompt(self, amount: float, decision: Decision, **values):
		self.daraja.customer(self.attacker).always(decision, 0)
		answer = self.guest.call(
			visitors.CREATE_NEW_REQUEST,
			**{
				"phone_number": self.attacker,
				"payment_gateway": f"Mpesa-{site.MPESA}",
				"reference_type": PURCHASE,
				"reference_id": self.purchase.name,
				"amount": amount,
				**values,
			},
		)
		self.ask_now()
		return answer

	def answer_at_last(self) -> None:
		"""The buyer, whose prompt was open all the time, pays by it."""
		payment = frappe.get_doc(
			PAYMENT, {"hotspot_purchase": self.purchase.name, "phone_number": self.phone}
		)
		payment.db_set({"verified": 1, "status": "Verified", "next_ask": now_datetime()})
		frappe.db.commit()
		inbox_worker.run()
		self.work()

	def test_a_shilling_buys_no_voucher_and_spoils_nobodys_purchase(self):
		self.prompt(1, Decision.ACCEPT)
		self.assertEqual("waiting", self.state(self.token))
		self.answer_at_last()
		self.assertEqual("paid", self.state(self.token))
		self.assertEqual(1, self.sold_to(self.phone))

	def test_odd_amounts_and_currencies_buy_nothing(self):
		for values in (
			{"amount": 0.01},
			{"amount": 19.6},
			{"amount": 20, "currency": "UGX"},
			{"amount": -20},
		):
			with self.subTest(str(values)):
				self.prompt(**{"decision": Decision.ACCEPT, **values})
		self.assertEqual("waiting", self.state(self.token))
		self.assertEqual(0, self.sold_to(self.phone))

	def test_a_refused_prompt_does_not_end_a_strangers_purchase(self):
		self.prompt(20, Decision.CANCEL)
		self.assertEqual("waiting", self.state(self.token))
		self.answer_at_last()
		self.assertEqual("paid", self.state(self.token))

	def test_a_user_who_may_do_nothing_sends_no_prompt(self):
		customer = Visitor(self.web.url, visitors.a_portal_user())
		request = frappe.db.get_value("Mpesa Express Request", {"reference_name": self.purchase.name})
		for path in (
			f"{visitors.MPESA_APP}.api.m_pesa_api.initiate_stk_push",
			f"{visitors.MPESA_APP}.doctype.mpesa_express_request.mpesa_express_request.initiate_stk_push",
		):
			with self.subTest(path):
				answer = customer.call(
					path,
					payment_gateway=f"Mpesa-{site.MPESA}",
					phone_number=self.attacker,
					request_amount=1,
					doctype="Mpesa Express Request",
					document_name=request,
					reference_name=self.purchase.name,
				)
				self.assertEqual(403, answer.status_code, answer.text)
		asked = self.daraja.record.requests("/mpesa/stkpush/v1/processrequest")
		self.assertNotIn(self.attacker, {str(one.body["PhoneNumber"]) for one in asked})

	def test_nobody_sends_a_strangers_prompt_again(self):
		request = frappe.db.get_value("Mpesa Express Request", {"reference_name": self.purchase.name})
		for _number in range(8):
			self.guest.call(visitors.RETRY_PUSH, "GET", name=request)
		asked = self.daraja.record.requests("/mpesa/stkpush/v1/processrequest")
		rang = [one for one in asked if str(one.body["PhoneNumber"]) == self.phone]
		self.assertEqual(1, len(rang))


class TestForgery(VoucherAttackTestCase):
	"""Callbacks and confirmations from whoever knows the addresses."""

	def setUp(self) -> None:
		super().setUp()
		self.phone = factories.a_phone()

	def prompt(self, decision: Decision = Decision.NEVER, phone: str | None = None):
		"""The open payment of a purchase."""
		phone = phone or self.phone
		self.daraja.customer(phone).always(decision, 0)
		self.token = self.buy(phone, **self.from_anywhere())["token"]
		self.daraja.courier.always(Fate(), Kind.STK)
		return frappe.get_doc(PAYMENT, {"hotspot_purchase": self.purchase_of(phone).name})

	def callback(self, payment, receipt: str, **values) -> None:
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(payment.checkout_request_id, receipt, 20, **values)
		)
		self.ask_now()

	def test_a_forged_callback_gives_no_code(self):
		self.callback(self.prompt(), "QQV0000001")
		self.assertEqual(("waiting", 0), (self.state(self.token), self.sold_to(self.phone)))

	def test_a_forged_refusal_ends_no_purchase(self):
		self.callback(self.prompt(), "QQV0000002", code=1032)
		self.assertEqual("waiting", self.state(self.token))

	def test_a_refused_prompt_whose_status_is_asked_by_staff_gives_no_code(self):
		payment = self.prompt(Decision.CANCEL)
		self.daraja.settle()
		clerk = Visitor(self.web.url, visitors.a_user("Accounts User"))
		clerk.call(
			f"{visitors.MPESA_APP}.api.m_pesa_api.check_transaction_status", name=payment.express_request
		)
		self.ask_now()
		self.assertEqual(("failed", 0), (self.state(self.token), self.sold_to(self.phone)))

	def test_the_callback_of_somebody_elses_prompt_of_the_same_price_is_not_ours(self):
		other = factories.a_phone()
		self.prompt(Decision.ACCEPT, other)
		self.daraja.settle()
		paid = self.daraja.payments()[-1]
		mine = self.prompt()
		self.callback(mine, paid.receipt)
		self.assertEqual(("waiting", 0), (self.state(self.token), self.sold_to(self.phone)))
		self.assertEqual(1, self.sold_to(other))

	def confirm(self, receipt: str, account: str, amount: object = "20", **values) -> None:
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(receipt, account, amount, site.SHORTCODE, MSISDN=self.phone, **values),
		)
		self.ask_now()

	def test_a_forged_confirmation_gives_no_code(self):
		payment = self.prompt()
		self.confirm("FAKE" + frappe.generate_hash(length=6).upper(), payment.account_typed)
		self.assertEqual(("waiting", 0), (self.state(self.token), self.sold_to(self.phone)))

	def test_one_receipt_does_not_pay_for_two_vouchers(self):
		for lost in (True, False):
			with self.subTest(lost=lost):
				self.phone = factories.a_phone()
				first = self.prompt(Decision.ACCEPT)
				self.daraja.courier.next(Kind.STK, Fate(lost=lost))
				self.daraja.settle()
				paid = self.daraja.payments()[-1]
				second = self.prompt()
				self.confirm(paid.receipt, second.account_typed)
				self.confirm(paid.receipt.lower(), second.account_typed)
				self.assertEqual(1, self.sold_to(self.phone))
				self.assertNotEqual(first.name, second.name)

	def test_one_receipt_that_is_confirmed_twice_at_the_same_moment_pays_once(self):
		first = self.prompt(Decision.ACCEPT)
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.daraja.settle()
		paid = self.daraja.payments()[-1]
		second = self.prompt()
		frappe.db.set_value(PAYMENT, first.name, "next_ask", add_to_date(now_datetime(), hours=1))
		frappe.db.commit()
		self.daraja.courier.next(Kind.STATUS, Fate(held=True))
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(
				paid.receipt, second.account_typed, "20", site.SHORTCODE, MSISDN=self.phone
			),
		)
		self.daraja.settle()
		self.work()
		both, find = threading.Barrier(2), same_money.find

		def find_at_once(payment):
			with suppress(threading.BrokenBarrierError):
				both.wait(3)
			return find(payment)

		(answer,) = [
			callback
			for callback in self.daraja.courier.callbacks(Kind.STATUS)
			if paid.receipt.encode() in callback.body
		]
		told = threading.Thread(
			target=lambda: self.guest.http.post(
				answer.url, data=answer.body, headers={"Content-Type": "application/json"}, timeout=60
			)
		)
		with patch.object(same_money, "find", find_at_once):
			told.start()
			verification.ask([first.name])
			told.join()
		self.ask_now()
		self.assertEqual(1, self.sold_to(self.phone))

	def test_too_little_by_pay_bill_leaves_the_open_prompt_alone(self):
		payment = self.prompt()
		paid = self.daraja.pay_bill(self.phone, 1, payment.account_typed)
		self.confirm(paid.receipt, payment.account_typed, "5000")
		self.assertEqual(("waiting", 0), (self.state(self.token), self.sold_to(self.phone)))


class TestReadingCodes(VoucherAttackTestCase):
	"""Codes that are for sale are money: only managers read them."""

	def setUp(self) -> None:
		super().setUp()
		self.package = self.a_pool(2)
		self.codes = frappe.get_all(VOUCHER, {"internet_plan": self.package.name}, pluck="code")
		self.names = frappe.get_all(VOUCHER, {"internet_plan": self.package.name}, pluck="name")
		self.batch = frappe.db.get_value(VOUCHER, self.names[0], "batch")

	def ways(self) -> list[tuple[str, dict]]:
		like = [["code", "like", f"{self.codes[0][:6]}%"]]
		fields = '["name", "code"]'
		every = {"doctype": VOUCHER, "limit_page_length": 0}
		own = {"doctype": VOUCHER, "name": self.names[0]}
		return [
			("frappe.client.get_list", {**every, "fields": fields}),
			("frappe.client.get_list", {**every, "filters": like}),
			("frappe.client.get_value", {**every, "filters": {"name": self.names[0]}, "fieldname": "code"}),
			("frappe.client.get", own),
			("frappe.client.validate_link", {"doctype": VOUCHER, "docname": self.names[0], "fields": ["code"]}),
			("frappe.desk.reportview.get", {"doctype": VOUCHER, "fields": fields}),
			("frappe.desk.reportview.get_list", {"doctype": VOUCHER, "fields": fields}),
			("frappe.desk.reportview.export_query", {"doctype": VOUCHER, "fields": fields, "file_format_type": "CSV"}),
			("frappe.desk.search.search_link", {"doctype": VOUCHER, "txt": self.codes[0][:5]}),
			("frappe.desk.search.search_link", {"doctype": VOUCHER, "txt": "", "page_length": 100, "ignore_user_permissions": 1}),
			("frappe.desk.search.search_link", {"doctype": VOUCHER, "txt": "", "filters": {"code": ["like", f"{self.codes[0][:5]}%"]}, "ignore_user_permissions": 1}),
			("frappe.desk.search.search_widget", {"doctype": VOUCHER, "txt": "", "page_length": 100, "ignore_user_permissions": 1, "filter_fields": '["code"]'}),
			("frappe.desk.form.linked_with.get", {"doctype": "Internet Plan", "docname": self.package.name}),
			("frappe.desk.form.linked_with.get", {"doctype": "MikroTik Settings", "docname": self.router.name}),
			("frappe.desk.form.load.getdoc", own),
			("frappe.desk.form.load.get_docinfo", own),
			("frappe.desk.link_preview.get_preview_data", {"doctype": VOUCHER, "docname": self.names[0]}),
			("frappe.www.printview.get_html_and_style", {"doc": VOUCHER, "name": self.names[0], "no_letterhead": 1}),
			("frappe.core.doctype.data_export.exporter.export_data", {"doctype": VOUCHER, "select_columns": '{"Hotspot Voucher": ["name", "code"]}', "with_data": 1, "file_type": "CSV"}),
			("frappe.desk.listview.get_group_by_count", {"doctype": VOUCHER, "current_filters": "[]", "field": "code"}),
			("frappe.utils.global_search.search", {"text": self.codes[0]}),
			("mikrotik_integration.api.vouchers.sold", {"voucher": self.names[0]}),
			("mikrotik_integration.api.voucher_batches.export", {"batch": self.batch}),
			("mikrotik_integration.api.voucher_batches.sheets", {"batch": self.batch, "layout": "A4"}),
		] + [
			("frappe.client.get_list", {"doctype": doctype, "fields": ["*"], "limit_page_length": 0})
			for doctype in ("Router Account", "MikroTik API Log", "Version", "Comment", "Error Log", "Integration Request", PURCHASE, PAYMENT, "Hotspot Voucher Batch", "Usage Record")
		]  # fmt: skip

	def test_nobody_but_managers_reads_them_by_any_way(self):
		for roles in (("ISP Staff",), ("Accounts User", "Accounts Manager"), ("Sales User",), ("Customer",)):
			visitor = Visitor(self.web.url, visitors.a_user(*roles))
			for way, arguments in self.ways():
				with self.subTest(way, roles=roles):
					answer = visitor.call(way, **arguments)
					for secret in (*self.codes, *map(codes.shown, self.codes)):
						self.assertNotIn(secret, answer.text)

	def test_nor_by_way_of_the_purchase_that_reserved_one(self):
		"""Of a document that another one links to, Frappe shows fields to whoever has a role for its kind."""
		pool = self.a_pool(1)
		code = frappe.db.get_value(VOUCHER, {"internet_plan": pool.name}, "code")
		self.buy(factories.a_phone(), package=pool.name)
		self.assertEqual(0, self.for_sale(pool))
		for roles in (("ISP Staff",), ("Accounts User",)):
			visitor = Visitor(self.web.url, visitors.a_user(*roles))
			for way in ("frappe.client.get_list", "frappe.desk.reportview.get"):
				with self.subTest(way, roles=roles):
					asked = {"fields": '["name", "hotspot_voucher.code as code"]', "limit_page_length": 0}
					answer = visitor.call(way, doctype=PURCHASE, **asked)
					self.assertEqual(200, answer.status_code, answer.text[:300])
					self.assertNotIn(code, answer.text)

	def test_nobody_feels_for_them_by_counting(self):
		right, wrong = f"{self.codes[0][:7]}%", "0000000%"
		for roles in (("ISP Staff",), ("Accounts User",), ("Customer",)):
			visitor = Visitor(self.web.url, visitors.a_user(*roles))
			for way, arguments in (
				("frappe.client.get_count", {"doctype": VOUCHER}),
				("frappe.desk.reportview.get_count", {"doctype": VOUCHER}),
				("frappe.client.get_list", {"doctype": VOUCHER}),
				("frappe.desk.search.search_link", {"doctype": VOUCHER, "txt": "", "ignore_user_permissions": 1}),
				("frappe.desk.search.search_widget", {"doctype": VOUCHER, "txt": "", "ignore_user_permissions": 1}),
			):  # fmt: skip
				with self.subTest(way, roles=roles):
					answers = {
						visitors.told(visitor.call(way, **arguments, filters={"code": ["like", prefix]}))
						for prefix in (right, wrong)
					}
					self.assertEqual(1, len(answers), answers)

	def test_nobody_feels_for_them_with_a_filter_in_the_place_of_a_name(self):
		"""Frappe looks for what it fits, and asks for permission afterwards, or never."""
		entry = "erpnext.accounts.doctype.payment_entry.payment_entry"
		topic = "frappe.website.doctype.discussion_topic.discussion_topic"
		one, of_one = {"doctype": VOUCHER, "name": "?"}, {"doctype": VOUCHER, "docname": "?"}
		to_do = {"doctype": "ToDo", "description": "x", "reference_type": VOUCHER, "reference_name": "?"}
		for roles in (("ISP Staff",), ("Accounts User",), ("Customer",)):
			visitor = Visitor(self.web.url, visitors.a_user(*roles))
			for way, arguments in (
				("frappe.client.get", {"doctype": VOUCHER, "filters": "?"}),
				("frappe.client.get", {"doctype": "Router Account", "filters": "?"}),
				("frappe.client.get", one),
				("frappe.client.cancel", one),
				("frappe.client.save", {"doc": one}),
				("frappe.client.insert", {"doc": to_do}),
				("frappe.client.insert", {"doc": {"doctype": "Payment Entry", "hotspot_purchase": {"hotspot_voucher": "?"}}}),
				("frappe.client.attach_file", {"filename": "x", "filedata": "eA==", **of_one}),
				("frappe.desk.form.load.getdoc", one),
				("frappe.desk.form.load.get_docinfo", one),
				("frappe.desk.form.load.get_communications", one),
				("frappe.desk.form.assign_to.remove", {**one, "assign_to": "x"}),
				("frappe.desk.form.save.savedocs", {"doc": one, "action": "Save"}),
				("frappe.desk.form.save.cancel", one),
				("frappe.desk.doctype.tag.tag.add_tag", {"tag": "x", "dt": VOUCHER, "dn": "?"}),
				("frappe.desk.doctype.tag.tag.add_tags", {"tags": '["x"]', "dt": VOUCHER, "docs": ["?"]}),
				("frappe.printing.page.print.print.get_print_settings_to_show", of_one),
				(f"{topic}.submit_discussion", {**of_one, "reply": "x", "title": "x"}),
				("frappe.utils.weasyprint.download_pdf", {**one, "print_format": "Standard"}),
				(f"{entry}.get_payment_entry", {"dt": VOUCHER, "dn": "?"}),
				(f"{entry}.get_reference_details", {"reference_doctype": VOUCHER, "reference_name": "?", "party_account_currency": "KES"}),
				("run_doc_method", {"dt": VOUCHER, "dn": "?", "method": "void"}),
				("run_doc_method", {"docs": one, "method": "void"}),
			):  # fmt: skip
				self.assert_tells_nothing(way, partial(visitor.call, way), arguments)

	def test_nobody_feels_for_them_with_a_filter_in_the_place_of_a_link(self):
		"""Frappe looks for what a document links to, and asks afterwards whether the user may make such a document."""
		to_do = {"description": "x", "reference_type": VOUCHER, "reference_name": "?"}
		contact = {"first_name": "x", "links": [{"link_doctype": VOUCHER, "link_name": "?"}]}
		change = {"doctype": "ToDo", "name": "x", "fieldname": "reference_name", "value": "?"}
		for visitor in (Visitor(self.web.url, visitors.a_user("ISP Staff")), Visitor(self.web.url)):
			for way, ask, arguments in (
				("made", partial(visitor.resource, "POST", "ToDo"), to_do),
				("a row made", partial(visitor.resource, "POST", "Contact"), contact),
				("changed", partial(visitor.call, "frappe.client.set_value"), change),
			):
				self.assert_tells_nothing(way, ask, arguments)

	def assert_tells_nothing(self, way: str, ask: Callable, arguments: dict) -> None:
		"""Whether a code is there is the same to who asks, with a filter in the place of each question mark."""
		right = self.codes[0]
		wrong = f"0000000{right[7:]}"
		for fits in (
			lambda code: {"code": ["like", f"{code[:7]}%"]},
			lambda code: [["code", "like", f"{code[:7]}%"]],
			lambda code: {"code": code},  # a short one is soon found
		):
			with self.subTest(way, **arguments):
				answers = {
					visitors.told(ask(**self.filled(arguments, fits(code))))
					.replace(code, "")
					.replace(code[:7], "")
					for code in (right, wrong)
				}
				self.assertEqual(1, len(answers), answers)

	def filled(self, arguments: object, found_by: object):
		if isinstance(arguments, dict):
			return {key: self.filled(value, found_by) for key, value in arguments.items()}
		if isinstance(arguments, list):
			return [self.filled(value, found_by) for value in arguments]
		return found_by if arguments == "?" else arguments

	def test_staff_find_a_sold_voucher_by_a_filter(self):
		self.package = factories.a_package()
		frappe.db.commit()
		code = self.sell()
		staff = Visitor(self.web.url, visitors.a_user("ISP Staff"))
		found = staff.call("frappe.client.get", doctype=VOUCHER, filters={"code": code})
		self.assertEqual(code, found.json()["message"]["code"])

	def test_staff_of_another_router_and_customers_find_nothing_by_searching(self):
		elsewhere = factories.a_router(self.another_router())
		subscription = factories.a_subscription(self.router)
		self.package = factories.a_package()
		frappe.db.commit()
		code = self.sell()
		phone = factories.a_phone()
		self.buy(phone)
		staff = Visitor(self.web.url, visitors.a_user_of_one_router(elsewhere.name, "ISP Staff"))
		customer = Visitor(self.web.url, visitors.a_portal_user())
		secrets_of = (code, phone, subscription.phone_number, subscription.name, self.batch)
		for doctype in (
			VOUCHER,
			PURCHASE,
			PAYMENT,
			"Customer Subscription",
			"Router Account",
			"Hotspot Voucher Batch",
		):
			for visitor in (staff, customer):
				with self.subTest(doctype, user=visitor.user):
					answer = visitor.call(
						"frappe.desk.search.search_link",
						doctype=doctype,
						txt="",
						page_length=10000,
						ignore_user_permissions=1,
					)
					for secret in secrets_of:
						self.assertNotIn(secret, answer.text)

	def test_managers_save_a_report_of_them_with_its_columns(self):
		"""The desk sends how wide each column is."""
		settings = {
			"filters": [[VOUCHER, "code", "like", "a%"]],
			"fields": [["name", VOUCHER], ["code", VOUCHER]],
			"order_by": f"`tab{VOUCHER}`.`code` asc",
			"column_widths": {"name": 120, "code": 120},
		}
		saved = Visitor(self.web.url, visitors.a_user("ISP Manager", "Report Manager")).call(
			"frappe.desk.reportview.save_report",
			name=factories.unique("Codes"),
			doctype=VOUCHER,
			report_settings=frappe.as_json(settings),
		)
		self.assertEqual(200, saved.status_code, saved.text[:500])

	def test_managers_still_find_them(self):
		manager = Visitor(self.web.url, visitors.a_user("ISP Manager"))
		answer = manager.call("frappe.desk.search.search_link", doctype=VOUCHER, txt=self.codes[0])
		self.assertEqual([self.codes[0] in row["description"] for row in answer.json()["message"]], [True])


class TestChangingVouchers(VoucherAttackTestCase):
	"""What happened to a voucher is written by the app alone."""

	def setUp(self) -> None:
		super().setUp()
		self.pool = self.a_pool(1)
		self.for_sale_name = frappe.db.get_value(VOUCHER, {"internet_plan": self.pool.name})

	def facts(self, name: str) -> tuple:
		frappe.db.rollback()
		fields = ["code", "status", "sold_on", "quota_seconds", "used_seconds", "device_limit", "price"]
		return frappe.db.get_value(VOUCHER, name, fields)

	def test_nobody_sells_refills_or_renames_one_by_hand(self):
		sold = frappe.db.get_value(VOUCHER, {"code": self.sell()})
		for roles in (("ISP Manager",), ("ISP Staff",), ("Accounts Manager",), ("Customer",)):
			visitor = Visitor(self.web.url, visitors.a_user(*roles))
			for name in (self.for_sale_name, sold):
				for values in (
					{"sold_on": "2026-01-01 00:00:00", "sold_through": "Elsewhere"},
					{"quota_seconds": 10**8, "validity_seconds": 10**8},
					{"used_seconds": 0, "used_bytes": -5},
					{"device_limit": 0},
					{"code": "freewifi23"},
					{"price": 0.01},
					{"status": "Active", "sold_on": "2026-01-01"},
					{"reserved_for": None, "phone_number": "254700000001", "device_replacements": -100},
				):
					with self.subTest(roles=roles, **values):
						before = self.facts(name)
						answer = visitor.resource("PUT", VOUCHER, name, **values)
						self.assertGreaterEqual(answer.status_code, 400, answer.text[:300])
						self.assertEqual(before, self.facts(name))

	def test_nobody_makes_or_deletes_one_without_being_an_administrator(self):
		for roles in (("ISP Manager",), ("ISP Staff",), ("Accounts User",), ("Sales User",), ("Customer",)):
			visitor = Visitor(self.web.url, visitors.a_user(*roles))
			for doctype in (VOUCHER, PURCHASE):
				with self.subTest(roles=roles, doctype=doctype):
					answer = visitor.resource(
						"POST",
						doctype,
						code="freewifi23",
						internet_plan=self.package.name,
						mikrotik_settings=self.router.name,
						connection_type=self.package.connection_type,
						validity_seconds=3600,
						sold_on="2026-01-01 00:00:00",
						price=1,
						status="Paid",
						phone_number=factories.a_phone(),
					)
					self.assertEqual(403, answer.status_code, answer.text[:300])
			self.assertEqual(403, visitor.resource("DELETE", VOUCHER, self.for_sale_name).status_code)

	def test_nobody_writes_a_purchase_by_hand(self):
		"""Without its voucher, its money would be owed back, and the voucher go on working."""
		bought = self.bought()
		manager, administrator = (
			Visitor(self.web.url, visitors.a_user(role)) for role in ("ISP Manager", "ISP Administrator")
		)
		manager.call("frappe.share.add", doctype=PURCHASE, name=bought.name, user=manager.user, write=1)
		for visitor in (manager, administrator):
			for values in (
				{"hotspot_voucher": None},
				{"price": 1},
				{"status": "Refund Due"},
				{"phone_number": "254700000001", "sms_status": "Waiting"},
			):
				with self.subTest(user=visitor.user, **values):
					answer = visitor.resource("PUT", PURCHASE, bought.name, **values)
					self.assertEqual(403, answer.status_code, answer.text[:300])
		frappe.db.rollback()
		self.assertEqual(bought.as_dict(), frappe.get_doc(PURCHASE, bought.name).as_dict())

	def bought(self):
		phone = factories.a_phone()
		self.buy(phone)
		self.settle()
		return self.purchase_of(phone)

	def test_to_whom_a_batch_was_sold_is_not_written_by_hand(self):
		batch = frappe.get_doc(
			"Hotspot Voucher Batch", frappe.db.get_value(VOUCHER, self.for_sale_name, "batch")
		)
		manager = Visitor(self.web.url, visitors.a_user("ISP Manager"))
		made_up = {
			"status": "Failed",
			"made": 77,
			"origin": "Imported",
			"customer": voucher_books.walk_in_customer(),
			"sold_on": "2026-01-01 00:00:00",
			"sold_by": manager.user,
		}
		answer = manager.resource("PUT", batch.doctype, batch.name, **made_up, notes="in the drawer")
		self.assertEqual(200, answer.status_code, answer.text[:300])
		frappe.db.rollback()
		after = frappe.get_doc(batch.doctype, batch.name)
		self.assertEqual("in the drawer", after.notes)
		for field in made_up:
			self.assertEqual(batch.get(field), after.get(field), field)

	def test_made_up_documents_change_nothing_of_other_routers(self):
		elsewhere = factories.a_router(self.another_router())
		sold = frappe.db.get_value(VOUCHER, {"code": self.sell()})
		batch = frappe.db.get_value(VOUCHER, self.for_sale_name, "batch")
		manager = Visitor(self.web.url, visitors.a_user_of_one_router(elsewhere.name, "ISP Manager"))
		staff = Visitor(self.web.url, visitors.a_user("ISP Staff"))
		for visitor in (manager, staff):
			for document, method, arguments in (
				({"doctype": VOUCHER, "name": sold}, "void", {"reason": "mine"}),
				({"doctype": "Hotspot Voucher Batch", "name": batch}, "sell", {"customer": "x"}),
				({"doctype": VOUCHER, "name": sold}, "save", {}),
				({"doctype": VOUCHER, "name": sold}, "db_set", {"fieldname": "status", "value": "Void"}),
				({"doctype": PURCHASE, "name": "x"}, "on_payment_authorized", {"status": "Completed"}),
			):
				with self.subTest(method, user=visitor.user):
					document = {**document, "mikrotik_settings": elsewhere.name, "status": "Pending"}
					answer = visitor.call(
						"run_doc_method",
						docs=frappe.as_json(document),
						method=method,
						args=frappe.as_json(arguments),
					)
					self.assertGreaterEqual(answer.status_code, 400, answer.text[:300])
		self.assertEqual("Pending", self.facts(sold)[1])
		self.assertEqual("Available", self.facts(self.for_sale_name)[1])


class TestOnTheRouter(VoucherAttackTestCase):
	"""Codes and devices at the router's own login, past the portal."""

	def a_group(self):
		"""A second router on which the same vouchers are valid, with its simulator."""
		group = frappe.get_doc({"doctype": "Router Group", "group_name": factories.unique("Town")}).insert()
		frappe.db.set_value("MikroTik Settings", self.router.name, "router_group", group.name)
		sim = self.another_router()
		other = factories.a_router(
			sim, router_group=group.name, portal_name=secrets.token_hex(8), portal_enabled=1
		)
		return other, sim

	def voucher(self, code: str):
		frappe.db.rollback()
		return frappe.get_doc(VOUCHER, {"code": code})

	def assert_shut_out(self, code: str, mac: str, *sims) -> None:
		for sim in sims or (self.sim,):
			self.assertEqual([], sim.customer.sessions(code))
			with self.assertRaises(LoginRefused):
				sim.customer.login(code, code, mac=mac)
			with self.assertRaises(LoginRefused):
				sim.customer.come_back(mac)

	def test_a_qr_link_and_a_cookie_open_nothing_after_the_end(self):
		def void(code):
			voucher_sales.void(self.voucher(code).name, "stolen")

		def expire(code):
			self.voucher(code).db_set({"first_login": add_to_date(now_datetime(), days=-2)})
			frappe.get_doc(VOUCHER, {"code": code}).save()

		def use_up(code):
			self.voucher(code).db_set({"used_seconds": 3600, "first_login": now_datetime()})
			frappe.get_doc(VOUCHER, {"code": code}).save()

		for end in (void, expire, use_up):
			with self.subTest(end.__name__):
				code, mac = self.sell(), a_mac()
				if end is void:
					self.assertEqual("ok", self.told("redeem", code=code, mac=mac)["state"])
				else:
					self.assertTrue(self.sim.customer.login(code, code, mac=mac).is_live)
				end(code)
				frappe.db.commit()
				self.work()
				self.check_router(self.router)
				self.assert_shut_out(code, mac)
				self.assertEqual("refused", self.told("redeem", code=code, mac=mac)["state"])

	def test_a_code_bought_here_opens_nothing_elsewhere(self):
		sim = self.another_router()
		other = factories.a_router(sim, portal_name=secrets.token_hex(8), portal_enabled=1)
		code = self.sell()
		self.check_router(other)
		self.assert_shut_out(code, self.mac, sim)
		answer = self.told("redeem", router=other.portal_name, code=code, mac=self.mac)
		self.assertEqual("refused", answer["state"])

	def test_a_code_for_sale_or_reserved_opens_nothing(self):
		self.package = self.a_pool(2)
		self.buy()
		self.daraja.courier.always(Fate(), Kind.STK)
		self.check_router(self.router)
		for code in frappe.get_all(VOUCHER, {"internet_plan": self.package.name}, pluck="code"):
			self.assert_shut_out(code, a_mac())

	def test_two_devices_at_two_routers_at_the_same_moment_are_not_both_let_in(self):
		self.package = factories.a_package(valid_in_group=1, device_limit=1)
		other, sim = self.a_group()
		frappe.db.commit()
		code = self.sell()
		self.check_router(other)
		sessions = [one.customer.login(code, code, mac=a_mac()) for one in (self.sim, sim)]
		self.own_site = frappe.local.site, frappe.local.sites_path
		both, admit = threading.Barrier(2), voucher_usage._mark_online

		def at_once(*arguments):
			with suppress(threading.BrokenBarrierError):
				both.wait(5)
			return admit(*arguments)

		with patch.object(voucher_usage, "_mark_online", at_once):
			checks = [
				threading.Thread(target=self.check, args=(name,)) for name in (self.router.name, other.name)
			]
			for check in checks:
				check.start()
			for check in checks:
				check.join()
		self.check_router(self.router)
		self.check_router(other)
		self.assertEqual(1, len(self.voucher(code).devices))
		self.assertEqual(1, sum(session.is_live for session in sessions))

	def check(self, router: str) -> None:
		"""As a worker does, with a connection of its own."""
		frappe.init(*self.own_site)
		frappe.connect()
		try:
			provisioning.check_router(router)
		finally:
			frappe.destroy()

	def test_two_routers_at_once_give_no_more_than_what_passes_before_the_next_reading(self):
		self.package = factories.a_package(
			valid_in_group=1, device_limit=2, time_quota_minutes=0, data_quota_mb=100
		)
		other, sim = self.a_group()
		frappe.db.commit()
		code = self.sell()
		self.check_router(other)
		sessions = [one.customer.login(code, code, mac=a_mac()) for one in (self.sim, sim)]
		for session in sessions:
			session.move(download=80_000_000)
		for _pass in range(2):
			for router in (self.router, other):
				self.check_router(router)
			self.work()
		self.assertEqual("Used", self.voucher(code).status)
		for session in sessions:
			self.assert_shut_out(code, session.mac, self.sim, sim)

	def test_many_vouchers_are_redeemed_at_the_same_moment(self):
		found = [self.a_code(codes.make(), sold_on=now_datetime()) for _number in range(24)]
		self.work()
		with ThreadPoolExecutor(12) as crowd:
			answers = list(crowd.map(lambda code: self.ask("redeem", code=code, mac=a_mac()), found))
		self.assertEqual({200}, {answer.status_code for answer in answers})


class TestWords(VoucherAttackTestCase):
	"""Names and texts that are code somewhere else."""

	EVIL = "<img src=x onerror=alert(1)>"

	def test_a_package_and_a_place_are_text_on_the_page_and_in_what_the_server_says(self):
		package = factories.a_package(plan_name=factories.unique("Fast & {{ 7*7 }} '\" $(mac)"))
		frappe.db.set_value("MikroTik Settings", self.router.name, "wifi_name", self.EVIL)
		frappe.db.commit()
		portal.forget()
		page = self.page().text
		self.assertIn("{{ 7*7 }}", page)
		self.assertEqual(page.count("</script>"), page.count("<script"))
		self.assertNotIn("<img", page)
		self.assertNotIn("49", re.sub(r"<style>.*?</style>|<script.*?</script>", "", page, flags=re.DOTALL))
		self.assertEqual(200, self.ask("buy", package=package.name, phone=factories.a_phone()).status_code)

	def test_a_message_is_a_template_and_what_stands_in_it_is_not(self):
		self.package = factories.a_package(plan_name=factories.unique("{{ frappe.session.user }} {% raw %}"))
		frappe.db.commit()
		phone = factories.a_phone()
		self.buy(phone)
		self.settle()
		purchase = self.purchase_of(phone)
		message = message_templates.fill("{{ package }}: {{ code }}", purchase_sms._sms_values(purchase))
		self.assertIn("{{ frappe.session.user }} {% raw %}", message)

	def test_a_gateways_failure_tells_neither_its_password_nor_the_code(self):
		phone = factories.a_phone()
		self.buy(phone)
		self.settle()
		purchase = self.purchase_of(phone)
		purchase.db_set({"sms_status": "Waiting", "next_sms": now_datetime()})
		frappe.db.commit()
		error = requests.HTTPError(
			"404 Client Error for url: https://sms.example.com?password=hunter2&message=Code",
			response=requests.Response(),
		)
		with patch.object(messages, "send", side_effect=error):
			purchase_sms.send_sms(purchase.name)
		self.assertEqual("HTTPError None", self.purchase_of(phone).sms_error)

	def test_an_address_that_the_router_passes_on_leads_nowhere_else(self):
		evil = {
			"link-orig": "https://evil.example",
			"dst": "//evil.example",
			"link-login-only": "javascript:alert(1)",
		}
		answer = self.guest.http.get(
			f"{self.web.url}/hotspot/{self.portal_name}", params=evil, allow_redirects=False, timeout=30
		)
		self.assertEqual(200, answer.status_code)
		self.assertNotIn("evil.example", answer.text)
		self.assertNotIn("javascript:", answer.text)
		self.assertNotIn("Location", answer.headers)
		self.assertIn(
			"form-action 'self' http://wifi.example.lan;", answer.headers["Content-Security-Policy"]
		)

	def test_a_name_that_is_a_path_opens_no_other_page(self):
		for name in (
			"..%2f..%2fapi",
			"%3Cscript%3E",
			"a" * 500,
			f"{self.portal_name}/x",
			"'--",
		):
			with self.subTest(name):
				answer = self.guest.http.get(f"{self.web.url}/hotspot/{name}", timeout=30)
				self.assertEqual(404, answer.status_code)
				self.assertNotIn("<script", answer.text)


class TestSellingPastTheTill(VoucherAttackTestCase):
	"""Sales documents of ERPNext sell vouchers: for those who may sell, on their own routers."""

	def invoice(self, user: str, **values):
		line = voucher_books.Line(self.package.name, 1, 20)
		invoice = voucher_books.new_invoice(voucher_books.walk_in_customer(), None, [line], "till")
		invoice.update({"is_pos": 1, **values})
		invoice.append("payments", {"mode_of_payment": "Cash", "amount": 20})
		invoice.flags.ignore_permissions = False
		frappe.set_user(user)
		try:
			invoice.insert()
			invoice.submit()
		finally:
			frappe.set_user("Administrator")
		return invoice

	def sold(self) -> int:
		frappe.db.rollback()
		return frappe.db.count(VOUCHER, {"internet_plan": self.package.name})

	def test_who_may_make_no_invoices_sells_nothing_with_one(self):
		for roles in (("ISP Staff",), ("Sales User",), ("Customer",)):
			with self.subTest(roles=roles), self.assertRaises(frappe.PermissionError):
				self.invoice(visitors.a_user(*roles), hotspot_router=self.router.name)
		self.assertEqual(0, self.sold())

	def test_who_is_limited_to_one_router_sells_for_no_other(self):
		elsewhere = factories.a_router(self.another_router())
		user = visitors.a_user_of_one_router(elsewhere.name, "Accounts User")
		profile = test_pos.TestPointOfSale.a_profile(self)
		frappe.db.commit()
		for values in ({"hotspot_router": self.router.name}, {"pos_profile": profile, "hotspot_router": ""}):
			with self.subTest(str(values)):
				with suppress(frappe.PermissionError, VoucherError):  # or it is sold on their own router
					self.invoice(user, **values)
				sold = frappe.get_all(
					VOUCHER, {"internet_plan": self.package.name}, pluck="mikrotik_settings"
				)
				self.assertNotIn(self.router.name, sold)
				frappe.db.rollback()
