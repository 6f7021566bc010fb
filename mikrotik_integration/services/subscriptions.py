"""What staff and customers do with a subscription. Each runs in the caller's transaction, the row locked."""

import frappe
from frappe import _

from mikrotik_integration.core.subscriptions import lifecycle as core
from mikrotik_integration.exceptions import SubscriptionError
from mikrotik_integration.services import (
	application,
	foreign_text,
	invoicing,
	jobs,
	lifecycle,
	money,
	periods,
	plan_change,
	realtime,
)
from mikrotik_integration.services.locks import lock_row

ACTIONS = {
	"pause": core.Pause,
	"resume": core.Resume,
	"hold": core.Hold,
	"release": core.Release,
	"terminate": core.Terminate,
	"disable_customer": core.DisableCustomer,
	"enable_customer": core.EnableCustomer,
}


def act(name: str, action: str, reason: str = "") -> None:
	"""Pause, resume, hold, release, terminate: the router follows. Raises SubscriptionError if it cannot be."""
	subscription = _locked(name)
	if action == "terminate":
		plan_change.bill_what_was_served(subscription)
	lifecycle.apply_event(subscription, ACTIONS[action]())
	if action == "hold":
		subscription.hold_reason = reason
	if action == "release":
		subscription.hold_reason = ""
	subscription.flags.ignore_permissions = True
	subscription.save()
	if reason:
		subscription.add_comment("Info", f"{action}: {foreign_text.text(reason)}")
	realtime.subscription_changed(name)


def activate(name: str) -> None:
	"""Begin a postpaid subscription's first period on credit, or that of a plan that costs nothing."""
	subscription = _locked(name)
	if lifecycle.terms_of(subscription.internet_plan).postpaid:
		lifecycle.apply_event(subscription, core.Activate())
	elif invoicing.price_of(subscription) == 0:
		lifecycle.apply_event(subscription, core.Renew())
	else:
		raise SubscriptionError(
			_("{0} is prepaid: it starts with its payment of {1}").format(
				subscription.internet_plan,
				money.words(application.missing(subscription)),
			)
		)
	subscription.flags.ignore_permissions = True
	subscription.save()
	realtime.subscription_changed(name)


def invoice(name: str) -> str:
	"""The invoice that is due, made if there is none: for customers who pay by bank, cheque or at the desk."""
	subscription = _locked(name)
	if subscription.terminated_at:
		raise SubscriptionError(_("This subscription was terminated"))
	if present := invoicing.open_invoice(name):
		return present
	if invoicing.price_of(subscription) <= 0:
		raise SubscriptionError(_("This subscription costs nothing; there is nothing to invoice"))
	made = invoicing.make_invoice(subscription)
	periods.settle(subscription)
	return made.name


def follow_customer(customer_name: str, disabled: bool) -> None:
	"""A customer was disabled or enabled in ERPNext: so are their subscriptions."""
	names = frappe.get_all(
		"Customer Subscription",
		filters={
			"customer": customer_name,
			"customer_disabled": int(not disabled),
			"terminated_at": ("is", "not set"),
		},
		pluck="name",
		order_by="creation",
	)
	for name in names:
		act(name, "disable_customer" if disabled else "enable_customer")


def enqueue_push(name: str) -> None:
	"""Bring the accounts of one subscription onto their routers, in the background."""
	jobs.enqueue(
		"mikrotik_integration.services.provisioning.push_owner",
		timeout=300,
		reference_doctype="Customer Subscription",
		reference_name=name,
	)


def _locked(name: str):
	if not lock_row("Customer Subscription", name):
		raise SubscriptionError(_("There is no subscription {0}").format(name))
	return frappe.get_doc("Customer Subscription", name, for_update=True)
