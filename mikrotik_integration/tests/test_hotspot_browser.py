"""The captive portal as a guest's phone shows it: a real browser behind the simulated router, which lets nothing pass
but the portal until it has logged in."""

import io
import json
import random
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode

import frappe
import qrcode
from PIL import Image, ImageFilter
from werkzeug.serving import make_server

from mikrotik_integration.core.vouchers import codes, links
from mikrotik_integration.services import (
	payments,
	portal_setup,
	prompts,
	purchase_view,
	purchases,
	voucher_packages,
	voucher_sales,
)
from mikrotik_integration.simulators.daraja import Decision
from mikrotik_integration.simulators.routeros import Certificate
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.harness import clear_jobs
from mikrotik_integration.tests.live import LiveSite
from mikrotik_integration.tests.test_forms_browser import PHONE, Browser, BrowserTestCase, why_not
from mikrotik_integration.tests.test_hotspot_portal import HTML, PortalTestCase, a_mac
from mikrotik_integration.tests.visitors import PASSWORD, a_user

DNS_NAME = "wifi.example.lan"
ANYWHERE = "http://news.example/today"
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
MOST_BYTES = 60_000


class GuestsPhone(Browser):
	"""A browser that reaches the world by way of the hotspot. Counts what comes over the air."""

	def __init__(self, device, *flags: str) -> None:
		self.bytes_received = 0
		self.dialogs: list[str] = []
		super().__init__(f"--proxy-server=127.0.0.1:{device.port}", "--proxy-bypass-list=<-loopback>", *flags)
		self.mac = device.mac
		self.size(*PHONE)
		self.send("Network.enable")

	def _note(self, event: dict) -> None:
		super()._note(event)
		if event.get("method") == "Network.loadingFinished":
			self.bytes_received += int(event["params"]["encodedDataLength"])
		if event.get("method") == "Page.javascriptDialogOpening":
			self.dialogs.append(event["params"]["message"])

	def see(self, words: str) -> None:
		self.wait(f"document.body.innerText.includes({json.dumps(words)})")

	def type(self, selector: str, text: str) -> None:
		found = f"document.querySelector({json.dumps(selector)})"
		self.wait(f"!!{found}?.offsetParent")
		self.run(f"{found}.value = {json.dumps(text)}")

	def choose_file(self, selector: str, path: Path) -> None:
		root = self.send("DOM.getDocument")["root"]["nodeId"]
		node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
		self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

	def wait_until_online(self, portal: str) -> None:
		"""Back on the portal's page, which says so."""
		self.wait(
			f"location.href.startsWith({json.dumps(portal)}) && !!document.querySelector('#online')?.offsetParent"
		)

	@property
	def address(self) -> str:
		return self.run("location.href")


class HotspotBrowserTestCase(PortalTestCase):
	"""A shop whose router has the portal's pages; each test brings the phones."""

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if reason := why_not():
			raise unittest.SkipTest(reason)
		cls.base = BrowserTestCase.serve.__func__(cls)
		frappe.local.conf.host_name = cls.base
		cls.files = Path(cls.using(tempfile.TemporaryDirectory()))

	def setUp(self) -> None:
		super().setUp()
		self.sim.run("/ip/hotspot/profile/set", numbers="hsprof1", **{"dns-name": DNS_NAME})
		findings = portal_setup.install(self.router)
		self.assertEqual([], [finding["text"] for finding in findings if not finding["ok"]])
		frappe.db.commit()

	def a_phone(self, *flags: str, device=None) -> GuestsPhone:
		"""The browser of a device that has just joined the Wi-Fi."""
		phone = GuestsPhone(device or self.sim.plug_in(a_mac()), *flags)
		self.addCleanup(self.put_away, phone)
		return phone

	def put_away(self, phone: GuestsPhone) -> None:
		self.assertEqual([], phone.errors)
		self.assertEqual([], phone.dialogs)
		phone.close()

	def at_the_portal(self, *flags: str, device=None) -> GuestsPhone:
		"""Wanted some page, was led to the router's login page and from there to the portal."""
		phone = self.a_phone(*flags, device=device)
		phone.open(ANYWHERE, "#voucher form")
		self.assertIn(f"{self.base}/hotspot/{self.portal_name}?mac=", phone.address)
		return phone

	def open_portal(self, phone: GuestsPhone, **parameters) -> None:
		phone.open(f"{self.base}/hotspot/{self.portal_name}?{urlencode(parameters)}", "#voucher form")

	def pay(self, phone: GuestsPhone, number: str) -> None:
		"""The guest asks for the prompt; what Daraja says of it waits for ``settle``."""
		self.hold_callbacks()
		phone.click(".package", self.package.name)
		phone.type("#buy input[name=phone]", number)
		phone.click("#buy button", "M-PESA")

	def connect(self, phone: GuestsPhone) -> str:
		"""It is paid: the guest sees the code, and taps Connect. Returns the code."""
		phone.wait("!!document.querySelector('#connect')?.offsetParent")
		code = phone.text("#code")
		phone.click("#connect")
		return code

	def use_code(self, phone: GuestsPhone, code: str) -> None:
		phone.type("#voucher input[name=code]", code)
		phone.click("#voucher form > button")

	def assert_online(self, phone: GuestsPhone, words: str = "You are online") -> None:
		phone.wait_until_online(f"{self.base}/hotspot/{self.portal_name}")
		phone.see(words)
		self.assertIn(phone.mac, [row["mac-address"] for row in self.sim.rows("/ip/hotspot/active")])


class TestBuying(HotspotBrowserTestCase):
	def test_a_first_buyer_sees_the_code_keeps_it_and_is_online_with_one_tap(self):
		phone = self.at_the_portal()
		self.pay(phone, "0712 345 671")
		phone.see("Waiting for M-PESA")
		phone.see("to pay KES 20")
		self.settle()
		phone.see("Paid. Thank you!")
		code = frappe.db.get_value("Hotspot Voucher", {"mikrotik_settings": self.router.name}, "code")
		phone.see(codes.shown(code))
		phone.click("#copy")
		phone.wait("document.querySelector('#progress').textContent !== ''")
		self.assertEqual(codes.shown(code), self.connect(phone))
		self.assert_online(phone)
		phone.see("Time left")

	def test_who_buys_again_while_a_voucher_is_valid_but_offline_gets_online_with_the_new_one(self):
		old = self.sell()
		phone = self.at_the_portal()
		self.told("redeem", code=old, mac=phone.mac)
		self.open_portal(phone, mac=phone.mac)
		phone.see("Your voucher")
		phone.see("You are not online")
		self.assertFalse(phone.run("!!document.querySelector('#online-title').offsetParent"))
		self.pay(phone, factories.a_phone())
		phone.see("Waiting for M-PESA")
		self.settle()
		phone.see("Paid. Thank you!")
		new = self.connect(phone)
		self.assertNotEqual(codes.shown(old), new)
		self.assert_online(phone)
		(session,) = self.sim.rows("/ip/hotspot/active")
		self.assertEqual(new.replace("-", ""), session["user"])

	def test_who_has_paid_and_goes_back_has_the_code_in_the_field_and_can_buy_again(self):
		phone = self.at_the_portal()
		self.pay(phone, factories.a_phone())
		phone.see("Waiting for M-PESA")
		self.settle()
		phone.see("Paid. Thank you!")
		code = phone.text("#code")
		phone.click("#back")
		phone.see("Buy Wi-Fi")
		self.assertEqual(code, phone.run("document.querySelector('#voucher input[name=code]').value"))
		phone.click("#voucher form > button")
		self.assert_online(phone)

	def test_who_is_online_is_shown_the_code_for_later(self):
		phone = self.at_the_portal()
		self.use_code(phone, self.sell())
		self.assert_online(phone)
		self.check_router(self.router)
		self.open_portal(phone, mac=phone.mac)
		phone.see("You are online")
		self.pay(phone, factories.a_phone())
		phone.see("Waiting for M-PESA")
		self.settle()
		phone.see("Paid. Thank you!")
		self.assertTrue(phone.text("#code"))
		self.assertTrue(phone.run("document.querySelector('#connect').hidden"))

	def test_closed_in_the_middle_it_goes_on_in_another_browser_with_the_same_number(self):
		device, number = self.sim.plug_in(a_mac()), factories.a_phone()
		first = self.at_the_portal(device=device)
		self.pay(first, number)
		first.see("Waiting for M-PESA")
		first.send("Page.navigate", url="about:blank")
		self.settle()
		second = self.at_the_portal(device=device)
		second.type("#buy input[name=phone]", number)
		second.click("#resume")
		self.connect(second)
		self.assert_online(second)

	def test_reloaded_the_page_goes_on_waiting(self):
		phone = self.at_the_portal()
		self.pay(phone, factories.a_phone())
		phone.see("Waiting for M-PESA")
		phone.send("Page.reload")
		phone.see("Waiting for M-PESA")
		self.settle()
		self.connect(phone)
		self.assert_online(phone)

	def test_another_device_with_the_same_number_is_shown_no_code(self):
		number = factories.a_phone()
		phone = self.at_the_portal()
		self.pay(phone, number)
		phone.see("Waiting for M-PESA")
		self.settle()
		self.connect(phone)
		self.assert_online(phone)
		stranger = self.at_the_portal()
		stranger.type("#buy input[name=phone]", number)
		stranger.click("#resume")
		stranger.see("its code is sent by SMS again")
		self.assertNotIn("#p=", stranger.address)

	def test_time_that_goes_by_is_no_failure(self):
		phone = self.at_the_portal()
		self.daraja.customer("254712345672").always(Decision.NEVER)
		self.pay(phone, "0712345672")
		phone.see("Waiting for M-PESA")
		phone.run("(() => { const now = Date.now; Date.now = () => now() + 3600e3; })()")
		phone.see("Do not pay twice")
		phone.see("Waiting for M-PESA")

	def test_a_no_from_daraja_is_told_in_its_words_and_another_try_is_offered(self):
		number = factories.a_phone()
		self.daraja.customer(number).always(Decision.CANCEL)
		phone = self.at_the_portal()
		self.pay(phone, number)
		phone.see("Waiting for M-PESA")
		self.settle()
		payments.poke(frappe.get_doc(purchases.PURCHASE, {"phone_number": number}))
		frappe.db.commit()
		self.work()
		phone.see("M-PESA did not take the payment: Request cancelled by user")
		self.assertTrue(phone.run("!!document.querySelector('#buy').offsetParent"))

	def test_what_is_missing_is_asked_for(self):
		phone = self.at_the_portal()
		phone.click("#buy button", "M-PESA")
		phone.see("Choose a package.")
		phone.click(".package", self.package.name)
		phone.click("#buy button", "M-PESA")
		phone.see("Type the number of your M-PESA phone.")
		phone.type("#buy input[name=phone]", "12345")
		phone.click("#buy button", "M-PESA")
		phone.see("This is not a Kenyan mobile number")

	def test_a_server_that_is_away_for_a_moment_is_waited_for(self):
		phone = self.at_the_portal()
		self.pay(phone, factories.a_phone())
		phone.see("Waiting for M-PESA")
		phone.send(
			"Network.emulateNetworkConditions",
			offline=True,
			latency=0,
			downloadThroughput=-1,
			uploadThroughput=-1,
		)
		phone.see("The server cannot be reached just now")
		phone.see("Waiting for M-PESA")
		phone.send(
			"Network.emulateNetworkConditions",
			offline=False,
			latency=0,
			downloadThroughput=-1,
			uploadThroughput=-1,
		)
		self.settle()
		self.connect(phone)
		self.assert_online(phone)

	def test_a_server_in_trouble_does_not_end_the_waiting(self):
		phone = self.at_the_portal()
		self.pay(phone, factories.a_phone())
		phone.see("Waiting for M-PESA")
		with mock.patch.object(purchase_view, "state", side_effect=frappe.RateLimitExceededError):
			phone.see("The server cannot be reached just now")
		self.settle()
		self.connect(phone)
		self.assert_online(phone)

	def test_loaded_again_it_says_what_the_server_knows(self):
		phone = self.a_phone()
		self.open_portal(phone, mac=phone.mac, **{"in": "1"})
		phone.see("You are online")
		phone.send("Page.reload")
		phone.wait("document.readyState === 'complete' && document.querySelector('#online').hidden")


class TestVoucher(HotspotBrowserTestCase):
	def test_a_code_is_typed(self):
		code = self.sell()
		phone = self.at_the_portal()
		self.use_code(phone, codes.shown(code).upper())
		self.assert_online(phone)

	def test_a_wrong_code_is_told(self):
		phone = self.at_the_portal()
		self.use_code(phone, "2222-2222-2")
		phone.see("There is no such code here")

	def test_what_is_left_is_shown_when_the_page_is_opened_again(self):
		code = self.sell()
		phone = self.at_the_portal()
		self.use_code(phone, code)
		self.assert_online(phone)
		(session,) = self.sim.customer.sessions()
		session.move(upload=10_000_000, download=90_000_000, seconds=1200)
		self.check_router(self.router)
		self.open_portal(phone, mac=phone.mac)
		phone.see("40 minutes")
		phone.see("400 MB")

	def test_of_two_vouchers_the_one_in_use_comes_first_and_both_are_listed(self):
		week = factories.a_package(time_quota_minutes=0, validity_days=7, device_limit=2)
		frappe.db.commit()
		older, newer = self.sell(), self.sell(week)
		phone = self.at_the_portal()
		for code in (older, newer):
			self.told("redeem", code=code, mac=phone.mac)
		self.open_portal(phone, mac=phone.mac)
		phone.see("Your vouchers")
		self.assertEqual([week.name, self.package.name], self.cards(phone))
		self.use_code(phone, older)
		self.assert_online(phone)
		self.check_router(self.router)
		self.open_portal(phone, mac=phone.mac)
		phone.see("You are online")
		self.assertEqual([self.package.name, week.name], self.cards(phone))
		phone.click("#log-out")
		phone.wait("location.pathname === '/logout'")
		self.check_router(self.router)
		self.open_portal(phone, mac=phone.mac)
		phone.see("You are not online")

	def cards(self, phone: GuestsPhone) -> list[str]:
		phone.wait("document.querySelectorAll('.card').length > 1")
		return phone.run("[...document.querySelectorAll('.card h3')].map((one) => one.textContent)")

	def test_time_is_said_as_people_say_it_and_is_the_vouchers_not_all_devices_together(self):
		week = factories.a_package(time_quota_minutes=0, validity_days=7, device_limit=2)
		frappe.db.commit()
		phone, code = self.at_the_portal(), self.sell(week)
		self.told("redeem", code=code, mac=phone.mac)
		self.open_portal(phone, mac=phone.mac)
		self.assertEqual("7 days", phone.text(".time-left dd"))
		self.use_code(phone, code)
		self.assert_online(phone)
		self.check_router(self.router)
		self.open_portal(phone, mac=phone.mac)
		phone.see("You are online")
		self.assertEqual("7 days", phone.text(".time-left dd"))
		(session,) = self.sim.customer.sessions()
		session.move(seconds=3600)
		voucher = frappe.get_doc("Hotspot Voucher", {"internet_plan": week.name})
		voucher.db_set("first_login", frappe.utils.add_to_date(voucher.first_login, hours=-1))
		frappe.db.commit()
		self.open_portal(phone, mac=phone.mac)
		phone.see("6 days 23 hours")
		self.open_portal(phone, mac=phone.mac, lang="sw")
		phone.see("siku 6 saa 23")

	def test_a_flood_of_wrong_short_codes_keeps_nobody_with_a_right_one_offline(self):
		plan = voucher_packages.check(self.package.name)
		place = voucher_packages.router_for_sale(self.router.name)
		voucher = voucher_sales._make_sold(plan, place, f"{random.randrange(10**6):06}", {})
		voucher_sales.enqueue_push([voucher])
		frappe.db.commit()
		self.work()
		phone, code = self.at_the_portal(), frappe.db.get_value("Hotspot Voucher", voucher, "code")
		with mock.patch.object(prompts, "SHORT_CODES", (3, 600)):
			for number in range(4):
				self.ask("redeem", code=f"{number}x{number}", mac=a_mac())
			self.assertEqual(429, self.ask("redeem", code=code, mac=a_mac()).status_code)
			self.use_code(phone, code)
			self.assert_online(phone)

	def test_a_second_device_takes_the_place_of_the_first(self):
		number = factories.a_phone()
		code = self.sell(phone_number=number)
		first = self.at_the_portal()
		self.use_code(first, code)
		self.assert_online(first)
		second = self.at_the_portal()
		self.use_code(second, code)
		second.see("Use this device instead of another")
		second.click("#devices label")
		second.type("#replace input[name=phone]", number)
		second.click("#replace button", "Use this device")
		second.see("Your voucher is being prepared")
		self.work()
		self.assert_online(second)

	def test_a_voucher_from_the_printed_link_is_filled_in_as_the_server_reads_it(self):
		phone = self.a_phone()
		texts = (
			"2345-cdfh-j",
			"http://wifi.lan/login?username=2345cdfhj&password=2345cdfhj",
			"https://erp.example.com/hotspot/x?code=2345cdfhj",
			"http://wifi.lan/login?username=2345cdfhj&code=other",
			"http://wifi.lan/login",
			"javascript://x?code=2345cdfhj",
			"WIFI:T:nopass;S:Cafe;;",
			"  2345cdfhj  ",
			"AA:BB:CC:DD:EE:FF",
			"two\nlines",
			"x" * 65,
			HTML,
		)
		for text in texts:
			with self.subTest(text):
				self.open_portal(phone, code=text)
				filled = phone.run("document.querySelector('#voucher input[name=code]').value")
				self.assertEqual(links.code_in(text) or "", filled)

	def test_the_printed_link_logs_in_one_phone_and_not_a_second(self):
		code = self.sell()
		link = links.login_link(DNS_NAME, False, code)
		first, second = self.a_phone(), self.a_phone()
		first.send("Page.navigate", url=link)
		self.assert_online(first)
		second.open(link, "form[name=voucher]")
		second.see("no more sessions are allowed")
		self.check_router(self.router)
		first.click("#log-out")
		first.wait("location.pathname === '/logout'")
		second.send("Page.navigate", url=link)
		self.assert_online(second)
		self.check_router(self.router)
		self.assertEqual([], self.sim.rows("/ip/hotspot/active"))

	def test_while_the_portal_cannot_be_reached_the_routers_own_page_takes_the_code(self):
		code = self.sell()
		frappe.local.conf.host_name = "http://127.0.0.1:9"
		self.addCleanup(setattr, frappe.local.conf, "host_name", self.base)
		portal_setup.install(self.router)
		phone = self.a_phone()
		phone.open(ANYWHERE, "form[name=voucher]")
		phone.type("form[name=voucher] input[name=username]", codes.shown(code).upper())
		phone.click("form[name=voucher] button")
		phone.see("You are online")
		self.assertEqual([phone.mac], [row["mac-address"] for row in self.sim.rows("/ip/hotspot/active")])


class TestQrCode(HotspotBrowserTestCase):
	def picture(self, code: str) -> Image.Image:
		"""The card of a voucher."""
		made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=8, border=4)
		made.add_data(links.login_link(DNS_NAME, False, code))
		return made.make_image().get_image().convert("RGB")

	def film(self, code: str) -> Path:
		"""What the camera sees: the card, held a little askew, as raw video."""
		card = self.picture(code).rotate(8, expand=True, fillcolor="white").resize((400, 400))
		frame = Image.new("RGB", (640, 480), (120, 110, 100))
		frame.paste(card, (120, 40))
		y, cb, cr = frame.convert("YCbCr").split()
		planes = [y, cb.resize((320, 240)), cr.resize((320, 240))]
		path = self.files / f"{code}.y4m"
		frames = b"".join(b"FRAME\n" + b"".join(plane.tobytes() for plane in planes) for _number in range(10))
		path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frames)
		path.chmod(0o644)
		return path

	def photo(self, code: str) -> Path:
		"""Taken in a hurry: large, turned, out of focus, in half the light."""
		card = self.picture(code).resize((900, 900)).rotate(205, expand=True, fillcolor="white")
		scene = Image.new("RGB", (2400, 1800), (90, 80, 70))
		scene.paste(card, (600, 250))
		scene = scene.filter(ImageFilter.GaussianBlur(3)).point(lambda value: value // 2)
		packed = io.BytesIO()
		scene.save(packed, "JPEG", quality=60)
		path = self.files / f"{code}.jpg"
		path.write_bytes(packed.getvalue())
		return path

	def test_a_card_is_held_before_the_camera(self):
		code = self.sell()
		phone = self.at_the_portal(*CAMERA, f"--use-file-for-fake-video-capture={self.film(code)}")
		phone.click("#scan")
		self.assert_online(phone)

	def test_without_camera_a_photo_does(self):
		code = self.sell()
		phone = self.at_the_portal("--deny-permission-prompts")
		phone.click("#scan")
		phone.see("Take a photo of the QR code instead")
		phone.choose_file("#photo", self.photo(code))
		self.assert_online(phone)

	def test_a_photo_of_something_else_is_told(self):
		phone = self.at_the_portal()
		noise = Image.frombytes("RGB", (300, 300), random.Random(1).randbytes(270_000))
		noise.save(self.files / "noise.png")
		phone.choose_file("#photo", self.files / "noise.png")
		phone.see("There is no voucher to be seen in this photo")
		(self.files / "text.jpg").write_bytes(b"no picture")
		phone.choose_file("#photo", self.files / "text.jpg")
		phone.see("There is no voucher to be seen in this photo")

	def test_where_there_is_no_camera_at_all_the_page_says_what_to_do(self):
		phone = self.at_the_portal()
		phone.run("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
		phone.click("#scan")
		phone.see("Take a photo of the QR code instead")


class TestLanguage(HotspotBrowserTestCase):
	def test_all_of_it_is_in_swahili_by_one_tap(self):
		phone = self.at_the_portal()
		phone.click("#language")
		phone.see("Nina vocha")
		self.assertIn("mac=", phone.address)
		phone.click("#buy button", "Lipa")
		phone.see("Chagua kifurushi.")
		self.pay(phone, factories.a_phone())
		phone.see("Tunasubiri M-PESA")
		self.settle()
		phone.see("Nakili nambari")
		self.connect(phone)
		self.assert_online(phone, "Umeunganishwa")

	def test_a_phone_that_speaks_swahili_is_answered_so(self):
		phone = self.a_phone("--lang=sw", "--accept-lang=sw-KE,sw")
		phone.open(ANYWHERE, "#voucher form")
		phone.see("Nunua Wi-Fi")


class TestPage(HotspotBrowserTestCase):
	def test_all_told_it_weighs_less_than_60_kb(self):
		phone = self.a_phone()
		self.open_portal(phone, mac=phone.mac)
		noise = Image.new("RGB", (300, 300), "white")
		noise.save(self.files / "white.png")
		phone.choose_file("#photo", self.files / "white.png")
		phone.see("There is no voucher to be seen in this photo")
		phone.run("1")
		self.assertGreater(phone.bytes_received, 36_000)
		self.assertLess(phone.bytes_received, MOST_BYTES)

	def test_nothing_is_wider_than_a_small_phone(self):
		phone = self.at_the_portal()
		for width in (320, 360):
			phone.size(width, 640)
			self.assertEqual(width, phone.run("document.documentElement.scrollWidth"))

	def test_html_in_what_the_router_passes_on_is_text(self):
		phone = self.a_phone()
		for name in ("mac", "ip", "link-login-only", "link-orig", "error", "code", "lang", "in"):
			with self.subTest(name):
				self.open_portal(phone, **{name: HTML})
				self.assertEqual(0, phone.run("document.querySelectorAll('img, main script').length"))
		self.open_portal(phone, error="user <b>x</b> has reached uptime limit")
		phone.see("The time of this voucher is used up.")

	def test_nobody_is_sent_to_where_the_address_says(self):
		code = self.sell()
		phone = self.a_phone()
		evil = {"link-orig": "http://evil.example/", "link-login-only": "http://evil.example/login"}
		self.open_portal(phone, mac=phone.mac, **evil)
		self.use_code(phone, code)
		self.assert_online(phone)

	def test_without_a_known_login_page_only_an_address_of_the_local_network_is_believed(self):
		self.router.reload()
		self.router.hotspot_address = ""
		self.router.save()
		frappe.db.commit()
		code = self.sell()
		phone = self.a_phone()
		for wrong in (
			"http://evil.example/login",
			"http://8.8.8.8/login",
			"http://10.0.0.1.evil.example/",
			"javascript:1",
		):
			with self.subTest(wrong):
				self.open_portal(phone, mac=phone.mac, **{"link-login-only": wrong})
				self.use_code(phone, code)
				phone.see("Open the page on which the Wi-Fi asks you to log in")
				self.assertIn(self.base, phone.address)
		self.sim.run("/ip/hotspot/profile/set", numbers="hsprof1", **{"hotspot-address": "10.5.50.1"})
		self.open_portal(phone, mac=phone.mac, **{"link-login-only": "http://10.5.50.1/login?dst=x"})
		self.use_code(phone, code)
		self.assert_online(phone)

	def test_what_was_bought_before_keeps_nothing_on_the_phone(self):
		phone = self.at_the_portal()
		self.pay(phone, factories.a_phone())
		phone.see("Waiting for M-PESA")
		kept = phone.run("[localStorage.length, sessionStorage.length, (window.indexedDB && 0) || 0]")
		self.assertEqual([0, 0, 0], kept)


class TestHttps(HotspotBrowserTestCase):
	"""The portal has a certificate, the router has none: as most are."""

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		context = Certificate.make("127.0.0.1").server_context()
		server = make_server("127.0.0.1", 0, frappe.app.application, threaded=True, ssl_context=context)
		threading.Thread(target=server.serve_forever, daemon=True).start()
		cls.addClassCleanup(server.shutdown)
		cls.base = frappe.local.conf.host_name = f"https://127.0.0.1:{server.server_port}"

	def test_the_login_goes_to_the_routers_own_page_without_a_warning(self):
		code = self.sell()
		phone = self.at_the_portal("--ignore-certificate-errors")
		self.use_code(phone, code)
		self.assert_online(phone)


class TestLiveSite(PortalTestCase):
	"""Web server and worker as processes of their own: nobody runs jobs by hand."""

	def test_a_guest_pays_and_is_online(self):
		if reason := why_not():
			self.skipTest(reason)
		clear_jobs()
		with LiveSite(frappe.local.site, self.daraja.environment()) as live:
			frappe.local.conf.host_name = live.url
			self.sim.run("/ip/hotspot/profile/set", numbers="hsprof1", **{"dns-name": DNS_NAME})
			portal_setup.install(self.router)
			frappe.db.commit()
			phone = GuestsPhone(self.sim.plug_in(a_mac()))
			self.addCleanup(phone.close)
			phone.open(ANYWHERE, "#voucher form")
			phone.click(".package", self.package.name)
			phone.type("#buy input[name=phone]", factories.a_phone())
			phone.click("#buy button", "M-PESA")
			phone.click("#connect")
			phone.wait_until_online(live.url)
			self.assertIn(phone.mac, [row["mac-address"] for row in self.sim.rows("/ip/hotspot/active")])


class TestDesk(HotspotBrowserTestCase):
	def test_the_login_page_is_installed_by_a_button(self):
		desk = Browser()
		self.addCleanup(desk.close)
		desk.size(1280, 900)
		desk.open(f"{self.base}/login", "body")
		credentials = json.dumps({"usr": a_user("ISP Administrator"), "pwd": PASSWORD})
		desk.run(
			"fetch('/api/method/login', {method: 'POST', headers: {'Content-Type': 'application/json'},"
			f" body: {json.dumps(credentials)}}}).then((answer) => answer.status)"
		)
		desk.open(f"{self.base}/app/mikrotik-settings/{self.router.name}", ".form-message")
		desk.click(".inner-group-button[data-label='Captive%20Portal'] button")
		desk.click(".dropdown-item", "Install Login Page")
		desk.wait("!!document.querySelector('.modal.show .msgprint li')")
		words = desk.text(".modal.show")
		self.assertIn("is ready", words)
		self.assertNotIn("✗", words)
		self.assertEqual([], desk.errors)
