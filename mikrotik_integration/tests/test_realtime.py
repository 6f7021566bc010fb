"""What an open form hears without being reloaded, as it goes through Redis to the browsers."""

import json
import time
from datetime import timedelta

from frappe.utils import get_datetime, now_datetime
from frappe.utils.background_jobs import get_redis_connection_without_auth

from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase

CHANNEL = "events"


class TestRealtime(ServiceTestCase):
	def test_the_open_subscription_hears_that_it_is_paid_and_on_the_router(self):
		router = factories.a_router(self.sim)
		subscription = factories.a_subscription(router)
		with get_redis_connection_without_auth().pubsub(ignore_subscribe_messages=True) as ear:
			ear.subscribe(CHANNEL)
			ear.get_message(timeout=5)
			self.pay(subscription)
			self.work()
			heard = [
				event
				for event in everything(ear)
				if event["event"] == f"subscription_{subscription.name}_update"
			]
		last = heard[-1]
		self.assertEqual(f"doc:Customer Subscription/{subscription.name}", last["room"])
		self.assertEqual(
			("Active", "Completed", "In Sync"),
			tuple(last["message"][field] for field in ("status", "payment_status", "router_status")),
		)
		message = last["message"]
		self.assertEqual(
			(f"subscription_{subscription.name}_update", subscription.name, subscription.name, ""),
			tuple(message[key] for key in ("event", "subscription_id", "name", "router_error")),
		)
		self.assertIn("Active until", message["message"])
		self.assertLess(abs(get_datetime(message["timestamp"]) - now_datetime()), timedelta(minutes=5))
		self.assertNotIn(subscription.get_password("password"), json.dumps(heard))

	def test_customers_hear_that_the_router_is_in_the_way_and_nothing_of_its_address(self):
		router = factories.a_router(self.sim)
		subscription = factories.a_subscription(router)
		self.work()
		self.sim.stop()
		with get_redis_connection_without_auth().pubsub(ignore_subscribe_messages=True) as ear:
			ear.subscribe(CHANNEL)
			ear.get_message(timeout=5)
			self.pay(subscription)
			self.work()
			heard = [event for event in everything(ear) if subscription.name in event["event"]]
		subscription.reload()
		self.assertIn("refused the connection", subscription.router_error)
		self.assertEqual("Waiting for the router", heard[-1]["message"]["router_error"])
		self.assertNotIn(router.ip_address, json.dumps(heard))

	def test_the_open_router_hears_what_was_seen(self):
		router = factories.a_router(self.sim)
		with get_redis_connection_without_auth().pubsub(ignore_subscribe_messages=True) as ear:
			ear.subscribe(CHANNEL)
			ear.get_message(timeout=5)
			self.check_router(router)
			name = f"router_{router.name}_update"
			heard = [event for event in everything(ear) if event["event"] == name]
		message = heard[-1]["message"]
		self.assertEqual(
			(name, router.name, "Online", "Online"),
			tuple(message[key] for key in ("event", "name", "status", "message")),
		)
		self.assertIn("timestamp", message)


def everything(ear) -> list[dict]:
	"""All events up to a second of silence."""
	events, end = [], time.monotonic() + 1
	while time.monotonic() < end:
		if message := ear.get_message(timeout=0.2):
			events.append(json.loads(message["data"]))
			end = time.monotonic() + 1
	return events
