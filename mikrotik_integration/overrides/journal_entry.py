"""ERPNext's Journal Entry: one that made deferred vouchers income is undone, and made again by itself."""

from mikrotik_integration.services import deferred


def validate(doc, method=None) -> None:
	deferred.check_not_amended(doc)


def on_cancel(doc, method=None) -> None:
	deferred.forget(doc.name)
