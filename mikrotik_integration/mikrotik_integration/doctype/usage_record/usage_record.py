"""Bytes and seconds of one account on one day. Written by ``services.usage``."""

from frappe.model.document import Document


class UsageRecord(Document):
	pass
