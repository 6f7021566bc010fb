"""A device that used a voucher."""

from frappe.model.document import Document


class HotspotVoucherDevice(Document):
	pass
