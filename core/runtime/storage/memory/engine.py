"""The stores in memory that belong together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from runtime.config import BusSettings, StreamSettings
from runtime.contracts import Clock
from runtime.records import Delivery, Write, Written
from runtime.storage.commits import Commit
from runtime.storage.memory.cron import MemoryCronLock
from runtime.storage.memory.events import MemoryEventBus
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.memory.streams import MemoryStreamStore
from runtime.storage.memory.texts import MemoryTextStore
from runtime.storage.memory.transaction import MemoryTransaction


class MemoryEngine:
    """The engine that lives and dies with the process."""

    def __init__(self, clock: Clock, settings: BusSettings, streams: StreamSettings | None = None) -> None:
        """Without settings of streams they are the defaults."""
        self.events = MemoryEventBus(clock, settings.max_queue_length, settings.idempotency_window)
        self.state = MemoryStateStore(clock)
        self.streams = MemoryStreamStore(clock, streams or StreamSettings())
        self.texts = MemoryTextStore()
        self.cron = MemoryCronLock(self.events)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Nothing to open or close: memory is there."""
        yield

    async def commit(self, writes: Sequence[Write], done: Delivery | None = None) -> Sequence[Written]:
        """Carries out all writes, in order, and acknowledges the delivery; when one is refused, none is done."""
        transaction = MemoryTransaction(self.events, self.state, self.streams)
        commit = Commit(transaction)
        try:
            written = [commit.carry_out(write) for write in writes]
        except BaseException:
            transaction.undo()
            raise
        transaction.stored()
        commit.stored()
        if done is not None:
            self.events.forget(done)
        return written
