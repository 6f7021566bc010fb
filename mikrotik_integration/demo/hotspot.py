"""A kiosk sells an hour of Wi-Fi for cash, and a guest buys one on the captive portal with M-PESA."""

import secrets
import time

import frappe
import requests
from frappe.utils import get_url

from mikrotik_integration.demo.stage import ROUTER, Desk, Router, ensure, say, wait
from mikrotik_integration.services import portal_setup

CONNECTION, PORTAL = "hotspot wifi-2M", "kilimani"
PACKAGES = (
	("Wi-Fi 1 hour", {"price": 20, "validity_days": 1, "time_quota_minutes": 60}),
	("Wi-Fi 1 GB", {"price": 50, "validity_days": 7, "data_quota_mb": 1000, "device_limit": 2}),
)
GUESTS_PHONE = "254722000111"


def prepare() -> None:
	"""Two packages. Idempotent."""
	ensure(
		"Connection Type",
		CONNECTION,
		service_name="hotspot",
		profile_name="wifi-2M",
		speed_limit_rx="1M",
		speed_limit_tx="2M",
	)
	for name, values in PACKAGES:
		ensure(
			"Internet Plan",
			name,
			plan_name=name,
			connection_type=CONNECTION,
			sold_as_voucher=1,
			shown_on_portal=1,
			**{"device_limit": 1, **values},
		)
	say(f"Packages {' and '.join(name for name, _values in PACKAGES)}, sold at the till and on the portal")


def story(router: Router, desk: Desk, site_url: str) -> None:
	"""Play it on the router and the packages that ``prepare`` made."""
	say("6. The login page of the hotspot goes onto the router")
	address = frappe.db.get_value("MikroTik Settings", ROUTER, "hotspot_address").partition(":")[0]
	router.do("run", path="/ip/hotspot/profile/set", args={"numbers": "hsprof1", "hotspot-address": address})
	for finding in portal_setup.install(frappe.get_doc("MikroTik Settings", ROUTER)):
		say(f"   {'ok ' if finding['ok'] else 'NOT'} {finding['text']}")
	frappe.db.commit()
	say("7. The kiosk sells an hour of Wi-Fi for cash")
	voucher = desk.ask(
		"mikrotik_integration.api.vouchers.sell_for_cash", package=PACKAGES[0][0], router=ROUTER
	)
	name = voucher["name"]
	wait(lambda: _value(name, "router_status") == "In Sync", "the router")
	say(
		f"   code {voucher['code_shown']}, sold with {_value(name, 'sale_name')}; its QR code opens the router's login page"
	)
	_log_in(router, _value(name, "code"))
	say("8. A guest buys on the captive portal with M-PESA, and types no code")
	_log_in(router, _buy(site_url))
	say(f"   See it: {get_url(f'/hotspot/{PORTAL}')} and {get_url('/app/hotspot-till')}")


def _buy(site_url: str) -> str:
	began = time.monotonic()
	token = _ask(site_url, "buy", router=PORTAL, package=PACKAGES[0][0], phone=GUESTS_PHONE)["token"]
	paid = wait(lambda: _ready(_ask(site_url, "purchase", token=token)), "the voucher")
	say(
		f"   paid, booked, and the code {paid['code']} is on the router {time.monotonic() - began:.1f} s after asking, the guest's typing included"
	)
	return paid["login"]["username"]


def _ready(state: dict) -> dict | None:
	return state if state.get("login") else None


def _ask(site_url: str, function: str, **values) -> dict:
	"""As the portal's page asks, which nobody has to log in for."""
	url = f"{site_url.rstrip('/')}/api/method/mikrotik_integration.api.hotspot.{function}"
	answer = requests.post(url, json=values, timeout=60)
	answer.raise_for_status()
	return answer.json()["message"]


def _log_in(router: Router, code: str) -> None:
	"""A phone that was never here, and has no cookie, joins the Wi-Fi and opens the login link, as a QR code does."""
	phone = router.do("plug_in", mac="02:" + secrets.token_bytes(5).hex(":").upper())
	link = f"{phone['url']}/login?username={code}&password={code}"
	requests.get(link, timeout=30, allow_redirects=False)
	online = [row for row in router.do("sessions")["sessions"] if row["user"] == code]
	say(f"   a phone opens the login link: {'online as ' + online[0]['address'] if online else 'refused'}")


def _value(name: str, field: str):
	frappe.db.rollback()
	return frappe.db.get_value("Hotspot Voucher", name, field)
