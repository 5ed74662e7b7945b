"""Stream items in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from runtime.config import StreamSettings
from runtime.contracts import Clock
from runtime.records import Group, StreamWrite, Written
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.names import column_of, name_of
from runtime.storage.writes import PRUNED_ITEMS, is_change

# `place` grows with each new item, which makes it the insertion order.
_FIND = "SELECT place, item FROM stream_items WHERE stream = ? AND group_id = ? AND id = ?"
_INSERT = "INSERT INTO stream_items (stream, group_id, id, item) VALUES (?, ?, ?, ?)"
_REPLACE = "UPDATE stream_items SET item = ? WHERE place = ?"
_DELETE = "DELETE FROM stream_items WHERE place = ?"
_ITEMS = """SELECT item FROM stream_items
    WHERE place IN (SELECT place FROM stream_items WHERE stream = ? AND group_id = ?) ORDER BY place"""
_GROUPS = "SELECT group_id, count(*) FROM stream_items WHERE stream = ? GROUP BY group_id ORDER BY group_id LIMIT ?"
_GROUPS_BEHIND = """SELECT group_id, count(*) FROM stream_items WHERE stream = ? AND group_id > ?
    GROUP BY group_id ORDER BY group_id LIMIT ?"""
_DELETED = "SELECT deleted FROM deleted_items WHERE stream = ? AND group_id = ? AND id = ?"
_REMEMBER = "INSERT OR REPLACE INTO deleted_items (stream, group_id, id, deleted) VALUES (?, ?, ?, ?)"
# Here `place` numbers the deletes, so that nothing needs to be counted: no more items than numbers are kept.
_PRUNE = f"""DELETE FROM deleted_items
    WHERE place IN (SELECT place FROM deleted_items ORDER BY place LIMIT {PRUNED_ITEMS})
    AND (deleted <= ? OR place <= (SELECT max(place) FROM deleted_items) - ?)"""

_Names = tuple[str | bytes, str | bytes, str | bytes]


class SqliteStreamStore:
    """Stream items that outlive the process."""

    def __init__(self, database: Database, clock: Clock, settings: StreamSettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        """The item, or None."""
        row = self._database.connection.execute(_FIND, _names(stream, group, id)).fetchone()
        item: bytes | None = None if row is None else row[1]
        return item

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        """The group's items in insertion order."""
        rows = self._database.connection.execute(_ITEMS, (column_of(stream), column_of(group)))
        return [item for (item,) in rows]

    async def groups(self, stream: str, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups, in the order of their names; those that are no valid Unicode come last."""
        connection, name = self._database.connection, column_of(stream)
        if after is None:
            rows = connection.execute(_GROUPS, (name, limit))
        else:
            rows = connection.execute(_GROUPS_BEHIND, (name, column_of(after), limit))
        return [Group(name_of(group), items) for group, items in rows]

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        """True for an item that is not there but was, not longer ago than `streams.keepDeleted`."""
        if await self.get(stream, group, id) is not None:
            return False
        row = self._database.connection.execute(_DELETED, _names(stream, group, id)).fetchone()
        return row is not None and self._clock.now() < row[0] + self._settings.keep_deleted

    def settle(self) -> None:
        """Makes what is written so far last or fail now."""
        self._database.settle()

    async def write(self, write: StreamWrite) -> Written:
        """Changes one item."""
        written = self.apply(await self._database.begin(), write)
        told = write.told if is_change(write, written) else None
        # Not behind the wait: whoever writes may be gone before the commit, and the item is stored all the same.
        await self._database.committed(None if told is None else lambda: told(written))
        return written

    def apply(self, connection: sqlite3.Connection, write: StreamWrite) -> Written:
        """Changes one item in the open transaction; what the change raises leaves it as it was."""
        names = _names(write.stream, write.group, write.id)
        place, before = connection.execute(_FIND, names).fetchone() or (None, None)
        written = Written(before, write.change(before))
        if is_change(write, written):
            self._store(connection, names, place, written.after)
        return written

    def _store(self, connection: sqlite3.Connection, names: _Names, place: int | None, item: bytes | None) -> None:
        if place is None:
            connection.execute(_INSERT, (*names, item))
        elif item is None:
            connection.execute(_DELETE, (place,))
            self._remember(connection, names)
        else:
            connection.execute(_REPLACE, (item, place))

    def _remember(self, connection: sqlite3.Connection, names: _Names) -> None:
        now = self._clock.now()
        connection.execute(_REMEMBER, (*names, now))
        connection.execute(_PRUNE, (now - self._settings.keep_deleted, self._settings.max_deleted))


def _names(stream: str, group: str, id: str) -> _Names:
    return column_of(stream), column_of(group), column_of(id)
