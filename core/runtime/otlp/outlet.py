"""A thread that sends: what comes faster than it can, or while the collector is away, is dropped, counted and told."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_WAITING = 16_384
"""Spans or lines that wait to be sent."""
BATCH = 512
"""Those that are sent together."""
TELL_SECONDS = 60.0
"""How long the same is not told again."""


class Unsent(Exception):
    """A batch that was not sent; the text says why, and holds no secret."""


class Outlet(Generic[T]):
    """What waits to be sent of one signal; never holds up who adds to it."""

    def __init__(
        self,
        what: str,
        endpoint: str,
        send: Callable[[Sequence[T]], None],
        tell: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`endpoint` is as it may be shown. `send` may take long, and raises `Unsent`; `tell` takes a warning, in any
        thread."""
        self._what = what
        self._endpoint = endpoint
        self._send = send
        self._tell = tell
        self._now = now
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._is_ending = False
        self._untold = 0
        self._is_away_told = False
        self._told_away = self._told_drops = -TELL_SECONDS
        self._thread = threading.Thread(target=self._run, name=f"otlp {what}", daemon=True)
        self.dropped = 0
        """Those that were not sent and will not be, since the start."""

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    def add(self, items: Sequence[T]) -> None:
        """Has these sent; what there is no room for is dropped."""
        if not items:
            return
        with self._changed:
            room = MOST_WAITING - len(self._waiting)
            self._waiting.extend(islice(items, room))
            self._drop(len(items) - room)
            self._changed.notify()
        if len(items) > room:
            self._tell_of_drops()

    def finish(self, seconds: float) -> None:
        """Sends what waits, in so long at most, and drops the rest; blocks."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self._thread.join(seconds)
        with self._changed:
            self._drop(len(self._waiting))
            self._waiting.clear()
        self._tell_of_drops(at_once=True)

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._send(batch)
            except Unsent as error:
                self._failed(batch, str(error))
            except Exception as error:  # of a library that must not fail what it looks at, and may quote a secret
                self._failed(batch, type(error).__name__)
            else:
                self._is_away_told = False
                self._tell_of_drops()

    def _next(self) -> list[T]:
        """A batch once there is something, an empty one at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_ending)
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _failed(self, batch: Sequence[T], why: str) -> None:
        """Says once that nothing can be sent, until it can again."""
        with self._changed:
            self._drop(len(batch))
        if self._is_away_told or self._now() - self._told_away < TELL_SECONDS:
            return
        self._is_away_told, self._told_away = True, self._now()
        reason = f": {why}" if why else ""
        self._tell(f"{self._what} cannot be sent to {self._endpoint}{reason}; they are kept here all the same")

    def _drop(self, count: int) -> None:
        self.dropped += max(0, count)
        self._untold += max(0, count)

    def _tell_of_drops(self, *, at_once: bool = False) -> None:
        with self._changed:
            if not self._untold or (not at_once and self._now() - self._told_drops < TELL_SECONDS):
                return
            count, self._untold, self._told_drops = self._untold, 0, self._now()
        why = "they came faster than it takes them, or it took none"
        self._tell(f"{count} {self._what} were not sent to {self._endpoint}: {why}")
