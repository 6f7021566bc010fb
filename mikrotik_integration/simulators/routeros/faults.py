"""What may be wrong between the router and who asks it."""

from __future__ import annotations

from dataclasses import dataclass


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
