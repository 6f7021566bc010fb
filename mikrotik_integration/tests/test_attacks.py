"""Attacks for free Internet and for other people's money, by whoever knows the site's addresses."""

import frappe
from frappe.utils import now_datetime

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import inbox_worker, payments
from mikrotik_integration.simulators.daraja import Decision, Fate, Kind
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.test_pay_and_go_online import register_urls
from mikrotik_integration.tests.visitors import Visitor


class AttackTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.guest = Visitor(self.web.url)

	def deliver(self) -> None:
		"""Callbacks, our questions, and Daraja's answers."""
		for _round in range(3):
			self.daraja.settle()
			self.work()

	def ask_now(self) -> None:
		"""As if the time to ask Daraja about every open payment of this test had come."""
		frappe.db.set_value(
			"Subscription Payment",
			{"mikrotik_settings": self.router.name, "status": ("in", ("Requested", "Received"))},
			"next_ask",
			now_datetime(),
		)
		frappe.db.commit()
		inbox_worker.ask_again()
		frappe.db.commit()
		self.deliver()

	def prompt(self, subscription=None, **how):
		"""A push that the customer decides about later."""
		subscription = subscription or self.subscription
		self.daraja.customer(how.get("phone_number") or subscription.phone_number).always(Decision.NEVER)
		name = payments.request_payment(subscription, **how)
		frappe.db.commit()
		return frappe.get_doc("Subscription Payment", name)

	def payment(self, name: str):
		frappe.db.rollback()
		return frappe.get_doc("Subscription Payment", name)

	def paid_for(self, *subscriptions) -> list[float]:
		"""What the books say that these customers paid."""
		return sorted(
			frappe.get_all(
				"Payment Entry",
				{
					"party": ("in", [subscription.customer for subscription in subscriptions]),
					"docstatus": 1,
				},
				pluck="paid_amount",
				order_by="creation",
			)
		)


class TestOneReceiptTwoAccounts(AttackTestCase):
	"""A customer pays once by push and says that the same receipt was a pay bill payment for another account."""

	def setUp(self) -> None:
		super().setUp()
		self.other = factories.a_subscription(
			self.router, customer=self.subscription.customer, phone_number=self.subscription.phone_number
		)

	def claim(self, receipt: str, account: str) -> None:
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(
				receipt, account, "1500", site.SHORTCODE, MSISDN=self.subscription.phone_number
			),
		)
		self.deliver()

	def assert_one_payment(self) -> None:
		self.ask_now()
		self.assertEqual([1500], self.paid_for(self.subscription))
		states = {self.status_of(self.subscription), self.status_of(self.other)}
		self.assertEqual({"Active", "Draft"}, states)

	def test_claimed_after_a_lost_callback(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.pay(self.subscription)
		self.ask_now()
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.assert_one_payment()

	def test_claimed_before_the_callback(self):
		self.daraja.courier.next(Kind.STK, Fate(held=True))
		self.pay(self.subscription)
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.daraja.courier.release()
		self.deliver()
		self.assert_one_payment()

	def test_claimed_after_the_receipt_was_hidden_by_a_forged_callback(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		push = self.payment(self.pay(self.subscription))
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, "QQQ0000001")
		)
		self.deliver()
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.assert_one_payment()

	def test_claimed_while_mpesa_hides_who_paid(self):
		self.daraja.change(hides_payer=True)
		self.addCleanup(self.daraja.change, hides_payer=False)
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		self.pay(self.subscription)
		self.ask_now()
		(paid,) = self.daraja.payments()
		self.claim(paid.receipt, self.other.name)
		self.assert_one_payment()

	def test_claimed_in_lower_case_as_well(self):
		register_urls(self)
		paid = self.daraja.pay_bill(self.subscription.phone_number, 1500, self.subscription.name)
		self.deliver()
		self.claim(paid.receipt.lower(), self.other.name)
		self.claim(f" {paid.receipt} ", self.other.name)
		self.claim("".join(chr(ord(letter) + 0xFEE0) for letter in paid.receipt), self.other.name)
		self.assert_one_payment()


class TestSomebodyElsesReceipt(AttackTestCase):
	def setUp(self) -> None:
		super().setUp()
		register_urls(self)
		self.victim = factories.a_subscription(self.router)

	def test_a_receipt_that_is_booked_cannot_be_claimed_again(self):
		paid = self.daraja.pay_bill(self.victim.phone_number, 1500, self.victim.name)
		self.deliver()
		self.guest.call(
			visitors.CONFIRMATION,
			**visitors.confirmation(paid.receipt, self.subscription.name, "1500", site.SHORTCODE),
		)
		self.deliver()
		self.assertEqual("Active", self.status_of(self.victim))
		self.assertEqual("Draft", self.status_of(self.subscription))
		self.assertEqual([1500], self.paid_for(self.victim, self.subscription))

	def test_a_forged_callback_does_not_take_a_waiting_receipt(self):
		"""The forger's own push is paid, and its callback names the victim's receipt."""
		self.daraja.courier.next(Kind.STATUS, Fate(held=True))
		paid = self.daraja.pay_bill(self.victim.phone_number, 1500, self.victim.name)
		self.deliver()
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		push = self.payment(self.pay(self.subscription))
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, paid.receipt)
		)
		self.deliver()
		self.daraja.courier.release()
		self.ask_now()
		self.assertEqual("Active", self.status_of(self.victim))
		self.assertEqual([1500, 1500], self.paid_for(self.victim, self.subscription))

	def test_a_forged_callback_after_the_fact_does_not_take_a_waiting_receipt(self):
		self.daraja.courier.next(Kind.STK, Fate(lost=True))
		push = self.payment(self.pay(self.subscription))
		self.ask_now()
		self.daraja.courier.next(Kind.STATUS, Fate(held=True))
		paid = self.daraja.pay_bill(self.victim.phone_number, 1500, self.victim.name)
		self.deliver()
		self.guest.call(
			visitors.STK_CALLBACK, **visitors.stk_callback(push.checkout_request_id, paid.receipt)
		)
		self.deliver()
		self.daraja.courier.release()
		self.ask_now()
		self.assertEqual("Active", self.status_of(self.victim))
		self.assertEqual([1500, 1500], self.paid_for(self.victim, self.subscription))
