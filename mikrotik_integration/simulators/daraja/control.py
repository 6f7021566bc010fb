"""The control API: what tests and demonstrations in other processes tell the simulator, as JSON."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from mikrotik_integration.simulators.daraja.behaviour import Behaviour, Decision, Fate, Fault, Trouble
from mikrotik_integration.simulators.daraja.courier import Kind
from mikrotik_integration.simulators.daraja.faults import Answer, json_answer
from mikrotik_integration.simulators.daraja.mpesa import NoPrompt, PaymentRefused

if TYPE_CHECKING:
	from mikrotik_integration.simulators.daraja.simulator import DarajaSimulator

Arguments = Mapping[str, object]
Switches = TypeVar("Switches", Behaviour, Fate)


class Control:
	"""GET shows, POST does. A mistake in what is asked is HTTP 400 with a reason."""

	def __init__(self, simulator: "DarajaSimulator") -> None:
		self._simulator = simulator
		self._actions: dict[tuple[str, str], Callable[[Arguments], object]] = {
			("GET", ""): lambda _: sorted(f"{method} {name}" for method, name in self._actions if name),
			("GET", "payments"): lambda _: simulator.payments(),
			("GET", "prompts"): lambda _: simulator.mpesa.prompts(),
			("GET", "callbacks"): lambda _: simulator.courier.callbacks(),
			("GET", "requests"): lambda _: simulator.record.requests(),
			("GET", "behaviour"): lambda _: simulator.behaviour,
			("POST", "paybill"): self._pay_bill,
			("POST", "phone"): self._phone,
			("POST", "decide"): self._decide,
			("POST", "fate"): self._fate,
			("POST", "replay"): self._replay,
			("POST", "release"): lambda given: simulator.courier.release(bool(given.get("backwards"))),
			("POST", "fault"): self._fault,
			("POST", "behaviour"): self._behaviour,
			("POST", "status"): self._status,
			("POST", "expire-tokens"): lambda _: simulator.expire_tokens(),
			("POST", "settle"): lambda given: simulator.settle(_number(given.get("timeout_s", 60))),
			("POST", "reset"): lambda _: simulator.reset(),
		}

	def __call__(self, method: str, name: str, body: object) -> Answer:
		action = self._actions.get((method, name.strip("/")))
		if action is None:
			return json_answer(404, {"error": f"there is no {method} {name}"})
		given = body if isinstance(body, dict) else {}
		try:
			return Answer(200, json.dumps(_plain(action(given))).encode())
		except (KeyError, TypeError, ValueError, ArithmeticError, NoPrompt, PaymentRefused) as error:
			return json_answer(400, {"error": f"{type(error).__name__}: {error}"})

	def _pay_bill(self, given: Arguments) -> object:
		shortcode = given.get("shortcode")
		return self._simulator.pay_bill(
			str(given["phone"]),
			int(_number(given["amount"])),
			str(given.get("account", "")),
			None if shortcode is None else str(shortcode),
		)

	def _phone(self, given: Arguments) -> None:
		"""{"phone": "2547..." or "*", "decision", "after_s", "next": true for the next prompt only}."""
		decision, after_s = Decision(str(given["decision"])), given.get("after_s")
		seconds = None if after_s is None else _number(after_s)
		if given["phone"] == "*":
			return self._simulator.everybody(decision, seconds)
		customer = self._simulator.customer(str(given["phone"]))
		do = customer.next if given.get("next") else customer.always
		return do(decision, seconds)

	def _decide(self, given: Arguments) -> object:
		return self._simulator.customer(str(given["phone"])).decide(Decision(str(given["decision"])))

	def _fate(self, given: Arguments) -> object:
		"""{"kind": "stk" or "*", "next": how many callbacks, for ever if left out, and Fate's fields}."""
		fields = {key: value for key, value in given.items() if key not in ("kind", "next")}
		fate = _changed(Fate(), fields)
		for kind in Kind if given["kind"] == "*" else [Kind(str(given["kind"]))]:
			if "next" in given:
				self._simulator.courier.next(kind, *[fate] * int(_number(given["next"])))
			else:
				self._simulator.courier.always(fate, kind)
		return fate

	def _replay(self, given: Arguments) -> object:
		copies = int(_number(given.get("copies", 1)))
		return self._simulator.courier.replay(int(_number(given["number"])), Fate(copies=copies))

	def _fault(self, given: Arguments) -> object:
		fault = Fault(
			str(given["path"]),
			Trouble(str(given["trouble"])),
			int(_number(given.get("times", 1))),
			_number(given.get("seconds", 0)),
		)
		self._simulator.faults.add(fault)
		return fault

	def _behaviour(self, given: Arguments) -> object:
		"""Behaviour's fields."""
		self._simulator.mpesa.behaviour = _changed(self._simulator.behaviour, given)
		return self._simulator.behaviour

	def _status(self, given: Arguments) -> object:
		receipt = str(given["receipt"])
		self._simulator.ledger.set_status(receipt, str(given["status"]))
		return self._simulator.ledger.find(receipt)


def _number(value: object) -> float:
	if isinstance(value, bool) or not isinstance(value, int | float | str):
		raise ValueError(f"{value!r} is no number")
	return float(value)


def _changed(switches: Switches, fields: Arguments) -> Switches:
	"""With these fields, each of the type that it has already."""
	typed: dict[str, Any] = {key: _like(getattr(switches, key, None), value) for key, value in fields.items()}
	return replace(switches, **typed)


def _like(present: object, value: object) -> object:
	if isinstance(present, Enum):
		return type(present)(value)
	if isinstance(present, bool):
		return bool(value)
	if isinstance(present, int | float):
		return type(present)(_number(value))
	return value


def _plain(value: object) -> object:
	if dataclasses.is_dataclass(value) and not isinstance(value, type):
		return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
	if isinstance(value, dict):
		return {key: _plain(inner) for key, inner in value.items()}
	if isinstance(value, list | tuple):
		return [_plain(inner) for inner in value]
	return _plain_atom(value)


def _plain_atom(value: object) -> object:
	if isinstance(value, Enum):
		return value.value
	if isinstance(value, datetime):
		return value.isoformat()
	return value.decode(errors="replace") if isinstance(value, bytes) else value
