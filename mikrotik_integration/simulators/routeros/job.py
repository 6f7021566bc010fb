"""A script that is to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .behaviour import ALL_POLICIES


@dataclass(frozen=True)
class Job:
	"""A script, what it may do, and what it knows of the event that began it."""

	what: str
	"""What the log calls it."""
	source: str
	variables: Mapping[str, str] = field(default_factory=dict)
	policies: frozenset[str] = frozenset(ALL_POLICIES)
