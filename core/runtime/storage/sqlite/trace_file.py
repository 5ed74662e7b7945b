"""The file of traces: opened whatever is found there, one connection that writes, a few that read."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from runtime.contracts import IsLeft
from runtime.errors import StorageFault
from runtime.storage.sqlite.faults import faults_of
from runtime.storage.sqlite.files import connect, held_alone, make_folder
from runtime.storage.sqlite.log_blocks import SCHEMA as LINES
from runtime.storage.sqlite.trace_rows import SCHEMA as TRACES

APPLICATION_ID = 0x72747472
"""Stands in the file's header and tells our traces from other databases."""
VERSION = 2
IDLE_READERS = 4
"""Connections for reads that are kept open; further ones are closed after use."""
_ASKED_STEPS = 1000
"""Steps of SQLite's between two looks whether somebody still waits for what is read: a few milliseconds."""
WAL_LIMIT_BYTES = 64 * 1024 * 1024
"""A write-ahead log of this size is emptied, also if reads have to end for that."""
_CHECKPOINT_PAGES = 1000
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class _Unusable(Exception):
    """What is found at the path is not a file of traces that this runtime can use."""


class Turns:
    """A lock whose owner cannot take it again before those who wait."""

    def __init__(self) -> None:
        self._next = threading.Lock()
        self._held = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for the turn, and has it for the time of the context."""
        with self._next:
            self._held.acquire()
        try:
            yield
        finally:
            self._held.release()


class TraceFile:
    """Owns the connections. What a power cut leaves of the file may be damaged: then it is begun anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warning = ""
        """What was found in place of a file of traces, and where it is now; empty where nothing was wrong."""
        self._is_open = False
        self._writer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._changing = threading.Lock()
        """Held while another file takes the place of this one: nobody is to open what is in between."""
        self._is_damaged = False
        self.beginnings = 0
        """How often a file was opened or begun: what is known of one from before does not count."""

    @contextmanager
    def open(self) -> Iterator[None]:
        """Opens the file. Raises `StorageFault` when none can be made, or another runtime has it."""
        with ExitStack() as held:
            with faults_of(self.path):
                make_folder(self.path.parent, durable=False)
                held.enter_context(held_alone(self.path))
                held.callback(self._end)
                self._begin()
                self._is_open = True
            yield

    # ------------------------------------------------------------ writing

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction on the connection that writes, all or nothing. Raises `StorageFault`."""
        with faults_of(self.path):
            connection = self._whole_writer()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException as error:
                self._is_damaged = _is_damage(error)
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def begin_anew(self) -> None:
        """Forgets all by taking another file, which needs no room on the disk first; who reads sees this one to its
        end. Raises `StorageFault`, then what comes is written to a new file as soon as there can be one."""
        with faults_of(self.path), self._changing:
            self._close()
            for ending in ("", "-wal", "-shm"):
                Path(f"{self.path}{ending}").unlink(missing_ok=True)
            self._begin()

    def give_back(self, pages: int) -> None:
        """Makes the file shorter by so many free pages. Raises `StorageFault`."""
        with faults_of(self.path):
            # As a script, for it is done page by page: a single statement would be left after the first.
            self._whole_writer().executescript(f"PRAGMA incremental_vacuum({pages})")

    def bound_log(self) -> None:
        """Empties the write-ahead log where reads that never paused have made it long."""
        with faults_of(self.path):
            log = Path(f"{self.path}-wal")
            if log.exists() and log.stat().st_size > WAL_LIMIT_BYTES:
                self._whole_writer().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _whole_writer(self) -> sqlite3.Connection:
        if not self._is_open:
            raise StorageFault(f"the database {self.path} is not open")
        with self._changing:
            if self._is_damaged:
                self._close()
                self._put_aside("it is damaged")
                self._is_damaged = False
            return self._writer or self._begin()

    # ------------------------------------------------------------ reading

    @contextmanager
    def reading(self, is_left: IsLeft | None = None) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the file, in any thread. Raises `StorageFault`, also where `is_left`."""
        with faults_of(self.path):
            with self._changing:
                writer = self._writer
                if writer is None:
                    raise StorageFault(f"the database {self.path} is not open")
                connection = self._idle.pop() if self._idle else self._reader()
            try:
                connection.set_progress_handler(is_left, _ASKED_STEPS)
                connection.execute("BEGIN")
                yield connection
            except sqlite3.Error as error:
                self._is_damaged = self._is_damaged or _is_damage(error)
                raise
            finally:
                connection.set_progress_handler(None, 0)
                connection.execute("ROLLBACK")
                with self._changing:
                    is_kept = writer is self._writer and len(self._idle) < IDLE_READERS
                    if is_kept:
                        self._idle.append(connection)
                if not is_kept:
                    connection.close()

    def _reader(self) -> sqlite3.Connection:
        connection = connect(self.path, sqlite3.Connection)
        connection.execute("PRAGMA query_only = ON")
        return connection

    # ------------------------------------------------------------ opening

    def _begin(self) -> sqlite3.Connection:
        if self.path.is_dir():
            raise StorageFault(
                f"{self.path} is a folder, where traces are to be kept in a file of this name",
                "move it away or remove it; a new file begins then",
            )
        try:
            writer = _opened(self.path)
        except (sqlite3.DatabaseError, _Unusable) as error:
            if not isinstance(error, _Unusable) and not _is_damage(error):
                raise
            self._put_aside(str(error))
            writer = _opened(self.path)
        self._writer = writer
        self._is_damaged = False
        self.beginnings += 1
        return writer

    def _put_aside(self, why: str) -> None:
        aside = Path(f"{self.path}.damaged")
        for ending in ("", "-wal"):
            Path(f"{aside}{ending}").unlink(missing_ok=True)
            if os.path.exists(f"{self.path}{ending}"):
                os.replace(f"{self.path}{ending}", f"{aside}{ending}")
        Path(f"{self.path}-shm").unlink(missing_ok=True)
        self.warning = f"the traces in {self.path} cannot be used ({why}) and are now in {aside.name}; new ones begin"

    def _end(self) -> None:
        self._is_open = False
        with self._changing:
            self._close()

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        while self._idle:
            self._idle.pop().close()
        if writer is not None:
            writer.close()


def _opened(path: Path) -> sqlite3.Connection:
    """The connection that writes, with the tables in place."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # what handlers were given is nobody else's business
    connection = connect(path, sqlite3.Connection)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    is_new = not (application or version or tables)
    if not is_new and application != APPLICATION_ID:
        raise _Unusable("it belongs to another program")
    if not is_new and version != VERSION:
        raise _Unusable(f"it has version {version}, this runtime writes {VERSION}")
    if is_new:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL").fetchall()
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    # A power cut may take traces along: nothing is worth a wait for the disk here.
    connection.execute("PRAGMA synchronous = OFF").fetchall()
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}").fetchall()
    if is_new:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{TRACES}\n{LINES}\n"
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
        )
    _look(connection)


def _look(connection: sqlite3.Connection) -> None:
    """Raises where a table is not as it should be; what is damaged further inside is met later."""
    found = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not found >= {"traces", "spans", "lines", "places"}:
        raise _Unusable("tables are missing")
    for table in ("traces", "spans", "lines", "places"):
        for end in ("min", "max"):  # both in one statement would look at every row
            connection.execute(f"SELECT {end}(rowid) FROM {table}").fetchall()


def _is_damage(error: BaseException) -> bool:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _DAMAGE
