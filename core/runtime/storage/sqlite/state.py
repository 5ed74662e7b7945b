"""State in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from runtime.records import StateWrite, Written
from runtime.storage.sqlite.changes import Statements, apply_change
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.names import column_of, name_of

# `place` grows with each new key, which makes it the insertion order.
_CHANGE = Statements(
    find="SELECT place, value FROM state WHERE group_id = ? AND key = ?",
    insert="INSERT INTO state (group_id, key, value) VALUES (?, ?, ?)",
    replace="UPDATE state SET value = ? WHERE place = ?",
    delete="DELETE FROM state WHERE place = ?",
)
_GET = "SELECT value FROM state WHERE group_id = ? AND key = ?"
_CLEAR = "DELETE FROM state WHERE group_id = ?"
_KEYS = "SELECT key FROM state WHERE group_id = ? ORDER BY place"
_VALUES = "SELECT value FROM state WHERE place IN (SELECT place FROM state WHERE group_id = ?) ORDER BY place"


class SqliteStateStore:
    """State that outlives the process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None."""
        names = column_of(group), column_of(key)
        row: tuple[bytes] | None = self._database.connection.execute(_GET, names).fetchone()
        return row[0] if row is not None else None

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""
        return [value for (value,) in self._database.connection.execute(_VALUES, (column_of(group),))]

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""
        return [name_of(key) for (key,) in self._database.connection.execute(_KEYS, (column_of(group),))]

    async def write(self, write: StateWrite) -> Written:
        """Changes one value."""
        written = self.apply(await self._database.begin(), write)
        await self._database.committed()
        return written

    async def clear(self, group: str) -> None:
        """Removes the whole group."""
        self.forget(await self._database.begin(), group)
        await self._database.committed()

    def apply(self, connection: sqlite3.Connection, write: StateWrite) -> Written:
        """Changes one value in the open transaction; what the change raises leaves it as it was."""
        names = column_of(write.group), column_of(write.key)
        return apply_change(connection, _CHANGE, names, write.change)

    def forget(self, connection: sqlite3.Connection, group: str) -> None:
        """Removes a group in the open transaction."""
        connection.execute(_CLEAR, (column_of(group),))
