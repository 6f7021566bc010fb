"""Trouble with Daraja itself, and the record of what it was asked."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mikrotik_integration.simulators.daraja.behaviour import Fault, Trouble
from mikrotik_integration.simulators.daraja.ledger import now
from mikrotik_integration.simulators.daraja.shapes import Json

_SECRETS = frozenset({"Password", "SecurityCredential"})
_FIREWALL = (
	b"<html><head><title>Request unsuccessful</title></head><body>Incapsula incident ID: 0</body></html>"
)


@dataclass(frozen=True)
class Answer:
	"""An HTTP answer; no content type and no body at all for a connection that just ends."""

	status: int
	body: bytes
	content_type: str = "application/json"


DROPPED = Answer(0, b"", "")


@dataclass(frozen=True)
class Asked:
	"""A request that came in, secrets masked, and the HTTP status of the answer (0: none was given)."""

	path: str
	body: object
	at: datetime
	status: int


class Faults:
	"""Which requests are to meet trouble. For threads."""

	def __init__(self) -> None:
		self._lock = threading.Lock()
		self._faults: list[Fault] = []

	def add(self, fault: Fault) -> None:
		with self._lock:
			self._faults.append(fault)

	def clear(self) -> None:
		with self._lock:
			self._faults.clear()

	def answer(self, path: str, properly: Callable[[], Answer]) -> Answer:
		"""The proper answer, or what comes of the trouble that this path is to meet."""
		fault = self._draw(path)
		if fault is None:
			return properly()
		if fault.trouble is Trouble.SLOW:
			time.sleep(fault.seconds)
			return properly()
		if fault.trouble is Trouble.LATE_ANSWER:
			answer = properly()
			time.sleep(fault.seconds)
			return answer
		if fault.trouble is Trouble.LOSE_ANSWER:
			properly()
			return DROPPED
		return _troubled(fault.trouble)

	def _draw(self, path: str) -> Fault | None:
		with self._lock:
			for index, fault in enumerate(self._faults):
				if path.startswith(fault.path):
					self._faults[index : index + 1] = _left_of(fault)
					return fault
			return None


class Record:
	"""What was asked. For threads."""

	def __init__(self) -> None:
		self._lock = threading.Lock()
		self._asked: list[Asked] = []

	def note(self, path: str, body: object, status: int) -> None:
		asked = Asked(path, _masked(body), now(), status)
		with self._lock:
			self._asked.append(asked)

	def requests(self, path: str = "") -> list[Asked]:
		"""Those whose path begins so."""
		with self._lock:
			return [asked for asked in self._asked if asked.path.startswith(path)]

	def clear(self) -> None:
		with self._lock:
			self._asked.clear()


def error(status: int, code: str, message: str, request_id: str) -> Answer:
	return json_answer(status, {"requestId": request_id, "errorCode": code, "errorMessage": message})


def json_answer(status: int, body: Json) -> Answer:
	return Answer(status, json.dumps(body).encode())


def _left_of(fault: Fault) -> list[Fault]:
	return [replace(fault, times=fault.times - 1)] if fault.times > 1 else []


def _troubled(trouble: Trouble) -> Answer:
	answers = {
		Trouble.SERVER_ERROR: error(500, "500.002.1001", "Internal Server Error", "0"),
		Trouble.SPIKE_ARREST: error(429, "500.003.02", "Error Occurred: Spike Arrest Violation", "0"),
		Trouble.HTML: Answer(403, _FIREWALL, "text/html"),
		Trouble.GARBAGE: Answer(200, b'{"ResponseCode": "0", "ResultCode": "0", "Che'),
		Trouble.EMPTY: Answer(200, b""),
		Trouble.INVALID_TOKEN: error(404, "404.001.03", "Invalid Access Token", "0"),
	}
	return answers.get(trouble, DROPPED)


def _masked(body: object) -> object:
	if not isinstance(body, dict):
		return body
	return {key: "****" if key in _SECRETS else value for key, value in body.items()}
