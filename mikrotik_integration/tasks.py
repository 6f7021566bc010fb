"""Scheduler entries: each says when, and calls one service."""

from mikrotik_integration.services import (
	clock,
	inbox_worker,
	other_prompts,
	purchase_sms,
	purchases,
	routers,
	standstill,
)


def ask_for_payments_again() -> None:
	"""Every minute: payments that nobody has answered for yet."""
	inbox_worker.ask_again()
	other_prompts.enqueue_asking()


def send_codes() -> None:
	"""Every minute: codes of bought vouchers whose SMS has not gone out yet."""
	purchase_sms.send_due_sms()


def free_reservations() -> None:
	"""Every minute: codes that are kept for prompts which nobody can answer any more."""
	purchases.free_reservations()


def follow_the_clock() -> None:
	"""Every minute: periods and vouchers that end, grace that ends, advances that buy the next period."""
	clock.advance_due_subscriptions()
	standstill.tell_owners()


def check_routers() -> None:
	"""Every two minutes: status, usage and reconciliation of each router, one job a router."""
	routers.enqueue_checks()


def collect_usage() -> None:
	"""Hourly: the same pass for every router, whatever its pause."""
	routers.enqueue_checks(ignore_pauses=True)


def bill_and_clean_up() -> None:
	"""Daily: invoices, reminders, vouchers of the day before, paid invoices without their period, accounts no longer needed."""
	clock.daily()
