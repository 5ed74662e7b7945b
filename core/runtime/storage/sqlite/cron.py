"""The schedules' lock in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Any, Protocol, TypeVar

from runtime.records import Publication
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.names import column_of

_LAST = "SELECT tick FROM ticks WHERE schedule = ?"
_REMEMBER = "INSERT INTO ticks VALUES (?, ?) ON CONFLICT (schedule) DO UPDATE SET tick = excluded.tick"

_Placed = TypeVar("_Placed")


class Events(Protocol[_Placed]):
    """What the lock needs of the event bus: a publication in two halves, around the commit."""

    def place(self, connection: sqlite3.Connection, publication: Publication) -> _Placed:
        """Stores the publication in the open transaction. Raises `HostCallRefused`."""

    def entered(self, placed: _Placed) -> None:
        """Makes what was placed takeable."""


class SqliteCronLock:
    """Remembers the newest tick of each schedule, together with its event."""

    def __init__(self, database: Database, events: Events[Any]) -> None:
        self._database = database
        self._events = events

    async def fire(self, schedule: str, tick: float, publication: Publication | None) -> bool:
        """True for the first who asks for a tick that is newer than the newest."""
        connection = await self._database.begin()
        newest = self._newest(schedule)
        if newest is not None and tick <= newest:
            return False
        with self._database.savepoint():
            connection.execute(_REMEMBER, (column_of(schedule), tick))
            placed = None if publication is None else self._events.place(connection, publication)
        await self._database.committed(None if placed is None else lambda: self._events.entered(placed))
        return True

    async def last(self, schedule: str) -> float | None:
        """The newest tick, None when there was none."""
        return self._newest(schedule)

    def _newest(self, schedule: str) -> float | None:
        row: tuple[float] | None = self._database.connection.execute(_LAST, (column_of(schedule),)).fetchone()
        return row[0] if row is not None else None
