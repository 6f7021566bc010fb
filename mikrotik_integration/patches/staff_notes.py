"""Comments that Frappe had copied into documents that customers may read."""

from mikrotik_integration.overrides import staff_notes


def execute() -> None:
	for doctype in staff_notes.READ_BY_CUSTOMERS:
		staff_notes.forget_copies(doctype, {"_comments": ("is", "set")})
