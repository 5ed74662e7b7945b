"""State in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from runtime.contracts import Clock
from runtime.records import Entry, Follow, Group, StateClear, StateWrite, Written
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.names import column_of, name_of
from runtime.storage.sqlite.versions import Versions
from runtime.storage.writes import check_version, is_change

# `place` grows with each new key, which makes it the insertion order. What stands behind a long value in its row is
# slow to reach: lists of names find the values whose time is over by the index of those alone.
_FIND = "SELECT place, value, version, until FROM state WHERE group_id = ? AND key = ?"
_INSERT = "INSERT INTO state (group_id, key, value, version, until) VALUES (?, ?, ?, ?, ?)"
_REPLACE = "UPDATE state SET value = ?, version = ? WHERE place = ?"
_REPLACE_WITH_END = "UPDATE state SET value = ?, version = ?, until = ? WHERE place = ?"
_DELETE = "DELETE FROM state WHERE place = ?"
_GET = "SELECT value, until FROM state WHERE group_id = ? AND key = ?"
_STAYS = "place NOT IN (SELECT place FROM state WHERE until > 0 AND until <= ?)"
_KEYS = f"SELECT key FROM state WHERE group_id = ? AND {_STAYS} ORDER BY place"
_VALUES = f"""SELECT value FROM state
    WHERE place IN (SELECT place FROM state WHERE group_id = ? AND {_STAYS}) ORDER BY place"""
_GROUPS = f"SELECT group_id, count(*) FROM state WHERE {_STAYS} GROUP BY group_id ORDER BY group_id LIMIT ?"
_GROUPS_BEHIND = f"""SELECT group_id, count(*) FROM state
    WHERE group_id > ? AND {_STAYS} GROUP BY group_id ORDER BY group_id LIMIT ?"""
_ALL = "SELECT key, value FROM state WHERE place IN (SELECT place FROM state WHERE group_id = ?) ORDER BY place"
_CLEAR = "DELETE FROM state WHERE group_id = ?"
_ENDING = "SELECT min(until) FROM state WHERE until > 0"
_ENDED = "SELECT group_id, key FROM state WHERE until > 0 AND until <= ? ORDER BY until LIMIT ?"

_Row = tuple[int, bytes | None, int, float]
_NO_ROW: _Row = (0, None, 0, 0.0)
Removed = Callable[[Written], None]
"""Hears of a value that was removed because its time was over."""


class SqliteStateStore:
    """State that outlives the process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._versions = Versions(database, clock)

    async def get(self, group: str, key: str) -> bytes | None:
        """The value, or None."""
        names = column_of(group), column_of(key)
        row: tuple[bytes, float] | None = self._database.connection.execute(_GET, names).fetchone()
        return None if row is None or self._is_over(row[1]) else row[0]

    async def entry(self, group: str, key: str) -> Entry | None:
        """The value with its version, or None."""
        names = column_of(group), column_of(key)
        _, value, version, until = self._database.connection.execute(_FIND, names).fetchone() or _NO_ROW
        return None if value is None or self._is_over(until) else Entry(value, version, until)

    async def values(self, group: str) -> Sequence[bytes]:
        """The group's values in insertion order."""
        rows = self._database.connection.execute(_VALUES, (column_of(group), self._clock.now()))
        return [value for (value,) in rows]

    async def keys(self, group: str) -> Sequence[str]:
        """The group's keys in insertion order."""
        rows = self._database.connection.execute(_KEYS, (column_of(group), self._clock.now()))
        return [name_of(key) for (key,) in rows]

    async def groups(self, limit: int, after: str | None = None) -> Sequence[Group]:
        """At most so many groups, in the order of their names; those that are no valid Unicode come last."""
        now, connection = self._clock.now(), self._database.connection
        if after is None:
            rows = connection.execute(_GROUPS, (now, limit))
        else:
            rows = connection.execute(_GROUPS_BEHIND, (column_of(after), now, limit))
        return [Group(name_of(name), keys) for name, keys in rows]

    async def write(self, write: StateWrite) -> Written:
        """Changes one value."""
        written = self.apply(await self._database.begin(), write)
        await self._database.committed()
        return written

    async def clear(self, clear: StateClear) -> None:
        """Removes the whole group."""
        self.forget(await self._database.begin(), clear.group)
        await self._database.committed()

    def ending(self) -> float | None:
        """The Unix time at which the next value ends."""
        row: tuple[float | None] = self._database.connection.execute(_ENDING).fetchone()
        return row[0]

    async def ended(self, limit: int) -> Sequence[tuple[str, str]]:
        """At most so many values whose time is over, the first of them first."""
        rows = self._database.connection.execute(_ENDED, (self._clock.now(), limit))
        return [(name_of(group), name_of(key)) for group, key in rows]

    def apply(self, connection: sqlite3.Connection, write: StateWrite, removed: Removed | None = None) -> Written:
        """Changes one value in the open transaction; what the change raises leaves it as it was.

        `removed` hears of the value that was there, when its time was over.
        """
        names = column_of(write.group), column_of(write.key)
        row: _Row = connection.execute(_FIND, names).fetchone() or _NO_ROW
        over = row if row[3] and self._is_over(row[3]) else None
        if over is not None:
            row = _NO_ROW
        if write.if_version is not None:
            check_version(write, row[2])
        written = Written(row[1], write.change(row[1]))
        if over is not None:
            connection.execute(_DELETE, over[:1])
            if removed is not None:
                removed(Written(over[1]))
        if is_change(write, written):
            self._store(connection, names, row, written.after, write)
        return written

    def _store(
        self,
        connection: sqlite3.Connection,
        names: tuple[str | bytes, str | bytes],
        row: _Row,
        value: bytes | None,
        write: StateWrite,
    ) -> None:
        until = write.until
        if value is None:
            connection.execute(_DELETE, row[:1])
        elif row is _NO_ROW:
            end = write.until_if_new if until is None else until
            connection.execute(_INSERT, (*names, value, self._versions.next(connection), end))
        elif until is None or until == row[3]:  # which spares the index of ends
            connection.execute(_REPLACE, (value, self._versions.next(connection), row[0]))
        else:
            connection.execute(_REPLACE_WITH_END, (value, self._versions.next(connection), until, row[0]))

    def forget(self, connection: sqlite3.Connection, group: str) -> None:
        """Removes a group in the open transaction."""
        connection.execute(_CLEAR, (column_of(group),))

    def remove_each(
        self, connection: sqlite3.Connection, clear: StateClear, removed: Callable[[Follow, Written], None]
    ) -> None:
        """Removes a group in the open transaction; `removed` hears of each value that something follows."""
        if clear.follow is not None:
            for key, value in connection.execute(_ALL, (column_of(clear.group),)):
                follow = clear.follow(name_of(key))
                if follow is not None:
                    removed(follow, Written(value))
        self.forget(connection, clear.group)

    def _is_over(self, until: float) -> bool:
        return until > 0 and until <= self._clock.now()
