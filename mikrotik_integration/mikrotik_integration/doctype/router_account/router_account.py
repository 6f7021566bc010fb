"""One login that a router must hold, or must not hold. Written by ``services.accounts``."""

from frappe.model.document import Document


class RouterAccount(Document):
	pass
