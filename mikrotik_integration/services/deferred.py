"""Revenue of vouchers that was deferred: it becomes income when they are used, or have expired unused.

What the vouchers of a sale say they owe adds up to what the ledger owes for them, to the cent: it is shared out
again whenever their sale changes.
"""

from collections import defaultdict

import frappe
from frappe import _
from frappe.utils import cint, flt, nowdate

from mikrotik_integration.exceptions import SettingsMissing, VoucherError
from mikrotik_integration.services import settings
from mikrotik_integration.services.bulk import update_rows
from mikrotik_integration.services.vouchers import VOUCHER

CENTS = 2
ITEM_DOCTYPES = {"Sales Invoice": "Sales Invoice Item", "POS Invoice": "POS Invoice Item"}


# --- which voucher owes how much ---


def share_out(doctype: str, name: str) -> None:
	"""Write on each voucher of a sale its part of what the ledger still owes for them, tax not included."""
	rows = frappe.get_all(
		VOUCHER,
		{"sale_doctype": doctype, "sale_name": name},
		["name", "sale_item", "returned_with", "recognised_in", "deferred_amount", "deferred_account"],
		order_by="name",
		limit=0,
	)
	by_item: defaultdict[str, list[frappe._dict]] = defaultdict(list)
	for row in rows:
		by_item[row.sale_item].append(row)
	for sale_item, pieces in by_item.items():
		_share(pieces, *_owed(doctype, sale_item))


def share_out_merged(invoice) -> None:
	"""POS Invoices were merged into this one, or are no longer: the ledger has its rows, and its cents."""
	for name in dict.fromkeys(row.get("pos_invoice") for row in invoice.items):
		if not name:
			continue
		sold_with = frappe.db.get_value("POS Invoice", name, "return_against") or name
		share_out("POS Invoice", sold_with)


def _owed(doctype: str, sale_item: str) -> tuple[str | None, float]:
	"""The liability account in which a row of a sale was booked, if any, and how much, less what was returned."""
	booked = _booked_rows(doctype, sale_item)
	account = next((row.income_account for row in booked if _is_liability(row.income_account)), None)
	return account, flt(sum(row.base_net_amount for row in booked if row.income_account == account), CENTS)


def _is_liability(account: str | None) -> bool:
	return bool(account) and frappe.get_cached_value("Account", account, "root_type") == "Liability"


def _booked_rows(doctype: str, sale_item: str) -> list[frappe._dict]:
	"""The row and its returns; of POS Invoices that were merged, the merged rows, which are those in the ledger."""
	returned_row = "sales_invoice_item" if doctype == "Sales Invoice" else "pos_invoice_item"
	rows = frappe.get_all(
		ITEM_DOCTYPES[doctype],
		filters={"docstatus": 1},
		or_filters={"name": sale_item, returned_row: sale_item},
		fields=["name", "income_account", "base_net_amount"],
		order_by="creation",
	)
	if doctype == "Sales Invoice":
		return rows
	merged = frappe.get_all(
		"Sales Invoice Item",
		{"docstatus": 1, "pos_invoice_item": ("in", [row.name for row in rows] or [""])},
		["pos_invoice_item as name", "income_account", "base_net_amount"],
		order_by="creation",
	)
	return list(({row.name: row for row in rows} | {row.name: row for row in merged}).values())


def _share(pieces: list[frappe._dict], account: str | None, owed: float) -> None:
	"""In whole cents, the odd ones to the first. Those that are income keep what they were; a cent that only
	returned ones could carry is carried by one of them."""
	open_pieces = [row for row in pieces if not row.recognised_in]
	income = sum(row.deferred_amount for row in pieces if row.recognised_in)
	carriers = [row for row in open_pieces if not row.returned_with] or open_pieces[:1]
	parts = _parts(flt(owed - income, CENTS), len(carriers)) if carriers else []
	amounts = {row.name: 0.0 for row in open_pieces} | dict(
		zip((row.name for row in carriers), parts, strict=True)
	)
	changed = {
		row.name: {"deferred_amount": amounts[row.name], "deferred_account": account}
		for row in open_pieces
		if (amounts[row.name], account) != (row.deferred_amount, row.deferred_account)
	}
	if changed:
		update_rows(VOUCHER, changed)


def _parts(amount: float, count: int) -> list[float]:
	each, odd = divmod(round(amount * 10**CENTS), count)
	return [flt((each + (number < odd)) / 10**CENTS, CENTS) for number in range(count)]


# --- what becomes income ---


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
	total = flt(sum(row.deferred_amount for row in rows), CENTS)
	if not total:
		return
	frappe.db.savepoint("deferred")
	try:
		entry = _entry(account, total, rows, used)
		voucher = frappe.qb.DocType(VOUCHER)
		names = [row.name for row in rows]
		frappe.qb.update(voucher).set(voucher.recognised_in, entry).where(voucher.name.isin(names)).run()
	except Exception:
		frappe.db.rollback(save_point="deferred")
		frappe.log_error("Deferred vouchers could not be made income")


def _due(used: bool) -> list[frappe._dict]:
	"""Vouchers whose revenue is still deferred and is earned: used, or expired without ever having been used (or
	returned, for a little less than was paid). Those of POS Invoices wait for the close of the day: until then their
	sale is not in the ledger. A voided one is owed back until it is credited."""
	voucher, pos_invoice = frappe.qb.DocType(VOUCHER), frappe.qb.DocType("POS Invoice")
	query = (
		frappe.qb.from_(voucher)
		.left_join(pos_invoice)
		.on((voucher.sale_doctype == "POS Invoice") & (voucher.sale_name == pos_invoice.name))
		.select(voucher.name, voucher.deferred_account, voucher.deferred_amount, voucher.mikrotik_settings)
		.where(
			(voucher.deferred_amount != 0) & (voucher.recognised_in.isnull() | (voucher.recognised_in == ""))
		)
		.where(pos_invoice.name.isnull() | (pos_invoice.consolidated_invoice != ""))
		.for_update()
	)
	if used:
		return query.where(voucher.voided_on.isnull() & voucher.first_login.isnotnull()).run(as_dict=True)
	expired = voucher.voided_on.isnull() & voucher.first_login.isnull() & (voucher.status == "Expired")
	return query.where(expired | (voucher.returned_with != "")).run(as_dict=True)


def _entry(account: str, total: float, rows: list[frappe._dict], used: bool) -> str:
	"""``total`` is below nothing when only a cent too much was credited."""
	company = frappe.get_cached_value("Account", account, "company")
	cost_center = _of_company(
		"Cost Center", settings.isp_settings().cost_center, company
	) or frappe.get_cached_value("Company", company, "cost_center")
	income = _income_account(company, used)
	from_account, to_account = (account, income) if total > 0 else (income, account)
	entry = frappe.get_doc(
		{
			"doctype": "Journal Entry",
			"company": company,
			"posting_date": nowdate(),
			"user_remark": _remark(rows, used),
			"hotspot_vouchers": 1,
			"accounts": [
				{
					"account": from_account,
					"debit_in_account_currency": abs(total),
					"cost_center": cost_center,
				},
				{
					"account": to_account,
					"credit_in_account_currency": abs(total),
					"cost_center": cost_center,
				},
			],
		}
	)
	entry.flags.ignore_permissions = True
	entry.submit()
	return entry.name


def _income_account(company: str, used: bool) -> str:
	values = settings.isp_settings()
	chosen = [values.income_account] if used else [values.breakage_account, values.income_account]
	for account in chosen:
		if _of_company("Account", account, company):
			return account
	income = frappe.get_cached_value("Company", company, "default_income_account")
	if not income:
		raise SettingsMissing(_("Choose the income account for vouchers in ISP Settings"))
	return income


def _of_company(doctype: str, name: str | None, company: str) -> str | None:
	return name if name and frappe.get_cached_value(doctype, name, "company") == company else None


def _remark(rows: list[frappe._dict], used: bool) -> str:
	by_router: defaultdict[str, int] = defaultdict(int)
	for row in rows:
		by_router[row.mikrotik_settings] += 1
	what = _("Hotspot vouchers used") if used else _("Hotspot vouchers that expired unused")
	return f"{what}: " + ", ".join(f"{router} {count}" for router, count in sorted(by_router.items()))


def forget(journal_entry: str) -> None:
	"""The Journal Entry was cancelled: its vouchers are deferred again."""
	frappe.db.set_value(VOUCHER, {"recognised_in": journal_entry}, "recognised_in", None)


def check_not_amended(entry) -> None:
	"""Raises VoucherError for the amended copy of an entry of ours: its vouchers are in the next one already."""
	if entry.amended_from and cint(
		frappe.db.get_value("Journal Entry", entry.amended_from, "hotspot_vouchers")
	):
		raise VoucherError(
			_("Vouchers are made income again by themselves, on the next day. Do not amend {0}").format(
				entry.amended_from
			)
		)
