"""The stores in one SQLite database."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import anyio

from runtime.config import BusSettings
from runtime.contracts import Clock
from runtime.errors import StorageFault
from runtime.records import Delivery, Publication, StateClear, StreamWrite, Write, Written
from runtime.storage.sqlite.cron import SqliteCronLock
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.events import MARK_SECONDS, Placed, SqliteEventBus
from runtime.storage.sqlite.state import SqliteStateStore
from runtime.storage.sqlite.streams import SqliteStreamStore


class SqliteEngine:
    """The engine that outlives the process: one file, no server."""

    def __init__(self, path: Path, clock: Clock, settings: BusSettings, durability: Literal["process", "full"]) -> None:
        self._database = Database(path, durability)
        self.events = SqliteEventBus(
            self._database, clock, settings.max_queue_length, settings.idempotency_window, settings.max_cached_bytes
        )
        self.state = SqliteStateStore(self._database)
        self.streams = SqliteStreamStore(self._database)
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
        placed: list[Placed] = []
        with self._database.savepoint():
            written = [self._write(connection, write, placed.append) for write in writes]
            if done is not None:
                self.events.delete(connection, done)

        def stored() -> None:
            for made in placed:
                self.events.entered(made)
            if done is not None:
                self.events.settled(done)

        await self._database.committed(stored)
        return written

    def _write(self, connection: sqlite3.Connection, write: Write, placed: Callable[[Placed], None]) -> Written:
        if isinstance(write, Publication):
            made = self.events.place(connection, write)
            placed(made)
            return Written(event_id=made.id)
        if isinstance(write, StreamWrite):
            return self.streams.apply(connection, write)
        if isinstance(write, StateClear):
            self.state.forget(connection, write.group)
            return Written()
        return self.state.apply(connection, write)

    async def _mark(self) -> None:
        while True:
            await anyio.sleep(MARK_SECONDS)
            with contextlib.suppress(StorageFault):  # who settles the delivery says it, and the mark is tried again
                await self.events.mark()
