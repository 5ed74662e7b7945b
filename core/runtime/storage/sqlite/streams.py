"""Stream items in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from runtime.records import StreamWrite, Written
from runtime.storage.sqlite.changes import Statements, apply_change
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.names import column_of

# `place` grows with each new item, which makes it the insertion order.
_CHANGE = Statements(
    find="SELECT place, item FROM stream_items WHERE stream = ? AND group_id = ? AND id = ?",
    insert="INSERT INTO stream_items (stream, group_id, id, item) VALUES (?, ?, ?, ?)",
    replace="UPDATE stream_items SET item = ? WHERE place = ?",
    delete="DELETE FROM stream_items WHERE place = ?",
)
_GET = "SELECT item FROM stream_items WHERE stream = ? AND group_id = ? AND id = ?"
_ITEMS = """SELECT item FROM stream_items
    WHERE place IN (SELECT place FROM stream_items WHERE stream = ? AND group_id = ?) ORDER BY place"""


class SqliteStreamStore:
    """Stream items that outlive the process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None."""
        names = column_of(stream), column_of(group), column_of(id)
        row: tuple[bytes] | None = self._database.connection.execute(_GET, names).fetchone()
        return row[0] if row is not None else None

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""
        rows = self._database.connection.execute(_ITEMS, (column_of(stream), column_of(group)))
        return [item for (item,) in rows]

    async def write(self, write: StreamWrite) -> Written:
        """Changes one item."""
        written = self.apply(await self._database.begin(), write)
        await self._database.committed()
        return written

    def apply(self, connection: sqlite3.Connection, write: StreamWrite) -> Written:
        """Changes one item in the open transaction; what the change raises leaves it as it was."""
        names = column_of(write.stream), column_of(write.group), column_of(write.id)
        return apply_change(connection, _CHANGE, names, write.change)
