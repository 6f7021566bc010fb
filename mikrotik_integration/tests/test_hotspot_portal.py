"""The captive portal without a browser: the page, what guests may ask of the server, and the router's set-up."""

import io
import json
import secrets
import zipfile
from unittest import mock

import frappe
import requests

from mikrotik_integration.core.vouchers import codes, portal_files
from mikrotik_integration.services import (
	payments,
	portal,
	portal_setup,
	purchase_view,
	purchases,
	router_guard,
	voucher_packages,
	voucher_sales,
)
from mikrotik_integration.simulators.daraja import Decision, Fate, Kind
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user

HTML = "'\"><script>alert(1)</script><img src=x onerror=alert(2)>"
LOGIN = "http://wifi.example.lan/login"


def a_mac() -> str:
	"""Of a device that was never here before: what it asked for earlier would be counted."""
	return ":".join(["02", *(f"{secrets.randbelow(256):02X}" for _byte in range(5))])


class PortalTestCase(ServiceTestCase):
	"""One router whose captive portal sells one package."""

	def setUp(self) -> None:
		super().setUp()
		frappe.db.set_value("Internet Plan", {"shown_on_portal": 1}, "shown_on_portal", 0)
		self.portal_name = factories.unique("cafe").replace(" ", "-")
		self.router = factories.a_router(
			self.sim,
			portal_name=self.portal_name,
			portal_enabled=1,
			hotspot_address="wifi.example.lan",
			wifi_name="Kahawa Wi-Fi",
		)
		self.package = factories.a_package(data_quota_mb=500)
		frappe.db.commit()
		self.guest = Visitor(self.web.url)
		self.mac, self.other_mac = a_mac(), a_mac()
		self.address = f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.{secrets.randbelow(250)}"

	def sell(self, package=None, **sale) -> str:
		"""The code of a voucher that was sold in the shop, and is on the router."""
		plan = package or self.package
		(name,) = voucher_sales.sell(
			voucher_packages.check(plan.name), voucher_packages.router_for_sale(self.router.name), 1, **sale
		)
		voucher_sales.enqueue_push([name])
		frappe.db.commit()
		self.work()
		return frappe.db.get_value("Hotspot Voucher", name, "code")

	def page(self, query: str = "", **headers) -> requests.Response:
		return self.guest.http.get(
			f"{self.web.url}/hotspot/{self.portal_name}{query}", headers=headers, timeout=30
		)

	def ask(self, function: str, **values) -> requests.Response:
		if function != "purchase":
			values = {"router": self.portal_name, **values}
		return self.guest.call(
			f"mikrotik_integration.api.hotspot.{function}",
			headers={"X-Forwarded-For": self.address},
			**values,
		)

	def told(self, function: str, **values) -> dict:
		answer = self.ask(function, **values)
		self.assertEqual(200, answer.status_code, answer.text)
		frappe.db.rollback()
		return answer.json()["message"]

	def refusal(self, function: str, **values) -> str:
		answer = self.ask(function, **values)
		self.assertGreaterEqual(answer.status_code, 400, answer.text)
		self.assertNotIn("Traceback", answer.text)
		self.assertNotIn("exc", answer.json())
		return json.loads(json.loads(answer.json()["_server_messages"])[-1])["message"]

	def buy(self, phone: str | None = None, **values) -> dict:
		"""A prompt is on the phone; what Daraja says of it waits for ``settle``."""
		self.hold_callbacks()
		wanted = {
			"package": self.package.name,
			"phone": phone or factories.a_phone(),
			"mac": self.mac,
			**values,
		}
		return self.told("buy", **wanted)

	def hold_callbacks(self) -> None:
		self.daraja.courier.always(Fate(held=True), Kind.STK)
		self.addCleanup(self.daraja.courier.always, Fate(), Kind.STK)

	def settle(self) -> None:
		self.daraja.settle()
		self.daraja.courier.always(Fate(), Kind.STK)
		self.daraja.courier.release()
		self.daraja.settle()
		self.work()


class TestPage(PortalTestCase):
	def test_it_shows_the_place_and_what_is_sold_there(self):
		text = self.page().text
		for words in (
			"Kahawa Wi-Fi",
			self.package.name,
			"KES 20",
			"1 hour online",
			"500 MB",
			"1 device",
			LOGIN,
		):
			self.assertIn(words, text)

	def test_what_is_not_sold_or_not_shown_is_not_there(self):
		hidden = [
			factories.a_package(shown_on_portal=0),
			factories.a_package(enabled=0),
			factories.a_plan(),
		]
		frappe.db.commit()
		text = self.page().text
		self.assertEqual([], [plan.name for plan in hidden if plan.name in text])

	def test_a_pool_without_codes_is_sold_out(self):
		factories.a_package(codes_from="Pool")
		frappe.db.commit()
		self.assertIn("Sold out", self.page().text)

	def test_it_is_the_same_for_every_visitor_whatever_the_router_wrote_into_the_address(self):
		plain = self.page().text
		for name in ("mac", "ip", "link-login-only", "link-orig", "error", "code", "in", "_lang", "x"):
			with self.subTest(name):
				answer = self.guest.http.get(
					f"{self.web.url}/hotspot/{self.portal_name}", params={name: HTML}, timeout=30
				)
				self.assertEqual((200, plain), (answer.status_code, answer.text))

	def test_names_are_written_as_text(self):
		frappe.db.set_value("MikroTik Settings", self.router.name, "wifi_name", HTML[:32])
		portal.forget()
		frappe.db.commit()
		text = self.page().text
		self.assertNotIn(HTML[:32], text)

	def test_swahili_by_the_link_and_by_the_phones_own_language(self):
		for answer in (
			self.page("?lang=sw"),
			self.page(**{"Accept-Language": "sw-KE,sw;q=0.9,en;q=0.8"}),
		):
			self.assertIn('<html lang="sw">', answer.text)
			self.assertIn("Nina vocha", answer.text)
			self.assertIn("kifaa 1", answer.text)
		self.assertIn('<html lang="en">', self.page("?lang=fr").text)

	def test_every_word_is_there_in_swahili(self):
		english, swahili = self.page("?lang=en").text, self.page("?lang=sw").text
		words = [
			json.loads(text.split('id="words">')[1].split("</script>")[0]) for text in (english, swahili)
		]
		self.assertEqual(words[0].keys(), words[1].keys())
		self.assertEqual([], [key for key in words[0] if words[0][key] == words[1][key]])

	def test_it_is_packed_for_those_who_can_unpack_it(self):
		packed, plain = (self.page(**{"Accept-Encoding": encoding}) for encoding in ("gzip", "identity"))
		self.assertEqual("gzip", packed.headers["Content-Encoding"])
		self.assertNotIn("Content-Encoding", plain.headers)
		self.assertEqual(plain.text, packed.text)

	def test_a_changed_price_is_seen_at_once(self):
		self.page()
		self.package.price = 35
		self.package.save()
		frappe.db.commit()
		self.assertIn("KES 35", self.page().text)

	def test_a_portal_that_is_not_there_is_a_plain_404(self):
		for name in ("", "nobody", "a/b", "%3Cscript%3E", "x" * 200, "..%2f..%2fetc"):
			with self.subTest(name):
				answer = self.guest.http.get(f"{self.web.url}/hotspot/{name}", timeout=30)
				self.assertEqual(404, answer.status_code)
				self.assertNotIn("<script", answer.text)

	def test_a_portal_that_is_switched_off_is_not_there(self):
		self.router.portal_enabled = 0
		self.router.save()
		frappe.db.commit()
		self.assertEqual(404, self.page().status_code)
		self.router.portal_enabled = 1
		self.router.save()
		frappe.db.commit()
		self.assertEqual(200, self.page().status_code)

	def test_only_the_sites_own_scripts_may_run(self):
		policy = self.page().headers["Content-Security-Policy"]
		self.assertIn("default-src 'none'", policy)
		self.assertNotIn("unsafe", policy)


class TestPurchase(PortalTestCase):
	def test_the_price_is_the_packages_whatever_the_request_says(self):
		started = self.buy(price=1, amount=1, rate=1)
		self.assertEqual(("waiting", 20), (started["state"], started["amount"]))
		self.settle()
		self.assertEqual("paid", self.told("purchase", token=started["token"])["state"])

	def test_phone_numbers_are_masked(self):
		phone = factories.a_phone()
		started = self.buy(phone)
		state = self.told("purchase", token=started["token"])
		self.assertNotIn(phone[3:], json.dumps([started, state]))

	def test_waiting_until_daraja_said_no(self):
		phone = factories.a_phone()
		self.daraja.customer(phone).always(Decision.CANCEL)
		started = self.buy(phone)
		self.assertEqual("waiting", self.told("purchase", token=started["token"])["state"])
		frappe.db.set_value(
			purchases.PURCHASE, {"phone_number": phone}, "creation", "2020-01-01", update_modified=False
		)
		frappe.db.commit()
		self.assertEqual("waiting", self.told("purchase", token=started["token"])["state"])
		self.settle()
		payments.poke(frappe.get_doc(purchases.PURCHASE, {"phone_number": phone}))
		frappe.db.commit()
		self.work()
		state = self.told("purchase", token=started["token"])
		self.assertEqual(("failed", "Request cancelled by user."), (state["state"], state["message"]))

	def test_a_paid_purchase_has_a_code_that_lets_the_buyer_in(self):
		token = self.buy()["token"]
		self.settle()
		paid = self.told("purchase", token=token)
		self.assertEqual(("paid", True), (paid["state"], paid["ready"]))
		redeemed = self.told("redeem", code=paid["code"], mac=self.mac)
		self.assertEqual(("ok", LOGIN), (redeemed["state"], redeemed["login"]["url"]))
		login = redeemed["login"]
		self.assertTrue(self.sim.customer.login(login["username"], login["password"], mac=self.mac).is_live)

	def test_tokens_of_nobody_get_nothing(self):
		token = self.buy()["token"]
		for wrong in ("", ".", token[:-1], token + "0", token.split(".")[0] + "." + "0" * 40, HTML):
			with self.subTest(wrong):
				self.assertEqual("There is no such purchase", self.refusal("purchase", token=wrong))

	def test_words_are_in_the_visitors_language(self):
		self.assertEqual("Hakuna ununuzi kama huo", self.refusal("purchase", token="x", language="sw"))

	def test_a_package_that_is_not_for_sale_is_refused_before_anybody_is_charged(self):
		for package in (factories.a_plan().name, "nothing", factories.a_package(enabled=0).name, HTML):
			frappe.db.commit()
			with self.subTest(package):
				self.refusal("buy", package=package, phone=factories.a_phone(), mac=self.mac)
		self.assertFalse(frappe.db.exists(purchases.PURCHASE, {"mikrotik_settings": self.router.name}))


class TestResume(PortalTestCase):
	def test_the_same_device_gets_back_to_its_purchase(self):
		phone = factories.a_phone()
		token = self.buy(phone)["token"]
		local = f"0{phone[3:]}"
		self.assertEqual(
			{"state": "found", "token": token},
			self.told("resume", phone=local, mac=self.mac.lower().replace(":", "-")),
		)

	def test_nobody_else_learns_whether_there_is_a_purchase(self):
		phone = factories.a_phone()
		self.buy(phone)
		self.settle()
		answers = [
			self.ask("resume", phone=phone, mac=self.other_mac),
			self.ask("resume", phone=phone),
			self.ask("resume", phone=factories.a_phone(), mac=self.mac),
		]
		self.assertEqual({'{"message":{"state":"sent"}}'}, {answer.text for answer in answers})

	def test_the_code_goes_out_by_sms_again(self):
		frappe.db.set_single_value("ISP Settings", "send_sms", 1)
		frappe.db.commit()
		self.addCleanup(self._send_no_sms)
		frappe.clear_document_cache("ISP Settings", "ISP Settings")
		phone = factories.a_phone()
		self.buy(phone)
		self.settle()
		frappe.db.set_value(purchases.PURCHASE, {"phone_number": phone}, "sms_status", "Sent")
		frappe.db.commit()
		self.told("resume", phone=phone, mac=self.other_mac)
		self.assertEqual(
			"Waiting", frappe.db.get_value(purchases.PURCHASE, {"phone_number": phone}, "sms_status")
		)

	def _send_no_sms(self) -> None:
		frappe.db.set_single_value("ISP Settings", "send_sms", 0)
		frappe.db.commit()
		frappe.clear_document_cache("ISP Settings", "ISP Settings")


class TestVoucher(PortalTestCase):
	def test_a_code_is_found_however_it_is_typed(self):
		code = self.sell()
		typed = codes.shown(code).upper().replace("-", " ")
		self.assertEqual(code, self.told("redeem", code=typed, mac=self.mac)["login"]["username"])

	def test_what_is_left_is_told_to_its_device(self):
		code = self.sell()
		self.told("redeem", code=code, mac=self.mac)
		session = self.sim.customer.login(code, code, mac=self.mac)
		session.move(upload=10_000_000, download=90_000_000, seconds=600)
		self.check_router(self.router)
		left = self.told("status", mac=self.mac)
		self.assertEqual(
			("ok", True, 400_000_000, 3000),
			(left["state"], left["online"], left["bytes_left"], left["seconds_left"]),
		)
		self.assertNotIn(code, json.dumps(left))
		self.assertEqual({"state": "none"}, self.told("status", mac=self.other_mac))

	def test_a_second_device_is_refused_and_may_take_the_firsts_place(self):
		phone = factories.a_phone()
		code = self.sell(phone_number=phone)
		self.told("redeem", code=code, mac=self.mac)
		refused = self.told("redeem", code=code, mac=self.other_mac)
		self.assertEqual(("refused", True), (refused["state"], refused["may_replace"]))
		self.assertNotIn(self.mac, refused["devices"][0])
		wrong = self.refusal(
			"replace_device", code=code, phone=factories.a_phone(), old=0, mac=self.other_mac
		)
		self.assertIn("not bought with this phone number", wrong)
		answer = self.told("replace_device", code=code, phone=phone, old=0, mac=self.other_mac)
		self.assertEqual("ok", answer["state"])
		self.assertEqual("refused", self.told("redeem", code=code, mac=self.mac)["state"])

	def test_a_voucher_of_another_router_is_no_voucher_here(self):
		code = self.sell()
		elsewhere = factories.a_router(
			self.another_router(), portal_name=f"{self.portal_name}-2", portal_enabled=1
		)
		there = self.told("redeem", router=elsewhere.portal_name, code=code, mac=self.mac)
		unknown = self.told("redeem", router=elsewhere.portal_name, code="cccc-cccc-c", mac=self.mac)
		self.assertEqual(unknown, there)


class TestAbuse(PortalTestCase):
	def test_guesses_are_counted_for_each_device(self):
		answers = [self.ask("redeem", code=codes.make(), mac=self.mac).status_code for _number in range(25)]
		self.assertEqual([200] * 20 + [429] * 5, answers)
		self.assertEqual("ok", self.told("redeem", code=self.sell(), mac=self.other_mac)["state"])

	def test_a_phone_is_not_flooded(self):
		phone = factories.a_phone()
		answers = [
			self.ask("buy", package=self.package.name, phone=phone, mac=f"02:00:00:00:01:{number:02x}")
			for number in range(8)
		]
		self.assertIn(429, [answer.status_code for answer in answers])
		self.assertLessEqual(sum(answer.ok for answer in answers), 5)

	def test_a_device_does_not_flood_phones(self):
		answers = [
			self.ask("buy", package=self.package.name, phone=factories.a_phone(), mac=self.mac).status_code
			for _number in range(9)
		]
		self.assertEqual([200] * 6 + [429] * 3, answers)

	def test_an_address_is_limited_too(self):
		limits = {"resume": 60, "replace_device": 30}
		values = {
			"resume": {"phone": "x"},
			"replace_device": {"code": "x", "phone": "x", "old": 0, "mac": self.mac},
		}
		for function, limit in limits.items():
			with self.subTest(function):
				answers = [self.ask(function, **values[function]).status_code for _number in range(limit + 2)]
				self.assertEqual([429, 429], answers[-2:], answers)

	def test_what_is_no_short_text_is_refused_and_leaves_no_error_behind(self):
		self.daraja.everybody(Decision.NEVER, 0)  # an answer may overtake its prompt: another story
		good = {
			"buy": {"package": self.package.name, "phone": factories.a_phone(), "mac": self.mac},
			"purchase": {"token": "x"},
			"resume": {"phone": factories.a_phone(), "mac": self.mac},
			"redeem": {"code": "x", "mac": self.mac},
			"status": {"mac": self.mac, "code": "x"},
			"replace_device": {"code": "x", "phone": factories.a_phone(), "old": 0, "mac": self.mac},
		}
		bad = ("\ud800", "a\x00b", "x" * 100_000, {"a": 1}, ["like", "%"], 10**400, -(10**30), 1e300)
		errors = frappe.db.count("Error Log")
		for function, values in good.items():
			for name in (*values, "router", "language"):
				for value in bad:
					with self.subTest(function, name=name, value=str(value)[:20]):
						self.address = f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.1"
						answer = self.ask(function, **{**values, name: value})
						if name != "language" and not (name == "old" and value == 1e300):
							self.assertIn(answer.status_code, (400, 404, 417), answer.text[:300])
						self.assertLess(answer.status_code, 500)
						self.assertNotIn("Traceback", answer.text)
		frappe.db.rollback()
		self.assertEqual(errors, frappe.db.count("Error Log"))

	def test_html_in_every_parameter_changes_nothing_and_comes_back_nowhere(self):
		good = {
			"buy": {"package": self.package.name, "phone": factories.a_phone(), "mac": self.mac},
			"purchase": {"token": "x"},
			"resume": {"phone": factories.a_phone(), "mac": self.mac},
			"redeem": {"code": "x", "mac": self.mac},
			"status": {"mac": self.mac, "code": "x"},
			"replace_device": {"code": "x", "phone": factories.a_phone(), "old": 0, "mac": self.mac},
		}
		for function, values in good.items():
			router = {} if function == "purchase" else {"router": self.portal_name}
			for name in (*values, *router, "language"):
				with self.subTest(f"{function} {name}"):
					answer = self.ask(function, **{**values, **router, name: HTML})
					self.assertNotIn("<script", answer.text)
					self.assertNotIn("<img", answer.text)
					self.assertNotIn("Traceback", answer.text)

	def test_parameters_of_the_wrong_kind_are_refused_in_plain_words(self):
		for values in ({}, {"code": ["x"]}, {"code": {"a": 1}}, {"code": None}, {"code": "x" * 5000}):
			with self.subTest(str(values)[:40]):
				answer = self.ask("redeem", **values)
				self.assertGreaterEqual(answer.status_code, 400)
				self.assertNotIn("Traceback", answer.text)
				self.assertNotIn("exc", answer.json())

	def test_an_unforeseen_error_is_logged_and_told_in_plain_words(self):
		with mock.patch.object(purchase_view, "state", side_effect=ZeroDivisionError("secret inside")):
			words = self.refusal("purchase", token="x")
		self.assertEqual("That did not work. Try again, or ask at the shop", words)

	def test_only_by_post(self):
		answer = self.guest.http.get(
			f"{self.web.url}/api/method/mikrotik_integration.api.hotspot.status",
			params={"router": self.portal_name, "mac": self.mac},
			timeout=30,
		)
		self.assertEqual(403, answer.status_code)


class TestRouterSetUp(PortalTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.sim.run("/ip/hotspot/profile/set", numbers="default", **{"dns-name": "wifi.example.lan"})
		self.router.hotspot_profile = "default"
		self.router.save()
		frappe.db.commit()

	def install(self) -> list[str]:
		findings = portal_setup.install(self.router)
		self.assertEqual([], [finding["text"] for finding in findings if not finding["ok"]])
		return [finding["text"] for finding in findings]

	def test_pages_way_and_links_are_brought_onto_the_router(self):
		self.install()
		written = {row["name"] for row in self.sim.rows("/file")}
		for name in portal_files.NAMES:
			self.assertTrue(any(path.endswith(f"hotspot-erpnext/{name}") for path in written), name)
		(profile,) = [row for row in self.sim.rows("/ip/hotspot/profile") if row["name"] == "default"]
		self.assertIn("hotspot-erpnext", profile["html-directory-override"])
		self.assertIn("http-pap", profile["login-by"])
		(garden,) = self.sim.rows("/ip/hotspot/walled-garden/ip")
		self.assertEqual("accept", garden["action"])

	def test_a_second_time_changes_nothing(self):
		first = self.install()
		before = self.sim.rows("/file")
		self.assertEqual(first, self.install())
		self.assertEqual(before, self.sim.rows("/file"))
		self.assertEqual(1, len(self.sim.rows("/ip/hotspot/walled-garden/ip")))

	def test_a_factory_new_replacement_gets_pages_walled_garden_and_links_too(self):
		self.install()
		self.check_router(self.router)
		new = self.another_router()
		new.run("/ip/hotspot/profile/set", numbers="default", **{"dns-name": "wifi.example.lan"})
		values = {"ip_address": new.host, "api_port": new.port}
		frappe.db.set_value("MikroTik Settings", self.router.name, values)
		self.check_router(self.router)
		self.work()
		self.assertEqual([], new.rows("/ip/hotspot/walled-garden/ip"))
		router_guard.confirm_box(self.router.name)
		frappe.db.commit()
		self.work()
		self.assertEqual(1, len(new.rows("/ip/hotspot/walled-garden/ip")))
		written = {row["name"] for row in new.rows("/file")}
		for name in portal_files.NAMES:
			self.assertTrue(any(path.endswith(f"hotspot-erpnext/{name}") for path in written), name)
		(profile,) = [row for row in new.rows("/ip/hotspot/profile") if row["name"] == "default"]
		self.assertIn("hotspot-erpnext", profile["html-directory-override"])

	def test_pages_that_somebody_deleted_come_back_and_those_never_installed_do_not(self):
		self.check_router(self.router)
		self.work()
		self.assertEqual([], self.sim.rows("/ip/hotspot/walled-garden/ip"))
		self.install()
		self.check_router(self.router)
		for row in self.sim.rows("/file"):
			if row["name"].endswith("hotspot-erpnext/login.html"):
				self.sim.run("/file/remove", {".id": row[".id"]})
		self.check_router(self.router)
		self.work()
		self.assertTrue(any(row["name"].endswith("erpnext/login.html") for row in self.sim.rows("/file")))

	def test_it_is_in_the_api_log(self):
		self.install()
		frappe.db.commit()
		log = {"router": self.router.name, "operation": "install login page"}
		self.assertEqual("Success", frappe.db.get_value("MikroTik API Log", log, "status"))

	def test_what_is_wrong_is_said(self):
		self.router.hotspot_profile = "nobody"
		texts = [finding["text"] for finding in portal_setup.install(self.router) if not finding["ok"]]
		self.assertEqual(1, len(texts))
		self.assertIn("no hotspot profile nobody", texts[0])
		self.sim.stop()
		(finding,) = portal_setup.install(self.router)
		self.assertFalse(finding["ok"])
		self.assertIn("refused the connection", finding["text"])

	def test_pages_on_which_nobody_could_log_in_are_not_shown(self):
		self.router.hotspot_https = 1
		texts = [finding["text"] for finding in portal_setup.install(self.router) if not finding["ok"]]
		self.assertEqual(2, len(texts))
		self.assertIn("certificate", texts[0])
		self.assertIn("goes on with the pages it had", texts[1])
		(profile,) = [row for row in self.sim.rows("/ip/hotspot/profile") if row["name"] == "default"]
		self.assertEqual("", profile["html-directory-override"])

	def test_what_is_missing_is_said(self):
		self.assertEqual([], portal_setup.missing(self.router))
		self.router.update({"hotspot_address": "", "wifi_name": "", "portal_name": ""})
		self.assertEqual(3, len(portal_setup.missing(self.router)))

	def test_the_pages_can_be_downloaded(self):
		staff = Visitor(self.web.url, a_user("ISP Administrator"))
		answer = staff.api("routers.download_login_page", "GET", router=self.router.name)
		self.assertEqual(200, answer.status_code)
		with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
			names = {f"hotspot-erpnext/{name}" for name in portal_files.NAMES}
			self.assertEqual(names, set(packed.namelist()))
			login = packed.read("hotspot-erpnext/login.html").decode()
		self.assertIn(f"/hotspot/{self.portal_name}?mac=$(mac-esc)", login)

	def test_only_who_may_change_the_router_may_do_either(self):
		staff = Visitor(self.web.url, a_user("ISP Staff"))
		for function in ("install_login_page", "download_login_page"):
			for visitor in (staff, self.guest):
				answer = visitor.api(f"routers.{function}", router=self.router.name)
				self.assertEqual(403, answer.status_code, function)

	def test_addresses_names_and_passwords_that_cannot_be_are_refused(self):
		wrong = [
			{"hotspot_address": "http://wifi.lan/login"},
			{"hotspot_address": "wifi lan"},
			{"portal_name": ""},
			{"portal_name": "Café Kilimani"},
			{"wifi_password": "short"},
			{"wifi_password": "x" * 64},
			{"wifi_name": "ä" * 17},
		]
		for values in wrong:
			with self.subTest(str(values)):
				self.router.reload()
				self.router.update(values)
				self.assertRaises(frappe.ValidationError, self.router.save)

	def test_two_portals_do_not_share_a_name(self):
		other = {"portal_name": self.portal_name, "portal_enabled": 1}
		self.assertRaises(frappe.DuplicateEntryError, factories.a_router, self.sim, **other)
