"""What may be wrong between the router and who asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Faults:
	"""The state of the line and of the router's processor. All may change while connections are open."""

	latency_ms: float = 0
	"""Round trip. Delays each stream of bytes, so commands sent together share it."""
	service_ms: float = 0
	"""Work of the router per command. One processor serves all connections."""
	refuse_connections: bool = False
	"""Nothing listens on the port."""
	swallow_connections: bool = False
	"""Packets vanish: connecting takes until the caller gives up, open connections fall silent."""
	never_answer: bool = False
	"""Connections are accepted, and nothing is ever read or said."""
	drop_after_sentences: int | None = None
	"""Connections end after so many reply sentences since login. The command left unanswered was still done."""
	drop_with_reset: bool = False
	"""The end comes as a TCP reset instead of an orderly close."""
	stall_after_sentences: int | None = None
	"""After so many reply sentences since login, half of the next one is sent, and then nothing."""
	trickle_bytes_per_s: float | None = None
	"""Replies come no faster than this."""
	odd_spellings: Mapping[str, str] = field(default_factory=dict)
	"""What stands in rows instead of the value, by the property's name: `{"bytes-in": "1 234", "uptime": "?"}`."""
	odd_rows_of: str | None = None
	"""Only rows that hold this value somewhere (a user's name) are spelt oddly."""
	rows_without_id: str | None = None
	"""Rows of menus that begin so (`/ppp`, or `/` for all) come without `.id`."""
	endless_rows: str | None = None
	"""Commands that begin so (`/ppp/active/print`, `/login`) are answered by rows without end."""
	refuse_commands: str | None = None
	"""Commands that begin so are answered by `!trap`, and not done."""
	trap_message: str | None = None
	"""What each `!trap` says instead: HTML, control characters, JSON, something very long."""
	category_digits: int = 0
	"""Each `!trap` has a category of so many digits."""
	tag_digits: int = 0
	"""Each reply has a tag of so many digits instead of its own."""
	web_delay_ms: float = 0
	"""How long the hotspot's web pages let their readers wait."""
	lose_web_requests: str | None = None
	"""Requests to paths that begin so (`/login`) never arrive: connections end, and nothing is done."""
	lose_web_replies: str | None = None
	"""Replies from paths that begin so are lost. What was asked for was still done."""

	@property
	def port(self) -> tuple[bool, bool, bool]:
		"""What the listening port depends on."""
		return self.refuse_connections, self.swallow_connections, self.never_answer

	@property
	def is_silent(self) -> bool:
		"""Whether open connections are not read any more."""
		return self.never_answer or self.swallow_connections
