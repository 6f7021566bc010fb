"""Things that happen later: customers who decide, callbacks under way."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_log = logging.getLogger(__name__)
_Task = tuple[float, int, Callable[[], None], bool]


class Clockwork:
	"""Runs actions after a while, each in a thread of its own, so that none waits for another."""

	def __init__(self, threads: int = 64) -> None:
		self._changed = threading.Condition()
		self._tasks: list[_Task] = []
		self._numbers = itertools.count()
		self._awaited = 0
		self._closed = False
		self._pool = ThreadPoolExecutor(threads, thread_name_prefix="daraja-later")
		self._dispatcher = threading.Thread(target=self._dispatch, name="daraja-clockwork", daemon=True)
		self._dispatcher.start()

	def later(self, seconds: float, action: Callable[[], None], awaited: bool = True) -> None:
		"""Run the action after so many seconds; `settle` waits for it if it is awaited."""
		with self._changed:
			self._awaited += awaited
			due = time.monotonic() + seconds
			heapq.heappush(self._tasks, (due, next(self._numbers), action, awaited))
			self._changed.notify_all()

	def settle(self, timeout_s: float) -> bool:
		"""Wait until nothing that is awaited is still to happen; False if that takes too long."""
		with self._changed:
			return self._changed.wait_for(lambda: self._awaited == 0 or self._closed, timeout_s)

	def forget(self) -> None:
		"""Drop whatever has not begun."""
		with self._changed:
			self._awaited -= sum(awaited for _, _, _, awaited in self._tasks)
			self._tasks.clear()
			self._changed.notify_all()

	def close(self) -> None:
		with self._changed:
			self._closed = True
			self._changed.notify_all()
		self._dispatcher.join()
		self._pool.shutdown(wait=True, cancel_futures=True)

	def _dispatch(self) -> None:
		while (task := self._next_due()) is not None:
			_, _, action, awaited = task
			self._pool.submit(self._run, action, awaited)

	def _next_due(self) -> _Task | None:
		with self._changed:
			while not self._closed:
				wait_s = self._tasks[0][0] - time.monotonic() if self._tasks else None
				if wait_s is not None and wait_s <= 0:
					return heapq.heappop(self._tasks)
				self._changed.wait(wait_s)
			return None

	def _run(self, action: Callable[[], None], awaited: bool) -> None:
		try:
			action()
		except Exception:
			_log.exception("something that was to happen later went wrong")
		finally:
			with self._changed:
				self._awaited -= awaited
				self._changed.notify_all()
