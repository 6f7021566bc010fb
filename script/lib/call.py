"""Calls one function on one site: call.py SITE dotted.path '{"argument": value}', from the bench's sites folder.

As `bench execute`, which however hides the function's own error behind one of its own.
"""

import json
import sys

import frappe

site, path, arguments = sys.argv[1:]
frappe.init(site=site)
frappe.connect()
frappe.get_attr(path)(**json.loads(arguments))
# what was called may leave that to its caller, as under bench execute
frappe.db.commit()  # nosemgrep
