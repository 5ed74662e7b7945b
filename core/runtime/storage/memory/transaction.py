"""The stores in memory while several writes are carried out, which can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runtime.records import Follow, Publication, QueueKey, StateClear, StateWrite, StreamWrite, Written
from runtime.storage.commits import Published
from runtime.storage.memory.events import MemoryEventBus
from runtime.storage.memory.state import MemoryStateStore
from runtime.storage.memory.streams import MemoryStreamStore


class MemoryTransaction:
    """Writes at once, with a copy of each group that is touched."""

    def __init__(self, events: MemoryEventBus, state: MemoryStateStore, streams: MemoryStreamStore) -> None:
        self._events = events
        self._state = state
        self._streams = streams
        self._restore: dict[str | tuple[str, str], Callable[[], None]] = {}
        """What brings groups back, of state and of streams."""

    def write_state(self, write: StateWrite, removed: Callable[[Written], None] | None) -> Written:
        """Changes one value."""
        self._keep_state(write.group)
        return self._state.apply(write, removed)

    def clear_state(self, clear: StateClear, removed: Callable[[Follow, Written], None]) -> None:
        """Removes a group."""
        self._keep_state(clear.group)
        self._state.remove_each(clear, removed)

    def write_stream(self, write: StreamWrite) -> Written:
        """Changes one item."""
        place = write.stream, write.group
        if place not in self._restore:
            self._restore[place] = self._streams.snapshot(*place)
        return self._streams.apply(write)

    def publish(self, publication: Publication, coming: Mapping[QueueKey, int]) -> Published:
        """Checks an event."""
        event_id, enter = self._events.prepare(publication, coming)
        is_new = event_id == publication.event.id
        queues = tuple(placement.queue for placement in publication.placements) if is_new else ()
        return Published(event_id, queues, enter)

    def undo(self) -> None:
        """Brings everything back to what it was."""
        for restore in self._restore.values():
            restore()

    def _keep_state(self, group: str) -> None:
        if group not in self._restore:
            self._restore[group] = self._state.snapshot(group)
