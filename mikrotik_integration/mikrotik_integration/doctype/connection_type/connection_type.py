"""How a plan is delivered: service, router profile, speed."""

import frappe
from frappe import _
from frappe.model.document import Document

from mikrotik_integration.core.provisioning import names
from mikrotik_integration.core.routeros.values import is_sold_rate, parse_rate
from mikrotik_integration.services import accounts

RATES = (
	"speed_limit_rx",
	"speed_limit_tx",
	"burst_limit_rx",
	"burst_limit_tx",
	"burst_threshold_rx",
	"burst_threshold_tx",
)


class ConnectionType(Document):
	def validate(self) -> None:
		self.validate_profile_name()
		self.validate_rates()
		self.validate_burst()
		self.warn_without_addresses()

	def on_update(self) -> None:
		if not self.is_new() and self.get_doc_before_save():
			for field in ("connection_type", "slow_connection_type"):
				self._refresh(field)

	def validate_profile_name(self) -> None:
		try:
			names.check_profile_name(self.profile_name)
		except ValueError as error:
			frappe.throw(str(error), title=_("Profile Name"))

	def validate_rates(self) -> None:
		for field in RATES:
			self.set(field, (self.get(field) or "").strip())
			try:
				rate = parse_rate(self.get(field))
			except ValueError:
				frappe.throw(
					_("{0}: {1} is not a speed. Write it like 5M, 512k or 5000000").format(
						self.meta.get_label(field), self.get(field)
					)
				)
			if not is_sold_rate(rate):
				frappe.throw(
					_(
						"{0}: {1} is {2} bit/s, which nobody can use. Write {2}M for Mbit/s, or {2}k for kbit/s"
					).format(self.meta.get_label(field), self.get(field), rate)
				)

	def validate_burst(self) -> None:
		if not (self.burst_limit_rx or self.burst_limit_tx):
			return
		if not (self.speed_limit_rx and self.speed_limit_tx):
			frappe.throw(_("A burst needs both speed limits"))
		accounts.rate_limit_of(self)

	def warn_without_addresses(self) -> None:
		if self.service_name != "hotspot" and not self.address_pool:
			frappe.msgprint(
				_("Without an address pool only customers with a fixed IP address can connect by {0}").format(
					self.service_name
				),
				alert=True,
			)

	def _refresh(self, field: str) -> None:
		"""The routers follow: every subscription that is delivered this way."""
		if field == "connection_type":
			accounts.enqueue_refresh({"connection_type": self.name})
			return
		for plan in frappe.get_all(
			"Internet Plan", {"slow_connection_type": self.name}, pluck="name", order_by="name"
		):
			accounts.enqueue_refresh({"internet_plan": plan})
