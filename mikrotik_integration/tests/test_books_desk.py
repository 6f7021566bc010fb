"""Payment Entries that people make, change and cancel."""

from unittest.mock import patch

import frappe
from frappe.utils import add_days, nowdate

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import application, clock, ledger, payments, periods
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.test_books import ABBR, COMPANY, BooksTestCase, _ensure_account


class TestTwoSubscriptionsOfOneCustomer(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.home = self.subscribe()
		self.shop = self.subscribe(customer=self.home.customer)

	def test_an_advance_for_one_does_not_pay_the_other(self):
		self.pay(self.home, 4000)
		invoice = self.invoice(self.shop)
		self.work(self.shop, self.home)
		self.assertEqual(1500, self.due(invoice))
		self.assertEqual(("Draft", 0), (self.shop.status, self.shop.credit))
		self.assertEqual(2500, self.home.credit)

	def test_one_entry_over_the_invoices_of_both_pays_both(self):
		entry = self.desk(self.home, 3200, self.invoice(self.home), self.invoice(self.shop))
		self.work(self.home, self.shop)
		self.assert_days_left(30, self.home)
		self.assert_days_left(30, self.shop)
		self.assertEqual((200, 0), (self.home.credit, self.shop.credit))
		entry.reload()
		entry.cancel()
		self.work(self.home, self.shop)
		self.assertEqual(("Expired", "Expired"), (self.home.status, self.shop.status))
		self.assert_owes(3000, self.home)

	def test_both_are_told_when_an_entry_pays_both(self):
		told = self.told()
		entry = self.desk(self.home, 3000, self.invoice(self.home), self.invoice(self.shop))
		self.assertIn(self.shop.name, told)
		told.clear()
		entry.reload()
		entry.cancel()
		self.assertLessEqual({self.home.name, self.shop.name}, set(told))

	def told(self) -> list[str]:
		told: list[str] = []
		self.enterContext(patch.object(payments, "enqueue_settle", told.append))
		return told

	def test_an_entry_for_a_strangers_subscription_is_refused(self):
		other = self.subscribe()
		with self.assertRaisesRegex(frappe.ValidationError, other.name):
			self.desk(self.home, 1500, customer_subscription=other.name)


class TestDeskEntries(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe()

	def test_partial_payments_over_several_invoices(self):
		first = self.invoice(self.subscription)
		second = self.hand_made_invoice(self.subscription).name
		self.pay(self.subscription, 1000)
		self.pay(self.subscription, 1000)
		self.assertEqual((0, 1000), (self.due(first), self.due(second)))
		self.assert_days_left(30, self.subscription)
		self.pay(self.subscription, 1100)
		self.assert_days_left(60, self.subscription)
		self.assertEqual(100, self.subscription.credit)
		self.assert_owes(-100, self.subscription)

	def test_a_draft_counts_when_it_is_submitted(self):
		entry = self.desk(self.subscription, 1500, self.invoice(self.subscription), submit=False)
		self.work(self.subscription)
		self.assertEqual("Draft", self.subscription.status)
		entry.submit()
		self.work(self.subscription)
		self.assert_days_left(30, self.subscription)

	def test_an_entry_cancelled_before_anyone_applied_it_counts_for_nothing(self):
		entry = self.desk(self.subscription, 1500)
		entry.cancel()
		self.work(self.subscription)
		self.assertEqual("Draft", self.subscription.status)
		payment = frappe.get_doc("Subscription Payment", entry.name)
		self.assertEqual("Reversed", payment.status)

	def test_more_than_is_due_cannot_be_allocated(self):
		invoice = self.invoice(self.subscription)
		with self.assertRaises(frappe.ValidationError):
			self.desk(
				self.subscription,
				2000,
				references=[
					{
						"reference_doctype": "Sales Invoice",
						"reference_name": invoice,
						"allocated_amount": 2000,
					}
				],
			)

	def test_tax_withheld_by_the_customer_is_not_missing_money(self):
		"""A company that withholds 5 % of the price pays the rest; the invoice is settled in full."""
		invoice = self.invoice(self.subscription)
		account = _ensure_account("Withholding Tax Receivable", "", "Asset")
		entry = self.desk(
			self.subscription,
			1425,
			references=[
				{"reference_doctype": "Sales Invoice", "reference_name": invoice, "allocated_amount": 1500}
			],
			deductions=[
				{
					"account": account,
					"cost_center": frappe.get_cached_value("Company", COMPANY, "cost_center"),
					"amount": 75,
				}
			],
		)
		self.assertEqual(0, self.due(invoice))
		self.work(self.subscription)
		self.assert_days_left(30, self.subscription)
		self.assertEqual(1425, frappe.db.get_value("Subscription Payment", entry.name, "amount"))

	def test_a_backdated_entry_buys_time_from_now(self):
		self.desk(self.subscription, 1500, posting_date=add_days(nowdate(), -20))
		self.work(self.subscription)
		self.assert_days_left(30, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_an_entry_cancelled_after_its_advance_renewed_ends_what_it_bought(self):
		self.pay(self.subscription)
		self.days_go_by(self.subscription, 20)
		entry = self.desk(self.subscription, 1500)
		self.work(self.subscription)
		self.assert_days_left(40, self.subscription)
		entry.reload()
		entry.cancel()
		self.work(self.subscription)
		self.assert_days_left(10, self.subscription)
		self.assert_owes(1500, self.subscription)

	def test_money_paid_back_is_not_spent_again(self):
		self.pay(self.subscription, 3000)
		self.desk(
			self.subscription,
			1500,
			payment_type="Pay",
			paid_from=frappe.get_cached_value("Company", COMPANY, "default_cash_account"),
			paid_to=frappe.get_cached_value("Company", COMPANY, "default_receivable_account"),
		)
		self.assert_owes(0, self.subscription)
		self.work(self.subscription)
		self.assertEqual(0, self.subscription.credit)
		self.days_go_by(self.subscription, 31)
		self.assertEqual("Expired", self.subscription.status)
		self.assert_owes(0, self.subscription)

	def test_the_payment_reconciliation_tool_pays_like_anything_else(self):
		entry = self.desk(self.subscription, 1500, customer_subscription=None)
		invoice = self.invoice(self.subscription)
		tool = frappe.get_doc(
			{
				"doctype": "Payment Reconciliation",
				"company": COMPANY,
				"party_type": "Customer",
				"party": self.subscription.customer,
				"receivable_payable_account": frappe.get_cached_value(
					"Company", COMPANY, "default_receivable_account"
				),
			}
		)
		tool.get_unreconciled_entries()
		tool.allocate_entries(
			frappe._dict(
				invoices=[row.as_dict() for row in tool.invoices],
				payments=[row.as_dict() for row in tool.payments],
			)
		)
		tool.reconcile()
		self.assertEqual(0, self.due(invoice))
		self.assertIn(self.subscription.name, ledger.changed(clock.LATELY))
		self.work(self.subscription)
		self.assert_days_left(30, self.subscription)
		entry.reload()
		entry.cancel()
		self.assertIn(self.subscription.name, ledger.changed(clock.LATELY))


class TestReferences(BooksTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe()

	def test_an_auditor_finds_receipt_and_account_number_on_the_entry(self):
		payment = self.pay(self.subscription, receipt="SJK4XY7Z1A" + factories.unique("").strip())
		entry = frappe.get_doc("Payment Entry", payment.payment_entry)
		self.assertEqual(payment.receipt, entry.reference_no)
		self.assertIn(self.subscription.name, entry.remarks)
		self.assertIn(payment.receipt, entry.remarks)

	def test_a_receipt_that_comes_late_reaches_the_entry(self):
		payment = self.pay(
			self.subscription, receipt=None, source="STK Push", payment_id=factories.unique("ws_CO_")
		)
		entry = payment.payment_entry
		self.assertIn("not known yet", frappe.db.get_value("Payment Entry", entry, "reference_no"))
		receipt = factories.unique("LATE").replace(" ", "")
		payment.db_set("receipt", receipt)
		application.write_late_receipts()
		reference, remarks = frappe.db.get_value("Payment Entry", entry, ["reference_no", "remarks"])
		self.assertEqual(receipt, reference)
		self.assertIn(receipt, remarks)
		payment.db_set("receipt", None)
		application.write_late_receipts()
		self.assertIn("not known yet", frappe.db.get_value("Payment Entry", entry, "reference_no"))

	def test_a_receipt_that_staff_booked_already_is_not_booked_again(self):
		"""The customer showed the SMS at the desk; the confirmation comes afterwards."""
		receipt = factories.unique("SMS").replace(" ", "")
		entry = self.desk(self.subscription, 1500, reference_no=receipt, reference_date=nowdate())
		self.work(self.subscription)
		payment = self.pay(self.subscription, 1500, receipt=receipt)
		self.assertEqual(("Duplicate", entry.name), (payment.status, payment.duplicate_of))
		self.assert_days_left(30, self.subscription)
		self.assert_owes(0, self.subscription)

	def test_a_receipt_that_is_applied_cannot_be_booked_at_the_desk(self):
		payment = self.pay(self.subscription)
		with self.assertRaisesRegex(frappe.ValidationError, payment.payment_entry):
			self.desk(self.subscription, 1500, reference_no=payment.receipt, reference_date=nowdate())

	def test_an_amended_entry_carries_on_for_the_payment_that_it_books(self):
		payment = self.pay(self.subscription)
		entry = frappe.get_doc("Payment Entry", payment.payment_entry)
		entry.cancel()
		self.work(self.subscription)
		self.assertEqual("Expired", self.subscription.status)
		amended = frappe.copy_doc(entry)
		amended.amended_from = entry.name
		amended.references[0].allocated_amount = 1500
		amended.insert()
		amended.submit()
		self.work(self.subscription)
		payment.reload()
		self.assertEqual(("Applied", amended.name), (payment.status, payment.payment_entry))
		self.assert_days_left(30, self.subscription)
		self.assertFalse(frappe.db.exists("Subscription Payment", amended.name))

	def test_money_is_moved_to_another_subscription_by_amending_its_entry(self):
		payment = self.pay(self.subscription)
		other = self.subscribe()
		entry = frappe.get_doc("Payment Entry", payment.payment_entry)
		entry.cancel()
		amended = frappe.copy_doc(entry)
		amended.update(
			{
				"amended_from": entry.name,
				"party": other.customer,
				"party_name": None,
				"customer_subscription": other.name,
				"references": [],
			}
		)
		amended.insert()
		amended.submit()
		self.work(self.subscription, other)
		payment.reload()
		self.assertEqual(("Applied", other.name), (payment.status, payment.subscription))
		self.assertEqual("Expired", self.subscription.status)
		self.assert_days_left(30, other)
		self.assert_owes(0, other)

	def test_an_entry_of_another_company_is_refused(self):
		self.isp_settings.company = site.COMPANY
		with self.assertRaisesRegex(frappe.ValidationError, site.COMPANY):
			self.desk(self.subscription, 1500)

	def test_who_books_money_without_the_subscription_is_told_of_it(self):
		frappe.clear_messages()
		self.desk(self.subscription, 1500, customer_subscription=None)
		self.assertIn(self.subscription.name, frappe.as_json(frappe.get_message_log()))

	def test_a_payment_assigned_to_another_subscription_takes_its_entry_along(self):
		other = self.subscribe(customer=self.subscription.customer)
		entry = self.desk(self.subscription, 1500)
		payment = frappe.get_doc("Subscription Payment", entry.name)
		payment.subscription = other.name
		payment.save()
		self.work(other)
		self.assert_days_left(30, other)
		self.assertEqual(
			other.name, frappe.db.get_value("Payment Entry", entry.name, "customer_subscription")
		)

	def test_an_entry_of_one_customer_is_not_taken_for_another(self):
		stranger = self.subscribe()
		entry = self.desk(self.subscription, 1500)
		payment = frappe.get_doc("Subscription Payment", entry.name)
		payment.subscription = stranger.name
		payment.save()
		self.work(stranger)
		payment.reload()
		self.assertEqual("Needs Review", payment.status)
		self.assertIn(entry.name, payment.review_reason)

	def test_money_that_nobody_verified_pays_for_nothing(self):
		"""frappe_mpsa_payments books what a callback says; the entry exists, the money may not."""
		invoice = self.invoice(self.subscription)
		entry = self.desk(self.subscription, 1500, invoice)
		frappe.db.set_value(
			"Subscription Payment", entry.name, {"verified": 0, "status": "Received", "source": "Pay Bill"}
		)
		periods.settle(frappe.get_doc("Customer Subscription", self.subscription.name))
		self.subscription.reload()
		self.assertEqual("Draft", self.subscription.status)

	def test_an_unverified_advance_pays_for_nothing(self):
		entry = self.desk(self.subscription, 1500)
		frappe.db.set_value(
			"Subscription Payment", entry.name, {"verified": 0, "status": "Received", "source": "Pay Bill"}
		)
		self.assertEqual(0, ledger.credit(self.subscription.name))

	def test_money_of_a_second_paybill_is_booked_to_its_own_account(self):
		account = _ensure_account("M-PESA Second", "Bank")
		mpesa = self.mpesa_settings(factories.unique("Second"))
		mode = frappe.get_doc("Mode of Payment", f"Mpesa-{mpesa}")
		mode.append("accounts", {"company": COMPANY, "default_account": account})
		mode.save()
		name = self.receive(self.subscription, 1500)
		frappe.db.set_value("Subscription Payment", name, "mpesa_settings", mpesa)
		application.apply(name)
		entry = frappe.db.get_value("Subscription Payment", name, "payment_entry")
		self.assertEqual(f"M-PESA Second - {ABBR}", frappe.db.get_value("Payment Entry", entry, "paid_to"))

	def mpesa_settings(self, name: str) -> str:
		other = frappe.copy_doc(frappe.get_doc("Mpesa Settings", site.MPESA))
		other.update({"payment_gateway_name": name, "business_shortcode": "600999", "till_number": "600999"})
		other.initiator_password = other.security_credential = None
		return other.insert().name

	def test_a_date_in_the_future_is_not_believed(self):
		payment = self.pay(self.subscription, paid_on=add_days(nowdate(), 20))
		self.assertEqual(
			nowdate(), str(frappe.db.get_value("Payment Entry", payment.payment_entry, "posting_date"))
		)


class TestReceiptsAtTheDesk(BooksTestCase):
	"""A receipt is used once, however it was typed."""

	def setUp(self) -> None:
		super().setUp()
		self.subscription = self.subscribe()

	def receipt(self) -> str:
		return "S" + frappe.generate_hash(length=8).upper() + "7"

	def spellings(self, receipt: str) -> tuple[str, ...]:
		return f" {receipt}", f"{receipt}....", f"MPESA {receipt}", receipt.lower(), f"m-pesa:{receipt} ok"

	def refused(self, subscription, reference: str) -> str:
		frappe.db.savepoint("refused")
		with self.assertRaises(frappe.ValidationError) as refusal:
			self.desk(subscription, 1500, reference_no=reference, reference_date=nowdate())
		frappe.db.rollback(save_point="refused")
		return str(refusal.exception)

	def test_two_payments_at_the_desk(self):
		receipt, other = self.receipt(), self.subscribe()
		first = self.desk(self.subscription, 1500, reference_no=f"MPESA {receipt}", reference_date=nowdate())
		self.work(self.subscription)
		self.assertEqual(receipt, frappe.db.get_value("Subscription Payment", first.name, "receipt"))
		for spelling in self.spellings(receipt):
			with self.subTest(spelling):
				self.assertIn(first.name, self.refused(other, spelling))

	def test_what_mpesa_brought_already(self):
		payment = self.pay(self.subscription, receipt=self.receipt())
		for spelling in self.spellings(payment.receipt):
			with self.subTest(spelling):
				self.assertIn(payment.payment_entry, self.refused(self.subscribe(), spelling))

	def test_what_mpesa_confirms_after_the_desk_booked_it_for_the_same_customer(self):
		receipt = self.receipt()
		entry = self.desk(
			self.subscription, 1500, reference_no=f"MPESA {receipt.lower()}.", reference_date=nowdate()
		)
		self.work(self.subscription)
		payment = self.pay(self.subscription, 1500, receipt=None, payment_id=receipt)
		self.assertEqual(("Duplicate", entry.name), (payment.status, payment.duplicate_of))
		self.assert_owes(0, self.subscription)

	def test_what_mpesa_confirms_after_the_desk_booked_it_for_another(self):
		receipt, other = self.receipt(), self.subscribe()
		entry = self.desk(other, 1500, reference_no=receipt, reference_date=nowdate())
		self.work(other)
		payment = self.pay(self.subscription, 1500, receipt=None, payment_id=receipt)
		self.assertEqual("Needs Review", payment.status)
		self.assertIn(entry.name, payment.review_reason)

	def test_a_strangers_word_for_a_receipt_does_not_keep_the_desk_from_booking_it(self):
		receipt = self.receipt()
		claimed = self.receive(self.subscribe(), 1500, receipt=receipt, verified=0, status="Received")
		entry = self.desk(self.subscription, 1500, reference_no=receipt, reference_date=nowdate())
		self.assertEqual(receipt, frappe.db.get_value("Subscription Payment", entry.name, "receipt"))
		self.assertEqual("Received", frappe.db.get_value("Subscription Payment", claimed, "status"))

	def test_money_that_mpesa_confirmed_and_nobody_booked_is_booked_by_the_desks_entry(self):
		"""A wrong account number was typed; the customer shows the SMS at the desk."""
		receipt = self.receipt()
		name = self.receive(self.subscription, 1500, receipt=receipt, status="Needs Review")
		frappe.db.set_value("Subscription Payment", name, {"subscription": None, "customer": None})
		frappe.db.savepoint("refused")
		with self.assertRaises(frappe.ValidationError):
			self.desk(self.subscription, 1400, reference_no=receipt, reference_date=nowdate())
		frappe.db.rollback(save_point="refused")
		entry = self.desk(self.subscription, 1500, reference_no=receipt, reference_date=nowdate())
		application.apply(name)
		payment = frappe.get_doc("Subscription Payment", name)
		self.assertEqual(
			("Applied", entry.name, self.subscription.name),
			(payment.status, payment.payment_entry, payment.subscription),
		)
		self.assertFalse(frappe.db.exists("Subscription Payment", entry.name))

	def test_the_receipt_of_a_cancelled_entry_may_be_booked_again(self):
		receipt = self.receipt()
		entry = self.desk(self.subscription, 1500, reference_no=receipt, reference_date=nowdate())
		self.work(self.subscription)
		entry.reload()
		entry.cancel()
		again = self.desk(self.subscription, 1500, reference_no=f"MPESA {receipt}", reference_date=nowdate())
		self.assertEqual(receipt, frappe.db.get_value("Subscription Payment", again.name, "receipt"))

	def test_an_entry_for_something_else_uses_the_receipt_too(self):
		receipt, customer = self.receipt(), factories.a_customer()
		shop = self.desk(
			frappe._dict(customer=customer.name, name=None),
			1500,
			reference_no=f"MPESA {receipt}",
			reference_date=nowdate(),
			mode_of_payment=site.MODE_OF_PAYMENT,
		)
		with self.assertRaisesRegex(frappe.ValidationError, shop.name):
			self.desk(
				self.subscription,
				1500,
				reference_no=receipt,
				reference_date=nowdate(),
				mode_of_payment=site.MODE_OF_PAYMENT,
			)
