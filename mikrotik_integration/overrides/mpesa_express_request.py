"""frappe_mpsa_payments' Mpesa Express Request: its prompt was sent when it was submitted."""

from mikrotik_integration.services import inbox


def on_submit(doc, method=None) -> None:
	inbox.record_push(doc.name)
