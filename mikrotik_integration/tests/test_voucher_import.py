"""Codes from elsewhere become vouchers, and codes leave as CSV."""

import base64
import csv
import io
import time

import frappe
from frappe.utils import get_datetime, now_datetime

from mikrotik_integration.core.routeros.values import parse_duration
from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import foreign_text, provisioning, voucher_export, voucher_import
from mikrotik_integration.services.voucher_import import Source
from mikrotik_integration.services.vouchers import VOUCHER
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.base import ServiceTestCase
from mikrotik_integration.tests.visitors import Visitor, a_user, a_user_of_one_router

BROKEN = (
	"{code},nothing like it,,",
	"{code},{package},soon,",
	"{code},{package},,1.5 GB",
	"{code} {code},{package},,",
	",{package},,",
	"DE:AD:BE:EF:00:{number:02X},{package},,",
	"1.23E+{number:02d},{package},,",
	"{first},{package},,",
)


class ImportTestCase(ServiceTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.router = factories.a_router(self.sim)
		self.package = factories.a_package(time_quota_minutes=60)
		self.prefix = frappe.generate_hash(length=6)
		frappe.db.commit()

	def code(self, number: int) -> str:
		return f"{self.prefix}{number:05d}"

	def take_in(self, text: str | None = None, package: str = "", sold_elsewhere: bool = True) -> dict:
		source = Source(self.router.name, text, package or self.package.name, "codes.csv")
		return voucher_import.run(vars(source), sold_elsewhere, frappe.session.user)

	def voucher(self, code: str):
		frappe.db.rollback()
		return frappe.get_doc(VOUCHER, {"code": code})

	def on_router(self, name: str) -> dict | None:
		return next((row for row in self.sim.rows("/ip/hotspot/user") if row["name"] == name), None)

	def made_by_hand(self, name: str, **values) -> None:
		self.sim.run("/ip/hotspot/user/add", name=name, password=name, **values)

	def use(self, name: str, upload: int, download: int, seconds: int) -> None:
		session = self.sim.customer.login(name, name)
		session.move(upload=upload, download=download, seconds=seconds)
		session.hang_up()


class TestFile(ImportTestCase):
	def a_file(self, good: int, broken: int) -> str:
		lines = ["Code;Package;Limit-Uptime;Limit-Bytes-Total".replace(";", ",")]
		lines += [f"{self.code(number)},{self.package.name},," for number in range(good)]
		for number in range(broken):
			template = BROKEN[number % len(BROKEN)]
			values = {"code": self.code(90_000 + number), "package": self.package.name}
			line = template.format(**values, number=number, first=self.code(0))
			lines.insert(3 + 24 * number, line)
		return "\r\n".join(lines)

	def test_5000_codes_with_200_broken_lines(self):
		text = self.a_file(4800, 200)
		begin = time.monotonic()
		preview = voucher_import.preview(Source(self.router.name, text))
		self.assertEqual((4800, 200), (preview["good"], preview["bad"]))
		self.assertEqual(200, len(preview["problems"]))
		lines = text.split("\r\n")
		for problem in preview["problems"]:
			self.assertTrue(problem["text"])
			self.assertIn(problem["code"], lines[problem["line"] - 1])
		self.assertLess(time.monotonic() - begin, 20)
		result = self.take_in(text)
		self.assertEqual((4800, 200, ""), (result["imported"], result["problems"], result["warning"]))
		(batch,) = result["batches"]
		self.assertEqual(4800, frappe.db.count(VOUCHER, {"batch": batch}))
		again = self.take_in(text)
		self.assertEqual((0, 5000, []), (again["imported"], again["problems"], again["batches"]))
		self.assertEqual(4800, frappe.db.count(VOUCHER, {"mikrotik_settings": self.router.name}))
		self.assertLess(time.monotonic() - begin, 120)

	def test_codes_sold_elsewhere_work_and_are_in_no_books(self):
		self.take_in(f"code\n{self.code(1)}")
		self.work()
		voucher = self.voucher(self.code(1))
		self.assertEqual(
			("Pending", "Elsewhere", None, "In Sync"),
			(voucher.status, voucher.sold_through, voucher.sale_name, voucher.router_status),
		)
		self.assertEqual(0, voucher.deferred_amount)
		self.assertTrue(self.sim.customer.login(voucher.code, voucher.code))

	def test_codes_still_to_be_sold_let_nobody_in(self):
		self.take_in(f"code\n{self.code(1)}", sold_elsewhere=False)
		self.work()
		voucher = self.voucher(self.code(1))
		self.assertEqual(("Available", None), (voucher.status, voucher.sold_on))
		self.assertIsNone(self.on_router(voucher.code))

	def test_a_code_says_more_than_its_package(self):
		self.take_in(f"code,limit-uptime,limit-bytes-total\n{self.code(1)},2h,1500000000")
		voucher = self.voucher(self.code(1))
		self.assertEqual((7200, 1_500_000_000), (voucher.quota_seconds, voucher.quota_bytes))

	def test_a_batch_for_each_package(self):
		other = factories.a_package()
		result = self.take_in(
			f"code,package\n{self.code(1)},{self.package.name}\n{self.code(2)},{other.name}"
		)
		plans = {
			frappe.db.get_value("Hotspot Voucher Batch", name, "internet_plan") for name in result["batches"]
		}
		self.assertEqual({self.package.name, other.name}, plans)

	def test_codes_of_a_file_that_are_on_the_router_keep_their_counters(self):
		self.made_by_hand(self.code(1))
		self.use(self.code(1), 1_000_000, 4_000_000, 600)
		self.take_in(f"code\n{self.code(1)}\n{self.code(2)}")
		self.work()
		used, new = self.voucher(self.code(1)), self.voucher(self.code(2))
		self.assertEqual(("Active", 5_000_000, 600), (used.status, used.used_bytes, used.used_seconds))
		self.assertEqual(("Pending", 0, 0), (new.status, new.used_bytes, new.used_seconds))
		self.assertEqual("In Sync", used.router_status, used.router_error)

	def test_while_the_router_is_away_a_file_is_taken_in_with_a_warning(self):
		self.sim.stop()
		result = self.take_in(f"code\n{self.code(1)}")
		self.assertEqual(1, result["imported"])
		self.assertIn("could not be taken over", result["warning"])
		error = frappe.db.get_value("Hotspot Voucher Batch", result["batches"][0], "error")
		self.assertEqual(result["warning"], error)


class TestRoutersOwnUsers(ImportTestCase):
	def test_users_made_by_hand_become_vouchers_with_what_they_have_used(self):
		self.made_by_hand(self.code(1))
		self.made_by_hand(self.code(2), **{"limit-uptime": "30m"})
		self.use(self.code(2), 2_000_000, 8_000_000, 600)
		before = self.on_router(self.code(2))
		result = self.take_in()
		self.assertEqual((2, ""), (result["imported"], result["warning"]))
		self.work()
		used = self.voucher(self.code(2))
		self.assertEqual(
			("Active", 10_000_000, 600, 1800, "In Sync"),
			(used.status, used.used_bytes, used.used_seconds, used.quota_seconds, used.router_status),
		)
		after = self.on_router(self.code(2))
		self.assertEqual(
			[before[key] for key in (".id", "uptime", "bytes-in", "bytes-out")],
			[after[key] for key in (".id", "uptime", "bytes-in", "bytes-out")],
		)
		self.assertEqual(1800, parse_duration(after["limit-uptime"]))

	def test_usage_goes_on_from_there_and_nothing_is_counted_twice(self):
		self.made_by_hand(self.code(1))
		self.use(self.code(1), 1_000_000, 1_000_000, 600)
		self.take_in()
		self.work()
		self.check_router(self.router)
		self.assertEqual(600, self.voucher(self.code(1)).used_seconds)
		self.use(self.code(1), 1_000_000, 1_000_000, 900)
		self.check_router(self.router)
		voucher = self.voucher(self.code(1))
		self.assertEqual((4_000_000, 1500), (voucher.used_bytes, voucher.used_seconds))

	def test_whoever_is_online_stays_online(self):
		self.made_by_hand(self.code(1), profile="default")
		session = self.sim.customer.login(self.code(1), self.code(1))
		session.move(upload=1, download=1, seconds=60)
		self.take_in()
		self.assertEqual(1, len(self.sim.rows("/ip/hotspot/active")))
		self.assertTrue(self.on_router(self.code(1))["comment"].startswith("erpnext:"))

	def test_a_code_that_is_used_up_leaves_the_router(self):
		self.made_by_hand(self.code(1), **{"limit-uptime": "10m"})
		self.use(self.code(1), 1, 1, 600)
		self.take_in()
		self.work()
		self.assertEqual("Used", self.voucher(self.code(1)).status)
		self.assertIsNone(self.on_router(self.code(1)))

	def test_cards_that_are_still_to_be_sold_are_disabled_until_they_are(self):
		self.made_by_hand(self.code(1))
		self.take_in(sold_elsewhere=False)
		self.work()
		voucher = self.voucher(self.code(1))
		self.assertEqual("Available", voucher.status)
		self.assertEqual("true", self.on_router(voucher.code)["disabled"])
		staff = a_user_of_one_router(self.router.name, "ISP Staff")
		with self.set_user(staff):
			self.assertEqual([], frappe.get_list("Router Account", {"username": voucher.code}))
			account = frappe.get_doc("Router Account", {"username": voucher.code})
			self.assertFalse(account.has_permission("read"))

	def test_a_second_import_finds_nothing_new(self):
		for number in range(3):
			self.made_by_hand(self.code(number))
		self.assertEqual(3, self.take_in()["imported"])
		self.work()
		again = self.take_in()
		self.assertEqual((0, 3), (again["imported"], again["problems"]))

	def test_what_somebody_disabled_and_what_has_another_password_is_explained(self):
		self.made_by_hand(self.code(1), disabled="yes")
		self.sim.run("/ip/hotspot/user/add", name=self.code(2), password="another")
		preview = voucher_import.preview(Source(self.router.name, None, self.package.name))
		self.assertEqual((0, 2), (preview["good"], preview["bad"]))
		words = {problem["code"]: problem["text"] for problem in preview["problems"]}
		self.assertIn("disabled", words[self.code(1)])
		self.assertIn("password", words[self.code(2)])

	def test_the_profile_names_the_package(self):
		profile = frappe.db.get_value("Connection Type", self.package.connection_type, "profile_name")
		self.sim.run("/ip/hotspot/user/profile/add", name=profile)
		self.made_by_hand(self.code(1), profile=profile)
		preview = voucher_import.preview(Source(self.router.name))
		self.assertEqual([{"package": self.package.name, "count": 1}], preview["packages"])

	def test_a_router_that_cannot_be_read_is_said(self):
		self.sim.stop()
		with self.assertRaises(VoucherError):
			voucher_import.preview(Source(self.router.name, None, self.package.name))


class TestOverHttp(ImportTestCase):
	def call(self, user: str | None, function: str, **values):
		return Visitor(self.web.url, user).api(f"voucher_batches.{function}", **values)

	def content(self, text: str) -> str:
		return base64.b64encode(text.encode("utf-16")).decode()

	@staticmethod
	def notes(voucher) -> str:
		return frappe.db.get_value("Hotspot Voucher Batch", voucher.batch, "notes")

	def test_a_manager_looks_first_and_then_imports(self):
		manager = a_user("ISP Manager")
		source = {
			"router": self.router.name,
			"content": self.content(f"code\tpackage\n{self.code(1)}\t{self.package.name}\n?\t"),
		}
		preview = self.call(manager, "preview_import", **source).json()["message"]
		self.assertEqual((1, 1), (preview["good"], preview["bad"]))
		answer = self.call(manager, "start_import", **source, sold_elsewhere=False, file_name="a.csv")
		self.assertEqual(200, answer.status_code, answer.text)
		self.work()
		voucher = self.voucher(self.code(1))
		self.assertEqual(("Available", "Imported from the file a.csv"), (voucher.status, self.notes(voucher)))

	def test_nobody_below_a_manager_imports_prints_or_exports(self):
		self.take_in(f"code\n{self.code(1)}", sold_elsewhere=False)
		batch = frappe.db.get_value(VOUCHER, {"code": self.code(1)}, "batch")
		for user in (None, a_user("Customer"), a_user("ISP Staff"), a_user("Accounts User")):
			for function, values in (
				("preview_import", {"router": self.router.name}),
				("start_import", {"router": self.router.name, "content": ""}),
				("sheets", {"batch": batch, "layout": "A4"}),
				("printable", {"batch": batch}),
				("export", {"batch": batch}),
			):
				with self.subTest(user=user, function=function):
					self.assertIn(self.call(user, function, **values).status_code, (401, 403))

	def test_a_manager_of_another_router_gets_nothing(self):
		self.take_in(f"code\n{self.code(1)}")
		batch = frappe.db.get_value(VOUCHER, {"code": self.code(1)}, "batch")
		other = factories.a_router(self.another_router())
		manager = a_user_of_one_router(other.name, "ISP Manager")
		self.assertEqual(403, self.call(manager, "export", batch=batch).status_code)
		self.assertEqual(403, self.call(manager, "sheets", batch=batch, layout="A4").status_code)
		self.assertEqual(403, self.call(manager, "preview_import", router=self.router.name).status_code)

	def test_what_is_no_file_is_refused(self):
		answer = self.call(a_user("ISP Manager"), "preview_import", router=self.router.name, content="%%%")
		self.assertEqual(417, answer.status_code)

	def test_sheets_come_as_pdf(self):
		self.take_in(f"code\n{self.code(1)}")
		batch = frappe.db.get_value(VOUCHER, {"code": self.code(1)}, "batch")
		answer = self.call(a_user("ISP Manager"), "sheets", batch=batch, layout="80 mm")
		self.assertEqual("application/pdf", answer.headers["Content-Type"])
		self.assertTrue(answer.content.startswith(b"%PDF"))


class TestExport(ImportTestCase):
	def test_a_manager_takes_the_codes_and_it_is_noted(self):
		self.take_in(f"code\n{self.code(1)}\n{self.code(2)}", sold_elsewhere=False)
		batch = frappe.db.get_value(VOUCHER, {"code": self.code(1)}, "batch")
		manager = a_user("ISP Manager")
		answer = Visitor(self.web.url, manager).api("voucher_batches.export", batch=batch)
		self.assertEqual(200, answer.status_code)
		rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
		self.assertEqual({self.code(1), self.code(2)}, {row["code"] for row in rows})
		self.assertEqual({self.package.name}, {row["package"] for row in rows})
		frappe.db.rollback()
		comment = frappe.get_last_doc("Comment", {"reference_name": batch, "comment_type": "Info"})
		self.assertEqual(manager, comment.comment_email)

	def test_no_cell_is_a_formula(self):
		for cell in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"):
			self.assertEqual(f"'{cell}", foreign_text.no_formula(cell))
		self.assertEqual(("abc", 5, None), tuple(map(foreign_text.no_formula, ("abc", 5, None))))

	def test_what_was_exported_can_be_imported_elsewhere(self):
		self.take_in(f"code\n{self.code(1)}", sold_elsewhere=False)
		batch = frappe.db.get_value(VOUCHER, {"code": self.code(1)}, "batch")
		text = voucher_export.as_csv(batch).decode("utf-8-sig")
		frappe.db.delete(VOUCHER, {"batch": batch})
		frappe.db.commit()
		self.assertEqual(1, self.take_in(text, sold_elsewhere=False)["imported"])


class TestValidity(ImportTestCase):
	def test_whoever_used_a_code_before_is_not_cut_off_by_the_import(self):
		self.made_by_hand(self.code(1))
		self.use(self.code(1), 1, 1, 600)
		self.take_in()
		voucher = self.voucher(self.code(1))
		self.assertLess(abs((now_datetime() - get_datetime(voucher.first_login)).total_seconds()), 60)
		provisioning.push_router(self.router.name)
		self.assertIsNotNone(self.on_router(self.code(1)))
