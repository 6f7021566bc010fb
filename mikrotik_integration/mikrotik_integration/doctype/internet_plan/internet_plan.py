"""What is sold."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt

from mikrotik_integration.services import accounts, money, portal

HIGHEST_PRICE = 100_000_000
HIGHEST_QUOTA_MB = 1_000_000_000
LONGEST_VALIDITY_DAYS = 3660
FOLLOWED = (
	"device_limit",
	"data_quota_mb",
	"time_quota_minutes",
	"at_quota",
	"slow_connection_type",
	"validity_days",
	"validity_hours",
	"billing",
)


class InternetPlan(Document):
	def validate(self) -> None:
		self.validate_price()
		self.validate_validity()
		self.validate_quota()
		self.validate_billing()
		self.validate_item()
		self.validate_package()

	def before_save(self) -> None:
		if not self.item:
			self.item = self.make_item()

	def on_update(self) -> None:
		portal.forget()
		if self.get_doc_before_save() and any(self.has_value_changed(field) for field in FOLLOWED):
			accounts.enqueue_refresh({"internet_plan": self.name})

	def validate_price(self) -> None:
		if not 0 <= (self.price or 0) <= HIGHEST_PRICE:
			frappe.throw(_("The price must be between 0 and {0}").format(money.words(HIGHEST_PRICE)))
		if flt(self.price) != flt(self.price, 2):
			frappe.throw(_("The price has at most two decimals"))

	def validate_validity(self) -> None:
		days = (self.validity_days or 0) + (self.validity_hours or 0) / 24
		if (
			(self.validity_days or 0) < 0
			or (self.validity_hours or 0) < 0
			or not 0 < days <= LONGEST_VALIDITY_DAYS
		):
			frappe.throw(_("A plan must be valid for at least an hour and at most ten years"))
		if self.billing == "Postpaid" and days < 1:
			frappe.throw(_("A postpaid plan must be valid for at least a day: it is invoiced once a day"))

	def validate_quota(self) -> None:
		if not 0 <= (self.data_quota_mb or 0) <= HIGHEST_QUOTA_MB:
			frappe.throw(_("The data quota must be between 0 and {0} MB").format(HIGHEST_QUOTA_MB))
		if not 0 <= (self.time_quota_minutes or 0) <= LONGEST_VALIDITY_DAYS * 24 * 60:
			frappe.throw(_("The time quota must be between 0 and ten years"))
		if not 0 <= (self.device_limit or 0) <= 1000:
			frappe.throw(_("The number of devices must be between 0 (any) and 1000"))
		if self.at_quota == "Slow Down":
			self.check_slow_service(self.connection_type)

	def validate_billing(self) -> None:
		"""What was served on credit is billed at the end of its period: on a prepaid plan nobody would."""
		if self.is_new() or self.billing == "Postpaid" or not self.has_value_changed("billing"):
			return
		on_credit = {"internet_plan": self.name, "on_credit": 1, "terminated_at": ("is", "not set")}
		if subscription := frappe.db.exists("Customer Subscription", on_credit):
			frappe.throw(
				_("{0} is served on credit. Make a prepaid plan, and move the subscriptions to it").format(
					subscription
				)
			)

	def validate_item(self) -> None:
		if not self.item or not self.has_value_changed("item"):
			return
		sellable = {"name": self.item, "disabled": 0, "is_sales_item": 1, "has_variants": 0}
		if not frappe.db.exists("Item", sellable):
			frappe.throw(
				_("{0} cannot be sold: it is disabled, a template, or not allowed in sales").format(self.item)
			)

	def validate_package(self) -> None:
		"""Selling the Item of a package sells its voucher: it cannot stand for anything else."""
		if self.sold_as_voucher and self.has_value_changed("sold_as_voucher") and not self.is_new():
			self._check_not_subscribed()
		item = self.item or (self.plan_name if frappe.db.exists("Item", self.plan_name) else None)
		others = {"item": item, "name": ("!=", self.name or "")}
		if not self.sold_as_voucher:
			others["sold_as_voucher"] = 1
		if item and (other := frappe.db.get_value("Internet Plan", others)):
			frappe.throw(
				_("{0} is the Item of {1}. A plan that is sold as a voucher needs an Item of its own").format(
					item, other
				)
			)

	def _check_not_subscribed(self) -> None:
		living = {"internet_plan": self.name, "terminated_at": ("is", "not set")}
		if subscription := frappe.db.exists("Customer Subscription", living):
			frappe.throw(
				_("The subscription {0} is on this plan. Make another plan for vouchers").format(subscription)
			)

	def check_slow_service(self, connection_type: str) -> None:
		"""A hotspot customer cannot be slowed down to a PPPoE profile."""
		if not self.slow_connection_type:
			frappe.throw(_("Choose the Connection Type to slow down to"))
		services = {
			frappe.db.get_value("Connection Type", name, "service_name")
			for name in (connection_type, self.slow_connection_type)
		}
		if len(services) > 1:
			frappe.throw(
				_("The Connection Type to slow down to must be of the same service: {0}").format(
					", ".join(sorted(services))
				)
			)

	def make_item(self) -> str:
		"""The service Item with which this plan is invoiced."""
		item = frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": self.plan_name,
				"item_name": self.plan_name,
				"item_group": self._item_group(),
				"stock_uom": "Nos",
				"is_stock_item": 0,
				"include_item_in_manufacturing": 0,
			}
		)
		if present := frappe.db.exists("Item", self.plan_name):
			return present
		return item.insert(ignore_permissions=True).name

	def _item_group(self) -> str:
		chosen = frappe.db.get_single_value("ISP Settings", "item_group")
		return (
			chosen
			or frappe.db.get_value("Item Group", {"is_group": 0, "name": _("Services")})
			or frappe.db.get_value("Item Group", {"is_group": 0}, order_by="creation")
		)
