"""A customer on a plan on a router."""

import secrets

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import escape_html

from mikrotik_integration.core.payments import phones
from mikrotik_integration.core.provisioning import names
from mikrotik_integration.exceptions import LoginTaken
from mikrotik_integration.services import (
	accounts,
	given_numbers,
	lifecycle,
	money,
	payments,
	plan_change,
	serving,
	subscriptions,
)

# no letters or digits that can be taken for each other when read out over the phone
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_LENGTH = 8
HIGHEST_PRICE = 100_000_000


class CustomerSubscription(Document):
	def autoname(self) -> None:
		self.name = self.subscription_id = given_numbers.new()

	def validate(self) -> None:
		self.set_defaults()
		self.validate_plan()
		self.validate_router()
		self.validate_customer()
		self.validate_phone_number()
		self.validate_login()
		self.validate_price()
		plan_change.convert(self)
		lifecycle.derive(self)

	def on_update(self) -> None:
		plan_change.book(self)
		accounts.sync_subscription(self)
		subscriptions.enqueue_push(self.name)

	def on_trash(self) -> None:
		given_numbers.keep(self)
		accounts.release(self)
		subscriptions.enqueue_push(self.name)

	def on_payment_authorized(self, status: str | None = None) -> None:
		"""Called by frappe_mpsa_payments, for failed payments too: only makes us ask Daraja ourselves."""
		payments.poke(self)

	def set_defaults(self) -> None:
		plan = frappe.get_cached_doc("Internet Plan", self.internet_plan)
		before = self.get_doc_before_save()
		changed = bool(before) and before.internet_plan != self.internet_plan
		if (
			self.price is None
			or (changed and before.price == self.price)
			or (self.is_new() and not self.price)
		):
			self.price = plan.price
		if not self.connection_type or (changed and before.connection_type == self.connection_type):
			self.connection_type = plan.connection_type
		self.username = (self.username or "").strip() or self.name
		if self.is_new() and not self.password:
			self.password = "".join(secrets.choice(PASSWORD_LETTERS) for _i in range(PASSWORD_LENGTH))

	def validate_plan(self) -> None:
		plan = frappe.get_cached_doc("Internet Plan", self.internet_plan)
		if self.has_value_changed("internet_plan") and not plan.enabled:
			frappe.throw(_("The plan {0} is no longer sold").format(plan.name))
		if self.has_value_changed("internet_plan") and plan.sold_as_voucher:
			frappe.throw(_("The plan {0} is sold as a voucher, not by subscription").format(plan.name))
		if plan.at_quota == "Slow Down":
			plan.check_slow_service(self.connection_type)

	def validate_router(self) -> None:
		fields = ("internet_plan", "connection_type", "mikrotik_settings")
		if not any(self.has_value_changed(field) for field in fields):
			return
		if reason := serving.cannot_serve(self.internet_plan, self.mikrotik_settings, self.connection_type):
			frappe.throw(frappe.utils.escape_html(reason), title=_("Router"))
		if reason := serving.cannot_serve_now(self.internet_plan, self.mikrotik_settings):
			frappe.msgprint(frappe.utils.escape_html(reason), alert=True)

	def validate_customer(self) -> None:
		if not self.is_new() and self.has_value_changed("customer") and self.expiry_date:
			frappe.throw(
				_("The customer cannot change once the subscription has begun. Terminate it and make another")
			)
		fields = ("customer_name", "disabled")
		customer = frappe.db.get_value("Customer", self.customer, fields, as_dict=True)
		if not customer:
			frappe.throw(
				_("There is no customer {0}").format(escape_html(self.customer)), frappe.LinkValidationError
			)
		# not fetched by the form: whoever makes subscriptions chooses Customers without reading them
		self.customer_name = customer.customer_name
		self.customer_disabled = customer.disabled

	def validate_phone_number(self) -> None:
		if not self.phone_number:
			return
		try:
			self.phone_number = phones.normalise(self.phone_number)
		except phones.InvalidPhone as error:
			frappe.throw(str(error), title=_("M-PESA Phone"))

	def validate_login(self) -> None:
		try:
			if self.has_value_changed("username"):
				names.check_username(self.username)
			if self.mac_address:
				self.mac_address = names.normalise_mac(self.mac_address)
			if self.fixed_address:
				self.fixed_address = names.normalise_address(self.fixed_address)
		except ValueError as error:
			frappe.throw(escape_html(str(error)), title=_("Login"))
		if self.has_value_changed("username") and (
			taken := accounts.owner_of_login(self.username, self.name)
		):
			raise LoginTaken(self.username, *taken)

	def validate_price(self) -> None:
		if not 0 <= self.price <= HIGHEST_PRICE:
			frappe.throw(_("The price must be between 0 and {0}").format(money.words(HIGHEST_PRICE)))
		if not self.has_value_changed("price") or self._is_price_of_new_plan():
			return
		if not {"System Manager", "ISP Administrator", "ISP Manager"} & set(frappe.get_roles()):
			frappe.throw(
				_("Only an ISP Manager may give another price than the plan's, or change it"),
				frappe.PermissionError,
			)

	def _is_price_of_new_plan(self) -> bool:
		"""A price that was agreed on with the customer is not put back with a click: paid time is worth its price."""
		chosen = self.is_new() or self.has_value_changed("internet_plan")
		return chosen and self.price == frappe.get_cached_value("Internet Plan", self.internet_plan, "price")
