"""The stores in memory that belong together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from runtime.config import BusSettings
from runtime.contracts import Clock
from runtime.records import Delivery, Publication, StateClear, StateWrite, StreamWrite, Write, Written
from runtime.storage.memory.cron import MemoryCronLock
from runtime.storage.memory.events import MemoryEventBus
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.memory.streams import MemoryStreamStore


class MemoryEngine:
    """The engine that lives and dies with the process."""

    def __init__(self, clock: Clock, settings: BusSettings) -> None:
        self.events = MemoryEventBus(clock, settings.max_queue_length, settings.idempotency_window)
        self.state = MemoryStateStore()
        self.streams = MemoryStreamStore()
        self.cron = MemoryCronLock(self.events)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Nothing to open or close: memory is there."""
        yield

    async def commit(self, writes: Sequence[Write], done: Delivery | None = None) -> Sequence[Written]:
        """Carries out all writes, in order, and acknowledges the delivery; when one is refused, none is done."""
        undo: list[Callable[[], None]] = []
        publish: list[Callable[[], None]] = []
        try:
            written = [self._write(write, undo, publish) for write in writes]
        except BaseException:
            for restore in reversed(undo):
                restore()
            raise
        for enter in publish:
            enter()
        if done is not None:
            self.events.forget(done)
        return written

    def _write(self, write: Write, undo: list[Callable[[], None]], publish: list[Callable[[], None]]) -> Written:
        if isinstance(write, Publication):
            event_id, enter = self.events.prepare(write)
            publish.append(enter)
            return Written(event_id=event_id)
        if isinstance(write, StreamWrite):
            undo.append(self.streams.snapshot(write.stream, write.group))
            return self.streams.apply(write)
        undo.append(self.state.snapshot(write.group))
        if isinstance(write, StateClear):
            self.state.forget(write.group)
            return Written()
        assert isinstance(write, StateWrite)
        return self.state.apply(write)
