"""The stores in SQLite while several writes are carried out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from runtime.records import Follow, Publication, QueueKey, StateClear, StateWrite, StreamWrite, Written
from runtime.storage.commits import Published
from runtime.storage.sqlite.events import SqliteEventBus
from runtime.storage.sqlite.state import SqliteStateStore
from runtime.storage.sqlite.streams import SqliteStreamStore


class SqliteTransaction:
    """Writes in the open transaction of the connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        events: SqliteEventBus,
        state: SqliteStateStore,
        streams: SqliteStreamStore,
    ) -> None:
        self._connection = connection
        self._events = events
        self._state = state
        self._streams = streams

    def write_state(self, write: StateWrite, removed: Callable[[Written], None] | None) -> Written:
        """Changes one value."""
        return self._state.apply(self._connection, write, removed)

    def clear_state(self, clear: StateClear, removed: Callable[[Follow, Written], None]) -> None:
        """Removes a group."""
        self._state.remove_each(self._connection, clear, removed)

    def write_stream(self, write: StreamWrite) -> Written:
        """Changes one item."""
        return self._streams.apply(self._connection, write)

    def publish(self, publication: Publication, coming: Mapping[QueueKey, int]) -> Published:
        """Stores an event."""
        placed = self._events.place(self._connection, publication, coming)
        queues = tuple(message.queue for message in placed.messages)
        return Published(placed.id, queues, lambda: self._events.entered(placed))
