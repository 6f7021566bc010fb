"""Counters of a model router against the true traffic of its customers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mikrotik_integration.core.provisioning.desired import Service
from mikrotik_integration.core.usage.counters import CounterState, Delta, Seen, advance
from mikrotik_integration.core.usage.sessions import SessionReading
from mikrotik_integration.core.usage.snapshot import AccountReading

amounts = st.integers(0, 5000)
ZERO = (0, 0, 0)


def plus(one, other):
	return tuple(a + b for a, b in zip(one, other, strict=True))


def a_session(counts=ZERO, key: str = "mac/ip", **values) -> SessionReading:
	return SessionReading(key, "ann", Service.HOTSPOT, counts[2], counts[0], counts[1], "", "", **values)


def a_reading(row=ZERO, *sessions: SessionReading, row_id: str = "*1") -> AccountReading:
	return AccountReading("ann", Service.HOTSPOT, "acc", row[0], row[1], row[2], sessions, row_id)


def counted(*readings: AccountReading) -> list[tuple[int, int, int]]:
	state, deltas = None, []
	for reading in readings:
		state, delta = advance(state, reading)
		deltas.append((delta.bytes_in, delta.bytes_out, delta.seconds))
	return deltas


class HotspotUser(RuleBasedStateMachine):
	"""One user with devices, sessions that flush into the row, resets, reboots; read now and then.

	What is counted never exceeds what moved, and is exactly that as long as nothing was lost and no counter was
	set back. `lost` is what no reading could have known."""

	def __init__(self) -> None:
		super().__init__()
		self.state: CounterState | None = None
		self.row, self.row_number = ZERO, 1
		self.backup = (ZERO, 1)
		self.live: dict[str, tuple[int, int, int]] = {}
		self.true, self.counted = ZERO, ZERO
		self.exact = True

	@rule(device=st.sampled_from("abc"))
	def log_in(self, device):
		self.live.setdefault(device, ZERO)

	@precondition(lambda self: self.live)
	@rule(data=st.data(), up=amounts, down=amounts, seconds=st.integers(0, 300))
	def move(self, data, up, down, seconds):
		device = data.draw(st.sampled_from(sorted(self.live)))
		self.live[device] = plus(self.live[device], (up, down, seconds))
		self.true = plus(self.true, (up, down, seconds))

	@precondition(lambda self: self.live)
	@rule(data=st.data())
	def hang_up(self, data):
		self.row = plus(self.row, self.live.pop(data.draw(st.sampled_from(sorted(self.live)))))

	@rule()
	def power_cut(self):
		"""Live sessions are lost."""
		self.exact = self.exact and all(counts == ZERO for counts in self.live.values())
		self.live.clear()

	@rule()
	def reboot(self):
		for counts in self.live.values():
			self.row = plus(self.row, counts)
		self.live.clear()

	@rule()
	def reset_counters(self):
		self.exact = self.exact and self.row == ZERO
		self.row = ZERO

	@rule()
	def back_up(self):
		self.backup = (self.row, self.row_number)

	@precondition(lambda self: self.backup[1] == self.row_number)
	@rule()
	def restore_the_backup(self):
		"""The row shows again what it showed then, though nothing moved."""
		self.exact = self.exact and self.backup[0] == self.row and not self.live
		self.row = self.backup[0]
		self.live.clear()

	@rule()
	def made_anew(self):
		"""The row is replaced while nobody is on; its last bytes go with it."""
		self.exact = self.exact and self.row == ZERO
		self.row, self.row_number = ZERO, self.row_number + 1

	@rule()
	def read(self):
		sessions = [a_session(counts, device) for device, counts in self.live.items()]
		self.advance(a_reading(self.row, *sessions, row_id=f"*{self.row_number}"))

	@rule()
	def read_a_row_that_cannot_be_read(self):
		sessions = [a_session(counts, device) for device, counts in self.live.items()]
		self.advance(replace(a_reading(ZERO, *sessions, row_id=""), is_counted=False))

	@precondition(lambda self: self.live)
	@rule(data=st.data())
	def read_while_somebody_hangs_up(self, data):
		"""The row is read before, the sessions after."""
		row = self.row
		self.hang_up(data)
		self.advance(
			a_reading(row, *(a_session(c, d) for d, c in self.live.items()), row_id=f"*{self.row_number}")
		)

	def advance(self, reading: AccountReading) -> None:
		if self.state is not None:
			self.state = CounterState.from_json(self.state.to_json())
		self.state, delta = advance(self.state, reading)
		assert min(delta.bytes_in, delta.bytes_out, delta.seconds) >= 0
		self.counted = plus(self.counted, (delta.bytes_in, delta.bytes_out, delta.seconds))

	@invariant()
	def nothing_is_counted_that_did_not_move(self):
		assert all(mine <= true for mine, true in zip(self.counted, self.true, strict=True))

	def teardown(self):
		if self.exact:
			self.read()
			self.read()
			assert self.counted == self.true


TestHotspotUser = HotspotUser.TestCase
TestHotspotUser.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)


@dataclass
class Link:
	"""A ppp interface with the session on it."""

	counts: tuple[int, int, int] = ZERO
	login: str = ""


class PppSessions(RuleBasedStateMachine):
	"""A user with one or several tunnels: rows have no counters, interfaces are used again."""

	def __init__(self) -> None:
		super().__init__()
		self.state: CounterState | None = None
		self.links: dict[str, Link] = {}
		self.logins = 0
		self.true, self.counted = ZERO, ZERO

	@precondition(lambda self: len(self.links) < 3)
	@rule()
	def dial(self):
		name = next(
			name for name in ("<pppoe-ann>", "<pppoe-ann-1>", "<pppoe-ann-2>") if name not in self.links
		)
		self.logins += 1
		self.links[name] = Link(login=f"0x{self.logins}")

	@precondition(lambda self: self.links)
	@rule(data=st.data(), up=amounts, down=amounts, seconds=st.integers(0, 300))
	def move(self, data, up, down, seconds):
		link = self.links[data.draw(st.sampled_from(sorted(self.links)))]
		for other in self.links.values():
			other.counts = plus(other.counts, (0, 0, seconds))
			self.true = plus(self.true, (0, 0, seconds))
		link.counts = plus(link.counts, (up, down, 0))
		self.true = plus(self.true, (up, down, 0))

	@precondition(lambda self: self.links)
	@rule(data=st.data())
	def hang_up(self, data):
		del self.links[data.draw(st.sampled_from(sorted(self.links)))]

	@rule(interfaces_shown=st.booleans())
	def read(self, interfaces_shown):
		sure = len(self.links) == 1 and interfaces_shown
		shortest = min((link.counts[2] for link in self.links.values()), default=0)
		sessions = [
			a_session(
				(*link.counts[:2], shortest) if interfaces_shown else (0, 0, link.counts[2]),
				name if interfaces_shown else link.login,
				login=link.login if sure else "",
				is_counted=interfaces_shown,
				is_sure=sure,
			)
			for name, link in self.links.items()
		]
		self.state, delta = advance(self.state, a_reading(ZERO, *sessions))
		self.counted = plus(self.counted, (delta.bytes_in, delta.bytes_out, delta.seconds))

	@invariant()
	def nothing_is_counted_that_did_not_move(self):
		assert all(mine <= true for mine, true in zip(self.counted, self.true, strict=True))


TestPppSessions = PppSessions.TestCase
TestPppSessions.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)


def test_the_first_reading_counts_what_is_there():
	assert counted(a_reading((5, 6, 7), a_session((1, 2, 3)))) == [(6, 8, 10)]


def test_a_session_that_ends_is_not_counted_again_from_the_row():
	live, ended = a_reading(ZERO, a_session((100, 200, 60))), a_reading((110, 220, 66))
	assert counted(live, ended) == [(100, 200, 60), (10, 20, 6)]


def test_a_power_cut_loses_what_was_not_read_and_counts_nothing_twice():
	before, after = a_reading(ZERO, a_session((100, 200, 60))), a_reading(ZERO, a_session((5, 5, 5)))
	assert counted(before, after) == [(100, 200, 60), (5, 5, 5)]


def test_what_appears_in_the_row_one_reading_late_is_not_counted_again():
	live, gone, flushed = a_reading(ZERO, a_session((100, 0, 60))), a_reading(), a_reading((100, 0, 60))
	assert counted(live, gone, flushed) == [(100, 0, 60), ZERO, ZERO]


def test_what_was_lost_is_not_held_against_the_customer_for_ever():
	live, cut, later, used = (
		a_reading(ZERO, a_session((100, 0, 60))),
		a_reading(),
		a_reading(),
		a_reading((70, 0, 9)),
	)
	assert counted(live, cut, later, used)[-1] == (70, 0, 9)


def test_a_row_that_was_set_back_counts_nothing_and_from_there_on():
	before, restored, later = a_reading((100, 100, 100)), a_reading((30, 40, 50)), a_reading((31, 42, 53))
	assert counted(before, restored, later) == [(100, 100, 100), ZERO, (1, 2, 3)]


def test_what_a_session_leaves_in_a_row_that_was_reset_is_not_counted_again():
	live, reset = a_reading((9, 9, 9), a_session((100, 0, 60))), a_reading(ZERO, a_session((110, 0, 66)))
	assert counted(live, reset, a_reading((115, 0, 70)))[1:] == [(10, 0, 6), (5, 0, 4)]


def test_a_row_made_anew_counts_from_zero_even_if_it_is_ahead_of_the_old_one():
	assert counted(a_reading((10, 10, 10)), a_reading((30, 40, 50), row_id="*2"))[-1] == (30, 40, 50)


def test_a_new_login_on_the_same_interface_is_a_new_session():
	one = a_session((100, 100, 100), "<pppoe-ann>", login="0x1")
	two = a_session((300, 300, 300), "<pppoe-ann>", login="0x2")
	assert counted(a_reading(ZERO, one), a_reading(ZERO, two)) == [(100, 100, 100), (300, 300, 300)]


def test_bytes_that_were_not_shown_once_are_neither_lost_nor_counted_twice():
	shown = a_session((100, 100, 100), "<pppoe-ann>", login="0x1")
	hidden = a_session((0, 0, 100), "0x1", is_counted=False, is_sure=False)
	later = a_session((150, 150, 150), "<pppoe-ann>", login="0x1")
	deltas = counted(a_reading(ZERO, shown), a_reading(ZERO, hidden), a_reading(ZERO, later))
	assert deltas == [(100, 100, 100), ZERO, (50, 50, 50)]


def test_a_state_survives_as_text():
	state = CounterState((1, 2, 3), "*A", {"mac/ip": Seen((4, 5, 6), "0x1")}, (7, 8, 9))
	assert CounterState.from_json(state.to_json()) == state


def test_equal_states_are_equal_texts():
	one = CounterState(sessions={"a": Seen(ZERO), "b": Seen(ZERO)})
	other = CounterState(sessions={"b": Seen(ZERO), "a": Seen(ZERO)})
	assert one.to_json() == other.to_json()


@pytest.mark.parametrize("what", [0, 1, 2])
def test_a_session_of_which_any_counter_fell_is_another_one(what):
	fallen = tuple(9 if place == what else 20 for place in range(3))
	assert counted(a_reading(ZERO, a_session((10, 10, 10))), a_reading(ZERO, a_session(fallen)))[-1] == fallen


def test_a_delta_is_what_moved():
	assert advance(None, a_reading())[1] == Delta(0, 0, 0)


def test_what_a_row_owes_is_not_forgotten_while_the_row_cannot_be_read():
	unread = replace(a_reading(row_id=""), is_counted=False)
	session = a_session((100, 0, 0))
	readings = (a_reading(ZERO, session), a_reading(ZERO), unread, unread, a_reading((100, 0, 0)))
	assert [delta[0] for delta in counted(*readings)] == [100, 0, 0, 0, 0]


def test_a_row_that_could_not_be_read_is_counted_once_it_can_be():
	unread = replace(a_reading(row_id=""), is_counted=False)
	readings = (a_reading((100, 0, 0)), unread, a_reading((150, 0, 0)))
	assert [delta[0] for delta in counted(*readings)] == [100, 0, 50]
