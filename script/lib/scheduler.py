"""Frappe's scheduler for one site only: scheduler.py SITE, run from the bench's sites folder."""

import sys
import time

from frappe.utils.scheduler import enqueue_events_for_site

while True:
	enqueue_events_for_site(sys.argv[1])
	time.sleep(30)
