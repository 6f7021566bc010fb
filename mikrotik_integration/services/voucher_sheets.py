"""Sheets of vouchers to cut up and sell, as PDF, made by WeasyPrint, which Frappe brings along."""

import base64
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import frappe
from frappe import _
from frappe.utils import cint

from mikrotik_integration.exceptions import VoucherError
from mikrotik_integration.services import voucher_cards
from mikrotik_integration.services.voucher_cards import Card
from mikrotik_integration.services.vouchers import VOUCHER

MOST_AT_ONCE = 1000
PRINTABLE = ("Available", "Pending")
SHRUNK_BY = 1.28
TEMPLATES = "mikrotik_integration/templates/vouchers"
PICTURE = "data:image/png;base64,"


@dataclass(frozen=True)
class Layout:
	"""``columns`` x ``rows`` vouchers on a page of this size in mm."""

	template: str
	width: float
	height: float
	columns: int = 1
	rows: int = 1
	margin: tuple[float, float] = (0, 0)  # above and below, left and right


# A4 is that of label sheets with 24 labels of 63.5 x 33.9 mm, so cards or labels are printed alike.
LAYOUTS = {
	"A4": Layout("a4.html", 210, 297, columns=3, rows=8, margin=(12, 7)),
	"80 mm": Layout("thermal.html", 80, 105, margin=(3, 4)),
	"58 mm": Layout("thermal.html", 58, 105, margin=(3, 3)),
}


def render(batch: str, layout: str, first: int = 1, count: int = MOST_AT_ONCE) -> bytes:
	"""A PDF of vouchers of a batch that can still be used, from the ``first`` (counted from 1) on, in their order.

	Raises VoucherError for an unknown layout and if there is nothing to print."""
	if layout not in LAYOUTS:
		raise VoucherError(_("There is no sheet {0}").format(layout))
	cards = voucher_cards.of_rows(_rows(batch, first, count))
	if not cards:
		raise VoucherError(_("No voucher of {0} can be printed from {1} on").format(batch, first))
	return to_pdf(html(cards, LAYOUTS[layout]))


def html(cards: Sequence[Card], layout: Layout) -> str:
	"""The pages, filled row by row."""
	per_page = layout.columns * layout.rows
	pages = [_page(cards[start : start + per_page], layout) for start in range(0, len(cards), per_page)]
	return frappe.render_template(f"{TEMPLATES}/{layout.template}", {"pages": pages, "layout": layout})


def to_pdf(page: str) -> bytes:
	"""Fetches nothing, whatever the page names: pictures are in it. Raises VoucherError if the server lacks Pango."""
	try:
		from weasyprint import HTML  # loads Pango
	except OSError as error:
		raise VoucherError(
			_(
				"The server lacks the library Pango. On Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
			)
		) from error
	return HTML(string=page, url_fetcher=_picture).write_pdf()


def _picture(url: str, *_arguments, **_options) -> dict:
	if not url.startswith(PICTURE):
		raise ValueError("A sheet of vouchers fetches nothing")
	return {"string": base64.b64decode(url.removeprefix(PICTURE)), "mime_type": "image/png"}


@cache
def print_zoom() -> float:
	"""What makes a millimetre of a print format a millimetre in the PDF that Frappe makes of it. Distributions' own
	wkhtmltopdf, without patches to Qt, shrinks every page and cannot be told not to."""
	try:
		version = subprocess.run(
			["wkhtmltopdf", "--version"], capture_output=True, text=True, timeout=30
		).stdout
	except OSError:
		return 1  # without it no PDF is made; whoever makes one says so
	return 1 if "patched qt" in version else SHRUNK_BY


def printable(batch: str) -> int:
	"""How many vouchers of a batch can be printed."""
	return frappe.db.count(VOUCHER, {"batch": batch, "status": ("in", PRINTABLE)})


def _rows(batch: str, first: int, count: int) -> list[frappe._dict]:
	return frappe.get_all(
		VOUCHER,
		{"batch": batch, "status": ("in", PRINTABLE)},
		voucher_cards.FIELDS,
		order_by="name",
		limit_start=max(cint(first), 1) - 1,
		limit_page_length=min(max(cint(count), 1), MOST_AT_ONCE),
	)


def _page(cards: Sequence[Card], layout: Layout) -> list[list[Card | None]]:
	"""Rows of equal length; places that stay empty hold None."""
	filled = [*cards, *[None] * (-len(cards) % layout.columns)]
	return [filled[start : start + layout.columns] for start in range(0, len(filled), layout.columns)]
