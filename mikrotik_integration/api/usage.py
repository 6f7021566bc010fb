"""Usage over HTTP: ``/api/method/mikrotik_integration.api.usage.<function>``."""

import frappe
from frappe.query_builder.functions import Sum
from frappe.utils import add_days, getdate, today

LONGEST_DAYS = 400


@frappe.whitelist(methods=["GET", "POST"])
def by_day(subscription: str, from_date: str | None = None, to_date: str | None = None) -> list[dict]:
	"""``[{"date", "upload_bytes", "download_bytes", "seconds"}]``, the last 30 days unless told otherwise."""
	frappe.get_doc("Customer Subscription", subscription).check_permission("read")
	end = getdate(to_date or today())
	start = max(getdate(from_date or add_days(end, -30)), getdate(add_days(end, -LONGEST_DAYS)))
	record = frappe.qb.DocType("Usage Record")
	return (
		frappe.qb.from_(record)
		.select(
			record.date,
			Sum(record.bytes_in).as_("upload_bytes"),
			Sum(record.bytes_out).as_("download_bytes"),
			Sum(record.seconds).as_("seconds"),
		)
		.where((record.subscription == subscription) & record.date[start:end])
		.groupby(record.date)
		.orderby(record.date)
	).run(as_dict=True)


@frappe.whitelist(methods=["GET", "POST"])
def quota(subscription: str) -> dict:
	"""What is left of this period: ``{"data_used_mb", "data_quota_mb", "data_left_mb", "quota_state", "period_end"}``."""
	document = frappe.get_doc("Customer Subscription", subscription)
	document.check_permission("read")
	limited = bool(document.data_quota_mb)
	return {
		"data_used_mb": document.data_used_mb,
		"data_quota_mb": document.data_quota_mb or None,
		"data_left_mb": max(document.data_quota_mb - document.data_used_mb, 0) if limited else None,
		"quota_state": document.quota_state,
		"period_end": document.period_end,
	}
