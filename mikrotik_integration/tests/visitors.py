"""People who come over HTTP: guests, customers with a portal login, staff with roles."""

import re
import uuid
from datetime import datetime

import frappe
import requests
from frappe.utils.password import update_password

from mikrotik_integration.core.payments.daraja import NAIROBI

RUN = uuid.uuid4().hex[:6]
EXCEPTION_ID = re.compile(r"__frappe_exc_id[^,}]*")
PASSWORD = "corre-battery-savanna-7"
MPESA_APP = "frappe_mpsa_payments.frappe_mpsa_payments"
STK_CALLBACK = f"{MPESA_APP}.api.m_pesa_api.stk_push_callback"
CONFIRMATION = f"{MPESA_APP}.api.m_pesa_api.confirmation"
CREATE_NEW_REQUEST = f"{MPESA_APP}.doctype.mpesa_express_request.mpesa_express_request.create_new_request"
RETRY_PUSH = f"{MPESA_APP}.doctype.mpesa_express_request.mpesa_express_request.retry_stkpush"
REQUEST_STATUS = f"{MPESA_APP}.doctype.mpesa_express_request.mpesa_express_request.get_request_status"


class Visitor:
	"""A client of the site with a session of its own; a guest until it logs in."""

	def __init__(self, url: str, user: str | None = None) -> None:
		self.url = url
		self.user = user or "Guest"
		self.http = requests.Session()
		if user:
			answer = self.http.post(
				f"{url}/api/method/login", data={"usr": user, "pwd": PASSWORD}, timeout=30
			)
			assert answer.ok, answer.text

	def call(self, function: str, http: str = "POST", /, headers: dict | None = None, **arguments):
		"""``/api/method/<function>``: arguments as JSON in a POST, in the address of a GET."""
		body = {"params": arguments} if http == "GET" else {"json": arguments}
		return self.http.request(
			http, f"{self.url}/api/method/{function}", headers=headers, timeout=60, **body
		)

	def api(self, function: str, http: str = "POST", /, **arguments):
		"""A function of this app, as ``payments.get``."""
		return self.call(f"mikrotik_integration.api.{function}", http, **arguments)

	def resource(self, http: str, doctype: str, name: str = "", /, **values):
		"""``/api/resource/<doctype>/<name>``."""
		path = f"{self.url}/api/resource/{doctype}" + (f"/{name}" if name else "")
		body = {"params": values} if http == "GET" else {"json": values}
		return self.http.request(http, path, timeout=60, **body)


def told(answer) -> str:
	"""What an answer says, without the number that Frappe 16 gives each message of an error."""
	return EXCEPTION_ID.sub("", answer.text)


def a_user(*roles: str, number: int = 1) -> str:
	"""A committed user with these roles and no limits; the same one whenever it is asked for in this run."""
	user_type = "Website User" if roles == ("Customer",) else "System User"
	name = f"{'-'.join(roles).replace(' ', '-').lower()}-{number}-{RUN}@example.com"
	if frappe.db.exists("User", name):
		_forget_limits(name)
		return name
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": name,
			"first_name": "Visitor",
			"user_type": user_type,
			"enabled": 1,
			"send_welcome_email": 0,
			"roles": [{"role": role} for role in roles],
		}
	)
	user.flags.no_welcome_mail = True
	frappe.flags.in_import = True  # Frappe lets no more than sixty users be made in an hour otherwise
	try:
		user.insert(ignore_permissions=True)
	finally:
		frappe.flags.in_import = False
	update_password(name, PASSWORD)
	frappe.db.commit()
	return name


def a_portal_user(*customers: str) -> str:
	"""The user of the customer portal, who stands for these Customers from now on and for no others."""
	name = a_user("Customer")
	frappe.db.delete("Portal User", {"user": name})
	for customer in customers:
		document = frappe.get_doc("Customer", customer)
		document.append("portal_users", {"user": name})
		document.save()
	frappe.db.commit()
	return name


def a_user_of_one_router(router: str, *roles: str) -> str:
	"""Staff who are limited to this router."""
	user = a_user(*roles, number=2)
	limit_to_router(user, router)
	return user


def limit_to_router(user: str, router: str) -> None:
	"""A User Permission, as an administrator makes one."""
	frappe.get_doc(
		{"doctype": "User Permission", "user": user, "allow": "MikroTik Settings", "for_value": router}
	).insert()
	frappe.db.commit()


def _forget_limits(user: str) -> None:
	for name in frappe.get_all("User Permission", {"user": user}, pluck="name", order_by="creation"):
		frappe.delete_doc("User Permission", name)
	frappe.cache().delete(frappe.cache().make_key(f"mikrotik_integration|prompts|user|{user}"))
	frappe.db.commit()


def confirmation(receipt: str, account: str, amount: object, shortcode: str, **values) -> dict:
	"""A C2B confirmation as Safaricom posts it, or anybody else."""
	return {
		"TransactionType": "Pay Bill",
		"TransID": receipt,
		"TransTime": datetime.now(NAIROBI).strftime("%Y%m%d%H%M%S"),
		"TransAmount": amount,
		"BusinessShortCode": shortcode,
		"BillRefNumber": account,
		"MSISDN": "254712345678",
		"FirstName": "Mallory",
		**values,
	}


def stk_callback(checkout_request_id: str, receipt: str, amount: object = 1500, code: object = 0) -> dict:
	"""The callback of a push, as Safaricom posts it, or anybody else."""
	items = {
		"Amount": amount,
		"MpesaReceiptNumber": receipt,
		"TransactionDate": int(datetime.now(NAIROBI).strftime("%Y%m%d%H%M%S")),
		"PhoneNumber": 254712345678,
	}
	return {
		"Body": {
			"stkCallback": {
				"MerchantRequestID": "0000-0000-1",
				"CheckoutRequestID": checkout_request_id,
				"ResultCode": code,
				"ResultDesc": "The service request is processed successfully.",
				"CallbackMetadata": {
					"Item": [{"Name": name, "Value": value} for name, value in items.items()]
				},
			}
		}
	}


def transaction_status(
	receipt: str,
	amount: object,
	shortcode: str,
	conversation_id: str = "AG_1",
	originator: str = "1-2-3",
	**other,
) -> dict:
	"""The answer to a Transaction Status question."""
	parameters = {
		"ReceiptNo": receipt,
		"Amount": amount,
		"TransactionStatus": "Completed",
		"CreditPartyName": f"{shortcode} - Savanna",
		"DebitPartyName": "254712345678 - Mallory",
		**other,
	}
	return {
		"Result": {
			"ResultType": 0,
			"ResultCode": 0,
			"ResultDesc": "The service request is processed successfully.",
			"OriginatorConversationID": originator,
			"ConversationID": conversation_id,
			"TransactionID": receipt,
			"ResultParameters": {
				"ResultParameter": [{"Key": key, "Value": value} for key, value in parameters.items()]
			},
		}
	}
