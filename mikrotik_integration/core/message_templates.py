"""Messages to customers, with names in double braces: `Dear {{ customer_name }}`. Names, and nothing that is run."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_IN_BRACES = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_MARKS = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")


def fill(template: str, values: Mapping[str, str]) -> str:
	"""The template with each known name replaced by its value, as text. Anything else stays as it was written."""
	return _IN_BRACES.sub(lambda found: values.get(found[1].strip(), found[0]), template)


def problems(template: str, known: Collection[str]) -> list[str]:
	"""What in a template is no known name in braces, as it was written; empty if there is nothing."""
	unknown = [found[0] for found in _IN_BRACES.finditer(template) if found[1].strip() not in known]
	return unknown + _MARKS.findall(_IN_BRACES.sub("", template))
