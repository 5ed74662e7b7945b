"""Many deadlines on few timers: a timer of the event loop for each run costs more than the rest of its bookkeeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Deadlines:
    """Runs of one timeout expire in the order in which they began: one timer each timeout, for its oldest run."""

    def __init__(self, expire: Callable[[int], None]) -> None:
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._due: dict[float, dict[int, float]] = {}

    def add(self, id: int, timeout: float) -> None:
        """Calls `expire` with the id after the timeout (seconds), unless it is removed before."""
        due = self._due.get(timeout)
        if due is None:
            due = self._due[timeout] = {}
            self._loop.call_later(timeout, self._ring, timeout)
        due[id] = self._loop.time() + timeout

    def remove(self, id: int, timeout: float) -> None:
        """Takes back what `add` was told with the same words; without effect when it has expired."""
        self._due.get(timeout, {}).pop(id, None)

    def _ring(self, timeout: float) -> None:
        due = self._due[timeout]
        now = self._loop.time()
        while due:
            id, moment = next(iter(due.items()))
            if moment > now:
                self._loop.call_later(moment - now, self._ring, timeout)
                return
            del due[id]
            self._expire(id)
        del self._due[timeout]
