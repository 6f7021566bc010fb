"""Every whitelisted function of this app and of frappe_mpsa_payments, and for whom it is.

A new one fails here until somebody has judged it: who may call it, what it tells, what it costs.
"""

import importlib
import inspect
import json
import os
from collections.abc import Iterator

import erpnext
import frappe
from frappe.utils import add_months, cint, now_datetime

from mikrotik_integration import demo_company as site
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.tests import factories, visitors
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor

OURS, THEIRS = "mikrotik_integration", "frappe_mpsa_payments"
# arguments of replaced functions that only Frappe's own code gives
NO_REQUEST_SENDS = {"frappe.desk.form.load.get_docinfo": {"doc"}}
API = "frappe_mpsa_payments.frappe_mpsa_payments.api"
DOCTYPE = "frappe_mpsa_payments.frappe_mpsa_payments.doctype"
REQUEST = f"{DOCTYPE}.mpesa_express_request.mpesa_express_request"
SETTINGS = f"{DOCTYPE}.mpesa_settings.mpesa_settings"

# A guest on the captive portal or on the payment page: sees what is theirs by a token, a code or a phone.
GUEST = {
	f"{OURS}.api.hotspot": ("buy", "purchase", "redeem", "replace_device", "resume", "status"),
	REQUEST: ("create_new_request", "get_request_status", "retry_stkpush", "convert_amount_to_kes"),
	"frappe_mpsa_payments.utils.utils": ("convert_amount_to_kes",),
	"frappe_mpsa_payments.www.mpesa.stkpush": ("convert_amount_to_kes",),
}
# M-PESA's servers, which nobody can tell from anybody else: believed in nothing, same answer to all.
CALLBACK = {
	f"{OURS}.api.payments": ("transaction_status_result",),
	f"{API}.m_pesa_api": (
		"balance_query_callback",
		"confirmation",
		"handle_queue_timeout",
		"handle_transaction_status_result",
		"stk_push_callback",
		"validation",
		"verify_transaction",
	),
	f"{API}.b2c": ("b2c_results_callback",),
	SETTINGS: ("process_balance_info",),
}
# A customer with a login, for what belongs to their Customers; staff for what they may see.
CUSTOMER = {
	f"{OURS}.api.payments": ("get", "of_subscription", "request_payment"),
	f"{OURS}.api.subscriptions": ("get", "list_own"),
	f"{OURS}.api.usage": ("by_day", "quota"),
}
# Staff: asks for a role's permission on the kind of document.
STAFF = {
	f"{OURS}.api.routers": (
		"check",
		"connections",
		"download_login_page",
		"get_standstill",
		"install_login_page",
		"list_pools",
		"list_status",
		"test_connection",
	),
	f"{OURS}.api.subscriptions": (
		"activate",
		"change",
		"create",
		"get_password",
		"invoice",
		"lift_suspension",
		"pause",
		"resume",
		"suspend",
		"terminate",
	),
	f"{OURS}.api.voucher_batches": ("export", "preview_import", "printable", "sheets", "start_import"),
	f"{OURS}.api.vouchers": (
		"last_sales",
		"packages",
		"purchase",
		"replace_device",
		"routers",
		"sell_for_cash",
		"sell_for_mpesa",
		"sold",
	),
	f"{API}.b2c": ("make_b2c_payment_request",),
	f"{API}.m_pesa_api": (
		"check_transaction_status",
		"get_account_balance",
		"get_draft_pos_invoice",
		"get_mpesa_draft_c2b_payments",
		"get_mpesa_mode_of_payment",
		"initiate_stk_push",
		"initiate_tax_remmitance",
		"submit_instant_mpesa_payment",
		"submit_mpesa_payment",
	),
	f"{API}.payment_entry": (
		"get_available_pos_profiles",
		"get_outstanding_invoices",
		"get_unallocated_payments",
		"process_mpesa_c2b_customer_credit",
		"process_mpesa_c2b_reconciliation",
		"submit_mpesa_payment",
	),
	f"{API}.sales_invoice": (
		"get_mop_from_payment_gateway",
		"get_payment_gateway_from_mop",
		"get_stk_amount",
		"initiate_invoice_stk_push",
		"initiate_row_stk_push",
		"validate_stk_push_eligibility",
	),
	f"{DOCTYPE}.b2c_disbursement_request.b2c_disbursement_request": ("make_b2c_payment_request",),
	f"{DOCTYPE}.mpesa_c2b_payment_register.mpesa_c2b_payment_register": ("get_outstanding_invoices",),
	REQUEST: ("check_transaction_status", "get_stkpush_defaults", "initiate_stk_push"),
	SETTINGS: ("get_account_balance", "get_doctype_fields", "trigger_transaction_status"),
	f"{DOCTYPE}.mpesa_tax_remittance.mpesa_tax_remittance": ("initiate_tax_remmitance",),
	"frappe_mpsa_payments.utils.utils": ("get_mode_of_payment_account",),
}
# Methods of documents: Frappe asks for the permission on the document first.
METHODS = {
	"B2CDisbursementRequest.retry_failed_payment",
	"B2CPaymentDisbursement.allocate_amount_to_references",
	"B2CPaymentDisbursement.get_outstanding_reference_documents",
	"B2CPaymentDisbursement.retry_failed_payments",
	"B2CPaymentDisbursement.update_disbursement_status",
	"HotspotVoucher.void",
	"HotspotVoucherBatch.sell",
	"ISPSettings.is_away",
	"ISPSettings.this_site_is_right",
	"MikroTikSettings.allow_removals",
	"MikroTikSettings.check_now",
	"MikroTikSettings.confirm_box",
	"MikroTikSettings.install_login_page",
	"MikroTikSettings.missing_for_portal",
	"MikroTikSettings.test_connection",
	"MikroTikSettings.this_site_is_right",
	"MpesaExpressRequest.initiate_request",
	"MpesaExpressRequest.reconcile_payment",
	"MpesaSettings.get_account_balance_info",
	"MpesaTaxRemittance.initiate_request",
	"StanbicSettings.fetch_all_sort_codes",
	"StanbicSettings.refresh_access_token",
	"SubscriptionPayment.ask_now",
	"SubscriptionPayment.assign",
	"SubscriptionPayment.close",
	"SubscriptionPayment.confirm",
	"SubscriptionPayment.not_a_duplicate",
	"SubscriptionPayment.reopen",
	"SubscriptionPayment.set_receipt",
}


def paths(judged: dict[str, tuple[str, ...]]) -> set[str]:
	return {f"{module}.{name}" for module, names in judged.items() for name in names}


def modules(app: str) -> Iterator:
	"""Every module of an app that can be imported, without its tests."""
	root = frappe.get_app_path(app)
	for folder, folders, files in os.walk(root):
		folders[:] = [name for name in folders if name not in ("tests", "simulators", "demo", "public")]
		for file in files:
			if file.endswith(".py") and not file.startswith("test_"):
				path = os.path.relpath(os.path.join(folder, file), os.path.dirname(root))[:-3]
				yield importlib.import_module(path.replace(os.sep, ".").removesuffix(".__init__"))


def is_open(value: object) -> bool:
	return inspect.isroutine(value) and value in frappe.whitelisted


def functions(app: str) -> set[str]:
	"""Each name under which a whitelisted function of the two apps can be called, those that import it included."""
	return {
		f"{module.__name__}.{name}"
		for module in modules(app)
		for name, value in vars(module).items()
		if is_open(value) and value.__module__.startswith((OURS, THEIRS))
	}


def in_place_of_others() -> set[str]:
	"""What hooks.py puts in the place of another function: judged under that one's name."""
	hooks = ("override_whitelisted_methods", "standard_queries")
	return {ours[-1] for hook in hooks for ours in frappe.get_hooks(hook, app_name=OURS).values()}


def methods(app: str) -> set[str]:
	return {
		f"{name}.{function}"
		for module in modules(app)
		for name, value in vars(module).items()
		if inspect.isclass(value) and value.__module__ == module.__name__
		for function, code in vars(value).items()
		if is_open(code)
	}


class TestEveryEndpoint(ServiceTestCase):
	def test_is_judged(self):
		judged = set().union(*map(paths, (GUEST, CALLBACK, CUSTOMER, STAFF)))
		found = functions(OURS) | functions(THEIRS)
		self.assertEqual((set(), set()), (found - judged - in_place_of_others(), judged - found))

	def test_method_of_a_document_is_judged(self):
		self.assertEqual(METHODS, methods(OURS) | methods(THEIRS))

	def test_takes_the_place_of_one_that_is_there(self):
		replaced = frappe.get_hooks("override_whitelisted_methods", app_name=OURS)
		for path, ours in replaced.items():
			with self.subTest(path):
				self.assertTrue(is_open(frappe.get_attr(ours[-1])))
				if path.startswith(THEIRS):
					self.assertTrue(is_open(frappe.get_attr(path)))

	def test_takes_what_the_one_takes_in_whose_place_it_is(self):
		"""What the desk's forms send differs between Frappe 15 and 16."""
		for path, ours in frappe.get_hooks("override_whitelisted_methods", app_name=OURS).items():
			module, name = path.rsplit(".", 1)
			original = getattr(importlib.import_module(module), name, None)
			taken = inspect.signature(frappe.get_attr(ours[-1])).parameters
			if original is None or any(one.kind is one.VAR_KEYWORD for one in taken.values()):
				continue
			with self.subTest(path):
				sent = set(inspect.signature(original).parameters) - NO_REQUEST_SENDS.get(path, set())
				self.assertLessEqual(sent, set(taken))

	def test_is_open_to_guests_only_if_it_is_for_them(self):
		for_guests = paths(GUEST) | paths(CALLBACK)
		for path in paths(CUSTOMER) | paths(STAFF):
			with self.subTest(path):
				method = frappe.get_attr(frappe.override_whitelisted_method(path))
				self.assertNotIn(method, frappe.guest_methods)
		for path in for_guests:
			with self.subTest(path):
				method = frappe.get_attr(frappe.override_whitelisted_method(path))
				self.assertIn(method, frappe.guest_methods)


def is_refused_by_frappe(answer) -> bool:
	"""Frappe 16 parses with orjson and refuses half a character before any method is called; 15 lets it pass."""
	return answer.status_code == 417 and "Invalid request body" in answer.text


class AudienceTestCase(ServiceTestCase):
	"""A subscription with an invoice, a paid prompt and a router, and somebody who is not concerned."""

	def setUp(self) -> None:
		super().setUp()
		from mikrotik_integration.services import subscriptions

		self.router = factories.a_router(self.sim)
		self.subscription = factories.a_subscription(self.router)
		self.payment = self.pay(self.subscription)
		self.work()
		other = factories.a_subscription(self.router, customer=self.subscription.customer)
		self.invoice = subscriptions.invoice(other.name)
		frappe.db.commit()
		self.request = frappe.db.get_value(
			"Mpesa Express Request", {"reference_name": self.subscription.name}
		)
		self.stranger = factories.a_phone()
		self.guest = Visitor(self.web.url)
		self.customer = Visitor(self.web.url, visitors.a_portal_user(factories.a_customer().name))
		frappe.db.commit()

	def arguments(self, path: str) -> dict:
		"""True names for whatever a function wants to know: nothing is refused for want of them."""
		known = {
			"amount": 10,
			"base_amount": 10,
			"batch": "x",
			"company": site.COMPANY,
			"currency": "KES",
			"customer": self.subscription.customer,
			"date": None,
			"doc_name": "x",
			"docname": self.invoice,
			"doctype": "Sales Invoice",
			"invoice": self.invoice,
			"invoice_name": self.invoice,
			"invoice_names": f'["{self.invoice}"]',
			"layout": "A4",
			"mode_of_payment": f"Mpesa-{site.MPESA}",
			"mpesa_names": "[]",
			"mpesa_payment": "x",
			"mpesa_settings": site.MPESA,
			"name": site.MPESA if "balance" in path else self.request,
			"payment": self.payment,
			"payment_entries": "[]",
			"payment_gateway": f"Mpesa-{site.MPESA}",
			"payment_name": "x",
			"phone_number": self.stranger,
			"reason": "x",
			"reference_id": self.subscription.name,
			"reference_type": "Customer Subscription",
			"request_amount": 10,
			"account_reference": "x",
			"router": self.router.name,
			"settings": site.MPESA,
			"subscription": self.subscription.name,
			"transaction_id": "SAB1234567",
		}
		method = frappe.get_attr(frappe.override_whitelisted_method(path))
		wanted = inspect.signature(method).parameters
		if any(one.kind is one.VAR_KEYWORD for one in wanted.values()):
			return known
		return {
			name: known.get(name, "x")
			for name, one in wanted.items()
			if name in known or one.default is one.empty
		}

	def assert_gets_nothing(self, visitor: Visitor, path: str, refusals: tuple[int, ...]) -> None:
		answer = visitor.call(path, **self.arguments(path))
		self.assertIn(answer.status_code, refusals, answer.text[:300])
		for secret in (
			self.subscription.phone_number,
			self.subscription.customer,
			self.invoice,
			self.router.ip_address,
		):
			self.assertNotIn(f'"{secret}"', answer.text)
		self.assertEqual([], self.prompts_to(self.stranger))

	def prompts_to(self, phone: str) -> list:
		asked = self.daraja.record.requests("/mpesa/stkpush/v1/processrequest")
		return [one for one in asked if str(one.body["PhoneNumber"]) == phone]


class TestAudiences(AudienceTestCase):
	def test_what_is_for_staff_gives_guests_and_customers_nothing(self):
		for path in sorted(paths(STAFF)):
			for visitor in (self.guest, self.customer):
				with self.subTest(path, user=visitor.user):
					self.assert_gets_nothing(visitor, path, (401, 403))

	def test_what_is_for_customers_gives_guests_and_other_customers_nothing(self):
		for path in sorted(paths(CUSTOMER) - {f"{OURS}.api.subscriptions.list_own"}):
			for visitor in (self.guest, self.customer):
				with self.subTest(path, user=visitor.user):
					self.assert_gets_nothing(visitor, path, (401, 403))
		answer = self.customer.api("subscriptions.list_own", "GET")
		self.assertEqual([], answer.json()["message"])

	def test_a_method_of_a_document_gives_guests_and_customers_nothing(self):
		documents = {
			"Mpesa Express Request": (self.request, ("initiate_request", "reconcile_payment")),
			"Mpesa Settings": (site.MPESA, ("get_account_balance_info",)),
			"Subscription Payment": (self.payment, ("ask_now", "assign", "confirm", "not_a_duplicate")),
			"MikroTik Settings": (self.router.name, ("check_now", "install_login_page", "test_connection")),
		}
		for doctype, (name, names) in documents.items():
			for method in names:
				for visitor in (self.guest, self.customer):
					with self.subTest(doctype, method=method, user=visitor.user):
						answer = visitor.call("run_doc_method", dt=doctype, dn=name, method=method)
						self.assertIn(answer.status_code, (401, 403), answer.text[:300])

	def test_callbacks_that_answer_no_question_of_ours_leave_nothing_and_get_one_answer(self):
		bodies = (
			{},
			{"Body": {"stkCallback": {"CheckoutRequestID": "ws_CO_1", "ResultCode": 0}}},
			{"Body": {"stkCallback": {"CheckoutRequestID": ["like", "%"], "ResultCode": 0}}},
			{"Body": []},
			{"Result": {"ConversationID": "%", "OriginatorConversationID": "%", "ResultCode": 1}},
			{"Result": {"ConversationID": "%%%%%%%%", "OriginatorConversationID": "_" * 8, "ResultCode": 0}},
			{"Result": {"ConversationID": "\ud800" * 9, "ResultCode": 0}},
			{"Result": "\ud800"},
			visitors.transaction_status("QQQ1234567", 1500, site.SHORTCODE, "AG_20260101_0123456789"),
		)
		counted = ("Error Log", "Integration Request", "Mpesa C2B Payment Register", "Payment Entry")
		before = self.facts(counted)
		for path in sorted(paths(CALLBACK) - {f"{API}.m_pesa_api.confirmation"}):
			with self.subTest(path):
				answers = {
					(answer.status_code, answer.text)
					for answer in (self.guest.call(path, **body) for body in bodies)
					if not is_refused_by_frappe(answer)
				}
				self.assertEqual(1, len(answers), answers)
				self.assertEqual(200, answers.pop()[0])
				self.work()
				self.assertEqual(before, self.facts(counted))

	def facts(self, doctypes: tuple[str, ...]) -> list:
		frappe.db.rollback()
		return [frappe.db.count(doctype) for doctype in doctypes] + [
			frappe.get_all(
				"Integration Request", fields=["name", "status", "modified"], order_by="name", limit=0
			),
			frappe.db.get_value("Mpesa Settings", site.MPESA, "account_balance"),
		]


class TestInvoicesOfOthers(AudienceTestCase):
	"""What ERPNext tells every login of invoices."""

	def test_only_who_may_read_invoices_is_told_who_owes_how_much(self):
		staff, accountant = (
			Visitor(self.web.url, visitors.a_user(role)) for role in ("ISP Staff", "Accounts User")
		)
		preview = {"company": site.COMPANY, "doctype": "Sales Invoice", "docname": self.invoice}
		for function, asked in (
			(
				"accounts.doctype.invoice_discounting.invoice_discounting.get_invoices",
				{"filters": frappe.as_json({"customer": self.subscription.customer})},
			),
			(
				"accounts.doctype.sales_invoice.sales_invoice.create_invoice_discounting",
				{"source_name": self.invoice},
			),
			("controllers.stock_controller.show_accounting_ledger_preview", preview),
			("controllers.stock_controller.show_stock_ledger_preview", preview),
		):
			for visitor in (self.guest, self.customer, staff):
				with self.subTest(function, user=visitor.user):
					answer = visitor.call(f"erpnext.{function}", **asked)
					self.assertEqual(403, answer.status_code, answer.text[:300])
					self.assertNotIn("1500", answer.text)
			with self.subTest(function, user=accountant.user):
				answer = accountant.call(f"erpnext.{function}", **asked)
				self.assertEqual(200, answer.status_code, answer.text[:300])


class TestSecondNames(AudienceTestCase):
	"""A function that was replaced is not called by another name: of a module that imports it, or by Frappe's trees."""

	def assert_refused(self, answer) -> None:
		self.assertEqual(403, answer.status_code, answer.text[:300])
		self.assertNotIn(self.subscription.customer, answer.text)

	def test_guests_make_no_payment_request(self):
		asked = {"dt": "Sales Invoice", "dn": self.invoice, "recipient_id": "mallory@example.com"}
		function = "erpnext.accounts.doctype.pos_invoice.pos_invoice.make_payment_request"
		self.assert_refused(self.guest.call(function, **asked))
		for path, more in (
			(f"api/v1/method/{function}", {}),
			(f"api/v2/method/{function}", {}),
			("api/v2/method/POS Invoice/make_payment_request", {}),
			("", {"cmd": function}),
		):
			with self.subTest(path):
				self.assert_refused(
					self.guest.http.post(f"{self.web.url}/{path}", json={**asked, **more}, timeout=30)
				)
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("Payment Request", {"reference_name": self.invoice}))

	def test_customers_send_no_messages_and_read_no_comments(self):
		for module in (
			"frappe.email.doctype.notification.notification",
			"erpnext.selling.doctype.sms_center.sms_center",
		):
			with self.subTest(module):
				message = {"receiver_list": [self.stranger], "msg": "Pay me"}
				self.assert_refused(self.customer.call(f"{module}.send_sms", **message))
		own = {"doctype": "Customer Subscription", "name": self.subscription.name}
		customer = Visitor(self.web.url, visitors.a_portal_user(self.subscription.customer))
		self.assert_refused(customer.call("frappe.tests.test_form_load.getdoc", **own))

	def test_nobody_feels_for_a_code_with_a_tree(self):
		staff = Visitor(self.web.url, visitors.a_user("ISP Staff"))
		asked = {"doctype": "Hotspot Voucher", "label": "x", "parent": "", "tree_method": "frappe.client.get"}
		sought = {"filters": json.dumps({"code": ["like", "nothing%"]})}
		self.assert_refused(staff.call("frappe.desk.treeview.get_all_nodes", **asked, **sought))

	def test_forms_make_documents_by_functions_that_were_replaced(self):
		"""Frappe's mapper calls what is in their place."""
		answer = Visitor(self.web.url, visitors.a_user("Accounts User")).call(
			"frappe.model.mapper.make_mapped_doc",
			method="erpnext.accounts.doctype.sales_invoice.sales_invoice.create_invoice_discounting",
			source_name=self.invoice,
		)
		self.assertEqual(200, answer.status_code, answer.text[:300])


class TestSums(AudienceTestCase):
	"""Frappe 15's graph of a goal sums up any documents, by any function of SQL, for every login."""

	def graph(self, visitor: Visitor, doctype: str, name: str, **values):
		return visitor.call(
			"frappe.utils.goal.get_monthly_goal_graph_data",
			title="Goal",
			doctype=doctype,
			docname=name,
			goal_value_field="x",
			goal_total_field="x",
			goal_history_field="x",
			date_field="creation",
			**values,
		)

	def test_nobody_reads_a_secret_with_them(self):
		secret = self.subscription.phone_number
		frappe.db.set_value("Tag", self.tag(), "creation", add_months(now_datetime(), -2))
		frappe.db.commit()
		sql = "(select max(phone_number) from `tabCustomer Subscription`) from tabTag -- "
		staff = Visitor(self.web.url, visitors.a_user("ISP Staff"))
		tags = {"goal_doctype": "Tag", "goal_doctype_link": "name", "goal_field": "name"}
		ours = {
			"goal_doctype": "Customer Subscription",
			"goal_doctype_link": "status",
			"goal_field": "name",
			"filters": json.dumps({"phone_number": ["like", f"{secret[:6]}%"]}),
		}
		for visitor in (self.customer, staff):
			for asked in (tags | {"aggregation": sql}, ours | {"aggregation": "count"}):
				with self.subTest(user=visitor.user, **asked):
					answer = self.graph(visitor, "Tag", self.tag(), **asked)
					self.assertEqual(403, answer.status_code, answer.text[:500])

	def test_nobody_reads_a_secret_with_a_search_of_erpnext(self):
		function = (
			"erpnext.buying.doctype.request_for_quotation.request_for_quotation.get_rfq_containing_supplier"
		)
		asked = {"doctype": "Supplier", "searchfield": "name", "start": 0, "page_len": 9}
		filters = {"company": site.COMPANY, "supplier": "x"}
		sql = "' union select phone_number, name, name from `tabCustomer Subscription` -- "
		search = {"doctype": "Supplier", "query": function, "filters": json.dumps(filters)}
		for answer in (
			self.customer.call(function, txt=sql, filters=filters, **asked),
			self.customer.call(function, txt="x", filters=filters | {"transaction_date": sql}, **asked),
			self.customer.call("frappe.desk.search.search_widget", txt=sql, **search),
			self.customer.call(
				"erpnext.controllers.queries.get_income_account",
				txt="x",
				filters={"disabled": "0 union select phone_number from `tabCustomer Subscription`"},
				**asked,
			),
		):
			self.assertEqual(403, answer.status_code, answer.text[:300])
			self.assertNotIn(self.subscription.phone_number, answer.text)
		answer = self.customer.call("frappe.desk.search.search_widget", txt="x", **search)
		self.assertEqual(200, answer.status_code, answer.text[:300])

	def tag(self) -> str:
		"""A document that everybody may read and make, called as what is looked for."""
		name = self.subscription.status
		if not frappe.db.exists("Tag", name):
			frappe.get_doc({"doctype": "Tag", "name": name}).insert()
			frappe.db.commit()
		return name

	def test_accountants_see_the_goals_of_a_company(self):
		accountant = Visitor(self.web.url, visitors.a_user("Accounts User"))
		sales = {
			"goal_doctype": "Sales Invoice",
			"goal_doctype_link": "company",
			"goal_field": "base_grand_total",
		}
		answer = self.graph(accountant, "Company", site.COMPANY, **sales, aggregation="sum")
		self.assertEqual(200, answer.status_code, answer.text[:500])


class TestPaymentPage(AudienceTestCase):
	"""frappe_mpsa_payments' page for whoever has the link of a Payment Request."""

	def setUp(self) -> None:
		super().setUp()
		self.daraja.everybody(Decision.NEVER, 0)

	def payment_request(self) -> str:
		from erpnext.accounts.doctype.payment_request.payment_request import make_payment_request

		gateway = frappe.db.get_value("Payment Gateway Account", {"payment_gateway": f"Mpesa-{site.MPESA}"})
		request = make_payment_request(
			dt="Sales Invoice",
			dn=self.invoice,
			recipient_id="asha@example.com",
			payment_gateway_account=gateway,
			mute_email=1,
			return_doc=1,
		)
		# its own prompt is sent by the app "payments", which need not be here
		frappe.db.set_value("Payment Request", request.name, {"docstatus": 1, "status": "Requested"})
		frappe.db.commit()
		return request.name

	def begin(self, visitor: Visitor, document: str, doctype: str = "Payment Request", **values):
		return visitor.call(
			visitors.CREATE_NEW_REQUEST,
			**{
				"phone_number": self.stranger,
				"payment_gateway": f"Mpesa-{site.MPESA}",
				"reference_type": doctype,
				"reference_id": document,
				"amount": 1,
				"base_amount": 1,
				**values,
			},
		)

	def test_who_has_the_link_pays_what_is_due_and_sees_how_far_it_is(self):
		token = self.begin(self.guest, self.payment_request()).json()["message"]
		(prompt,) = self.prompts_to(self.stranger)
		self.assertEqual(1500, int(prompt.body["Amount"]))
		told = self.guest.call(visitors.REQUEST_STATUS, name=token)
		self.assertEqual("In Progress", told.json()["message"]["status"])
		self.assertNotIn(self.stranger, told.text)
		page = self.guest.http.get(f"{self.web.url}/mpesa/stkpush", params={"id": token}, timeout=30)
		self.assertIn("In Progress", page.text)
		again = self.guest.call(visitors.RETRY_PUSH, name=token)
		self.assertEqual(200, again.status_code, again.text)
		self.assertEqual(2, len(self.prompts_to(self.stranger)))

	def test_nobody_learns_whether_a_document_exists(self):
		for visitor in (self.guest, self.customer):
			for doctype, name in (
				("Customer Subscription", self.subscription.name),
				("Customer", self.subscription.customer),
				("Sales Invoice", self.invoice),
				("User", "Administrator"),
			):
				with self.subTest(doctype, user=visitor.user):
					answers = {
						(answer.status_code, answer.text)
						for answer in (
							self.begin(visitor, name, doctype),
							self.begin(visitor, "nothing", doctype),
							self.begin(visitor, "nothing"),
						)
					}
					self.assertEqual(1, len(answers), answers)
		self.assertEqual([], self.prompts_to(self.stranger))

	def test_a_payment_request_is_made_by_staff_and_by_whoever_the_invoice_is_for(self):
		"""ERPNext lets guests make one for any invoice, and read in it whose it is."""
		module = "erpnext.accounts.doctype.payment_request.payment_request"
		asked = {"dt": "Sales Invoice", "dn": self.invoice, "recipient_id": "mallory@example.com"}
		theirs = {"reference_name": self.invoice}
		for visitor in (self.guest, self.customer):
			for more in ({}, {"submit_doc": 1, "phone_number": self.stranger}):
				with self.subTest(user=visitor.user, **more):
					answer = visitor.call(f"{module}.make_payment_request", **asked, **more)
					self.assertEqual(403, answer.status_code, answer.text[:300])
					self.assertNotIn(self.subscription.customer, answer.text)
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("Payment Request", theirs))
		makers = [visitors.a_user("Accounts User")]
		if cint(erpnext.__version__.split(".")[0]) < 16:  # 16 leaves it to staff
			makers.append(visitors.a_portal_user(self.subscription.customer))
		for user in makers:
			visitor = Visitor(self.web.url, user)
			with self.subTest(user=user):
				answer = visitor.call(f"{module}.make_payment_request", **asked)
				self.assertEqual(200, answer.status_code, answer.text[:300])
				made = answer.json()["message"]["name"]
				for other in (self.guest, self.customer):
					resent = other.call(f"{module}.resend_payment_email", docname=made)
					self.assertEqual(403, resent.status_code, resent.text[:300])

	def test_prompts_are_not_sprayed_over_strangers(self):
		document = self.payment_request()
		phones = [factories.a_phone() for _number in range(20)]
		for phone in phones:
			self.begin(self.guest, document, phone_number=phone)
		self.assertLessEqual(sum(len(self.prompts_to(phone)) for phone in phones), 5)

	def test_a_name_that_can_be_guessed_gets_at_no_prompt(self):
		for path in (visitors.REQUEST_STATUS, visitors.RETRY_PUSH):
			for visitor in (self.guest, self.customer):
				with self.subTest(path, user=visitor.user):
					answers = {
						(answer.status_code, answer.text)
						for answer in (
							visitor.call(path, name=self.request),
							visitor.call(path, name="MEXP-99-99-999999"),
						)
					}
					self.assertEqual(1, len(answers), answers)
					self.assertEqual(417, answers.pop()[0])
		for name in (self.request, f"{self.request}~{'0' * 40}"):
			page = self.guest.http.get(f"{self.web.url}/mpesa/stkpush", params={"id": name}, timeout=30)
			self.assertNotIn(self.subscription.phone_number, page.text)

	def test_what_stands_in_the_address_is_text_on_the_page(self):
		html = "\"'><script>alert(1)</script>\\"
		for name in ("title", "description", "phone_number", "reference_id", "amount", "currency"):
			with self.subTest(name):
				page = self.guest.http.get(f"{self.web.url}/mpesa/stkpush", params={name: html}, timeout=30)
				self.assertNotIn("<script>alert(1)", page.text)

	def test_the_page_leads_to_no_script_after_the_payment(self):
		for address, status in (
			("javascript:alert(1)", 403),
			("java\tscript:alert(1)", 403),
			("https://shop.example:8443/thanks?order=1", 200),
			("/me", 200),
		):
			with self.subTest(address):
				page = self.guest.http.get(
					f"{self.web.url}/mpesa/stkpush", params={"redirect_to": address}, timeout=30
				)
				self.assertEqual(status, page.status_code)

	def test_the_page_of_one_visitor_is_not_shown_to_the_next(self):
		for phone in (self.stranger, factories.a_phone()):
			page = self.guest.http.get(
				f"{self.web.url}/mpesa/stkpush", params={"phone_number": phone}, timeout=30
			)
			self.assertIn(phone, page.text)
