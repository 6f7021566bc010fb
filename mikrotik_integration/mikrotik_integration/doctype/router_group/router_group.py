"""Routers among which vouchers are valid."""

from frappe.model.document import Document


class RouterGroup(Document):
	pass
