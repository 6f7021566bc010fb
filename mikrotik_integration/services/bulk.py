"""Set-based writes: one statement for a thousand rows, where saving each document would take seconds."""

from typing import Any

import frappe

CHUNK = 1000
# What a column of this type holds: a sum stays there, whatever a router says.
MOST = {"Int": 2**31 - 1, "Long Int": 2**63 - 1, "Float": 10**12 - 1}


def as_much_as_fits(doctype: str, column: str, value: float) -> float:
	"""The value, or the largest that the column holds."""
	return min(value, _most(doctype, column))


def _most(doctype: str, column: str) -> int:
	return MOST[frappe.get_meta(doctype).get_field(column).fieldtype]


def update_rows(doctype: str, rows: dict[str, dict[str, Any]], add: tuple[str, ...] = ()) -> None:
	"""Set columns of many rows by name; the columns in ``add`` are increased instead, by what is not negative, as far
	as they hold it.

	Every row must name the same columns. Rows that are gone are passed over. ``modified`` is left alone, so that
	an open form can still be saved.
	"""
	names = list(rows)
	for start in range(0, len(names), CHUNK):
		_update_chunk(doctype, {name: rows[name] for name in names[start : start + CHUNK]}, add)


def _update_chunk(doctype: str, rows: dict[str, dict[str, Any]], add: tuple[str, ...]) -> None:
	columns = list(next(iter(rows.values())))
	select = ", ".join(["%s as `name`", *(f"%s as `{column}`" for column in columns)])
	union = " union all ".join(
		[f"select {select}", *(["select " + ", ".join(["%s"] * (len(columns) + 1))] * (len(rows) - 1))]
	)
	assignments = ", ".join(_assignment(doctype, column, column in add) for column in columns)
	values = [value for name, row in rows.items() for value in (name, *(row[column] for column in columns))]
	# frappe.qb cannot join rows of values; column names come from this app's code, never from outside; every value is
	# a parameter
	frappe.db.sql(  # nosemgrep
		f"update `tab{doctype}` t join ({union}) v on t.`name` = v.`name` collate utf8mb4_unicode_ci set {assignments}",
		values,
	)


def _assignment(doctype: str, column: str, increase: bool) -> str:
	if not increase:
		return f"t.`{column}` = v.`{column}`"
	# decimal: the sum of two large integers is an error
	sum_of_both = f"cast(coalesce(t.`{column}`, 0) as decimal(40, 9)) + v.`{column}`"
	return f"t.`{column}` = least({sum_of_both}, {_most(doctype, column)})"
