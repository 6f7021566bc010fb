"""ERPNext's Customer: disabling one ends the service, enabling one brings it back."""

from mikrotik_integration.services import subscriptions


def on_update(doc, method=None) -> None:
	before = doc.get_doc_before_save()
	if before and bool(before.disabled) != bool(doc.disabled):
		subscriptions.follow_customer(doc.name, disabled=bool(doc.disabled))
