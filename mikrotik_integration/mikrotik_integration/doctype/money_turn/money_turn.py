"""How often somebody has acted on the money of a document. Written by ``services.locks``."""

from frappe.model.document import Document


class MoneyTurn(Document):
	pass
