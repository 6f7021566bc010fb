"""The case that bench tests start from."""

from decimal import Decimal

import frappe
from frappe.utils import set_request

from mikrotik_integration import demo_company as site
from mikrotik_integration.services import payments, provisioning
from mikrotik_integration.simulators.daraja import Behaviour, DarajaSimulator, Fate, Kind, Merchant, Twin
from mikrotik_integration.tests import BenchTestCase, factories
from mikrotik_integration.tests.harness import (
	WebServer,
	clear_jobs,
	environment,
	new_router,
	run_jobs,
)

# not Nairobi's, and no whole hours from it: what takes one clock for the other is wrong by a time that shows
TIME_ZONE = "Asia/Kathmandu"


def ensure_time_zone() -> None:
	settings = frappe.get_doc("System Settings")
	if settings.time_zone != TIME_ZONE:
		settings.time_zone = TIME_ZONE
		settings.save()
		frappe.db.commit()


class ServiceTestCase(BenchTestCase):
	"""A site with its web server, one simulated router, Daraja; jobs run when the test says so."""

	router_options: dict = {}

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		cls.daraja = cls.using(
			DarajaSimulator(
				merchant=Merchant(site.CONSUMER_KEY, site.CONSUMER_SECRET, site.SHORTCODE, site.PASSKEY),
				behaviour=Behaviour(accept_after_s=0.4, c2b_twin=Twin.NONE, result_after_s=0.05),
			)
		)
		cls.using(environment(cls.daraja.environment()))
		site.ensure_site()
		ensure_time_zone()
		cls.web = WebServer(frappe.local.site)
		cls.addClassCleanup(cls.web.close)
		frappe.local.conf.host_name = cls.web.url
		# frappe_mpsa_payments takes the callback's address from the request that it is called in
		set_request(method="POST", path="/")

	def setUp(self) -> None:
		super().setUp()
		frappe.set_user("Administrator")
		clear_jobs()
		self.daraja.reset()
		self.sim = self.another_router()

	@classmethod
	def using(cls, context):
		"""Enter a context for the whole class (unittest's own enterClassContext needs Python 3.11)."""
		value = context.__enter__()
		cls.addClassCleanup(context.__exit__, None, None, None)
		return value

	def another_router(self, **options):
		"""A further simulated router for this test."""
		simulator = new_router(**(self.router_options | options))
		simulator.__enter__()
		self.addCleanup(simulator.__exit__, None, None, None)
		factories.forget_routers_at(simulator.host, simulator.port)
		simulator.run("/ip/pool/add", name=factories.POOL, ranges="10.88.0.2-10.88.255.254")
		simulator.run(
			"/interface/pppoe-server/server/add", service_name="home", interface="ether1", disabled="no"
		)
		for tunnel in ("l2tp", "pptp", "ovpn"):
			simulator.run(f"/interface/{tunnel}-server/server/set", enabled="yes")
		return simulator

	def tearDown(self) -> None:
		frappe.set_user("Administrator")
		frappe.db.rollback()
		super().tearDown()

	def work(self) -> None:
		"""Let the workers catch up."""
		run_jobs()
		frappe.db.rollback()

	def pay(self, subscription, **how) -> str:
		"""Ask for a payment and let the customer decide; callbacks are in when this returns.

		They wait until the prompt is committed: one that overtakes it is a case of its own.
		"""
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		try:
			name = payments.request_payment(subscription, **how)
			frappe.db.commit()
			self.daraja.settle()
		finally:
			self.daraja.courier.always(Fate(), Kind.STK)
		self.daraja.courier.release()
		self.daraja.settle()
		return name

	def check_router(self, router) -> None:
		frappe.db.set_value("MikroTik Settings", router.name, "next_attempt", None)
		frappe.db.commit()
		provisioning.check_router(router.name)
		frappe.db.rollback()

	def status_of(self, subscription) -> str:
		return frappe.db.get_value("Customer Subscription", subscription.name, "status")

	def receivable_of(self, customer: str) -> Decimal:
		"""What the ledger says that a customer owes (an advance is negative)."""
		entry = frappe.qb.DocType("GL Entry")
		rows = (
			frappe.qb.from_(entry)
			.select(entry.debit - entry.credit)
			.where((entry.party == customer) & (entry.is_cancelled == 0))
		).run(pluck=True)
		return Decimal(str(round(sum(rows), 2)))
