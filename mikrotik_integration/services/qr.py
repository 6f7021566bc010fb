"""QR codes as pictures inside a page: nothing is fetched, so they print anywhere."""

import base64
import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.pil import PilImage

# Trying all eight masks takes five times as long and makes codes that are no easier to read when printed.
MASK = 3
PIXELS_PER_MODULE = 3
QUIET_MODULES = 2


def data_uri(text: str) -> str:
	"""A PNG of the text's QR code for the ``src`` of an ``img``. Raises ValueError for an empty or too long text."""
	if not text:
		raise ValueError("A QR code needs a text")
	code = qrcode.QRCode(
		error_correction=ERROR_CORRECT_M,
		mask_pattern=MASK,
		box_size=PIXELS_PER_MODULE,
		border=QUIET_MODULES,
		image_factory=PilImage,
	)
	code.add_data(text)
	code.make(fit=True)
	picture = io.BytesIO()
	code.make_image().save(picture)
	return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
