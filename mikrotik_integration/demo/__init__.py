"""The main job in front of your eyes: customers and guests pay and are online.

``prepare`` makes a company, a router, plans and a customer; ``story`` plays what they do. Everything but the router
and Safaricom is real. ``script/demo`` runs both; the site's web server and workers must be running.
"""

import frappe

from mikrotik_integration.demo import hotspot, subscriber
from mikrotik_integration.demo.stage import Desk, Router, ensure_router
from mikrotik_integration.demo_company import ensure_site


def prepare(
	router_port: int,
	hotspot_address: str,
	router_host: str = "127.0.0.1",
	router_user: str = "erpnext",
	router_password: str = "demo",
) -> str:
	"""Make what a provider enters on the first day; returns the subscription's account number. Idempotent.

	``hotspot_address`` is where the router's login page answers, host:port.
	"""
	ensure_site()
	ensure_router(
		router_host,
		router_port,
		router_user,
		router_password,
		hotspot_address=hotspot_address,
		portal_name=hotspot.PORTAL,
		portal_enabled=1,
		wifi_name="Kilimani Wi-Fi",
	)
	name = subscriber.prepare()
	hotspot.prepare()
	frappe.db.commit()
	return name


def story(control_port: int, site_url: str, password: str, user: str = "Administrator") -> None:
	"""Play the stories on what ``prepare`` made.

	``control_port`` is the simulated router's, ``site_url`` where this site's web server answers.
	"""
	router, desk = Router(control_port), Desk(site_url, user, password)
	subscriber.story(router, desk)
	hotspot.story(router, desk, site_url)
