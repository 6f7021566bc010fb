"""ERPNext's Journal Entry: one that made deferred vouchers income is undone."""

from mikrotik_integration.services import deferred


def on_cancel(doc, method=None) -> None:
	deferred.forget(doc.name)
