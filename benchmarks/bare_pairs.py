"""Bare Sales Invoices and the Payment Entries that pay them, as ERPNext submits them: what payments are compared with.

Run by ``payments.py`` as a process of its own: the item as argument, customers as JSON on standard input; prints the
seconds that all pairs but the first took.
"""

import json
import os
import sys
import time

import frappe
from frappe.utils import nowdate

from mikrotik_integration import demo_company


def pair(customer: str, item: str) -> None:
	"""Submit both and commit."""
	invoice = frappe.get_doc(
		{
			"doctype": "Sales Invoice",
			"company": demo_company.COMPANY,
			"customer": customer,
			"due_date": nowdate(),
			"items": [{"item_code": item, "qty": 1, "rate": 1500}],
		}
	).insert()
	invoice.submit()
	entry = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": "Receive",
			"company": demo_company.COMPANY,
			"mode_of_payment": demo_company.MODE_OF_PAYMENT,
			"party_type": "Customer",
			"party": customer,
			"paid_from": invoice.debit_to,
			"paid_to": f"M-PESA - {demo_company.ABBR}",
			"paid_amount": 1500,
			"received_amount": 1500,
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"reference_no": invoice.name,
			"reference_date": nowdate(),
			"references": [
				{
					"reference_doctype": "Sales Invoice",
					"reference_name": invoice.name,
					"allocated_amount": 1500,
				}
			],
		}
	).insert()
	entry.submit()
	# each pair is committed by itself, as payments are
	frappe.db.commit()  # nosemgrep


def main() -> None:
	item, customers = sys.argv[1], json.load(sys.stdin)
	frappe.init(site=os.environ["FRAPPE_SITE"], sites_path=os.environ.get("SITES_PATH", "."))
	frappe.connect()
	pair(customers[0], item)
	began = time.monotonic()
	for customer in customers[1:]:
		pair(customer, item)
	print(time.monotonic() - began)


if __name__ == "__main__":
	main()
