"""One SQLite database on the event loop: the writes of one turn of the loop share a transaction.

    connection = await database.begin()
    connection.execute(...)        # at once: no await before committed() is called
    await database.committed()

Reads are statements on `connection`. They see what this process has written, committed or not yet.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from runtime.errors import StorageFault
from runtime.storage.callbacks import call_each
from runtime.storage.sqlite.checkpoints import Checkpointer
from runtime.storage.sqlite.faults import faults_of, storage_fault
from runtime.storage.sqlite.files import WAL_KEPT_BYTES, connect, held_alone, make_folder, sync_file, sync_folder
from runtime.storage.sqlite.gate import Gate
from runtime.storage.sqlite.migrations import check_ours, migrate

MAX_WRITES = 512
"""Writes that share one transaction."""
CHECKPOINT_SECONDS = 0.25
"""How long commits may wait for their checkpoint."""
WAL_CROWDED_BYTES = 16 * 1024 * 1024
"""A write-ahead log of this size gets its checkpoint at once."""
WAL_LIMIT_BYTES = 48 * 1024 * 1024
"""A write-ahead log of this size holds writes back until it has begun anew."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def _watched(method: Callable[_P, _T]) -> Callable[_P, _T]:
    """The cursor's method, of whose failure the database learns."""

    def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return method(*args, **kwargs)
        except sqlite3.Error as error:
            cursor: Any = args[0]
            if cursor.connection.on_error is None:
                raise
            raise cursor.connection.on_error(error) from error

    return call


class _Cursor(sqlite3.Cursor):
    execute = _watched(sqlite3.Cursor.execute)
    executemany = _watched(sqlite3.Cursor.executemany)
    fetchone = _watched(sqlite3.Cursor.fetchone)
    fetchall = _watched(sqlite3.Cursor.fetchall)
    __next__ = _watched(sqlite3.Cursor.__next__)  # type: ignore[arg-type] # typed there as of any iterator


class _Connection(sqlite3.Connection):
    """A connection whose statements raise what `on_error` makes of their errors, as soon as it is set."""

    on_error: Callable[[sqlite3.Error], StorageFault] | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> _Cursor:
        return self.cursor(_Cursor).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> _Cursor:
        return self.cursor(_Cursor).executemany(sql, parameters)


class _Batch:
    """The writes of one transaction, and who waits for it."""

    __slots__ = ("failed", "stored", "waiters", "writes")

    def __init__(self) -> None:
        self.writes = 0
        self.waiters: list[asyncio.Future[None]] = []
        self.stored: list[Callable[[], None]] = []
        self.failed: list[Callable[[], None]] = []

    def succeed(self) -> None:
        call_each(self.stored)
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)

    def fail(self, path: Path, error: sqlite3.Error | OSError) -> None:
        call_each(self.failed)
        for waiter in self.waiters:
            if not waiter.done():
                fault = storage_fault(path, error)
                fault.__cause__ = error
                waiter.set_exception(fault)


class Database:
    """The file, its one writer, and its checkpoints.

    With `durability` full, `committed` waits for the disk, in a worker thread for all who wait meanwhile.
    """

    def __init__(
        self, path: Path, durability: Literal["process", "full"], checkpoint_seconds: float = CHECKPOINT_SECONDS
    ) -> None:
        self._path = path
        self._full = durability == "full"
        self._checkpoint_seconds = checkpoint_seconds
        self._connection: _Connection | None = None
        self._batch: _Batch | None = None
        self.rollbacks = 0
        """How often something that was written has been undone."""
        self._unsynced: list[_Batch] = []
        self._syncing = False
        self._unsafe: sqlite3.Error | OSError | None = None
        self._clogged: sqlite3.Error | None = None
        self._gate = Gate()
        self._written = asyncio.Event()
        self._crowded = asyncio.Event()

    # ------------------------------------------------------------ opening and closing

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Opens the database for the time of the context. Raises `StorageFault` when it cannot be used."""
        self._loop = asyncio.get_running_loop()
        with ExitStack() as files:
            with faults_of(self._path):
                self._open_files(files)
            checkpoints = anyio.CancelScope()
            self._sync_thread, self._checkpoint_thread = anyio.CapacityLimiter(1), anyio.CapacityLimiter(1)
            async with anyio.create_task_group() as tasks:
                self._tasks: TaskGroup = tasks
                tasks.start_soon(self._checkpoint_forever, checkpoints)
                try:
                    yield
                finally:
                    self._commit()
                    checkpoints.cancel()
            with anyio.CancelScope(shield=True), faults_of(self._path):
                await anyio.to_thread.run_sync(self._checkpointer.empty)

    def _open_files(self, files: ExitStack) -> None:
        make_folder(self._path.parent, self._full)
        files.enter_context(held_alone(self._path))
        connection = connect(self._path, _Connection)
        files.callback(connection.close)
        connection.on_error = self._on_error
        check_ours(connection, self._path)
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        migrate(connection)
        self._checkpointer = Checkpointer(self._path)
        files.callback(self._checkpointer.close)
        self._checkpointer.empty()
        self._checkpointer.restart()
        self._wal = os.open(f"{self._path}-wal", os.O_RDONLY)
        files.callback(os.close, self._wal)
        if self._full:
            sync_folder(self._path.parent)
        self._connection = connection
        files.callback(self._forget_connection)

    def _forget_connection(self) -> None:
        self._connection = None

    # ------------------------------------------------------------ writing

    @property
    def connection(self) -> sqlite3.Connection:
        """For reads; what it raises is `StorageFault`, also while rows are fetched."""
        if self._connection is None:
            raise StorageFault(f"the database {self._path} is not open")
        return self._connection

    async def begin(self) -> sqlite3.Connection:
        """Enters the transaction of this turn of the loop; waits only while a checkpoint ends.

        Whoever begins calls `committed` before anything else is awaited. Raises `StorageFault`.
        """
        if not self._gate.is_open:
            await self._gate.wait()
        refusal = self._unsafe or self._clogged
        if refusal is not None:
            raise storage_fault(self._path, refusal) from refusal
        connection = self.connection
        if self._batch is not None and self._batch.writes >= MAX_WRITES:
            self._commit()
        if self._batch is None:
            connection.execute("BEGIN IMMEDIATE")
            self._batch = _Batch()
            self._loop.call_soon(self._commit, self._batch)
        self._batch.writes += 1
        return connection

    def committed(
        self, stored: Callable[[], None] | None = None, failed: Callable[[], None] | None = None
    ) -> Awaitable[None]:
        """Waits until the transaction is as safe as `durability` says. Raises `StorageFault` when it is not stored.

        Who stops waiting does not undo what was written. So what must follow from it, whoever still waits, is
        given as `stored`, and what must be undone as `failed`; neither may raise, and what one does raise nobody
        else suffers from.
        """
        if self._batch is None:
            raise RuntimeError("committed() is called after begin(), with no await in between")
        if stored is not None:
            self._batch.stored.append(stored)
        if failed is not None:
            self._batch.failed.append(failed)
        waiter = self._loop.create_future()
        self._batch.waiters.append(waiter)
        return waiter

    def settle(self) -> None:
        """Commits what is open now, not at the end of the turn: reads with no await in between see nothing else."""
        self._commit()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undoes the statements inside, and no others of the transaction, when anything is raised inside."""
        connection, batch = self.connection, self._batch
        connection.execute("SAVEPOINT inner")
        try:
            yield
        except BaseException:
            self.rollbacks += 1
            if batch is self._batch:  # else a fault has rolled back everything
                connection.execute("ROLLBACK TO inner")
                connection.execute("RELEASE inner")
            raise
        connection.execute("RELEASE inner")

    def _commit(self, batch: _Batch | None = None) -> None:
        """Commits the open transaction; one that is named only if it is still the open one."""
        if self._batch is None or batch not in (None, self._batch):
            return
        batch = self._batch
        try:
            self.connection.execute("COMMIT")
        except StorageFault:
            return  # on_error has told everybody
        self._batch = None
        self._watch_log()
        if self._full:
            self._unsynced.append(batch)
            if not self._syncing:
                self._syncing = True
                self._tasks.start_soon(self._sync)
        else:
            batch.succeed()

    def _on_error(self, error: sqlite3.Error) -> StorageFault:
        """Rolls the transaction back, if one is open, and tells everybody in it."""
        batch, self._batch = self._batch, None
        if batch is not None:
            self.rollbacks += 1
            self._roll_back(error)
            batch.fail(self._path, error)
        return storage_fault(self._path, error)

    def _roll_back(self, cause: sqlite3.Error) -> None:
        connection = self.connection
        if not connection.in_transaction:
            return  # SQLite has done it
        try:
            connection.execute("ROLLBACK")
        except StorageFault as error:
            cause.add_note(f"nor could the transaction be rolled back: {error}")
            self._unsafe = cause

    async def _sync(self) -> None:
        """Brings commits to the disk until there are no more; what is committed meanwhile shares the next round."""
        with anyio.CancelScope(shield=True):
            while self._unsynced:
                batches, self._unsynced = self._unsynced, []
                try:
                    if self._unsafe is not None:
                        raise self._unsafe
                    await anyio.to_thread.run_sync(sync_file, self._wal, limiter=self._sync_thread)
                except (sqlite3.Error, OSError) as error:
                    # After a failed sync the system may forget what it could not write: nothing more is safe here.
                    self._unsafe = error
                    for batch in batches:
                        batch.fail(self._path, error)
                else:
                    for batch in batches:
                        batch.succeed()
        self._syncing = False

    # ------------------------------------------------------------ checkpoints

    def _watch_log(self) -> None:
        self._written.set()
        size = os.fstat(self._wal).st_size
        if size > WAL_CROWDED_BYTES:
            self._crowded.set()
        if size > WAL_LIMIT_BYTES:
            self._gate.hold()

    async def _checkpoint_forever(self, scope: anyio.CancelScope) -> None:
        with scope:
            while True:
                await self._written.wait()
                with anyio.move_on_after(self._checkpoint_seconds):
                    await self._crowded.wait()
                self._written.clear()
                self._crowded.clear()
                await self._checkpoint()

    async def _checkpoint(self) -> None:
        try:
            size = await self._run_checkpoint(self._checkpointer.copy)
            if size > WAL_KEPT_BYTES or not self._gate.is_open:
                self._gate.hold()
                await checkpoint()  # those whose turn had come begin now
                self._commit()
                await self._run_checkpoint(self._checkpointer.restart)
            self._clogged = None
        except sqlite3.Error as error:
            # What is committed is safe in the log, which may grow to its limit while this is tried again.
            self._clogged = error if os.fstat(self._wal).st_size > WAL_LIMIT_BYTES else None
            self._written.set()
        finally:
            self._gate.release()

    async def _run_checkpoint(self, work: Callable[[], _T]) -> _T:
        return await anyio.to_thread.run_sync(work, limiter=self._checkpoint_thread)
