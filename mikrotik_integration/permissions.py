"""Who may see which document beyond their roles.

A portal customer sees what belongs to the Customers whose portal they share; staff are limited to routers by
Frappe's own User Permissions on MikroTik Settings.
"""

import frappe

STAFF_ROLES = frozenset(
	("System Manager", "ISP Administrator", "ISP Manager", "ISP Staff", "Accounts Manager", "Accounts User")
)


def is_staff(user: str | None = None) -> bool:
	"""Whether the user works here, as opposed to being a customer."""
	user = user or frappe.session.user
	return user == "Administrator" or bool(STAFF_ROLES & set(frappe.get_roles(user)))


def may_use_app() -> bool:
	return is_staff()


def customers_of(user: str) -> list[str]:
	"""Names of the Customers for whom this user is a portal user or a contact."""
	if user in ("Guest", "Administrator"):
		return []
	portal = frappe.get_all(
		"Portal User", filters={"user": user, "parenttype": "Customer"}, pluck="parent", order_by="parent"
	)
	contact = frappe.qb.DocType("Contact")
	link = frappe.qb.DocType("Dynamic Link")
	linked = (
		frappe.qb.from_(link)
		.join(contact)
		.on(contact.name == link.parent)
		.select(link.link_name)
		.where((link.parenttype == "Contact") & (link.link_doctype == "Customer") & (contact.user == user))
	).run(pluck=True)
	return sorted({*portal, *linked})


def _own_customers_condition(doctype: str, column: str, user: str) -> str:
	customers = ", ".join(frappe.db.escape(customer) for customer in customers_of(user))
	return f"`tab{doctype}`.`{column}` in ({customers})" if customers else "1 = 0"


def customer_subscription_query(user: str | None = None) -> str:
	user = user or frappe.session.user
	return "" if is_staff(user) else _own_customers_condition("Customer Subscription", "customer", user)


def usage_record_query(user: str | None = None) -> str:
	user = user or frappe.session.user
	if is_staff(user):
		return ""
	own = _own_customers_condition("Customer Subscription", "customer", user)
	return f"`tabUsage Record`.`subscription` in (select name from `tabCustomer Subscription` where {own})"


def customer_subscription(doc, ptype: str | None = None, user: str | None = None) -> bool:
	user = user or frappe.session.user
	return is_staff(user) or (ptype in (None, "read", "select") and doc.customer in customers_of(user))


def usage_record(doc, ptype: str | None = None, user: str | None = None) -> bool:
	user = user or frappe.session.user
	if is_staff(user):
		return True
	customer = frappe.db.get_value("Customer Subscription", doc.subscription, "customer")
	return ptype in (None, "read", "select") and customer in customers_of(user)


def customer_subscription_on_website(doc, ptype: str, user: str, verbose: bool = False) -> bool:
	return customer_subscription(doc, ptype, user)
