"""The boundary for what guests send: every function that anybody may call reads its arguments through here.

An argument is a short text or a number. What is none, or can be written neither to the database nor to a router, is
refused before anything looks at it, and leaves nothing behind.
"""

import functools
import json
import unicodedata
from collections.abc import Callable
from typing import Any

import frappe
from frappe import _

from mikrotik_integration.exceptions import VoucherError

LONGEST = 200
LARGEST = 10**9
_USUAL_CONTROLS = "\t\n\r"


def readable(function: Callable) -> Callable:
	"""Decorator, below ``frappe.whitelist``: refuses arguments that are no short text and no number. Of what goes
	wrong otherwise, plain words alone come out."""

	@functools.wraps(function)
	def checked(*arguments: Any, **named: Any) -> Any:
		frappe.flags.disable_traceback = True
		for value in (*arguments, *named.values()):
			_check(value)
		try:
			return function(*arguments, **named)
		except (frappe.ValidationError, frappe.RateLimitExceededError):
			raise
		except Exception as error:
			frappe.db.rollback()
			frappe.log_error(f"Guest: {function.__name__}", frappe.get_traceback())
			raise VoucherError(_("That did not work. Try again, or ask at the shop")) from error

	return checked


def is_writable(body: object) -> bool:
	"""Whether a callback's body holds text alone: a lone half of a surrogate pair can be written nowhere."""
	try:
		json.dumps(body, ensure_ascii=False, default=str).encode()
	except (ValueError, RecursionError):  # a UnicodeEncodeError is a ValueError
		return False
	return True


def _check(value: object) -> None:
	if value is None or (isinstance(value, int | float) and abs(value) <= LARGEST):
		return
	if not isinstance(value, str) or any(_is_unreadable(letter) for letter in value[: LONGEST + 1]):
		raise VoucherError(_("That cannot be read"))
	if len(value) > LONGEST:
		raise VoucherError(_("That is too long"))


def _is_unreadable(letter: str) -> bool:
	return unicodedata.category(letter) in ("Cc", "Cs") and letter not in _USUAL_CONTROLS
