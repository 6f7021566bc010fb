"""An event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any


class LoopThread:
	"""Runs from the moment it is made until `stop`."""

	def __init__(self, name: str) -> None:
		self._loop = asyncio.new_event_loop()
		self._thread = threading.Thread(target=self._run, name=name, daemon=True)
		self._thread.start()

	def do(self, action: Callable[[], Any]) -> None:
		"""Does something in the loop (awaiting what is to be awaited), and waits until it is done."""

		async def act() -> None:
			result = action()
			if inspect.isawaitable(result):
				await result

		asyncio.run_coroutine_threadsafe(act(), self._loop).result()

	def soon(self, action: Callable[[], object]) -> None:
		"""Has something done in the loop, without waiting."""
		self._loop.call_soon_threadsafe(action)

	def stop(self) -> None:
		"""Ends the loop and its thread."""
		self._loop.call_soon_threadsafe(self._loop.stop)
		self._thread.join()

	def _run(self) -> None:
		self._loop.run_forever()
		self._loop.run_until_complete(self._loop.shutdown_asyncgens())
		self._loop.close()
