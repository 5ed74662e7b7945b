"""Many deadlines on few timers: a timer of the event loop for each costs more than the rest of its bookkeeping."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Grace:
    """How long a stop may take in all, whichever parts share it: whole until it begins, then what is left of it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = math.inf

    def begin(self) -> None:
        """Counts from now on; called again it goes on counting."""
        self._end = min(self._end, asyncio.get_running_loop().time() + self._seconds)

    @property
    def left(self) -> float:
        """Seconds that are left, never less than none."""
        return max(0.0, min(self._seconds, self._end - asyncio.get_running_loop().time()))


class Deadlines(Generic[K]):
    """What has one timeout expires in the order in which it began: one timer each timeout, for its oldest."""

    def __init__(self, expire: Callable[[K], None]) -> None:
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._due: dict[float, dict[K, float]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}

    def add(self, key: K, timeout: float) -> None:
        """Calls `expire` with the key after the timeout (seconds), unless it is removed before."""
        due = self._due.get(timeout)
        if due is None:
            due = self._due[timeout] = {}
            self._wait(timeout, timeout)
        due[key] = self._loop.time() + timeout

    def remove(self, key: K, timeout: float) -> None:
        """Takes back what `add` was told with the same words; without effect when it has expired."""
        due = self._due.get(timeout)
        if due is not None:
            due.pop(key, None)

    def clear(self) -> None:
        """Takes back everything: nothing expires, and no timer keeps what would have heard of it."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for due in self._due.values():
            due.clear()
        self._due.clear()

    def _wait(self, timeout: float, seconds: float) -> None:
        self._timers[timeout] = self._loop.call_later(seconds, self._ring, timeout)

    def _ring(self, timeout: float) -> None:
        due = self._due[timeout]
        now = self._loop.time()
        while due:
            key, moment = next(iter(due.items()))
            if moment > now:
                self._wait(timeout, moment - now)
                return
            del due[key]
            try:
                self._expire(key)
            except Exception as error:  # the others of this timeout have no other timer
                self._loop.call_exception_handler({"message": "a deadline could not be minded", "exception": error})
        if self._due.get(timeout) is due:  # else it was cleared meanwhile, and perhaps begun anew
            del self._due[timeout], self._timers[timeout]
