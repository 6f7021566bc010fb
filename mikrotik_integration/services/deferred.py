"""Revenue of vouchers that was deferred: it becomes income when they are used, or have expired unused."""

from collections import defaultdict

import frappe
from frappe import _
from frappe.utils import flt, nowdate

from mikrotik_integration.exceptions import SettingsMissing
from mikrotik_integration.services import settings
from mikrotik_integration.services.vouchers import VOUCHER

CENTS = 2


def recognise() -> None:
	"""Daily: one Journal Entry for vouchers that came into use, one for those that never did, for each account that
	they were deferred in. Logs what fails."""
	for used in (True, False):
		by_account: defaultdict[str, list[frappe._dict]] = defaultdict(list)
		for row in _due(used):
			by_account[row.deferred_account].append(row)
		for account, rows in by_account.items():
			_guarded(account, rows, used)


def _guarded(account: str, rows: list[frappe._dict], used: bool) -> None:
	frappe.db.savepoint("deferred")
	try:
		entry = _entry(account, rows, used)
		voucher = frappe.qb.DocType(VOUCHER)
		names = [row.name for row in rows]
		frappe.qb.update(voucher).set(voucher.recognised_in, entry).where(voucher.name.isin(names)).run()
	except Exception:
		frappe.db.rollback(save_point="deferred")
		frappe.log_error("Deferred vouchers could not be made income")


def _due(used: bool) -> list[frappe._dict]:
	"""Vouchers whose revenue is still deferred and is earned: used, or expired without ever having been used."""
	voucher = frappe.qb.DocType(VOUCHER)
	query = (
		frappe.qb.from_(voucher)
		.select(voucher.name, voucher.deferred_account, voucher.deferred_amount, voucher.mikrotik_settings)
		.where(
			(voucher.deferred_amount > 0) & (voucher.recognised_in.isnull() | (voucher.recognised_in == ""))
		)
		.where(voucher.voided_on.isnull())
		.for_update()
	)
	if used:
		return query.where(voucher.first_login.isnotnull()).run(as_dict=True)
	return query.where(voucher.first_login.isnull() & (voucher.status == "Expired")).run(as_dict=True)


def _entry(account: str, rows: list[frappe._dict], used: bool) -> str:
	books = settings.books()
	values = settings.isp_settings()
	income = books.income_account or frappe.get_cached_value(
		"Company", books.company, "default_income_account"
	)
	if not used:
		income = values.breakage_account or income
	if not income:
		raise SettingsMissing(_("Choose the income account for vouchers in ISP Settings"))
	cost_center = books.cost_center or frappe.get_cached_value("Company", books.company, "cost_center")
	total = flt(sum(row.deferred_amount for row in rows), CENTS)
	entry = frappe.get_doc(
		{
			"doctype": "Journal Entry",
			"company": books.company,
			"posting_date": nowdate(),
			"user_remark": _remark(rows, used),
			"accounts": [
				{
					"account": account,
					"debit_in_account_currency": total,
					"cost_center": cost_center,
				},
				{"account": income, "credit_in_account_currency": total, "cost_center": cost_center},
			],
		}
	)
	entry.flags.ignore_permissions = True
	entry.submit()
	return entry.name


def _remark(rows: list[frappe._dict], used: bool) -> str:
	by_router: defaultdict[str, int] = defaultdict(int)
	for row in rows:
		by_router[row.mikrotik_settings] += 1
	what = _("Hotspot vouchers used") if used else _("Hotspot vouchers that expired unused")
	return f"{what}: " + ", ".join(f"{router} {count}" for router, count in sorted(by_router.items()))


def forget(journal_entry: str) -> None:
	"""The Journal Entry was cancelled: its vouchers are deferred again."""
	frappe.db.set_value(VOUCHER, {"recognised_in": journal_entry}, "recognised_in", None)
