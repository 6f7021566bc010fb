"""One site's web server on this machine only: serve.py SITE PORT, run from the bench's sites folder.

Frappe's own `serve` listens on all addresses, which a demonstration with a known password must not.
"""

import sys

import frappe.app
from werkzeug.serving import run_simple

frappe.app._site, port = sys.argv[1], int(sys.argv[2])
run_simple("127.0.0.1", port, frappe.app.application_with_statics(), threaded=True)
