"""Text streams in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from runtime.records import Text
from runtime.storage.sqlite import text_rows as rows
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.names import column_of
from runtime.storage.texts import beginning, check_room


class _Found(NamedTuple):
    place: int
    length: int
    closed: int
    began: int


class SqliteTextStore:
    """Text streams that outlive the process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(
        self, id: str, data: bytes, now: float, max_bytes: int, told: Callable[[], None] | None = None
    ) -> int:
        """Adds to the end of a text."""
        connection = await self._database.begin()
        found = self._find(connection, id)
        length, closed = (found.length, found.closed) if found is not None else (0, 0)
        end = check_room(id, length, bool(closed), len(data), max_bytes)
        place = (found or self._start(connection, id, now)).place
        self._put(connection, place, length, data)
        connection.execute(rows.GROW, (end, now, place))
        await self._database.committed(told)
        return end

    async def close(self, id: str, now: float, told: Callable[[], None] | None = None) -> bool:
        """Closes a text."""
        connection = await self._database.begin()
        found = self._find(connection, id) or self._start(connection, id, now)
        if not found.closed:
            connection.execute(rows.CLOSE, (now, found.place))
        await self._database.committed(None if found.closed else told)
        return not found.closed

    async def read(self, id: str, start: int, max_bytes: int) -> Text | None:
        """At most so many bytes from an offset on, or None."""
        connection = self._database.connection
        found = self._find(connection, id)
        if found is None:
            return None
        start = min(start, found.length)
        first, skipped = divmod(start, rows.CHUNK_BYTES)
        chunks = connection.execute(
            rows.CHUNKS, (found.place, first, first + (skipped + max_bytes) // rows.CHUNK_BYTES)
        )
        data = b"".join(chunk for (chunk,) in chunks)[skipped : skipped + max_bytes]
        return Text(data, start + len(data), bool(found.closed), found.began)

    async def forget(self, before: float, limit: int) -> int:
        """Removes at most so many texts that nothing was written to since."""
        connection = await self._database.begin()
        places = connection.execute(rows.OLDEST, (before, limit)).fetchall()
        connection.executemany(rows.REMOVE_CHUNKS, places)
        connection.executemany(rows.REMOVE, places)
        await self._database.committed()
        return len(places)

    def _put(self, connection: sqlite3.Connection, place: int, length: int, data: bytes) -> None:
        """Fills the last chunk and puts what is over into new ones."""
        first, used = divmod(length, rows.CHUNK_BYTES)
        if used:
            (last,) = connection.execute(rows.CHUNKS, (place, first, first)).fetchone()
            data = last + data
        for number, begin in enumerate(range(0, len(data), rows.CHUNK_BYTES), first):
            connection.execute(rows.PUT, (place, number, data[begin : begin + rows.CHUNK_BYTES]))

    def _find(self, connection: sqlite3.Connection, id: str) -> _Found | None:
        row = connection.execute(rows.FIND, (column_of(id),)).fetchone()
        return None if row is None else _Found(*row)

    def _start(self, connection: sqlite3.Connection, id: str, now: float) -> _Found:
        began = beginning(now)
        place = connection.execute(rows.BEGIN, (column_of(id), now, began)).lastrowid
        assert place is not None
        return _Found(place, 0, 0, began)
