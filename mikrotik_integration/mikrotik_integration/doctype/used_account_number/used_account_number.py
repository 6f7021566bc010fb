"""The account number of a subscription that was deleted: nobody gets it again. Written by ``services.given_numbers``."""

from frappe.model.document import Document


class UsedAccountNumber(Document):
	pass
