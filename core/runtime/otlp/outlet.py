"""A thread that sends: what comes faster than it can, or while the collector is away, is dropped and told of."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_WAITING = 16_384
"""Spans or lines that wait to be sent."""
BATCH = 512
"""Those that are sent together."""
_LIBRARY = "opentelemetry"


class Outlet(Generic[T]):
    """What waits to be sent of one signal; never holds up who adds to it."""

    def __init__(
        self, what: str, endpoint: str, send: Callable[[Sequence[T]], bool], tell: Callable[[str], None]
    ) -> None:
        """`send` may take long, and returns whether it was sent; `tell` takes a warning, in the thread."""
        self._what = what
        self._endpoint = endpoint
        self._send = send
        self._tell = tell
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._is_ending = False
        self._dropped = 0
        self._is_away = False
        self._thread = threading.Thread(target=self._run, name=f"otlp {what}", daemon=True)

    def start(self) -> None:
        """Begins to send."""
        logging.getLogger(_LIBRARY).addHandler(logging.NullHandler())  # what nobody hears is not printed either
        self._thread.start()

    def add(self, items: Sequence[T]) -> None:
        """Has these sent; what there is no room for is dropped."""
        if not items:
            return
        with self._changed:
            room = MOST_WAITING - len(self._waiting)
            self._waiting.extend(islice(items, room))
            self._dropped += max(0, len(items) - room)
            self._changed.notify()

    def finish(self, seconds: float) -> None:
        """Sends what waits, in so long at most; blocks."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        while batch := self._next():
            try:
                with _Heard() as reasons:
                    was_sent = self._send(batch)
            except Exception as error:  # of a library that must not fail what it looks at
                was_sent, reasons = False, [repr(error)]
            self._note(was_sent, reasons)

    def _next(self) -> list[T]:
        """A batch once there is something, an empty one at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_ending)
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _note(self, was_sent: bool, reasons: Sequence[str]) -> None:
        """Says once that nothing can be sent, until it can again; and what was dropped meanwhile."""
        if not was_sent and not self._is_away:
            why = f": {reasons[-1]}" if reasons else ""
            self._tell(f"{self._what} cannot be sent to {self._endpoint}{why}; they are kept here all the same")
        self._is_away = not was_sent
        with self._changed:
            dropped = self._dropped if was_sent else 0
            self._dropped -= dropped
        if dropped:
            self._tell(f"{dropped} {self._what} came faster than they can be sent to {self._endpoint}, and were not")


class _Heard(logging.Handler):
    """Keeps what the library would print of its failures, in the thread that it is opened in."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._of = threading.get_ident()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._of:
            self.messages.append(record.getMessage())

    def __enter__(self) -> list[str]:
        logger = logging.getLogger(_LIBRARY)
        logger.propagate = False
        logger.addHandler(self)
        return self.messages

    def __exit__(self, *_: object) -> None:
        logging.getLogger(_LIBRARY).removeHandler(self)
