"""Who may see which document beyond their roles.

A portal customer sees what belongs to the Customers whose portal they share; staff are limited to routers by
Frappe's own User Permissions on MikroTik Settings. What decides is what the database says of a document: one that
came with a request may say anything.
"""

import frappe
from frappe.core.doctype.user_permission.user_permission import get_user_permissions

STAFF_ROLES = frozenset(
	("System Manager", "ISP Administrator", "ISP Manager", "ISP Staff", "Accounts Manager", "Accounts User")
)
READING = (None, "read", "select")
SELLERS = frozenset(("System Manager", "ISP Administrator", "ISP Manager", "ISP Staff"))
# whoever makes, prints or imports cards: a code that is still for sale is money
SEES_UNSOLD = frozenset(("System Manager", "ISP Administrator", "ISP Manager"))

# where it is not called mikrotik_settings
ROUTER_FIELDS = {"MikroTik API Log": "router"}


def is_staff(user: str | None = None) -> bool:
	"""Whether the user works here, as opposed to being a customer."""
	user = user or frappe.session.user
	return user == "Administrator" or bool(STAFF_ROLES & set(frappe.get_roles(user)))


def may_use_app() -> bool:
	return is_staff()


def check_may_sell(router: str) -> None:
	"""Raises PermissionError unless the user sells vouchers, and on this router."""
	user = frappe.session.user
	if user != "Administrator" and not SELLERS & set(frappe.get_roles(user)):
		raise frappe.PermissionError
	frappe.has_permission("MikroTik Settings", "read", doc=router, throw=True)


def sees_unsold(user: str | None = None) -> bool:
	"""Whether the user may see voucher codes that nobody has bought yet."""
	user = user or frappe.session.user
	return user == "Administrator" or bool(SEES_UNSOLD & set(frappe.get_roles(user)))


def customers_of(user: str) -> list[str]:
	"""Names of the Customers whose portal this user shares. A Contact proves nothing: everybody may make one."""
	if user in ("Guest", "Administrator"):
		return []
	return frappe.get_all(
		"Portal User", filters={"user": user, "parenttype": "Customer"}, pluck="parent", order_by="parent"
	)


def routers_of(user: str, doctype: str) -> set[str] | None:
	"""The routers that this user is limited to; None for all."""
	permissions = get_user_permissions(user).get("MikroTik Settings", [])
	routers = {row.doc for row in permissions if row.applicable_for in (None, "", doctype)}
	return routers or None


def _own_customers_condition(doctype: str, column: str, user: str) -> str:
	return _among(doctype, column, customers_of(user))


def _among(doctype: str, column: str, names: list[str]) -> str:
	escaped = ", ".join(frappe.db.escape(name) for name in names)
	return f"`tab{doctype}`.`{column}` in ({escaped})" if escaped else "1 = 0"


def customer_subscription_query(user: str | None = None) -> str:
	user = user or frappe.session.user
	return "" if is_staff(user) else _own_customers_condition("Customer Subscription", "customer", user)


def usage_record_query(user: str | None = None) -> str:
	user = user or frappe.session.user
	if is_staff(user):
		return ""
	own = _own_customers_condition("Customer Subscription", "customer", user)
	return f"`tabUsage Record`.`subscription` in (select name from `tabCustomer Subscription` where {own})"


def subscription_payment_query(user: str | None = None) -> str:
	"""Money that belongs to nobody yet is for those who may give it to anybody."""
	routers = routers_of(user or frappe.session.user, "Subscription Payment")
	return "" if routers is None else _among("Subscription Payment", "mikrotik_settings", sorted(routers))


def hotspot_voucher_query(user: str | None = None) -> str:
	user = user or frappe.session.user
	if not is_staff(user):
		return "1 = 0"
	return "" if sees_unsold(user) else "`tabHotspot Voucher`.`status` != 'Available'"


def hotspot_voucher_device_query(user: str | None = None) -> str:
	"""Devices of vouchers that the user may see: for a list of child rows Frappe asks for the parent's role alone."""
	user = user or frappe.session.user
	routers = routers_of(user, "Hotspot Voucher")
	conditions = [
		hotspot_voucher_query(user),
		"" if routers is None else _among("Hotspot Voucher", "mikrotik_settings", sorted(routers)),
	]
	visible = " and ".join(condition for condition in conditions if condition)
	if not visible:
		return ""
	return (
		f"`tabHotspot Voucher Device`.`parent` in (select `name` from `tabHotspot Voucher` where {visible})"
	)


def router_account_query(user: str | None = None) -> str:
	"""The login of a voucher is its code: one that the router keeps disabled until it is sold is hidden, too."""
	if sees_unsold(user or frappe.session.user):
		return ""
	return "not (`tabRouter Account`.`reference_doctype` = 'Hotspot Voucher' and `tabRouter Account`.`desired_state` = 'Disabled')"


def router_account(doc, ptype: str | None = None, user: str | None = None) -> bool:
	user = user or frappe.session.user
	unsold = (
		_stored(doc, "reference_doctype") == "Hotspot Voucher" and _stored(doc, "desired_state") == "Disabled"
	)
	return on_own_router(doc, ptype, user) and (not unsold or sees_unsold(user))


def hotspot_voucher(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""A code that is still for sale is for managers; the others are for staff of its router."""
	user = user or frappe.session.user
	if not is_staff(user) or not on_own_router(doc, ptype, user):
		return False
	return sees_unsold(user) or _stored(doc, "status") != "Available"


def customer_subscription(doc, ptype: str | None = None, user: str | None = None) -> bool:
	user = user or frappe.session.user
	if is_staff(user):
		return on_own_router(doc, ptype, user)
	return ptype in READING and _stored(doc, "customer") in customers_of(user)


def usage_record(doc, ptype: str | None = None, user: str | None = None) -> bool:
	user = user or frappe.session.user
	if is_staff(user):
		return on_own_router(doc, ptype, user)
	customer = frappe.db.get_value("Customer Subscription", _stored(doc, "subscription"), "customer")
	return ptype in READING and customer in customers_of(user)


def on_own_router(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""Whether a document is on a router that the user is not kept from."""
	routers = routers_of(user or frappe.session.user, doc.doctype)
	field = ROUTER_FIELDS.get(doc.doctype, "mikrotik_settings")
	return routers is None or _stored(doc, field) in routers


def _stored(doc, field: str) -> str | None:
	"""As in the database; of a document that is not there yet, as it says itself."""
	found = doc.name and frappe.db.get_value(doc.doctype, doc.name, ["name", field], as_dict=True)
	return found[field] if found else doc.get(field)


def customer_subscription_on_website(doc, ptype: str, user: str, verbose: bool = False) -> bool:
	return customer_subscription(doc, ptype, user)
