"""Usage of many online accounts on many routers: router commands, database part, all of it.

	script/benchmark usage [--routers 20] [--users 500] [--latency-ms 50] [--documents 60]

Run on a bench. The routers are simulated in a process of their own, 50 ms away. ``--documents`` accounts are also
written the usual way, by saving each document, in the same run; that is scaled to all of them.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import frappe
from frappe.utils import now_datetime, today
from frappe.utils.password import encrypt

from mikrotik_integration import demo_company
from mikrotik_integration.core.routeros.client import connect
from mikrotik_integration.core.usage.snapshot import read_snapshot
from mikrotik_integration.services import routers, settings, usage
from mikrotik_integration.tests import factories
from mikrotik_integration.tests.harness import API_PASSWORD, API_USER, clear_jobs

HERE = os.path.dirname(os.path.abspath(__file__))
LEAST_TIMES_FASTER = 50
MOST_SECONDS = 10
FEW_USERS = 5


def main() -> None:
	options = _options()
	frappe.init(site=os.environ["FRAPPE_SITE"], sites_path=os.environ.get("SITES_PATH", "."))
	frappe.connect()
	demo_company.ensure_site()
	with Routers(options.routers, options.users, options.latency_ms) as many:
		try:
			names = _documents(many.ports, options.users)
			result = measure(many, names, options)
		finally:
			frappe.db.rollback()
			_forget()
			clear_jobs()
	with Routers(1, FEW_USERS, options.latency_ms) as few:
		result["commands_with_few_users"] = few.commands_of_a_snapshot()
	result["kept"] = {
		"commands_do_not_grow": result["commands_per_router"] == result["commands_with_few_users"],
		"database_50_times_faster": result["times_faster_than_documents"] >= LEAST_TIMES_FASTER,
		"all_within_10_s": result["all_routers_two_processes_seconds"] <= MOST_SECONDS,
	}
	print(json.dumps(result, indent=2))
	_print_table(result)
	sys.exit(0 if all(result["kept"].values()) else 1)


def measure(many: "Routers", names: list[str], options: argparse.Namespace) -> dict:
	"""First reading to warm up, then bytes move and everything is read again."""
	accounts = options.routers * options.users
	_check_all(names)
	many.move()
	commands = many.commands_of_a_snapshot()
	database = _database_seconds(names)
	per_document = _document_seconds(names[0], options.documents) / options.documents
	many.move()
	began = time.monotonic()
	_check_all(names)
	everything = time.monotonic() - began
	return {
		"routers": options.routers,
		"accounts_online": accounts,
		"latency_ms": options.latency_ms,
		"commands_per_router": commands,
		"database_seconds": round(database, 2),
		"documents_measured": options.documents,
		"documents_seconds_scaled": round(per_document * accounts, 1),
		"times_faster_than_documents": round(per_document * accounts / database, 1),
		"all_routers_two_processes_seconds": round(everything, 2),
	}


def _check_all(names: list[str]) -> None:
	"""Usage, status and reconciliation of every router, by two processes, as two workers would."""
	children = [_child(names[start::2]) for start in range(2)]
	for child in children:
		if child.wait():
			raise SystemExit("A worker process failed")
	frappe.db.rollback()


def _child(names: list[str]) -> subprocess.Popen:
	code = (
		"import json, os, sys, frappe\n"
		"frappe.init(site=os.environ['FRAPPE_SITE'], sites_path=os.environ.get('SITES_PATH', '.'))\n"
		"frappe.connect()\n"
		"from mikrotik_integration.services.provisioning import check_router\n"
		"for name in json.loads(sys.argv[1]): check_router(name)\n"
	)
	return subprocess.Popen([sys.executable, "-c", code, json.dumps(names)])


def _database_seconds(names: list[str]) -> float:
	"""Writing what the snapshots of all routers brought, without the reading."""
	seconds = 0.0
	for name in names:
		with connect(routers.endpoint(name)) as router:
			snapshot = read_snapshot(router, settings.site_id())
		began = time.monotonic()
		usage.record(name, snapshot)
		# a part of what is measured
		frappe.db.commit()  # nosemgrep
		seconds += time.monotonic() - began
	return seconds


def _document_seconds(router: str, count: int) -> float:
	"""The same rows written document by document: account, day's record, subscription."""
	accounts = frappe.get_all(
		"Router Account", {"mikrotik_settings": router}, pluck="name", limit=count, order_by="name"
	)
	began = time.monotonic()
	for name in accounts:
		account = frappe.get_doc("Router Account", name)
		account.last_seen = now_datetime()
		account.save()
		record = frappe.get_doc("Usage Record", f"{today()}|{name}")
		record.bytes_in += 1
		record.save()
		subscription = frappe.get_doc("Customer Subscription", account.reference_name)
		subscription.used_bytes += 1
		subscription.save()
	seconds = time.monotonic() - began
	frappe.db.rollback()
	return seconds


class Routers:
	"""The process with the simulated routers."""

	def __init__(self, count: int, users: int, latency_ms: float) -> None:
		arguments = [str(count), str(users), str(latency_ms), settings.site_id()]
		self._process = subprocess.Popen(
			[sys.executable, os.path.join(HERE, "many_routers.py"), *arguments],
			stdin=subprocess.PIPE,
			stdout=subprocess.PIPE,
			text=True,
		)
		self.ports: list[int] = json.loads(self._process.stdout.readline())

	def __enter__(self) -> "Routers":
		return self

	def __exit__(self, *_exception) -> None:
		self._process.stdin.close()
		self._process.wait(30)

	def move(self) -> list[int]:
		"""Every customer moves some bytes; commands that each router got since the last time."""
		self._process.stdin.write("\n")
		self._process.stdin.flush()
		return json.loads(self._process.stdout.readline())["commands_since"]

	def commands_of_a_snapshot(self) -> int:
		"""How many commands one snapshot of the first router sends."""
		self.move()
		endpoint = routers.Endpoint(
			host="127.0.0.1", port=self.ports[0], username=API_USER, password=API_PASSWORD
		)
		with connect(endpoint) as router:
			read_snapshot(router, settings.site_id())
		return self.move()[0]


def _documents(ports: list[int], users: int) -> list[str]:
	"""A subscription and a Router Account for each customer, written in bulk: they are not what is measured."""
	plan = factories.a_plan()
	customer = factories.a_customer().name
	names = []
	for number, port in enumerate(ports):
		router = frappe.get_doc(
			{
				"doctype": "MikroTik Settings",
				"router_name": factories.unique("Bench Router"),
				"ip_address": "127.0.0.1",
				"api_port": port,
				"api_username": API_USER,
				"api_password": API_PASSWORD,
			}
		).insert()
		names.append(router.name)
		_insert_accounts(router.name, number, users, plan, customer)
	# other processes read them
	frappe.db.commit()  # nosemgrep
	return names


def _insert_accounts(router: str, number: int, users: int, plan, customer: str) -> None:
	now, end = now_datetime(), frappe.utils.add_days(now_datetime(), 30)
	accounts = [f"bu{number:02d}{user:05d}" for user in range(users)]
	common = ("name", "creation", "modified", "owner", "modified_by")
	stamp = (now, now, "Administrator", "Administrator")
	frappe.db.bulk_insert(
		"Customer Subscription",
		[
			*common,
			"subscription_id",
			"customer",
			"internet_plan",
			"connection_type",
			"mikrotik_settings",
			"username",
			"password",
			"price",
			"status",
			"start_date",
			"expiry_date",
			"period_start",
			"period_end",
		],
		[
			(
				f"B{account}",
				*stamp,
				f"B{account}",
				customer,
				plan.name,
				plan.connection_type,
				router,
				account,
				"*",
				plan.price,
				"Active",
				now,
				end,
				now,
				end,
			)
			for account in accounts
		],
	)
	_insert_passwords(accounts)
	frappe.db.bulk_insert(
		"Router Account",
		[
			*common,
			"mikrotik_settings",
			"service",
			"username",
			"password",
			"account_key",
			"reference_doctype",
			"reference_name",
			"desired_state",
			"generation",
			"applied_generation",
			"profile_name",
			"rate_limit",
			"device_limit",
			"address_pool",
		],
		[
			(
				account,
				*stamp,
				router,
				"hotspot",
				account,
				"*",
				f"{router}|hotspot|{account}",
				"Customer Subscription",
				f"B{account}",
				"Enabled",
				1,
				1,
				"bench",
				"5M/10M",
				1,
				"many",
			)
			for account in accounts
		],
	)


def _insert_passwords(accounts: list[str]) -> None:
	secret = encrypt("x")
	rows = [("Router Account", account, "password", secret, 1) for account in accounts]
	rows += [("Customer Subscription", f"B{account}", "password", secret, 1) for account in accounts]
	table = frappe.qb.Table("__Auth")
	query = frappe.qb.into(table).columns("doctype", "name", "fieldname", "password", "encrypted")
	for row in rows:
		query = query.insert(*row)
	query.run()


def _forget() -> None:
	"""Take away what _documents made."""
	for doctype, field in (
		("Usage Record", "username"),
		("Router Account", "username"),
		("Customer Subscription", "username"),
	):
		frappe.db.delete(doctype, {field: ("like", "bu%")})
	frappe.db.delete("__Auth", {"doctype": "Router Account", "name": ("like", "bu%")})
	frappe.db.delete("__Auth", {"doctype": "Customer Subscription", "name": ("like", "Bbu%")})
	for name in frappe.get_all(
		"MikroTik Settings", {"router_name": ("like", "Bench Router%")}, pluck="name", order_by="name"
	):
		frappe.db.delete("MikroTik API Log", {"router": name})
		frappe.db.delete("MikroTik Settings", {"name": name})
	# what was made was committed too
	frappe.db.commit()  # nosemgrep


def _options() -> argparse.Namespace:
	parser = argparse.ArgumentParser(
		description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
	)
	parser.add_argument("--routers", type=int, default=20)
	parser.add_argument("--users", type=int, default=500, help="online on each router")
	parser.add_argument("--latency-ms", type=float, default=50)
	parser.add_argument("--documents", type=int, default=60)
	return parser.parse_args()


def _print_table(result: dict) -> None:
	rows = (
		(
			"router commands of one reading",
			f"{result['commands_per_router']}",
			f"with {FEW_USERS} users: {result['commands_with_few_users']}",
		),
		("database part, all accounts", f"{result['database_seconds']} s", ""),
		(
			"  saving each document (scaled)",
			f"{result['documents_seconds_scaled']} s",
			f"{result['times_faster_than_documents']} times as long; at least 50",
		),
		("all routers, two processes", f"{result['all_routers_two_processes_seconds']} s", "at most 10 s"),
	)
	print(f"{result['accounts_online']} accounts online on {result['routers']} routers")
	for name, value, bound in rows:
		print(f"{name:40} {value:>12}   {bound}")


if __name__ == "__main__":
	main()
