"""The stores in one SQLite database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import anyio

from runtime.config import BusSettings, StreamSettings
from runtime.contracts import Clock
from runtime.errors import StorageFault
from runtime.records import Delivery, Write, Written
from runtime.storage.commits import Commit
from runtime.storage.sqlite.cron import SqliteCronLock
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.events import MARK_SECONDS, SqliteEventBus
from runtime.storage.sqlite.state import SqliteStateStore
from runtime.storage.sqlite.streams import SqliteStreamStore
from runtime.storage.sqlite.texts import SqliteTextStore
from runtime.storage.sqlite.transaction import SqliteTransaction


class SqliteEngine:
    """The engine that outlives the process: one file, no server."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        settings: BusSettings,
        durability: Literal["process", "full"],
        streams: StreamSettings | None = None,
    ) -> None:
        """Without settings of streams they are the defaults."""
        self._database = Database(path, durability)
        self.events = SqliteEventBus(
            self._database, clock, settings.max_queue_length, settings.idempotency_window, settings.max_cached_bytes
        )
        self.state = SqliteStateStore(self._database, clock)
        self.streams = SqliteStreamStore(self._database, clock, streams or StreamSettings())
        self.texts = SqliteTextStore(self._database)
        self.cron = SqliteCronLock(self._database, self.events)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Opens the database and reads what waits. Raises `StorageFault`."""
        async with self._database.open():
            self.events.load()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._mark)
                yield
                tasks.cancel_scope.cancel()

    async def commit(self, writes: Sequence[Write], done: Delivery | None = None) -> Sequence[Written]:
        """Carries out all writes, in order, and acknowledges the delivery, in one transaction."""
        connection = await self._database.begin()
        commit = Commit(SqliteTransaction(connection, self.events, self.state, self.streams))
        with self._database.savepoint():
            written = [commit.carry_out(write) for write in writes]
            if done is not None:
                self.events.delete(connection, done)

        def stored() -> None:
            commit.stored()
            if done is not None:
                self.events.settled(done)

        await self._database.committed(stored)
        return written

    async def _mark(self) -> None:
        while True:
            await self.events.are_unmarked.wait()
            await anyio.sleep(MARK_SECONDS)
            with contextlib.suppress(StorageFault):  # who settles the delivery says it, and the mark is tried again
                await self.events.mark()
