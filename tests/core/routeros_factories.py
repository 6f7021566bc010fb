"""Desired accounts, and ways into a simulated router, for the tests of core."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mikrotik_integration.core.provisioning.desired import DesiredAccount, DesiredProfile, Presence, Service
from mikrotik_integration.core.routeros.client import Endpoint, Router, connect
from mikrotik_integration.simulators.routeros import RouterSimulator

SITE = "site1"
USER, PASSWORD = "api", "secret"
SILVER = DesiredProfile("silver", rate_limit="2M/5M")
PPP_SILVER = replace(SILVER, local_address="10.9.0.1", address_pool="ppp-pool")
SERVICE_WORDS = {Service.OPENVPN: "ovpn"}


def an_account(name: str = "ann", **values: Any) -> DesiredAccount:
	"""Enabled, on the hotspot, password `pw`, in a profile that suits its service, unless said otherwise."""
	service = values.get("service", Service.HOTSPOT)
	defaults: dict[str, Any] = {
		"account_id": f"acc-{name}",
		"service": service,
		"username": name,
		"password": "pw",
		"presence": Presence.ENABLED,
		"profile": SILVER if service is Service.HOTSPOT else PPP_SILVER,
	}
	return DesiredAccount(**(defaults | values))


def endpoint_of(simulator: RouterSimulator, **values: Any) -> Endpoint:
	defaults: dict[str, Any] = {
		"host": simulator.host,
		"port": simulator.port,
		"username": USER,
		"password": PASSWORD,
		"connect_timeout_s": 5,
		"deadline_s": 10,
	}
	return Endpoint(**(defaults | values))


def connect_to(simulator: RouterSimulator, **values: Any) -> Router:
	return connect(endpoint_of(simulator, **values))


def a_simulator(**values: Any) -> RouterSimulator:
	simulator = RouterSimulator(USER, PASSWORD, **values)
	if not simulator.rows("/ip/pool")[1:]:
		simulator.add("/ip/pool", name="ppp-pool", ranges="10.9.0.2-10.9.255.254")
	return simulator
