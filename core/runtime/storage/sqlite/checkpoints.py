"""Copies the write-ahead log into the database file; made to be called in a worker thread, one call at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from runtime.storage.sqlite.files import PAGE_BYTES, connect

_FRAME_BYTES = PAGE_BYTES + 24


class Checkpointer:
    """Two connections: one copies, the other pins the log so that only `restart` can begin it anew.

    The first commit into a log that begins anew waits for the disk; without the pin it could be one on the event
    loop, whenever a copy happens to be complete.
    """

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, sqlite3.Connection)
        self._pin = connect(path, sqlite3.Connection)

    def copy(self) -> int:
        """Copies what is committed while others go on; returns the bytes of the log that are in use.

        To be called only after a commit since the last call: then the pin can be renewed safely.
        """
        self._renew_pin()
        return self._copy()

    def restart(self) -> None:
        """Copies the rest and begins the log anew; nothing may write meanwhile."""
        self._release_pin()
        self._copy()
        self._write()
        self._renew_pin()

    def empty(self) -> None:
        """Copies everything and cuts the log to nothing; nobody else may use the database meanwhile."""
        self._release_pin()
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Closes both connections."""
        self._pin.close()
        self._connection.close()

    def _copy(self) -> int:
        _, frames, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(frames) * _FRAME_BYTES

    def _write(self) -> None:
        """Commits something that changes nothing: the version, as it is."""
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        self._connection.execute(f"PRAGMA user_version = {version}")

    def _renew_pin(self) -> None:
        self._release_pin()
        self._pin.execute("BEGIN")
        self._pin.execute("SELECT count(*) FROM sqlite_schema").fetchall()

    def _release_pin(self) -> None:
        if self._pin.in_transaction:
            self._pin.execute("ROLLBACK")
