"""What an open form hears without being reloaded, as it goes through Redis to the browsers."""

import json
import time

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
		self.assertNotIn(subscription.get_password("password"), json.dumps(heard))


def everything(ear) -> list[dict]:
	"""All events up to a second of silence."""
	events, end = [], time.monotonic() + 1
	while time.monotonic() < end:
		if message := ear.get_message(timeout=0.2):
			events.append(json.loads(message["data"]))
			end = time.monotonic() + 1
	return events
