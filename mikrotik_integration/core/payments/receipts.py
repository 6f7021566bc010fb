"""The M-PESA receipt, e.g. SJK4XY7Z1A, however it was typed: ten letters and digits, a letter first."""

import re

_TOLD = re.compile(r"[A-Z0-9]{6,20}")
_RECEIPT = re.compile(r"(?<![A-Z0-9])(?=[A-Z]*[0-9])[A-Z][A-Z0-9]{9}(?![A-Z0-9])")


def normalise(told: str) -> str | None:
	"""The receipt that a confirmation names, as M-PESA writes it; None for what cannot be one."""
	receipt = told.strip().upper()
	return receipt if _TOLD.fullmatch(receipt) else None


def find(text: str) -> str | None:
	"""The one receipt in what somebody typed ("MPESA sjk4xy7z1a."); None if there is none, or more than one."""
	found = set(_RECEIPT.findall(text.upper()))
	return found.pop() if len(found) == 1 else None
